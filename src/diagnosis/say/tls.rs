//! Lines about TLS and certificates.

use std::time::Duration;

use super::{Time, Told};
use crate::outcome::Reason;
use crate::units::roughly;

/// Of TLS and certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// The certificate verified.
    Verified {
        /// Who issued it, where that was seen.
        issuer: Option<String>,
        /// In which time the handshake was over.
        took: Duration,
    },
    /// The name sent decides: with another one there is an answer.
    NeutralAnswered {
        /// The other name.
        name: String,
        /// The name of the API.
        host: String,
    },
    /// The name sent does not decide.
    NeutralFails {
        /// The other name.
        name: String,
    },
    /// With small segments there is an answer.
    SmallAnswered {
        /// The largest segment, in bytes.
        mss: u16,
    },
    /// Small segments change nothing.
    SmallFails {
        /// The largest segment, in bytes.
        mss: u16,
    },
    /// With a small client hello there is an answer.
    ClassicalAnswered,
    /// A small client hello changes nothing.
    ClassicalFails,
    /// Soon after it was cut, every handshake was answered.
    AnsweredNow,
    /// Our clock is wrong.
    ClockOff {
        /// By how much.
        off: Duration,
        /// Whether it is ahead.
        ahead: bool,
    },
    /// Our clock is right, as far as the server's tells.
    ClockRight {
        /// By how much they differ.
        off: Duration,
    },
    /// The certificate of another host seems out of date too.
    OutOfDateToo {
        /// Which.
        host: String,
        /// How.
        reason: Reason,
    },
    /// Another host shows a certificate of the same issuer, which is not a public one.
    SameIssuer {
        /// Who.
        issuer: String,
        /// The other host.
        host: String,
    },
    /// The issuer is trusted by this machine only.
    MachineOnly {
        /// Who.
        issuer: String,
    },
    /// Who issued the certificate that was shown.
    IssuedBy {
        /// Who.
        issuer: String,
    },
}

impl Tls {
    pub(super) fn told(&self) -> Told {
        match self {
            Self::Verified { issuer: Some(issuer), took } => Told::of(
                format!("the certificate verified (issued by {issuer}), handshake in {}", Time(*took)),
                format!("证书验证通过（由 {issuer} 签发），握手用时 {}", Time(*took)),
            ),
            Self::Verified { issuer: None, took } => Told::of(
                format!("TLS was set up in {}", Time(*took)),
                format!("TLS 在 {} 内建立", Time(*took)),
            ),
            Self::NeutralAnswered { name, host } => Told::of(
                format!("the same address answers in TLS when asked for {name} instead of {host}"),
                format!("同一地址在请求 {name} 而不是 {host} 时会用 TLS 应答"),
            ),
            Self::NeutralFails { name } => Told::of(
                format!("asking for {name} instead changes nothing: not a filter on the name"),
                format!("改为请求 {name} 也没有变化：不是针对域名的过滤"),
            ),
            Self::SmallAnswered { mss } => Told::of(
                format!("with segments of at most {mss} bytes the handshake is answered"),
                format!("报文段限制为 {mss} 字节时握手有应答"),
            ),
            Self::SmallFails { mss } => Told::of(
                format!("segments of at most {mss} bytes change nothing: not the size of packets"),
                format!("报文段限制为 {mss} 字节也没有变化：与数据包大小无关"),
            ),
            Self::ClassicalAnswered => Told::of(
                "with a small client hello (classical keys only) the handshake is answered",
                "使用较小的 ClientHello（仅传统密钥交换）时握手有应答",
            ),
            Self::ClassicalFails => Told::of(
                "a small client hello changes nothing: not its size",
                "较小的 ClientHello 也没有变化：与其大小无关",
            ),
            Self::AnsweredNow => Told::of(
                "moments later the same address answered in TLS, with this name and with another: it comes and goes",
                "片刻之后，同一地址用此域名和另一域名都能用 TLS 应答：问题时有时无",
            ),
            Self::ClockOff { off, ahead: true } => Told::of(
                format!("this machine's clock is {} ahead of the server's", roughly(*off)),
                format!("本机时钟比服务器快 {}", roughly(*off)),
            ),
            Self::ClockOff { off, ahead: false } => Told::of(
                format!("this machine's clock is {} behind the server's", roughly(*off)),
                format!("本机时钟比服务器慢 {}", roughly(*off)),
            ),
            Self::ClockRight { off } => Told::of(
                format!("this machine's clock and the server's differ by {} only", Time(*off)),
                format!("本机时钟与服务器时钟仅相差 {}", Time(*off)),
            ),
            Self::OutOfDateToo { host, reason } => Told::of(
                format!("the certificate of {host} seems out of date as well ({reason})"),
                format!("{host} 的证书看起来也不在有效期内（{reason}）"),
            ),
            Self::SameIssuer { issuer, host } => Told::of(
                format!("{host} shows a certificate of the same issuer, {issuer}, which is not a public one"),
                format!("{host} 出示的证书由同一颁发者 {issuer} 签发，它不是公共 CA"),
            ),
            Self::MachineOnly { issuer } => Told::of(
                format!(
                    "only this machine trusts the issuer {issuer}: something between here and the API made this certificate"
                ),
                format!("只有本机信任颁发者 {issuer}：该证书由本机与 API 之间的设备生成"),
            ),
            Self::IssuedBy { issuer } => Told::of(
                format!("the certificate that was shown is issued by {issuer}"),
                format!("所出示的证书由 {issuer} 签发"),
            ),
        }
    }
}

#[cfg(test)]
pub(super) fn samples() -> Vec<super::Say> {
    let (issuer, host) = (|| "CN=Gateway-1".to_owned(), || "example.com".to_owned());
    let (took, off) = (Duration::from_millis(20), Duration::from_secs(3 * 86_400 + 5));
    let all = [
        Tls::Verified { issuer: Some(issuer()), took },
        Tls::Verified { issuer: None, took },
        Tls::NeutralAnswered { name: "neutral.example".to_owned(), host: host() },
        Tls::NeutralFails { name: "neutral.example".to_owned() },
        Tls::SmallAnswered { mss: 1200 },
        Tls::SmallFails { mss: 1200 },
        Tls::ClassicalAnswered,
        Tls::ClassicalFails,
        Tls::AnsweredNow,
        Tls::ClockOff { off, ahead: true },
        Tls::ClockOff { off, ahead: false },
        Tls::ClockRight { off: Duration::from_secs(1) },
        Tls::OutOfDateToo { host: host(), reason: Reason::TlsCertExpired },
        Tls::SameIssuer { issuer: issuer(), host: host() },
        Tls::MachineOnly { issuer: issuer() },
        Tls::IssuedBy { issuer: issuer() },
    ];
    all.map(Into::into).into()
}
