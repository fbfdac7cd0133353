//! Where else targets stand: files and sources.

use std::net::IpAddr;
use std::time::Duration;

use super::timing::{MAX_INTERVAL, between};
use super::{Context, key, tls};
use crate::config::decode::Field;
use crate::config::files::FilePattern;
use crate::config::problem::{Checked, Place, Reported};
use crate::config::raw::{MAX_TARGETS, REFRESH, RawBearerToken, RawTargetSource, SOURCE_TIMEOUT, Time};
use crate::config::source::TargetSource;
use crate::target::{ApiKey, Endpoint, Host, Roots, Scheme};

/// More would be load on the source.
const MIN_REFRESH: Duration = Duration::from_secs(1);

/// As for targets.
const MIN_TIMEOUT: Duration = Duration::from_millis(100);

/// A list that is longer on its way is not read.
const MAX_TIMEOUT: Duration = Duration::from_secs(300);

/// The longest list that can be allowed.
const MOST_TARGETS: u32 = 100_000;

/// The files of a config.
pub(super) fn files(
    field: Field<Vec<Field<String>>>,
    context: &Context<'_>,
) -> Checked<Option<Vec<FilePattern>>> {
    let Some((list, _)) = field.checked()? else { return Ok(None) };
    let pattern = |item: Field<String>| {
        let (text, place) = item.checked()?.ok_or(Reported)?;
        FilePattern::new(&text, &context.directory)
            .map_err(|error| context.refuse(&place, &text, "a path", &error))
    };
    let patterns: Vec<Checked<FilePattern>> = list.into_iter().map(pattern).collect();
    patterns.into_iter().collect::<Checked<Vec<_>>>().map(Some)
}

/// The sources of a config.
pub(super) fn sources(
    field: Field<Vec<Field<RawTargetSource>>>,
    context: &Context<'_>,
) -> Checked<Option<Vec<TargetSource>>> {
    let Some((list, _)) = field.checked()? else { return Ok(None) };
    let mut sources: Vec<TargetSource> = Vec::new();
    let mut all = Ok(());
    for item in list {
        match item.checked().and_then(|given| {
            let (raw, place) = given.ok_or(Reported)?;
            source(raw, &place, &sources, context)
        }) {
            Ok(source) => sources.push(source),
            Err(reported) => all = Err(reported),
        }
    }
    all.map(|()| Some(sources))
}

fn source(
    raw: RawTargetSource,
    place: &Place,
    others: &[TargetSource],
    context: &Context<'_>,
) -> Checked<TargetSource> {
    let endpoint = url(raw.url, place, others, context);
    let refresh = duration(raw.refresh, REFRESH, MIN_REFRESH, MAX_INTERVAL, context);
    let timeout = duration(raw.timeout, SOURCE_TIMEOUT, MIN_TIMEOUT, MAX_TIMEOUT, context);
    let token = token(raw.bearer_token, endpoint.as_ref().ok(), context);
    let roots = raw.ca_file.checked().and_then(|given| match given {
        None => Ok(Roots::Public),
        Some((file, place)) => tls::ca_file(&file, &place, context),
    });
    let max_targets = raw.max_targets.checked().and_then(|given| match given {
        None => Ok(MAX_TARGETS),
        Some((most, _)) if (1..=MOST_TARGETS).contains(&most) => Ok(most),
        Some((most, place)) => {
            let shown = place.show(&most.to_string());
            Err(context.report.add(&place, format!("{shown} is not from 1 to {MOST_TARGETS}")))
        }
    });
    let trusted = raw.trusted.or(false);
    Ok(TargetSource {
        endpoint: endpoint?,
        refresh: refresh?,
        timeout: timeout?,
        token: token?,
        roots: roots?,
        max_targets: usize::try_from(max_targets?).unwrap_or(usize::MAX),
        trusted: trusted?,
    })
}

fn url(
    field: Field<String>,
    source: &Place,
    others: &[TargetSource],
    context: &Context<'_>,
) -> Checked<Endpoint> {
    let Some((text, place)) = field.checked()? else {
        let message = "missing: write it like https://inventory.example.com/targets";
        return Err(context.report.add(&source.key("url"), message));
    };
    let parsed = Endpoint::parse(&text)
        .map_err(|error| context.refuse(&place, &text, "the URL of a source", &error))?;
    let endpoint = Endpoint { confidential: place.from_env.is_some(), ..parsed };
    let shown = endpoint.shown();
    if others.iter().any(|other| other.endpoint.shown() == shown) {
        let message = format!("{} stands here more than once", place.show(&text));
        let help =
            "sources are told apart without their queries, and without paths that came from the environment";
        return Err(context.report.add_with_help(&place, message, help));
    }
    Ok(endpoint)
}

fn duration(
    field: Field<Time>,
    default: Duration,
    least: Duration,
    most: Duration,
    context: &Context<'_>,
) -> Checked<Duration> {
    match field.checked()? {
        None => Ok(default),
        Some((Time(value), place)) => between(value, &place, least, most, context),
    }
}

fn token(
    field: Field<RawBearerToken>,
    endpoint: Option<&Endpoint>,
    context: &Context<'_>,
) -> Checked<Option<ApiKey>> {
    let Some((raw, place)) = field.checked()? else { return Ok(None) };
    let plain = endpoint.is_some_and(|endpoint| endpoint.scheme == Scheme::Http && !is_here(endpoint));
    let safe = if plain {
        let message = "a token is never sent over plain HTTP to another machine";
        Err(context.report.add_with_help(&place, message, "use https://, or leave bearer_token out"))
    } else {
        Ok(())
    };
    let token = key::either((raw.env, raw.file), false, &place, context);
    safe?;
    token
}

/// Whether an endpoint is on this machine.
pub(in crate::config) fn is_here(endpoint: &Endpoint) -> bool {
    match &endpoint.host {
        Host::Name(name) => name == "localhost",
        Host::Address(IpAddr::V4(address)) => address.is_loopback(),
        Host::Address(IpAddr::V6(address)) => address.is_loopback(),
    }
}
