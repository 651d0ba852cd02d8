//! The campaign: what is sent when, and what becomes of what the rules say.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::case::Case;
use super::dice::Dice;
use super::exchange::{Heard, Reply, exchange};
use super::finding::{Ended, Finding, Outcome, Signature};
use super::oracle::{Oracle, Owed, Verdict, judge};
use super::setting::{ProbeError, Progress, Setting};
use super::shot::{Binding, Shot};
use super::stage::{CORE, Stage, Type};
use super::watch::{Usage, Watch};
use super::{hostile, race, scene, smaller};
use crate::live::Clock;
use crate::wire::value::Serialisation;

/// Cases on one stage.
const BATCH: usize = 12;
/// Stages between two resets of the target.
const RESET_EVERY: u64 = 64;
/// Repetitions that one finding may cost, and one whose answers are late or missing.
const REPLAYS_MAX: usize = 48;
const REPLAYS_SLOW_MAX: usize = 4;
/// Findings of one campaign; more are only counted as not looked into.
const FINDINGS_MAX: usize = 500;
/// Times that one signature is looked into without being seen again.
const ATTEMPTS_MAX: u32 = 3;
/// Latencies that are kept for percentiles.
const LATENCIES_MAX: usize = 200_000;
/// Memory that one case may keep, and that a campaign may, bytes.
const CASE_MEMORY_MAX: u64 = 64 << 20;
const CAMPAIGN_MEMORY_MAX: u64 = 256 << 20;
/// Processor time of one case, seconds.
const CASE_CPU_MAX: f64 = 3.0;
/// An answer is slow from here on, seconds, and from so many times the p99 of the warm-up.
const SLOW_SECONDS: f64 = 3.0;
const SLOW_FACTOR: f64 = 50.0;
/// Times that a target that nobody listens at is looked for again, half a second apart.
const KNOCKS: usize = 10;

/// Time for an answer that is not owed: a message that was cut waits for its end in vain.
const BRIEF: Duration = Duration::from_secs(1);

/// Requests before its end that are kept of a target that goes.
const RECENT_MAX: usize = 12;

/// A campaign at work.
pub(super) struct Engine<'s> {
    pub(super) setting: &'s Setting,
    clock: Clock,
    dice: Dice,
    sent: u64,
    /// When the next request may leave, nanoseconds.
    next: u64,
    pub(super) stages: Vec<Stage>,
    pub(super) types: Vec<Type>,
    pub(super) without: BTreeSet<&'static str>,
    watch: Option<Watch>,
    first: Usage,
    peak: Usage,
    slow: f64,
    latencies: Vec<f64>,
    findings: BTreeMap<Signature, Finding>,
    attempts: BTreeMap<Signature, u32>,
    not_repeated: BTreeMap<&'static str, u64>,
    cases: BTreeMap<&'static str, u64>,
    answers: BTreeMap<u16, u64>,
    gone: bool,
    /// The last requests, for the case that the target goes.
    recent: VecDeque<(SocketAddr, Shot)>,
}

/// Carries out a campaign.
///
/// # Errors
/// The target does not answer, is no CSE, or does not let the probe's AEs register; nothing was found out then.
pub fn probe(setting: &Setting, tell: &mut dyn FnMut(Progress)) -> Result<Outcome, ProbeError> {
    let watch = match setting.pid {
        None => None,
        Some(pid) => Some(Watch::of(pid).ok_or(ProbeError::NoProcess(pid))?),
    };
    let mut engine = Engine::new(setting, watch);
    engine.survey()?;
    engine.warm_up(tell);
    let (sound, sound_findings) = (engine.sent, engine.findings.len());
    engine.campaign(tell);
    engine.clean();
    engine.grown();
    engine.lost();
    let ended = match () {
        () if engine.gone => Ended::Gone,
        () if (setting.stopped)() => Ended::Stopped,
        () => Ended::Done,
    };
    Ok(engine.outcome(ended, sound, sound_findings))
}

impl<'s> Engine<'s> {
    fn new(setting: &'s Setting, watch: Option<Watch>) -> Self {
        let first = watch.as_ref().and_then(Watch::usage).unwrap_or_default();
        Self {
            setting,
            clock: Clock::start(),
            dice: Dice::new(setting.seed),
            sent: 0,
            next: 0,
            stages: Vec::new(),
            types: Vec::new(),
            without: BTreeSet::new(),
            watch,
            first,
            peak: first,
            slow: setting.patience.as_secs_f64().max(SLOW_SECONDS),
            latencies: Vec::new(),
            findings: BTreeMap::new(),
            attempts: BTreeMap::new(),
            not_repeated: BTreeMap::new(),
            cases: BTreeMap::new(),
            answers: BTreeMap::new(),
            gone: false,
            recent: VecDeque::new(),
        }
    }

