//! The evidence of a case, prepared once: sorted, and with the questions that rules ask of it.
//!
//! Promises: two cases that hold the same in another order give the same view.

use std::cmp::{Ordering, Reverse};
use std::fmt::Debug;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::diagnosis::{Case, Neighbour, State};
use crate::outcome::{
    Asked, DnsEvidence, Failure, Finding, FollowUp, Layer, Lookup, Outcome, Reason, Severity, Stage, Stages,
    TlsEvidence, Trial, Wanted,
};
use crate::target::{Endpoint, Host, Site, Target};

/// What rules look at.
#[derive(Debug)]
pub(in crate::diagnosis) struct View<'a> {
    pub(in crate::diagnosis) target: &'a Target,
    /// Every path's last journey.
    pub(super) paths: Vec<&'a Outcome>,
    lookups: Vec<&'a Lookup>,
    pub(super) findings: Vec<&'a (Arc<str>, Finding)>,
    follow_ups: Vec<&'a FollowUp>,
    pub(super) neighbours: Vec<&'a Neighbour>,
    pub(super) lag: Duration,
    pub(in crate::diagnosis) late_runs: u32,
    endpoint: &'a str,
    route: &'a str,
    /// Whether at least one path works.
    pub(super) up: bool,
}

/// One trouble, on the path where it was seen.
#[derive(Debug, Clone, Copy)]
pub(in crate::diagnosis) struct Lead<'a> {
    pub(in crate::diagnosis) outcome: &'a Outcome,
    /// The layer in which it was seen.
    pub(super) layer: Layer,
    pub(in crate::diagnosis) reason: Reason,
    pub(super) detail: &'a str,
}

/// A control host, called on the route of the trouble.
#[derive(Debug, Clone, Copy)]
pub(super) struct Control<'a> {
    pub(super) url: &'a Arc<str>,
    pub(super) outcomes: &'a [Outcome],
    /// What it came to over the family of the trouble, where it has that, else over those it has.
    pub(super) came: Came<'a>,
    /// An answer over the other family only.
    pub(super) over_the_other: Option<&'a Outcome>,
}

