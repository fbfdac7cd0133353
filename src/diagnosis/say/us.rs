//! Lines about the canary itself.

use std::time::Duration;

use super::{Time, Told};
use crate::outcome::Layer;

/// Of the canary itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Us {
    /// It woke up late, which explains a timeout.
    Late {
        /// By how much at the worst.
        lag: Duration,
    },
    /// It woke up in time, so a timeout is not its own.
    InTime {
        /// By how much it was late at the worst.
        lag: Duration,
    },
    /// It wakes up late all the time, and yet others work.
    LateForLong {
        /// By how much at the worst.
        lag: Duration,
        /// In so many runs before this one.
        runs: u32,
    },
    /// It ran out of its own resources.
    Exhausted,
    /// Nothing was walked at all.
    NothingWalked,
    /// A journey ended without a result.
    Untold {
        /// The layer that was not reached.
        before: Layer,
    },
}

impl Us {
    pub(super) fn told(&self) -> Told {
        match self {
            Self::Late { lag } => Told::of(
                format!("the canary itself woke up {} late: the time ran out here, not there", Time(*lag)),
                format!("探测程序自身晚唤醒了 {}：超时发生在本机，而不是对端", Time(*lag)),
            ),
            Self::InTime { lag } => Told::of(
                format!("the canary itself was never later than {}: it was not too slow", Time(*lag)),
                format!("探测程序自身的延迟从未超过 {}：不是本机太慢", Time(*lag)),
            ),
            Self::LateForLong { lag, runs } => Told::of(
                format!(
                    "the canary itself woke up {} late, but this failed in {runs} runs before too, while others work",
                    Time(*lag)
                ),
                format!("探测程序自身晚唤醒了 {}，但此前 {runs} 次探测也都失败，而其他主机正常", Time(*lag)),
            ),
            Self::Exhausted => Told::of(
                "the canary ran out of its own sockets, ports or memory, so it cannot tell how the API is doing",
                "探测程序自身的套接字、端口或内存已耗尽，因此无法判断 API 的状况",
            ),
            Self::NothingWalked => Told::of(
                "no path was walked, so nothing is known of the API",
                "没有探测任何路径，因此对 API 的状况一无所知",
            ),
            Self::Untold { before } => Told::of(
                format!("the journey ended before {before} without a result"),
                format!("探测在 {before} 层之前就结束了，没有得出结果"),
            ),
        }
    }
}

#[cfg(test)]
pub(super) fn samples() -> Vec<super::Say> {
    let lag = Duration::from_millis(1500);
    let all = [
        Us::Late { lag },
        Us::InTime { lag: Duration::from_millis(4) },
        Us::LateForLong { lag, runs: 5 },
        Us::Exhausted,
        Us::NothingWalked,
        Us::Untold { before: Layer::Tls },
    ];
    all.map(Into::into).into()
}