    fn seconds(&self) -> f64 {
        self.clock.now().0 as f64 / 1e9
    }

    fn over(&self) -> bool {
        self.gone
            || (self.setting.stopped)()
            || self.sent >= self.setting.requests
            || self.seconds() >= self.setting.time.as_secs_f64()
    }

    fn progress(&self) -> Progress {
        Progress {
            sent: self.sent,
            findings: self.findings.len(),
            seconds: self.clock.now().0 / 1_000_000_000,
        }
    }

    /// Sends a shot when the rate lets it, under a request identifier of its own.
    pub(super) fn send(&mut self, shot: &Shot, at: SocketAddr) -> Heard {
        let now = self.clock.now().0;
        if self.next > now {
            std::thread::sleep(Duration::from_nanos(self.next - now));
        }
        self.next = self.next.max(now) + 1_000_000_000 / u64::from(self.setting.rate.max(1));
        let numbered = self.numbered(shot);
        let patience = self.setting.patience;
        let limit = if shot.brief { patience.min(BRIEF) } else { patience };
        if self.recent.len() == RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back((at, numbered.clone()));
        let mut heard = exchange(&self.clock, at, &numbered, self.sent, limit);
        if heard.reply == Reply::Unreachable && !self.knock(at) {
            self.gone = true;
        } else if heard.reply == Reply::Unreachable {
            heard.reply = Reply::Reset;
        }
        self.note(&heard);
        heard
    }

    /// The shot with the next request identifier, if it has a proper one.
    pub(super) fn numbered(&mut self, shot: &Shot) -> Shot {
        self.sent += 1;
        let mut shot = shot.clone();
        if !shot.own_id && shot.get("rqi").is_some() {
            shot.set("rqi", &format!("p{}", self.sent));
        }
        shot
    }

    /// Whether somebody listens there after all.
    fn knock(&self, at: SocketAddr) -> bool {
        (0..KNOCKS).any(|_| {
            std::thread::sleep(Duration::from_millis(500));
            let alive = self.watch.as_ref().is_none_or(|watch| watch.usage().is_some());
            let coap =
                self.setting.targets.iter().any(|t| t.at == at && t.binding == Binding::Coap);
            alive && (coap || TcpStream::connect_timeout(&at, Duration::from_secs(1)).is_ok())
        })
    }

    pub(super) fn note(&mut self, heard: &Heard) {
        let rsc = heard.answer().and_then(|answer| answer.rsc).unwrap_or(0);
        *self.answers.entry(rsc).or_default() += 1;
        if self.latencies.len() < LATENCIES_MAX && matches!(heard.reply, Reply::Answer(_)) {
            self.latencies.push(heard.seconds);
        }
    }

    fn at(&self, shot: &Shot) -> SocketAddr {
        let target = self.setting.targets.iter().find(|target| target.binding == shot.binding);
        target
            .or_else(|| self.setting.targets.first())
            .map_or_else(|| ([127, 0, 0, 1], 0).into(), |t| t.at)
    }

    /// Makes the stage for a type from nothing.
    pub(super) fn prepare(&mut self, stage: &Stage, of: Type) -> Vec<Heard> {
        stage.build(of).iter().map(|shot| self.send(shot, stage.at)).collect()
    }

    fn warm_up(&mut self, tell: &mut dyn FnMut(Progress)) {
        while self.sent < self.setting.warm_up && !self.over() {
            for stage in self.stages.clone() {
                for of in self.types.clone() {
                    if let Some(case) = scene::benign(&stage, of) {
                        self.whole(&case);
                    }
                    tell(self.progress());
                    if self.over() {
                        return;
                    }
                }
            }
        }
        self.latencies.sort_by(f64::total_cmp);
        let p99 = percentile(&self.latencies, 99);
        self.slow = SLOW_SECONDS.max(p99 * SLOW_FACTOR);
        if let Some(usage) = self.watch.as_ref().and_then(Watch::usage) {
            self.first = usage;
        }
    }

