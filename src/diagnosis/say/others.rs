//! Lines about control hosts and other targets.

use std::sync::Arc;
use std::time::Duration;

use super::paths::ip;
use super::{Time, Told};
use crate::outcome::{Family, Reason};

/// Of control hosts and other targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Others {
    /// A control host answers on the same route.
    ControlWorks {
        /// Its URL.
        url: Arc<str>,
        /// The route.
        route: Arc<str>,
        /// How long it took.
        took: Duration,
    },
    /// A control host fails on the same route.
    ControlFails {
        /// Its URL.
        url: Arc<str>,
        /// The route.
        route: Arc<str>,
        /// Why.
        reason: Reason,
    },
    /// A control host is reached over one family only.
    ControlOverOther {
        /// Its URL.
        url: Arc<str>,
        /// Over this one.
        over: Family,
        /// Not over this one.
        not_over: Family,
        /// Why not.
        reason: Reason,
    },
    /// Other targets fail as well.
    TargetsFail {
        /// So many.
        failing: usize,
        /// Of so many.
        all: usize,
    },
    /// Other targets fail in the same way.
    TargetsFailAlike {
        /// So many.
        alike: usize,
        /// Of so many.
        all: usize,
        /// How.
        reason: Reason,
    },
    /// Other targets work.
    TargetsWork {
        /// So many.
        working: usize,
        /// Of so many.
        all: usize,
    },
}

impl Others {
    pub(super) fn told(&self) -> Told {
        match self {
            Self::ControlWorks { url, route, took } => Told::of(
                format!("{url} answers on the same route {route} in {}: the network here is up", Time(*took)),
                format!("{url} 在同一线路 {route} 上 {} 内应答：本地网络正常", Time(*took)),
            ),
            Self::ControlFails { url, route, reason } => Told::of(
                format!("{url} fails on the same route {route} as well ({reason})"),
                format!("{url} 在同一线路 {route} 上也失败（{reason}）"),
            ),
            Self::ControlOverOther { url, over, not_over, reason } => Told::of(
                format!("{url} answers over {} and not over {} either ({reason})", ip(*over), ip(*not_over)),
                format!("{url} 经 {} 有应答，经 {} 同样失败（{reason}）", ip(*over), ip(*not_over)),
            ),
            Self::TargetsFail { failing, all } => Told::of(
                format!("of other targets with other hosts, {failing} of {all} fail as well"),
                format!("其他主机上的 {all} 个目标中有 {failing} 个也失败"),
            ),
            Self::TargetsFailAlike { alike, all, reason } => Told::of(
                format!("of the other targets, {alike} of {all} fail in the same way ({reason})"),
                format!("其他 {all} 个目标中有 {alike} 个以同样的方式失败（{reason}）"),
            ),
            Self::TargetsWork { working, all } => Told::of(
                format!("of the other targets, {working} of {all} work: not everything is down here"),
                format!("其他 {all} 个目标中有 {working} 个正常：并非全部不可用"),
            ),
        }
    }
}

#[cfg(test)]
pub(super) fn samples() -> Vec<super::Say> {
    let (url, route): (Arc<str>, Arc<str>) = ("https://example.com/".into(), "route1".into());
    let all = [
        Others::ControlWorks {
            url: Arc::clone(&url),
            route: Arc::clone(&route),
            took: Duration::from_millis(80),
        },
        Others::ControlFails { url, route, reason: Reason::TcpTimeout },
        Others::ControlOverOther {
            url: "https://one.example/".into(),
            over: Family::Ipv6,
            not_over: Family::Ipv4,
            reason: Reason::TcpUnreachable,
        },
        Others::TargetsFail { failing: 3, all: 4 },
        Others::TargetsFailAlike { alike: 2, all: 6, reason: Reason::TlsReset },
        Others::TargetsWork { working: 2, all: 5 },
    ];
    all.map(Into::into).into()
}