/// What journeys to one place came to together.
#[derive(Debug, Clone, Copy)]
pub(super) enum Came<'a> {
    /// There is an answer of the place itself, good or not.
    Through(&'a Outcome),
    /// There is none.
    Short(Lead<'a>),
}

impl<'a> View<'a> {
    pub(in crate::diagnosis) fn of(case: &Case<'a>, paths: Vec<&'a Outcome>) -> Self {
        let first = case.target.routes.first().map_or("", |route| &route.name);
        let up = paths.iter().any(|path| path.success_in_the_end());
        Self {
            target: case.target,
            paths: sorted(paths, |path| (&path.endpoint, &path.path)),
            lookups: sorted(case.lookups.iter().collect(), |lookup| {
                let asked = lookup.stage.evidence().map(|seen| (&seen.resolver, seen.record_type));
                (&lookup.endpoint, asked)
            }),
            findings: sorted(case.findings.iter().collect(), |(endpoint, found)| {
                (endpoint, found.0.reason, &found.0.detail)
            }),
            follow_ups: sorted(case.follow_ups.iter().collect(), |made| {
                (made.wanted.experiment, &made.wanted.endpoint, &made.wanted.route)
            }),
            neighbours: sorted(case.neighbours.iter().collect(), |neighbour| &neighbour.target),
            lag: case.lag,
            late_runs: case.late_runs,
            endpoint: case.endpoint,
            route: case.route.unwrap_or(first),
            up,
        }
    }

    /// The paths of the endpoint and route really used; where they were not walked, those of the endpoint, else all.
    pub(super) fn used(&self) -> Vec<&'a Outcome> {
        let of = |wanted: &dyn Fn(&Outcome) -> bool| -> Vec<&'a Outcome> {
            self.paths.iter().copied().filter(|path| wanted(path)).collect()
        };
        let there = of(&|path| self.is_used(path));
        if !there.is_empty() {
            return there;
        }
        let somehow = of(&|path| &*path.endpoint == self.endpoint);
        if somehow.is_empty() { self.paths.clone() } else { somehow }
    }

    /// Whether the path is one that a client uses.
    pub(super) fn is_used(&self, path: &Outcome) -> bool {
        &*path.endpoint == self.endpoint && &*path.path.route == self.route
    }

    /// The trouble of the path really used, if it fails.
    pub(super) fn lead(&self) -> Option<Lead<'a>> {
        nearest(self.used())
    }

    /// The trouble of every path that fails.
    pub(in crate::diagnosis) fn failing(&self) -> Vec<Lead<'a>> {
        self.paths.iter().filter(|path| !path.success_in_the_end()).map(|path| Lead::of(path)).collect()
    }

    /// The paths of the same endpoint and route as the trouble's, itself included.
    pub(in crate::diagnosis) fn same_way(&self, lead: &Lead<'a>) -> impl Iterator<Item = &'a Outcome> {
        let (endpoint, route) = (&lead.outcome.endpoint, &lead.outcome.path.route);
        self.paths.iter().copied().filter(move |path| &path.endpoint == endpoint && &path.path.route == route)
    }

    /// The site the trouble is at, if it is one of the target.
    fn site(&self, lead: &Lead<'_>) -> Option<&'a Site> {
        self.target.sites.iter().find(|site| site.endpoint.shown() == *lead.outcome.endpoint)
    }

    /// Whether the host is the provider's own.
    pub(super) fn is_public(&self, lead: &Lead<'_>) -> bool {
        self.site(lead).is_some_and(|site| site.public)
    }

    /// The host the trouble is at.
    pub(super) fn host(&self, lead: &Lead<'_>) -> String {
        match self.site(lead) {
            Some(site) => site.endpoint.host.to_string(),
            None => host_of(&lead.outcome.endpoint),
        }
    }

    /// The endpoint the trouble is at; that of the URL as it is shown where the target has none such.
    pub(super) fn endpoint(&self, lead: &Lead<'_>) -> Option<Endpoint> {
        let of_site = self.site(lead).map(|site| site.endpoint.clone());
        of_site.or_else(|| Endpoint::parse(&lead.outcome.endpoint).ok())
    }

    /// Whether a name is sent in the TLS handshake: for an address there is none.
    pub(in crate::diagnosis) fn sends_a_name(&self, lead: &Lead<'_>) -> bool {
        let named = |endpoint: Endpoint| matches!(endpoint.host, Host::Name(_));
        self.target.tls.server_name.is_some() || self.endpoint(lead).is_some_and(named)
    }

    /// Other targets with other hosts, but for those that work and are not walked so far as to tell anything.
    pub(super) fn others(&self, lead: &Lead<'_>) -> Vec<&'a Neighbour> {
        let host = self.host(lead);
        // Of an API, what works up to TLS tells that the network does.
        let far = lead.layer.min(Layer::Tls);
        let tells = |other: &&Neighbour| other.top >= far || other.state != State::Works;
        self.neighbours.iter().copied().filter(|other| *other.host != *host).filter(tells).collect()
    }

    // === Experiments ===

    /// What experiments about this trouble's endpoint and route found.
    pub(super) fn trials(&self, lead: &Lead<'a>) -> impl Iterator<Item = &'a Trial> {
        let (endpoint, route) = (&lead.outcome.endpoint, &lead.outcome.path.route);
        let about =
            move |made: &&&'a FollowUp| &made.wanted.endpoint == endpoint && &made.wanted.route == route;
        self.follow_ups.iter().filter(about).map(|made| &made.trial)
    }

    /// Connections that were kept idle and did not work any more.
    pub(super) fn kept_in_vain(&self) -> impl Iterator<Item = (&'a Wanted, &'a Failure)> {
        self.follow_ups.iter().filter_map(|made| {
            let Trial::IdleHold { failure: Some(failure), .. } = &made.trial else { return None };
            Some((&made.wanted, failure))
        })
    }

    pub(super) fn controls(&self, lead: &Lead<'a>) -> Vec<Control<'a>> {
        let (route, family) = (&lead.outcome.path.route, lead.outcome.path.family);
        let on_it = self.follow_ups.iter().filter(|made| &made.wanted.route == route);
        on_it
            .filter_map(|made| {
                let Trial::Control { url, outcomes } = &made.trial else { return None };
                let (alike, other): (Vec<_>, Vec<_>) =
                    outcomes.iter().partition(|outcome| outcome.path.family == family);
                let came = Came::of(if alike.is_empty() { other.clone() } else { alike.clone() })?;
                let short = matches!(came, Came::Short(_)) && !alike.is_empty();
                let over_the_other = other.into_iter().find(|outcome| short && is_answered(outcome));
                Some(Control { url, outcomes, came, over_the_other })
            })
            .collect()
    }

    /// A control host that answers.
    pub(super) fn control_works(&self, lead: &Lead<'a>) -> Option<(Control<'a>, &'a Outcome)> {
        self.controls(lead).into_iter().find_map(|control| match control.came {
            Came::Through(outcome) => Some((control, outcome)),
            Came::Short(_) => None,
        })
    }

    /// Control hosts that do not answer.
    pub(super) fn controls_failing(&self, lead: &Lead<'a>) -> Vec<(Control<'a>, Lead<'a>)> {
        let short = |control: Control<'a>| match control.came {
            Came::Short(trouble) => Some((control, trouble)),
            Came::Through(_) => None,
        };
        self.controls(lead).into_iter().filter_map(short).collect()
    }

    /// The endpoint on other routes: as walked, then as tried.
    pub(super) fn other_routes(&self, lead: &Lead<'a>) -> Vec<(&'a Arc<str>, &'a Outcome)> {
        let (endpoint, route) = (&lead.outcome.endpoint, &lead.outcome.path.route);
        let walked = self.paths.iter().filter(|path| &path.endpoint == endpoint && &path.path.route != route);
        let tried = self.trials(lead).filter_map(|trial| {
            let Trial::OtherRoute { route, outcomes } = trial else { return None };
            Some(outcomes.iter().map(move |outcome| (route, outcome)))
        });
        walked.map(|path| (&path.path.route, *path)).chain(tried.flatten()).collect()
    }

    /// Whether the endpoint is reached on another route.
    pub(in crate::diagnosis) fn another_route_works(&self, lead: &Lead<'a>) -> bool {
        self.other_routes(lead).iter().any(|(_, outcome)| outcome.success_in_the_end())
    }

    /// The endpoint over the other family: as walked, then as tried.
    pub(super) fn other_families(&self, lead: &Lead<'a>) -> Vec<&'a Outcome> {
        let family = lead.outcome.path.family;
        let walked = self.same_way(lead);
        let tried = self.trials(lead).filter_map(|trial| {
            let Trial::OtherFamily(outcomes) = trial else { return None };
            Some(outcomes)
        });
        let other = |path: &&Outcome| path.path.family != family;
        walked.chain(tried.flatten()).filter(other).collect()
    }

    /// What came of every lookup of the name beside the journey.
    pub(super) fn lookups_of(&self, lead: &Lead<'a>) -> impl Iterator<Item = &'a Stage<DnsEvidence>> {
        let endpoint = &lead.outcome.endpoint;
        self.lookups.iter().filter(move |lookup| lookup.endpoint == *endpoint).map(|lookup| &lookup.stage)
    }

    /// What other resolvers said of the name: as asked beside the journey, then as tried.
    pub(super) fn other_resolvers(&self, lead: &Lead<'a>) -> Vec<&'a Stage<DnsEvidence>> {
        let Some(own) = lead.outcome.stages.dns.evidence() else { return Vec::new() };
        let asked = self.lookups.iter().filter(|lookup| {
            lookup.endpoint == lead.outcome.endpoint && matches!(lookup.asked, Asked::Resolver)
        });
        let tried = self.trials(lead).filter_map(|trial| {
            let Trial::OtherResolver { stage, .. } = trial else { return None };
            Some(stage)
        });
        let other = |stage: &&Stage<DnsEvidence>| {
            stage
                .evidence()
                .is_some_and(|seen| seen.resolver != own.resolver && seen.record_type == own.record_type)
        };
        asked.map(|lookup| &lookup.stage).chain(tried).filter(other).collect()
    }

    /// The same path walked again, where that was the same call.
    pub(super) fn again(&self, lead: &Lead<'a>) -> Option<&'a [Outcome]> {
        if !self.can_be_repeated(lead) {
            return None;
        }
        self.trials(lead).find_map(|trial| {
            let Trial::Again(outcomes) = trial else { return None };
            Some(outcomes.as_slice())
        })
    }

    /// Whether walking the path again with the free call and without a key repeats what failed.
    pub(in crate::diagnosis) fn can_be_repeated(&self, lead: &Lead<'_>) -> bool {
        let free = self.target.provider.default_call(false);
        lead.layer < Layer::Api || (self.target.api_key.is_none() && self.target.call.kind == free)
    }

    pub(super) fn keyless(&self, lead: &Lead<'a>) -> Option<Came<'a>> {
        self.trials(lead).find_map(|trial| {
            let Trial::Keyless(outcomes) = trial else { return None };
            Came::of_success(outcomes)
        })
    }

    pub(super) fn http1(&self, lead: &Lead<'a>) -> Option<Came<'a>> {
        self.trials(lead).find_map(|trial| {
            let Trial::Http1(outcomes) = trial else { return None };
            Came::of(outcomes)
        })
    }

    /// The wall clocks of the server and of this machine, at one moment: how far apart, and whether ours is ahead.
    pub(super) fn clock(&self, lead: &Lead<'a>) -> Option<Clock> {
        self.trials(lead).find_map(|trial| {
            let Trial::ServerClock { server, here } = trial else { return None };
            Some(match here.duration_since(*server) {
                Ok(off) => Clock { off, ahead: true, server: *server },
                Err(behind) => Clock { off: behind.duration(), ahead: false, server: *server },
            })
        })
    }
}

/// What a server's clock tells of ours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    pub(super) off: Duration,
    pub(super) ahead: bool,
    pub(super) server: SystemTime,
}

impl<'a> Lead<'a> {
    /// What is wrong with a journey that does not work.
    pub(super) fn of(outcome: &'a Outcome) -> Self {
        match outcome.trouble() {
            Some(trouble) => Self {
                outcome,
                layer: trouble.layer,
                reason: trouble.failure.reason,
                detail: &trouble.failure.detail,
            },
            // It ended without anything that failed: that can only be our own doing.
            None => Self { outcome, layer: untold(outcome), reason: Reason::CanaryExhausted, detail: "" },
        }
    }

    /// Whether it was seen on a way without a proxy.
    pub(in crate::diagnosis) fn is_direct(&self) -> bool {
        matches!(self.outcome.stages.proxy, Stage::NotPlanned)
    }

    /// Whether the API was not reached. An answer of DNS that should not be is no wall where the API answers behind it.
    pub(super) fn is_blocked(&self) -> bool {
        let without_answer = |reason| {
            matches!(
                reason,
                Reason::HttpTimeout
                    | Reason::HttpReset
                    | Reason::HttpProtocol
                    | Reason::NotTheApi
                    | Reason::CanaryExhausted
            )
        };
        let is_answered = match &self.outcome.stages.api {
            Stage::Passed { .. } => true,
            Stage::Failed { failure, .. } => !without_answer(failure.reason),
            Stage::NotReached | Stage::NotPlanned => false,
        };
        self.reason != Reason::CanaryExhausted && !is_answered
    }

    /// Whether the call that this journey made went well, and the trouble stands from one that it did not make.
    pub(super) fn is_of_another_call(&self) -> bool {
        let hard = self.reason.severity() == Severity::Down;
        self.layer == Layer::Api && hard && self.outcome.stages.api.passed() && !self.outcome.success()
    }

    pub(super) fn issuer(&self) -> Option<&'a str> {
        shown_issuer(self.outcome)
    }

    pub(super) fn tls(&self) -> Option<&'a TlsEvidence> {
        self.outcome.stages.tls.evidence()
    }
}

impl<'a> Came<'a> {
    /// Journeys to a place of which any answer will do.
    pub(super) fn of(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Option<Self> {
        let outcomes: Vec<_> = outcomes.into_iter().collect();
        let through = outcomes.iter().copied().find(|outcome| is_answered(outcome));
        through.map(Self::Through).or_else(|| nearest(outcomes).map(Self::Short))
    }

    /// Journeys that have to succeed.
    fn of_success(outcomes: &'a [Outcome]) -> Option<Self> {
        let through = outcomes.iter().find(|outcome| outcome.success_in_the_end());
        through.map(Self::Through).or_else(|| nearest(outcomes.iter()).map(Self::Short))
    }
}

/// Whether the place itself answered, be it with a refusal.
pub(super) fn is_answered(outcome: &Outcome) -> bool {
    let answered = outcome.stages.api.evidence().is_some_and(|seen| seen.status.is_some());
    outcome.success_in_the_end() || (answered && !Lead::of(outcome).is_blocked())
}

/// Of the families of one way that fail, the trouble of the one that got furthest: a client comes as far as that. Equally
/// far, the lowest layer counts.
pub(super) fn nearest<'a>(paths: impl IntoIterator<Item = &'a Outcome>) -> Option<Lead<'a>> {
    let failing = paths.into_iter().filter(|path| !path.success_in_the_end()).map(Lead::of);
    failing.min_by(|one, other| {
        let rank = |lead: &Lead<'_>| {
            (Reverse(reached(lead.outcome)), lead.layer, lead.reason, lead.outcome.path.family)
        };
        rank(one).cmp(&rank(other)).then_with(|| in_full(one.outcome, other.outcome))
    })
}

/// How far a journey got. One that had no way to begin with, as over a family that this machine does not have, got
/// nowhere.
fn reached(outcome: &Outcome) -> Option<Layer> {
    let stages = &outcome.stages;
    let unreachable = stages.tcp.failure().is_some_and(|failure| failure.reason == Reason::TcpUnreachable);
    let above_dns = [Layer::Api, Layer::Tls, Layer::Proxy, Layer::Tcp].into_iter();
    above_dns.filter(|_| !unreachable).find(|layer| outcome.layer_took(*layer).is_some())
}

/// The first layer that was planned and not reached.
fn untold(outcome: &Outcome) -> Layer {
    let Stages { dns, tcp, proxy, tls, api: _ } = &outcome.stages;
    match (dns, tcp, proxy, tls) {
        (Stage::NotReached, _, _, _) => Layer::Dns,
        (_, Stage::NotReached, _, _) => Layer::Tcp,
        (_, _, Stage::NotReached, _) => Layer::Proxy,
        (_, _, _, Stage::NotReached) => Layer::Tls,
        (_, _, _, _) => Layer::Api,
    }
}

/// Who issued the certificate that was shown.
pub(super) fn shown_issuer(outcome: &Outcome) -> Option<&str> {
    let chain = outcome.stages.tls.evidence()?.chain.as_deref()?;
    chain.leaf().map(|leaf| leaf.issuer.as_str())
}

/// The addresses of an answer, and whether they are known to be inside the expected networks; `None` for an answer
/// without any, with one outside, or that leads nowhere.
pub(super) fn good_answer(stage: &Stage<DnsEvidence>) -> Option<(&DnsEvidence, &[IpAddr], bool)> {
    let evidence = stage.evidence().filter(|seen| stage.passed() && !seen.addresses.is_empty())?;
    match &evidence.unexpected {
        None if evidence.addresses.iter().any(IpAddr::is_unspecified) => None,
        None => Some((evidence, &evidence.addresses, false)),
        Some(unexpected) if unexpected.is_empty() => Some((evidence, &evidence.addresses, true)),
        Some(_) => None,
    }
}

/// The host of a URL as it is shown.
pub(super) fn host_of(url: &str) -> String {
    Endpoint::parse(url).map_or_else(|_| url.to_owned(), |endpoint| endpoint.host.to_string())
}

/// Silence and what cannot be reached, as where there is no network.
pub(super) fn is_silence(reason: Reason) -> bool {
    matches!(reason, Reason::DnsTimeout | Reason::TcpTimeout | Reason::TcpUnreachable | Reason::Offline)
}

/// A total order by content: by `key`, and among equals by all there is.
fn sorted<'a, T: Debug, K: Ord>(mut items: Vec<&'a T>, key: impl Fn(&'a T) -> K) -> Vec<&'a T> {
    items.sort_by(|one, other| key(one).cmp(&key(other)).then_with(|| in_full(*one, *other)));
    items
}

fn in_full(one: &impl Debug, other: &impl Debug) -> Ordering {
    format!("{one:?}").cmp(&format!("{other:?}"))
}
