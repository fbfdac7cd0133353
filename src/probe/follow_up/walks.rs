//! Experiments that are whole journeys: of a target made from the failing one, with one thing that is different.
//!
//! Promises: one endpoint, one route, one attempt, the first resolver; the call is the provider's free one, without a key,
//! whatever is configured. A control is sent nothing that is configured for the target.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, timeout_at};

use super::scene::Scene;
use crate::outcome::{Family, FollowUp, Layer, Outcome, Trial};
use crate::probe::prober::{Prober, SetupError};
use crate::probe::way::Way;
use crate::provider;
use crate::target::{
    Addresses, CallOptions, Endpoint, Expectations, Families, Host, HttpOffer, HttpOptions, MinTls, Order,
    Resolver, RetryOptions, Roots, Route, Scheme, Site, Target, TlsOptions,
};

/// For how long after the deadline a walk may come to its end.
const GRACE: Duration = Duration::from_secs(1);

/// The same path, nothing changed but that the call is free and has no key: twice, so that one that comes and goes is not
/// taken for one that lasts.
pub(super) async fn again(scene: &Scene<'_>) -> Result<Trial, String> {
    let (one, other) = tokio::join!(walk(scene, without_key(scene)?), walk(scene, without_key(scene)?));
    let mut outcomes = one?;
    outcomes.extend(other?);
    Ok(Trial::Again(outcomes))
}

/// The endpoint over the family on which the trouble is not.
pub(super) async fn other_family(scene: &Scene<'_>) -> Result<Trial, String> {
    let other = match scene.wanted.family {
        Family::Ipv4 => Family::Ipv6,
        Family::Ipv6 => Family::Ipv4,
        Family::Any => return Err("on this route the canary does not choose the family".to_owned()),
    };
    if let Host::Address(address) = &scene.site.endpoint.host {
        return Err(format!("{address} is an address: there is no other family"));
    }
    let target = derived(scene, scene.site, scene.route, Families::Only(vec![other]))?;
    Ok(Trial::OtherFamily(walk(scene, target).await?))
}

/// The endpoint on each route that the target does not have.
pub(super) async fn other_routes(scene: &Scene<'_>) -> Vec<FollowUp> {
    let begun = Instant::now();
    let routes = scene.with.routes_beside(scene.target, &scene.site.endpoint);
    if routes.is_empty() {
        return vec![scene.told(begun, Err("there is no other route".to_owned()))];
    }
    join_all(routes.iter().map(|route| async move {
        let families = families(scene.wanted.family);
        let outcomes = match on_another_route(scene, route, families) {
            Ok(target) => walk(scene, target).await,
            Err(words) => Err(words),
        };
        let trial = outcomes.map(|outcomes| Trial::OtherRoute { route: Arc::clone(&route.name), outcomes });
        scene.told(begun, trial)
    }))
    .await
}

/// The failing target on a route that is not its own. What is sent without TLS can be read on the way, and that way was not
/// chosen for what is configured: it is left out.
fn on_another_route(scene: &Scene<'_>, route: &Route, families: Families) -> Result<Target, String> {
    let mut site = scene.site.clone();
    let plain = site.endpoint.scheme == Scheme::Http;
    if plain {
        let path = site.endpoint.path.split('?').next().unwrap_or_default();
        site.endpoint.path = if site.endpoint.confidential { "/".into() } else { path.into() };
    }
    let mut target = derived(scene, &site, route, families)?;
    if plain {
        target.http.headers = Vec::new();
    }
    Ok(target)
}

/// The endpoint with HTTP/1.1 as the only version offered.
pub(super) async fn http1(scene: &Scene<'_>) -> Result<Trial, String> {
    let mut target = without_key(scene)?;
    target.http.offer = HttpOffer::H1;
    Ok(Trial::Http1(walk(scene, target).await?))
}

/// The endpoint as it is, without the key.
pub(super) async fn keyless(scene: &Scene<'_>) -> Result<Trial, String> {
    Ok(Trial::Keyless(walk(scene, without_key(scene)?).await?))
}

/// The failing target on the path of the trouble, with the free call and without the key.
pub(super) fn without_key(scene: &Scene<'_>) -> Result<Target, String> {
    derived(scene, scene.site, scene.route, families(scene.wanted.family))
}

