//! One target, put together.

use std::collections::HashMap;
use std::sync::Arc;

use super::resolver::Resolvers;
use super::timing::Defaults;
use super::{Context, endpoint, http, key, resolver, timing, tls};
use crate::config::decode::Field;
use crate::config::problem::{Checked, Place, Reported};
use crate::config::raw::{RawFamily, RawRoute, RawTarget};
use crate::outcome::Family;
use crate::target::{Endpoint, Families, Host, Target};

/// The longest name.
const MAX_NAME: usize = 100;

/// Whether a text can name a target or a resolver: it stands in label values, URL paths and command lines as it is.
pub(super) fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// Validates one target; `names` are those seen so far, with their lines.
pub(super) fn lower(
    raw: RawTarget,
    place: &Place,
    names: &mut HashMap<String, usize>,
    resolvers: &Resolvers,
    defaults: &Defaults,
    context: &Context<'_>,
) -> Checked<Target> {
    let name = name(raw.name, place, names, context);
    let provider = endpoint::provider(raw.provider, place, context);
    let (endpoint, own) = endpoint::endpoint(raw.url, place, provider, context);
    let api_key = key::api_key(raw.api_key, endpoint.as_ref().ok(), context);
    let (interval, timeout) = timing::of_target(raw.interval, raw.timeout, defaults, context);
    let routes = routes(raw.routes, context);
    let families = families(raw.families, endpoint.as_ref().ok(), context);
    let resolver = resolver::chosen(raw.resolvers, resolvers, context);
    let expected_networks = endpoint::networks(raw.expected_networks, provider, own, context);
    let tls = tls::options(raw.tls, context);
    let http = http::options(raw.http, provider, context);
    let call = endpoint::call(raw.call, provider, api_key.as_ref(), context);
    routes?;
    Ok(Target {
        name: name?,
        provider: provider?,
        endpoint: endpoint?,
        api_key: api_key?,
        interval: interval?,
        timeout: timeout?,
        families: families?,
        resolver: resolver?,
        expected_networks: expected_networks?,
        tls: tls?,
        http: http?,
        call: call?,
    })
}

fn name(
    field: Field<String>,
    target: &Place,
    names: &mut HashMap<String, usize>,
    context: &Context<'_>,
) -> Checked<Arc<str>> {
    let Some((name, place)) = field.checked()? else {
        return Err(context.report.add(&target.key("name"), "missing: every target needs a name"));
    };
    let shown = place.show(&name);
    if !is_name(&name) {
        let rule = "1 to 100 letters, digits, `_`, `-` and `.`, the first a letter or digit";
        return Err(context.report.add(&place, format!("{shown} is not a name: {rule}")));
    }
    if let Some(line) = names.get(&name) {
        let message = format!("{shown} is the name of the target on line {line} already");
        return Err(context.report.add_with_help(&place, message, "names must be unique"));
    }
    names.insert(name.clone(), place.position.line);
    Ok(name.into())
}

fn routes(field: Field<Vec<Field<RawRoute>>>, context: &Context<'_>) -> Checked<()> {
    let Some((routes, place)) = field.checked()? else { return Ok(()) };
    let count = routes.len();
    for route in routes {
        match route.checked()?.ok_or(Reported)?.0 {
            RawRoute::Direct => {}
        }
    }
    match count {
        1 => Ok(()),
        0 => Err(context.report.add(&place, "an empty list: leave the key out for `[direct]`")),
        _ => Err(context.report.add(&place, "`direct` stands here more than once")),
    }
}

fn families(
    field: Field<Vec<Field<RawFamily>>>,
    endpoint: Option<&Endpoint>,
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
    if let Some(Endpoint { host: Host::Address(address), .. }) = endpoint
        && !families.contains(&Family::of(*address))
    {
        let family = Family::of(*address);
        return Err(context
            .report
            .add(&place, format!("the URL holds an address of {family}, which is not listed")));
    }
    Ok(Families::Only(families))
}
