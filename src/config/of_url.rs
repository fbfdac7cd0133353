//! A config of one target that is made of a URL, for those who ask about an address that no config names.
//!
//! Promises: it goes through the same code as a file, so that defaults and problems are the same; no key is taken from
//! anywhere.

use std::net::Ipv6Addr;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Config, Env, Problems};
use crate::provider;
use crate::target::{Endpoint, EndpointError};
use crate::units::PromDuration;

/// The shortest interval of such a target; nothing is ever run at it, but a timeout must fit in.
const LEAST_INTERVAL: Duration = Duration::from_secs(30);

/// What can be said about the target beside its URL.
#[derive(Debug, Clone, Default)]
pub struct UrlOptions {
    /// Its dialect; by default that of the provider whose own host it is, else `http`.
    pub provider: Option<String>,
    /// Its budget.
    pub timeout: Option<Duration>,
    /// The file of the only certificates to trust; a relative path starts at the working directory.
    pub ca_file: Option<PathBuf>,
    /// Whether the route of the proxy variables is walked as well.
    pub env_route: bool,
}

/// Why a URL makes no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It cannot be read.
    #[error(transparent)]
    Url(#[from] EndpointError),
    /// What is said beside it cannot be used.
    #[error(transparent)]
    Options(#[from] Problems),
}

impl Config {
    /// A config of one target: the one at a URL, whose scheme may be left out for `https`.
    ///
    /// # Errors
    /// If the URL cannot be read, or the options cannot be used.
    pub fn of_url(url: &str, options: &UrlOptions, env: &Env) -> Result<Self, UrlError> {
        let endpoint = endpoint_of(url)?;
        let (provider, url) = match &options.provider {
            Some(provider) => (provider.clone(), endpoint.to_string()),
            None => dialect(&endpoint),
        };
        let mut target = json!({
            "name": name(&endpoint),
            "provider": provider,
            "url": url,
            "routes": if options.env_route { json!(["direct", "env"]) } else { json!(["direct"]) },
        });
        if let Some(timeout) = options.timeout {
            target["timeout"] = PromDuration(timeout).to_string().into();
            target["interval"] = PromDuration(timeout.max(LEAST_INTERVAL)).to_string().into();
        }
        if let Some(file) = &options.ca_file {
            target["tls"] = json!({ "ca_file": file.to_string_lossy() });
        }
        literal(&mut target);
        let text = json!({ "targets": [target] }).to_string();
        // Absolute, so that what is shown of it means the same everywhere.
        let directory = std::path::absolute(".").unwrap_or_default();
        Ok(Self::of_text(&text, endpoint.shown(), directory.components().collect(), env)?)
    }
}

/// Reads a URL whose scheme may be left out.
///
/// # Errors
/// If it is none.
pub fn endpoint_of(url: &str) -> Result<Endpoint, EndpointError> {
    if url.contains("://") {
        return Endpoint::parse(url);
    }
    // An IPv6 address is often written without the brackets that a URL needs.
    match url.parse::<Ipv6Addr>() {
        Ok(address) => Endpoint::parse(&format!("https://[{address}]")),
        Err(_) => Endpoint::parse(&format!("https://{url}")),
    }
}

/// The dialect that is spoken at an endpoint, and the URL to call: at a provider's own host it is the provider's, since
/// whoever pastes the URL of one call means the API.
pub(super) fn dialect(endpoint: &Endpoint) -> (String, String) {
    let own = provider::ALL.iter().find_map(|provider| {
        let own = Endpoint::parse(provider.default_url()?).ok()?;
        same_place(&own, endpoint).then(|| (provider.name().to_owned(), own.to_string()))
    });
    own.unwrap_or_else(|| ("http".to_owned(), endpoint.to_string()))
}

/// Whether two endpoints are the same service: scheme, host and port.
#[must_use]
pub fn same_place(one: &Endpoint, other: &Endpoint) -> bool {
    (one.scheme, &one.host, one.port) == (other.scheme, &other.host, other.port)
}

/// A name made of the host; the port is in it where it is not the scheme's own.
pub(super) fn name(endpoint: &Endpoint) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' };
    let authority = endpoint.authority();
    // The name of an address is more than its figures.
    let kind = if authority.starts_with('[') { "ipv6-" } else { "" };
    let name: String = kind.chars().chain(authority.chars().map(fits)).take(100).collect();
    let words: Vec<&str> = name.split('-').filter(|word| !word.is_empty()).collect();
    words.join("-")
}

