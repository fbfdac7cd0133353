//! Lines about paths, connections and proxies.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::{Time, Told, counted};
use crate::outcome::{Family, Reason};

/// Of paths, connections and proxies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paths {
    /// Every path works.
    AllWork {
        /// So many.
        all: usize,
    },
    /// Some paths fail, or all of them.
    Fail {
        /// So many.
        failing: usize,
        /// Of so many.
        all: usize,
    },
    /// Some addresses of the path fail.
    AddressesFail {
        /// So many.
        failing: usize,
        /// Of so many.
        all: usize,
    },
    /// It was tried again.
    Retried {
        /// So many times.
        times: usize,
        /// Whether the last time worked.
        worked: bool,
    },
    /// The same was tried again, and got past what had failed.
    AgainWorks {
        /// So many times.
        times: usize,
        /// Of so many.
        all: usize,
    },
    /// The same was tried again, and failed again.
    AgainFails {
        /// So many times.
        times: usize,
    },
    /// Another endpoint of the target works.
    EndpointWorks {
        /// Which.
        endpoint: Arc<str>,
    },
    /// The connection was made.
    Connected {
        /// To this address, where it is known.
        address: Option<SocketAddr>,
        /// In which time.
        took: Duration,
        /// The kernel's round-trip time, where it says.
        rtt: Option<Duration>,
    },
    /// The tunnel was made.
    Tunnelled {
        /// By this proxy.
        proxy: String,
        /// In which time.
        took: Duration,
    },
    /// Another route works.
    RouteWorks {
        /// Which.
        route: Arc<str>,
        /// In which time.
        took: Duration,
    },
    /// Another route fails as well.
    RouteFails {
        /// Which.
        route: Arc<str>,
        /// Why.
        reason: Reason,
    },
    /// Another route fails, and in another way.
    RouteFailsOtherwise {
        /// Which.
        route: Arc<str>,
        /// Why.
        reason: Reason,
    },
    /// The other family works on the same route.
    FamilyWorks {
        /// Which.
        family: Family,
        /// In which time.
        took: Duration,
    },
    /// The other family fails as well.
    FamilyFails {
        /// Which.
        family: Family,
        /// Why.
        reason: Reason,
    },
    /// The proxy fails for other hosts too.
    ProxyFailsForOthers {
        /// The route through it.
        route: Arc<str>,
        /// One of them.
        host: String,
        /// Why.
        reason: Reason,
    },
    /// The proxy lets other hosts through.
    ProxyServesOthers {
        /// The route through it.
        route: Arc<str>,
        /// One of them.
        host: String,
    },
}

impl Paths {
    pub(super) fn told(&self) -> Told {
        match self {
            Self::AllWork { all } => {
                Told::of(format!("{all} of {all} paths work"), format!("全部路径正常，共 {all} 条"))
            }
            Self::Fail { failing, all } => Told::of(
                format!("{failing} of {all} paths fail"),
                format!("{all} 条路径中有 {failing} 条失败"),
            ),
            Self::AddressesFail { failing, all } => Told::of(
                format!("{failing} of {all} addresses fail"),
                format!("{all} 个地址中有 {failing} 个失败"),
            ),
            Self::Retried { times, worked: true } => Told::of(
                format!("the first attempt failed; it worked after {times} more"),
                format!("首次尝试失败，再试 {times} 次后成功"),
            ),
            Self::Retried { times, worked: false } => Told::of(
                format!("tried {} more, without success", counted(*times, "time", "times")),
                format!("又重试了 {times} 次，均未成功"),
            ),
            Self::AgainWorks { times, all } => Told::of(
                format!("tried again, it worked {times} of {all} times: it has passed, or comes and goes"),
                format!("再试 {all} 次，成功 {times} 次：问题已经过去，或时有时无"),
            ),
            Self::AgainFails { times } => Told::of(
                format!("tried {} again, it fails the same: it lasts", counted(*times, "time", "times")),
                format!("再试 {times} 次，同样失败：问题持续存在"),
            ),
            Self::EndpointWorks { endpoint } => {
                Told::of(format!("the endpoint {endpoint} works"), format!("端点 {endpoint} 正常"))
            }
            Self::Connected { address, took, rtt } => connected(*address, *took, *rtt),
            Self::Tunnelled { proxy, took } => Told::of(
                format!("the proxy {proxy} made the tunnel in {}", Time(*took)),
                format!("代理 {proxy} 在 {} 内建立了隧道", Time(*took)),
            ),
            Self::RouteWorks { route, took } => Told::of(
                format!("the route {route} works, in {}", Time(*took)),
                format!("线路 {route} 正常，用时 {}", Time(*took)),
            ),
            Self::RouteFails { route, reason } => Told::of(
                format!("the route {route} fails as well ({reason}): it is not this route alone"),
                format!("线路 {route} 同样失败（{reason}）：问题不只在这条线路"),
            ),
            Self::RouteFailsOtherwise { route, reason } => Told::of(
                format!("the route {route} does not work either, for another reason ({reason})"),
                format!("线路 {route} 也不通，但原因不同（{reason}）"),
            ),
            Self::FamilyWorks { family, took } => Told::of(
                format!("{} works on the same route, in {}", ip(*family), Time(*took)),
                format!("同一线路上 {} 正常，用时 {}", ip(*family), Time(*took)),
            ),
            Self::FamilyFails { family, reason } => Told::of(
                format!("{} fails as well ({reason}): it is not one family alone", ip(*family)),
                format!("{} 同样失败（{reason}）：问题不只在一个地址族", ip(*family)),
            ),
            Self::ProxyFailsForOthers { route, host, reason } => Told::of(
                format!("the route {route} fails for {host} as well ({reason})"),
                format!("线路 {route} 对 {host} 也失败（{reason}）"),
            ),
            Self::ProxyServesOthers { route, host } => Told::of(
                format!("the route {route} reaches {host}: it is about this destination"),
                format!("线路 {route} 能到达 {host}：问题只涉及这个目的地"),
            ),
        }
    }
}

