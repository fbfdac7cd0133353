//! One target of the effective config.

use super::{Lines, REDACTED, list, scalar};
use crate::outcome::Layer;
use crate::provider::Price;
use crate::target::{
    Addresses, ApiKey, Between, Budget, CallOptions, ClientCertificate, DiagnosisOptions, Failover, Families,
    HttpOffer, Jitter, KeyOrigin, MinTls, RetryOptions, Roots, Site, Slo, Target, TlsOptions, top_label,
};
use crate::units::PromDuration;

/// Adds a target.
pub(super) fn show(lines: &mut Lines, target: &Target, slo: Option<&Slo>) {
    lines.entry(2, "- name", &scalar(&target.name));
    lines.entry(4, "provider", target.provider.name());
    match target.sites.as_slice() {
        [site] => lines.entry(4, "url", &scalar(&site.endpoint.to_string())),
        sites => lines.entry(4, "endpoints", &list(sites.iter().map(|site| &site.endpoint))),
    }
    let top = target.top;
    lines.entry(4, "top_layer", top_label(top));
    if let Some(key) = &target.api_key {
        show_key(lines, key);
    }
    lines.entry(4, "interval", &PromDuration(target.interval).to_string());
    lines.entry(4, "timeout", &PromDuration(target.timeout).to_string());
    lines.entry(4, "routes", &list(target.routes.iter().map(|route| &route.name)));
    if let Families::Only(families) = &target.families {
        lines.entry(4, "families", &list(families));
    }
    let addresses = match target.addresses {
        Addresses::First => "first",
        Addresses::All => "all",
    };
    if top > Layer::Dns {
        lines.entry(4, "addresses", addresses);
    }
    // None is the default of routes that need no address, and cannot be written.
    if !target.resolvers.is_empty() {
        lines.entry(4, "resolvers", &list(target.resolvers.iter().map(|resolver| &resolver.name)));
    }
    let Failover { rise, fall } = target.failover;
    lines.entry(4, "failover", &format!("{{ rise: {rise}, fall: {fall} }}"));
    let DiagnosisOptions { recover_after, change_after, follow_ups } = target.diagnosis;
    let diagnosis =
        format!("recover_after: {recover_after}, change_after: {change_after}, follow_ups: {follow_ups}");
    lines.entry(4, "diagnosis", &format!("{{ {diagnosis} }}"));
    show_networks(lines, &target.sites);
    // What has no effect on a target that is not walked so far cannot be written.
    if top >= Layer::Tls {
        show_tls(lines, &target.tls);
        show_http(lines, target);
    }
    if top == Layer::Api {
        show_call(lines, &target.call);
    }
    if top > Layer::Dns {
        show_retry(lines, &target.retry);
    }
    show_status_page(lines, target);
    if let Some(Slo { target: _, objective, window, latency }) = slo {
        let latency =
            latency.map_or_else(String::new, |latency| format!(", latency: {}", PromDuration(latency)));
        let window = PromDuration(*window);
        lines.entry(4, "slo", &format!("{{ objective: {objective}, window: {window}{latency} }}"));
    }
}

fn show_retry(lines: &mut Lines, retry: &RetryOptions) {
    let RetryOptions { max_attempts, base_delay, max_delay, jitter } = retry;
    let jitter = match jitter {
        Jitter::Full => "full",
        Jitter::None => "none",
    };
    let (base, most) = (PromDuration(*base_delay), PromDuration(*max_delay));
    let retry =
        format!("max_attempts: {max_attempts}, base_delay: {base}, max_delay: {most}, jitter: {jitter}");
    lines.entry(4, "retry", &format!("{{ {retry} }}"));
}

fn show_call(lines: &mut Lines, call: &CallOptions) {
    lines.add(4, "call:");
    lines.entry(6, "kind", call.kind.label());
    lines.entry(6, "interval", &PromDuration(call.interval).to_string());
    if let Some(model) = &call.model {
        lines.entry(6, "model", &scalar(model));
    }
    if let Some(Budget { daily, price: Price { input, output } }) = &call.budget {
        lines.entry(6, "max_daily_cost_usd", &daily.to_string());
        let (input, output) = (input.times(1_000_000), output.times(1_000_000));
        lines.entry(6, "price", &format!("{{ input: {input}, output: {output} }}"));
    }
    lines.entry(6, "connection", call.connection.label());
    let between = match call.between {
        Between::Free => "free",
        Between::Nothing => "nothing",
    };
    lines.entry(6, "between", between);
}

fn show_status_page(lines: &mut Lines, target: &Target) {
    let own = target.provider.status_page().filter(|_| target.sites.iter().any(|site| site.public));
    let Some(page) = &target.status_page else {
        // Otherwise there is none by default.
        if own.is_some() {
            lines.entry(4, "status_page", "{ url: \"\" }");
        }
        return;
    };
    lines.add(4, "status_page:");
    match page.urls.as_slice() {
        _ if page.confidential => lines.add(6, &format!("# url: {REDACTED}")),
        [url] if own.is_none_or(|own| own.urls != [url.as_str()]) => lines.entry(6, "url", &scalar(url)),
        // The provider's own have no key.
        urls => lines.add(6, &format!("# url: {}", urls.join(", or "))),
    }
    if let Some(component) = &page.component {
        lines.entry(6, "component", &scalar(component));
    }
    lines.entry(6, "interval", &PromDuration(page.interval).to_string());
}

fn show_networks(lines: &mut Lines, sites: &[Site]) {
    let mut each = sites.iter().map(|site| &site.expected_networks);
    let Some(first) = each.next() else { return };
    if each.all(|networks| networks == first) {
        lines.entry(4, "expected_networks", &list(first));
    } else {
        // The default differs from endpoint to endpoint, which cannot be written.
        lines.add(4, "# expected_networks: those the provider has published, at its own host");
    }
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
    lines.entry(6, "refuse_older", &tls.refuses_older.to_string());
    if let Some(ClientCertificate { cert_path, key_path, .. }) = &tls.client_cert {
        let files = format!("cert_file: {}, key_file: {}", scalar(cert_path), scalar(key_path));
        lines.entry(6, "client_cert", &format!("{{ {files} }}"));
    }
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
    if target.top < Layer::Api {
        return;
    }
    if !target.http.headers.is_empty() {
        lines.add(6, "headers:");
        for (name, _) in &target.http.headers {
            lines.entry(8, &scalar(name.as_str()), &scalar(REDACTED));
        }
    }
    lines.entry(6, "redirect_https", &target.http.redirect_https.to_string());
    let expect = &target.http.expect;
    lines.add(6, "expect:");
    lines.entry(8, "status", &list(&expect.status));
    lines.entry(8, "body_regex", &scalar(expect.body.as_ref().map_or("", |body| body.0.as_str())));
    if let Some(limit) = expect.max_latency {
        lines.entry(8, "max_latency", &PromDuration(limit).to_string());
    }
    if let Some(limit) = expect.max_first_token {
        lines.entry(8, "max_first_token", &PromDuration(limit).to_string());
    }
    if let Some(limit) = expect.max_gap {
        lines.entry(8, "max_gap", &PromDuration(limit).to_string());
    }
}
