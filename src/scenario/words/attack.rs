//! The tables of attacks and countermeasures.

use crate::scenario::quantity::{Bytes, TimeSpan};
use crate::scenario::table::{List, choice, table};
use crate::scenario::words::{
    BreakInTable, ExploreTable, Flag, ImpersonateTable, Integer, ManagementTable, MoveElementTable,
    PushSoftwareTable, RaidTable, ReprogramTable, StealPasswordsTable, Text,
};

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
        /// Takes everything on the links of its victims to memory.
        eavesdrop: EavesdropTable,
        /// Begins handshakes under the addresses of its victims.
        flood: FloodTable,
        /// Reads traffic keys out of its victims' memory and uses them.
        hijack: HijackTable,
        /// Listens to its victims, then guesses which messages are of one device (property U1).
        linking: LinkingTable,
        /// Stands between its victims and their registrars, as each to the other.
        relay: RelayTable,
        /// Sends more than shared assets can carry.
        overload: OverloadTable,
        /// Records datagrams and sends them again.
        replay: ReplayTable,
        /// Alters datagrams on their way.
        tamper: TamperTable,
        /// Has devices that it holds write where they have no business.
        trespass: TrespassTable,
        /// Looks for the long-term key of a device by every way there is, and sets up a clone of it.
        break_in: BreakInTable,
        /// Sends management commands in the name of an administrator.
        management: ManagementTable,
        /// Takes the keys of a server: its database, or by the interface of its HSM.
        raid: RaidTable,
        /// Takes the secure element out of a device and puts it into a host of its own.
        move_element: MoveElementTable,
        /// Writes over the chip that the keys of a device are in.
        reprogram: ReprogramTable,
        /// Writes software of its choice into a device.
        push_software: PushSoftwareTable,
        /// Steals the passwords of a server's users and searches them.
        steal_passwords: StealPasswordsTable,
        /// Tries the management port of a server.
        explore: ExploreTable,
        /// Has devices that it holds report hostile contents.
        hostile: HostileTable,
        /// Makes requests at a console in the name of somebody else's account.
        impersonate: ImpersonateTable,
    }
}

table! {
    /// Listens to its victims, then guesses which messages are of one device.
    struct LinkingTable {
        /// Which devices: a fleet.
        @required target: Text,
        /// How many of its members, drawn by the seed; at most all. Default: 1.
        members: Integer<1, 10_000_000>,
        /// How long it listens.
        @required listens: TimeSpan,
        /// It is asked about messages that are at least so far apart.
        @required apart: TimeSpan,
        /// About how many pairs. Default: 400.
        guesses: Integer<1, 100_000>,
    }
}

table! {
    /// Takes everything on the links of its victims to memory.
    struct EavesdropTable {
        /// On whose links it listens: a fleet or gateway group.
        @required target: Text,
        /// How many of its members, drawn by the seed; at most all. Default: 1.
        members: Integer<1, 10_000_000>,
        /// Not on the link but in the target itself, a gateway or CSE that the attacker holds: it has each message
        /// as the CSE reads and writes it. Default: false.
        inside: Flag,
        /// So long after it began, it reads flash and memory of each target, and opens with what it finds what it
        /// recorded (DTLS 1.3); judge it by "S3". Default: it does not.
        steals_after: TimeSpan,
    }
}

table! {
    /// Sends one ClientHello again and again from the attacker's own host, under the address of one victim
    /// after the other.
    struct FloodTable {
        /// Whose addresses: a fleet or gateway group.
        @required target: Text,
        /// How many of its members, drawn by the seed; at most all. Default: 1.
        members: Integer<1, 10_000_000>,
        /// The group whose first member is the attacker's own host; it has the victims' registrar.
        @required from: Text,
        /// Time between two datagrams.
        @required every: TimeSpan,
        /// How many datagrams in all.
        @required datagrams: Integer<1, 1_000_000>,
    }
}

table! {
    /// Reads the memory of each victim once, when the attack begins. Then it opens the victim's records, alters
    /// the readings in them and seals them again, as long as the keys are the same (DTLS 1.3 without connection
    /// IDs).
    struct HijackTable {
        /// Whose memory: a fleet or gateway group.
        @required target: Text,
        /// How many of its members, drawn by the seed; at most all. Default: 1.
        members: Integer<1, 10_000_000>,
    }
}

table! {
    /// Answers each victim's handshake in the place of its registrar, makes one with the registrar as the victim,
    /// and hands on what comes. It tries the key that everybody knows, having no other.
    struct RelayTable {
        /// Whose handshakes: a fleet or gateway group.
        @required target: Text,
        /// How many of its members, drawn by the seed; at most all. Default: 1.
        members: Integer<1, 10_000_000>,
        /// It alters the readings that it hands on. Default: false.
        alters: Flag,
    }
}

table! {
    /// Has each victim, which the attacker holds, report to somebody else's container over its own association.
    struct TrespassTable {
        /// Which devices it holds: a fleet.
        @required target: Text,
        /// How many of its members, drawn by the seed; at most all. Default: 1.
        members: Integer<1, 10_000_000>,
        /// The fleet whose first member's container it is.
        @required of: Text,
        /// The requests name that member as their originator. Default: false.
        disguised: Flag,
        /// How many reports of each device. Default: 1.
        times: Integer<1, 1_000_000>,
        /// The time between two. Default: "10s".
        every: TimeSpan,
    }
}

table! {
    /// Alters the last digit of datagrams with application data that go up from each victim, or a bit where no
    /// digit is to be seen.
    struct TamperTable {
        /// Whose datagrams: a fleet or gateway group.
        @required target: Text,
        /// How many of its members, drawn by the seed; at most all. Default: 1.
        members: Integer<1, 10_000_000>,
        /// How many datagrams of each victim. Default: 1.
        datagrams: Integer<1, 1_000_000>,
    }
}

table! {
    /// Has each victim, which the attacker holds, report hostile contents over its own association.
    struct HostileTable {
        /// Which devices it holds: a fleet.
        @required target: Text,
        /// How many of its members, drawn by the seed; at most all. Default: 1.
        members: Integer<1, 10_000_000>,
        /// What the contents are made for.
        @required content: ContentWord,
        /// How many contents of each device. Default: 1.
        times: Integer<1, 1_000_000>,
        /// The time between two. Default: "10s".
        every: TimeSpan,
        /// The attacker's host outside the system. Default: "collector.example".
        host: Text,
    }
}

choice! {
    /// What hostile contents are made for.
    enum ContentWord {
        /// Queries, commands and header fields: SQL, XPath, LDAP, HTTP, shell, options.
        Injection = "injection",
        /// Handlers that take a list for a condition.
        List = "list",
        /// Pages, in an element.
        Element = "element",
        /// Pages, in an attribute.
        Attribute = "attribute",
        /// Pages, in the address of a link.
        Link = "link",
        /// Pages, in an element that a script writes.
        Written = "written",
        /// A parser that believes lengths.
        Overrun = "overrun",
    }
}

table! {
    /// Devices that the attacker took send random bytes towards their registrar.
    struct OverloadTable {
        /// Whose devices: a fleet.
        @required target: Text,
        /// How many of its members, drawn by the seed; at most all. Default: 1.
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
        /// How many of its members, drawn by the seed; at most all. Default: 1.
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
