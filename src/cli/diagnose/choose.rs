//! From the words of the command line to targets: names of the config, or URLs.

use std::net::Ipv6Addr;
use std::sync::Arc;

use crate::config::{Config, Env, UrlOptions, did_you_mean, endpoint_of, same_place};
use crate::outcome::error_chain;
use crate::target::{Endpoint, EnvWay, ProxyEnvironment, Target};

/// The most names of targets that are listed where a word is none of them.
const MOST_NAMES: usize = 10;

/// The targets that are meant, each once; all of the config where none is named.
pub(super) fn targets(
    words: &[String],
    config: &Config,
    options: &UrlOptions,
    env: &Env,
) -> Result<Vec<Arc<Target>>, String> {
    if words.is_empty() {
        return Ok(config.targets.clone());
    }
    let mut chosen: Vec<Arc<Target>> = Vec::new();
    for word in words {
        let target = target(word, config, options, env)?;
        if chosen.contains(&target) {
            continue;
        }
        let taken = |name: &str| chosen.iter().any(|other| *other.name == *name);
        let name = (2..).map(|number| format!("{}-{number}", target.name)).find(|name| !taken(name));
        chosen.push(match name {
            // Two URLs of one host.
            Some(name) if taken(&target.name) => Arc::new(Target { name: name.into(), ..(*target).clone() }),
            _ => target,
        });
    }
    Ok(chosen)
}

fn target(word: &str, config: &Config, options: &UrlOptions, env: &Env) -> Result<Arc<Target>, String> {
    if let Some(target) = config.targets.iter().find(|target| *target.name == *word) {
        return Ok(Arc::clone(target));
    }
    if !is_url(word) {
        let known: Vec<&str> = config.targets.iter().map(|target| &*target.name).collect();
        let meant = did_you_mean(word, &known).map_or_else(String::new, |meant| format!("; {meant}"));
        return Err(format!(
            "no target is named {word:?}{meant}: the config has {}; a URL has a scheme, a dot or a colon in it",
            some_of(&known)
        ));
    }
    if has_credentials(word) {
        // Whatever is told of it would tell them.
        return Err(
            "a URL holds a user or password: leave them out, a URL is called without a key; for one with a \
                    key name a target of the config"
                .to_owned(),
        );
    }
    let not_usable = |error: &dyn std::error::Error| format!("{word}: {error}");
    let endpoint = endpoint_of(word).map_err(|error| not_usable(&error))?;
    if let Some(target) = configured(&endpoint, config).filter(|_| is_plain(options)) {
        return Ok(target);
    }
    let way = ProxyEnvironment::read(|name| env.get(name).ok()).route(&endpoint).way;
    let options = UrlOptions { env_route: way != EnvWay::Direct, ..options.clone() };
    let made = Config::of_url(word, &options, env).map_err(|error| error_chain(&error))?;
    made.targets.into_iter().next().ok_or_else(|| format!("{word}: makes no target"))
}

