//! TLS to the address of the trouble, with one thing in the handshake that is different.
//!
//! Promises: these connections carry nothing but the handshake, whether it verified or not.

use super::scene::{Scene, stream};
use crate::net::Stamped;
use crate::outcome::{Handshake, Reason, Stage, TlsEvidence, Trial};
use crate::probe::tcp;
use crate::probe::tls::{self, TlsSetup};
use crate::target::{Endpoint, Host, Scheme, TlsOptions};

/// Nothing is too small a packet for: every network carries segments of this size, over IPv4 and IPv6.
const SMALL: u16 = 536;

/// Names that nobody filters, where no control has one.
const NEUTRAL: [&str; 2] = ["example.com", "example.org"];

/// With a name that nobody filters.
pub(super) async fn neutral_name(scene: &Scene<'_>) -> Result<Trial, String> {
    let address = scene.address()?;
    let endpoint = of_tls(scene)?;
    let name = neutral(scene, endpoint);
    // A certificate of our own would be shown to nobody: the name does not verify.
    let options =
        TlsOptions { server_name: Some(name.clone()), client_cert: None, ..scene.target.tls.clone() };
    let alpn = scene.target.http.offer.alpn();
    let setup = TlsSetup::new(&options, alpn, &endpoint.host, false).map_err(|error| error.to_string())?;
    let connected = tcp::connect(&[address.ip()], address.port(), scene.deadline).await;
    let handshake = shake(scene, stream(connected)?, &setup).await?;
    Ok(Trial::NeutralName { name, handshake })
}

/// With small segments.
pub(super) async fn small_segments(scene: &Scene<'_>) -> Result<Trial, String> {
    let address = scene.address()?;
    let endpoint = of_tls(scene)?;
    let alpn = scene.target.http.offer.alpn();
    let setup = TlsSetup::new(&scene.target.tls, alpn, &endpoint.host, scene.site.public)
        .map_err(|error| error.to_string())?;
    let connected = tcp::connect_small(address, SMALL, scene.deadline).await;
    let handshake = shake(scene, stream(connected)?, &setup).await?;
    Ok(Trial::SmallSegments { mss: SMALL, handshake })
}

/// With a small client hello.
pub(super) async fn classical_keys(scene: &Scene<'_>) -> Result<Trial, String> {
    let address = scene.address()?;
    let endpoint = of_tls(scene)?;
    let alpn = scene.target.http.offer.alpn();
    let setup = TlsSetup::classical(&scene.target.tls, alpn, &endpoint.host, scene.site.public)
        .map_err(|error| error.to_string())?;
    let connected = tcp::connect(&[address.ip()], address.port(), scene.deadline).await;
    Ok(Trial::ClassicalKeys(shake(scene, stream(connected)?, &setup).await?))
}

/// The endpoint, if it speaks TLS.
fn of_tls<'a>(scene: &Scene<'a>) -> Result<&'a Endpoint, String> {
    let endpoint = &scene.site.endpoint;
    match endpoint.scheme {
        Scheme::Https => Ok(endpoint),
        Scheme::Http => Err(format!("{} is spoken to without TLS", endpoint.shown())),
    }
}

/// The first control's name, or a well-known one; never the name that is in trouble.
fn neutral(scene: &Scene<'_>, endpoint: &Endpoint) -> String {
    let own = [scene.target.tls.server_name.clone(), Some(endpoint.host.to_string())];
    let controls = scene.with.controls.iter().filter_map(|control| match &control.host {
        Host::Name(name) => Some(name.as_str()),
        Host::Address(_) => None,
    });
    let mut names = controls.chain(NEUTRAL);
    let free = names.find(|name| !own.iter().flatten().any(|own| own == name));
    free.unwrap_or(NEUTRAL[0]).to_owned()
}

async fn shake(scene: &Scene<'_>, stream: Stamped, setup: &TlsSetup) -> Result<Handshake, String> {
    // The connection, if it verified, is dropped here.
    let arrivals = stream.arrivals();
    let stage = tls::handshake(stream, &arrivals, setup, scene.deadline).await.stage;
    judge(stage)
}

/// Whether a handshake was answered in TLS: by a certificate, whatever it is worth, or by an alert. Our own trouble says
/// nothing.
fn judge(stage: Stage<TlsEvidence>) -> Result<Handshake, String> {
    match stage {
        Stage::Passed { evidence, .. } => Ok(Handshake::Answered(Box::new(evidence))),
        Stage::Failed { failure, evidence, .. } => match failure.reason {
            Reason::CanaryExhausted => Err(failure.detail),
            Reason::TlsReset | Reason::TlsTimeout | Reason::TlsNotTls if evidence.chain.is_none() => {
                Ok(Handshake::Failed(failure))
            }
            _ => Ok(Handshake::Answered(Box::new(evidence))),
        },
        Stage::NotPlanned | Stage::NotReached => Err("no handshake was made".to_owned()),
    }
}
