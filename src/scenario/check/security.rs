//! How associations are made and kept.

use super::Checker;
use super::connection_id::id_len;
use crate::association::{Config, KeyExchange, Profile, Suite12, Timers};
use crate::scenario::codes::Code;
use crate::scenario::plan::{KeySharing, Rekey, Renewal, Security};
use crate::scenario::quantity::TimeSpan;
use crate::scenario::source::{At, Place};
use crate::scenario::table::Field;
use crate::scenario::words::{
    AccessWord, KeyExchangeWord, KeysWord, OrNone, OriginatorsWord, ProfileWord, RekeyWord,
    SecurityTable, SequenceWord, TimerPreset, TimerTable,
};
use crate::sim::time::Duration;

/// The longest life of a ticket (RFC 8446 section 4.6.1).
pub(super) const TICKET_LIFETIME_MAX: Duration = Duration::from_secs(7 * 24 * 3_600);
/// The life of a Kc. TS-0003 gives no number.
const KC_LIFETIME: Duration = Duration::from_secs(24 * 3_600);
/// The shortest first timeout of a flight: below it a run is nothing but timers.
pub(super) const TIMER_MIN: Duration = Duration::from_millis(1);

impl Checker<'_> {
    /// The security of the file, or the defaults.
    pub(super) fn security(&mut self) -> Option<Security> {
        let absent = SecurityTable::default();
        let file = self.file;
        let words = file.security.value().unwrap_or(&absent);
        let default = Config::default();
        let preset = self.preset_mechanisms();
        let ticket_lifetime = self.ticket_lifetime(&words.ticket_lifetime, default.ticket_lifetime);
        let association = Config {
            profile: words.profile.value().map_or(default.profile, |word| word.profile()),
            key_exchange: match words.key_exchange.value() {
                Some(word) => word.exchange(),
                None => preset.map_or(default.key_exchange, |preset| preset.key_exchange),
            },
            cookie: words.cookie.value().copied().unwrap_or(default.cookie),
            replay_window: small(
                words.replay_window.value().map(|n| n.0),
                preset.map_or(default.replay_window, |preset| preset.replay_window),
            ),
            tickets: small(words.tickets.value().map(|n| n.0), default.tickets),
            ticket_lifetime,
            timers: self.timers(&words.timer),
            long_sequence: words.sequence.value() == Some(&SequenceWord::Long),
            explicit_length: words.explicit_length.value().copied().unwrap_or(false),
            connection_id: id_len(&words.connection_id).flatten(),
            record_limit: words.record_limit.value().map_or(default.record_limit, |n| n.0.into()),
            ..default
        };
        Some(Security {
            association,
            key_lifetime: self.above_zero(&words.key_lifetime),
            key_hard_limit: self.above_zero(&words.key_hard_limit),
            renewal: self.renewal(words),
            retry: self.above_zero(&words.retry),
            backoff: self.backoff(words),
            open_access: words.access.value() == Some(&AccessWord::Open),
            believes_originators: words.originators.value() == Some(&OriginatorsWord::Claimed),
            request_cache: words.request_cache.value().copied().unwrap_or(false),
            keys: match words.keys.value() {
                Some(KeysWord::Fleet) => KeySharing::Fleet,
                Some(KeysWord::WellKnown) => KeySharing::Everybody,
                Some(KeysWord::Provisioned) | None => KeySharing::Pair,
            },
            second_factor: self.second_factor(),
            kc_lifetime: self.kc_lifetime(&words.kc_lifetime),
            half_open: words.half_open.value().and_then(|limit| limit.0).map(|limit| limit.0),
        })
    }

    /// Resumption at `place` needs tickets.
    pub(super) fn needs_tickets(&mut self, place: Place) {
        let tickets = self.file.security.value().and_then(|security| security.tickets.value());
        if tickets.is_none_or(|tickets| tickets.0 == 0) {
            let message = "resumption needs tickets, and `security.tickets` is 0";
            self.report
                .add(Code::NoTickets, place, message)
                .hint("set `tickets = 1` in `[security]`, or re-key with \"full\"");
        }
    }

    fn renewal(&mut self, words: &SecurityTable) -> Option<Renewal> {
        let at = words.renewal.given()?;
        let table = &at.value;
        let with = table.with.given();
        if let Some(at) = with.filter(|at| at.value == RekeyWord::Resume) {
            self.needs_tickets(at.place);
        }
        let from = table.from.value().map(|share| share.0);
        let to = table.to.value().map(|share| share.0);
        let share = from.or(to).map(|first| (from.unwrap_or(first), to.unwrap_or(first)));
        if share.is_some_and(|(from, to)| to < from) {
            let place = table.to.given().map_or(at.place, |to| to.place);
            self.report.add(Code::OutOfRange, place, "`to` lies before `from`");
        }
        let has_life = words.key_lifetime.value().is_some_and(|life| life.0.is_some());
        if share.is_some() && !has_life && words.kc_lifetime.is_absent() {
            self.report
                .add(
                    Code::MissingField,
                    at.place,
                    "a share of a key's life needs `key_lifetime` or `kc_lifetime`",
                )
                .hint("set `security.key_lifetime`, such as \"24h\"");
        }
        let bytes = table.bytes.value().map(|bytes| bytes.value);
        if bytes == Some(0) {
            let place = table.bytes.given().map_or(at.place, |bytes| bytes.place);
            self.report.add(Code::OutOfRange, place, "`bytes` must be above 0");
        }
        let renewal = Renewal {
            how: with.map_or(Rekey::KeyUpdate, |at| at.value.how()),
            share,
            records: table.records.value().map(|n| n.0.into()),
            bytes,
        };
        if (renewal.share, renewal.records, renewal.bytes) == (None, None, None) {
            self.report
                .add(Code::MissingField, at.place, "this renewal never happens")
                .hint("give `from`, `records` or `bytes`");
        }
        Some(renewal)
    }

    fn kc_lifetime(&mut self, field: &Field<TimeSpan>) -> Duration {
        let Some(at) = field.given() else { return KC_LIFETIME };
        if at.value.value == 0 {
            self.report.add(Code::OutOfRange, at.place, "the life of a key must be above 0");
        }
        Duration(at.value.value)
    }

    fn ticket_lifetime(&mut self, field: &Field<TimeSpan>, default: Duration) -> Duration {
        let Some(at) = field.given() else { return default };
        let lifetime = Duration(at.value.value);
        if lifetime == Duration::ZERO || lifetime > TICKET_LIFETIME_MAX {
            self.report
                .add(Code::OutOfRange, at.place, "the life of a ticket is above 0 and at most 7d")
                .hint("the limit is that of RFC 8446 section 4.6.1");
        }
        lifetime
    }

    pub(super) fn above_zero(&mut self, field: &Field<OrNone<TimeSpan>>) -> Option<Duration> {
        let at = field.given()?;
        let time = Duration(at.value.0.as_ref()?.value);
        if time == Duration::ZERO {
            self.report
                .add(Code::OutOfRange, at.place, "this time must be above 0")
                .hint("\"none\" switches it off");
        }
        Some(time)
    }

    fn timers(&mut self, field: &Field<TimerTable>) -> Timers {
        let mut timers = Timers::default();
        let Some(words) = field.value() else { return timers };
        if words.preset.value() == Some(&TimerPreset::Iot) {
            timers.initial = Some(Duration::from_secs(9));
        }
        if let Some(at) = words.initial.given() {
            timers.initial = at.value.0.as_ref().map(|time| Duration(time.value));
            self.at_least(at, timers.initial);
        }
        if let Some(at) = words.max.given() {
            timers.max = Duration(at.value.value);
            self.at_least(at, Some(timers.max));
        }
        if timers.initial.is_some_and(|initial| initial > timers.max) {
            let max = words.max.given().map(|at| at.place);
            let place = max.or_else(|| words.initial.given().map(|at| at.place));
            let place =
                place.or_else(|| words.preset.given().map(|at| at.place)).unwrap_or_default();
            let message =
                format!("the first timeout is longer than `max`, which is {}", timers.max);
            self.report
                .add(Code::OutOfRange, place, message)
                .hint("raise `max`, or lower `initial`");
        }
        let retransmissions = words.retransmissions.value().map(|n| n.0);
        timers.retransmissions = small(retransmissions, timers.retransmissions);
        let flag = |field: &Field<bool>, default| field.value().copied().unwrap_or(default);
        timers.carry_over = flag(&words.carry_over, timers.carry_over);
        timers.resend_on_duplicate = flag(&words.resend_on_duplicate, timers.resend_on_duplicate);
        timers.server = flag(&words.server, timers.server);
        timers
    }

    fn at_least<T>(&mut self, at: &At<T>, time: Option<Duration>) {
        if time.is_some_and(|time| time < TIMER_MIN) {
            self.report
                .add(Code::OutOfRange, at.place, "a timeout must be at least 1ms")
                .hint("`initial = \"none\"` switches timers off");
        }
    }
}

/// A number that its word has kept within 8 bits.
fn small(value: Option<u32>, default: u8) -> u8 {
    value.map_or(default, |value| u8::try_from(value).unwrap_or(u8::MAX))
}

impl ProfileWord {
    /// What the word means to an association.
    pub(super) const fn profile(self) -> Profile {
        match self {
            Self::Dtls13 => Profile::Dtls13,
            Self::Dtls12Ccm8 => Profile::Dtls12 { suite: Suite12::PskAes128Ccm8 },
            Self::Dtls12Gcm => Profile::Dtls12 { suite: Suite12::PskAes128Gcm },
            Self::None => Profile::Plain,
        }
    }
}

impl RekeyWord {
    /// What the word means to a node.
    pub(super) const fn how(self) -> Rekey {
        match self {
            Self::KeyUpdate => Rekey::KeyUpdate,
            Self::Resume => Rekey::Resume,
            Self::Full => Rekey::Full,
        }
    }
}

impl KeyExchangeWord {
    /// What it means.
    pub(super) const fn exchange(self) -> KeyExchange {
        match self {
            Self::Psk => KeyExchange::Psk,
            Self::PskDhe => KeyExchange::PskDhe,
        }
    }
}
