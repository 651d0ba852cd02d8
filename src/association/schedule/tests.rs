//! Published vectors: RFC 5869 appendix A, RFC 8448 sections 3 and 4, RFC 9147's prefix.

use super::*;
use crate::association::hash::equal;

const TLS13: &[u8] = b"tls13 ";

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap())
        .collect()
}

fn secret(text: &str) -> Secret {
    hex(text).try_into().unwrap()
}

fn tls(secret: &Secret) -> Expander {
    Expander::with_prefix(secret, TLS13, &mut Operations::default())
}

/// The expander of `key` yields `expected` for the label.
#[track_caller]
fn derives(key: &Secret, label: &str, hash: &str, expected: &str) -> Secret {
    let derived = tls(key).expand(label, &hex(hash), &mut Operations::default());
    assert_eq!(derived, secret(expected), "{label}");
    derived
}

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn rfc_5869_appendix_a_cases_1_to_3() {
    for (salt, ikm, info, prk, okm) in [
        (
            "000102030405060708090a0b0c",
            "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
            "f0f1f2f3f4f5f6f7f8f9",
            "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            "",
            "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
            "",
            "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        ),
    ] {
        let mut salt = hex(salt);
        salt.resize(32, 0); // HMAC pads its key with zeros
        let salt: Secret = salt.try_into().unwrap();
        let mut operations = Operations::default();
        let extracted = hmac(&salt, &[&hex(ikm)], &mut operations);
        assert_eq!(extracted, secret(prk));
        let mut out = vec![0; 42];
        tls(&extracted).hkdf.expand(&hex(info), &mut out).unwrap();
        assert_eq!(out, hex(okm));
    }
}

#[test]
fn rfc_8448_section_3_from_the_shared_secret_to_the_ticket() {
    let mut operations = Operations::default();
    let early = early_secret(&[0; 32], &mut operations);
    assert_eq!(early, secret("33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a"));
    let salt = derives(
        &early,
        "derived",
        EMPTY,
        "6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba",
    );
    let shared = secret("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d");
    let handshake = hmac(&salt, &[&shared], &mut operations);
    assert_eq!(
        handshake,
        secret("1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac")
    );
    let salt: Secret = tls(&handshake).expand("derived", &EMPTY_HASH, &mut operations);
    let master = hmac(&salt, &[&[0; 32]], &mut operations);
    assert_eq!(master, secret("18df06843d13a08bf2a449844c5f8a478001bc4d4c627984d5a41da8d0402919"));

    let finished = "9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13";
    for (label, expected) in [
        ("c ap traffic", "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5"),
        ("s ap traffic", "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643"),
        ("exp master", "fe22f881176eda18eb8f44529e6792c50c9a3f89452f68d8ae311b4309d3cf50"),
    ] {
        derives(&master, label, finished, expected);
    }
    let resumption = derives(
        &master,
        "res master",
        "209145a96ee8e2a122ff810047cc952684658d6049e86429426db87c54ad143d",
        "7df235f2031d2a051287d02b0241b0bfdaf86cc856231f2d5aba46c434ec196c",
    );
    derives(
        &resumption,
        "resumption",
        "0000",
        "4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f3",
    );
}

#[test]
fn rfc_8448_section_4_a_resumption_psk_with_its_binder() {
    let mut operations = Operations::default();
    let psk = hex("4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f3");
    let early = early_secret(&psk, &mut operations);
    assert_eq!(early, secret("9b2188e9b2fc6d64d71dc329900e20bb41915000f678aa839cbb797cb7d8332c"));
    let proof = binder(
        &tls(&early),
        PskKind::Resumption,
        &secret("63224b2e4573f2d3454ca84b9d009a04f6be9e05711a8396473aefa01e924a14"),
        &mut operations,
    );
    let expected = secret("3add4fb2d8fdf822a0ca3cf7678ef5e88dae990141c5924d57bb6fa31b9e5f9d");
    assert!(equal(&proof, &expected));

    let shared = secret("f44194756ff9ec9d25180635d66ea6824c6ab3bf179977be37f723570e7ccb2e");
    let handshake = tls(&early).descend(&shared, &mut operations);
    let hash = secret("f736cb34fe25e701551bee6fd24c1cc7102a7daf9405cb15d97aafe16f757d03");
    for (label, expected) in [
        ("c hs traffic", "2faac08f851d35fea3604fcb4de82dc62c9b164a70974d0462e27f1ab278700f"),
        ("s hs traffic", "fe927ae271312e8bf0275b581c54eef020450dc4ecffaa05a1a35d27518e7803"),
    ] {
        assert_eq!(*handshake.derive(label, &hash, &mut operations), secret(expected), "{label}");
    }
}

#[test]
fn the_prefix_of_dtls_separates_its_keys_from_those_of_tls() {
    let mut operations = Operations::default();
    let dtls: Secret = Expander::new(&[5; 32], &mut operations).expand("key", &[], &mut operations);
    let tls: Secret = tls(&[5; 32]).expand("key", &[], &mut operations);
    assert_ne!(dtls, tls);
}

#[test]
fn an_expansion_of_the_schedule_fits_one_block_and_is_counted_so() {
    let mut operations = Operations::default();
    let expander = Expander::new(&[5; 32], &mut operations);
    let before = operations;
    // Two length bytes, "dtls13" and the longest label with its length, the hash with its length.
    let _: Secret = expander.expand("c hs traffic", &[1; 32], &mut operations);
    let blocks = |o: &Operations| o.of(crate::association::Operation::Sha256Block);
    // 2 + 1 + 18 + 1 + 32 + 1 = 55 bytes: with padding exactly one inner block, and one outer.
    assert_eq!(blocks(&operations) - blocks(&before), 2);
}

#[test]
fn labels_and_outputs_that_are_too_long_are_refused() {
    let mut operations = Operations::default();
    let exporter = Expander::new(&[5; 32], &mut operations);
    let hash = [0; 32];
    let mut export = |label: usize, out: usize| {
        export(&exporter, &vec![b'x'; label], &hash, &mut vec![0; out], &mut operations)
    };
    assert_eq!(export(249, 255 * 32), Some(()));
    assert_eq!(export(250, 32), None);
    assert_eq!(export(1, 255 * 32 + 1), None);
}
