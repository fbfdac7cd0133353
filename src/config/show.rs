//! The effective config: what is in force, every default filled in, as YAML that loads again.
//!
//! Promises: a key shows only where it comes from; a proxy's user and password, a header's value, and the path of a URL
//! that came from the environment show as `[redacted]`; without such, loading the text gives an equal config.

mod discovery;
mod target;

use std::fmt::Write as _;

use super::raw::shown;
use super::{Config, ProbeOptions, Retention};
use crate::target::{Proxy, Resolver, ResolverKind, Roots, Route, RouteKind, Server, Target, Validation};
use crate::units::PromDuration;

/// What stands in place of a secret.
const REDACTED: &str = "[redacted]";

/// A config as YAML, secrets redacted.
#[must_use]
pub fn effective(config: &Config) -> String {
    let mut lines = Lines(String::new());
    if let Some(vantage) = &config.vantage {
        lines.entry(0, "vantage", &scalar(vantage));
    }
    if !config.resolvers.is_empty() {
        lines.add(0, "resolvers:");
        for resolver in &config.resolvers {
            show_resolver(&mut lines, resolver);
        }
    }
    if !config.routes.is_empty() {
        lines.add(0, "routes:");
        for route in &config.routes {
            show_route(&mut lines, route);
        }
    }
    if !config.controls.is_empty() {
        lines.entry(0, "control", &list(&config.controls));
    }
    discovery::show(&mut lines, config);
    show_history(&mut lines, &config.history);
    let ProbeOptions { min_interval } = config.probe;
    lines.entry(0, "probe", &format!("{{ min_interval: {} }}", PromDuration(min_interval)));
    lines.entry(0, "metrics", &format!("{{ profile: {} }}", config.profile.label()));
    lines.add(0, if config.targets.is_empty() { "targets: []" } else { "targets:" });
    for list in std::iter::once(&config.own).chain(&config.lists) {
        if !std::ptr::eq(list, &config.own) && !list.is_empty() {
            lines.add(2, &format!("# of {}", scalar(list.origin())));
        }
        for (target, slo) in list.entries() {
            target::show(&mut lines, target, slo);
        }
    }
    lines.0
}

/// One target of it, as it stands in the list of targets.
#[must_use]
pub fn effective_target(target: &Target) -> String {
    let mut lines = Lines(String::new());
    target::show(&mut lines, target, None);
    lines.0
}

/// A text of these without the queries of URLs, for who only asks: a key may stand in one as it does in no other place.
#[must_use]
pub fn without_queries(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match line.find("://").and_then(|scheme| Some(scheme + line.get(scheme..)?.find('?')?)) {
            Some(query) => {
                let rest = &line[query..];
                let end = rest.find(['"', '\'', ' ', ',', ']', '}', '\n']).unwrap_or(rest.len());
                out.push_str(&line[..query]);
                out.push('?');
                out.push_str(REDACTED);
                out.push_str(&without_queries(&rest[end..]));
            }
            None => out.push_str(line),
        }
    }
    out
}

/// Lines of text, by their indentation.
struct Lines(String);

impl Lines {
    fn add(&mut self, indent: usize, line: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{:indent$}{line}", "");
    }

    fn entry(&mut self, indent: usize, key: &str, value: &str) {
        self.add(indent, &format!("{key}: {value}"));
    }
}

fn show_history(lines: &mut Lines, history: &Retention) {
    let Retention { journeys, failures, age, failure_age, timeline, memory, persist } = *history;
    let [age, failure_age, timeline] = [age, failure_age, timeline].map(shown);
    lines.add(0, "history:");
    lines.add(2, &format!("journeys: {journeys}"));
    lines.add(2, &format!("failures: {failures}"));
    lines.add(2, &format!("age: {age}"));
    lines.add(2, &format!("failure_age: {failure_age}"));
    lines.add(2, &format!("timeline: {timeline}"));
    lines.add(2, &format!("memory: {memory}"));
    lines.add(2, &format!("persist: {persist}"));
}

