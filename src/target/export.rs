//! The chosen way as environment variables, for other programs to follow.
//!
//! Promises: the shell text is safe to evaluate, and no line of either text can be broken by what is in it; both set all
//! variables that name proxies, for a stale one leads some client elsewhere or makes it fail. `NO_PROXY` is left alone,
//! and where it or a client's own rules lead elsewhere, comments at the end say so.

use std::fmt::Write as _;

use super::environment::PROXY_VARIABLES;
use super::{Endpoint, EnvRoute, EnvWay, Proxy, ProxyEnvironment, Roots, Secret};

/// A chosen way to an endpoint.
#[derive(Debug, Clone, Copy)]
pub enum Export<'a> {
    /// Without a proxy.
    Direct,
    /// Through this proxy.
    Proxy(&'a Proxy),
    /// As the variables say that are there already.
    Unchanged,
}

impl Export<'_> {
    /// Lines for `eval` in a shell.
    #[must_use]
    pub fn shell(self, endpoint: &Endpoint, environment: &ProxyEnvironment) -> Secret {
        let mut text = String::new();
        match self {
            Self::Direct => {
                let _ = writeln!(text, "unset {}", PROXY_VARIABLES.join(" "));
            }
            Self::Proxy(proxy) => {
                let value = quoted(proxy.export().expose());
                for name in PROXY_VARIABLES {
                    let _ = writeln!(text, "export {name}={value}");
                }
            }
            Self::Unchanged => text.push_str("# the proxy variables are right as they are\n"),
        }
        text.push_str(&self.comments(endpoint, environment));
        Secret::new(text)
    }

    /// Lines `KEY=value`, for `EnvironmentFile=` of systemd and for `set -a; . FILE`. An empty value, which all clients
    /// take for none, stands for no proxy.
    #[must_use]
    pub fn dotenv(self, endpoint: &Endpoint, environment: &ProxyEnvironment) -> Secret {
        let mut text = String::new();
        if matches!(self, Self::Unchanged) {
            return Secret::new(as_they_are(environment));
        }
        // Nothing in such a URL needs quotes, which not every reader removes, but a tilde behind a colon.
        let value = self.url().map(|url| url.expose().replace('~', "%7E")).unwrap_or_default();
        for name in PROXY_VARIABLES {
            let _ = writeln!(text, "{name}={value}");
        }
        text.push_str(&self.comments(endpoint, environment));
        Secret::new(text)
    }

    fn url(self) -> Option<Secret> {
        match self {
            Self::Direct | Self::Unchanged => None,
            Self::Proxy(proxy) => Some(proxy.export()),
        }
    }

    /// What does not follow the variables once they are set.
    fn comments(self, endpoint: &Endpoint, environment: &ProxyEnvironment) -> String {
        let Self::Proxy(proxy) = self else { return String::new() };
        let url = proxy.export();
        let own_ca = match &proxy.roots {
            Roots::File { path, .. } => {
                Some(format!("clients must trust {path:?} for the proxy's certificate"))
            }
            Roots::Public => None,
        };
        let exported = environment.with(&PROXY_VARIABLES, &url);
        let mut lines = Vec::from_iter(own_ca);
        let EnvRoute { way, disagreements } = exported.route(endpoint);
        match (exported.exemption(endpoint), way) {
            (Some((variable, entry)), _) => {
                lines.push(format!(
                    "{variable} holds {entry:?}, which exempts {} from the proxy",
                    endpoint.host
                ));
            }
            (None, EnvWay::Unsupported(words)) => lines.push(words),
            (None, EnvWay::Direct | EnvWay::Proxy(_)) => {}
        }
        lines.extend(disagreements);
        lines.iter().fold(String::new(), |mut text, line| {
            let _ = writeln!(text, "# {line}");
            text
        })
    }
}

/// The variables that there are, as lines that every reader takes alike; a value that needs quotes is left out and told.
fn as_they_are(environment: &ProxyEnvironment) -> String {
    let plain = |value: &str| {
        value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:/@%+[],".contains(&byte))
    };
    PROXY_VARIABLES.into_iter().fold(String::new(), |mut text, name| {
        let _ = match environment.raw(name).unwrap_or_default() {
            value if plain(value) => writeln!(text, "{name}={value}"),
            _ => writeln!(text, "# {name} is left out: its value would need quotes"),
        };
        text
    })
}

