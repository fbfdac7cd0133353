//! Taking internal addresses and names out of a document, for those who paste it into a stranger's ticket.
//!
//! Promises: the same thing is always replaced by the same word, `internal-1` and so on; whatever is told from the document
//! afterwards is without them.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use crate::document::Document;
use crate::surroundings::Surroundings;
use crate::target::{Endpoint, Host, Resolver, ResolverKind, Route, RouteKind, Target};

/// The longest text of an address.
const LONGEST_ADDRESS: usize = 45;

/// What is replaced, and by what.
#[derive(Debug, Default)]
pub(super) struct Redaction {
    /// Names that are internal, the longest first, so that none is replaced inside of another.
    names: Vec<String>,
    /// What was replaced so far; its place is its number.
    replaced: Vec<String>,
}

impl Redaction {
    /// A redaction of the names of proxies and resolvers, of search domains and of what is exempted from proxies. The hosts
    /// of the targets stay, or there would be nothing to tell.
    pub(super) fn new(
        targets: &[Arc<Target>],
        resolvers: &[Resolver],
        routes: &[Route],
        around: &Surroundings,
    ) -> Self {
        let sites = || targets.iter().flat_map(|target| &target.sites);
        let kept: BTreeSet<String> = sites().map(|site| site.endpoint.host.to_string()).collect();
        let resolvers = targets.iter().flat_map(|target| &target.resolvers).chain(resolvers);
        let resolvers = resolvers.filter_map(|resolver| match &resolver.kind {
            ResolverKind::Server(server) => Some(&server.host),
            ResolverKind::System => None,
        });
        let routes = targets.iter().flat_map(|target| &target.routes).chain(routes);
        let proxies = routes.filter_map(|route| match &route.kind {
            RouteKind::Proxy(proxy) => Some(&proxy.host),
            RouteKind::Direct | RouteKind::Environment(_) => None,
        });
        let named = resolvers.chain(proxies).filter_map(|host| match host {
            Host::Name(name) => Some(name.clone()),
            Host::Address(_) => None,
        });
        let listed = around.proxy_variables.iter().filter_map(|(_, value)| value.as_deref());
        let listed = listed.flat_map(|value| value.split([',', ' '])).filter_map(name_of);
        let search = around.resolv_conf.search.iter().map(|domain| domain.trim_end_matches('.').to_owned());
        let names: BTreeSet<String> =
            named.chain(listed).chain(search).map(|name| name.to_ascii_lowercase()).collect();
        let fit = |name: &String| {
            !name.is_empty() && name != "localhost" && !kept.iter().any(|host| is_below(host, name))
        };
        let mut names: Vec<String> = names.into_iter().filter(fit).collect();
        names.sort_by_key(|name| (std::cmp::Reverse(name.len()), name.clone()));
        Self { names, replaced: Vec::new() }
    }

    /// Replaces everything internal in a document.
    pub(super) fn apply(&mut self, document: &mut Document) {
        document.texts(&mut |text| *text = self.text(text));
    }

    /// Replaces everything internal in a text.
    fn text(&mut self, text: &str) -> String {
        let text = self.addresses(text);
        (0..self.names.len()).fold(text, |text, index| self.name(text, index))
    }

    fn word(&mut self, what: &str) -> String {
        let known = self.replaced.iter().position(|known| known == what);
        let index = known.unwrap_or_else(|| {
            self.replaced.push(what.to_owned());
            self.replaced.len() - 1
        });
        format!("internal-{}", index + 1)
    }

    fn addresses(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        let mut before = None;
        while let Some(first) = rest.chars().next() {
            let starts = before.is_none_or(|c: char| !c.is_ascii_alphanumeric() && c != '.');
            let found = if starts { address_at(rest) } else { None };
            let taken = match found {
                Some((address, length)) if is_internal(address) => {
                    out.push_str(&self.word(&address.to_string()));
                    length
                }
                Some((_, length)) => {
                    out.push_str(rest.get(..length).unwrap_or_default());
                    length
                }
                None => {
                    out.push(first);
                    first.len_utf8()
                }
            };
            before = rest.get(..taken).and_then(|taken| taken.chars().next_back());
            rest = rest.get(taken..).unwrap_or_default();
        }
        out
    }

    fn name(&mut self, text: String, index: usize) -> String {
        let Some(name) = self.names.get(index).cloned() else { return text };
        let lower = text.to_ascii_lowercase();
        let mut out = String::with_capacity(text.len());
        let mut copied = 0;
        for (at, _) in lower.match_indices(&name) {
            let end = at + name.len();
            if at >= copied && stands_alone(&lower, at, end, name.contains('.')) {
                out.push_str(text.get(copied..at).unwrap_or_default());
                out.push_str(&self.word(&name));
                copied = end;
            }
        }
        out.push_str(text.get(copied..).unwrap_or_default());
        out
    }
}