/// Doubles every dollar, which would begin a variable in a config.
fn literal(value: &mut Value) {
    match value {
        Value::String(text) => *text = text.replace('$', "$$"),
        Value::Array(items) => items.iter_mut().for_each(literal),
        Value::Object(entries) => entries.values_mut().for_each(literal),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Target;

    fn target(url: &str, options: &UrlOptions) -> Target {
        let mut config = Config::of_url(url, options, &Env::of([("ANTHROPIC_API_KEY", "sk-ant-1")])).unwrap();
        assert_eq!(config.targets.len(), 1);
        config.targets.remove(0).as_ref().clone()
    }

    #[test]
    fn a_url_says_where_the_target_is_and_who_it_is() {
        for (url, name, provider, shown) in [
            ("api.anthropic.com", "api.anthropic.com", "anthropic", "https://api.anthropic.com/"),
            (
                "https://api.anthropic.com/v1/messages",
                "api.anthropic.com",
                "anthropic",
                "https://api.anthropic.com/",
            ),
            ("api.openai.com", "api.openai.com", "openai", "https://api.openai.com/v1"),
            ("http://api.anthropic.com", "api.anthropic.com", "http", "http://api.anthropic.com/"),
            ("gateway.test:8443/x?y=1", "gateway.test-8443", "http", "https://gateway.test:8443/x"),
            ("HTTP://Gateway.test", "gateway.test", "http", "http://gateway.test/"),
            ("localhost:1", "localhost-1", "http", "https://localhost:1/"),
            ("127.0.0.1:8443", "127.0.0.1-8443", "http", "https://127.0.0.1:8443/"),
            ("[::1]:8443", "ipv6-1-8443", "http", "https://[::1]:8443/"),
            ("2001:db8::1", "ipv6-2001-db8-1", "http", "https://[2001:db8::1]/"),
            ("https://a.test/$x/${HOME}", "a.test", "http", "https://a.test/$x/${HOME}"),
        ] {
            let target = target(url, &UrlOptions::default());
            let endpoint = target.sites[0].endpoint.shown();
            assert_eq!((&*target.name, target.provider.name(), &*endpoint), (name, provider, shown), "{url}");
            assert_eq!(target.api_key, None, "{url}");
            assert_eq!(target.routes.len(), 1, "{url}");
        }
    }

    #[test]
    fn what_is_said_beside_the_url_holds() {
        let options = UrlOptions {
            provider: Some("openai".to_owned()),
            timeout: Some(Duration::from_secs(45)),
            ca_file: None,
            env_route: true,
        };
        let target = target("https://gateway.test/v1", &options);
        assert_eq!(target.provider.name(), "openai");
        assert_eq!(target.timeout, Duration::from_secs(45));
        let routes: Vec<_> = target.routes.iter().map(|route| &*route.name).collect();
        assert_eq!(routes, ["direct", "env"]);
    }

    #[test]
    fn what_cannot_be_used_is_said() {
        let refused = |url: &str, options: &UrlOptions| {
            Config::of_url(url, options, &Env::of::<&str, &str>([])).unwrap_err().to_string()
        };
        let plain = UrlOptions::default();
        for (url, told) in [
            ("ftp://a.test", "the scheme \"ftp\" is not supported"),
            ("https://u:p@a.test", "the URL holds credentials"),
            ("https://", "the URL has no host"),
            ("a.test:99999", "is not a port"),
            ("a..test", "is not a DNS name"),
        ] {
            assert!(refused(url, &plain).contains(told), "{url}: {}", refused(url, &plain));
        }
        let options = UrlOptions { provider: Some("opnai".to_owned()), ..plain.clone() };
        let told = refused("a.test", &options);
        assert!(told.contains("targets[0].provider") && told.contains("openai"), "{told}");
        let options = UrlOptions { ca_file: Some("no/such/file".into()), ..plain.clone() };
        assert!(refused("a.test", &options).contains("no/such/file"), "{}", refused("a.test", &options));
        let options = UrlOptions { timeout: Some(Duration::from_millis(1)), ..plain };
        assert!(refused("a.test", &options).contains("timeout"), "{}", refused("a.test", &options));
    }
}
