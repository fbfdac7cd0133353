//! What is around the program.

use super::page::{Look, Page, padded};
use super::wrap::columns;
use crate::cli::diagnose::document::{Environment, Variable, WayOutPart};
use crate::cli::diagnose::texts;
use crate::diagnosis::{Language, Phrase};

/// Tells the environment that all targets share.
pub(super) fn tell(page: &mut Page, environment: &Environment, language: Language) {
    let rows = rows(environment, language);
    page.text(0, Phrase::Environment.told(language), Look::Heading);
    let widest = rows.iter().map(|(name, _)| columns(name)).max().unwrap_or(0);
    for (name, lines) in rows {
        for (index, line) in lines.iter().enumerate() {
            let name = padded(if index == 0 { name } else { "" }, widest + 2);
            page.hang(2, &[(&name, Look::Dim)], line, Look::Plain);
        }
    }
}

/// The facts under their names, each in a line or several.
pub(in crate::cli::diagnose) fn rows(
    environment: &Environment,
    language: Language,
) -> Vec<(&'static str, Vec<String>)> {
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

/// Tells what of it is so for one target only.
pub(super) fn of_target(page: &mut Page, environment: &Environment, language: Language) {
    for line in target_lines(environment, language) {
        page.text(0, &line, Look::Plain);
    }
}

/// The same as lines: the only certificates it trusts, and how the proxy variables are read for it, where there are any.
pub(in crate::cli::diagnose) fn target_lines(environment: &Environment, language: Language) -> Vec<String> {
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
