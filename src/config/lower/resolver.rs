//! Resolvers: those of the config, and the one a target asks.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::Context;
use super::target::is_name;
use crate::config::decode::{Field, Pairs};
use crate::config::near::did_you_mean;
use crate::config::problem::{Checked, Place, Reported};
use crate::config::raw::RawResolver;
use crate::outcome::Transport;
use crate::target::{Resolver, ResolverKind, SYSTEM};

/// The port of DNS.
const DNS_PORT: u16 = 53;

/// The resolvers of a config by name, also those that cannot be used, so that naming one is not a second problem.
pub(super) struct Resolvers {
    named: Vec<(String, Checked<Resolver>)>,
    whole: Checked<()>,
}

impl Resolvers {
    /// All of them, if all can be used.
    pub(super) fn usable(self) -> Checked<Vec<Resolver>> {
        self.whole?;
        self.named.into_iter().map(|(_, resolver)| resolver).collect()
    }
}

/// The resolvers that a config declares.
pub(super) fn declared(field: Field<Pairs<RawResolver>>, context: &Context<'_>) -> Resolvers {
    let (Pairs(pairs), mut whole) = field.section();
    let mut named = Vec::new();
    for (name, raw) in pairs {
        match name.checked() {
            Ok(Some((name, place))) => {
                let resolver = declare(&name, &place, raw, context);
                named.push((name, resolver));
            }
            Ok(None) | Err(Reported) => whole = Err(Reported),
        }
    }
    Resolvers { named, whole }
}

fn declare(name: &str, place: &Place, raw: Field<RawResolver>, context: &Context<'_>) -> Checked<Resolver> {
    let checked_name = if name == SYSTEM {
        Err(context.report.add(place, "`system` is the machine's own resolver: choose another name"))
    } else if is_name(name) {
        Ok(Arc::from(name))
    } else {
        let message = "not a name: 1 to 100 letters, digits, `_`, `-` and `.`, the first a letter or digit";
        Err(context.report.add(place, message))
    };
    let address = match raw.checked()? {
        Some((raw, _)) => raw.address.checked()?,
        None => None,
    };
    let Some((text, at)) = address else {
        return Err(context.report.add(&place.key("address"), "missing: write it like udp://8.8.8.8:53"));
    };
    let (transport, address) =
        parse(&text).map_err(|message| context.refuse(&at, &text, "the address of a resolver", &message))?;
    Ok(Resolver { name: checked_name?, kind: ResolverKind::Server { address, transport } })
}

/// Reads `udp://IP:PORT` or `tcp://IP:PORT`.
fn parse(text: &str) -> Result<(Transport, SocketAddr), String> {
    const LIKE: &str = "write it like udp://8.8.8.8:53 or tcp://[2001:4860:4860::8888]:53";
    let (scheme, rest) =
        text.split_once("://").ok_or_else(|| format!("{text:?} is not the address of a resolver: {LIKE}"))?;
    let transport = match scheme {
        "udp" => Transport::Udp,
        "tcp" => Transport::Tcp,
        "https" | "tls" | "quic" | "h3" => {
            return Err(format!("resolvers over {scheme} are not supported in this release: use udp or tcp"));
        }
        other => return Err(format!("the scheme {other:?} is not known: use udp or tcp")),
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let bare = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = match (rest.parse::<SocketAddr>(), bare) {
        (Ok(address), _) => Some(address),
        (Err(_), Some(v6)) => v6.parse().ok().map(|ip| SocketAddr::new(IpAddr::V6(ip), DNS_PORT)),
        (Err(_), None) => rest.parse().ok().map(|ip| SocketAddr::new(IpAddr::V4(ip), DNS_PORT)),
    };
    match address {
        Some(address) if address.port() != 0 => Ok((transport, address)),
        _ => Err(format!("{text:?} does not name an IP address and a port: {LIKE}")),
    }
}

/// The resolver a target asks.
pub(super) fn chosen(
    field: Field<Vec<Field<String>>>,
    resolvers: &Resolvers,
    context: &Context<'_>,
) -> Checked<Resolver> {
    let system = || Resolver { name: SYSTEM.into(), kind: ResolverKind::System };
    let Some((names, list)) = field.checked()? else { return Ok(system()) };
    if names.len() != 1 {
        let message = format!("{} resolvers: exactly one is supported in this release", names.len());
        return Err(context.report.add(&list, message));
    }
    let (name, place) = names.into_iter().next().unwrap_or_default().checked()?.ok_or(Reported)?;
    if name == SYSTEM {
        return Ok(system());
    }
    if let Some((_, resolver)) = resolvers.named.iter().find(|(known, _)| *known == name) {
        return resolver.clone();
    }
    resolvers.whole?;
    let mut known: Vec<&str> = resolvers.named.iter().map(|(known, _)| known.as_str()).collect();
    known.push(SYSTEM);
    let near = if place.from_env.is_none() { did_you_mean(&name, &known) } else { None };
    let help =
        near.unwrap_or_else(|| "declare it under the top-level `resolvers`, or use `system`".to_owned());
    Err(context.report.add_with_help(&place, format!("no resolver is named {}", place.show(&name)), help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_resolvers_are_read() {
        for (text, transport, address) in [
            ("udp://8.8.8.8:53", Transport::Udp, "8.8.8.8:53"),
            ("udp://8.8.8.8", Transport::Udp, "8.8.8.8:53"),
            ("tcp://127.0.0.1:5353/", Transport::Tcp, "127.0.0.1:5353"),
            ("tcp://[::1]", Transport::Tcp, "[::1]:53"),
            ("udp://[2001:db8::1]:54", Transport::Udp, "[2001:db8::1]:54"),
        ] {
            assert_eq!(parse(text), Ok((transport, address.parse().unwrap())), "{text}");
        }
        for text in
            ["8.8.8.8", "udp://", "udp://dns.google", "udp://::1", "udp://8.8.8.8:0", "udp://[8.8.8.8]"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(
            parse("https://1.1.1.1/dns-query").unwrap_err(),
            "resolvers over https are not supported in this release: use udp or tcp"
        );
    }
}
