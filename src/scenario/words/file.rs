//! The tables of a scenario file.

use crate::scenario::quantity::{BitRate, Bytes, Energy, Frequency, Power, Price, TimeSpan};
use crate::scenario::table::{List, Named, choice, table};
use crate::scenario::words::{
    Amount, AttackTable, BackendTable, ConsoleTable, Count, CountermeasureTable, CustodyTable,
    Flag, Integer, OrNone, PortTable, Probability, Seed, Text, Texts, Values, VisitsTable,
};

table! {
    /// A keystorm scenario: who takes part, how they are connected and secured, what happens, and
    /// what must hold.
    struct File {
        /// Name, seed and length of the run.
        @required scenario: ScenarioTable,
        /// Device classes: what a processor costs in time and energy. A name that is also a
        /// preset's refines it.
        class: Named<ClassTable>,
        /// Link types. A name that is also a preset's refines it.
        link: Named<LinkTable>,
        /// Infrastructure CSEs (IN-CSE).
        cse: Named<CseTable>,
        /// M2M authentication functions: they hand out keys of associations.
        maf: Named<FunctionTable>,
        /// M2M enrolment functions: they hand out credentials for MAFs and CSEs.
        mef: Named<FunctionTable>,
        /// Groups of gateways (MN-CSE).
        gateway: Named<GatewayTable>,
        /// Fleets of devices (ADN).
        fleet: Named<FleetTable>,
        /// Applications behind CSEs that use what devices report.
        backend: Named<BackendTable>,
        /// How associations are made and kept.
        security: SecurityTable,
        /// How keys, software and secrets are looked after beside their stores.
        custody: CustodyTable,
        /// The management ports of CSEs. Default: there are none.
        management: PortTable,
        /// What happens on purpose.
        event: List<EventTable>,
        /// How `keystorm risk` assesses this scenario.
        risk: RiskTable,
        /// Shared assets: what several services depend on, and what stops when it fails.
        asset: Named<AssetTable>,
        /// What might be done against risks, and what it costs.
        treatment: Named<TreatmentTable>,
        /// Contexts of use, such as day, night and season: their shares of the year add up to 1.
        context: Named<ContextTable>,
        /// Who attacks, and how.
        attack: List<AttackTable>,
        /// Countermeasures of TR-0008 that the scenario can be run with and without.
        countermeasure: Named<CountermeasureTable>,
        /// What must hold at the end: a metric and a comparison, such as "rekey.time_s.p99" = "<
        /// 30s". Without a unit the bound has the metric's own (SI).
        expect: Named<Text>,
        /// What `keystorm sweep` varies: a dotted path, as `--set` takes it, and its values, such as
        /// fleet.meters.start.jitter = ["10s", "60s"]. Every combination is a point.
        sweep: Named<Values>,
    }
}

table! {
    /// Name, seed and length of the run.
    struct ScenarioTable {
        /// Lower-case letters, digits and dashes, at most 64. Default: the file's name.
        name: Text,
        /// The seed of all randomness: same scenario, seed and version, same results. Default: 1.
        seed: Seed,
        /// The run ends here at the latest, in virtual time, such as "30min".
        @required duration: TimeSpan,
        /// The threat of TR-0008 that it shows, such as "T9". Default: none.
        threat: Text,
        /// Its attacks take place. Without, the run shows the system left in peace. Default: true.
        attacks: Flag,
        /// What must not be violated, whoever attacks and whatever fails: properties such as "A4", or single figures
        /// of them that must stay 0, such as "K1.slots_wrong". Default: nothing.
        hold: List<Text>,
        /// How soon everybody must be served again once faults have ceased. Default: nobody looks.
        recovery: RecoveryTable,
    }
}

table! {
    /// How soon everybody must be served again: each device that reports, the victims of attacks left out, has a report
    /// made after `after` answered by `within` later, else it counts in `recovery.lost`.
    struct RecoveryTable {
        /// From when on nothing fails any more, from the start of the run.
        @required after: TimeSpan,
        /// How soon after that.
        @required within: TimeSpan,
    }
}

