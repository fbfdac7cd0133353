//! A connection that is kept silent and then used again, as a client's pool does.
//!
//! Promises: the call is the provider's free one without a key, over a connection that verified.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use super::scene::{Scene, stream};
use super::walks;
use crate::outcome::{HttpVersion, Layer, Trial};
use crate::probe::http::{Again, CallPlan, Channel, call_again};
use crate::probe::tcp;
use crate::probe::tls::{self, TlsSetup};
use crate::target::{HttpOffer, Scheme};

pub(super) async fn hold(scene: &Scene<'_>, held: Duration) -> Result<Trial, String> {
    if scene.target.top < Layer::Api {
        return Err("no call is made to this target, as its top_layer says".to_owned());
    }
    let address = scene.address()?;
    let endpoint = &scene.site.endpoint;
    let target = walks::without_key(scene)?;
    let plan = CallPlan::new(&target, endpoint, target.call.kind).map_err(|error| error.to_string())?;
    let offer = target.http.offer;
    let stream = stream(tcp::connect(&[address.ip()], address.port(), scene.deadline).await)?;
    let again = match endpoint.scheme {
        Scheme::Http => {
            let version = if offer == HttpOffer::H2 { HttpVersion::Http2 } else { HttpVersion::Http11 };
            twice(scene, stream, &plan, version, Channel::Plain, held).await
        }
        Scheme::Https => {
            let setup = TlsSetup::new(&target.tls, offer.alpn(), &endpoint.host, scene.site.public)
                .map_err(|error| error.to_string())?;
            let arrivals = stream.arrivals();
            let secured = tls::handshake(stream, &arrivals, &setup, scene.deadline).await;
            let evidence = secured.stage.evidence();
            let version = match (evidence.and_then(|evidence| evidence.alpn.as_deref()), offer) {
                (Some("h2"), _) => HttpVersion::Http2,
                (_, HttpOffer::H2) => return Err("the server does not speak HTTP/2".to_owned()),
                (_, HttpOffer::Auto | HttpOffer::H1) => HttpVersion::Http11,
            };
            let Some(stream) = secured.stream else {
                let failure = secured.stage.failure().map(|failure| failure.detail.clone());
                return Err(failure.unwrap_or_else(|| "no handshake was made".to_owned()));
            };
            twice(scene, stream, &plan, version, Channel::Verified, held).await
        }
    };
    match again {
        Again::Answered => Ok(Trial::IdleHold { held, failure: None }),
        Again::Failed(failure) => Ok(Trial::IdleHold { held, failure: Some(failure) }),
        Again::Unknown(words) => Err(words),
    }
}

async fn twice<S>(
    scene: &Scene<'_>,
    stream: S,
    plan: &CallPlan,
    version: HttpVersion,
    channel: Channel,
    held: Duration,
) -> Again
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    Box::pin(call_again(stream, plan, version, channel, scene.target.timeout, held)).await
}
