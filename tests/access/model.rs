//! A second evaluation, straight from the JSON of the rules and written in another style: identifiers
//! are made absolute and matched character by character with recursion, windows are expanded into lists
//! of numbers and compared with an own calendar, addresses are compared as strings of bits, distances
//! come from vectors.

use std::net::IpAddr;

use keystorm::onem2m::access::Membership;
use serde_json::Value;

use crate::{Ask, CSE, DOMAIN};

/// Permit or not.
pub(crate) fn permits(sets: &[Value], ask: &Ask) -> bool {
    let empty = Vec::new();
    sets.iter().flat_map(|set| set["acr"].as_array().unwrap_or(&empty)).any(|rule| acr(rule, ask))
}

fn acr(rule: &Value, ask: &Ask) -> bool {
    let authn = rule["acaf"] != Value::Bool(true) || ask.authenticated;
    let origs = list(&rule["acor"]).iter().any(|entry| is_originator(entry.as_str().unwrap(), ask));
    let ops = rule["acop"].as_u64().unwrap() / u64::from(ask.operation) % 2 == 1;
    let ctxts = rule.get("acco").is_none_or(|acco| list(acco).iter().any(|c| context(c, ask)));
    let create = ask.operation == 1;
    let objd =
        !create || rule.get("acod").is_none_or(|acod| list(acod).iter().any(|o| object(o, ask)));
    authn && origs && ops && ctxts && objd && rule.get("aca").is_none()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn is_originator(entry: &str, ask: &Ask) -> bool {
    if entry == "all" {
        return true;
    }
    let Some(who) = &ask.originator else { return false };
    if entry.starts_with("//") && entry.matches('/').count() == 2 && !entry.contains('*') {
        return who.starts_with(&format!("{entry}/"));
    }
    let absolute = match entry.chars().next().unwrap() {
        '/' if entry.starts_with("//") => entry.to_owned(),
        '/' => format!("//{DOMAIN}{entry}"),
        'C' if !entry.contains('/') => format!("//{DOMAIN}/{CSE}/{entry}"),
        'S' if !entry.contains('/') => format!("//{DOMAIN}/{entry}"),
        _ => String::new(),
    };
    let pattern: Vec<char> = absolute.chars().collect();
    let text: Vec<char> = who.chars().collect();
    let named = ask.roles.iter().any(|role| role == entry)
        || ask.groups.contains(&(entry.to_owned(), Membership::Member));
    glob(&pattern, &text) || (named && !entry.contains('*'))
}

/// Exponential in the worst case, and plain.
pub(crate) fn glob(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        (['*', rest @ ..], _) => {
            glob(rest, text) || (!text.is_empty() && text[0] != '/' && glob(pattern, &text[1..]))
        }
        ([p, pattern @ ..], [t, text @ ..]) => p == t && glob(pattern, text),
        _ => false,
    }
}

fn context(context: &Value, ask: &Ask) -> bool {
    let supported = ["acui", "acec", "acl"].iter().all(|name| context.get(name).is_none());
    let time = context.get("actw").is_none_or(|windows| {
        let inside = |w: &Value| ask.time.is_some_and(|time| window(w.as_str().unwrap(), time));
        list(windows).iter().any(inside)
    });
    let ip = context.get("acip").is_none_or(|acip| ask.address.is_some_and(|a| address(acip, a)));
    let place = context.get("aclr").is_none_or(|aclr| region(aclr, ask));
    supported && time && ip && place
}

/// All seven numbers of the moment are in the lists of numbers that the fields stand for.
pub(crate) fn window(window: &str, seconds: u64) -> bool {
    let limits = [(0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6), (2_000, 9_999)];
    let moment = moment(seconds);
    let fields: Vec<&str> = window.split_whitespace().collect();
    fields.len() == 7 && (0..7).all(|i| expand(fields[i], limits[i]).contains(&moment[i]))
}

/// `1-5/2,9` to 1, 3, 5, 9.
fn expand(field: &str, (least, greatest): (u64, u64)) -> Vec<u64> {
    let mut values = Vec::new();
    for element in field.split(',') {
        let mut halves = element.split('/');
        let span = halves.next().unwrap().replace('*', &format!("{least}-{greatest}"));
        let step: u64 = halves.next().map_or(1, |step| step.parse().unwrap());
        let ends: Vec<u64> = span.split('-').map(|end| end.parse().unwrap()).collect();
        let mut value = ends[0];
        while value <= *ends.last().unwrap() {
            values.push(value);
            value += step;
        }
    }
    values
}

/// Second, minute, hour, day, month, day of the week, year: years and months are counted off.
pub(crate) fn moment(seconds: u64) -> [u64; 7] {
    let mut days = seconds / 86_400;
    // 1970-01-01 was a Thursday.
    let weekday = (days + 4) % 7;
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while days >= lengths[month] {
        days -= lengths[month];
        month += 1;
    }
    let clock = [seconds % 60, seconds / 60 % 60, seconds / 3_600 % 24];
    [clock[0], clock[1], clock[2], days + 1, month as u64 + 1, weekday, year]
}

fn address(acip: &Value, address: IpAddr) -> bool {
    let (name, bits) = match address {
        IpAddr::V4(v4) => ("ipv4", format!("{:032b}", u32::from(v4))),
        IpAddr::V6(v6) => ("ipv6", format!("{:0128b}", u128::from(v6))),
    };
    acip.get(name).is_some_and(|blocks| {
        list(blocks).iter().any(|block| {
            let (block, length) = match block.as_str().unwrap().split_once('/') {
                Some((block, length)) => (block, length.parse().unwrap()),
                None => (block.as_str().unwrap(), bits.len()),
            };
            let block = match block.parse().unwrap() {
                IpAddr::V4(v4) => format!("{:032b}", u32::from(v4)),
                IpAddr::V6(v6) => format!("{:0128b}", u128::from(v6)),
            };
            bits[..length] == block[..length]
        })
    })
}

fn region(aclr: &Value, ask: &Ask) -> bool {
    match aclr.get("accc") {
        Some(codes) => list(codes).iter().any(|code| code.as_str() == ask.country.as_deref()),
        None => {
            let numbers: Vec<f64> =
                list(&aclr["accr"]).iter().map(|n| n.as_f64().unwrap()).collect();
            ask.point.is_some_and(|point| distance((numbers[0], numbers[1]), point) <= numbers[2])
        }
    }
}

/// The angle between two vectors from the middle of the earth, by cross and inner product, in metres.
pub(crate) fn distance(a: (f64, f64), b: (f64, f64)) -> f64 {
    let vector = |(north, east): (f64, f64)| {
        let (north, east) = (north.to_radians(), east.to_radians());
        [north.cos() * east.cos(), north.cos() * east.sin(), north.sin()]
    };
    let (a, b) = (vector(a), vector(b));
    let inner: f64 = a.iter().zip(b).map(|(x, y)| x * y).sum();
    let cross = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    let length = cross.iter().map(|x| x * x).sum::<f64>().sqrt();
    length.atan2(inner) * 6_371_008.8
}

fn object(object: &Value, ask: &Ask) -> bool {
    let Some((resource_type, specialization)) = &ask.content else { return false };
    let target = object.get("ty").is_none_or(|ty| ty.as_u64() == Some(ask.target.into()));
    let special = object.get("spty").is_none_or(|spty| Some(spty) == specialization.as_ref());
    target && special && list(&object["chty"]).contains(&Value::from(*resource_type))
}