table! {
    /// A device class: either fixed service times or prices of operations.
    struct ClassTable {
        /// A shipped class whose figures hold where this table gives none.
        preset: Text,
        /// Power drawn while the processor works, such as "10mW". Default: that of the preset, or
        /// 0.
        active_power: Power,
        /// Price of one SHA-256 compression of 64 bytes.
        sha256_block: Price,
        /// Price of the fixed part of one sealing or opening by AES-128-GCM.
        aead: Price,
        /// Price of each byte under AES-128-GCM.
        aead_byte: Price,
        /// Price of the fixed part of one sealing or opening by AES-128-CCM; needed with dtls12_ccm8.
        ccm: Price,
        /// Price of each byte under AES-128-CCM; needed with dtls12_ccm8.
        ccm_byte: Price,
        /// Price of one AES block outside the AEAD, or of one AES key schedule.
        aes_block: Price,
        /// Price of one X25519 scalar multiplication; needed with psk_dhe_ke.
        x25519: Price,
        /// Price of one handshake message, ACK or alert read or written, without its cryptography.
        message: Price,
        /// Price of one record or forwarded datagram through the network stack.
        datagram: Price,
        /// Price of one oneM2M request handled by a CSE, or built or read by a device.
        request: Price,
        /// Fixed service times instead of prices.
        fixed: FixedTable,
    }
}

table! {
    /// Fixed service times by kind of event; what is not named costs nothing.
    struct FixedTable {
        /// A new ClientHello at a server.
        hello: TimeSpan,
        /// At a server a new Finished of a client; at a client the server's flight, before its own
        /// Finished leaves.
        finished: TimeSpan,
        /// A duplicate of either, answered from the cached reply.
        duplicate: TimeSpan,
        /// A datagram that is only forwarded.
        datagram: TimeSpan,
        /// A key update, at either side.
        key_update: TimeSpan,
        /// An application request or response.
        message: TimeSpan,
        /// How single service times vary about these means. Default: not at all.
        variation: VariationWord,
    }
}

choice! {
    /// How service times vary about their mean.
    enum VariationWord {
        /// All are equal.
        None = "none",
        /// Exponential, as in an M/M/c queue.
        Exponential = "exponential",
        /// A mixture of two exponentials whose squared coefficient of variation is 4.
        Hyperexponential = "hyperexponential",
    }
}

table! {
    /// A link type: each link joins one device or gateway to its parent.
    struct LinkTable {
        /// A shipped link type whose figures hold where this table gives none.
        preset: Text,
        /// One-way propagation and access delay. At least 1us where the link leads to the
        /// infrastructure.
        latency: TimeSpan,
        /// Uniform extra delay per datagram, from 0 to this; datagrams may overtake each other.
        /// Default: 0.
        jitter: TimeSpan,
        /// Probability of loss per datagram and direction. Default: 0.
        loss: Probability,
        /// Probability that a datagram is delivered twice. Default: 0.
        duplicate: Probability,
        /// Bits per second in both directions, such as "170kbps", or "none" for no limit. Default:
        /// none.
        rate: OrNone<BitRate>,
        /// Bits per second towards the infrastructure; takes precedence over `rate`.
        rate_up: OrNone<BitRate>,
        /// Bits per second towards the device; takes precedence over `rate`.
        rate_down: OrNone<BitRate>,
        /// Largest datagram, headers not counted: 64B to 65000B. Default: "1200B".
        mtu: Bytes,
        /// UDP, IP and link headers added to each datagram on the air, at most 1000B. Default:
        /// "48B" (IPv6 and UDP).
        header: Bytes,
        /// What a transmitter holds at most for its turn; only a limited rate queues. Default:
        /// "64kB".
        queue: Bytes,
        /// Energy that the device's end spends per byte sent, headers included. Default: 0.
        tx_energy_per_byte: Energy,
        /// Energy that the device's end spends per byte received, headers included. Default: 0.
        rx_energy_per_byte: Energy,
    }
}

table! {
    /// One infrastructure CSE.
    struct CseTable {
        /// A class of this file or a shipped one.
        @required class: Text,
        /// Servers that share its one queue. Default: 1.
        workers: Integer<1, 65_536>,
        /// Jobs that may wait, more are dropped; or "none" for no limit. Default: none.
        queue: OrNone<Integer<1, 1_000_000_000>>,
        /// Which flights of handshakes it serves first. Default: "fifo".
        order: OrderWord,
        /// A ClientHello that waited longer is dropped unread, since its sender has repeated it by then; or
        /// "none". Default: none.
        stale_hello: OrNone<TimeSpan>,
        /// ClientHellos that it lets in, such as "50/s", with bursts of a second's worth; others are dropped; or
        /// "none". Default: none.
        admission: OrNone<Frequency>,
        /// It has a console at which people log in. Default: none.
        console: ConsoleTable,
        /// Where its long-term keys live. Default: as `[security]` says.
        store: StoreWord,
        /// Which HSM, with `store = "hsm"`. Default: as `[security]` says.
        hsm: HsmWord,
    }
}

