//! What a target is: its provider, its URL, the networks it must be in, and what is called.

use ipnet::IpNet;

use super::Context;
use crate::config::decode::Field;
use crate::config::near::did_you_mean;
use crate::config::problem::{Checked, Place, Reported};
use crate::config::raw::{RawCall, provider_names};
use crate::provider::{self, CallKind, Provider};
use crate::target::{ApiKey, Endpoint};

type Dialect = &'static dyn Provider;

/// The dialect.
pub(super) fn provider(field: Field<String>, target: &Place, context: &Context<'_>) -> Checked<Dialect> {
    let names = provider_names();
    let list = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let Some((name, place)) = field.checked()? else {
        let message = format!("missing: every target needs a provider, one of {list}");
        return Err(context.report.add(&target.key("provider"), message));
    };
    provider::by_name(&name).ok_or_else(|| {
        let help = if place.from_env.is_none() { did_you_mean(&name, &names) } else { None };
        context.report.put(&place, format!("{} is none of {list}", place.show(&name)), help)
    })
}

/// Where it is, and whether that is the provider's own host.
pub(super) fn endpoint(
    field: Field<String>,
    target: &Place,
    provider: Checked<Dialect>,
    context: &Context<'_>,
) -> (Checked<Endpoint>, bool) {
    let own =
        provider.ok().and_then(|provider| provider.default_url()).and_then(|url| Endpoint::parse(url).ok());
    let endpoint = field.checked().and_then(|given| match (given, &own) {
        (Some((url, place)), _) => {
            let parsed = Endpoint::parse(&url)
                .map_err(|error| context.refuse(&place, &url, "the URL of a target", &error))?;
            Ok(Endpoint { confidential: place.from_env.is_some(), ..parsed })
        }
        (None, Some(own)) => Ok(own.clone()),
        (None, None) => {
            let name = provider?.name();
            let message = format!("missing: the provider `{name}` has no URL of its own");
            Err(context.report.add(&target.key("url"), message))
        }
    });
    let at_home = match (&endpoint, &own) {
        (Ok(endpoint), Some(own)) => endpoint.host == own.host,
        _ => false,
    };
    (endpoint, at_home)
}

/// The networks its addresses must be in.
pub(super) fn networks(
    field: Field<Vec<Field<String>>>,
    provider: Checked<Dialect>,
    at_home: bool,
    context: &Context<'_>,
) -> Checked<Vec<IpNet>> {
    let Some((list, _)) = field.checked()? else {
        let published = if at_home { provider?.networks() } else { &[] };
        return Ok(published.iter().filter_map(|network| network.parse().ok()).collect());
    };
    let networks: Vec<Checked<IpNet>> = list
        .into_iter()
        .map(|item| {
            let (text, place) = item.checked()?.ok_or(Reported)?;
            text.parse::<IpNet>().map_err(|_| {
                let shown = place.show(&text);
                let message =
                    format!("{shown} is not a network: write it like 192.0.2.0/24 or 2001:db8::/32");
                context.report.add(&place, message)
            })
        })
        .collect();
    networks.into_iter().collect()
}

/// What is called.
pub(super) fn call(
    field: Field<RawCall>,
    provider: Checked<Dialect>,
    key: Result<&Option<ApiKey>, &Reported>,
    context: &Context<'_>,
) -> Checked<CallKind> {
    let (raw, whole) = field.section();
    let given = raw.kind.checked()?;
    whole?;
    let provider = provider?;
    let Some((text, place)) = given else {
        return Ok(provider.default_call(key.map_err(|reported| *reported)?.is_some()));
    };
    let kinds = || CallKind::ALL.into_iter().filter(|kind| provider.call(*kind).is_some());
    let Some((kind, call)) = kinds()
        .find(|kind| kind.label() == text)
        .and_then(|kind| provider.call(kind).map(|call| (kind, call)))
    else {
        let name = provider.name();
        let list = kinds().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(", ");
        let message = format!("the provider `{name}` has no call {}: it has {list}", place.show(&text));
        return Err(context.report.add(&place, message));
    };
    // A keyed call that is also what is called without a key merely takes the key along.
    let needs_key = call.keyed && provider.default_call(false) != kind;
    if needs_key && matches!(key, Ok(None)) {
        let help = format!("set api_key, or call `{}`", provider.default_call(false));
        return Err(context.report.add_with_help(&place, format!("the call `{kind}` needs a key"), help));
    }
    Ok(kind)
}
