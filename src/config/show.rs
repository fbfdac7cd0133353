//! The effective config: what is in force, every default filled in, as YAML that loads again.
//!
//! Promises: a key shows only where it comes from, a header's value shows as `[redacted]`; without headers, loading
//! the text gives an equal config.

use std::fmt::Write as _;

use super::Config;
use crate::target::{
    ApiKey, Families, HttpOffer, KeyOrigin, MinTls, Resolver, ResolverKind, Roots, Target, TlsOptions,
};
use crate::units::PromDuration;

/// What stands in place of a secret.
const REDACTED: &str = "[redacted]";

/// A config as YAML, secrets redacted.
#[must_use]
pub fn effective(config: &Config) -> String {
    let mut lines = Lines(String::new());
    if !config.resolvers.is_empty() {
        lines.add(0, "resolvers:");
        for resolver in &config.resolvers {
            show_resolver(&mut lines, resolver);
        }
    }
    lines.add(0, "targets:");
    for target in &config.targets {
        show_target(&mut lines, target);
    }
    lines.0
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

fn show_resolver(lines: &mut Lines, resolver: &Resolver) {
    if let ResolverKind::Server { address, transport } = resolver.kind {
        let address = scalar(&format!("{transport}://{address}"));
        lines.entry(2, &scalar(&resolver.name), &format!("{{ address: {address} }}"));
    }
}

fn show_target(lines: &mut Lines, target: &Target) {
    lines.entry(2, "- name", &scalar(&target.name));
    lines.entry(4, "provider", target.provider.name());
    lines.entry(4, "url", &scalar(&target.endpoint.to_string()));
    if let Some(key) = &target.api_key {
        show_key(lines, key);
    }
    lines.entry(4, "interval", &PromDuration(target.interval).to_string());
    lines.entry(4, "timeout", &PromDuration(target.timeout).to_string());
    lines.entry(4, "routes", "[direct]");
    if let Families::Only(families) = &target.families {
        lines.entry(4, "families", &list(families));
    }
    lines.entry(4, "resolvers", &list([&target.resolver.name]));
    lines.entry(4, "expected_networks", &list(&target.expected_networks));
    show_tls(lines, &target.tls);
    show_http(lines, target);
    lines.entry(4, "call", &format!("{{ kind: {} }}", target.call));
}

fn show_key(lines: &mut Lines, key: &ApiKey) {
    let source = match key.origin() {
        KeyOrigin::Given => return lines.add(4, &format!("# api_key: {REDACTED}")),
        KeyOrigin::Variable(name) => format!("{{ env: {} }}", scalar(name)),
        KeyOrigin::File(path) => format!("{{ file: {} }}", scalar(&path.to_string_lossy())),
    };
    lines.entry(4, "api_key", &source);
}

fn show_tls(lines: &mut Lines, tls: &TlsOptions) {
    lines.add(4, "tls:");
    if let Roots::File { path, .. } = &tls.roots {
        lines.entry(6, "ca_file", &scalar(path));
    }
    if let Some(name) = &tls.server_name {
        lines.entry(6, "server_name", &scalar(name));
    }
    let min_version = match tls.min_version {
        MinTls::V12 => "\"1.2\"",
        MinTls::V13 => "\"1.3\"",
    };
    lines.entry(6, "min_version", min_version);
    lines.entry(6, "expiry_warning", &PromDuration(tls.expiry_warning).to_string());
}

fn show_http(lines: &mut Lines, target: &Target) {
    let version = match target.http.offer {
        HttpOffer::Auto => "auto",
        HttpOffer::H1 => "h1",
        HttpOffer::H2 => "h2",
    };
    lines.add(4, "http:");
    lines.entry(6, "version", version);
    if !target.http.headers.is_empty() {
        lines.add(6, "headers:");
        for (name, _) in &target.http.headers {
            lines.entry(8, &scalar(name.as_str()), &scalar(REDACTED));
        }
    }
    let expect = &target.http.expect;
    lines.add(6, "expect:");
    lines.entry(8, "status", &list(&expect.status));
    lines.entry(8, "body_regex", &scalar(expect.body.as_ref().map_or("", |body| body.0.as_str())));
    if let Some(limit) = expect.max_latency {
        lines.entry(8, "max_latency", &PromDuration(limit).to_string());
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
targets:
  - name: claude
    provider: anthropic
    url: https://api.anthropic.com/
    api_key: { env: ANTHROPIC_API_KEY }
    interval: 30s
    timeout: 10s
    routes: [direct]
    resolvers: [system]
    expected_networks: [160.79.104.0/23, \"2607:6bc0::/48\"]
    tls:
      min_version: \"1.2\"
      expiry_warning: 21d
    http:
      version: auto
      expect:
        status: []
        body_regex: \"\"
    call: { kind: models }
";
        assert_eq!(effective(&config), expected);
    }

    #[test]
    fn the_effective_config_loads_again_as_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let key = dir.path().join("a key");
        std::fs::write(&key, "sk-file\n").unwrap();
        let text = format!(
            r#"
resolvers: {{ google: {{ address: "udp://[2001:4860:4860::8888]" }}, unused: {{ address: tcp://1.1.1.1 }} }}
defaults: {{ interval: 1m30s, timeout: 1500ms }}
targets:
  - {{ name: a, provider: anthropic, api_key: {{ file: {key:?} }}, resolvers: [google], families: [ipv6, ipv4] }}
  - name: "null"
    provider: http
    url: http://[::1]:8080/x?y=$$1&z=2
    expected_networks: [10.0.0.0/8]
    tls: {{ server_name: example.com, min_version: "1.3", expiry_warning: 0 }}
    http: {{ version: h2, expect: {{ status: [200, 204], body_regex: "\"ok\" \u20ac\t$$", max_latency: 2s }} }}
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
            let mut tree = node::parse(&format!("[{}]", scalar(&text)), &report).unwrap();
            env::expand(&mut tree, node::Path::Root, &Env::of([("A", "b")]), &report);
            let list = Field::<Vec<Field<String>>>::deserialize(Decoder::root(&tree, &report)).unwrap();
            let (items, _) = list.checked().unwrap().unwrap();
            let (read, _) = items.into_iter().next().unwrap().checked().unwrap().unwrap();
            prop_assert_eq!(read, text);
        }
    }
}