fn show_resolver(lines: &mut Lines, resolver: &Resolver) {
    let ResolverKind::Server(server) = &resolver.kind else { return };
    // Without `..`, so that no field is forgotten here.
    let Server { transport: _, host: _, port: _, path: _, confidential: _, bootstrap, server_name, roots } =
        &**server;
    let mut keys = vec![format!("address: {}", scalar(&server.to_string()))];
    if !bootstrap.is_empty() {
        keys.push(format!("bootstrap: {}", list(bootstrap)));
    }
    if let Some(name) = server_name {
        keys.push(format!("server_name: {}", scalar(name)));
    }
    keys.extend(ca_file(roots));
    match &resolver.dnssec {
        Validation::Off => {}
        Validation::RootAnchor => keys.push("dnssec: true".to_owned()),
        Validation::Anchors { path, .. } => {
            keys.push(format!("dnssec: true, trust_anchor_file: {}", scalar(path)));
        }
    }
    lines.entry(2, &scalar(&resolver.name), &format!("{{ {} }}", keys.join(", ")));
}

fn show_route(lines: &mut Lines, route: &Route) {
    let RouteKind::Proxy(proxy) = &route.kind else { return };
    let Proxy { protocol, host: _, port: _, credentials, roots } = &**proxy;
    let credentials = credentials.as_ref().map_or_else(String::new, |_| format!("{REDACTED}@"));
    let url = format!("{protocol}://{credentials}{}", proxy.authority());
    let mut keys = vec![format!("proxy: {}", scalar(&url))];
    keys.extend(ca_file(roots));
    lines.entry(2, &scalar(&route.name), &format!("{{ {} }}", keys.join(", ")));
}

fn ca_file(roots: &Roots) -> Option<String> {
    match roots {
        Roots::Public => None,
        Roots::File { path, .. } => Some(format!("ca_file: {}", scalar(path))),
    }
}

fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<_> = items.into_iter().map(|item| scalar(&item.to_string())).collect();
    format!("[{}]", items.join(", "))
}

