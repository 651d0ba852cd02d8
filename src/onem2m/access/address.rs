//! accessControlIpAddresses: IPv4 and IPv6 addresses and blocks of them (RFC 4632, RFC 4291 section 2.3).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// acip: the blocks that a request may come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// ipv4
    pub v4: Vec<Ipv4Net>,
    /// ipv6
    pub v6: Vec<Ipv6Net>,
}

/// Not an address with an optional prefix length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address with an optional prefix length, such as {0}")]
pub struct AddressFault(&'static str);

impl Addresses {
    /// Reads an IPv4 address or block in dotted-decimal notation, such as `10.125.0.0/16`.
    ///
    /// # Errors
    /// If it is anything else.
    pub fn parse_v4(text: &str) -> Result<Ipv4Net, AddressFault> {
        let (address, length) = parts(text, 32).ok_or(AddressFault("10.125.0.0/16"))?;
        let address: Option<Ipv4Addr> = address.parse().ok();
        address
            .and_then(|address| Ipv4Net::new(address, length).ok())
            .ok_or(AddressFault("10.125.0.0/16"))
    }

    /// Reads an IPv6 address or block, such as `fd00::/8`; no zone.
    ///
    /// # Errors
    /// If it is anything else.
    pub fn parse_v6(text: &str) -> Result<Ipv6Net, AddressFault> {
        let (address, length) = parts(text, 128).ok_or(AddressFault("fd00::/8"))?;
        let address: Option<Ipv6Addr> = address.parse().ok();
        address
            .and_then(|address| Ipv6Net::new(address, length).ok())
            .ok_or(AddressFault("fd00::/8"))
    }

    /// Whether `address` lies in one of the blocks. An IPv4-mapped IPv6 address is the IPv4 address.
    #[must_use]
    pub fn contain(&self, address: IpAddr) -> bool {
        match address.to_canonical() {
            IpAddr::V4(address) => self.v4.iter().any(|block| block.contains(&address)),
            IpAddr::V6(address) => self.v6.iter().any(|block| block.contains(&address)),
        }
    }
}

/// The address and the prefix length: decimal, without sign or leading zeros; `whole` if absent.
fn parts(text: &str, whole: u8) -> Option<(&str, u8)> {
    let Some((address, length)) = text.split_once('/') else { return Some((text, whole)) };
    let plain =
        length.bytes().all(|b| b.is_ascii_digit()) && (length == "0" || !length.starts_with('0'));
    Some((address, length.parse().ok().filter(|length| plain && *length <= whole)?))
}
