//! The server's time, to tell a wrong clock here from a certificate that is really out of date.
//!
//! Promises: over TLS that verifies nothing goes the fixed request and nothing else.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout_at;

use super::scene::{Scene, stream};
use crate::clock;
use crate::outcome::Trial;
use crate::probe::http::{Came, Fixed, ask_fixed};
use crate::probe::tcp;
use crate::probe::tls::{self, TlsSetup};
use crate::target::Scheme;

pub(super) async fn ask(scene: &Scene<'_>) -> Result<Trial, String> {
    let address = scene.address()?;
    let stream = stream(tcp::connect(&[address.ip()], address.port(), scene.deadline).await)?;
    let endpoint = &scene.site.endpoint;
    match endpoint.scheme {
        Scheme::Http => date(scene, stream).await,
        Scheme::Https => {
            let setup = TlsSetup::new(&scene.target.tls, &[], &endpoint.host, false);
            let name = setup.map_err(|error| error.to_string())?.server_name();
            let handshake = tls::handshake_unverified(stream, name);
            let stream = match timeout_at(scene.deadline.at(), handshake).await {
                Ok(Ok(stream)) => stream,
                Ok(Err(error)) => return Err(format!("the TLS handshake for it failed: {error}")),
                Err(_) => return Err("the TLS handshake for it was not over in time".to_owned()),
            };
            date(scene, stream).await
        }
    }
}

async fn date<S>(scene: &Scene<'_>, stream: S) -> Result<Trial, String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let came = ask_fixed(stream, Fixed::Head, &scene.site.endpoint, scene.deadline).await;
    let here = clock::wall();
    match came {
        Came::Http(page) => match page.header("date").map(|date| httpdate::parse_http_date(date.trim())) {
            Some(Ok(server)) => Ok(Trial::ServerClock { server, here }),
            Some(Err(_)) => Err(format!("the server answered {} with a date that is none", page.status)),
            None => Err(format!("the server answered {} without a date", page.status)),
        },
        Came::Other(_) => Err("the server did not answer in HTTP/1.1".to_owned()),
        Came::Nothing(words) => Err(words),
    }
}