    fn campaign(&mut self, tell: &mut dyn FnMut(Progress)) {
        let mut rounds = 0;
        while !self.over() {
            rounds += 1;
            if rounds % RESET_EVERY == 0 {
                self.reset();
            }
            let Some(mut stage) = self.dice.pick(&self.stages).cloned() else { return };
            // Three in four of the types that every CSE has.
            let core = self.types.get(..CORE).unwrap_or(&self.types).to_vec();
            let some = if self.dice.once_in(4) { self.types.clone() } else { core };
            let Some(of) = self.dice.pick(&some).copied() else { return };
            match self.dice.below(8) {
                0 => self.scenes(&stage, of),
                1 if self.stages.len() > 1 => self.compare(of),
                2 => self.race(&stage),
                3 => {
                    stage.form = Serialisation::Cbor;
                    self.batch(&stage, of);
                }
                _ => self.batch(&stage, of),
            }
            tell(self.progress());
        }
    }

    /// Some cases on one stage.
    fn batch(&mut self, stage: &Stage, of: Type) {
        if let Some(shot) = hostile::stray(stage) {
            self.send(&shot, stage.at);
        }
        for heard in self.prepare(stage, of) {
            self.sound(&heard, of);
        }
        for _ in 0..BATCH {
            let Some(case) = hostile::hostile(stage, of, &mut self.dice) else { continue };
            let found = self.shots(&case);
            if found || case.operation == "delete" || self.over() {
                return;
            }
        }
    }

    /// Judges a request that made the stage.
    fn sound(&mut self, heard: &Heard, of: Type) {
        for verdict in judge(heard, Owed::Answer, self.slow) {
            let case = Case {
                class: "stage",
                operation: "create",
                of,
                about: "valid".to_owned(),
                setup: Vec::new(),
                shots: vec![heard.shot.clone()],
                focus: 0,
                owed: Owed::Answer,
                expect: super::case::Expect::Sound,
            };
            self.report(&case, verdict, vec![heard.clone()]);
        }
    }

    fn scenes(&mut self, stage: &Stage, of: Type) {
        for _ in 0..BATCH / 3 {
            let dice = &mut self.dice;
            let case = match dice.below(12) {
                0..=1 => scene::after_delete(stage, of, dice),
                2..=4 => scene::foreign(stage, of, dice),
                5..=8 => scene::access(stage, dice),
                9 => scene::lockout(stage, dice),
                10 => scene::group_loop(stage, dice),
                _ => scene::self_notification(stage, dice),
            };
            if let Some(case) = case {
                self.whole(&case);
            }
            if self.over() {
                return;
            }
        }
    }

    /// One primitive over both bindings, each on a stage of its own.
    fn compare(&mut self, of: Type) {
        let Some([http, coap]) = self.both() else { return };
        let seed = u64::try_from(self.dice.below(usize::MAX)).unwrap_or(0);
        let make = |stage: &Stage| hostile::hostile(stage, of, &mut Dice::new(seed));
        let (Some(mut first), Some(second)) = (make(&http), make(&coap)) else { return };
        if !hostile::is_of_the_primitive(first.class) || first.class != second.class {
            return;
        }
        let (Some(a), Some(b)) = (first.shots.get(first.focus), second.shots.get(second.focus))
        else {
            return;
        };
        first.shots = vec![a.clone(), b.clone()];
        first.setup.extend(second.setup);
        first.expect = super::case::Expect::Same;
        first.focus = 0;
        self.whole(&first);
    }

    fn both(&self) -> Option<[Stage; 2]> {
        let of = |binding| self.stages.iter().find(|stage| stage.binding == binding).cloned();
        Some([of(Binding::Http)?, of(Binding::Coap)?])
    }

    fn race(&mut self, stage: &Stage) {
        *self.cases.entry("race").or_default() += 1;
        if let Some(found) = race::race(self, stage) {
            let again = race::race(self, stage).is_some() || race::race(self, stage).is_some();
            if again {
                self.findings.entry(found.signature.clone()).or_insert(found).count += 1;
            } else {
                *self.not_repeated.entry(Oracle::Race.name()).or_default() += 1;
            }
        }
    }

    /// Requests so far: the number of the last one.
    pub(super) const fn sent(&self) -> u64 {
        self.sent
    }

    /// The clock, for who sends by themselves.
    pub(super) const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Runs a case from nothing.
    fn whole(&mut self, case: &Case) {
        for shot in &case.setup {
            let heard = self.send(shot, self.at(shot));
            self.sound(&heard, case.of);
        }
        self.shots(case);
    }

    /// Runs the requests of a case; true if a rule spoke up.
    fn shots(&mut self, case: &Case) -> bool {
        *self.cases.entry(case.class).or_default() += 1;
        let (heard, verdicts) = self.run(case);
        let found = !verdicts.is_empty();
        for verdict in verdicts {
            self.report(case, verdict, heard.clone());
        }
        found
    }

