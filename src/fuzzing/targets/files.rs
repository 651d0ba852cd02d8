//! Files that somebody else may have written: scenarios, results, images of stores.

use super::{Oracle, Tape, Trail, Verdict, check, text};
use crate::credential::store::{
    KeyStore as _, PlainFlash, Readable as _, SealedFile, carve, read_record,
};
use crate::onem2m::tree::Record;
use crate::report::{Manifest, parse_summary, read_hgrm};
use crate::scenario::{Source, load};

/// A scenario file, and an override behind the last NUL.
pub(in crate::fuzzing) fn scenario(input: &[u8], trail: &mut Trail) -> Verdict {
    let whole = text(input);
    let (file, over) = whole.rsplit_once('\0').unwrap_or((whole, ""));
    let overrides: Vec<String> = over.lines().map(str::to_owned).collect();
    match load(&Source::new("fuzz.toml", file), &overrides, None) {
        Ok(loaded) => {
            trail.accept("scenario");
            let again = load(&Source::new("fuzz.toml", &loaded.resolved), &[], None);
            let resolved = again.as_ref().map(|again| &again.resolved);
            check(
                resolved.is_ok_and(|it| *it == loaded.resolved),
                Oracle::RoundTrip,
                "resolved",
                || {
                    let errors = again.as_ref().err().map(ToString::to_string);
                    format!("{}\n{}", loaded.resolved, errors.unwrap_or_default())
                },
            )
        }
        Err(diagnostics) => {
            for record in diagnostics.records().iter().take(8) {
                trail.word("code", record.code);
            }
            check(!diagnostics.to_string().is_empty(), Oracle::Strictness, "no reason", String::new)
        }
    }
}

pub(in crate::fuzzing) fn scenario_seeds() -> Vec<Vec<u8>> {
    const TEXTS: [&str; 3] = [
        include_str!("../../../scenarios/quickstart.toml"),
        "[scenario]\nname = \"a\"\nseed = 1\nduration = \"10s\"\n[cse.in]\n[fleet.f]\ncount = 2\nregistrar = \"in\"\n",
        "[scenario]\nname = \"a\"\0scenario.seed=9",
    ];
    TEXTS.map(|text| text.as_bytes().to_vec()).to_vec()
}

/// Words of scenario files.
pub(in crate::fuzzing) const SCENARIO_WORDS: &[&str] = &[
    "[scenario]\n",
    "[fleet.f]\n",
    "[cse.in]\n",
    "[gateway.g]\n",
    "[link.l]\n",
    "[class.c]\n",
    "[security]\n",
    "[[event]]\n",
    "[[attack]]\n",
    "[expect]\n",
    "[sweep]\n",
    "count = ",
    "registrar = ",
    "class = ",
    "\"10s\"",
    "\"170kbps\"",
    "\"64B\"",
    "at = ",
    "rekey = ",
    "= \"",
    "\"\n",
    "\n",
    "99999999999999999999",
    "-1",
    "\0",
    "nan",
    "[[",
    "]]",
];

/// What readers of results are given.
pub(in crate::fuzzing) fn results(input: &[u8], trail: &mut Trail) -> Verdict {
    let mut tape = Tape::new(input);
    let kind = tape.byte() % 3;
    let bytes = tape.rest();
    match kind {
        0 => {
            let summary = parse_summary(bytes);
            trail.said("summary", &summary.is_ok());
            let Ok(summary) = summary else { return Ok(()) };
            trail.accept("summary");
            trail.size("text", crate::report::text(&summary, None).len());
        }
        1 => {
            let curve = read_hgrm("fuzz.hgrm", bytes);
            trail.said("curve", &curve.is_ok());
            let Ok(curve) = curve else { return Ok(()) };
            trail.size("points", curve.points.len());
            let ascends = curve
                .points
                .windows(2)
                .all(|pair| pair[0].0 <= pair[1].0 && pair[0].1 <= pair[1].1);
            check(ascends, Oracle::Strictness, "percentiles", || format!("{:?}", curve.points))?;
        }
        _ => {
            let manifest: Result<Manifest, _> = serde_json::from_slice(bytes);
            trail.said("manifest", &manifest.is_ok());
        }
    }
    Ok(())
}

pub(in crate::fuzzing) fn results_seeds() -> Vec<Vec<u8>> {
    let curve = "\x01           Value     Percentile TotalCount 1/(1-Percentile)\n\n     0.010000000 0.500000000000          1           2.00\n     0.020000000 1.000000000000          2\n#[Mean    =        0.015, StdDeviation   =        0.005]\n#[Max     =        0.020, Total count    =            2]\n";
    vec![curve.as_bytes().to_vec(), b"\0{}".to_vec(), b"\x02{\"schema\":1}".to_vec()]
}

/// Words of results.
pub(in crate::fuzzing) const RESULTS_WORDS: &[&str] = &[
    "{",
    "}",
    "\"metrics\":{",
    "\"scenario\":",
    "\"setting\":{",
    "\"traffic\":[",
    "1e400",
    "-1",
    "null",
    "[",
    "]",
    "#[Mean    =",
    "#[Max     =",
    "1.000000000000",
    "Value",
    "\n",
    " ",
];

/// Images of key stores and records of the resource store.
pub(in crate::fuzzing) fn images(input: &[u8], trail: &mut Trail) -> Verdict {
    let mut tape = Tape::new(input);
    let kind = tape.byte() % 5;
    let bytes = tape.rest();
    match kind {
        0 => {
            let flash = PlainFlash::load(bytes);
            trail.said("flash", &flash.as_ref().err());
            let Ok(flash) = flash else { return Ok(()) };
            trail.accept("flash");
            flash_again(&flash)
        }
        1 => {
            trail.said("sealed", &SealedFile::load(bytes).err());
            Ok(())
        }
        2 => {
            trail.size("carved", carve(bytes).len());
            Ok(())
        }
        3 => {
            trail.said("record", &read_record(bytes).is_some());
            Ok(())
        }
        _ => {
            let record = Record::decode(bytes);
            trail.said("resource", &record.is_some());
            let Some(record) = record else { return Ok(()) };
            trail.accept("resource");
            let again = Record::decode(&record.encode());
            check(again.as_ref() == Some(&record), Oracle::RoundTrip, "record", || {
                format!("{record:?} became {again:?}")
            })
        }
    }
}

fn flash_again(flash: &PlainFlash) -> Verdict {
    let again = PlainFlash::load(&flash.storage_image());
    let all = |flash: &PlainFlash| -> Vec<_> {
        let key = |name: &[u8]| flash.read(name).ok();
        flash.entries().into_iter().map(|entry| (key(entry.name.as_bytes()), entry)).collect()
    };
    let is_same = again.as_ref().is_ok_and(|again| all(again) == all(flash));
    check(is_same, Oracle::RoundTrip, "flash", || format!("{:?}", again.err()))
}

pub(in crate::fuzzing) fn image_seeds() -> Vec<Vec<u8>> {
    let mut flash = PlainFlash::new();
    super::keys::fill(&mut flash);
    let image = flash.storage_image();
    (0..5).map(|kind| [&[kind], &image[..]].concat()).collect()
}
