//! Which addresses a chunk may be fetched from. They come from a reply, and must not lead into this network.

use std::net::IpAddr;

use url::{Host, Url};

use crate::warehouse::snowflake::account;

/// The address, if it may be cloud storage: not this machine, not its neighbours, not in clear text. With `is_local` it may be
/// on this machine.
pub(super) fn checked(address: &str, is_local: bool) -> Result<Url, String> {
    let refused = |why: &str| {
        Err(format!(
            "a chunk of the result has an address that the server does not fetch from: {why}"
        ))
    };
    let Ok(url) = Url::parse(address) else {
        return refused("it is no address");
    };
    // Only where the account itself is on this machine, as in tests.
    if is_local && account::is_loopback(&url) {
        return Ok(url);
    }
    if url.scheme() != "https" {
        return refused("it is not https");
    }
    let is_inside = match url.host() {
        Some(Host::Ipv4(ip)) => is_private(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => is_private(IpAddr::V6(ip)),
        // A name may lead inside rightly: PrivateLink gives storage private addresses.
        Some(Host::Domain(_)) | None => account::is_loopback(&url),
    };
    if is_inside {
        return refused("it is inside this network");
    }
    Ok(url)
}

/// Whether an address belongs to no host of the internet: private ones, those of the machine and of its link, of carriers
/// (RFC 6598), of tests (RFC 2544), of protocols (RFC 6890), of many hosts at once; and IPv6 addresses that carry one of IPv4, for a
/// gateway would take them there.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_multicast()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 198 && (b & 0xfe) == 18)
                || (a, b, c) == (192, 0, 0)
        }
        IpAddr::V6(ip) => {
            let parts = ip.segments();
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_multicast()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
                // Mapped and compatible (::/32 is nobody's otherwise), NAT64 (RFC 6052, RFC 8215), Teredo, 6to4.
                || parts.starts_with(&[0, 0])
                || parts.starts_with(&[0x64, 0xff9b])
                || parts.starts_with(&[0x2001, 0])
                || parts.starts_with(&[0x2002])
                // Site-local, long out of use.
                || (0xfec0..=0xfeff).contains(&parts[0])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_no_hosts_of_the_internet_are_told() {
        let is_private = |text: &str| is_private(text.parse().unwrap());
        for inside in [
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.2",
            "169.254.169.254",
            "172.31.0.1",
            "192.0.0.192",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "0.1.2.3",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::10.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::a00:1",
            "2001:0:1:2::3",
            "2002:a00:1::1",
            "fc00::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(is_private(inside), "{inside}");
        }
        for outside in [
            "52.95.110.1",
            "100.63.255.255",
            "100.128.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "2600:1f00::1",
            "2a05:d000::1",
        ] {
            assert!(!is_private(outside), "{outside}");
        }
    }
}