/// A family as people write it.
pub(super) const fn ip(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "IPv4",
        Family::Ipv6 => "IPv6",
        Family::Any => "IP",
    }
}

fn connected(address: Option<SocketAddr>, took: Duration, rtt: Option<Duration>) -> Told {
    let to_en = address.map(|address| format!(" to {address}")).unwrap_or_default();
    let to_zh = address.map(|address| format!("到 {address} ")).unwrap_or_default();
    let rtt_en = rtt.map(|rtt| format!(" (round trip {})", Time(rtt))).unwrap_or_default();
    let rtt_zh = rtt.map(|rtt| format!("（往返时间 {}）", Time(rtt))).unwrap_or_default();
    let took = Time(took);
    Told::of(
        format!("TCP connected{to_en} in {took}{rtt_en}"),
        format!("TCP {to_zh}的连接在 {took} 内建立{rtt_zh}"),
    )
}

#[cfg(test)]
pub(super) fn samples() -> Vec<super::Say> {
    let took = Duration::from_millis(12);
    let route: Arc<str> = "proxy_1".into();
    let host = "example.com".to_owned();
    let (address, rtt) = (Some(SocketAddr::from(([192, 0, 2, 1], 443))), Some(Duration::from_millis(11)));
    let all = [
        Paths::AllWork { all: 2 },
        Paths::Fail { failing: 1, all: 3 },
        Paths::AddressesFail { failing: 5, all: 7 },
        Paths::Retried { times: 2, worked: true },
        Paths::Retried { times: 2, worked: false },
        Paths::AgainWorks { times: 1, all: 2 },
        Paths::AgainFails { times: 2 },
        Paths::EndpointWorks { endpoint: "https://other.example/".into() },
        Paths::Connected { address, took, rtt },
        Paths::Connected { address: None, took, rtt: None },
        Paths::Tunnelled { proxy: "http://192.0.2.3:3128".to_owned(), took },
        Paths::RouteWorks { route: Arc::clone(&route), took },
        Paths::RouteFails { route: Arc::clone(&route), reason: Reason::ProxyTimeout },
        Paths::RouteFailsOtherwise { route: Arc::clone(&route), reason: Reason::ProxyTimeout },
        Paths::FamilyWorks { family: Family::Ipv4, took },
        Paths::FamilyFails { family: Family::Ipv6, reason: Reason::TcpTimeout },
        Paths::ProxyFailsForOthers {
            route: Arc::clone(&route),
            host: host.clone(),
            reason: Reason::ProxyUnreachable,
        },
        Paths::ProxyServesOthers { route, host },
    ];
    all.map(Into::into).into()
}
