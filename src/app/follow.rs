//! Following the preferred route of one target, for `api-canary env`: runs of that target alone, and what follows.
//!
//! Promises: the route is chosen as `target_preferred_route_info` tells it, from the first run on; runs keep the target's
//! interval and never overlap.

use std::sync::Arc;

use tokio::time::Instant;

use crate::board::{Board, Standing};
use crate::config::Config;
use crate::outcome::Run;
use crate::probe::{Prober, SetupError};
use crate::target::{Endpoint, Proxy, RouteKind, Site, Target};

/// Why a target cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The config has no such target.
    #[error("no target is named {name:?}: the config has {known}")]
    NoSuchTarget {
        /// What was asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The target cannot be probed.
    #[error("target {name}: {source}")]
    Setup {
        /// Which.
        name: Arc<str>,
        /// Why.
        source: Box<SetupError>,
    },
}

/// One target, and how its routes have done.
#[derive(Debug)]
pub struct Follower {
    prober: Prober,
    board: Board,
    next: Instant,
}

/// What a run said.
#[derive(Debug)]
pub struct Look {
    /// The run.
    pub run: Run,
    /// How the target stands after it.
    pub standing: Standing,
}

/// The way the preferred route leads to the endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preferred {
    /// The route.
    pub route: Arc<str>,
    /// The proxy it leads through, if it is one of the config.
    pub proxy: Option<Arc<Proxy>>,
    /// Whether it follows the variables as they are.
    pub unchanged: bool,
    /// The endpoint it was chosen for.
    pub endpoint: Endpoint,
}

impl Follower {
    /// Prepares to follow a target: the named one, or the first of the config.
    ///
    /// # Errors
    /// If there is no such target, or it cannot be probed.
    pub fn new(config: &Config, name: Option<&str>) -> Result<Self, FollowError> {
        let wanted = |target: &&Arc<Target>| name.is_none_or(|name| *target.name == *name);
        let target = config.targets.iter().find(wanted).ok_or_else(|| {
            let known: Vec<&str> = config.targets.iter().map(|target| &*target.name).collect();
            FollowError::NoSuchTarget { name: name.unwrap_or_default().to_owned(), known: known.join(", ") }
        })?;
        let prober = Prober::try_new(Arc::clone(target), &Arc::default()).map_err(|source| {
            FollowError::Setup { name: Arc::clone(&target.name), source: Box::new(source) }
        })?;
        Ok(Self { prober, board: Board::default(), next: Instant::now() })
    }

    /// The target.
    #[must_use]
    pub fn target(&self) -> &Arc<Target> {
        self.prober.target()
    }

    /// Waits until the next run is due, the first being due at once, and makes it.
    pub async fn look(&mut self) -> Look {
        tokio::time::sleep_until(self.next).await;
        // After a long halt the rhythm starts anew instead of catching up.
        self.next = (self.next + self.target().interval).max(Instant::now());
        let run = self.prober.run(self.target().call.unpaid()).await;
        let standing = self.board.apply(self.prober.target(), &run);
        Look { run, standing }
    }

    /// The way of the preferred route; `None` while no route is healthy.
    #[must_use]
    pub fn preferred(&self, standing: &Standing) -> Option<Preferred> {
        let target = self.target();
        let route = target.routes.iter().find(|route| Some(&route.name) == standing.route.now.as_ref())?;
        let shown = |site: &&Site| *site.endpoint.shown() == *standing.shown;
        let endpoint = &target.sites.iter().find(shown)?.endpoint;
        let (proxy, unchanged) = match &route.kind {
            RouteKind::Direct => (None, false),
            RouteKind::Proxy(proxy) => (Some(Arc::clone(proxy)), false),
            RouteKind::Environment(_) => (None, true),
        };
        Some(Preferred { route: Arc::clone(&route.name), proxy, unchanged, endpoint: endpoint.clone() })
    }
}
