//! The words of the command line.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use keystorm::association::{Profile, Suite12};
use keystorm::live::host::Registrar;
use keystorm::sim;

use super::time;

/// Deterministic simulator of security associations in oneM2M systems.
///
/// Runs the real DTLS code of a whole fleet in virtual time and measures what a mass re-key, a restart
/// or an expiry of keys does to every tier.
#[derive(Debug, Parser)]
#[command(
    version,
    max_term_width = 100,
    after_help = "Start with:  keystorm run scenarios/quickstart.toml\n\n\
Exit codes: 0 held, 1 an expectation failed, 2 usage or scenario error, 3 a replay differs, \
4 interrupted, 70 internal error."
)]
pub(super) struct Arguments {
    /// What is printed on stdout.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

/// What is printed on stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Run a scenario, write a results folder, say the verdict.
    Run(RunArguments),
    /// Run a grid of scenarios with several seeds, on all cores; finished runs are not run again.
    Sweep(SweepArguments),
    /// Find the smallest (or largest) value of a key with which expectations hold, over several seeds.
    Solve(SolveArguments),
    /// Put two results side by side: differences, ratios, and intervals over seeds.
    Compare(CompareArguments),
    /// Run the threats of TR-0008, each with its countermeasures off and on, and write the matrix.
    Matrix(MatrixArguments),
    /// Compare the simulator with closed forms and published figures, and write the page.
    Validate(ValidateArguments),
    /// Draw faults, attackers and settings from seeds, look for what breaks, and make each finding a small scenario.
    Hunt(HuntArguments),
    /// Validate scenarios and print what a run would cost; runs nothing.
    Check(CheckArguments),
    /// Run a scenario's devices over real UDP on this machine and compare with the simulation; or measure
    /// this machine, speak to one foreign peer, or serve a CSE.
    Live(Box<LiveArguments>),
    /// Send hostile requests to a live CSE over HTTP and CoAP, and judge its answers.
    Probe(Box<super::probe::ProbeArguments>),
    /// Assess the risk of shared assets by failing each in simulation, and choose treatments for a budget.
    Risk(RiskArguments),
    /// Fuzz this program's own parsers and state machines.
    Fuzz(FuzzArguments),
    /// Run a results folder's scenario again and compare the digest.
    Replay(ReplayArguments),
    /// Make the text and the pictures of a results folder again from its data.
    Report(ReportArguments),
    /// Print the JSON schema of scenario files.
    Schema(SchemaArguments),
    /// Explain a threat (T9), countermeasure (CM10), property (A4), level of assurance, strategy or error code.
    Explain(ExplainArguments),
}