choice! {
    /// Which flights of handshakes a server takes from its queue first.
    enum OrderWord {
        /// As they came.
        Fifo = "fifo",
        /// Those that finish a handshake before those that start one.
        FinishFirst = "finish_first",
    }
}

choice! {
    /// How the wait grows from failure to failure: v = min(cap, retry x 2^n) after n failures in a row.
    enum BackoffWord {
        /// From `retry` to twice as much, always.
        Fixed = "fixed",
        /// v.
        Exponential = "exponential",
        /// Uniform from 0 to v.
        Full = "full",
        /// v/2 and up to as much again.
        Equal = "equal",
        /// From `retry` to three times the wait before, at most `cap`.
        Decorrelated = "decorrelated",
        /// `retry` x 2^n five times, then once `cap`, and from the beginning (LwM2M).
        Lwm2m = "lwm2m",
    }
}

table! {
    /// How a device tries again after failed handshakes.
    struct BackoffTable {
        /// How the wait grows.
        @required kind: BackoffWord,
        /// The longest wait; with "lwm2m" the delay between sequences. Default: "10min".
        cap: TimeSpan,
        /// Failures in a row after which it gives up, or "none". Default: none.
        attempts: OrNone<Integer<1, 1_000_000>>,
    }
}

table! {
    /// A group of like MAFs or MEFs; there is at most one group of each.
    struct FunctionTable {
        /// How many: each takes its share of the clients. Default: 1.
        count: Integer<1, 1_000>,
        /// A class of this file or a shipped one.
        @required class: Text,
        /// To the rest of the infrastructure: a link of this file or a shipped one.
        @required link: Text,
        /// Servers of each. Default: 1.
        workers: Integer<1, 65_536>,
        /// Jobs that may wait in each, more are dropped; or "none" for no limit. Default: none.
        queue: OrNone<Integer<1, 1_000_000_000>>,
        /// Where its long-term keys live. Default: as `[security]` says.
        store: StoreWord,
        /// Which HSM, with `store = "hsm"`. Default: as `[security]` says.
        hsm: HsmWord,
    }
}

table! {
    /// A group of like gateways.
    struct GatewayTable {
        /// How many. Default: 1.
        count: Count,
        /// A class of this file or a shipped one.
        @required class: Text,
        /// The backhaul: a link of this file or a shipped one.
        @required link: Text,
        /// The CSE to which it forwards; if it is the registrar of a fleet it registers there
        /// itself.
        @required registrar: Text,
        /// Servers of each gateway. Default: 1.
        workers: Integer<1, 65_536>,
        /// Jobs that may wait in each gateway, more are dropped; or "none" for no limit. Default:
        /// none.
        queue: OrNone<Integer<1, 1_000_000_000>>,
        /// Datagrams that it takes from each device behind it, such as "20/s", with bursts of a second's worth;
        /// more are refused; or "none". Default: none.
        rate_limit: OrNone<Frequency>,
        /// When it starts, if it registers. Default: all at once at 0.
        start: StartTable,
        /// Where its long-term keys live. Default: as `[security]` says.
        store: StoreWord,
        /// Which HSM, with `store = "hsm"`. Default: as `[security]` says.
        hsm: HsmWord,
    }
}

table! {
    /// A fleet of like devices.
    struct FleetTable {
        /// How many, 1 to 10,000,000.
        @required count: Count,
        /// A class of this file or a shipped one.
        @required class: Text,
        /// The access link: a link of this file or a shipped one.
        @required link: Text,
        /// The gateways that the devices sit behind, each behind the next in turn. Default: the
        /// registrar if it is a gateway group, else none.
        via: Text,
        /// The protocol of this fleet's associations. Default: that of `[security]`.
        profile: ProfileWord,
        /// Bytes of the connection IDs of its registrar, or "none". Default: that of `[security]`.
        connection_id: OrNone<Integer<0, 20>>,
        /// With whom each device has its association: a CSE, or the gateway group that it sits
        /// behind.
        @required registrar: Text,
        /// When each device first starts. Default: all at once at 0.
        start: StartTable,
        /// What each device reports.
        telemetry: TelemetryTable,
        /// People use each device as a terminal of the registrar's console.
        visits: VisitsTable,
        /// How each device comes by the key of its association. Default: as `[security]` says.
        enrolment: EnrolmentWord,
        /// How each device comes by its AE and container. Default: "provisioned".
        registration: RegistrationWord,
        /// Whose container each device reports to. Needs `registration = "registered"`. Default:
        /// "registrar".
        reports_to: ReportsToWord,
        /// The devices protect each report from themselves to the CSE of the head end (ESPrim), so that the gateways
        /// between only hand it on. Needs `reports_to = "head_end"`. Default: false.
        end_to_end: Flag,
        /// Each device makes its associations under names that change (TR-0008 clause 6.5), and its address and the
        /// phase of its reports with them. Default: it keeps its name.
        pseudonyms: PseudonymsTable,
        /// From when on the head end subscribes to the devices' containers. Needs `registration =
        /// "registered"`. Default: never.
        subscribed_at: TimeSpan,
        /// Where its long-term keys live. Default: as `[security]` says.
        store: StoreWord,
        /// Which HSM, with `store = "hsm"`. Default: as `[security]` says.
        hsm: HsmWord,
        /// Whose service it is, for `keystorm risk`.
        tenant: Text,
        /// What its service is worth, for `keystorm risk`.
        weight: WeightTable,
        /// What each device lives on (property B1).
        battery: BatteryTable,
    }
}

