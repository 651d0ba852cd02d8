//! The tables of consoles, of terminals, and of attacks on the sessions there.

use crate::scenario::quantity::TimeSpan;
use crate::scenario::table::{choice, table};
use crate::scenario::words::{Flag, Integer, OrNone, Probability, Text};

table! {
    /// The console of a CSE: people log in there with a password, and make requests with the token that they get.
    struct ConsoleTable {
        /// What tokens are made of. Default: "random".
        tokens: TokensWord,
        /// Where they stand in a request. Default: "header".
        carried: CarriedWord,
        /// A token is good in the association only in which it was given out. Needs a profile of DTLS. Default: true.
        bound: Flag,
        /// Each login gives a new token. Default: true.
        rotated: Flag,
        /// A session that is not used for so long is over; or "none". Default: "15min".
        idle: OrNone<TimeSpan>,
        /// A session that began so long ago is over; or "none". Default: "8h".
        absolute: OrNone<TimeSpan>,
        /// A logout ends the session at the CSE, not only at the terminal. Default: true.
        revoked: Flag,
        /// Wrong passwords in a row that lock an account; or "none". Default: 5.
        lock_out: OrNone<Integer<1, 1_000>>,
        /// For how long it is locked. Default: "15min".
        locked_for: TimeSpan,
        /// Locked accounts, guessed tokens and use from two places raise alarms. Default: true.
        alarms: Flag,
    }
}

choice! {
    /// What tokens are made of.
    enum TokensWord {
        /// A number, one more each time.
        Sequential = "sequential",
        /// 128 random bits.
        Random = "random",
    }
}

choice! {
    /// Where tokens stand in a request.
    enum CarriedWord {
        /// In an option of their own.
        Header = "header",
        /// In the address, which logs show.
        Address = "address",
    }
}

table! {
    /// People use the devices of the fleet as terminals: they log in at the console of the registrar, write into the
    /// container of their account, and log out.
    struct VisitsTable {
        /// Time between two logins at one terminal; phases are uniform.
        @required interval: TimeSpan,
        /// Requests between login and logout. Default: 3.
        requests: Integer<1, 1_000>,
        /// Time between two of them. Default: "1s".
        pause: TimeSpan,
        /// Probability that a password is mistyped. Default: 0.
        typos: Probability,
    }
}

table! {
    /// Writes into the container of each victim's account, in its name, with a token or password that it came by.
    struct ImpersonateTable {
        /// Whose accounts: a fleet of terminals.
        @required target: Text,
        /// How many of its members, drawn by the seed; at most all. Default: 1.
        members: Integer<1, 10_000_000>,
        /// How it comes by what it presents.
        @required act: ActWord,
        /// The fleet of terminals whose first member the attacker uses, with an account of its own. For "theft" and
        /// "fixation" behind the same gateway as the target. With "reuse" none: it is the victim's terminal.
        from: Text,
        /// How often it tries. Default: 20.
        times: Integer<1, 1_000_000>,
        /// The time between two attempts. Default: "1s".
        every: TimeSpan,
    }
}

choice! {
    /// How an attacker comes by a token.
    enum ActWord {
        /// It guesses tokens next to one of its own.
        Guess = "guess",
        /// It copies the file in which the victim's terminal keeps its token.
        Theft = "theft",
        /// It reads the console's log of addresses.
        Log = "log",
        /// It has the victim log in with a token that it knows.
        Fixation = "fixation",
        /// It comes to the victim's terminal after the victim has logged out.
        Reuse = "reuse",
        /// It guesses the victim's password.
        Password = "password",
    }
}