#[derive(Debug, Args)]
pub(super) struct ScenarioArguments {
    /// Take this seed instead of the file's.
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// Set a scalar of the scenario, such as `fleet.meters.count=5000`; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) overrides: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct PaceArguments {
    /// Threads that run the world, at most; the digest does not depend on it [default: all cores].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,
    /// Progress on stderr: a bar, plain lines, or nothing; `auto` asks whether stderr is a terminal.
    #[arg(long, value_enum, default_value_t = ProgressMode::Auto)]
    pub(super) progress: ProgressMode,
    /// Print nothing but errors and the result.
    #[arg(long, short)]
    pub(super) quiet: bool,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ProgressMode {
    Auto,
    Plain,
    None,
}

#[derive(Debug, Args)]
pub(super) struct RunArguments {
    /// The scenario file.
    pub(super) scenario: PathBuf,
    #[command(flatten)]
    pub(super) words: ScenarioArguments,
    /// Run once for each seed from A to B, both included; several at the same time.
    #[arg(long, value_name = "A..B", conflicts_with = "seed", value_parser = seed_range)]
    pub(super) seeds: Option<(u64, u64)>,
    /// Write the results exactly here [default: results/NAME/TIME-DIGEST].
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Replace a finished results folder at `--out`.
    #[arg(long, requires = "out")]
    pub(super) force: bool,
    /// Write what this node, every node of this group, or all nodes send and receive into
    /// `capture.pcapng`, with `keys.log` to read it; changes no digest. A node's name is its group's and
    /// its number, such as `meters-17`.
    #[arg(long, value_name = "NODE|all")]
    pub(super) capture: Option<String>,
    /// Run even if more memory is needed than is free, by the estimate of `keystorm check`.
    #[arg(long)]
    pub(super) any_memory: bool,
    #[command(flatten)]
    pub(super) pace: PaceArguments,
}

#[derive(Debug, Args)]
pub(super) struct SweepArguments {
    /// The scenario file.
    #[arg(required_unless_present = "collect")]
    pub(super) scenario: Option<PathBuf>,
    /// Vary a key that `--set` reaches over these values; may be repeated, and then every combination is a
    /// point [default: the table `[sweep]` of the file].
    #[arg(long = "vary", value_name = "KEY=V1,V2,..")]
    pub(super) vary: Vec<String>,
    /// Set a scalar of the scenario in all points; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) overrides: Vec<String>,
    /// Run each point with the seeds from A to B, both included [default: the seed of the file].
    #[arg(long, value_name = "A..B", value_parser = seed_range)]
    pub(super) seeds: Option<(u64, u64)>,
    /// Write the results here; runs that this build has done there are not run again
    /// [default: results/NAME-sweep].
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Run everything again.
    #[arg(long, conflicts_with = "collect")]
    pub(super) force: bool,
    /// Run only shard I of N, each into a folder of its own.
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub(super) shard: Option<(usize, usize)>,
    /// Print a job array for this scheduler, one shard a job, and run nothing.
    #[arg(long, value_enum, conflicts_with_all = ["shard", "collect"])]
    pub(super) export: Option<ExportScheduler>,
    /// Jobs of the array [default: one for each run, at most 1000].
    #[arg(long, value_name = "N", requires = "export",
        value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub(super) jobs: Option<u16>,
    /// Gather the runs of these folders of shards into `--out`, and run nothing.
    #[arg(long, value_name = "DIR", num_args = 1.., requires = "out",
        conflicts_with_all = ["scenario", "vary", "overrides", "seeds", "shard"])]
    pub(super) collect: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) pace: PaceArguments,
}

#[derive(Debug, Args)]
pub(super) struct SolveArguments {
    /// The scenario file.
    pub(super) scenario: PathBuf,
    /// The key that is sought, and between which values, such as `fleet.meters.start.jitter=1s..60s`.
    #[arg(long, value_name = "KEY=LO..HI")]
    pub(super) find: String,
    /// What must hold, such as `association.handshake_s.p99 < 250ms`; may be repeated
    /// [default: the table `[expect]` of the file].
    #[arg(long, value_name = "METRIC < VALUE")]
    pub(super) until: Vec<String>,
    /// Find the largest value instead of the smallest.
    #[arg(long)]
    pub(super) largest: bool,
    /// Set a scalar of the scenario; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) overrides: Vec<String>,
    /// A value meets if it does so with each of the seeds from A to B.
    #[arg(long, value_name = "A..B", value_parser = seed_range, default_value = "1..5")]
    pub(super) seeds: (u64, u64),
    #[command(flatten)]
    pub(super) pace: PaceArguments,
}

#[derive(Debug, Args)]
pub(super) struct CompareArguments {
    /// The results that the others are measured against: a folder of a run, of runs with several seeds, or of a
    /// sweep.
    pub(super) a: PathBuf,
    /// The other results, of the same kind.
    pub(super) b: PathBuf,
}

/// A scheduler that takes job arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ExportScheduler {
    /// Slurm.
    Slurm,
    /// HyperQueue.
    Hyperqueue,
}

#[derive(Debug, Args)]
pub(super) struct MatrixArguments {
    /// Only this threat, such as T9; may be repeated.
    #[arg(long = "threat", value_name = "CODE")]
    pub(super) threats: Vec<String>,
    /// Runs of each cell, with the seeds from 1 to N; below 30 shares mean little.
    #[arg(long, value_name = "N", default_value_t = 30,
        value_parser = clap::value_parser!(u64).range(1..=SEEDS_MAX))]
    pub(super) seeds: u64,
    /// Write the results here; runs that this build has done there are not run again
    /// [default: results/matrix].
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Run everything again.
    #[arg(long)]
    pub(super) force: bool,
    /// Draw the pictures as PNG, too; needs rsvg-convert.
    #[arg(long)]
    pub(super) png: bool,
    #[command(flatten)]
    pub(super) pace: PaceArguments,
}

