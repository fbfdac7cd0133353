//! Rules about proxies: needed, broken for everybody, or refusing this destination.

use super::Conclusion;
use super::view::{self, Lead, View};
use crate::diagnosis::State;
use crate::diagnosis::say::Paths;
use crate::outcome::{Blame, Layer, Reason};

/// The direct way is blocked below the API, or the name cannot be resolved here, and a proxy gets through.
pub(super) fn required(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    if !lead.is_direct() || lead.layer == Layer::Api || !lead.is_blocked() {
        return None;
    }
    // While one family gets through directly, no proxy is needed.
    if view.same_way(lead).any(|path| path.success_in_the_end()) {
        return None;
    }
    let through = |(_, outcome): &(_, &crate::outcome::Outcome)| {
        outcome.success_in_the_end() && outcome.stages.proxy.passed()
    };
    let (route, outcome) = view.other_routes(lead).into_iter().find(through)?;
    let said = Paths::RouteWorks { route: route.clone(), took: outcome.took };
    Some(Conclusion::of(Reason::ProxyRequired).because(said))
}

/// The proxy fails for other hosts as well.
pub(super) fn fails_for_all(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    if lead.layer != Layer::Proxy || view.control_works(lead).is_some() {
        return None;
    }
    let route = &lead.outcome.path.route;
    let controls =
        view.controls_failing(lead).into_iter().filter(|(_, trouble)| trouble.layer == Layer::Proxy);
    let mut said: Vec<_> =
        controls.map(|(control, trouble)| (view::host_of(control.url), trouble.reason)).collect();
    for other in view.others(lead).into_iter().filter(|other| other.route == *route) {
        match &other.state {
            State::Fails { layer: Layer::Proxy, reason, .. } => said.push((other.host.to_string(), *reason)),
            // It got through the proxy.
            State::Works | State::Fails { .. } => return None,
        }
    }
    let said: Vec<_> = said
        .into_iter()
        .map(|(host, reason)| Paths::ProxyFailsForOthers { route: route.clone(), host, reason })
        .collect();
    (!said.is_empty()).then(|| Conclusion::of(lead.reason).blame(Blame::Proxy).because_all(said))
}

/// The proxy is broken, and without it the API is reached.
pub(super) fn not_needed(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let works = |(_, outcome): &(_, &crate::outcome::Outcome)| outcome.success_in_the_end();
    let (route, outcome) =
        view.other_routes(lead).into_iter().filter(|_| lead.layer == Layer::Proxy).find(works)?;
    let said = Paths::RouteWorks { route: route.clone(), took: outcome.took };
    Some(Conclusion::of(lead.reason).because(said))
}

/// The proxy lets other hosts through.
pub(super) fn refuses_this(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let (control, _) = view.control_works(lead).filter(|_| lead.layer == Layer::Proxy)?;
    let host = view::host_of(control.url);
    let said = Paths::ProxyServesOthers { route: lead.outcome.path.route.clone(), host };
    Some(Conclusion::of(lead.reason).because(said))
}
