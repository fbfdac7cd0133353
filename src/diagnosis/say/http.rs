//! Lines about calls and answers.

use std::time::Duration;

use super::{Time, Told};
use crate::outcome::{AnsweredBy, PlainAnswer, Reason};

/// Of calls and answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Http {
    /// There was an answer.
    Answered {
        /// Its status.
        status: u16,
        /// Who gave it, where that is known.
        by: Option<AnsweredBy>,
        /// Its request id.
        request_id: Option<String>,
    },
    /// It asked to wait.
    AskedToWait {
        /// So long.
        wait: Duration,
    },
    /// A call of another kind works.
    OtherCallWorks {
        /// Which.
        call: &'static str,
        /// In which time.
        took: Duration,
    },
    /// HTTP/1.1 is answered.
    OverHttp1 {
        /// In which time.
        took: Duration,
    },
    /// HTTP/1.1 fails as well.
    NotOverHttp1 {
        /// Why.
        reason: Reason,
    },
    /// The API answers a call without a key.
    KeylessWorks {
        /// In which time.
        took: Duration,
    },
    /// A call without a key fails.
    KeylessFails {
        /// Why.
        reason: Reason,
    },
    /// A call without a key is turned away, as it should be.
    KeylessRefused {
        /// How.
        reason: Reason,
    },
    /// A call without a key is refused just the same.
    KeylessAlike {
        /// Why.
        reason: Reason,
    },
    /// What answers plain HTTP on the port.
    Plain(PlainAnswer),
    /// A connection that was kept idle was forgotten.
    IdleCut {
        /// After so long.
        held: Duration,
        /// How it failed.
        reason: Reason,
    },
    /// A connection that was kept idle still worked.
    IdleHeld {
        /// After so long.
        held: Duration,
    },
}

impl Http {
    pub(super) fn told(&self) -> Told {
        match self {
            Self::Answered { status, by, request_id } => answered(*status, *by, request_id.as_deref()),
            Self::AskedToWait { wait } => Told::of(
                format!("it asks to wait {} before the next call", Time(*wait)),
                format!("对方要求等待 {} 后再调用", Time(*wait)),
            ),
            Self::OtherCallWorks { call, took } => Told::of(
                format!("the call {call} works on this path in {}: the way to the API is open", Time(*took)),
                format!("同一路径上的调用 {call} 在 {} 内成功：到 API 的网络正常", Time(*took)),
            ),
            Self::OverHttp1 { took } => Told::of(
                format!("the same call over HTTP/1.1 is answered, in {}", Time(*took)),
                format!("同样的调用改用 HTTP/1.1 则有应答，用时 {}", Time(*took)),
            ),
            Self::NotOverHttp1 { reason } => Told::of(
                format!("HTTP/1.1 fails as well ({reason}): not HTTP/2"),
                format!("HTTP/1.1 同样失败（{reason}）：与 HTTP/2 无关"),
            ),
            Self::KeylessWorks { took } => Told::of(
                format!("the API answers a call without a key in {}: the way to it works", Time(*took)),
                format!("不带密钥的调用在 {} 内得到 API 应答：到 API 的网络正常", Time(*took)),
            ),
            Self::KeylessFails { reason } => Told::of(
                format!("a call without a key fails as well ({reason})"),
                format!("不带密钥的调用也失败（{reason}）"),
            ),
            Self::KeylessRefused { reason } => Told::of(
                format!(
                    "a call without a key is answered with a refusal, as it should be ({reason}): the way to the API works"
                ),
                format!("不带密钥的调用得到理应如此的拒绝（{reason}）：到 API 的网络正常"),
            ),
            Self::KeylessAlike { reason } => Told::of(
                format!("without a key the answer is the same ({reason}): it is not the key"),
                format!("不带密钥时得到同样的结果（{reason}）：与密钥无关"),
            ),
            Self::Plain(answer) => plain(answer),
            Self::IdleCut { held, reason } => Told::of(
                format!("a connection kept idle for {} does not work any more ({reason})", Time(*held)),
                format!("空闲 {} 后的连接已不可用（{reason}）", Time(*held)),
            ),
            Self::IdleHeld { held } => Told::of(
                format!("a connection kept idle for {} still works", Time(*held)),
                format!("空闲 {} 后的连接仍然可用", Time(*held)),
            ),
        }
    }
}

