//! Lines about names and resolvers.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::{Time, Told, counted};
use crate::outcome::{Reason, RecordType};

/// As many addresses are named.
const MOST: usize = 3;

/// Of names and resolvers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dns {
    /// The name resolved.
    Answered {
        /// By whom.
        resolver: Arc<str>,
        /// To so many addresses.
        addresses: usize,
        /// Whether they are known to be inside the expected networks.
        inside: bool,
        /// In which time.
        took: Duration,
    },
    /// Another resolver has addresses for the name.
    OtherHas {
        /// Which.
        resolver: Arc<str>,
        /// These.
        addresses: Vec<IpAddr>,
        /// Whether they are known to be inside the expected networks.
        inside: bool,
    },
    /// Another resolver has none either, or does not answer the question.
    OtherFails {
        /// Which.
        resolver: Arc<str>,
        /// For what.
        record_type: RecordType,
        /// Why.
        reason: Reason,
    },
    /// The answer stands in the machine's own hosts file.
    FromHostsFile {
        /// The addresses.
        addresses: Vec<IpAddr>,
    },
    /// The resolver fails for other names too.
    FailsForOthers {
        /// Which.
        resolver: Arc<str>,
        /// For one of them.
        host: String,
        /// Why.
        reason: Reason,
    },
    /// The resolver answers for other names.
    AnswersForOthers {
        /// Which.
        resolver: Arc<str>,
        /// For one of them.
        host: String,
    },
    /// Every resolver that answers says so.
    Nowhere {
        /// The name.
        host: String,
        /// For what.
        record_type: RecordType,
        /// So many.
        resolvers: usize,
    },
    /// Another resolver that can be asked fails at the name too.
    BrokenZone {
        /// The name.
        host: String,
        /// Which.
        resolver: Arc<str>,
    },
}

impl Dns {
    pub(super) fn told(&self) -> Told {
        match self {
            Self::Answered { resolver, addresses, inside: true, took } => Told::of(
                format!(
                    "DNS ({resolver}) answered with {} inside the provider's networks in {}",
                    counted(*addresses, "address", "addresses"),
                    Time(*took)
                ),
                format!(
                    "DNS（{resolver}）在 {} 内返回了 {addresses} 个地址，均在提供商的网段内",
                    Time(*took)
                ),
            ),
            Self::Answered { resolver, addresses, inside: false, took } => Told::of(
                format!(
                    "DNS ({resolver}) answered with {} in {}",
                    counted(*addresses, "address", "addresses"),
                    Time(*took)
                ),
                format!("DNS（{resolver}）在 {} 内返回了 {addresses} 个地址", Time(*took)),
            ),
            Self::OtherHas { resolver, addresses, inside: true } => Told::of(
                format!("resolver {resolver} has {}, inside the provider's networks", listed(addresses)),
                format!("解析器 {resolver} 返回 {}，在提供商的网段内", listed(addresses)),
            ),
            Self::OtherHas { resolver, addresses, inside: false } => Told::of(
                format!("resolver {resolver} has {}", listed(addresses)),
                format!("解析器 {resolver} 返回 {}", listed(addresses)),
            ),
            Self::OtherFails {
                resolver,
                reason: reason @ (Reason::DnsTimeout | Reason::DnsTlsFailed),
                ..
            } => Told::of(
                format!("resolver {resolver} could not be asked either ({reason})"),
                format!("解析器 {resolver} 也问不到（{reason}）"),
            ),
            Self::OtherFails { resolver, record_type, reason } if !is_denial(*reason) => Told::of(
                format!("resolver {resolver} does not answer for {record_type} either ({reason})"),
                format!("解析器 {resolver} 对 {record_type} 也没有给出答案（{reason}）"),
            ),
            Self::OtherFails { resolver, record_type, reason } => Told::of(
                format!("resolver {resolver} has no {record_type} either ({reason})"),
                format!("解析器 {resolver} 同样没有 {record_type} 记录（{reason}）"),
            ),
            Self::FromHostsFile { addresses } => Told::of(
                format!("{} comes from this machine's hosts file, not from a resolver", listed(addresses)),
                format!("{} 来自本机的 hosts 文件，而不是解析器", listed(addresses)),
            ),
            Self::FailsForOthers { resolver, host, reason } => Told::of(
                format!("resolver {resolver} fails for {host} as well ({reason})"),
                format!("解析器 {resolver} 对 {host} 也失败（{reason}）"),
            ),
            Self::AnswersForOthers { resolver, host } => Told::of(
                format!("resolver {resolver} answers for {host}: it is about this name"),
                format!("解析器 {resolver} 能解析 {host}：问题只涉及这个域名"),
            ),
            Self::Nowhere { host, record_type, resolvers } => Told::of(
                format!(
                    "{} no {record_type} for {host} either",
                    counted(*resolvers, "other resolver has", "other resolvers have")
                ),
                format!("另外 {resolvers} 个解析器也没有 {host} 的 {record_type} 记录"),
            ),
            Self::BrokenZone { host, resolver } => Told::of(
                format!("resolver {resolver} fails at {host} as well: it is the name's own servers"),
                format!("解析器 {resolver} 解析 {host} 也失败：问题在该域名自己的服务器"),
            ),
        }
    }
}

/// Whether a resolver says that there is nothing, rather than nothing.
pub(in crate::diagnosis) fn is_denial(reason: Reason) -> bool {
    matches!(reason, Reason::DnsNxdomain | Reason::DnsNodata)
}

fn listed(addresses: &[IpAddr]) -> String {
    let shown: Vec<_> = addresses.iter().take(MOST).map(ToString::to_string).collect();
    let more = if addresses.len() > MOST { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

#[cfg(test)]
pub(super) fn samples() -> Vec<super::Say> {
    let resolver: Arc<str> = "udp://192.0.2.53:53".into();
    let addresses: Vec<IpAddr> = (1..=4).map(|last| IpAddr::from([192, 0, 2, last])).collect();
    let answered = |inside| Dns::Answered {
        resolver: Arc::clone(&resolver),
        addresses: 4,
        inside,
        took: Duration::from_millis(3),
    };
    let has =
        |inside| Dns::OtherHas { resolver: Arc::clone(&resolver), addresses: addresses.clone(), inside };
    let fails =
        |reason| Dns::OtherFails { resolver: Arc::clone(&resolver), record_type: RecordType::Aaaa, reason };
    let all = [
        answered(true),
        answered(false),
        has(true),
        has(false),
        fails(Reason::DnsNxdomain),
        fails(Reason::DnsTlsFailed),
        fails(Reason::DnsServfail),
        Dns::FromHostsFile { addresses: addresses.clone() },
        Dns::FailsForOthers {
            resolver: Arc::clone(&resolver),
            host: "example.com".to_owned(),
            reason: Reason::DnsServfail,
        },
        Dns::AnswersForOthers { resolver: Arc::clone(&resolver), host: "example.com".to_owned() },
        Dns::Nowhere { host: "api.example.com".to_owned(), record_type: RecordType::A, resolvers: 2 },
        Dns::BrokenZone { host: "api.example.com".to_owned(), resolver },
    ];
    all.map(Into::into).into()
}
