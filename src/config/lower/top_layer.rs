//! How far up a target is walked.
//!
//! Promises: what would have no effect below that is refused where it is written, as somebody expects something of it.

use super::Context;
use crate::config::decode::Field;
use crate::config::problem::{Checked, Place};
use crate::config::raw::{RawTarget, RawTopLayer};
use crate::outcome::Layer;
use crate::target::{Endpoint, Host, Route, RouteKind, Scheme, top_label};

/// A key that stands there, and the layer without which it has no effect.
type Bound = (Layer, Place);

/// The keys of a target that need more than its name to be looked up.
pub(super) fn bound(raw: &RawTarget) -> Vec<Bound> {
    fn at<T>(layer: Layer, field: &Field<T>) -> Option<Bound> {
        field.given().map(|(_, place)| (layer, place.clone()))
    }
    let http = raw.http.given().map(|(http, _)| http);
    let slo = raw.slo.given().map(|(slo, _)| slo);
    let keys = [
        at(Layer::Api, &raw.api_key),
        at(Layer::Proxy, &raw.addresses),
        at(Layer::Tls, &raw.tls),
        http.and_then(|http| at(Layer::Tls, &http.version)),
        http.and_then(|http| at(Layer::Api, &http.headers)),
        http.and_then(|http| at(Layer::Api, &http.redirect_https)),
        http.and_then(|http| at(Layer::Api, &http.expect)),
        at(Layer::Api, &raw.call),
        at(Layer::Proxy, &raw.retry),
        slo.and_then(|slo| at(Layer::Api, &slo.latency)),
    ];
    keys.into_iter().flatten().collect()
}

/// The highest layer that is walked.
pub(super) fn top_layer(
    field: Field<RawTopLayer>,
    bound: &[Bound],
    endpoints: Option<&[Endpoint]>,
    routes: Option<&[Route]>,
    context: &Context<'_>,
) -> Checked<Layer> {
    let Some((raw, place)) = field.checked()? else { return Ok(Layer::Api) };
    let top = match raw {
        RawTopLayer::Dns => Layer::Dns,
        // The tunnel, where the way leads through a proxy.
        RawTopLayer::Tcp => Layer::Proxy,
        RawTopLayer::Tls => Layer::Tls,
        RawTopLayer::Api => Layer::Api,
    };
    let mut fits = Ok(top);
    for (layer, place) in bound.iter().filter(|(layer, _)| *layer > top) {
        let lacks = match layer {
            Layer::Dns | Layer::Tcp | Layer::Proxy => "nothing is connected to",
            Layer::Tls => "TLS is not spoken",
            Layer::Api => "no call is made",
        };
        let message = format!("without effect: with `top_layer: {}` {lacks}", top_label(top));
        fits = Err(context.report.add_with_help(place, message, "leave one of the two out"));
    }
    let mut endpoints = endpoints.unwrap_or_default().iter();
    let mut routes = routes.unwrap_or_default().iter();
    let unfit = match top {
        Layer::Dns if endpoints.any(|endpoint| matches!(endpoint.host, Host::Address(_))) => {
            "a URL of this target holds an address: there is no name to look up"
        }
        Layer::Dns if routes.any(|route| !matches!(route.kind, RouteKind::Direct)) => {
            "names are looked up for the route `direct` alone, and this target has another one"
        }
        Layer::Tls if endpoints.any(|endpoint| endpoint.scheme == Scheme::Http) => {
            "a URL of this target is http://, without TLS"
        }
        Layer::Dns | Layer::Tcp | Layer::Proxy | Layer::Tls | Layer::Api => return fits,
    };
    Err(context.report.add(&place, unfit))
}
