//! SOCKS 5: greeting, user and password, request (RFC 1928, RFC 1929).
//!
//! Written here, since the clients there are tell neither what came that was not SOCKS, nor at which of the three
//! questions a proxy hung up, nor may they be asked half of it in time.

use std::net::IpAddr;

use tokio::io::{AsyncRead, AsyncWrite};

use super::Destination;
use super::inbox::Inbox;
use super::refusal::Refusal;
use super::setup::ProxySetup;
use crate::outcome::{ProxyEvidence, Reason};
use crate::target::Credentials;

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NONE_ACCEPTABLE: u8 = 0xff;

/// How the method is called in evidence.
const USER_AND_PASSWORD_NAME: &str = "username/password";

/// Asks for a tunnel to `destination`.
pub(super) async fn ask<S>(
    inbox: &mut Inbox<'_, S>,
    setup: &ProxySetup,
    destination: Destination<'_>,
    evidence: &mut ProxyEvidence,
) -> Result<(), Refusal>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let request = request(destination)?;
    let credentials = setup.proxy().credentials.as_ref();
    // Only what can be gone through with is offered: a proxy takes the one that it likes best.
    let greeting: &[u8] = match credentials {
        None => &[VERSION, 1, NO_AUTHENTICATION],
        Some(_) => &[VERSION, 2, NO_AUTHENTICATION, USER_AND_PASSWORD],
    };
    inbox.ask("the SOCKS greeting", greeting).await?;
    match (reply(inbox).await?, credentials) {
        (NO_AUTHENTICATION, _) => {}
        (USER_AND_PASSWORD, Some(credentials)) => authenticate(inbox, credentials, evidence).await?,
        (USER_AND_PASSWORD, None) => {
            evidence.auth_schemes = vec![USER_AND_PASSWORD_NAME.to_owned()];
            let words = "it wants user and password, and none are configured";
            return Err(Refusal::new(Reason::ProxyAuthRequired, words));
        }
        (NONE_ACCEPTABLE, None) => {
            let words = "it accepts nobody without authentication, and no credentials are configured";
            return Err(Refusal::new(Reason::ProxyAuthRequired, words));
        }
        (NONE_ACCEPTABLE, Some(_)) => {
            let words = "it accepts neither user and password nor clients without authentication";
            return Err(Refusal::new(Reason::ProxyAuthRequired, words));
        }
        (method, _) => {
            let words = format!("it chose authentication method {method}, which was not offered");
            return Err(Refusal::new(Reason::ProxyProtocol, words));
        }
    }
    let _ = inbox.take(2);
    let asked = format!("SOCKS CONNECT {}", destination.authority());
    inbox.ask(asked.as_str(), &request).await?;
    let code = reply(inbox).await?;
    if code != 0 {
        return Err(refused(code, &asked));
    }
    // Then the address it connects from, of no use to us but for its length.
    let length = match inbox.at_least(5).await? {
        [_, _, _, 1, ..] => 4 + 4 + 2,
        [_, _, _, 3, length, ..] => 4 + 1 + usize::from(*length) + 2,
        [_, _, _, 4, ..] => 4 + 16 + 2,
        _ => {
            let words = format!("its answer to {asked} says success, with an address of no known kind");
            return Err(Refusal::new(Reason::ProxyProtocol, words));
        }
    };
    inbox.at_least(length).await?;
    let _ = inbox.take(length);
    Ok(())
}

/// The second byte of a message, behind the version.
async fn reply<S>(inbox: &mut Inbox<'_, S>) -> Result<u8, Refusal>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if !inbox.at_least(1).await?.starts_with(&[VERSION]) {
        return Err(inbox.not("SOCKS 5"));
    }
    Ok(inbox.at_least(2).await?.get(1).copied().unwrap_or_default())
}

async fn authenticate<S>(
    inbox: &mut Inbox<'_, S>,
    credentials: &Credentials,
    evidence: &mut ProxyEvidence,
) -> Result<(), Refusal>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let _ = inbox.take(2);
    let mut message = vec![1];
    for part in [&credentials.user, &credentials.password] {
        let part = part.expose();
        let length = u8::try_from(part.len()).map_err(|_| {
            Refusal::new(Reason::ProxyAuthRequired, "the user or password is longer than SOCKS allows")
        })?;
        message.push(length);
        message.extend_from_slice(part.as_bytes());
    }
    inbox.ask("the SOCKS authentication", &message).await?;
    match inbox.at_least(2).await? {
        // Its version is 1; some answer with that of SOCKS.
        [1 | VERSION, 0, ..] => Ok(()),
        [1 | VERSION, status, ..] => {
            let words = format!("it rejected the credentials (status {status})");
            evidence.auth_schemes = vec![USER_AND_PASSWORD_NAME.to_owned()];
            Err(Refusal::new(Reason::ProxyAuthRequired, words))
        }
        _ => Err(inbox.not("SOCKS 5")),
    }
}

fn request(destination: Destination<'_>) -> Result<Vec<u8>, Refusal> {
    let mut message = vec![VERSION, 1, 0];
    let port = match destination {
        Destination::Name(name, port) => {
            let length = u8::try_from(name.len()).map_err(|_| {
                let words =
                    format!("SOCKS takes names of at most 255 bytes, and {name:.40}… has {}", name.len());
                Refusal::new(Reason::ProxyFailed, words)
            })?;
            message.extend_from_slice(&[3, length]);
            message.extend_from_slice(name.as_bytes());
            port
        }
        Destination::Address(address) => {
            match address.ip() {
                IpAddr::V4(address) => {
                    message.push(1);
                    message.extend_from_slice(&address.octets());
                }
                IpAddr::V6(address) => {
                    message.push(4);
                    message.extend_from_slice(&address.octets());
                }
            }
            address.port()
        }
    };
    message.extend_from_slice(&port.to_be_bytes());
    Ok(message)
}

fn refused(code: u8, asked: &str) -> Refusal {
    let (reason, words) = match code {
        1 => (Reason::ProxyFailed, "general failure"),
        2 => (Reason::ProxyDenied, "not allowed by its rules"),
        3 => (Reason::ProxyFailed, "network unreachable"),
        4 => (Reason::ProxyFailed, "host unreachable"),
        5 => (Reason::ProxyFailed, "connection refused"),
        6 => (Reason::ProxyFailed, "no answer in time (TTL expired)"),
        7 => (Reason::ProxyFailed, "it does not support CONNECT"),
        8 => (Reason::ProxyFailed, "it does not support this kind of address"),
        _ => (Reason::ProxyFailed, "no known meaning"),
    };
    Refusal::new(reason, format!("{asked} was answered with code {code}: {words}"))
}
