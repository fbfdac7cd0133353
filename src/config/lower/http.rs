//! HTTP options.

use std::time::Duration;

use http::{HeaderName, HeaderValue};
use regex::bytes::RegexBuilder;

use super::Context;
use crate::config::decode::{Field, Pairs};
use crate::config::problem::{Checked, Place, Reported};
use crate::config::raw::{RawHttp, RawVersion, Time};
use crate::provider::Provider;
use crate::target::{BodyPattern, Endpoint, Expectations, HttpOffer, HttpOptions, Scheme};

/// Headers that belong to the connection, which the canary makes itself.
const OURS: [&str; 12] = [
    "connection",
    "content-length",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The most memory a compiled pattern may use.
const MAX_PATTERN_BYTES: usize = 1 << 20;

/// The options of a target.
pub(super) fn options(
    field: Field<RawHttp>,
    provider: Checked<&'static dyn Provider>,
    endpoints: Option<&[Endpoint]>,
    context: &Context<'_>,
) -> Checked<HttpOptions> {
    let (raw, whole) = field.section();
    let offer = raw.version.or(RawVersion::Auto).map(|version| match version {
        RawVersion::Auto => HttpOffer::Auto,
        RawVersion::H1 => HttpOffer::H1,
        RawVersion::H2 => HttpOffer::H2,
    });
    let headers = headers(raw.headers, provider, context);
    let redirect_https = redirect_https(raw.redirect_https, endpoints, context);
    let (raw, whole_expect) = raw.expect.section();
    let status = status(raw.status, context);
    let body = body(raw.body_regex, context);
    let max_latency = limit(raw.max_latency, "answer takes", context);
    let max_first_token = limit(raw.max_first_token, "first token takes", context);
    let max_gap = limit(raw.max_gap, "gap is", context);
    whole.and(whole_expect)?;
    let expect = Expectations {
        status: status?,
        body: body?,
        max_latency: max_latency?,
        max_first_token: max_first_token?,
        max_gap: max_gap?,
    };
    Ok(HttpOptions { offer: offer?, headers: headers?, expect, redirect_https: redirect_https? })
}

fn redirect_https(
    field: Field<bool>,
    endpoints: Option<&[Endpoint]>,
    context: &Context<'_>,
) -> Checked<bool> {
    let plain = || endpoints.unwrap_or_default().iter().any(|endpoint| endpoint.scheme == Scheme::Http);
    match field.checked()? {
        Some((true, place)) if plain() => {
            Err(context.report.add(&place, "only for https:// URLs, and a URL of this target is http://"))
        }
        given => Ok(given.is_some_and(|(redirect, _)| redirect)),
    }
}

fn headers(
    field: Field<Pairs<String>>,
    provider: Checked<&'static dyn Provider>,
    context: &Context<'_>,
) -> Checked<Vec<(HeaderName, HeaderValue)>> {
    let (Pairs(pairs), whole) = field.section();
    let mut headers: Vec<Checked<(HeaderName, HeaderValue)>> = Vec::new();
    let mut seen: Vec<HeaderName> = Vec::new();
    for (name, value) in pairs {
        headers.push(header(name, value, provider, &mut seen, context));
    }
    whole?;
    headers.into_iter().collect()
}

fn header(
    name: Field<String>,
    value: Field<String>,
    provider: Checked<&'static dyn Provider>,
    seen: &mut Vec<HeaderName>,
    context: &Context<'_>,
) -> Checked<(HeaderName, HeaderValue)> {
    let (text, place) = name.checked()?.ok_or(Reported)?;
    let name = header_name(&text, &place, provider, context);
    let name = name.and_then(|name| {
        if seen.contains(&name) {
            return Err(context.report.add(&place, format!("the header {name} stands here more than once")));
        }
        seen.push(name.clone());
        Ok(name)
    });
    let Some((value, place)) = value.checked()? else {
        return Err(context.report.add(&place, "missing: write \"\" for an empty value"));
    };
    if value == "[redacted]" {
        return Err(context.report.add(&place, "the value is redacted: put it in again"));
    }
    let mut value = HeaderValue::from_str(&value).map_err(|_| {
        // Never shown: header values are secrets as a rule.
        context
            .report
            .add(&place, "this value cannot be sent in a header (a line break or another control character)")
    })?;
    value.set_sensitive(true);
    Ok((name?, value))
}

fn header_name(
    text: &str,
    place: &Place,
    provider: Checked<&'static dyn Provider>,
    context: &Context<'_>,
) -> Checked<HeaderName> {
    let name: HeaderName = text.parse().map_err(|_| {
        context.report.add(place, format!("{} is not the name of a header", place.show(text)))
    })?;
    if OURS.contains(&name.as_str()) {
        return Err(context.report.add(place, format!("the header {name} is the canary's to set")));
    }
    if provider.is_ok_and(|provider| provider.key_header().0 == name) {
        let message = format!("the header {name} carries the key: use api_key");
        return Err(context.report.add(place, message));
    }
    Ok(name)
}

fn status(field: Field<Vec<Field<u16>>>, context: &Context<'_>) -> Checked<Vec<u16>> {
    let Some((list, _)) = field.checked()? else { return Ok(Vec::new()) };
    let statuses: Vec<Checked<u16>> = list
        .into_iter()
        .map(|item| match item.checked()?.ok_or(Reported)? {
            (status @ 200..=599, _) => Ok(status),
            (status, place) => {
                let shown = place.show(&status.to_string());
                Err(context.report.add(&place, format!("{shown} is not the status of an answer: 200 to 599")))
            }
        })
        .collect();
    statuses.into_iter().collect()
}

fn body(field: Field<String>, context: &Context<'_>) -> Checked<Option<BodyPattern>> {
    let Some((pattern, place)) = field.checked()? else { return Ok(None) };
    if pattern.is_empty() {
        return Ok(None);
    }
    match RegexBuilder::new(&pattern).size_limit(MAX_PATTERN_BYTES).build() {
        Ok(regex) => Ok(Some(BodyPattern(regex))),
        Err(error) => {
            // A syntax error is drawn over several lines, the last of which says what is wrong.
            let error = error.to_string();
            let last = error.lines().last().unwrap_or_default();
            let reason = last.strip_prefix("error: ").unwrap_or(last);
            let message = format!("{} is not a regular expression: {reason}", place.show(&pattern));
            Err(context.refuse(&place, &pattern, "a regular expression", &message))
        }
    }
}

/// A duration that must not be exceeded.
fn limit(field: Field<Time>, every: &str, context: &Context<'_>) -> Checked<Option<Duration>> {
    match field.checked()? {
        None => Ok(None),
        Some((Time(limit), place)) if limit.is_zero() => Err(context
            .report
            .add(&place, format!("every {every} longer than 0s: leave the key out for no limit"))),
        Some((Time(limit), _)) => Ok(Some(limit)),
    }
}