table! {
    /// How devices change the names of their associations.
    struct PseudonymsTable {
        /// They do. Default: true.
        on: Flag,
        /// How often, at the same moments for all.
        @required every: TimeSpan,
        /// The longest silence after a change; each device draws its own. Default: none.
        pause: TimeSpan,
    }
}

table! {
    /// What a device lives on, and for how long it must.
    struct BatteryTable {
        /// Its energy, such as "8000J".
        @required energy: Energy,
        /// Years that it must last, if every day is like the run.
        @required years: Amount,
    }
}

table! {
    /// What a service is worth in each respect; 1 is usual, 0 nothing.
    struct WeightTable {
        /// That nobody reads along. Default: 1.
        confidentiality: Amount,
        /// That nobody changes anything. Default: 1.
        integrity: Amount,
        /// That it is there. Default: 1.
        availability: Amount,
    }
}

table! {
    /// How `keystorm risk` assesses this scenario.
    struct RiskTable {
        /// When an asset fails in simulation. Default: after a third of the run.
        at: TimeSpan,
        /// For how long. Default: a sixth of the run.
        outage: TimeSpan,
        /// What an observer of flows sees. Default: everything.
        observe: ObserveTable,
        /// What treatments may cost together a year. Default: any sum.
        budget: Amount,
        /// What costs are counted in, such as "EUR".
        currency: Text,
        /// `keystorm run` and `keystorm matrix` assess the scenario first, in peace, and take the treatments that are
        /// chosen. Default: false.
        treat: Flag,
        /// What services are worth in the assessment. Default: "own".
        weights: WeightsWord,
        /// Gateways do not fail: all devices of the service behind them that is worth least send this much. Default:
        /// they fail.
        overload: ExcessTable,
    }
}

choice! {
    /// What services are worth.
    enum WeightsWord {
        /// What their fleets say.
        Own = "own",
        /// All the same.
        Uniform = "uniform",
    }
}

table! {
    /// What a device sends that is no longer its owner's.
    struct ExcessTable {
        /// Datagrams a second.
        @required per_second: Integer<1, 10_000>,
        /// Bytes of each, 1B to 1200B. Default: "1000B".
        size: Bytes,
    }
}

table! {
    /// What an observer of flows sees: assets are discovered from this alone.
    struct ObserveTable {
        /// When it begins to look. Default: 0.
        from: TimeSpan,
        /// When it ends. Default: the end of the run.
        until: TimeSpan,
        /// It sees one datagram in so many. Default: 1.
        one_in: Integer<1, 1_000_000>,
    }
}

table! {
    /// A shared asset: what several services depend on.
    struct AssetTable {
        /// What it is.
        @required kind: AssetWord,
        /// Groups, or single nodes such as "routers-0", that stop when it fails.
        members: Texts,
        /// Link types that carry nothing when it fails.
        links: Texts,
        /// How often it fails in a year. Default: an estimate by its kind; see the manual.
        per_year: Amount,
    }
}

table! {
    /// Something that might be done against risks.
    struct TreatmentTable {
        /// What it costs a year.
        @required cost: Amount,
        /// What it changes in this file, as `--set` has it: "KEY=VALUE".
        @required set: Texts,
    }
}

table! {
    /// A context of use.
    struct ContextTable {
        /// Its share of the year, above 0 to 1.
        @required share: Amount,
        /// What it changes in this file, as `--set` has it: "KEY=VALUE". Default: nothing.
        set: Texts,
    }
}

