//! Resolvers: those of the config, and those a target asks.

use std::net::IpAddr;
use std::sync::Arc;

use super::named::{Kind, Named};
use super::{Context, tls};
use crate::config::decode::{Field, Pairs};
use crate::config::problem::{Checked, Place, Reported};
use crate::config::raw::RawResolver;
use crate::outcome::Transport;
use crate::target::{
    Host, Resolver, ResolverKind, Roots, Route, RouteKind, SYSTEM, Server, Validation, read_regular,
};

static KIND: Kind =
    Kind { one: "resolver", section: "resolvers", builtin: &[(SYSTEM, "is the machine's own resolver")] };

/// The largest file of trust anchors that is read; the root zone's has some hundred bytes.
const MAX_ANCHOR_BYTES: u64 = 64 * 1024;

/// The resolvers that a config declares.
pub(super) fn declared(field: Field<Pairs<RawResolver>>, context: &Context<'_>) -> Named<Resolver> {
    Named::declared(field, &KIND, context, |name, place, raw| declare(name, place, raw, context))
}

/// The resolvers a target asks: by default the machine's own, or none where no route needs an address.
pub(super) fn chosen(
    field: Field<Vec<Field<String>>>,
    resolvers: &Named<Resolver>,
    routes: Result<&Vec<Route>, &Reported>,
    context: &Context<'_>,
) -> Checked<Vec<Resolver>> {
    let chosen = resolvers.chosen(field, context, |name| (name == SYSTEM).then(Resolver::system))?;
    match chosen {
        Some(chosen) => Ok(chosen),
        None if routes.map_err(|reported| *reported)?.iter().any(needs_address) => {
            Ok(vec![Resolver::system()])
        }
        None => Ok(Vec::new()),
    }
}

fn needs_address(route: &Route) -> bool {
    match &route.kind {
        RouteKind::Direct | RouteKind::Environment(_) => true,
        RouteKind::Proxy(proxy) => !proxy.protocol.resolves(),
    }
}

fn declare(name: &str, place: &Place, raw: Field<RawResolver>, context: &Context<'_>) -> Checked<Resolver> {
    let raw = raw.checked()?.map_or_else(RawResolver::default, |(raw, _)| raw);
    let server = address(raw.address, place, context);
    let over_tls = server.as_ref().ok().map(|server| match server.transport {
        Transport::Udp | Transport::Tcp => false,
        Transport::Tls | Transport::Https => true,
    });
    let bootstrap = bootstrap(raw.bootstrap, server.as_ref().ok(), context);
    let server_name = raw.server_name.checked().and_then(|given| {
        let Some((name, place)) = given else { return Ok(None) };
        only_over_tls(over_tls, &place, context)?;
        tls::server_name(name, &place, context).map(Some)
    });
    let roots = raw.ca_file.checked().and_then(|given| {
        let Some((file, place)) = given else { return Ok(Roots::Public) };
        only_over_tls(over_tls, &place, context)?;
        tls::ca_file(&file, &place, context)
    });
    let dnssec = validation(raw.dnssec, raw.trust_anchor_file, over_tls, context);
    let server = Server { bootstrap: bootstrap?, server_name: server_name?, roots: roots?, ..server? };
    Ok(Resolver { name: name.into(), kind: ResolverKind::Server(Arc::new(server)), dnssec: dnssec? })
}

fn address(field: Field<String>, resolver: &Place, context: &Context<'_>) -> Checked<Server> {
    let Some((text, place)) = field.checked()? else {
        let message = "missing: write it like udp://8.8.8.8:53 or https://1.1.1.1/dns-query";
        return Err(context.report.add(&resolver.key("address"), message));
    };
    let server = Server::parse(&text)
        .map_err(|error| context.refuse(&place, &text, "the address of a resolver", &error))?;
    Ok(Server { confidential: place.from_env.is_some(), ..server })
}

fn only_over_tls(over_tls: Option<bool>, place: &Place, context: &Context<'_>) -> Checked<()> {
    if over_tls == Some(false) {
        return Err(context.report.add(place, "only for resolvers over tls:// and https://"));
    }
    Ok(())
}

fn bootstrap(
    field: Field<Vec<Field<String>>>,
    server: Option<&Server>,
    context: &Context<'_>,
) -> Checked<Vec<IpAddr>> {
    let Some((list, place)) = field.checked()? else { return Ok(Vec::new()) };
    if let Some(Server { host: Host::Address(_), .. }) = server {
        let message = "only for a resolver that is named: this one's address is known already";
        return Err(context.report.add(&place, message));
    }
    if list.is_empty() {
        let message = "an empty list: leave the key out to ask the resolver `system`";
        return Err(context.report.add(&place, message));
    }
    let mut addresses: Vec<IpAddr> = Vec::new();
    let mut whole = Ok(());
    for item in list {
        match item.checked().and_then(|given| {
            let (text, place) = given.ok_or(Reported)?;
            bootstrap_address(&text, &place, &addresses, context)
        }) {
            Ok(address) => addresses.push(address),
            Err(reported) => whole = Err(reported),
        }
    }
    whole.map(|()| addresses)
}

fn bootstrap_address(text: &str, place: &Place, seen: &[IpAddr], context: &Context<'_>) -> Checked<IpAddr> {
    let address: IpAddr = text.parse().map_err(|_| {
        let message = format!("{} is not an IP address, such as 9.9.9.9 or 2620:fe::fe", place.show(text));
        context.report.add(place, message)
    })?;
    if seen.contains(&address) {
        return Err(context.report.add(place, format!("{} stands here more than once", place.show(text))));
    }
    Ok(address)
}

fn validation(
    dnssec: Field<bool>,
    anchors: Field<String>,
    over_tls: Option<bool>,
    context: &Context<'_>,
) -> Checked<Validation> {
    let dnssec = dnssec.checked().and_then(|given| match given {
        Some((true, place)) if over_tls == Some(true) => {
            Err(context.report.add(&place, "only for resolvers over udp:// and tcp://"))
        }
        Some((dnssec, _)) => Ok(dnssec),
        None => Ok(false),
    });
    let anchors = anchors.checked().and_then(|given| {
        let Some((file, place)) = given else { return Ok(None) };
        if dnssec == Ok(false) {
            let message = "without effect where nothing is validated";
            return Err(context.report.add_with_help(&place, message, "add `dnssec: true`"));
        }
        anchor_file(&file, &place, context).map(Some)
    })?;
    Ok(match (dnssec?, anchors) {
        (false, _) => Validation::Off,
        (true, None) => Validation::RootAnchor,
        (true, Some(anchors)) => anchors,
    })
}

fn anchor_file(file: &str, place: &Place, context: &Context<'_>) -> Checked<Validation> {
    let shown = place.show(file);
    let path = context.directory.join(file);
    let bytes = read_regular(&path, MAX_ANCHOR_BYTES)
        .map_err(|error| context.report.add(place, format!("cannot read {shown}: {error}")))?;
    let records = String::from_utf8(bytes)
        .map_err(|_| context.report.add(place, format!("{shown} cannot be used: it is not UTF-8")))?;
    let is_record = |line: &str| {
        let line = line.split(';').next().unwrap_or_default();
        line.split_whitespace().any(|word| word.eq_ignore_ascii_case("DNSKEY"))
    };
    if !records.lines().any(is_record) {
        let message = format!("{shown} cannot be used: there is no DNSKEY record in it");
        return Err(context.report.add(place, message));
    }
    Ok(Validation::Anchors { path: path.to_string_lossy().into_owned(), records })
}
