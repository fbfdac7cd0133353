//! One target, put together.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Context, Shared, call, http, key, provider, resolver, route, site, slo, timing, tls, top_layer};
use crate::config::decode::Field;
use crate::config::problem::{Checked, Place, Reported};
use crate::config::raw::{RawAddresses, RawFamily, RawTarget};
use crate::outcome::Family;
use crate::target::{Addresses, Endpoint, Families, Host, Slo, Target};

/// The longest name.
const MAX_NAME: usize = 100;

/// What can name a target, a resolver, a route or a vantage.
pub(super) const NAME_RULE: &str = "1 to 100 letters, digits, `_`, `-` and `.`, the first a letter or digit";

/// Whether a text can name a target, a resolver or a route: it stands in label values, URL paths and command lines as it is.
pub(super) fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// Validates one target and what it promises; `names` are those seen so far, with their places.
pub(super) fn lower(
    raw: RawTarget,
    place: &Place,
    names: &mut HashMap<String, Place>,
    shared: &Shared,
    context: &Context<'_>,
) -> Checked<(Target, Option<Slo>)> {
    let bound = top_layer::bound(&raw);
    let name = name(raw.name, place, names, context);
    let provider = provider::provider(raw.provider, place, context);
    let endpoints = site::endpoints(raw.url, raw.endpoints, place, provider, context);
    let known = endpoints.as_ref().ok().map(Vec::as_slice);
    let api_key = key::api_key(raw.api_key, known, context);
    let (interval, timeout) = timing::of_target(raw.interval, raw.timeout, &shared.defaults, context);
    let routes = route::chosen(raw.routes, &shared.routes, &shared.environment, context);
    let top = top_layer::top_layer(raw.top_layer, &bound, known, routes.as_deref().ok(), context);
    let families = families(raw.families, known, context);
    let addresses = raw.addresses.or(RawAddresses::First).map(|addresses| match addresses {
        RawAddresses::First => Addresses::First,
        RawAddresses::All => Addresses::All,
    });
    let resolvers = resolver::chosen(raw.resolvers, &shared.resolvers, routes.as_ref(), context);
    let failover = timing::failover(raw.failover, shared.defaults.failover, context);
    let diagnosis = timing::diagnosis(raw.diagnosis, shared.defaults.diagnosis, context);
    let networks = site::networks(raw.expected_networks, context);
    let tls = tls::options(raw.tls, context);
    let http = http::options(raw.http, provider, known, context);
    let around = call::Around { provider, key: api_key.as_ref(), interval };
    let call = call::options(raw.call, place, &around, context);
    let retry = call::retry(raw.retry, context);
    let sites = || Ok(site::sites(endpoints?, networks?.as_ref(), provider?));
    let sites = sites();
    let known = sites.as_ref().map_or(&[][..], Vec::as_slice);
    let status_page = call::status_page(raw.status_page, provider, known, context);
    let slo = slo::slo(raw.slo, place, name.as_ref().map_err(|reported| *reported), shared.profile, context);
    let (call, limited_at) = call?;
    let target = Target {
        name: name?,
        provider: provider?,
        sites: sites?,
        top: top?,
        api_key: api_key?,
        interval: interval?,
        timeout: timeout?,
        families: families?,
        addresses: addresses?,
        routes: routes?,
        resolvers: resolvers?,
        failover: failover?,
        diagnosis: diagnosis?,
        tls: tls?,
        http: http?,
        call,
        retry: retry?,
        status_page: status_page?,
    };
    call::one_run_fits(&target, limited_at.as_ref(), context)?;
    Ok((target, slo?))
}

fn name(
    field: Field<String>,
    target: &Place,
    names: &mut HashMap<String, Place>,
    context: &Context<'_>,
) -> Checked<Arc<str>> {
    let Some((name, place)) = field.checked()? else {
        return Err(context.report.add(&target.key("name"), "missing: every target needs a name"));
    };
    let shown = place.show(&name);
    if !is_name(&name) {
        return Err(context.report.add(&place, format!("{shown} is not a name: {NAME_RULE}")));
    }
    if let Some(Place { position, .. }) = names.get(&name) {
        let message = format!("{shown} is the name of the target on line {} already", position.line);
        return Err(context.report.add_with_help(&place, message, "names must be unique"));
    }
    names.insert(name.clone(), place);
    Ok(name.into())
}

fn families(
    field: Field<Vec<Field<RawFamily>>>,
    endpoints: Option<&[Endpoint]>,
    context: &Context<'_>,
) -> Checked<Families> {
    let Some((list, place)) = field.checked()? else { return Ok(Families::Answered) };
    let mut families = Vec::new();
    for item in list {
        let (raw, at) = item.checked()?.ok_or(Reported)?;
        let family = match raw {
            RawFamily::Ipv4 => Family::Ipv4,
            RawFamily::Ipv6 => Family::Ipv6,
        };
        if families.contains(&family) {
            return Err(context.report.add(&at, format!("`{family}` stands here more than once")));
        }
        families.push(family);
    }
    if families.is_empty() {
        return Err(context
            .report
            .add(&place, "an empty list: leave the key out for those that DNS answers"));
    }
    for endpoint in endpoints.unwrap_or_default() {
        if let Host::Address(address) = endpoint.host
            && !families.contains(&Family::of(address))
        {
            let family = Family::of(address);
            let message = format!("a URL of this target holds an address of {family}, which is not listed");
            return Err(context.report.add(&place, message));
        }
    }
    Ok(Families::Only(families))
}