#[derive(Debug, Args)]
pub(super) struct ValidateArguments {
    /// Only this table, such as T1 or PT3, and without files unless `--out` is given; may be repeated.
    #[arg(long = "table", value_name = "NAME")]
    pub(super) tables: Vec<String>,
    /// Write the results here, if it runs to its end [default: results/validation].
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) pace: PaceArguments,
}

#[derive(Debug, Args)]
pub(super) struct HuntArguments {
    /// The base: a scenario that says what must hold [default: scenarios/hunt.toml as it ships].
    pub(super) scenario: Option<PathBuf>,
    /// Set a scalar of the base, such as `countermeasure.CM10.on=false`; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) overrides: Vec<String>,
    /// Run the seeds from A to B, both included.
    #[arg(long, value_name = "A..B", value_parser = seed_range)]
    pub(super) seeds: Option<(u64, u64)>,
    /// Run the seeds from 1 to N.
    #[arg(long, value_name = "N", conflicts_with = "seeds", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) runs: Option<u64>,
    /// Instead, mutate N honest traces of the association, from the first seed of --seeds, and look for disagreement of
    /// its ends; `keystorm replay` runs what was found.
    #[arg(long, value_name = "N", conflicts_with_all = ["scenario", "runs", "budget"],
        value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub(super) traces: Option<u64>,
    /// Begin no more seeds after this much real time, such as 10m [default: 60s without --seeds and --runs].
    #[arg(long, value_name = "TIME", value_parser = time::of_a_search)]
    pub(super) budget: Option<Duration>,
    /// Write the results here; seeds that this build has run there are not run again
    /// [default: results/hunt/NAME].
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Run everything again.
    #[arg(long)]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) pace: PaceArguments,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true)
    .args(["scenario", "calibrate", "connect", "listen", "cse"])))]
pub(super) struct LiveArguments {
    /// The scenario whose devices run, straight at their CSE.
    pub(super) scenario: Option<PathBuf>,
    /// Devices, at most 2000 [default: those of the scenario, at most 200].
    #[arg(long, value_name = "N", requires = "scenario",
        value_parser = clap::value_parser!(u32).range(1..=2_000))]
    pub(super) devices: Option<u32>,
    /// Stop after this much real time, at most 120s.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time::of_a_live_run)]
    pub(super) time_limit: sim::time::Duration,
    #[command(flatten)]
    pub(super) words: ScenarioArguments,
    /// Measure what this machine needs for each operation, and print it as a class for scenarios.
    #[arg(long)]
    pub(super) calibrate: bool,
    /// The name of the class.
    #[arg(long, value_name = "CLASS", requires = "calibrate", default_value = "host")]
    pub(super) name: String,
    /// Speak to a DTLS server there.
    #[arg(long, value_name = "HOST:PORT", requires = "identity", requires = "psk_hex")]
    pub(super) connect: Option<String>,
    /// Be a DTLS server there that sends back what it gets; port 0 lets the system choose.
    #[arg(long, value_name = "ADDR:PORT", requires = "identity", requires = "psk_hex")]
    pub(super) listen: Option<String>,
    /// The identity that the client proves.
    #[arg(long, value_name = "ID")]
    pub(super) identity: Option<String>,
    /// The pre-shared key in hexadecimal digits; other processes of this machine may see it.
    #[arg(long, value_name = "KEY")]
    pub(super) psk_hex: Option<Hidden>,
    /// The version of DTLS and its cipher suite.
    #[arg(long, value_enum, default_value_t = LiveProfile::Dtls13)]
    pub(super) profile: LiveProfile,
    /// The key exchange of both ends; DTLS 1.2 has psk_ke alone.
    #[arg(long, value_enum, default_value_t = Exchange::PskDheKe)]
    pub(super) key_exchange: Exchange,
    /// A line that a client sends; may be repeated.
    #[arg(long, value_name = "TEXT", requires = "connect")]
    pub(super) data: Vec<String>,
    /// Associations that a server serves before it ends.
    #[arg(long, value_name = "N", requires = "listen", default_value_t = 1,
        value_parser = clap::value_parser!(u64).range(1..=1_000))]
    pub(super) count: u64,
    #[command(flatten)]
    pub(super) host: HostArguments,
    /// Allow addresses beyond this machine.
    #[arg(long)]
    pub(super) allow_remote: bool,
}