/// Names in a line, not too many of them.
fn some_of(names: &[&str]) -> String {
    let shown = names.iter().take(MOST_NAMES).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MOST_NAMES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Whether a URL names a user.
fn has_credentials(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().is_some_and(|authority| authority.contains('@'))
}

/// Whether nothing is said that a configured target would say otherwise.
fn is_plain(options: &UrlOptions) -> bool {
    let UrlOptions { provider, timeout, ca_file, env_route: _ } = options;
    provider.is_none() && timeout.is_none() && ca_file.is_none()
}

/// Whether a word that names no target can be a URL.
fn is_url(word: &str) -> bool {
    word.contains("://")
        || word.contains(['.', ':'])
        || word == "localhost"
        || word.parse::<Ipv6Addr>().is_ok()
}

/// The target of the config that has an endpoint at the same place, its path and key with it.
fn configured(endpoint: &Endpoint, config: &Config) -> Option<Arc<Target>> {
    let is_there =
        |target: &&Arc<Target>| target.sites.iter().any(|site| same_place(&site.endpoint, endpoint));
    config.targets.iter().find(is_there).cloned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::Source;

    fn config() -> Config {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("config.yml");
        let text = "targets:\n  - { name: claude, provider: anthropic }\n  - { name: a.b, provider: http, url: 'http://localhost:8080/x' }\n";
        std::fs::write(&file, text).unwrap();
        Config::load(&Source::File(file), &Env::of::<&str, &str>([])).unwrap()
    }

    fn chosen(words: &[&str], options: &UrlOptions, env: &Env) -> Result<Vec<String>, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let targets = targets(&words, &config(), options, env)?;
        let shown = |target: &Arc<Target>| {
            let routes: Vec<&str> = target.routes.iter().map(|route| &*route.name).collect();
            format!("{} {} {}", target.name, target.sites[0].endpoint.shown(), routes.join(","))
        };
        Ok(targets.iter().map(shown).collect())
    }

    #[test]
    fn a_word_is_a_name_or_a_url() {
        let (plain, none) = (UrlOptions::default(), Env::of::<&str, &str>([]));
        let all = ["claude https://api.anthropic.com/ direct", "a.b http://localhost:8080/x direct"];
        for (words, expected) in [
            (&[][..], &all[..]),
            (&["claude"], &all[..1]),
            (&["a.b"], &all[1..]),
            (&["claude", "claude", "https://api.anthropic.com"], &all[..1]),
            (&["api.anthropic.com"], &all[..1]),
            (&["api.anthropic.com:443/v1/messages"], &all[..1]),
            (&["http://localhost:8080"], &all[1..]),
            (&["localhost"], &["localhost https://localhost/ direct"]),
            (&["localhost:8080"], &["localhost-8080 https://localhost:8080/ direct"]),
            (&["b.c"], &["b.c https://b.c/ direct"]),
            (&["::1"], &["ipv6-1 https://[::1]/ direct"]),
            (
                &["x.test/a", "x.test/b"],
                &["x.test https://x.test/a direct", "x.test-2 https://x.test/b direct"],
            ),
        ] {
            assert_eq!(chosen(words, &plain, &none).unwrap(), expected, "{words:?}");
        }
    }

    #[test]
    fn what_is_said_of_urls_makes_a_target_of_its_own() {
        let none = Env::of::<&str, &str>([]);
        let options = UrlOptions { timeout: Some(Duration::from_secs(3)), ..UrlOptions::default() };
        let made = chosen(&["api.anthropic.com", "claude"], &options, &none).unwrap();
        assert_eq!(made[0], "api.anthropic.com https://api.anthropic.com/ direct");
        assert_eq!(made[1], "claude https://api.anthropic.com/ direct");
    }

    #[test]
    fn the_proxy_variables_add_their_route_where_they_lead_there() {
        let plain = UrlOptions::default();
        let env = Env::of([("HTTPS_PROXY", "http://p.test:3128"), ("NO_PROXY", "exempt.test")]);
        let made = chosen(&["x.test", "exempt.test", "http://x.test"], &plain, &env).unwrap();
        assert_eq!(
            made,
            [
                "x.test https://x.test/ direct,env",
                "exempt.test https://exempt.test/ direct",
                "x.test-2 http://x.test/ direct"
            ]
        );
    }

    #[test]
    fn what_is_neither_is_said() {
        let (plain, none) = (UrlOptions::default(), Env::of::<&str, &str>([]));
        let told = |word: &str| chosen(&[word], &plain, &none).unwrap_err();
        assert_eq!(
            told("clod"),
            "no target is named \"clod\": the config has claude, a.b; a URL has a scheme, a dot or a colon in it"
        );
        assert!(
            told("claud").starts_with("no target is named \"claud\"; did you mean `claude`?: "),
            "{}",
            told("claud")
        );
        for url in ["https://me:hunter2@x.test/a", "me:hunter2@x.test", "https://hunter2@x.test?a"] {
            let told = told(url);
            assert!(told.contains("leave them out") && !told.contains("hunter2"), "{told}");
        }
        let names: Vec<String> = (0..12).map(|n| n.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(some_of(&names), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more");
        assert!(told("ftp://x.test").starts_with("ftp://x.test: the scheme \"ftp\" is not supported"));
        assert!(told("a..b").contains("is not a DNS name"), "{}", told("a..b"));
    }
}
