//! What each name below the domain has: addresses, aliases, or nothing.

use super::super::fault::Fault;
use super::super::sockets::{BLACK_HOLE, REFUSING, RESETTING, SILENT, STUB, UNEXPECTED, UNREACHABLE};
use super::super::world::World;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType, rdata};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const TTL: u32 = 60;

/// Whether a healthy simulator can serve this domain.
pub(in super::super) fn is_domain(domain: &str) -> bool {
    !domain.is_empty() && Name::from_ascii(domain).is_ok_and(|name| name.num_labels() > 0)
}

/// The records that answer a query, aliases first. Empty means NODATA.
pub(super) fn records(
    world: &World,
    host: &str,
    owner: &Name,
    kind: RecordType,
    fault: Option<Fault>,
) -> Vec<Record> {
    let domain = world.faults.domain();
    let mut records = Vec::new();
    let mut owner = owner.clone();
    for alias in aliases(host, domain) {
        let Ok(alias) = Name::from_ascii(format!("{alias}.{domain}.")) else { break };
        records.push(Record::from_rdata(owner, TTL, RData::CNAME(rdata::CNAME(alias.clone()))));
        if kind == RecordType::CNAME {
            return records;
        }
        owner = alias;
    }
    match kind {
        RecordType::A => records.extend(
            ipv4(world, fault)
                .iter()
                .map(|ip| Record::from_rdata(owner.clone(), TTL, RData::A(rdata::A(*ip)))),
        ),
        RecordType::AAAA => records.extend(
            ipv6(world, host, fault)
                .iter()
                .map(|ip| Record::from_rdata(owner.clone(), TTL, RData::AAAA(rdata::AAAA(*ip)))),
        ),
        RecordType::SOA if host == domain => records.extend(soa(world)),
        _ => {}
    }
    records
}

/// The addresses of a name for who resolves it in the simulator itself; none where asking for it fails.
pub(in super::super) fn addresses(world: &World, host: &str) -> Vec<IpAddr> {
    let fault = world.fault(host);
    let fails = match fault {
        Some(
            Fault::DnsTruncated
            | Fault::DnsSinkholed
            | Fault::DnsLoopback
            | Fault::DnsUnexpected
            | Fault::DnsSlow,
        )
        | None => false,
        Some(fault) => fault.layer() == "dns",
    };
    if fails {
        return Vec::new();
    }
    let four = ipv4(world, fault).into_iter().map(IpAddr::V4);
    four.chain(ipv6(world, host, fault).into_iter().map(IpAddr::V6)).collect()
}

/// The two aliases of a name that is an alias of itself.
pub(super) fn loop_records(owner: &Name, host: &str) -> Vec<Record> {
    let (Ok(this), Ok(other)) = (Name::from_ascii(format!("{host}.")), loop_partner(host)) else {
        return Vec::new();
    };
    let alias = |from: Name, to| Record::from_rdata(from, TTL, RData::CNAME(rdata::CNAME(to)));
    vec![alias(owner.clone(), other.clone()), alias(other, this)]
}

fn loop_partner(host: &str) -> Result<Name, hickory_resolver::proto::ProtoError> {
    match host.strip_prefix("loop.") {
        Some(partner) => Name::from_ascii(format!("{partner}.")),
        None => Name::from_ascii(format!("loop.{host}.")),
    }
}

/// The zone's SOA record, which says how long "no" may be remembered.
pub(super) fn soa(world: &World) -> Option<Record> {
    let domain = world.faults.domain();
    let name = |label: &str| Name::from_ascii(format!("{label}{domain}.")).ok();
    let soa = rdata::SOA::new(name("ns.")?, name("hostmaster.")?, 1, 3600, 600, 86_400, TTL);
    Some(Record::from_rdata(name("")?, TTL, RData::SOA(soa)))
}

/// The rest of the chain `cname` → `edge` → `origin`, as seen from a host.
fn aliases(host: &str, domain: &str) -> &'static [&'static str] {
    match host.strip_suffix(domain) {
        Some("cname.") => &["edge", "origin"],
        Some("edge.") => &["origin"],
        _ => &[],
    }
}

fn ipv4(world: &World, fault: Option<Fault>) -> Vec<Ipv4Addr> {
    match fault {
        Some(Fault::DnsSinkholed) => vec![Ipv4Addr::UNSPECIFIED],
        Some(Fault::DnsLoopback) => vec![STUB],
        Some(Fault::DnsUnexpected) => vec![UNEXPECTED],
        Some(Fault::TcpRefused) => vec![REFUSING],
        Some(Fault::TcpTimeout) => vec![BLACK_HOLE],
        Some(Fault::TcpUnreachable) => vec![UNREACHABLE],
        Some(Fault::TlsAddressReset) => vec![RESETTING],
        Some(Fault::TlsAddressSilent) => vec![SILENT],
        Some(Fault::TcpSecondAddress) => vec![REFUSING, world.healthy],
        _ => vec![world.healthy],
    }
}

fn ipv6(world: &World, host: &str, fault: Option<Fault>) -> Vec<Ipv6Addr> {
    let elsewhere = matches!(
        fault,
        Some(Fault::DnsLoopback | Fault::DnsUnexpected | Fault::TlsAddressReset | Fault::TlsAddressSilent)
    ) || fault.is_some_and(|fault| fault.layer() == "tcp");
    let wanted = host.starts_with("v6.") || host.starts_with("dual.");
    match fault {
        Some(Fault::DnsSinkholed) => vec![Ipv6Addr::UNSPECIFIED],
        _ if wanted && world.ipv6 && !elsewhere => vec![Ipv6Addr::LOCALHOST],
        _ => Vec::new(),
    }
}