#[derive(Debug, Args)]
pub(super) struct HostArguments {
    /// Serve a CSE over HTTP and CoAP, without security associations, until Ctrl-C.
    #[arg(long)]
    pub(super) cse: bool,
    /// The CSE's port for HTTP; 0 lets the system choose.
    #[arg(long, value_name = "PORT", requires = "cse", default_value_t = 8080)]
    pub(super) http: u16,
    /// The CSE's port for CoAP; 0 lets the system choose.
    #[arg(long, value_name = "PORT", requires = "cse", default_value_t = 5683)]
    pub(super) coap: u16,
    /// The address that the CSE listens on.
    #[arg(long, value_name = "ADDR", requires = "cse", default_value = "127.0.0.1")]
    pub(super) bind: IpAddr,
    /// Keep the CSE's resources in this SQLite file [default: in memory].
    #[arg(long, value_name = "FILE", requires = "cse")]
    pub(super) db: Option<PathBuf>,
    /// The CSE's identifier.
    #[arg(long, value_name = "ID", requires = "cse", default_value = "/id-in")]
    pub(super) cse_id: String,
    /// The name of its CSEBase.
    #[arg(long, value_name = "NAME", requires = "cse", default_value = "cse-in")]
    pub(super) cse_name: String,
    /// Its M2M-SP-ID.
    #[arg(long, value_name = "ID", requires = "cse", default_value = "//keystorm.example")]
    pub(super) domain: String,
    /// The originator that its first policy lets do everything.
    #[arg(long, value_name = "AE-ID", requires = "cse", default_value = "CAdmin")]
    pub(super) admin: String,
    /// A CSE that may register with it; may be repeated.
    #[arg(long, value_name = "ID", requires = "cse")]
    pub(super) remote: Vec<String>,
    /// Register with this CSE, such as http://127.0.0.1:18080/~/id-in/cse-in.
    #[arg(long, value_name = "URL", requires = "cse", value_parser = registrar)]
    pub(super) registrar: Option<Registrar>,
    /// Show its resources at /console to the administrator, with a password printed at the start.
    #[arg(long, requires = "cse")]
    pub(super) console: bool,
    /// Requests per second, at most.
    #[arg(long, value_name = "N", requires = "cse", default_value_t = 200_000,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) rate: u32,
    /// End after this many seconds [default: at Ctrl-C].
    #[arg(long, value_name = "N", requires = "cse")]
    pub(super) seconds: Option<u64>,
}

fn registrar(text: &str) -> Result<Registrar, String> {
    let usage =
        "expected http://ADDR:PORT/~/CSE-ID/CSEBASE or coap://..., ADDR an IP address or localhost";
    Registrar::parse(text).ok_or_else(|| usage.to_owned())
}

/// A text that is never shown.
#[derive(Clone)]
pub(super) struct Hidden(pub(super) String);

impl From<String> for Hidden {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden(..)")
    }
}

/// A profile of the security association, named as in scenarios.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum LiveProfile {
    /// DTLS 1.3 with AES-128-GCM.
    Dtls13,
    /// DTLS 1.2 with TLS_PSK_WITH_AES_128_CCM_8.
    #[value(name = "dtls12_ccm8")]
    Dtls12Ccm8,
    /// DTLS 1.2 with TLS_PSK_WITH_AES_128_GCM_SHA256.
    #[value(name = "dtls12_gcm")]
    Dtls12Gcm,
}

impl From<LiveProfile> for Profile {
    fn from(profile: LiveProfile) -> Self {
        match profile {
            LiveProfile::Dtls13 => Self::Dtls13,
            LiveProfile::Dtls12Ccm8 => Self::Dtls12 { suite: Suite12::PskAes128Ccm8 },
            LiveProfile::Dtls12Gcm => Self::Dtls12 { suite: Suite12::PskAes128Gcm },
        }
    }
}

/// A key exchange by its name in RFC 8446.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum Exchange {
    /// Without forward secrecy.
    PskKe,
    /// With X25519.
    PskDheKe,
}

#[derive(Debug, Args)]
pub(super) struct RiskArguments {
    /// The scenario file, with `[asset.NAME]`, `[treatment.NAME]` and `[context.NAME]` as far as they are known.
    pub(super) scenario: PathBuf,
    #[command(flatten)]
    pub(super) words: ScenarioArguments,
    /// What treatments may cost together a year [default: `risk.budget` of the file, else any sum].
    #[arg(long, value_name = "SUM", value_parser = sum)]
    pub(super) budget: Option<f64>,
    /// Write the results exactly here [default: results/NAME-risk/TIME-risk].
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Replace a finished results folder at `--out`.
    #[arg(long, requires = "out")]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) pace: PaceArguments,
}