/// A word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn endpoint(url: &str) -> Endpoint {
        Endpoint::parse(url).unwrap()
    }

    fn api() -> Endpoint {
        endpoint("https://api.example/")
    }

    /// What a shell prints for each variable behind this script.
    fn shell(script: &str) -> Vec<String> {
        let names = PROXY_VARIABLES.map(|name| format!("\"${{{name}-none}}\"")).join(" ");
        let output = Command::new("/bin/sh")
            .args(["-eu", "-c", &format!("{script}\nprintf '%s\\n' {names}")])
            .env_clear()
            .env("all_proxy", "socks://stale")
            .output()
            .unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_shell_has_all_variables_behind_either_text_whatever_the_credentials_are() {
        let none = ProxyEnvironment::default();
        for (credentials, tilde) in [
            ("u:p", ""),
            ("u%27:%27%3Btouch%20x%3B%27", ""),
            ("%24%28id%29:%60id%60%22%5C", ""),
            ("u:~root%7E", "~"),
            ("%C3%BC%3D%25%23:%20*%3F%5B%21%7B%7D", ""),
            ("u:", ""),
        ] {
            let proxy = Proxy::parse(&format!("http://{credentials}@[::1]:3128"), 3128).unwrap();
            let url = proxy.export().expose().to_owned();
            let way = Export::Proxy(&proxy);
            assert_eq!(url.contains('~'), !tilde.is_empty(), "{url}");
            let text = way.shell(&api(), &none);
            assert_eq!(shell(&format!("eval \"$(cat <<'END'\n{}END\n)\"", text.expose())), [url.as_str(); 6]);
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), way.dotenv(&api(), &none).expose()).unwrap();
            let set = shell(&format!("set -a; . {}; env | grep -c _ >/dev/null", file.path().display()));
            assert_eq!(set, [url.replace('~', "%7E").as_str(); 6]);
            // Either way it is the same proxy.
            assert_eq!(Proxy::parse(&url.replace('~', "%7E"), 3128), Ok(proxy));
        }
    }

    #[test]
    fn the_direct_way_takes_all_variables_away() {
        let none = ProxyEnvironment::default();
        assert_eq!(shell(Export::Direct.shell(&api(), &none).expose()), ["none"; 6]);
        assert_eq!(shell(&format!("set -a\n{}", Export::Direct.dotenv(&api(), &none).expose())), [""; 6]);
        let emptied =
            ProxyEnvironment::read(|name| (name != "no_proxy" && name != "NO_PROXY").then(String::new));
        let route = emptied.route(&api());
        assert_eq!((route.way, route.disagreements), (EnvWay::Direct, vec![]));
    }

    #[test]
    fn what_would_not_follow_is_said_in_comments() {
        let proxy = Proxy::parse("http://u:hunter2@p.example:1", 3128).unwrap();
        let comments = |proxy, no_proxy: &str, url| {
            let environment =
                ProxyEnvironment::read(|name| (name == "NO_PROXY").then(|| no_proxy.to_owned()));
            let text = Export::Proxy(proxy).shell(&endpoint(url), &environment);
            let lines = text.expose().lines().skip(6).map(str::to_owned);
            lines
                .inspect(|line| assert!(line.starts_with("# ") && !line.contains("hunter2")))
                .collect::<Vec<_>>()
        };
        assert_eq!(comments(&proxy, "other.example", "https://api.example/"), Vec::<String>::new());
        assert_eq!(
            comments(&proxy, "example\nid", "https://api.example/"),
            [
                r#"# Python (httpx) would refuse: it cannot read "example\nid" in NO_PROXY"#,
                r#"# Node (EnvHttpProxyAgent) would go direct: to it "example" in NO_PROXY exempts the host"#,
            ]
        );
        assert_eq!(
            comments(&proxy, "a,example", "https://api.example/"),
            [r#"# NO_PROXY holds "example", which exempts api.example from the proxy"#]
        );
        assert_eq!(
            comments(&proxy, "", "https://localhost/"),
            ["# Go would go direct: it never uses a proxy for localhost and loopback addresses"]
        );
        let socks = Proxy::parse("socks5h://p.example:1", 3128).unwrap();
        assert_eq!(
            comments(&socks, "", "https://api.example/"),
            ["# Node (EnvHttpProxyAgent) would refuse: it knows no scheme socks5h: http_proxy"]
        );
    }

    #[test]
    fn the_texts_do_not_show() {
        let proxy = Proxy::parse("http://u:hunter2@p.example:1", 3128).unwrap();
        let (way, none) = (Export::Proxy(&proxy), ProxyEnvironment::default());
        let shown = format!("{way:?} {:?} {:?}", way.shell(&api(), &none), way.dotenv(&api(), &none));
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn the_route_env_leaves_the_variables_as_they_are() {
        let environment = ProxyEnvironment::read(|name| match name {
            "all_proxy" => Some("socks5://127.0.0.1:1080".to_owned()),
            "HTTP_PROXY" => Some("http://u:a b$(x)@p:1".to_owned()),
            _ => None,
        });
        let text = Export::Unchanged.shell(&api(), &environment);
        assert!(text.expose().lines().all(|line| line.starts_with('#')), "{}", text.expose());
        let text = Export::Unchanged.dotenv(&api(), &environment);
        assert!(text.expose().contains("all_proxy=socks5://127.0.0.1:1080\n"), "{}", text.expose());
        assert!(
            text.expose().contains("\nHTTPS_PROXY=\n") && !text.expose().contains("$("),
            "{}",
            text.expose()
        );
    }
}
