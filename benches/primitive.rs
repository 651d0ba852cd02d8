//! Primitives read and written per second, by serialisation and by binding.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use keystorm::wire::binding::coap::{self, Exchange};
use keystorm::wire::binding::http;
use keystorm::wire::coap::{Kind, Message, Token};
use keystorm::wire::primitive::{Profile, Request, Serialisation, read_request, write_request};

const PROFILE: &Profile = &Profile::STRICT;

/// A CREATE of a subscription: text, numbers, lists and objects.
fn subscription() -> Request {
    let text = br#"{"op":1,"to":"cse-in/ae/cnt","fr":"Cmeter-0000007","rqi":"r1","rvi":"4","ty":23,"rcn":1,
        "pc":{"m2m:sub":{"rn":"sub1","lbl":["energy","meter"],"nu":["http://127.0.0.1:9990"],"nct":1,
        "enc":{"net":[1,3],"chty":[4]},"bn":{"num":10,"dur":"PT60S"},"exc":100,"nse":false}}}"#;
    read_request(text, Serialisation::Json, PROFILE).expect("a request")
}

fn serialisations(criterion: &mut Criterion) {
    let request = subscription();
    let mut group = criterion.benchmark_group("primitive");
    group.throughput(Throughput::Elements(1));
    for serialisation in Serialisation::ALL {
        let word = serialisation.word();
        let bytes = write_request(&request, serialisation, PROFILE).expect("a form");
        group.bench_function(format!("read_{word}"), |bench| {
            bench.iter(|| read_request(&bytes, serialisation, PROFILE).is_ok());
        });
        group.bench_function(format!("write_{word}"), |bench| {
            bench.iter(|| write_request(&request, serialisation, PROFILE).is_ok());
        });
    }
    group.finish();
}

fn bindings(criterion: &mut Criterion) {
    let request = subscription();
    let mut group = criterion.benchmark_group("binding");
    group.throughput(Throughput::Elements(1));
    let json = Serialisation::Json;
    let exchange = Exchange { kind: Kind::Confirmable, mid: 1, token: Token::default() };
    let outgoing = coap::write_request(&request, json, PROFILE).expect("a message");
    let datagram = outgoing.message(exchange);
    let text = http::write_request(&request, "cse:8080", json, PROFILE).expect("a message");
    group.bench_function("read_coap", |bench| {
        bench.iter(|| {
            let message = Message::parse(&datagram).expect("a message");
            coap::read_request(&message, PROFILE).is_ok()
        });
    });
    group.bench_function("write_coap", |bench| {
        bench
            .iter(|| coap::write_request(&request, json, PROFILE).map(|out| out.message(exchange)));
    });
    group.bench_function("read_http", |bench| {
        bench.iter(|| http::read_request(&text, PROFILE).is_ok());
    });
    group.bench_function("write_http", |bench| {
        bench.iter(|| http::write_request(&request, "cse:8080", json, PROFILE));
    });
    group.finish();
}

criterion_group!(benches, serialisations, bindings);
criterion_main!(benches);