    /// Sends the requests of a case and judges it.
    fn run(&mut self, case: &Case) -> (Vec<Heard>, Vec<Verdict>) {
        let before = self.watch.as_ref().and_then(Watch::usage);
        let heard: Vec<Heard> =
            case.shots.iter().map(|shot| self.send(shot, self.at(shot))).collect();
        let mut verdicts = case.verdicts(&heard, self.slow);
        // Nobody listened for a moment only, or at nobody's address.
        verdicts.retain(|verdict| verdict.oracle != Oracle::Gone || self.gone);
        if let (Some(before), Some(watch)) = (before, &self.watch) {
            match watch.usage() {
                Some(after) => {
                    verdicts.extend(used(before, after));
                    if after.memory > self.peak.memory {
                        self.peak = after;
                    }
                }
                None => {
                    self.gone = true;
                    let reason = "the process is gone".to_owned();
                    verdicts.push(Verdict { oracle: Oracle::Gone, reason });
                }
            }
        }
        (heard, verdicts)
    }

    /// What a rule said is looked into: repeated from nothing, and made smaller.
    fn report(&mut self, case: &Case, verdict: Verdict, heard: Vec<Heard>) {
        let signature = Signature {
            oracle: verdict.oracle,
            operation: case.operation,
            of: case.of.name,
            class: case.class,
            about: case.about.clone(),
        };
        if let Some(known) = self.findings.get_mut(&signature) {
            known.count += 1;
            return;
        }
        let tried = self.attempts.entry(signature.clone()).or_default();
        *tried += 1;
        if *tried > ATTEMPTS_MAX || self.findings.len() >= FINDINGS_MAX {
            *self.not_repeated.entry(verdict.oracle.name()).or_default() += 1;
            return;
        }
        let lost = self.gone || (self.setting.stopped)();
        let mut best = (case.clone(), heard);
        let mut repeated = false;
        if !lost {
            let Some((again, words)) = self.again(case, verdict.oracle) else {
                *self.not_repeated.entry(verdict.oracle.name()).or_default() += 1;
                return;
            };
            repeated = true;
            best = self.smaller(again, words, verdict.oracle);
        }
        let finding = self.finding(signature.clone(), verdict.reason, repeated, &best.0, &best.1);
        self.findings.insert(signature, finding);
    }

    fn finding(
        &self,
        signature: Signature,
        reason: String,
        repeated: bool,
        case: &Case,
        heard: &[Heard],
    ) -> Finding {
        let spoken = heard.iter().flat_map(|one| {
            let at = self.at(&one.shot);
            one.spoken.iter().map(move |(when, ours, bytes)| (at, *when, *ours, bytes.clone()))
        });
        Finding {
            signature,
            reason,
            count: 1,
            binding: case.shots.get(case.focus).map_or(Binding::Http, |shot| shot.binding),
            repeated,
            shots: case.all().map(|shot| (self.at(shot), shot.clone())).collect(),
            together: 0,
            spoken: spoken.collect(),
        }
    }

    /// Runs a case from nothing; what was said if the rule speaks up again.
    fn again(&mut self, case: &Case, oracle: Oracle) -> Option<(Case, Vec<Heard>)> {
        for shot in &case.setup {
            self.send(shot, self.at(shot));
        }
        let (heard, verdicts) = self.run(case);
        verdicts.iter().any(|verdict| verdict.oracle == oracle).then(|| (case.clone(), heard))
    }

    /// Leaves out what the finding does not need.
    fn smaller(&mut self, case: Case, heard: Vec<Heard>, oracle: Oracle) -> (Case, Vec<Heard>) {
        let slow = matches!(oracle, Oracle::NoAnswer | Oracle::Slow | Oracle::Cpu | Oracle::Memory);
        let mut left = if slow { REPLAYS_SLOW_MAX } else { REPLAYS_MAX };
        let mut best = (case, heard);
        let mut at = 0;
        while left > 0 && !self.gone && !(self.setting.stopped)() {
            let Some(candidate) = smaller::candidate(&best.0, at) else { break };
            let Some(candidate) = candidate else {
                at += 1;
                continue;
            };
            left -= 1;
            match self.again(&candidate, oracle) {
                // What stood behind it has moved up.
                Some(smaller) => best = smaller,
                None => at += 1,
            }
        }
        best
    }

    /// Asks the target to forget everything, if there is a way.
    fn reset(&mut self) {
        let Some((at, path)) = &self.setting.reset else { return };
        let ask = || -> std::io::Result<()> {
            let mut stream = TcpStream::connect_timeout(at, self.setting.patience)?;
            stream.set_read_timeout(Some(self.setting.patience))?;
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: {at}\r\nX-M2M-UTCMD: Reset\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            stream.write_all(head.as_bytes())?;
            stream.read(&mut [0; 1_024]).map(drop)
        };
        // A target without the hook goes on with what it has: every stage clears its own place.
        let _ = ask();
        let _ = self.register_other();
    }