fn sum(text: &str) -> Result<f64, String> {
    let sum = text.parse::<f64>().ok().filter(|sum| (0.0..=1e12).contains(sum));
    sum.ok_or_else(|| "expected a sum from 0 to 1e12, such as 20000".to_owned())
}

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// The scenario files.
    #[arg(required = true)]
    pub(super) scenarios: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) words: ScenarioArguments,
}

#[derive(Debug, Args)]
pub(super) struct FuzzArguments {
    #[command(subcommand)]
    pub(super) verb: FuzzVerb,
}

#[derive(Debug, Subcommand)]
pub(super) enum FuzzVerb {
    /// Name the targets.
    List(FuzzListArguments),
    /// Run one target for a while, or one input of it.
    Run(FuzzRunArguments),
    /// Run all targets by what they yield, and write a page for the morning; goes on where it stopped.
    Night(FuzzNightArguments),
    /// Run the inputs of a campaign's findings again and say which are mended.
    Triage(FuzzTriageArguments),
    /// Make the page and the text of a campaign again from its data.
    Report(ReportArguments),
    /// One target in this process, for the other verbs.
    #[command(hide = true)]
    Worker(FuzzWorkerArguments),
    /// Plant one defect after the other and count those that a campaign finds.
    #[cfg(feature = "planted")]
    Recall(FuzzRecallArguments),
}

/// What changes the inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FuzzEngine {
    /// A simple engine without instrumentation; needs nothing.
    Builtin,
    /// libFuzzer with the address sanitiser; needs a nightly toolchain and cargo-fuzz.
    Libfuzzer,
}