/// Each control on the route of the trouble.
pub(super) async fn controls(scene: &Scene<'_>) -> Vec<FollowUp> {
    let begun = Instant::now();
    let made: Vec<_> = join_all(scene.with.controls_of(scene.target).map(|control| async move {
        let trial = control_outcomes(scene, control)
            .await
            .map(|outcomes| Trial::Control { url: control.shown().into(), outcomes });
        scene.told(begun, trial)
    }))
    .await;
    if made.is_empty() {
        return vec![scene.told(begun, Err("there is no control on another host".to_owned()))];
    }
    made
}

/// Over both families that the control has, where the canary chooses one: a family that goes nowhere at all is told from a
/// network that does.
async fn control_outcomes(scene: &Scene<'_>, control: &Endpoint) -> Result<Vec<Outcome>, String> {
    walk(scene, of_control(scene, control, Families::Answered)?).await
}

/// A target that is a control, as any client would call it.
fn of_control(scene: &Scene<'_>, control: &Endpoint, families: Families) -> Result<Target, String> {
    let site = Site { endpoint: control.clone(), expected_networks: Vec::new(), public: false };
    let generic = provider::by_name("http").ok_or("there is no provider for plain URLs")?;
    let mut target = derived(scene, &site, scene.route, families)?;
    target.provider = generic;
    target.call = CallOptions::free(generic.default_call(false), target.interval);
    target.top = Layer::Api;
    target.http.headers = Vec::new();
    target.http.offer = HttpOffer::Auto;
    target.tls = TlsOptions {
        roots: Roots::Public,
        server_name: None,
        min_version: MinTls::V12,
        refuses_older: false,
        client_cert: None,
        expiry_warning: Duration::ZERO,
    };
    Ok(target)
}

fn families(family: Family) -> Families {
    match family {
        Family::Any => Families::Answered,
        one @ (Family::Ipv4 | Family::Ipv6) => Families::Only(vec![one]),
    }
}

/// The failing target, reduced to one endpoint and route, and to a call that costs nothing and tells nobody anything.
fn derived(scene: &Scene<'_>, site: &Site, route: &Route, families: Families) -> Result<Target, String> {
    let target = scene.target;
    let way = Way::new(&target.name, route, &site.endpoint).map_err(|error| error.to_string())?;
    // Where the proxy resolves the name, asking for it could only take time.
    let resolvers = if way.needs_address() {
        vec![target.resolvers.first().cloned().unwrap_or_else(Resolver::system)]
    } else {
        Vec::new()
    };
    Ok(Target {
        name: Arc::clone(&target.name),
        provider: target.provider,
        sites: vec![site.clone()],
        top: target.top,
        api_key: None,
        interval: target.interval,
        timeout: scene.deadline.left(Instant::now()),
        families,
        addresses: Addresses::First,
        routes: vec![route.clone()],
        resolvers,
        failover: target.failover,
        tls: TlsOptions { refuses_older: false, ..target.tls.clone() },
        http: HttpOptions {
            offer: target.http.offer,
            headers: target.http.headers.clone(),
            expect: Expectations::default(),
            redirect_https: false,
        },
        call: CallOptions::free(target.provider.default_call(false), target.interval),
        retry: RetryOptions::default(),
        status_page: None,
        diagnosis: target.diagnosis,
    })
}

/// Walks a derived target once.
async fn walk(scene: &Scene<'_>, target: Target) -> Result<Vec<Outcome>, String> {
    let prober = Prober::try_new(Arc::new(target), &scene.with.system);
    let prober = prober.map_err(|error: SetupError| error.to_string())?;
    let _taken = scene.take(prober.descriptors()).await?;
    // Its own timeout was set before it may have had to wait. Where it had not, it ends by that: silence to the end is a
    // result, which must not be cut off in the same moment.
    let run = timeout_at(scene.deadline.at() + GRACE, Box::pin(prober.run(Order::Configured)));
    let outcomes = run.await.map_err(|_| "no time was left for it beside the others".to_owned())?.outcomes;
    if outcomes.is_empty() {
        return Err("there is no such path".to_owned());
    }
    Ok(outcomes.into_iter().map(Arc::unwrap_or_clone).collect())
}
