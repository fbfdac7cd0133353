//! What is asked for: the query's parameters and the scraper's timeout, pure.

use std::sync::Arc;
use std::time::Duration;

use crate::config::did_you_mean;
use crate::outcome::{Family, Layer};

/// The header in which Prometheus says how long it waits, in seconds.
pub(super) const SCRAPE_TIMEOUT: &str = "x-prometheus-scrape-timeout-seconds";

/// The module of all layers that the target is walked in.
pub(super) const ALL: &str = "all";

/// The modules, each with its highest layer. `tcp` goes as far as the tunnel where the path leads through a proxy.
const MODULES: [(&str, Layer); 5] =
    [(ALL, Layer::Api), ("api", Layer::Api), ("dns", Layer::Dns), ("tcp", Layer::Proxy), ("tls", Layer::Tls)];

/// All parameters.
const PARAMETERS: [&str; 5] = ["target", "module", "route", "family", "debug"];

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    pub(super) target: Arc<str>,
    pub(super) module: &'static str,
    pub(super) top: Layer,
    pub(super) route: Option<String>,
    pub(super) family: Option<Family>,
    pub(super) debug: bool,
    /// How long the scraper waits, less what the way back takes; `None` where it does not say.
    pub(super) patience: Option<Duration>,
}

impl Asked {
    /// Reads the parameters and the scraper's header. An empty parameter is none; one that is misspelt or given twice
    /// would answer something else than what was asked.
    pub(super) fn read(
        parameters: &[(String, String)],
        scrape: Option<&str>,
        offset: Duration,
    ) -> Result<Self, String> {
        for (index, (name, _)) in parameters.iter().enumerate() {
            if !PARAMETERS.contains(&name.as_str()) {
                let near =
                    did_you_mean(name, &PARAMETERS).map_or_else(String::new, |near| format!("; {near}"));
                return Err(format!(
                    "there is no parameter {name:?}, only {}{near}",
                    listed(PARAMETERS.into_iter())
                ));
            }
            if parameters.iter().take(index).any(|(earlier, _)| earlier == name) {
                return Err(format!("`{name}` is given twice: give it once"));
            }
        }
        let given = |name: &str| {
            let mut values =
                parameters.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
            values.next().filter(|value| !value.is_empty())
        };
        let target = given("target").ok_or_else(|| {
            format!("the parameter `target` is missing: /probe?target=NAME[&module=…]. {NAMES}")
        })?;
        let wanted = given("module").unwrap_or(ALL);
        let (module, top) = MODULES.into_iter().find(|(name, _)| *name == wanted).ok_or_else(|| {
            format!("unknown module {wanted:?}: there are {}", listed(MODULES.iter().map(|(name, _)| *name)))
        })?;
        let family = given("family").map(family).transpose()?;
        let debug = match given("debug") {
            None | Some("false") => false,
            Some("true") => true,
            Some(other) => return Err(format!("debug={other:?} is neither true nor false")),
        };
        let patience = scrape.map(|text| patience(text, offset)).transpose()?;
        Ok(Self {
            target: target.into(),
            module,
            top,
            route: given("route").map(str::to_owned),
            family,
            debug,
            patience,
        })
    }
}

/// How the names are found.
const NAMES: &str =
    "Only targets of the config are probed, by their names, which are on the page / and in /api/v1/targets.";

/// What is said of a target that is not in the config.
pub(super) fn no_such_target(target: &str) -> String {
    let url =
        if target.contains("://") { " A URL is not probed: keys go to configured hosts only." } else { "" };
    format!("unknown target {target:?}. {NAMES}{url}")
}

/// Names in a sentence.
pub(super) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

fn family(text: &str) -> Result<Family, String> {
    let all = [Family::Ipv4, Family::Ipv6, Family::Any];
    all.into_iter().find(|family| family.label() == text).ok_or_else(|| {
        format!("unknown family {text:?}: there are {}", listed(all.iter().map(|family| family.label())))
    })
}

/// The header less the offset; all of it where nothing would be left.
fn patience(text: &str, offset: Duration) -> Result<Duration, String> {
    let seconds = text.trim().parse::<f64>().ok().filter(|seconds| *seconds > 0.0);
    let whole = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let whole = whole.filter(|whole| !whole.is_zero()).ok_or_else(|| {
        format!("the header X-Prometheus-Scrape-Timeout-Seconds is {text:?}, which is no number of seconds")
    })?;
    Ok(whole.checked_sub(offset).filter(|left| !left.is_zero()).unwrap_or(whole))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OFFSET: Duration = Duration::from_millis(500);

    fn read(query: &[(&str, &str)], scrape: Option<&str>) -> Result<Asked, String> {
        let query: Vec<_> =
            query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Asked::read(&query, scrape, OFFSET)
    }

    #[test]
    fn a_module_is_a_layer_to_stop_at() {
        for (module, top) in [
            (None, Layer::Api),
            (Some("all"), Layer::Api),
            (Some("api"), Layer::Api),
            (Some("dns"), Layer::Dns),
            (Some("tcp"), Layer::Proxy),
            (Some("tls"), Layer::Tls),
        ] {
            let query: Vec<_> =
                [("target", "a")].into_iter().chain(module.map(|name| ("module", name))).collect();
            let asked = read(&query, None).unwrap();
            assert_eq!((asked.top, asked.module), (top, module.unwrap_or("all")));
        }
    }

    #[test]
    fn what_is_missing_or_unknown_is_refused_in_words() {
        for (query, words) in [
            (&[][..], "the parameter `target` is missing"),
            (&[("target", "")], "the parameter `target` is missing"),
            (
                &[("target", "a"), ("module", "http_2xx")],
                "unknown module \"http_2xx\": there are all, api, dns",
            ),
            (&[("target", "a"), ("debug", "maybe")], "debug=\"maybe\" is neither true nor false"),
            (&[("target", "a"), ("target", "b")], "`target` is given twice"),
            (&[("target", "a"), ("modul", "dns")], "there is no parameter \"modul\", only target, module"),
            (&[("target", "a"), ("family", "ip4")], "unknown family \"ip4\": there are ipv4, ipv6, any"),
        ] {
            let problem = read(query, None).unwrap_err();
            assert!(problem.starts_with(words), "{problem}");
        }
        assert!(no_such_target("https://x.example").ends_with("keys go to configured hosts only."));
    }

    #[test]
    fn the_scraper_waits_as_long_as_it_says_less_the_offset() {
        for (header, expected) in
            [("10", 9.5), ("0.75", 0.25), ("0.5", 0.5), ("0.2", 0.2), (" 120.25 ", 119.75), ("1e1", 9.5)]
        {
            let asked = read(&[("target", "a")], Some(header)).unwrap();
            assert_eq!(asked.patience, Some(Duration::from_secs_f64(expected)), "{header}");
        }
        for header in ["", "ten", "-1", "0", "NaN", "inf", "1e300", "1e-300"] {
            let problem = read(&[("target", "a")], Some(header)).unwrap_err();
            assert!(problem.contains("is no number of seconds"), "{header}: {problem}");
        }
        assert_eq!(read(&[("target", "a")], None).unwrap().patience, None);
    }

    proptest! {
        #[test]
        fn any_query_and_header_is_read_or_refused(pairs: Vec<(String, String)>, header: Option<String>) {
            let _ = Asked::read(&pairs, header.as_deref(), OFFSET);
        }
    }
}
