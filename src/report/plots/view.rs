//! Which part of a run a picture shows, and its series cut and folded to what can be seen.

use std::collections::BTreeMap;

use super::axis::Axis;
use super::figure::Moment;
use crate::measure::ByteClass;
use crate::report::read::Data;
use crate::report::summary::Mark;
use crate::report::words::{tame, time};

/// Bins that a line in a picture has at most.
const BINS: f64 = 240.0;
/// Ticks of the time axis, about.
const TICKS: usize = 7;
/// A queue counts as emptied below this share of its longest.
const DRAINED: f64 = 0.05;

/// The part of a run where something happens.
#[derive(Clone, Debug)]
pub(super) struct View {
    /// The time axis.
    pub(super) axis: Axis,
    /// What its labels count from, in words.
    pub(super) caption: String,
    /// The marks of the run.
    pub(super) marks: Vec<Moment>,
}

/// How buckets become a bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    /// Their mean, buckets without a value being zero.
    Mean,
    /// The largest.
    Max,
}

/// A value from one time to another.
pub(super) type Bin = (f64, f64, f64);

impl View {
    /// From shortly before the first event (or the start) to when all is quiet again.
    pub(super) fn of(data: &Data) -> Self {
        let summary = &data.summary;
        let run_end = summary.simulated_s;
        let marks: Vec<&Mark> =
            summary.setting.marks.iter().filter(|m| m.at_s <= run_end).collect();
        let first = marks.iter().map(|m| m.at_s).reduce(f64::min);
        let last_mark = marks.iter().map(|m| m.at_s).reduce(f64::max);
        let mut end = activity(data).or(last_mark).unwrap_or(run_end);
        if let Some(mark) = last_mark {
            end = end.max(mark);
        }
        let end = if end > 0.0 { end } else { run_end };
        let zero = first.unwrap_or(0.0);
        let lead = (0.15 * (end - zero)).max(end * 0.002);
        let from = if zero - lead < 0.4 * end { 0.0 } else { zero - lead };
        let axis = Axis::time(from, end + 0.02 * (end - from), zero, TICKS);
        let caption = match marks.first() {
            Some(mark) if zero > 0.0 => {
                let what = tame(mark.label.split(" over ").next().unwrap_or_default(), 60);
                format!("time from the {what}, {} into the run", time(zero))
            }
            _ => "time from the start of the run".to_owned(),
        };
        let moment = |m: &Mark| Moment { at: m.at_s, label: m.label.clone(), is_limit: false };
        let marks = marks.into_iter().map(moment).collect();
        Self { axis, caption, marks }
    }

    /// `points` (starts of buckets of `width`) as bins that cover the view.
    pub(super) fn bins(&self, points: &[(f64, f64)], width: f64, fold: Fold) -> Vec<Bin> {
        self.bins_at_most(points, width, fold, BINS)
    }

    /// The same in about `most` bins or fewer.
    pub(super) fn bins_at_most(
        &self,
        points: &[(f64, f64)],
        width: f64,
        fold: Fold,
        most: f64,
    ) -> Vec<Bin> {
        let span = self.axis.to - self.axis.from;
        let width = width.max(span / 1e5).max(1e-9);
        let each = (span / width / most).ceil().max(1.0);
        let bin = width * each;
        let first = (self.axis.from / bin).floor();
        let count = ((self.axis.to / bin).ceil() - first).clamp(1.0, 2.0 * BINS);
        let mut values: BTreeMap<u64, f64> = BTreeMap::new();
        for (at, value) in points {
            let place = ((at + width / 2.0) / bin).floor() - first;
            if (0.0..count).contains(&place) {
                let slot = values.entry(whole(place)).or_insert(0.0);
                *slot = match fold {
                    Fold::Mean => *slot + value / each,
                    Fold::Max => slot.max(*value),
                };
            }
        }
        (0..whole(count))
            .map(|i| {
                let from = (first + i as f64) * bin;
                (from, from + bin, values.get(&i).copied().unwrap_or(0.0))
            })
            .collect()
    }
}

/// Bins as the corners of steps within the view.
pub(super) fn steps(bins: &[Bin], axis: &Axis) -> Vec<(f64, f64)> {
    let mut corners: Vec<(f64, f64)> = Vec::new();
    for (from, to, value) in bins {
        let (from, to) = (from.clamp(axis.from, axis.to), to.clamp(axis.from, axis.to));
        if corners.last().is_none_or(|last| last.1 != *value) {
            corners.push((from, *value));
        } else {
            corners.pop();
        }
        corners.push((to, *value));
    }
    corners
}

/// A whole number that was made by rounding.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "float to integer casts saturate"
)]
pub(super) const fn whole(value: f64) -> u64 {
    value as u64
}

/// When the last thing happened that has to do with associations; telemetry does not count.
fn activity(data: &Data) -> Option<f64> {
    let setting = &data.summary.setting;
    let spans = [setting.handshake_span_s, setting.rekey_span_s].into_iter().flatten();
    let done = spans.map(|(_, to)| to);
    let keys = ByteClass::ALL.into_iter().filter(|c| {
        !matches!(c, ByteClass::Telemetry | ByteClass::Ack | ByteClass::Retransmission)
    });
    let links = data.summary.traffic.iter();
    let sent = links.flat_map(|link| keys.clone().map(move |c| (format!("link.{}", link.link), c)));
    let sent = sent.filter_map(|(scope, class)| {
        data.series.points(&scope, class.name()).iter().rev().find(|p| p.1 > 0.0).map(|p| p.0)
    });
    let servers = setting.groups.iter().filter(|g| g.tier != "device");
    let queued = servers.filter_map(|group| {
        let queue = data.series.points(&format!("load.{}", group.name), "queue");
        let longest = queue.iter().map(|p| p.1).fold(0.0, f64::max);
        let long = |p: &&(f64, f64)| longest >= 10.0 && p.1 > longest * DRAINED;
        queue.iter().rev().find(long).map(|p| p.0)
    });
    done.chain(sent).chain(queued).reduce(f64::max)
}
