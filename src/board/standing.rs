//! How a target stands: whether it works, and which of its routes and endpoints is preferred.
//!
//! An endpoint works if a journey to it reached the top on at least one path, which takes its TCP and its API; a route
//! works if that holds on it for the endpoint that is preferred. The series of a path show the preferred endpoint, as a
//! client sees it that fails over; while none is healthy, the one that was preferred last.

use std::sync::Arc;

use super::Preference;
use crate::outcome::{Outcome, PathId, Run};
use crate::target::Target;

/// One of several ways, and whether it was another one before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preferred {
    /// The preferred one; `None` while none is healthy.
    pub now: Option<Arc<str>>,
    /// Whether that is different from after the run before; so it is after the first run.
    pub changed: bool,
}

/// How a target stands after a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// At least one path of one endpoint works end to end.
    pub up: bool,
    /// The route `env` would choose.
    pub route: Preferred,
    /// The endpoint to call.
    pub endpoint: Preferred,
    /// Every endpoint and whether it worked in this run.
    pub endpoints: Vec<(Arc<str>, bool)>,
    /// The endpoint that the series of paths show.
    pub shown: Arc<str>,
    /// Paths whose series were shown and are no more.
    pub gone: Vec<PathId>,
}

/// The ways to a target, and how they have done.
#[derive(Debug)]
pub(super) struct Ways {
    /// The routes to each endpoint: one that works to one endpoint may be blocked to another.
    routes: Vec<Preferring>,
    endpoints: Preferring,
    /// The route that was preferred after the run before; outside `None` before the first.
    route: Option<Preferred>,
    shown: Arc<str>,
    /// Sorted.
    paths: Vec<PathId>,
}

/// Names in the order of preference.
#[derive(Debug)]
struct Preferring {
    names: Vec<Arc<str>>,
    preference: Preference,
    last: Option<Arc<str>>,
    judged: bool,
}

impl Preferring {
    fn new(names: Vec<Arc<str>>, target: &Target) -> Self {
        Self { preference: Preference::new(names.len(), target.failover), names, last: None, judged: false }
    }

    fn note(&mut self, worked: impl Fn(&str) -> Option<bool>) -> Preferred {
        let worked: Vec<Option<bool>> = self.names.iter().map(|name| worked(name)).collect();
        self.preference.note(&worked);
        let now = self.preference.preferred().and_then(|index| self.names.get(index)).cloned();
        let changed = !self.judged || now != self.last;
        self.judged = true;
        self.last.clone_from(&now);
        Preferred { now, changed }
    }
}

impl Ways {
    pub(super) fn new(target: &Target) -> Self {
        let endpoints: Vec<Arc<str>> = target.sites.iter().map(|site| site.endpoint.shown().into()).collect();
        let routes: Vec<Arc<str>> = target.routes.iter().map(|route| Arc::clone(&route.name)).collect();
        Self {
            shown: endpoints.first().map_or_else(|| "".into(), Arc::clone),
            routes: endpoints.iter().map(|_| Preferring::new(routes.clone(), target)).collect(),
            route: None,
            endpoints: Preferring::new(endpoints, target),
            paths: Vec::new(),
        }
    }

    /// Judges a run; `latest` are the last journeys of all paths by endpoint and path, that run's included.
    pub(super) fn judge(&mut self, latest: &[Arc<Outcome>], run: &Run) -> Standing {
        let worked = |wanted: &dyn Fn(&Outcome) -> bool| {
            let mut of = run.outcomes.iter().filter(|outcome| wanted(outcome)).peekable();
            of.peek().is_some().then(|| of.any(|outcome| outcome.success_in_the_end()))
        };
        let endpoint = self.endpoints.note(|name| worked(&|outcome| &*outcome.endpoint == name));
        if let Some(preferred) = &endpoint.now {
            self.shown = Arc::clone(preferred);
        }
        let shown = &self.shown;
        let mut now = None;
        for (routes, name) in self.routes.iter_mut().zip(&self.endpoints.names) {
            let preferred = routes
                .note(|route| worked(&|outcome| outcome.endpoint == *name && &*outcome.path.route == route));
            if name == shown {
                now = preferred.now;
            }
        }
        let changed = self.route.as_ref().is_none_or(|before| before.now != now);
        let route = Preferred { now, changed };
        self.route = Some(route.clone());
        let endpoints = self.endpoints.names.iter().map(|name| {
            let works =
                run.outcomes.iter().any(|outcome| outcome.endpoint == *name && outcome.success_in_the_end());
            (Arc::clone(name), works)
        });
        let endpoints: Vec<(Arc<str>, bool)> = endpoints.collect();
        let up = latest.iter().any(|outcome| outcome.success_in_the_end());
        let of_shown = latest.iter().filter(|outcome| outcome.endpoint == *shown);
        let paths = of_shown.clone().map(|outcome| &outcome.path);
        let mut gone = Vec::new();
        if !paths.clone().eq(&self.paths) {
            gone.extend(self.paths.iter().filter(|known| !paths.clone().any(|path| path == *known)).cloned());
            self.paths = paths.cloned().collect();
        }
        Standing { up, route, endpoint, endpoints, shown: Arc::clone(shown), gone }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::Board;
    use crate::config::{Config, Env, Source};
    use crate::outcome::sample;
    use crate::outcome::{ApiEvidence, Failure, Family, Reason, Stage};

    const ONE: &str = "https://one.example/";
    const TWO: &str = "https://two.example/";

    fn target(lines: &str) -> Arc<Target> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.yml");
        std::fs::write(&path, format!("targets:\n  - name: t\n    provider: http\n{lines}")).unwrap();
        Config::load(&Source::File(path), &Env::of::<&str, &str>([])).unwrap().targets.remove(0)
    }

