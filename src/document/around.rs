//! What is around the program, as lines of text.

use super::{Environment, Variable, WayOutPart, texts};
use crate::diagnosis::{Language, Phrase};

/// The facts under their names, each in a line or several.
pub fn rows(environment: &Environment, language: Language) -> Vec<(&'static str, Vec<String>)> {
    let fill = |phrase: Phrase, values: &[(&str, &str)]| phrase.fill(language, values);
    let told = |phrase: Phrase| phrase.told(language);
    let mut proxies: Vec<String> = environment
        .proxy_variables
        .iter()
        .map(|variable| match &variable.value {
            Some(value) => format!("{}={value}", variable.name),
            None => fill(Phrase::ProxyVariableHidden, &[("name", variable.name)]),
        })
        .collect();
    if proxies.is_empty() {
        proxies.push(told(Phrase::NoProxyVariables).to_owned());
    }
    vec![
        (told(Phrase::ThisProgram), vec![format!("api-canary {}", environment.version)]),
        (told(Phrase::Clock), vec![fill(Phrase::ClockNow, &[("clock", &environment.clock)])]),
        (told(Phrase::ProxyVariables), proxies),
        (told(Phrase::NameServers), name_servers(environment, language)),
        (told(Phrase::TrustStore), trust(environment, language)),
        (told(Phrase::WayOut), ways_out(environment, language)),
    ]
}

fn name_servers(environment: &Environment, language: Language) -> Vec<String> {
    let from = &environment.name_servers;
    let mut lines = vec![match &from.problem {
        Some(problem) => Phrase::NoNameServers.fill(language, &[("file", &from.file), ("problem", problem)]),
        None => {
            let servers = from.servers.join(" ");
            Phrase::NameServersOf.fill(language, &[("servers", &servers), ("file", &from.file)])
        }
    }];
    if let Some(ndots) = from.ndots.filter(|_| !from.search.is_empty()) {
        let (domains, ndots) = (from.search.join(" "), ndots.to_string());
        lines.push(Phrase::SearchDomains.fill(language, &[("domains", &domains), ("ndots", &ndots)]));
    }
    lines
}

fn trust(environment: &Environment, language: Language) -> Vec<String> {
    let store = &environment.trust_store;
    let mut lines = vec![if store.certificates == 0 {
        Phrase::NoCertificates.told(language).to_owned()
    } else {
        let (count, places) = (store.certificates.to_string(), store.places.join(texts::comma(language)));
        Phrase::Certificates.fill(language, &[("count", &count), ("places", &places)])
    }];
    // A variable that only says where the store is anyway needs no value.
    let shown = |variable: &Variable| {
        let value = variable.value.as_ref()?;
        let known = store.places.contains(value);
        Some(if known { variable.name.to_owned() } else { format!("{}={value}", variable.name) })
    };
    let set: Vec<String> = store.variables.iter().filter_map(shown).collect();
    if !set.is_empty() {
        lines.push(Phrase::SetBy.fill(language, &[("variables", &set.join(texts::comma(language)))]));
    }
    let problems = store.problems.iter();
    lines.extend(problems.map(|problem| Phrase::TrustProblem.fill(language, &[("problem", problem)])));
    lines
}

fn ways_out(environment: &Environment, language: Language) -> Vec<String> {
    // Both families mostly leave by the same interface.
    let one = |ways: &[WayOutPart]| {
        let way = ways.first()?;
        let phrase = if way.vpn { Phrase::WayOutVpn } else { Phrase::WayOutBy };
        let families: Vec<&str> = ways.iter().map(|way| texts::family(way.family.0, language)).collect();
        let families = families.join(texts::comma(language));
        Some(phrase.fill(language, &[("family", &families), ("interface", &way.interface)]))
    };
    if environment.ways_out.is_empty() {
        return vec![Phrase::NoWayOut.told(language).to_owned()];
    }
    environment.ways_out.chunk_by(|a, b| a.interface == b.interface).filter_map(one).collect()
}

/// What is so for one target only, as lines: the only certificates it trusts, and how the proxy variables are read for it, where there are any.
pub fn target_lines(environment: &Environment, language: Language) -> Vec<String> {
    let only = environment.trusted_only.iter();
    let only = only.map(|file| Phrase::TrustedOnly.fill(language, &[("file", file)]));
    only.chain(proxy_lines(environment, language)).collect()
}

fn proxy_lines(environment: &Environment, language: Language) -> Vec<String> {
    if environment.proxy_variables.is_empty() {
        return Vec::new();
    }
    let proxy = &environment.proxy;
    let mut lines = vec![match (&proxy.problem, &proxy.curl) {
        (Some(problem), _) => Phrase::CurlFails.fill(language, &[("problem", problem)]),
        (None, Some(curl)) => Phrase::CurlGoes.fill(language, &[("proxy", curl)]),
        (None, None) => Phrase::CurlGoesDirect.told(language).to_owned(),
    }];
    let differ = proxy.disagreements.iter();
    lines.extend(differ.map(|client| Phrase::ClientDiffers.fill(language, &[("client", client)])));
    lines
}
