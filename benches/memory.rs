//! Memory of what a simulation has a million of: idle association ends, containers of a CSE.
//!
//! `cargo bench --bench memory`. Measured as growth of the process (Linux only), so that the
//! allocator's own losses are in it.

#![allow(unreachable_pub, dead_code, clippy::print_stdout, reason = "a bench prints its results")]

mod support;

use keystorm::association::KeyExchange;
use keystorm::onem2m::tree::Store;
use keystorm::onem2m::{Service, device};
use keystorm::sim::time::Time;
use keystorm::wire::coap::Token;
use support::measure::is_smoke;
use support::pair::World;

fn main() {
    let count = if is_smoke() { 100 } else { 100_000 };
    for (name, key_exchange) in [("psk_ke", KeyExchange::Psk), ("psk_dhe_ke", KeyExchange::PskDhe)]
    {
        let mut world = World::new(key_exchange);
        // What the first handshake allocates for all is not counted.
        drop(world.handshake());
        let before = resident();
        let pairs: Vec<_> = (0..count / 2).map(|_| world.handshake()).collect();
        print(&format!("idle association end, {name}"), before, count);
        let sizes = pairs.iter().map(|pair| pair.client.idle_size() + pair.server.idle_size());
        println!("  of which by its own account {} bytes", sizes.sum::<usize>() / count);
    }
    containers(count);
}

/// Containers with a content of 16 bytes.
fn containers(count: usize) {
    let mut service = Service::new("cse-in").expect("a name");
    let before = resident();
    for number in 0..count {
        let originator = format!("Cmeter-{number:07}");
        service.provision(&originator).expect("an AE-ID");
        let report = device::report(&device::Report {
            originator: &originator,
            target: &device::target("cse-in", &originator),
            mid: 1,
            token: Token::default(),
            request_id: "1",
            content: &device::reading(16, number as u64),
        });
        service.handle_coap(Time::ZERO, &originator, &report.expect("fits")).expect("is handled");
    }
    print("AE, container and contentInstance of 16 bytes", before, count);
    assert_eq!(service.cse().store().count(), Ok(3 * count as u64 + 1));
}

fn print(what: &str, before: Option<usize>, count: usize) {
    match (before, resident()) {
        (Some(before), Some(after)) => {
            println!("{what}: {} bytes, mean of {count}", after.saturating_sub(before) / count);
        }
        _ => println!("{what}: not measured, there is no /proc/self/statm"),
    }
}

/// Bytes of memory that the process has in use.
fn resident() -> Option<usize> {
    const PAGE: usize = 4_096;
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = text.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * PAGE)
}
