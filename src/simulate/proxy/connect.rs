//! CONNECT as a proxy hears it.

use super::super::counts::Event;
use super::super::fault::Fault;
use super::super::record::RecordedTunnel;
use super::super::world::World;
use super::destination::{Denial, Destination, not_understood};
use super::{SSH, own_fault, relay};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The longest head that is read.
const MAX_HEAD: usize = 16 * 1024;

/// What a client sent.
struct Head {
    method: String,
    authority: String,
    authorization: Option<String>,
    /// What came behind it.
    rest: Vec<u8>,
}

pub(super) async fn serve<S>(mut stream: S, protocol: &'static str, world: &World) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let head = read(&mut stream).await?;
    let destination = Destination::parse(&head.authority).filter(|_| head.method == "CONNECT");
    let Some(destination) = destination else {
        return say(&mut stream, "405 Method Not Allowed", "Allow: CONNECT\r\n").await;
    };
    world.counter.count(&destination.host(), Event::Tunnel);
    world.tunnels.push(RecordedTunnel {
        protocol,
        destination: destination.to_string(),
        keyed: head.authorization.is_some(),
    });
    match own_fault(world).or_else(|| destination.fault(world)) {
        Some(Fault::ProxyAuthRequired) => return challenge(&mut stream).await,
        Some(Fault::ProxyDenied) => return deny(&mut stream).await,
        Some(Fault::ProxyFailed) => return say(&mut stream, "502 Bad Gateway", "").await,
        Some(Fault::ProxyTimeout) => std::future::pending().await,
        Some(Fault::ProxyGarbage) => {
            stream.write_all(SSH).await?;
            return stream.shutdown().await;
        }
        Some(Fault::ProxyClosed) => return stream.shutdown().await,
        _ => {}
    }
    if !admits(world, head.authorization.as_deref()) {
        return challenge(&mut stream).await;
    }
    match destination.open(world).await {
        Ok(target) => {
            stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
            stream.flush().await?;
            relay(stream, &head.rest, target).await
        }
        Err(Denial::Foreign) => deny(&mut stream).await,
        Err(Denial::Silent) => say(&mut stream, "504 Gateway Timeout", "").await,
        Err(Denial::NoAddress | Denial::Refused | Denial::Unreachable) => {
            say(&mut stream, "502 Bad Gateway", "").await
        }
    }
}

async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Head> {
    let mut bytes = Vec::new();
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(&bytes) {
            Ok(httparse::Status::Complete(end)) => {
                let authorization = request
                    .headers
                    .iter()
                    .find(|header| header.name.eq_ignore_ascii_case("proxy-authorization"));
                return Ok(Head {
                    method: request.method.unwrap_or_default().to_owned(),
                    authority: request.path.unwrap_or_default().to_owned(),
                    authorization: authorization
                        .map(|header| String::from_utf8_lossy(header.value).into_owned()),
                    rest: bytes.get(end..).unwrap_or_default().to_vec(),
                });
            }
            Ok(httparse::Status::Partial) if bytes.len() < MAX_HEAD => {}
            Ok(httparse::Status::Partial) => return Err(not_understood("the head has no end")),
            Err(error) => return Err(io::Error::other(error)),
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn admits(world: &World, authorization: Option<&str>) -> bool {
    world.proxy_credentials.as_ref().is_none_or(|(user, password)| {
        let token = STANDARD.encode(format!("{user}:{password}"));
        authorization.and_then(|value| value.strip_prefix("Basic ")) == Some(token.as_str())
    })
}

async fn challenge<S: AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
    let offers =
        "Proxy-Authenticate: Negotiate\r\nProxy-Authenticate: Basic realm=\"simulated, of course\"\r\n";
    say(stream, "407 Proxy Authentication Required", offers).await
}

async fn deny<S: AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
    say(stream, "403 Forbidden", "X-Deny-Reason: host_not_allowed\r\n").await
}

async fn say<S: AsyncWrite + Unpin>(stream: &mut S, status: &str, headers: &str) -> io::Result<()> {
    let answer = format!(
        "HTTP/1.1 {status}\r\nVia: 1.1 simulated-proxy\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}