/// A text as a YAML value that reads back as that text, in quotes where it needs them.
fn scalar(text: &str) -> String {
    let plain_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-' | ':');
    let plain = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/')
        && (!text.contains(':') || text.contains("://") && !text.ends_with(':'))
        && text != "null"
        && text.chars().all(plain_char);
    if plain {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '$' => quoted.push_str("$$"),
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            c if u32::from(c) <= 0xff => quoted.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => quoted.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::decode::{Decoder, Field};
    use crate::config::problem::Report;
    use crate::config::{Env, env, load_text, node};
    use serde::Deserialize as _;

    #[test]
    fn the_effective_config_fills_in_every_default() {
        let env = Env::of([("ANTHROPIC_API_KEY", "sk-ant-1")]);
        let config = load_text(crate::config::DEFAULT, &env).unwrap();
        let expected = "\
control: [https://example.com/]
history:
  journeys: 20
  failures: 20
  age: 1d
  failure_age: 7d
  timeline: 6h
  memory: 64MiB
  persist: true
probe: { min_interval: 10s }
metrics: { profile: full }
targets:
  - name: claude
    provider: anthropic
    url: https://api.anthropic.com/
    top_layer: api
    api_key: { env: ANTHROPIC_API_KEY }
    interval: 30s
    timeout: 10s
    routes: [direct]
    addresses: first
    resolvers: [system]
    failover: { rise: 2, fall: 3 }
    diagnosis: { recover_after: 2, change_after: 2, follow_ups: true }
    expected_networks: [160.79.104.0/23, \"2607:6bc0::/48\"]
    tls:
      min_version: \"1.2\"
      refuse_older: false
      expiry_warning: 21d
    http:
      version: auto
      redirect_https: false
      expect:
        status: []
        body_regex: \"\"
    call:
      kind: models
      interval: 30s
      connection: fresh
      between: free
    retry: { max_attempts: 1, base_delay: 1s, max_delay: 30s, jitter: full }
    status_page:
      # url: https://status.claude.com/api/v2/summary.json, or https://anthropic.statuspage.io/api/v2/summary.json
      component: k8w3r06qmzrp
      interval: 5m
";
        assert_eq!(effective(&config), expected);
    }

    #[test]
    fn the_effective_config_loads_again_as_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let key = dir.path().join("a key");
        std::fs::write(&key, "sk-file\n").unwrap();
        let anchors = dir.path().join("anchors");
        std::fs::write(&anchors, "; the root\n. IN DNSKEY 257 3 8 AwEA\n").unwrap();
        let text = format!(
            r#"
resolvers:
  google: {{ address: "udp://[2001:4860:4860::8888]", dnssec: true }}
  unused: {{ address: tcp://1.1.1.1, dnssec: true, trust_anchor_file: {anchors:?} }}
  dot: {{ address: "tls://dns.example", bootstrap: [9.9.9.9, "2620:fe::fe"], server_name: d.example }}
  doh: {{ address: "https://[2606:4700::1111]:8443/q" }}
routes: {{ corp: {{ proxy: "https://proxy.example" }}, far: {{ proxy: "socks5://[::1]" }}, near: {{ proxy: "socks5h://10.0.0.1:9" }} }}
vantage: fra-1
history: {{ journeys: 0, failures: 7, age: 90m, failure_age: 1d, timeline: 5h, memory: 3000KiB, persist: false }}
defaults: {{ interval: 1m30s, timeout: 1500ms, failover: {{ rise: 5 }}, diagnosis: {{ change_after: 3 }} }}
control: [https://example.com, "http://192.0.2.1:8080/up"]
targets:
  - {{ name: a, provider: anthropic, api_key: {{ file: {key:?} }}, resolvers: [google, system, doh], families: [ipv6, ipv4] }}
  - name: "null"
    provider: http
    url: http://[::1]:8080/x?y=$$1&z=2
    expected_networks: [10.0.0.0/8]
    routes: [far, env, direct]
    failover: {{ fall: 1 }}
    diagnosis: {{ recover_after: 7, follow_ups: false }}
    slo: {{ objective: 99.95, window: 28d, latency: 500ms }}
    addresses: all
    tls: {{ server_name: example.com, min_version: "1.3", expiry_warning: 0 }}
    http: {{ version: h2, expect: {{ status: [200, 204], body_regex: "\"ok\" \u20ac\t$$", max_latency: 2s }} }}
  - {{ name: proxied, provider: anthropic, routes: [corp, near], tls: {{ refuse_older: true }}, slo: {{ objective: 99 }} }}
  - name: several
    provider: anthropic
    endpoints: [https://api.anthropic.com, "https://gateway.example.com:8443/claude"]
    tls: {{ min_version: "1.2", refuse_older: false }}
    http: {{ redirect_https: true }}
  - {{ name: same, provider: anthropic, endpoints: [https://a.example, https://b.example], routes: [corp], resolvers: [dot] }}
"#
        );
        let env = Env::of([("ANTHROPIC_API_KEY", "sk-ant-1")]);
        let config = load_text(&text, &env).unwrap();
        let shown = effective(&config);
        assert_eq!(load_text(&shown, &env).unwrap(), config, "{shown}");
    }

    proptest! {
        #[test]
        fn a_shown_text_reads_back_the_same(text in any::<String>()) {
            let report = Report::default();
            let mut tree = node::parse(&format!("[{}]", scalar(&text)), ("", ""), &report).unwrap();
            env::expand(&mut tree, node::Path::Root, &Env::of([("A", "b")]), &report);
            let list = Field::<Vec<Field<String>>>::deserialize(Decoder::root(&tree, &report)).unwrap();
            let (items, _) = list.checked().unwrap().unwrap();
            let (read, _) = items.into_iter().next().unwrap().checked().unwrap().unwrap();
            prop_assert_eq!(read, text);
        }
    }

    #[test]
    fn who_only_asks_does_not_see_the_queries_of_urls() {
        let text = "a: 'https://x/y?key=1'\n  # of https://s/t?token=2\nb: [http://p?q=3, \"http://r/?s=4\"]\nc: what?\n";
        let shown = "a: 'https://x/y?[redacted]'\n  # of https://s/t?[redacted]\n\
                     b: [http://p?[redacted], \"http://r/?[redacted]\"]\nc: what?\n";
        assert_eq!(without_queries(text), shown);
    }
}