    /// Takes away what the campaign made.
    fn clean(&mut self) {
        if self.gone {
            return;
        }
        for stage in self.stages.clone() {
            for name in [stage.owner.clone(), format!("{}x", stage.owner), stage.other.clone()] {
                let place = format!("{}/{name}", stage.base);
                let mut request = stage.request(crate::wire::primitive::Operation::Delete, &place);
                request.from = Some(name);
                if let Some(shot) = stage.shot(&request) {
                    self.send(&shot, stage.at);
                }
            }
        }
    }

    /// A target that went between two cases went all the same.
    fn lost(&mut self) {
        if !self.gone || self.findings.keys().any(|known| known.oracle == Oracle::Gone) {
            return;
        }
        let signature = Signature {
            oracle: Oracle::Gone,
            operation: "any",
            of: "any",
            class: "campaign",
            about: "end".to_owned(),
        };
        let finding = Finding {
            signature: signature.clone(),
            reason: "nobody listens there any more, after these requests".to_owned(),
            count: 1,
            binding: self.recent.back().map_or(Binding::Http, |(_, shot)| shot.binding),
            repeated: false,
            shots: self.recent.iter().cloned().collect(),
            together: 0,
            spoken: Vec::new(),
        };
        self.findings.insert(signature, finding);
    }

    /// The memory that the whole campaign left behind.
    fn grown(&mut self) {
        let Some(now) = self.watch.as_ref().and_then(Watch::usage) else { return };
        let more = now.memory.saturating_sub(self.first.memory);
        if more <= CAMPAIGN_MEMORY_MAX.max(self.first.memory) {
            return;
        }
        let signature = Signature {
            oracle: Oracle::Memory,
            operation: "any",
            of: "any",
            class: "campaign",
            about: "growth".to_owned(),
        };
        let reason = format!("{} MiB more at the end than after the warm-up", more >> 20);
        let finding = Finding {
            signature: signature.clone(),
            reason,
            count: 1,
            binding: Binding::Http,
            repeated: false,
            shots: Vec::new(),
            together: 0,
            spoken: Vec::new(),
        };
        self.findings.insert(signature, finding);
    }

    fn outcome(mut self, ended: Ended, sound: u64, sound_findings: usize) -> Outcome {
        self.latencies.sort_by(f64::total_cmp);
        let latency = [50, 99, 100].map(|share| percentile(&self.latencies, share));
        let last = self.watch.as_ref().map(|watch| watch.usage().unwrap_or_default());
        Outcome {
            targets: self.setting.targets.clone(),
            seed: self.setting.seed,
            ended,
            not_repeated: self.not_repeated.clone(),
            sent: self.sent,
            sound,
            sound_findings,
            cases: self.cases.clone(),
            answers: self.answers.clone(),
            seconds: self.seconds(),
            latency,
            usage: last.map(|last| [self.first, self.peak, last]),
            types: self.types.iter().map(|of| of.name).collect(),
            without: self.without,
            findings: self.findings.into_values().collect(),
        }
    }
}

/// The rules about what a case used of the target's machine.
fn used(before: Usage, after: Usage) -> Vec<Verdict> {
    let grown = after.memory.saturating_sub(before.memory);
    let cpu = after.cpu - before.cpu;
    let memory = (grown > CASE_MEMORY_MAX).then(|| Verdict {
        oracle: Oracle::Memory,
        reason: format!("the process grew by {} MiB", grown >> 20),
    });
    let busy = (cpu > CASE_CPU_MAX)
        .then(|| Verdict { oracle: Oracle::Cpu, reason: format!("{cpu:.1} s of processor time") });
    memory.into_iter().chain(busy).collect()
}

/// The value at index ceil(q*n)-1 of sorted values, q in hundredths; 0 for none.
fn percentile(sorted: &[f64], hundredths: usize) -> f64 {
    let rank = (hundredths * sorted.len()).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_case_uses_is_judged() {
        let before = Usage { memory: 1 << 20, cpu: 1.0 };
        let of = |memory, cpu| {
            let said = used(before, Usage { memory, cpu });
            said.iter().map(|verdict| verdict.oracle).collect::<Vec<_>>()
        };
        assert_eq!(of(2 << 20, 1.5), []);
        assert_eq!(of(80 << 20, 1.5), [Oracle::Memory]);
        assert_eq!(of(2 << 20, 9.0), [Oracle::Cpu]);
    }
}
