//! The tables of attacks and countermeasures.

use crate::scenario::quantity::{Bytes, TimeSpan};
use crate::scenario::table::{List, table};
use crate::scenario::words::{Flag, Integer, Text};

table! {
    /// An attack: when it begins, by what it is judged, and exactly one of the programs.
    struct AttackTable {
        /// When it begins, from the start of the run.
        @required at: TimeSpan,
        /// Its name in results. Default: that of its program.
        name: Text,
        /// The properties that it is after, such as ["A4"]; `keystorm explain A4` tells what each says.
        /// Default: those of its program.
        violates: List<Text>,
        /// Alarms later than this after its first step do not count. Default: "60s".
        alarm_within: TimeSpan,
        /// A metric of a property and the loss up to which the attack counts as mitigated, such as
        /// "S2.leaked_fields <= 3". Default: none.
        loss: Text,
        /// Sends more than shared assets can carry.
        overload: OverloadTable,
        /// Records datagrams and sends them again.
        replay: ReplayTable,
    }
}

table! {
    /// Devices that the attacker took send random bytes towards their registrar.
    struct OverloadTable {
        /// Whose devices: a fleet.
        @required target: Text,
        /// How many of its members, drawn by the seed. Default: 1.
        members: Integer<1, 10_000_000>,
        /// Datagrams a second from each.
        @required per_second: Integer<1, 100_000>,
        /// Bytes of each. Default: "1000B".
        size: Bytes,
        /// For how long.
        @required lasts: TimeSpan,
    }
}

table! {
    /// Records datagrams with application data that go up from each victim, and sends them again.
    struct ReplayTable {
        /// Whose datagrams: a fleet or gateway group.
        @required target: Text,
        /// How many of its members, drawn by the seed. Default: 1.
        members: Integer<1, 10_000_000>,
        /// How long after it passed a datagram is sent again.
        @required after: TimeSpan,
        /// How many datagrams of each victim. Default: 1.
        datagrams: Integer<1, 1_000_000>,
        /// How often each. Default: 1.
        times: Integer<1, 1_000>,
    }
}

table! {
    /// A countermeasure of TR-0008 in this scenario, by its code (`CM10`). The file describes the system with
    /// it; `off` says what stands in its place without.
    struct CountermeasureTable {
        /// It is in force. Default: true.
        on: Flag,
        /// What is different without it, each as `KEY=VALUE` like the argument of `--set`.
        @required off: List<Text>,
        /// The mechanisms whose refusals are its work, by their names in `message.rejected`. Default: any.
        refuses: List<Text>,
    }
}