choice! {
    /// What a shared asset is.
    enum AssetWord {
        /// A line from the field to the infrastructure.
        Backhaul = "backhaul",
        /// A building with its power and cooling.
        Premises = "premises",
        /// What hands out keys: a MAF or MEF.
        IdentityProvider = "identity_provider",
        /// A radio channel.
        Spectrum = "spectrum",
        /// People who keep something going.
        Staff = "staff",
        /// A data centre.
        DataCentre = "data_centre",
        /// One machine.
        Node = "node",
    }
}

table! {
    /// When the members of a group start: at once, or spread by one of jitter, slots and poisson.
    struct StartTable {
        /// The moment from which the spread counts. Default: 0.
        at: TimeSpan,
        /// Uniform delay, drawn anew by each member. Zero is the same as none.
        jitter: TimeSpan,
        /// Slots of a window, chosen by a hash of each member's identity.
        slots: SlotsTable,
        /// A Poisson process of this many starts, such as "500/s".
        poisson: Frequency,
    }
}

table! {
    /// Slots of a window, chosen by a hash of each member's identity.
    struct SlotsTable {
        /// The whole window.
        @required window: TimeSpan,
        /// One slot, at most as long as the window.
        @required slot: TimeSpan,
    }
}

table! {
    /// Periodic reports: oneM2M CREATE of a contentInstance.
    struct TelemetryTable {
        /// Time between two reports of one device; phases are uniform.
        @required interval: TimeSpan,
        /// Bytes of the content, at most 60000B.
        @required size: Bytes,
        /// How soon after a report is due its answer must be there for the fleet to count as served
        /// (`service.FLEET.availability`). Default: nobody counts; in `keystorm risk`, the interval.
        deadline: TimeSpan,
        /// Only the device, the CSE that keeps its reports and the head end may know the content. Default: false.
        sensitive: Flag,
    }
}

table! {
    /// How associations are made and kept: DTLS 1.3 with pre-shared keys.
    struct SecurityTable {
        /// The protocol of associations; a fleet may choose its own. Default: "dtls13".
        profile: ProfileWord,
        /// With or without forward secrecy, in DTLS 1.3; DTLS 1.2 is without. Default: "psk_dhe_ke".
        key_exchange: KeyExchangeWord,
        /// The server first asks for a cookie, keeping no state. Default: false.
        cookie: Flag,
        /// Records that may arrive out of order; 0 is no replay protection. Default: 64.
        replay_window: Integer<0, 64>,
        /// What originators may do with resources that have no policy of their own: "closed", nobody but their
        /// creators; "open", everybody everything, as in an installation with its defaults left on. Default:
        /// "closed".
        access: AccessWord,
        /// Whom a CSE takes for the originator of a request: "proven", whom the association authenticated;
        /// "claimed", whom the request names. Default: "proven".
        originators: OriginatorsWord,
        /// A CSE remembers the last 64 requests of each device, so that it carries out none of them twice, instead
        /// of the last one alone, as CoAP asks for. Default: false.
        request_cache: Flag,
        /// Session tickets that a server hands out after each full handshake. Default: 0.
        tickets: Integer<0, 16>,
        /// Life of a ticket, at most "7d" (RFC 8446 section 4.6.1). Default: "7d".
        ticket_lifetime: TimeSpan,
        /// Life of traffic keys by policy; use of older ones counts as overdue; or "none". Default:
        /// none.
        key_lifetime: OrNone<TimeSpan>,
        /// Under keys older than this nothing is sent any more; or "none". Default: none.
        key_hard_limit: OrNone<TimeSpan>,
        /// New keys before the old ones are too old.
        renewal: RenewalTable,
        /// A device tries again this long after a failed association, and up to as much later; or
        /// "none". Default: none.
        retry: OrNone<TimeSpan>,
        /// How the wait before it tries again grows from failure to failure. Needs `retry`, the base. Default:
        /// always the same.
        backoff: BackoffTable,
        /// Length of the record number. Default: "8bit".
        sequence: SequenceWord,
        /// Record headers always carry a length. Default: false.
        explicit_length: Flag,
        /// Records under one traffic key before a key update is due. Default: 8388608.
        record_limit: Integer<1, 4_294_967_295>,
        /// Bytes of the connection IDs that servers want in the datagrams of their clients (RFC 9146, RFC
        /// 9147 section 9), so that a client may change its address; clients want none. A fleet may
        /// choose its own. "none": connection IDs are not negotiated. Default: none.
        connection_id: OrNone<Integer<0, 20>>,
        /// Retransmission of flights.
        timer: TimerTable,
        /// The level of assurance (TR-0008) that sets `store`, `second_factor`, `key_exchange` and
        /// `replay_window` where the file does not, and that all groups must reach. Default: none.
        assurance: LoaWord,
        /// Where long-term keys live; a group may choose its own. Default: "flash".
        store: StoreWord,
        /// Which HSM, with `store = "hsm"`: for devices and gateways a secure element, for servers one of a
        /// data centre. Default: "atecc608" for the former, "cloudhsm_hsm2m" for the latter.
        hsm: HsmWord,
        /// Two independent keys in two places of the same kind are needed for a handshake. Default: false.
        second_factor: Flag,
        /// How devices come by the keys of their associations; a fleet may choose its own. Gateways and servers
        /// are provisioned. Default: "provisioned".
        enrolment: EnrolmentWord,
        /// Life of a key that a MAF hands out (Kc). A member replaces it at the share of its life that
        /// `renewal` draws, else when it needs one after the end. Default: "24h".
        kc_lifetime: TimeSpan,
        /// The pre-shared keys: one for each device, one for each fleet, or one that everybody knows, the
        /// attacker included, which is encryption without authentication. Default: "provisioned".
        keys: KeysWord,
        /// Handshakes that a server has in progress at the same time, more are refused; or "none". Default:
        /// none.
        half_open: OrNone<Integer<1, 10_000_000>>,
    }
}

