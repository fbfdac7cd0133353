//! What one experiment is about: the endpoint and the route of the trouble, and how much time and how many sockets there are.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use super::FollowUps;
use crate::net::Stamped;
use crate::outcome::{FollowUp, Trial, Wanted};
use crate::probe::tcp::Connected;
use crate::target::{Endpoint, EnvWay, Proxy, Route, RouteKind, Site, Target};
use crate::units::Deadline;

/// Where a route leads to from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Leads {
    /// To the endpoint itself.
    Straight,
    /// To this proxy.
    ToProxy(Arc<Proxy>),
    /// What stands in the proxy variables is not supported.
    Nowhere,
}

impl Leads {
    pub(super) fn of(route: &Route, endpoint: &Endpoint) -> Self {
        match &route.kind {
            RouteKind::Direct => Self::Straight,
            RouteKind::Proxy(proxy) => Self::ToProxy(Arc::clone(proxy)),
            RouteKind::Environment(environment) => match environment.route(endpoint).way {
                EnvWay::Direct => Self::Straight,
                EnvWay::Proxy(proxy) => Self::ToProxy(proxy),
                EnvWay::Unsupported(_) => Self::Nowhere,
            },
        }
    }
}

/// One experiment, about to be made.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    pub(super) with: &'a FollowUps,
    pub(super) target: &'a Arc<Target>,
    pub(super) wanted: &'a Wanted,
    pub(super) site: &'a Site,
    pub(super) route: &'a Route,
    /// The experiment's, and no later than a journey of the target could take.
    pub(super) deadline: Deadline,
    sockets: Semaphore,
}

impl<'a> Scene<'a> {
    /// Finds out what is meant; else in words why it cannot be made.
    pub(super) fn new(
        with: &'a FollowUps,
        target: &'a Arc<Target>,
        wanted: &'a Wanted,
        deadline: Deadline,
    ) -> Result<Self, String> {
        let shown = &*wanted.endpoint;
        let site = target.sites.iter().find(|site| site.endpoint.shown() == shown);
        let site = site.ok_or_else(|| format!("the target has no endpoint {shown}"))?;
        let mut routes = target.routes.iter().chain(&with.routes);
        let route = routes.find(|route| route.name == wanted.route);
        let route = route.ok_or_else(|| format!("there is no route {}", wanted.route))?;
        let now = Instant::now();
        let left = deadline.left(now).min(target.timeout);
        if left.is_zero() {
            return Err("no time was left for it".to_owned());
        }
        let sockets = Semaphore::new(usize::try_from(FollowUps::SOCKETS).unwrap_or(usize::MAX));
        Ok(Self { with, target, wanted, site, route, deadline: Deadline::after(now, left), sockets })
    }

    /// Takes so many sockets for as long as the permit is held, when there are so many; an error when time is up before.
    pub(super) async fn take(&self, sockets: u64) -> Result<SemaphorePermit<'_>, String> {
        let most = u32::try_from(sockets.min(FollowUps::SOCKETS)).unwrap_or(u32::MAX);
        match timeout_at(self.deadline.at(), self.sockets.acquire_many(most)).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err("no time was left for it beside the others".to_owned()),
        }
    }

    /// The address to connect to, where the trouble is on a direct way.
    pub(super) fn address(&self) -> Result<SocketAddr, String> {
        if Leads::of(self.route, &self.site.endpoint) != Leads::Straight {
            return Err(format!("it is made on direct ways, and the route {} is none", self.route.name));
        }
        self.wanted.address.ok_or_else(|| "no address was reached that it could be made on".to_owned())
    }

    pub(super) fn told(&self, begun: Instant, trial: Result<Trial, String>) -> FollowUp {
        super::told(self.wanted, begun, trial)
    }
}

/// The connection, or why there is none: then the experiment tells nothing.
pub(super) fn stream(connected: Connected) -> Result<Stamped, String> {
    let Connected { stage, stream, late: _ } = connected;
    stream.ok_or_else(|| match stage.failure() {
        Some(failure) => failure.detail.clone(),
        None => "there is no connection".to_owned(),
    })
}