impl FuzzEngine {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Builtin => "builtin",
            Self::Libfuzzer => "libfuzzer",
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct FuzzListArguments {
    /// Run each for two seconds and print executions per second of one core.
    #[arg(long)]
    pub(super) measure: bool,
    /// With which engine.
    #[arg(long, value_enum, default_value_t = FuzzEngine::Builtin)]
    pub(super) engine: FuzzEngine,
}

#[derive(Debug, Args)]
pub(super) struct FuzzRunArguments {
    /// The target; see `keystorm fuzz list`.
    pub(super) target: String,
    /// For how long, such as 60s or 10min.
    #[arg(long, default_value = "60s", value_parser = time::of_fuzzing)]
    pub(super) time: Duration,
    /// The engine.
    #[arg(long, value_enum, default_value_t = FuzzEngine::Builtin)]
    pub(super) engine: FuzzEngine,
    /// The seed: with the same corpus the same inputs are run.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Run only the input in this file.
    #[arg(long, value_name = "FILE")]
    pub(super) input: Option<PathBuf>,
    /// Where corpora are kept, a folder for each target.
    #[arg(long, value_name = "DIR", default_value = "fuzz/corpus")]
    pub(super) corpus: PathBuf,
    /// Write results into a folder of the target's name here.
    #[arg(long, value_name = "DIR", default_value = "results/fuzz/run")]
    pub(super) out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct FuzzNightArguments {
    /// Hours of each job [default: 8].
    #[arg(long, conflicts_with = "budget", value_parser = fuzz_hours)]
    pub(super) hours: Option<f64>,
    /// Time on processors, all jobs together, such as 30min.
    #[arg(long, value_parser = time::of_fuzzing)]
    pub(super) budget: Option<Duration>,
    /// Targets that run at the same time.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) jobs: u16,
    /// The engine.
    #[arg(long, value_enum, default_value_t = FuzzEngine::Builtin)]
    pub(super) engine: FuzzEngine,
    /// The seed.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Where corpora are kept, a folder for each target.
    #[arg(long, value_name = "DIR", default_value = "fuzz/corpus")]
    pub(super) corpus: PathBuf,
    /// Write the results exactly here [default: results/fuzz/DATE].
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Begin anew where a campaign is already.
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Args)]
pub(super) struct FuzzTriageArguments {
    /// The campaign's folder.
    pub(super) results: PathBuf,
    /// Keep the inputs as regressions in this folder, with a note to be filled in.
    #[arg(long, value_name = "DIR")]
    pub(super) regressions: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(super) struct FuzzWorkerArguments {
    pub(super) target: String,
    #[arg(long)]
    pub(super) seed: u64,
    #[arg(long, value_parser = time::of_fuzzing)]
    pub(super) time: Duration,
    #[arg(long, default_value_t = u64::MAX)]
    pub(super) executions: u64,
    #[arg(long)]
    pub(super) corpus: PathBuf,
    #[arg(long)]
    pub(super) last: PathBuf,
    #[cfg(feature = "planted")]
    #[arg(long)]
    pub(super) planted: Option<String>,
}

/// What a campaign over planted defects may cost.
#[cfg(feature = "planted")]
#[derive(Debug, Args)]
pub(super) struct FuzzRecallArguments {
    /// Time on processors, all defects together.
    #[arg(long, default_value = "30min", value_parser = time::of_fuzzing)]
    pub(super) budget: Duration,
    /// Defects that are looked for at the same time.
    #[arg(long, default_value_t = 2)]
    pub(super) jobs: u16,
    /// The seed.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Look for these alone; may be repeated.
    #[arg(long)]
    pub(super) only: Vec<String>,
    /// Write the table here.
    #[arg(long, value_name = "FILE", default_value = "results/fuzz/recall.md")]
    pub(super) out: PathBuf,
}

fn fuzz_hours(text: &str) -> Result<f64, String> {
    let hours = text.parse::<f64>().ok().filter(|hours| *hours > 0.0 && *hours <= 1_000.0);
    hours.ok_or_else(|| "expected hours above 0 and at most 1000".to_owned())
}

#[derive(Debug, Args)]
pub(super) struct ReplayArguments {
    /// The results folder, or the file of an attack trace.
    pub(super) results: PathBuf,
    #[command(flatten)]
    pub(super) pace: PaceArguments,
}

#[derive(Debug, Args)]
pub(super) struct ReportArguments {
    /// The results folder.
    pub(super) results: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct SchemaArguments {
    /// Print the schema of `summary.json` instead.
    #[arg(long)]
    pub(super) summary: bool,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// T9, CM10, A4, LOA3, a strategy such as finish-first, or an error code such as KS0104; without one, all
    /// are listed.
    pub(super) code: Option<String>,
}

/// Most seeds of one command: results are kept in memory until all are written.
const SEEDS_MAX: u64 = 10_000;

fn seed_range(text: &str) -> Result<(u64, u64), String> {
    let usage = "expected A..B, such as 1..30";
    let (from, to) = text.split_once("..").ok_or(usage)?;
    let from: u64 = from.trim().parse().map_err(|_| usage)?;
    let to: u64 = to.trim().trim_start_matches('=').parse().map_err(|_| usage)?;
    if to < from {
        return Err(format!("the last seed {to} lies before the first {from}"));
    }
    if to - from >= SEEDS_MAX {
        return Err(format!("more than {SEEDS_MAX} seeds"));
    }
    Ok((from, to))
}

/// Shards of one sweep, at most.
const SHARDS_MAX: usize = 10_000;

fn shard(text: &str) -> Result<(usize, usize), String> {
    let usage =
        || format!("expected I/N with I from 1 to N and N at most {SHARDS_MAX}, such as 2/8");
    let (index, of) = text.split_once('/').ok_or_else(usage)?;
    let index: usize = index.trim().parse().map_err(|_| usage())?;
    let of: usize = of.trim().parse().map_err(|_| usage())?;
    if (1..=of).contains(&index) && of <= SHARDS_MAX { Ok((index, of)) } else { Err(usage()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn seed_ranges_include_both_ends_and_refuse_nonsense() {
        assert_eq!(seed_range("1..30"), Ok((1, 30)));
        assert_eq!(seed_range("7..=7"), Ok((7, 7)));
        for wrong in ["", "5", "a..b", "3..2", "-1..2", "0..99999999"] {
            assert!(seed_range(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn shards_are_counted_from_one() {
        assert_eq!((shard("2/8"), shard("1/1")), (Ok((2, 8)), Ok((1, 1))));
        for wrong in ["", "3", "0/4", "5/4", "a/b", "1/99999999", "-1/2"] {
            assert!(shard(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn keys_are_not_shown() {
        assert!(!format!("{:?}", Hidden("c0ffee".to_owned())).contains("c0ffee"));
    }
}