    fn outcome(endpoint: &str, route: &str, family: Family, good: bool) -> Outcome {
        let mut outcome = sample::good(&sample::path("t", route, family));
        outcome.endpoint = endpoint.into();
        if !good {
            let evidence = ApiEvidence::of_call("get", http::Method::GET);
            let failure = Failure::new(Reason::HttpTimeout, "x");
            outcome.stages.api = Stage::Failed { took: outcome.took, failure, evidence };
        }
        outcome
    }

    fn run(outcomes: Vec<Outcome>) -> Run {
        Run { outcomes: outcomes.into_iter().map(Arc::new).collect(), ..Run::of("t".into()) }
    }

    #[test]
    fn a_target_is_up_while_one_path_works() {
        let (board, target) = (Board::default(), target("    url: https://one.example\n"));
        let both = run(vec![
            outcome(ONE, "direct", Family::Ipv4, false),
            outcome(ONE, "direct", Family::Ipv6, true),
        ]);
        assert!(board.apply(&target, &both).up);
        let mut without = run(vec![outcome(ONE, "direct", Family::Ipv4, false)]);
        without.retired = vec![(ONE.into(), sample::path("t", "direct", Family::Ipv6))];
        let standing = board.apply(&target, &without);
        assert!(!standing.up);
        assert_eq!(standing.gone, [sample::path("t", "direct", Family::Ipv6)]);
        assert_eq!(board.target("t").len(), 1);
        board.remove("t");
        assert!(board.target("t").is_empty());
    }

    #[test]
    fn a_route_that_fails_long_enough_is_left_and_come_back_to() {
        let target = target(
            "    url: https://one.example\n    routes: [direct, env]\n    failover: {rise: 2, fall: 2}\n",
        );
        let board = Board::default();
        let apply = |direct| {
            let outcomes =
                vec![outcome(ONE, "direct", Family::Ipv4, direct), outcome(ONE, "env", Family::Ipv4, true)];
            let route = board.apply(&target, &run(outcomes)).route;
            (route.now.map(|name| name.to_string()), route.changed)
        };
        let name = |name: &str, changed| (Some(name.to_owned()), changed);
        assert_eq!(apply(true), name("direct", true));
        assert_eq!(apply(false), name("direct", false));
        assert_eq!(apply(false), name("env", true));
        assert_eq!(apply(true), name("env", false));
        assert_eq!(apply(true), name("direct", true));
    }

    #[test]
    fn a_route_is_judged_for_each_endpoint_by_itself() {
        let target = target(
            "    endpoints: [https://one.example, https://two.example]\n    routes: [direct, env]\n    \
             failover: {rise: 5, fall: 1}\n",
        );
        let board = Board::default();
        // The first endpoint is reached over env only, the second one directly.
        let apply = |one| {
            let outcomes = vec![
                outcome(ONE, "direct", Family::Ipv4, false),
                outcome(ONE, "env", Family::Ipv4, one),
                outcome(TWO, "direct", Family::Ipv4, true),
                outcome(TWO, "env", Family::Ipv4, false),
            ];
            let standing = board.apply(&target, &run(outcomes));
            (standing.shown.to_string(), standing.route.now.map(|name| name.to_string()))
        };
        let at = |endpoint: &str, route: &str| (endpoint.to_owned(), Some(route.to_owned()));
        assert_eq!(apply(true), at(ONE, "env"));
        assert_eq!(apply(false), at(TWO, "direct"), "at once: it has worked all the time");
        for _ in 0..4 {
            assert_eq!(apply(true), at(TWO, "direct"));
        }
        assert_eq!(apply(true), at(ONE, "env"));
    }

    #[test]
    fn the_series_follow_the_preferred_endpoint_and_stay_with_it_while_none_works() {
        let target = target(
            "    endpoints: [https://one.example, https://two.example]\n    failover: {rise: 1, fall: 1}\n",
        );
        let board = Board::default();
        let apply = |one, two| {
            let outcomes = vec![
                outcome(ONE, "direct", Family::Ipv4, one),
                outcome(ONE, "direct", Family::Ipv6, one),
                outcome(TWO, "direct", Family::Ipv4, two),
            ];
            board.apply(&target, &run(outcomes))
        };
        let standing = apply(true, true);
        assert_eq!((&*standing.shown, standing.gone.len()), (ONE, 0));
        let standing = apply(false, true);
        assert_eq!(&*standing.shown, TWO);
        assert_eq!(standing.gone, [sample::path("t", "direct", Family::Ipv6)], "it has no IPv6 there");
        assert_eq!(standing.endpoints, [(ONE.into(), false), (TWO.into(), true)]);
        let standing = apply(false, false);
        assert_eq!((&*standing.shown, standing.endpoint.now, standing.up), (TWO, None, false));
    }
}
