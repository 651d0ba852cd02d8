//! Requests that one thread of a CSE in memory carries out in a second, CoAP and JSON bytes in and out, and
//! the memory that a device takes there.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use keystorm::onem2m::{Service, device};
use keystorm::sim::time::Time;
use keystorm::wire::binding::coap::{Exchange, write_request};
use keystorm::wire::coap::{Kind, Token};
use keystorm::wire::primitive::{Profile, Request, Serialisation};

/// Devices of the CSE.
const DEVICES: u32 = 10_000;

fn originator(number: u32) -> String {
    format!("Cmeter-{number:06}")
}

fn report(number: u32, mid: u16) -> Vec<u8> {
    let originator = originator(number);
    let report = device::report(&device::Report {
        originator: &originator,
        target: &device::target("cse-in", &originator),
        mid,
        token: Token::new(&mid.to_be_bytes()).expect("short"),
        request_id: "r1",
        content: &device::reading(16, u64::from(number)),
    });
    report.expect("a report that fits")
}

fn latest(number: u32) -> Vec<u8> {
    let originator = originator(number);
    let target = device::target("cse-in", &originator) + "/la";
    let request = Request::retrieve(&target, &originator, "r1");
    let token = Token::new(&[1, 2]).expect("short");
    let exchange = Exchange { kind: Kind::Confirmable, mid: 1, token };
    let outgoing = write_request(&request, Serialisation::Json, &Profile::STRICT);
    outgoing.expect("a request that fits").message(exchange)
}

/// A CSE in which each device has reported once.
fn service() -> Service {
    let mut service = Service::new("cse-in").expect("a name");
    for number in 0..DEVICES {
        service.provision(&originator(number)).expect("an AE-ID");
        let answer = service.handle_coap(Time::ZERO, &originator(number), &report(number, 1));
        assert_eq!(device::answer(&answer.expect("an answer")).expect("an answer").status.0, 2_001);
    }
    service
}

fn requests(criterion: &mut Criterion) {
    let mut service = service();
    let mut group = criterion.benchmark_group("cse");
    group.throughput(Throughput::Elements(1));
    let mut at = 0_u32;
    let mut next = move || {
        at = (at + 7_919) % DEVICES;
        at
    };
    group.bench_function("retrieve_latest", |bench| {
        let fresh = || {
            let number = next();
            (originator(number), latest(number))
        };
        // Making and freeing the request is the client's work.
        let once = |(originator, bytes): &mut (String, Vec<u8>)| {
            black_box(service.handle_coap(Time(1), originator, bytes)).is_ok()
        };
        bench.iter_batched_ref(fresh, once, BatchSize::SmallInput);
    });
    let mut mid = 1_u16;
    group.bench_function("create_instance", |bench| {
        let fresh = || {
            let number = next();
            mid = mid.wrapping_add(1);
            (originator(number), report(number, mid))
        };
        // Making and freeing the request is the client's work.
        let once = |(originator, bytes): &mut (String, Vec<u8>)| {
            black_box(service.handle_coap(Time(1), originator, bytes)).is_ok()
        };
        bench.iter_batched_ref(fresh, once, BatchSize::SmallInput);
    });
    group.finish();
}

criterion_group!(benches, requests);
criterion_main!(benches);
