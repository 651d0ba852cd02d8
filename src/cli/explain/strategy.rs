//! Strategies of a re-key or a re-association: what each does, what it costs, and the words that choose it.

use serde::Serialize;

/// A strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Strategy {
    /// What `keystorm explain` takes.
    pub(super) name: &'static str,
    /// A few words.
    pub(super) title: &'static str,
    /// What it does, what to expect, and how it goes wrong.
    pub(super) meaning: &'static str,
    /// A piece of a scenario.
    pub(super) example: &'static str,
}

/// All of them.
pub(super) const ALL: [Strategy; 15] = [
    Strategy {
        name: "at-once",
        title: "everybody at the same time",
        meaning: "What a restart or a common expiry does by itself. N devices of S server seconds keep c servers busy \
                  for N S / c. Where the queue outgrows the devices' timers they repeat flights, which adds work.",
        example: "[[event]]\nat = \"5min\"\nrekey = { target = \"meters\", with = \"full\" }",
    },
    Strategy {
        name: "jitter",
        title: "uniformly over a window W",
        meaning: "The rate is N / W and the load N S / (c W), so the smallest window for a load u is N S / (c u), and a \
                  little more for the busiest second. `keystorm solve` finds it. A jitter on expiry does not help after \
                  a restart: `start.jitter` does.",
        example: "[[event]]\nat = \"5min\"\nrekey = { target = \"meters\", with = \"full\", jitter = \"5min\" }",
    },
    Strategy {
        name: "slots",
        title: "slots of a window, by a hash of the identity",
        meaning: "As even as a window can be without coordination (the queue nD/D/1), and the same each time. Devices of \
                  one slot still start together.",
        example: "rekey = { target = \"meters\", with = \"full\", slots = { window = \"10min\", slot = \"1s\" } }",
    },
    Strategy {
        name: "poisson",
        title: "at a steady rate",
        meaning: "A Poisson process: what many independent devices look like together.",
        example: "start = { poisson = \"50/s\" }",
    },
    Strategy {
        name: "early-renewal",
        title: "new keys at a random part of their life",
        meaning: "Keys that were made together are renewed apart, before they expire. Devices that sleep at the time miss \
                  it, and more keys are made than a late renewal would.",
        example: "[security]\nkey_lifetime = \"1d\"\nrenewal = { from = 0.5, to = 0.9 }",
    },
    Strategy {
        name: "key-update",
        title: "new traffic keys from the old ones",
        meaning: "One message each way and an eighth of the computation (RFC 9147 section 8). No new secret: no remedy after \
                  a theft of the traffic keys, and of no use after a restart.",
        example: "rekey = { target = \"meters\", with = \"key_update\", jitter = \"1min\" }",
    },
    Strategy {
        name: "resumption",
        title: "a handshake with a ticket of an earlier one",
        meaning: "As many flights, fewer operations than a certificate would need. Needs tickets, which a server that was \
                  restarted no longer takes.",
        example: "[security]\ntickets = 1\n\n[[event]]\nat = \"5min\"\nrekey = { target = \"meters\", with = \"resume\" }",
    },
    Strategy {
        name: "cookie",
        title: "HelloRetryRequest before anything is kept",
        meaning: "One flight more each way, and no state for senders that do not answer (RFC 9147 section 5.1). Against \
                  forged senders; a storm of real devices gets longer by it.",
        example: "[security]\ncookie = true",
    },
    Strategy {
        name: "admission",
        title: "a token bucket for ClientHellos",
        meaning: "The server lets in so many handshakes a second and drops others unread. Load stays at the rate times the \
                  work of a handshake; devices come back by their timers and by `retry`, which should have jitter.",
        example: "[cse.in]\nclass = \"server\"\nadmission = \"50/s\"",
    },
    Strategy {
        name: "stale-hello",
        title: "a ClientHello that waited too long is dropped",
        meaning: "Its sender has repeated it by then, so that serving it would be work for nothing. The limit belongs near \
                  the devices' first timeout. Drops need devices that try again.",
        example: "[cse.in]\nclass = \"server\"\nstale_hello = \"1s\"",
    },
    Strategy {
        name: "finish-first",
        title: "flights that finish a handshake go first",
        meaning: "In one queue each device waits twice. With this order those that have begun are served at once: a lower \
                  median, and a makespan longer by a round trip at most. New starts wait the longer.",
        example: "[cse.in]\nclass = \"server\"\norder = \"finish_first\"",
    },
    Strategy {
        name: "backoff-exponential",
        title: "waits that double, without jitter",
        meaning: "min(cap, retry x 2^n) after n failures in a row. Devices that failed together come back together: the \
                  clusters stay.",
        example: "[security]\nretry = \"2s\"\nbackoff = { kind = \"exponential\", cap = \"10min\" }",
    },
    Strategy {
        name: "backoff-full",
        title: "full jitter, and equal jitter",
        meaning: "`full` draws from 0 to v = min(cap, retry x 2^n), `equal` from v/2 to v (Brooker, AWS, 2015). A small cap \
                  makes a steady load of N / cap attempts a second. `attempts` lets devices give up.",
        example: "[security]\nretry = \"2s\"\nbackoff = { kind = \"full\", cap = \"10min\", attempts = 20 }",
    },
    Strategy {
        name: "backoff-decorrelated",
        title: "each wait drawn from the one before",
        meaning: "min(cap, U(retry, 3 x the wait before)) (Brooker, AWS, 2015).",
        example: "[security]\nretry = \"2s\"\nbackoff = { kind = \"decorrelated\", cap = \"10min\" }",
    },
    Strategy {
        name: "backoff-lwm2m",
        title: "the retry sequence of LwM2M",
        meaning: "`retry` x 2^n without jitter, five times; then one wait of `cap`, the delay between sequences, and from \
                  the beginning (resources 17 to 20 of the LwM2M Server object; defaults 60 s and 1 d).",
        example: "[security]\nretry = \"1min\"\nbackoff = { kind = \"lwm2m\", cap = \"1d\" }",
    },
];

/// The strategy of this name.
pub(super) fn find(name: &str) -> Option<&'static Strategy> {
    ALL.iter().find(|strategy| strategy.name.eq_ignore_ascii_case(name.trim()))
}
