//! Requests to a MAF or MEF in CoAP, and the key that a network lends.

use proptest::prelude::*;

use keystorm::credential::Suid;
use keystorm::credential::gba::ks_naf;
use keystorm::credential::hierarchy::RelativeId;
use keystorm::credential::maf::{ClientRegistration, KeyRegistration};
use keystorm::credential::mef::EnrolmentRequest;
use keystorm::credential::transport::{Answered, Asked, Call, TransportError};

use super::{hex, key};

fn calls() -> Vec<Call> {
    vec![
        Call::RegisterClient(ClientRegistration {
            maf_fqdn: "maf-0.example".to_owned(),
            expiration_time: 9,
            labels: Vec::new(),
            admin_fqdn: "maf-0.example".to_owned(),
        }),
        Call::RegisterKey(KeyRegistration {
            maf_fqdn: "maf-0.example".to_owned(),
            expiration_time: 9,
            labels: vec!["a".to_owned()],
            admin_fqdn: "maf-0.example".to_owned(),
            suid: Suid::MafSaef,
            target_ids: vec!["/cse-in-0".to_owned()],
            key_value: None,
        }),
        Call::RetrieveKey(RelativeId([0xab; 16])),
        Call::Enrol(EnrolmentRequest { target: "maf-0.example".to_owned(), suid: Suid::RspfMaf }),
        Call::Fetch("/fetchCredentials/00@mef-0.example/21".to_owned()),
    ]
}

#[test]
fn every_request_and_its_answer_survive_the_wire() {
    for (mid, call) in (7..).zip(calls()) {
        let asked = Asked::parse(&call.to_coap(mid).unwrap()).unwrap();
        assert_eq!((asked.mid, asked.call.as_ref()), (mid, Ok(&call)));
        let answered = Answered::parse(&asked.answer(Ok(b"{}"))).unwrap();
        assert_eq!((answered.mid, &answered.outcome.unwrap()[..]), (mid, &b"{}"[..]));
        let refused = Answered::parse(&asked.answer(Err("maf_full"))).unwrap();
        assert_eq!(refused.outcome.unwrap_err(), "maf_full");
    }
}

#[test]
fn what_a_function_does_not_have_is_refused_by_name() {
    let request = Call::Fetch("/clients/1".to_owned()).to_coap(1).unwrap();
    assert_eq!(Asked::parse(&request).unwrap().call, Err(TransportError::Path));
    let answer = Asked::parse(&request).unwrap().answer(Ok(b""));
    assert_eq!(Asked::parse(&answer), Err(TransportError::Coap), "an answer is no request");
    assert_eq!(Answered::parse(&request).unwrap_err(), TransportError::Coap);
}

/// Computed apart from this code.
#[test]
fn the_key_that_a_network_lends_is_ks_naf() {
    let rand = std::array::from_fn(|i| u8::try_from(i).unwrap());
    let lent = ks_naf(&key(0x11), &rand, "meters-0", "mef-0.example");
    let expected = "4db4355208bee7c6236d94d99a90f41e6632daf21999a3be04d64e0900b2c906";
    assert_eq!(hex(lent.expose()), expected);
}

proptest! {
    #[test]
    fn no_bytes_panic_a_reader(bytes: Vec<u8>, at in 0_usize..200, to: u8) {
        let _ = (Asked::parse(&bytes), Answered::parse(&bytes));
        for call in calls() {
            let mut request = call.to_coap(1).unwrap();
            let at = at % request.len();
            request[at] = to;
            if let Ok(asked) = Asked::parse(&request) {
                let _ = asked.answer(Err("maf_full"));
            }
        }
    }
}