choice! {
    /// How a device comes by the key of its association (TS-0003 clauses 8.2.2 and 8.3).
    enum EnrolmentWord {
        /// It is there from the start.
        Provisioned = "provisioned",
        /// From a MAF, with a provisioned master credential.
        Maf = "maf",
        /// From a MEF, with a provisioned key; then by way of a MAF, if there is one.
        Mef = "mef",
        /// Like "mef", with a key that an underlying network lends (GBA).
        Network = "network",
    }
}

choice! {
    /// What originators may do with resources that have no policy of their own.
    enum AccessWord {
        /// Nobody but their creators may do anything.
        Closed = "closed",
        /// Everybody may do everything.
        Open = "open",
    }
}

choice! {
    /// Whom a CSE takes for the originator of a request.
    enum OriginatorsWord {
        /// Whom the association authenticated (TS-0003 clause 7.2).
        Proven = "proven",
        /// Whom the request names.
        Claimed = "claimed",
    }
}

choice! {
    /// What pre-shared keys are worth.
    enum KeysWord {
        /// Each device has its own, which only it and its peer know.
        Provisioned = "provisioned",
        /// All devices of a fleet have the same, which each of their servers knows: nothing is derived.
        Fleet = "fleet",
        /// All have the same, and everybody knows it.
        WellKnown = "well_known",
    }
}

choice! {
    /// How a device comes by its resources.
    enum RegistrationWord {
        /// They are there from the start.
        Provisioned = "provisioned",
        /// It registers its AE, and makes a policy and a container (TS-0001 clause 10.2.2). Gateways that are
        /// registrars register as CSEs.
        Registered = "registered",
    }
}

choice! {
    /// Where a device reports.
    enum ReportsToWord {
        /// To a container of its own at its registrar.
        Registrar = "registrar",
        /// To a container at the infrastructure CSE, below the head end, an application there. A gateway that
        /// is the registrar hands reports on.
        HeadEnd = "head_end",
    }
}

choice! {
    /// A level of assurance for the authentication of entities (TR-0008 clause 6.4.1.1).
    enum LoaWord {
        /// Minimal confidence.
        One = "LOA1",
        /// Some confidence: stored keys are protected.
        Two = "LOA2",
        /// High confidence: two factors, forward secrecy.
        Three = "LOA3",
        /// Very high confidence: keys in tamper-resistant hardware.
        Four = "LOA4",
    }
}

choice! {
    /// Where long-term keys live.
    enum StoreWord {
        /// Raw bytes in flash or on disk.
        Flash = "flash",
        /// A file sealed with Argon2id and AES-GCM.
        Sealed = "sealed",
        /// A hardware security module: keys never leave it.
        Hsm = "hsm",
    }
}

choice! {
    /// An HSM.
    enum HsmWord {
        /// A secure element of a device: 16 slots, one command at a time, 99 ms for a derivation.
        Atecc608 = "atecc608",
        /// AWS CloudHSM hsm1.medium: 250 operations a second.
        CloudhsmHsm1 = "cloudhsm_hsm1",
        /// AWS CloudHSM hsm2m.medium: 1,500 operations a second.
        CloudhsmHsm2m = "cloudhsm_hsm2m",
    }
}

