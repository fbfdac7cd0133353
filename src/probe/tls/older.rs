//! Whether a server takes a TLS version older than it should: asked with a client hello made by hand, as rustls offers none.
//!
//! Promises: the hello offers only older versions, with what clients of those days offered; it is one question and the
//! first answer, so nothing secret is ever agreed on, and the connection is of no further use. Only a server hello counts as
//! taken, and only an alert or the end of the connection as refused.

use std::fmt;

use rustls::{AlertDescription, pki_types::ServerName};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout_at;

use crate::net::IoTrouble;
use crate::outcome::{Finding, Reason};
use crate::target::MinTls;
use crate::units::Deadline;

/// What a server makes of a hello that is too old; the words say what came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::probe) enum Older {
    /// It refused.
    Refused(String),
    /// It took the version of this name.
    Accepted(String),
    /// It cannot be told.
    Unknown(String),
}

impl Older {
    /// What is to be told of `server`, which should take nothing older than `min`.
    pub(in crate::probe) fn finding(&self, server: &str, min: MinTls) -> Option<Finding> {
        let Self::Accepted(version) = self else { return None };
        let words =
            format!("{server} accepts {version}; nothing older than {} should be", newest(min).next());
        Some(Finding::new(Reason::TlsOldVersionAccepted, words))
    }
}

/// A version's number on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u16);

impl Version {
    const TLS_1_1: Self = Self(0x0302);
    const TLS_1_2: Self = Self(0x0303);

    fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0x0300 => f.write_str("SSL 3.0"),
            version @ 0x0301..=0x0304 => write!(f, "TLS 1.{}", version - 0x0301),
            other => write!(f, "the unknown version {other:#06x}"),
        }
    }
}

/// The newest version that is still too old.
fn newest(min: MinTls) -> Version {
    match min {
        MinTls::V12 => Version::TLS_1_1,
        MinTls::V13 => Version::TLS_1_2,
    }
}

/// How many records of warnings are read past before the answer.
const WARNINGS: usize = 4;

/// Asks the server at the other end of `stream` whether it takes a version older than `min`.
pub(in crate::probe) async fn refuses_older<S>(
    stream: S,
    min: MinTls,
    server_name: &ServerName<'_>,
    deadline: Deadline,
) -> Older
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let offered = newest(min);
    match timeout_at(deadline.at(), ask(stream, offered, server_name)).await {
        Ok(Ok(older)) => older,
        Ok(Err(error)) => match IoTrouble::of(&error) {
            IoTrouble::Reset | IoTrouble::Eof => {
                Older::Refused(format!("{offered} and older offered: the connection was ended ({error})"))
            }
            IoTrouble::Exhausted
            | IoTrouble::TimedOut
            | IoTrouble::Refused
            | IoTrouble::Unreachable
            | IoTrouble::Other => Older::Unknown(format!("{offered} and older offered: {error}")),
        },
        Err(_) => Older::Unknown(format!("{offered} and older offered: no answer in time")),
    }
}

async fn ask<S>(mut stream: S, offered: Version, server_name: &ServerName<'_>) -> std::io::Result<Older>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    const ALERT: u8 = 21;
    const HANDSHAKE: u8 = 22;
    const WARNING: u8 = 1;
    const CLOSE_NOTIFY: u8 = 0;
    const SERVER_HELLO: u8 = 2;
    stream.write_all(&client_hello(offered, server_name, rand::random())).await?;
    stream.flush().await?;
    let told = |what: fmt::Arguments<'_>| format!("{offered} and older offered: {what}");
    for _ in 0..WARNINGS {
        let mut head = [0; 5];
        stream.read_exact(&mut head).await?;
        let [kind, major, _, high, low] = head;
        let length = u16::from_be_bytes([high, low]);
        if major != 3 || !matches!(kind, ALERT | HANDSHAKE) {
            return Ok(Older::Unknown(told(format_args!("the answer is not TLS: {head:02x?}"))));
        }
        if kind == HANDSHAKE {
            // A server hello begins with its type, three bytes of length and the version.
            let mut start = [0; 6];
            stream.read_exact(&mut start).await?;
            let [message, _, _, _, major, minor] = start;
            let version = Version(u16::from_be_bytes([major, minor]));
            return Ok(match message {
                SERVER_HELLO if version <= offered => Older::Accepted(version.to_string()),
                SERVER_HELLO => Older::Unknown(told(format_args!("the server chose {version}"))),
                other => Older::Unknown(told(format_args!("a handshake message {other} came"))),
            });
        }
        let mut alert = vec![0; usize::from(length)];
        stream.read_exact(&mut alert).await?;
        let &[level, code] = alert.as_slice() else {
            return Ok(Older::Unknown(told(format_args!("a damaged alert came"))));
        };
        // Only a warning, such as that the name is not known: the answer is still to come.
        if level != WARNING || code == CLOSE_NOTIFY {
            let alert = AlertDescription::from(code);
            return Ok(Older::Refused(told(format_args!("alert {alert:?}"))));
        }
    }
    Ok(Older::Unknown(told(format_args!("only warnings came"))))
}

/// Cipher suites of TLS 1.0 to 1.2, AES in GCM before CBC before 3DES; at the end the mark that says that renegotiation is
/// safe. Not the mark of a fallback: servers that are told that a client could do better refuse for that.
const GCM: &[u16] = &[0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0x009e, 0x009f, 0x009c, 0x009d];
const CBC: &[u16] =
    &[0xc009, 0xc013, 0xc00a, 0xc014, 0x0033, 0x0039, 0x002f, 0x0035, 0xc008, 0xc012, 0x0016, 0x000a, 0x00ff];

/// x25519, P-256, P-384, P-521.
const GROUPS: &[u16] = &[29, 23, 24, 25];

/// ECDSA, RSA-PSS and RSA PKCS#1 with SHA-256, -384 and -512, and the latter two of the old ones with SHA-1.
const SIGNATURES: &[u16] =
    &[0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201];

/// The record with a client hello that offers `offered` and, as these versions go, everything older.
fn client_hello(offered: Version, server_name: &ServerName<'_>, random: [u8; 32]) -> Vec<u8> {
    let numbers = |list: &[u16]| list.iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<u8>>();
    let extension = |kind: u16, content: Vec<u8>| [kind.to_be_bytes().to_vec(), sized(content)].concat();
    let mut extensions = Vec::new();
    // An address is not sent as a name.
    if let ServerName::DnsName(name) = server_name {
        let name = sized(name.as_ref().as_bytes().to_vec());
        extensions.extend(extension(0, sized([vec![0], name].concat())));
    }
    extensions.extend(extension(10, sized(numbers(GROUPS))));
    // Points are not compressed.
    extensions.extend(extension(11, vec![1, 0]));
    let mut suites = numbers(CBC);
    if offered >= Version::TLS_1_2 {
        suites = [numbers(GCM), suites].concat();
        extensions.extend(extension(13, sized(numbers(SIGNATURES))));
    }
    // No session to resume, and no compression.
    let hello = [
        offered.0.to_be_bytes().to_vec(),
        random.to_vec(),
        vec![0],
        sized(suites),
        vec![1, 0],
        sized(extensions),
    ]
    .concat();
    let message = [vec![1, 0], sized(hello)].concat();
    [vec![22, 3, 1], sized(message)].concat()
}

/// Bytes behind their length in two bytes.
fn sized(content: Vec<u8>) -> Vec<u8> {
    // A hello is some hundred bytes; a name is 253 at the most.
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX);
    [length.to_be_bytes().to_vec(), content].concat()
}

#[cfg(test)]
mod tests;
