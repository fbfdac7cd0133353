//! Experiments after a failure, each to tell two reasons apart.
//!
//! Promises: nothing costs money, and no key is sent; each has a deadline and connections of its own; what cannot be made
//! is told with its reason, and tells nothing. Calls are the provider's free one without a key, over connections that
//! verified; over those that did not, and over plain ones to a port that should speak TLS, goes at most a fixed request
//! without anything that is configured.

mod handshakes;
mod idle_hold;
mod lookups;
mod plain_http;
mod scene;
mod server_clock;
mod walks;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::dns::SystemResolver;
use crate::outcome::{Experiment, FollowUp, Layer, Trial, Wanted};
use crate::target::{Endpoint, Families, Host, HttpOffer, Resolver, Route, Scheme, Site, Target};
use crate::units::Deadline;
use scene::{Leads, Scene};

/// What experiments are made with.
#[derive(Debug)]
pub struct FollowUps {
    controls: Vec<Endpoint>,
    resolvers: Vec<Resolver>,
    routes: Vec<Route>,
    system: Arc<SystemResolver>,
}

impl FollowUps {
    /// Most sockets one experiment may hold at once.
    pub const SOCKETS: u64 = 24;

    /// Experiments with these hosts to compare with, and these resolvers and routes beside a target's own; the direct route
    /// is always there.
    #[must_use]
    pub fn new(
        controls: Vec<Endpoint>,
        resolvers: Vec<Resolver>,
        routes: Vec<Route>,
        system: Arc<SystemResolver>,
    ) -> Self {
        Self { controls, resolvers, routes, system }
    }

    /// Makes an experiment: one follow-up for each resolver, control or route that it is made with, at least one.
    pub async fn make(&self, target: &Arc<Target>, wanted: &Wanted, deadline: Deadline) -> Vec<FollowUp> {
        let begun = Instant::now();
        let scene = match Scene::new(self, target, wanted, deadline) {
            Ok(scene) => scene,
            Err(words) => return vec![told(wanted, begun, Err(words))],
        };
        // Boxed: what is not made needs no room.
        match wanted.experiment {
            Experiment::Again => vec![told(wanted, begun, Box::pin(walks::again(&scene)).await)],
            Experiment::OtherResolver => Box::pin(lookups::other_resolvers(&scene)).await,
            Experiment::Control => Box::pin(walks::controls(&scene)).await,
            Experiment::OtherRoute => Box::pin(walks::other_routes(&scene)).await,
            Experiment::OtherFamily => vec![told(wanted, begun, Box::pin(walks::other_family(&scene)).await)],
            Experiment::Http1 => vec![told(wanted, begun, Box::pin(walks::http1(&scene)).await)],
            Experiment::Keyless => vec![told(wanted, begun, Box::pin(walks::keyless(&scene)).await)],
            Experiment::NeutralName => {
                vec![told(wanted, begun, Box::pin(handshakes::neutral_name(&scene)).await)]
            }
            Experiment::SmallSegments => {
                vec![told(wanted, begun, Box::pin(handshakes::small_segments(&scene)).await)]
            }
            Experiment::ClassicalKeys => {
                vec![told(wanted, begun, Box::pin(handshakes::classical_keys(&scene)).await)]
            }
            Experiment::PlainHttp => vec![told(wanted, begun, Box::pin(plain_http::ask(&scene)).await)],
            Experiment::ServerClock => vec![told(wanted, begun, Box::pin(server_clock::ask(&scene)).await)],
            Experiment::IdleHold => {
                vec![told(wanted, begun, Err("it was not said how long to hold the connection".to_owned()))]
            }
        }
    }