table! {
    /// New keys before the old ones are too old: whichever limit is reached first.
    struct RenewalTable {
        /// How new keys are made. Default: "key_update".
        with: RekeyWord,
        /// A member renews at a fraction of `security.key_lifetime` that it draws anew each time,
        /// uniform from this one on. Without `from` and `to`: not by time.
        from: Probability,
        /// The fraction up to which it draws. Default: that of `from`.
        to: Probability,
        /// Requests protected with one set of keys before they are renewed.
        records: Integer<1, 4_294_967_295>,
        /// Bytes protected with one set of keys before they are renewed.
        bytes: Bytes,
    }
}

table! {
    /// Retransmission of flights (RFC 9147 section 5.8).
    struct TimerTable {
        /// The figures that hold where this table gives none. Default: "rfc9147".
        preset: TimerPreset,
        /// First timeout of a flight, or "none": nothing is repeated by timer.
        initial: OrNone<TimeSpan>,
        /// The timeout doubles up to this.
        max: TimeSpan,
        /// Repetitions of a flight before the association fails; with `carry_over`, of flights in a row.
        retransmissions: Integer<0, 255>,
        /// A backed-off timeout is kept for the next flight (RFC 9147 section 5.8.2).
        carry_over: Flag,
        /// A duplicate of the peer's flight is answered by one's own at once (RFC 9147 section
        /// 5.8.1).
        resend_on_duplicate: Flag,
        /// The server, too, repeats its flights by timer.
        server: Flag,
    }
}

choice! {
    /// The protocol of an association.
    enum ProfileWord {
        /// DTLS 1.3 with TLS_AES_128_GCM_SHA256 (RFC 9147).
        Dtls13 = "dtls13",
        /// DTLS 1.2 with TLS_PSK_WITH_AES_128_CCM_8, which TS-0003 mandates (RFC 6347, RFC 6655).
        Dtls12Ccm8 = "dtls12_ccm8",
        /// DTLS 1.2 with TLS_PSK_WITH_AES_128_GCM_SHA256 (RFC 6347, RFC 5487).
        Dtls12Gcm = "dtls12_gcm",
        /// None at all: messages go as they are, and an address is believed.
        None = "none",
    }
}

choice! {
    /// A set of timer figures.
    enum TimerPreset {
        /// First timeout 1 s, doubling to 60 s, 6 repetitions (RFC 9147).
        Rfc9147 = "rfc9147",
        /// First timeout 9 s, doubling to 60 s, 6 repetitions (RFC 7925).
        Iot = "iot",
    }
}

choice! {
    /// The PSK key exchange mode (RFC 8446 section 4.2.9).
    enum KeyExchangeWord {
        /// PSK with X25519: forward secrecy.
        PskDhe = "psk_dhe_ke",
        /// PSK alone: no forward secrecy.
        Psk = "psk_ke",
    }
}

choice! {
    /// Length of the record number in a record header.
    enum SequenceWord {
        /// One byte.
        Short = "8bit",
        /// Two bytes.
        Long = "16bit",
    }
}

choice! {
    /// How new keys are made.
    enum RekeyWord {
        /// DTLS 1.3 KeyUpdate in both directions.
        KeyUpdate = "key_update",
        /// A handshake from a session ticket.
        Resume = "resume",
        /// A full handshake from the pre-shared key.
        Full = "full",
    }
}

table! {
    /// Something that happens on purpose: a time and exactly one of rekey, restart, expire, readdress,
    /// fail, recover, change, cut, disturb, clock and full.
    struct EventTable {
        /// When, from the start of the run.
        @required at: TimeSpan,
        /// Each member makes new keys with its registrar.
        rekey: RekeyTable,
        /// All volatile state is lost; members of fleets and gateways start again.
        restart: ActionTable,
        /// The keys are no longer valid at either end; members must make a full handshake.
        expire: ActionTable,
        /// Each member's datagrams come from a new address (a NAT rebinding). Without connection IDs its
        /// server no longer knows it, and it must make a new handshake once it notices.
        readdress: ActionTable,
        /// The target loses all volatile state and is gone until it recovers; what reaches it is lost. Its
        /// peers notice by their own timers, and come back only with `security.retry`.
        fail: FailTable,
        /// The target is back, as after a restart.
        recover: FailTable,
        /// Another level of protection and reporting from now on, at both ends.
        change: ChangeTable,
        /// A partition: the links carry nothing for a time, and the nodes at both ends live on.
        cut: CutTable,
        /// Links are worse for a time: datagrams get lost, come twice or late.
        disturb: DisturbTable,
        /// Clocks jump. Keys are valid or not by the clock of whoever looks; timers do not notice.
        clock: ClockTable,
        /// The store of a CSE takes nothing new for a time: it refuses to create and to update.
        full: FullTable,
    }
}