fn answered(status: u16, by: Option<AnsweredBy>, request_id: Option<&str>) -> Told {
    let (by_en, by_zh) = match by {
        Some(AnsweredBy::Origin) => (" from the API itself", "来自 API 本身"),
        Some(AnsweredBy::Edge) => (" from the provider's edge", "来自提供商的边缘节点"),
        Some(AnsweredBy::Between) => {
            (" from something between here and the API", "来自本机与 API 之间的设备")
        }
        None => ("", "有响应"),
    };
    let id_en = request_id.map(|id| format!(" (request id {id})")).unwrap_or_default();
    let id_zh = request_id.map(|id| format!("（请求 ID {id}）")).unwrap_or_default();
    Told::of(format!("HTTP {status}{by_en}{id_en}"), format!("HTTP {status} {by_zh}{id_zh}"))
}

fn plain(answer: &PlainAnswer) -> Told {
    match answer {
        PlainAnswer::Http { status, location, title, server } => {
            let parts = [("to", "跳转到", location), ("titled", "标题为", title), ("by", "服务器为", server)];
            let (mut en, mut zh) = (String::new(), String::new());
            for (word_en, word_zh, value) in parts {
                if let Some(value) = value {
                    en.push_str(&format!(", {word_en} {value}"));
                    zh.push_str(&format!("，{word_zh} {value}"));
                }
            }
            Told::of(
                format!("plain HTTP on the port is answered with {status}{en}"),
                format!("该端口以 {status} 应答明文 HTTP{zh}"),
            )
        }
        PlainAnswer::Other(bytes) => Told::of(
            format!("what answers plain HTTP on the port is no HTTP: {bytes}"),
            format!("该端口对明文 HTTP 的应答不是 HTTP：{bytes}"),
        ),
        PlainAnswer::Nothing(words) => Told::of(
            format!("plain HTTP on the port is not answered ({words})"),
            format!("该端口不应答明文 HTTP（{words}）"),
        ),
    }
}

#[cfg(test)]
pub(super) fn samples() -> Vec<super::Say> {
    let answered =
        |by, id: Option<&str>| Http::Answered { status: 403, by, request_id: id.map(str::to_owned) };
    let (took, reason) = (Duration::from_millis(90), Reason::RegionBlocked);
    let page = |location: Option<&str>| {
        Http::Plain(PlainAnswer::Http {
            status: 302,
            location: location.map(str::to_owned),
            title: location.map(|_| "Portal-1".to_owned()),
            server: location.map(|_| "nginx/1.2".to_owned()),
        })
    };
    let all = [
        answered(Some(AnsweredBy::Origin), Some("req_01")),
        answered(Some(AnsweredBy::Edge), None),
        answered(Some(AnsweredBy::Between), None),
        answered(None, None),
        Http::AskedToWait { wait: Duration::from_secs(7) },
        Http::OtherCallWorks { call: "call_1", took },
        Http::OverHttp1 { took },
        Http::NotOverHttp1 { reason: Reason::HttpTimeout },
        Http::KeylessWorks { took },
        Http::KeylessFails { reason },
        Http::KeylessRefused { reason: Reason::AuthInvalid },
        Http::KeylessAlike { reason },
        page(Some("http://portal.example/login")),
        page(None),
        Http::Plain(PlainAnswer::Other("SSH-2.0".to_owned())),
        Http::Plain(PlainAnswer::Nothing("closed after 0.1 s".to_owned())),
        Http::IdleCut { held: Duration::from_secs(90), reason: Reason::HttpReset },
        Http::IdleHeld { held: Duration::from_secs(60) },
    ];
    all.map(Into::into).into()
}
