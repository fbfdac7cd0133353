//! Which interface packets leave by, from the kernel's routing tables.
//!
//! Promises: pure but for [`read`]; the route is chosen as the kernel does, the longest prefix before the lowest metric. Rules
//! that lead to other tables than the main one are not seen.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::outcome::Family;

/// How interfaces of VPNs are named.
const VPN_PREFIXES: [&str; 9] = ["tun", "tap", "wg", "ppp", "utun", "ipsec", "tailscale", "zt", "nordlynx"];

/// `RTF_UP`: the route is usable.
const UP: u32 = 0x1;

/// `RTF_REJECT`: the route says that there is none.
const REJECT: u32 = 0x200;

/// An address on the internet, to ask for the route to it; nothing is sent there.
const ANYWHERE_V4: Ipv4Addr = Ipv4Addr::new(1, 1, 1, 1);

/// As above.
const ANYWHERE_V6: Ipv6Addr = Ipv6Addr::new(0x2606, 0x4700, 0x4700, 0, 0, 0, 0, 0x1111);

/// A way out of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayOut {
    /// For which family.
    pub family: Family,
    /// The interface.
    pub interface: String,
}

impl WayOut {
    /// Whether the interface is named as those of VPNs are.
    #[must_use]
    pub fn is_vpn(&self) -> bool {
        VPN_PREFIXES.iter().any(|prefix| self.interface.starts_with(prefix))
    }
}

/// The ways out of this machine to the internet.
pub(super) fn read() -> Vec<WayOut> {
    let table = |file| std::fs::read_to_string(file).unwrap_or_default();
    let ipv4 = ipv4(&table("/proc/net/route"), ANYWHERE_V4);
    let ipv6 = ipv6(&table("/proc/net/ipv6_route"), ANYWHERE_V6);
    [(Family::Ipv4, ipv4), (Family::Ipv6, ipv6)]
        .into_iter()
        .filter_map(|(family, interface)| Some(WayOut { family, interface: interface? }))
        .collect()
}

/// One route to an address.
struct Candidate<'a> {
    interface: &'a str,
    prefix: u32,
    metric: u32,
}

fn best<'a>(candidates: impl Iterator<Item = Candidate<'a>>) -> Option<String> {
    let best = candidates.min_by_key(|found| (std::cmp::Reverse(found.prefix), found.metric))?;
    Some(best.interface.to_owned())
}

/// The interface of the route to an address, by the text of `/proc/net/route`.
fn ipv4(table: &str, to: Ipv4Addr) -> Option<String> {
    // The kernel prints addresses as numbers of this machine's byte order.
    let number = |text: &str| Some(u32::from_str_radix(text, 16).ok()?.to_ne_bytes());
    best(table.lines().skip(1).filter_map(|line| {
        let mut words = line.split_whitespace();
        let (interface, destination) = (words.next()?, u32::from_be_bytes(number(words.next()?)?));
        let flags = u32::from_str_radix(words.nth(1)?, 16).ok()?;
        let metric = words.nth(2)?.parse().ok()?;
        let mask = u32::from_be_bytes(number(words.next()?)?);
        let leads = to.to_bits() & mask == destination && usable(flags);
        leads.then_some(Candidate { interface, prefix: mask.count_ones(), metric })
    }))
}

/// The same by the text of `/proc/net/ipv6_route`.
fn ipv6(table: &str, to: Ipv6Addr) -> Option<String> {
    best(table.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let destination = u128::from_str_radix(words.next()?, 16).ok()?;
        let prefix = u32::from_str_radix(words.next()?, 16).ok().filter(|prefix| *prefix <= 128)?;
        let metric = u32::from_str_radix(words.nth(3)?, 16).ok()?;
        let flags = u32::from_str_radix(words.nth(2)?, 16).ok()?;
        let interface = words.next()?;
        let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
        let leads = to.to_bits() & mask == destination && usable(flags);
        leads.then_some(Candidate { interface, prefix, metric })
    }))
}

fn usable(flags: u32) -> bool {
    flags & UP != 0 && flags & REJECT == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAD: &str =
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";

    fn table(rows: &[&str]) -> String {
        format!("{HEAD}{}\n", rows.join("\n"))
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn the_route_to_anywhere_is_the_most_exact_and_then_the_cheapest() {
        let wifi = "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0";
        let wire = "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0";
        let near = "eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0";
        // As OpenVPN takes everything over without touching the default route.
        let vpn = "tun0\t00000000\t0101080A\t0003\t0\t0\t0\t00000080\t0\t0\t0";
        let rejected = "lo\t00000000\t00000000\t0203\t0\t0\t0\t00000000\t0\t0\t0";
        for (rows, expected) in [
            (&[wifi, wire, near][..], Some("eth0")),
            (&[wifi, near], Some("wlan0")),
            (&[wire, vpn], Some("tun0")),
            (&[near], None),
            (&[rejected], None),
            (&[], None),
            (&["garbage", wire], Some("eth0")),
        ] {
            assert_eq!(ipv4(&table(rows), ANYWHERE_V4).as_deref(), expected, "{rows:?}");
        }
    }

    #[test]
    fn the_same_for_ipv6() {
        let zero = "00000000000000000000000000000000";
        let next = "fe800000000000000000000000000001";
        let rejected = format!("{zero} 00 {zero} 00 {zero} ffffffff 00000001 00000000 00200200       lo");
        let wire = format!("{zero} 00 {zero} 00 {next} 00000400 00000001 00000000 00000003     eth0");
        let vpn = format!(
            "20000000000000000000000000000000 03 {zero} 00 {zero} 00000400 00000001 00000000 00000001     wg0"
        );
        for (rows, expected) in
            [(&[&rejected, &wire][..], Some("eth0")), (&[&wire, &vpn], Some("wg0")), (&[&rejected], None)]
        {
            let text: String = rows.iter().map(|row| format!("{row}\n")).collect();
            assert_eq!(ipv6(&text, ANYWHERE_V6).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn the_name_of_an_interface_tells_a_vpn() {
        for (interface, vpn) in [
            ("tun0", true),
            ("wg0", true),
            ("ppp0", true),
            ("utun3", true),
            ("eth0", false),
            ("wlp2s0", false),
        ] {
            let way = WayOut { family: Family::Ipv4, interface: interface.to_owned() };
            assert_eq!(way.is_vpn(), vpn, "{interface}");
        }
    }

    proptest! {
        #[test]
        fn no_table_leads_to_a_panic(text in "\\PC{0,200}", rows in proptest::collection::vec("[0-9a-fA-F \t]{0,120}", 0..4)) {
            let rows = rows.join("\n");
            for table in [&text, &rows] {
                let _ = ipv4(table, ANYWHERE_V4);
                let _ = ipv6(table, ANYWHERE_V6);
            }
        }
    }
}
