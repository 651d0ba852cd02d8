//! A sweep as a job array of a scheduler that exists: each job runs one shard, and `--collect` gathers them.

use crate::report::shell_word;

/// A scheduler of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheduler {
    /// Slurm: `sbatch`.
    Slurm,
    /// HyperQueue: `hq submit`.
    HyperQueue,
}

/// The script that `scheduler` takes for `jobs` jobs. `words` are the command's words that say what is swept;
/// shards go below `out`.
#[must_use]
pub fn job_script(
    scheduler: Scheduler,
    name: &str,
    words: &[String],
    out: &str,
    jobs: usize,
) -> String {
    let command = words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ");
    let out = shell_word(out);
    let (head, task) = match scheduler {
        Scheduler::Slurm => (
            format!(
                "#SBATCH --job-name=keystorm-{name}\n#SBATCH --array=1-{jobs}\n#SBATCH --cpus-per-task=1\n\
                 # Submit with: sbatch THIS_FILE"
            ),
            "SLURM_ARRAY_TASK_ID",
        ),
        Scheduler::HyperQueue => (
            format!(
                "#HQ --name=keystorm-{name}\n#HQ --array=1-{jobs}\n#HQ --cpus=1\n# Submit with: hq submit THIS_FILE"
            ),
            "HQ_TASK_ID",
        ),
    };
    format!(
        "#!/bin/sh\n{head}\n\
         # A job that was killed may be submitted again: what it finished is not run again.\n\
         # When all are done: keystorm sweep --collect {out}/shard-* --out {out}/all\n\
         exec keystorm {command} --threads 1 --progress none \\\n  --shard \"${task}/{jobs}\" --out {out}/\"shard-${task}\"\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_quote_what_a_shell_would_take_apart() {
        let words = ["sweep", "a b.toml", "--vary", "x.y=\"1s\",2s", "it's"].map(str::to_owned);
        let script = job_script(Scheduler::Slurm, "meters", &words, "out dir", 7);
        assert!(script.contains("sweep 'a b.toml' --vary 'x.y=\"1s\",2s' 'it'\\''s'"), "{script}");
        assert!(script.contains("--array=1-7") && script.contains("$SLURM_ARRAY_TASK_ID/7"));
        let script = job_script(Scheduler::HyperQueue, "meters", &words, "out", 7);
        assert!(script.contains("#HQ --array=1-7") && script.contains("$HQ_TASK_ID/7"), "{script}");
    }
}