/// Whether a name is one where it stands. One without a dot may also be an ordinary word, such as `proxy`: it is one only
/// where a URL or a port says so.
fn stands_alone(text: &str, at: usize, end: usize, dotted: bool) -> bool {
    let (before, after) = (text.get(..at).unwrap_or_default(), text.get(end..).unwrap_or_default());
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let whole = !before.ends_with(part) && !after.starts_with(part);
    let ported =
        || after.strip_prefix(':').is_some_and(|port| port.starts_with(|c: char| c.is_ascii_digit()));
    whole && (dotted || before.ends_with("://") || ported())
}

/// The address that a text begins with, and its length.
fn address_at(text: &str) -> Option<(IpAddr, usize)> {
    let fits = |c: &u8| c.is_ascii_hexdigit() || matches!(c, b'.' | b':');
    let longest = text.bytes().take(LONGEST_ADDRESS).take_while(fits).count();
    (2..=longest).rev().find_map(|length| {
        let (address, after) = text.split_at_checked(length)?;
        let ends = !after.starts_with(|c: char| c.is_ascii_alphanumeric());
        Some((address.parse().ok().filter(|_| ends)?, length))
    })
}

/// Whether a host is a name or stands below it.
fn is_below(host: &str, name: &str) -> bool {
    host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Whether an address has a meaning in one network only.
fn is_internal(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local() || is_shared(v4),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// The addresses of carrier-grade NAT, 100.64.0.0/10 (RFC 6598).
fn is_shared(address: Ipv4Addr) -> bool {
    address.to_bits() >> 22 == Ipv4Addr::new(100, 64, 0, 0).to_bits() >> 22
}

/// The name in the value of a proxy variable or in an entry of `NO_PROXY`.
fn name_of(entry: &str) -> Option<String> {
    let entry = entry.trim().trim_start_matches("*.").trim_start_matches('.');
    let url = if entry.contains("://") { entry.to_owned() } else { format!("http://{entry}") };
    let (_, rest) = url.split_once("://")?;
    match Endpoint::parse(&format!("http://{rest}")).ok()?.host {
        Host::Name(name) => Some(name),
        Host::Address(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn redaction(names: &[&str]) -> Redaction {
        Redaction { names: names.iter().map(|name| (*name).to_owned()).collect(), replaced: Vec::new() }
    }

    #[test]
    fn internal_addresses_and_names_are_replaced_and_others_stay() {
        for (text, expected) in [
            ("udp 10.0.0.1:53: timed out", "udp internal-1:53: timed out"),
            ("10.0.0.1 and 10.0.0.2 and 10.0.0.1.", "internal-1 and internal-2 and internal-1."),
            ("[fd00::1]:53, fe80::1%eth0, ::1", "[internal-1]:53, internal-2%eth0, internal-3"),
            ("10.0.0.0/8,192.168.1.1", "internal-1/8,internal-2"),
            ("100.64.0.1 100.128.0.1 169.254.1.1 127.0.0.53", "internal-1 100.128.0.1 internal-2 internal-3"),
            ("::ffff:10.0.0.1", "internal-1"),
            ("160.79.104.10:443 2607:6bc0::10", "160.79.104.10:443 2607:6bc0::10"),
            ("version 1.10.0.0.1 and 10.0.0", "version 1.10.0.0.1 and 10.0.0"),
            ("a 3.10 release at 12:30:00", "a 3.10 release at 12:30:00"),
            ("http://p.corp.internal:3128 (10.1.1.1)", "http://internal-2:3128 (internal-1)"),
            ("P.Corp.Internal is not xp.corp.internal", "internal-1 is not xp.internal-2"),
            ("the proxy refuses; http://proxy:3128", "the proxy refuses; http://internal-1:3128"),
            ("名称 p.corp.internal。", "名称 internal-1。"),
        ] {
            let mut redaction = redaction(&["p.corp.internal", "corp.internal", "proxy"]);
            assert_eq!(redaction.text(text), expected, "{text}");
        }
    }

    #[test]
    fn names_are_those_of_the_surroundings_but_not_of_the_target() {
        let around = Surroundings::sample(&[
            ("HTTPS_PROXY", "http://u:p@proxy.corp.internal:3128"),
            ("NO_PROXY", "localhost,.lab.internal,10.0.0.0/8,api.anthropic.com,*.x.internal"),
        ]);
        let env = crate::config::Env::of::<&str, &str>([]);
        let config = crate::config::Config::load(&crate::config::Source::Default, &env).unwrap();
        let redaction = Redaction::new(&config.targets, &[], &[], &around);
        assert_eq!(redaction.names, ["proxy.corp.internal", "corp.internal", "lab.internal", "x.internal"]);
    }

    proptest! {
        #[test]
        fn any_text_can_be_redacted_and_holds_no_private_address(text in "([a-f0-9:. \\[\\]]|10\\.0\\.0\\.1|网){0,60}") {
            let mut redaction = redaction(&["a.b"]);
            let once = redaction.text(&text);
            prop_assert_eq!(redaction.text(&once), once);
        }
    }
}

#[cfg(test)]
mod properties;
