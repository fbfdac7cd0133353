//! SOCKS 5 as a proxy hears it.
//!
//! Credentials are asked for before the destination is known: the fault `proxy-auth-required` of a destination is told
//! as "not allowed", and that of the proxy itself as what it is.

use super::super::counts::Event;
use super::super::fault::Fault;
use super::super::host_faults::normal;
use super::super::record::RecordedTunnel;
use super::super::world::World;
use super::destination::{Denial, Destination, not_understood};
use super::{own_fault, relay};
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NONE_ACCEPTABLE: u8 = 0xff;

const CONNECT: u8 = 1;

/// What a web server says to bytes that are no request.
const WEB_SERVER: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";

/// What is answered to a request.
mod code {
    pub(super) const DONE: u8 = 0;
    pub(super) const NOT_ALLOWED: u8 = 2;
    pub(super) const HOST_UNREACHABLE: u8 = 4;
    pub(super) const REFUSED: u8 = 5;
    pub(super) const EXPIRED: u8 = 6;
    pub(super) const COMMAND_NOT_SUPPORTED: u8 = 7;
}

pub(super) async fn serve(mut stream: TcpStream, world: &World) -> io::Result<()> {
    let methods = greeting(&mut stream).await?;
    let own = own_fault(world);
    if let Some(fault @ (Fault::ProxyTimeout | Fault::ProxyGarbage | Fault::ProxyClosed)) = own {
        return break_off(stream, fault).await;
    }
    let refuses = own == Some(Fault::ProxyAuthRequired);
    let method = match &world.proxy_credentials {
        _ if refuses => NONE_ACCEPTABLE,
        Some(_) if methods.contains(&USER_AND_PASSWORD) => USER_AND_PASSWORD,
        None if methods.contains(&NO_AUTHENTICATION) => NO_AUTHENTICATION,
        Some(_) | None => NONE_ACCEPTABLE,
    };
    stream.write_all(&[5, method]).await?;
    let keyed = method == USER_AND_PASSWORD;
    if method == NONE_ACCEPTABLE || (keyed && !authenticate(&mut stream, world).await?) {
        return stream.shutdown().await;
    }
    let (command, destination) = request(&mut stream).await?;
    if command != CONNECT {
        return answer(stream, code::COMMAND_NOT_SUPPORTED).await;
    }
    let name = destination.to_string();
    world.counter.count(&destination.host(), Event::Tunnel);
    world.tunnels.push(RecordedTunnel { protocol: "socks5", destination: name, keyed });
    match own.or_else(|| destination.fault(world)) {
        Some(Fault::ProxyAuthRequired | Fault::ProxyDenied) => {
            return answer(stream, code::NOT_ALLOWED).await;
        }
        Some(Fault::ProxyFailed) => return answer(stream, code::REFUSED).await,
        Some(fault) => return break_off(stream, fault).await,
        None => {}
    }
    match destination.open(world).await {
        Ok(target) => {
            stream.write_all(&reply(code::DONE)).await?;
            relay(stream, &[], target).await
        }
        Err(Denial::Foreign) => answer(stream, code::NOT_ALLOWED).await,
        Err(Denial::Refused) => answer(stream, code::REFUSED).await,
        Err(Denial::Silent) => answer(stream, code::EXPIRED).await,
        Err(Denial::NoAddress | Denial::Unreachable) => answer(stream, code::HOST_UNREACHABLE).await,
    }
}

/// The methods that are offered.
async fn greeting(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let _version = stream.read_u8().await?;
    sized(stream).await
}

async fn authenticate(stream: &mut TcpStream, world: &World) -> io::Result<bool> {
    let _version = stream.read_u8().await?;
    let (user, password) = (sized(stream).await?, sized(stream).await?);
    let right = world
        .proxy_credentials
        .as_ref()
        .is_some_and(|(known, secret)| user == known.as_bytes() && password == secret.as_bytes());
    stream.write_all(&[1, u8::from(!right)]).await?;
    Ok(right)
}

async fn request(stream: &mut TcpStream) -> io::Result<(u8, Destination)> {
    let mut start = [0; 4];
    stream.read_exact(&mut start).await?;
    let [5, command, _, kind] = start else { return Err(not_understood("a request of no SOCKS 5")) };
    let destination = match kind {
        1 => {
            let mut address = [0; 4];
            stream.read_exact(&mut address).await?;
            Destination::Address(SocketAddr::from((address, stream.read_u16().await?)))
        }
        3 => {
            let name = String::from_utf8(sized(stream).await?).map_err(io::Error::other)?;
            Destination::Name(normal(&name).into_owned(), stream.read_u16().await?)
        }
        4 => {
            let mut address = [0; 16];
            stream.read_exact(&mut address).await?;
            Destination::Address(SocketAddr::from((address, stream.read_u16().await?)))
        }
        _ => return Err(not_understood("an address of no known kind")),
    };
    Ok((command, destination))
}

/// Bytes behind their number.
async fn sized(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; stream.read_u8().await?.into()];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

fn reply(code: u8) -> [u8; 10] {
    [5, code, 0, 1, 0, 0, 0, 0, 0, 0]
}

async fn answer(mut stream: TcpStream, code: u8) -> io::Result<()> {
    stream.write_all(&reply(code)).await?;
    stream.shutdown().await
}

async fn break_off(mut stream: TcpStream, fault: Fault) -> io::Result<()> {
    match fault {
        Fault::ProxyTimeout => std::future::pending().await,
        Fault::ProxyGarbage => stream.write_all(WEB_SERVER).await?,
        _ => {}
    }
    stream.shutdown().await
}