    /// Keeps a connection silent for so long, and uses it again: to the address wanted, on a direct way. It takes as long
    /// as it is held, and at most three times the target's timeout beside.
    pub async fn idle_hold(&self, target: &Arc<Target>, wanted: &Wanted, held: Duration) -> FollowUp {
        let begun = Instant::now();
        let deadline = Deadline::after(begun, target.timeout);
        let trial = match Scene::new(self, target, wanted, deadline) {
            Ok(scene) => Box::pin(idle_hold::hold(&scene, held)).await,
            Err(words) => Err(words),
        };
        told(wanted, begun, trial)
    }

    /// The experiments that could be made for a target and would not repeat what each of its runs does anyway.
    #[must_use]
    pub fn possible(&self, target: &Target) -> Vec<Experiment> {
        let any = |holds: &dyn Fn(&Site) -> bool| target.sites.iter().any(holds);
        let direct = |site: &Site| {
            target.routes.iter().any(|route| Leads::of(route, &site.endpoint) == Leads::Straight)
        };
        let https = |site: &Site| site.endpoint.scheme == Scheme::Https;
        let named = any(&|site| matches!(site.endpoint.host, Host::Name(_)));
        let can = |experiment: &Experiment| match experiment {
            Experiment::Again => true,
            Experiment::OtherResolver => named && self.resolvers_beside(target).next().is_some(),
            Experiment::Control => self.controls_of(target).next().is_some(),
            // Where DNS decides, the other one is walked in each run or does not exist.
            Experiment::OtherFamily => {
                named && matches!(&target.families, Families::Only(only) if only.len() == 1) && any(&direct)
            }
            // A proxy that resolves the name itself tells nothing of DNS here.
            Experiment::OtherRoute if target.top == Layer::Dns => false,
            Experiment::OtherRoute => any(&|site| !self.routes_beside(target, &site.endpoint).is_empty()),
            Experiment::NeutralName | Experiment::SmallSegments | Experiment::ClassicalKeys => {
                any(&|site| https(site) && direct(site))
            }
            Experiment::Http1 => match target.http.offer {
                HttpOffer::Auto => any(&https),
                HttpOffer::H1 => false,
                HttpOffer::H2 => true,
            },
            Experiment::Keyless => target.api_key.is_some(),
            Experiment::IdleHold if target.top < Layer::Api => false,
            Experiment::PlainHttp | Experiment::ServerClock | Experiment::IdleHold => any(&direct),
        };
        Experiment::ALL.iter().copied().filter(can).collect()
    }

    /// The controls that say anything of a target: not on a host of its own.
    fn controls_of<'a>(&'a self, target: &'a Target) -> impl Iterator<Item = &'a Endpoint> {
        let own = |control: &Endpoint| target.sites.iter().any(|site| site.endpoint.host == control.host);
        self.controls.iter().filter(move |control| !own(control))
    }

    /// The resolvers that a target does not ask.
    fn resolvers_beside<'a>(&'a self, target: &'a Target) -> impl Iterator<Item = &'a Resolver> {
        let asked = |resolver: &Resolver| {
            target.resolvers.iter().any(|own| own.name == resolver.name || own.kind == resolver.kind)
        };
        self.resolvers.iter().filter(move |resolver| !asked(resolver))
    }

    /// The routes that lead to an endpoint by another way than all of the target's own, which each run walks.
    fn routes_beside(&self, target: &Target, endpoint: &Endpoint) -> Vec<Route> {
        let mut known: Vec<_> = target.routes.iter().map(|route| Leads::of(route, endpoint)).collect();
        let mut beside = Vec::new();
        for route in self.routes.iter().chain([&Route::direct()]) {
            let leads = Leads::of(route, endpoint);
            if leads != Leads::Nowhere && !known.contains(&leads) {
                known.push(leads);
                beside.push(route.clone());
            }
        }
        beside
    }
}

/// The record of an experiment that has come to this, or could not be made.
fn told(wanted: &Wanted, begun: Instant, trial: Result<Trial, String>) -> FollowUp {
    let trial = trial.unwrap_or_else(Trial::Unknown);
    FollowUp { wanted: wanted.clone(), took: begun.elapsed(), trial }
}

#[cfg(test)]
mod tests;