table! {
    /// Which links carry nothing.
    struct CutTable {
        /// A fleet, gateway group, MAF or MEF: the links of its members towards the infrastructure.
        target: Text,
        /// Only this member of the target, from 0. Default: all.
        member: Integer<0, 9_999_999>,
        /// A link type: every use of it.
        link: Text,
        /// For how long.
        @required lasts: TimeSpan,
    }
}

table! {
    /// Which links are worse, and how: on top of what they are.
    struct DisturbTable {
        /// A fleet, gateway group, MAF or MEF: the links of its members towards the infrastructure.
        target: Text,
        /// Only this member of the target, from 0. Default: all.
        member: Integer<0, 9_999_999>,
        /// A link type: every use of it.
        link: Text,
        /// For how long.
        @required lasts: TimeSpan,
        /// Probability of loss, in the place of the link's own if that is smaller. Default: 0.
        loss: Probability,
        /// Probability that a datagram is delivered twice, likewise. Default: 0.
        duplicate: Probability,
        /// Uniform extra delay, likewise; datagrams overtake each other. Default: 0.
        jitter: TimeSpan,
    }
}

table! {
    /// Whose clocks jump, and where to.
    struct ClockTable {
        /// A CSE, MAF, MEF, gateway group or fleet.
        @required target: Text,
        /// Only this member of the target, from 0. Default: all.
        member: Integer<0, 9_999_999>,
        /// How far.
        @required by: TimeSpan,
        /// Into the past, instead of the future; not beyond the start of the run. Default: false.
        back: Flag,
        /// Until somebody sets them right. Default: nobody does.
        lasts: TimeSpan,
    }
}

table! {
    /// Whose store takes nothing new.
    struct FullTable {
        /// A CSE, or a gateway group that is a registrar.
        @required target: Text,
        /// Only this member of the target, from 0. Default: all.
        member: Integer<0, 9_999_999>,
        /// For how long.
        @required lasts: TimeSpan,
    }
}

table! {
    /// Each member of the target makes new keys with its registrar.
    struct RekeyTable {
        /// A fleet, or a gateway group that registers.
        @required target: Text,
        /// How new keys are made.
        @required with: RekeyWord,
        /// Uniform delay, drawn anew by each member. Zero is the same as none.
        jitter: TimeSpan,
        /// Slots of a window, chosen by a hash of each member's identity.
        slots: SlotsTable,
        /// A Poisson process of this many members, such as "500/s".
        poisson: Frequency,
    }
}

table! {
    /// Something happens to each member of the target.
    struct ActionTable {
        /// A fleet, a gateway group or a CSE.
        @required target: Text,
        /// Uniform delay, drawn anew by each member. Zero is the same as none.
        jitter: TimeSpan,
        /// Slots of a window, chosen by a hash of each member's identity.
        slots: SlotsTable,
        /// A Poisson process of this many members, such as "500/s".
        poisson: Frequency,
    }
}

table! {
    /// What fails or is back: a target or a link.
    struct FailTable {
        /// A CSE, MAF, MEF, gateway group or fleet.
        target: Text,
        /// Only this member of the target, from 0. Default: all.
        member: Integer<0, 9_999_999>,
        /// A link type: every use of it.
        link: Text,
    }
}

table! {
    /// Another level of protection and reporting. What is not said stays as it is; what concerns associations takes
    /// effect by a full handshake of each member.
    struct ChangeTable {
        /// A fleet.
        @required target: Text,
        /// With or without forward secrecy.
        key_exchange: KeyExchangeWord,
        /// Records that may arrive out of order; 0 is no replay protection.
        replay_window: Integer<0, 64>,
        /// Life of traffic keys; `security.renewal` says how they are renewed.
        key_lifetime: TimeSpan,
        /// Time between two reports of one device.
        interval: TimeSpan,
        /// Uniform delay of the handshakes, drawn anew by each member.
        jitter: TimeSpan,
        /// Slots of a window, chosen by a hash of each member's identity.
        slots: SlotsTable,
        /// A Poisson process of this many members, such as "500/s".
        poisson: Frequency,
    }
}
