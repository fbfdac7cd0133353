//! Which path is answered for: the one asked for, else the one that a client uses.

use std::sync::Arc;

use super::question::{ALL, Asked, listed};
use crate::outcome::{Layer, Outcome, Run, Stage};
use crate::sinks::Known;
use crate::target::{Target, top_label};

/// Refuses a route that the target is not probed on.
pub(super) fn check_route(asked: &Asked, target: &Target) -> Result<(), String> {
    let Some(wanted) = &asked.route else { return Ok(()) };
    if target.routes.iter().any(|route| *route.name == **wanted) {
        return Ok(());
    }
    let routes = listed(target.routes.iter().map(|route| &*route.name));
    Err(format!("unknown route {wanted:?}: {} is probed on {routes}", target.name))
}

/// Refuses a module for whose layer the target is not walked far enough; `all` is as far as it is.
pub(super) fn check_top(asked: &Asked, target: &Target) -> Result<(), String> {
    if asked.top <= target.top || asked.module == ALL {
        return Ok(());
    }
    let top = top_label(target.top);
    Err(format!("module={}: {} is walked up to {top} only, as its top_layer says", asked.module, target.name))
}

/// The journey that is answered for, if the target has a path at all.
pub(super) fn choose<'a>(asked: &Asked, known: &Known, run: &'a Run) -> Result<Option<&'a Outcome>, String> {
    let standing = known.last.as_deref().map(|last| &last.standing);
    let first = || known.target.sites.first().map(|site| Arc::from(site.endpoint.shown()));
    let endpoint = standing.map(|standing| Arc::clone(&standing.shown)).or_else(first);
    let preferred = standing.and_then(|standing| standing.route.now.as_deref());
    let configured = known.target.routes.first().map(|route| &*route.name);
    let route = asked.route.as_deref().or(preferred).or(configured);
    let outcomes = || run.outcomes.iter().map(Arc::as_ref);
    let of_endpoint = || outcomes().filter(|outcome| Some(&outcome.endpoint) == endpoint.as_ref());
    let mut paths: Vec<&Outcome> = of_endpoint()
        .filter(|outcome| Some(&*outcome.path.route) == route)
        .filter(|outcome| asked.family.is_none_or(|family| outcome.path.family == family))
        .collect();
    paths.sort_by_key(|outcome| outcome.path.family);
    let Some(chosen) = paths.first().copied() else {
        return match asked.family {
            Some(family) if !run.outcomes.is_empty() => {
                let walked: Vec<String> = of_endpoint()
                    .map(|outcome| format!("route={}&family={}", outcome.path.route, outcome.path.family))
                    .collect();
                let route = route.unwrap_or_default();
                let walked = listed(walked.iter().map(String::as_str));
                Err(format!(
                    "{} is not probed over {family} on the route {route}: there are {walked}",
                    known.target.name
                ))
            }
            Some(_) | None => Ok(None),
        };
    };
    planned(asked, chosen)?;
    Ok(Some(chosen))
}

/// Refuses a module whose layer the path does not have.
fn planned(asked: &Asked, outcome: &Outcome) -> Result<(), String> {
    let stages = &outcome.stages;
    let (target, route) = (&outcome.path.target, &outcome.path.route);
    match asked.top {
        Layer::Dns if matches!(stages.dns, Stage::NotPlanned) => Err(format!(
            "module=dns: on the route {route} no name of {target} is looked up, as its URL has an address or a proxy resolves it"
        )),
        Layer::Tls if matches!(stages.tls, Stage::NotPlanned) => {
            Err(format!("module=tls: {target} has no TLS, as its URL begins with http://"))
        }
        Layer::Dns | Layer::Tcp | Layer::Proxy | Layer::Tls | Layer::Api => Ok(()),
    }
}
