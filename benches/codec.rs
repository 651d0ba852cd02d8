//! Building, handling and answering one report of telemetry.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use keystorm::onem2m::{Service, device};
use keystorm::sim::time::Time;
use keystorm::wire::binding::coap::read_request;
use keystorm::wire::coap::{Message, Token};
use keystorm::wire::primitive::Profile;

const METER: &str = "Cmeter-0000007";

fn report(mid: u16) -> Vec<u8> {
    device::report(&device::Report {
        originator: METER,
        target: "cse-in/Cmeter-0000007/data",
        mid,
        token: Token::default(),
        request_id: "r1",
        content: "0000000000000042",
    })
    .expect("a report that fits")
}

fn service_layer(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("report");
    group.bench_function("build", |bench| bench.iter(|| report(1)));
    let bytes = report(1);
    group.bench_function("parse_coap", |bench| bench.iter(|| Message::parse(&bytes).is_ok()));
    group.bench_function("parse_primitive", |bench| {
        let message = Message::parse(&bytes).expect("a message");
        bench.iter(|| read_request(&message, &Profile::STRICT).is_ok());
    });
    let mut cse = Service::new("cse-in").expect("a name");
    cse.provision(METER).expect("an AE-ID");
    let mut mid = 0_u16;
    group.bench_function("handle", |bench| {
        let fresh = || {
            mid = mid.wrapping_add(1);
            report(mid)
        };
        bench.iter_batched(
            fresh,
            |bytes| cse.handle_coap(Time::ZERO, METER, &bytes),
            BatchSize::SmallInput,
        );
    });
    let answer = cse.handle_coap(Time::ZERO, METER, &report(9)).expect("an answer");
    group.bench_function("duplicate", |bench| {
        bench.iter(|| cse.handle_coap(Time::ZERO, METER, &report(9)))
    });
    group.bench_function("read_answer", |bench| bench.iter(|| device::answer(&answer)));
    group.finish();
}

criterion_group!(benches, service_layer);
criterion_main!(benches);
