#!/bin/bash -eu
# Builds every target with its seeds, dictionary and options, as OSS-Fuzz and ClusterFuzzLite expect them.
cd "$SRC/keystorm"
flags=(-O --debug-assertions)
if [[ ${SANITIZER:-} == coverage ]]; then
    flags=(-O)
fi
cargo fuzz build "${flags[@]}"
for source in fuzz/fuzz_targets/*.rs; do
    name=$(basename "$source" .rs)
    # The canary fails on purpose.
    [[ $name == canary ]] && continue
    cp "fuzz/target/x86_64-unknown-linux-gnu/release/$name" "$OUT/"
    [[ -f fuzz/options/$name.options ]] && cp "fuzz/options/$name.options" "$OUT/"
    [[ -f fuzz/dict/$name.dict ]] && cp "fuzz/dict/$name.dict" "$OUT/"
    mapfile -t inputs < <(find "fuzz/seeds/$name" "fuzz/regressions/$name" -name '*.bin' 2>/dev/null)
    if ((${#inputs[@]})); then
        zip -qj "$OUT/${name}_seed_corpus.zip" "${inputs[@]}"
    fi
done
