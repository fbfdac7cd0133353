//! Routes: those of the config, and those a target takes.

use std::sync::Arc;

use super::named::{Kind, Named};
use super::{Context, tls};
use crate::config::decode::{Field, Pairs};
use crate::config::problem::{Checked, Place};
use crate::config::raw::RawRoute;
use crate::outcome::ProxyProtocol;
use crate::target::{Credentials, DIRECT, ENV, Proxy, ProxyEnvironment, ProxyError, Roots, Route, RouteKind};

static KIND: Kind = Kind {
    one: "route",
    section: "routes",
    builtin: &[
        (DIRECT, "is the route without a proxy"),
        (ENV, "is the route that the process's proxy variables name"),
    ],
};

/// The routes that a config declares.
pub(super) fn declared(field: Field<Pairs<RawRoute>>, context: &Context<'_>) -> Named<Route> {
    Named::declared(field, &KIND, context, |name, place, raw| declare(name, place, raw, context))
}

/// The routes a target takes.
pub(super) fn chosen(
    field: Field<Vec<Field<String>>>,
    routes: &Named<Route>,
    environment: &Arc<ProxyEnvironment>,
    context: &Context<'_>,
) -> Checked<Vec<Route>> {
    let chosen = routes.chosen(field, context, |name| match name {
        DIRECT => Some(Route::direct()),
        ENV => Some(Route { name: ENV.into(), kind: RouteKind::Environment(Arc::clone(environment)) }),
        _ => None,
    })?;
    Ok(chosen.unwrap_or_else(|| vec![Route::direct()]))
}

fn declare(name: &str, place: &Place, raw: Field<RawRoute>, context: &Context<'_>) -> Checked<Route> {
    let raw = raw.checked()?.map_or_else(RawRoute::default, |(raw, _)| raw);
    let proxy = proxy(raw.proxy, place, context);
    let roots = raw.ca_file.checked().and_then(|given| {
        let Some((file, place)) = given else { return Ok(Roots::Public) };
        if proxy.as_ref().is_ok_and(|proxy| proxy.protocol != ProxyProtocol::Https) {
            return Err(context.report.add(&place, "only for an https:// proxy"));
        }
        tls::ca_file(&file, &place, context)
    });
    let proxy = Proxy { roots: roots?, ..proxy? };
    Ok(Route { name: name.into(), kind: RouteKind::Proxy(Arc::new(proxy)) })
}

fn proxy(field: Field<String>, route: &Place, context: &Context<'_>) -> Checked<Proxy> {
    let Some((text, place)) = field.checked()? else {
        let message = "missing: write it like http://proxy.example.com:3128";
        return Err(context.report.add(&route.key("proxy"), message));
    };
    // A URL cannot name port 0, so that it tells that none was given.
    let proxy = Proxy::parse(&text, 0).map_err(|error| match error {
        // What stands there is a password where the host was forgotten.
        ProxyError::Port => {
            let help =
                "a user and password stand before the host: http://USER:PASSWORD@proxy.example.com:3128";
            context.report.add_with_help(&place, "the port of this proxy is not 1 to 65535", help)
        }
        error @ ProxyError::Scheme(_) => context.refuse(&place, &text, "the URL of a proxy", &error),
        error @ ProxyError::Credentials(_) => context.report.add(&place, error.to_string()),
        // They repeat nothing of it, so that they can be told wherever it came from.
        error => {
            let help = "in user and password write / as %2F, @ as %40, : as %3A, % as %25 and so on";
            context.report.add_with_help(&place, error.to_string(), help)
        }
    })?;
    let masked = |credentials: &Credentials| credentials.user.expose() == "[redacted]";
    if proxy.credentials.as_ref().is_some_and(masked) {
        return Err(context.report.add(&place, "user and password are redacted: put them in again"));
    }
    if proxy.port == 0 {
        let message = "an http:// proxy has no port of its own: curl takes 1080, others 80";
        let help = "write the port: http://proxy.example.com:3128";
        return Err(context.report.add_with_help(&place, message, help));
    }
    Ok(proxy)
}
