//! Where a target is: its URLs, and the networks their addresses must be in.

use ipnet::IpNet;

use super::Context;
use super::provider::Dialect;
use crate::config::decode::Field;
use crate::config::problem::{Checked, Place, Reported};
use crate::target::{Endpoint, Site};

/// Where a target is: `url` or `endpoints`, or else the provider's own URL.
pub(super) fn endpoints(
    url: Field<String>,
    list: Field<Vec<Field<String>>>,
    target: &Place,
    provider: Checked<Dialect>,
    context: &Context<'_>,
) -> Checked<Vec<Endpoint>> {
    let url = url
        .checked()
        .and_then(|given| given.map(|(url, place)| endpoint(&url, &place, provider, context)).transpose());
    let list = list.checked().and_then(|given| {
        given
            .map(|(list, place)| several(list, &place, provider, context).map(|list| (list, place)))
            .transpose()
    });
    match (url?, list?) {
        (Some(url), None) => Ok(vec![url]),
        (None, Some((list, _))) => Ok(list),
        (Some(_), Some((_, place))) => {
            Err(context.report.add(&place, "`url` and `endpoints` are both given: keep one"))
        }
        (None, None) => {
            let provider = provider?;
            own(provider).map(|own| vec![own]).ok_or_else(|| {
                let message = format!("missing: the provider `{}` has no URL of its own", provider.name());
                context.report.add(&target.key("url"), message)
            })
        }
    }
}

fn several(
    list: Vec<Field<String>>,
    place: &Place,
    provider: Checked<Dialect>,
    context: &Context<'_>,
) -> Checked<Vec<Endpoint>> {
    if list.is_empty() {
        let message = "an empty list: give one URL or more, or leave the key out for the provider's own";
        return Err(context.report.add(place, message));
    }
    let mut endpoints: Vec<Endpoint> = Vec::new();
    let mut whole = Ok(());
    for item in list {
        match item.checked().and_then(|given| {
            let (url, place) = given.ok_or(Reported)?;
            let endpoint = endpoint(&url, &place, provider, context)?;
            different(endpoint, &endpoints, &url, &place, context)
        }) {
            Ok(endpoint) => endpoints.push(endpoint),
            Err(reported) => whole = Err(reported),
        }
    }
    whole.map(|()| endpoints)
}

/// Endpoints are told apart by what is shown of them.
fn different(
    endpoint: Endpoint,
    others: &[Endpoint],
    url: &str,
    place: &Place,
    context: &Context<'_>,
) -> Checked<Endpoint> {
    let shown = endpoint.shown();
    if others.iter().all(|other| other.shown() != shown) {
        return Ok(endpoint);
    }
    let message = format!("{} stands here more than once", place.show(url));
    let help = "a query, and the path of a URL from the environment, is not shown: such endpoints must differ before it";
    let hidden = endpoint.confidential || endpoint.path.contains('?');
    Err(context.report.put(place, message, hidden.then(|| help.to_owned())))
}

fn endpoint(
    url: &str,
    place: &Place,
    provider: Checked<Dialect>,
    context: &Context<'_>,
) -> Checked<Endpoint> {
    let parsed =
        Endpoint::parse(url).map_err(|error| context.refuse(place, url, "the URL of a target", &error))?;
    if let Ok(provider) = provider
        && parsed.path.contains('?')
        && provider
            .kinds()
            .iter()
            .filter_map(|kind| provider.call(*kind, ""))
            .any(|call| !call.path.is_empty())
    {
        let name = provider.name();
        let message =
            format!("a query cannot be kept: the provider `{name}` has paths of its own for its calls");
        return Err(context.report.add(place, message));
    }
    Ok(Endpoint { confidential: place.from_env.is_some(), ..parsed })
}

fn own(provider: Dialect) -> Option<Endpoint> {
    provider.default_url().and_then(|url| Endpoint::parse(url).ok())
}

/// The networks that hold for every endpoint; `None` is those the provider has published, at its own host.
pub(super) fn networks(
    field: Field<Vec<Field<String>>>,
    context: &Context<'_>,
) -> Checked<Option<Vec<IpNet>>> {
    let Some((list, _)) = field.checked()? else { return Ok(None) };
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
    networks.into_iter().collect::<Checked<_>>().map(Some)
}

/// The endpoints with what is expected of each.
pub(super) fn sites(endpoints: Vec<Endpoint>, networks: Option<&Vec<IpNet>>, provider: Dialect) -> Vec<Site> {
    let own = own(provider);
    let published = || provider.networks().iter().filter_map(|network| network.parse().ok());
    endpoints
        .into_iter()
        .map(|endpoint| {
            let public = own.as_ref().is_some_and(|own| own.host == endpoint.host);
            let expected_networks = match networks {
                Some(networks) => networks.clone(),
                None if public => published().collect(),
                None => Vec::new(),
            };
            Site { endpoint, expected_networks, public }
        })
        .collect()
}
