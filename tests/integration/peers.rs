//! The real binary against real peers: unbound answers its questions, nginx and OpenSSL its calls.
//!
//! What it says is compared with what the peers say: `openssl x509` of the certificates, nginx's log of the calls.

pub(crate) mod authority;
pub(crate) mod name_server;
pub(crate) mod nginx;
pub(crate) mod openssl;
pub(crate) mod process;
pub(crate) mod proxies;
mod unbound;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;

use crate::canary::Canary;
use crate::exposition::Samples;
use crate::workspace::{Workspace, wait_for};
use authority::{Authority, Facts};
use nginx::{KEY, Nginx, Served, has_ipv6};
use openssl::TlsServer;
use unbound::{MANY, TTL, Unbound};

/// A config file in the making: both transports of one unbound are its resolvers.
struct Config(String);

impl Config {
    fn new(unbound: &Unbound) -> Self {
        let address = unbound.address;
        Self(format!(
            "resolvers: {{ udp: {{ address: \"udp://{address}\" }}, tcp: {{ address: \"tcp://{address}\" }} }}\n\
             defaults: {{ interval: 3s, timeout: 3s, diagnosis: {{ follow_ups: false }} }}\ntargets:\n"
        ))
    }

    /// A target with further keys.
    fn target(&mut self, name: &str, url: &str, resolver: &str, more: &str) {
        writeln!(
            self.0,
            "  - {{ name: {name}, provider: anthropic, url: \"{url}\", resolvers: [{resolver}], \
             expected_networks: [], {more} }}"
        )
        .unwrap();
    }
}

/// The layers of a path from below, each with whether it worked; those that were not reached are not there.
fn layers(samples: &Samples, target: &str, family: &str) -> Vec<(&'static str, bool)> {
    let of = |layer| {
        samples.one("probe_layer_success", &[("target", target), ("family", family), ("layer", layer)])
    };
    let there = ["dns", "tcp", "tls", "api"].into_iter().filter_map(|layer| Some((layer, of(layer)? > 0.0)));
    there.collect()
}

fn reasons(samples: &Samples, target: &str) -> Vec<String> {
    samples.label("probe_failures_total", &[("target", target)], "reason")
}

/// The samples when every path of so many targets has been walked.
async fn all_walked(canary: &Canary, targets: usize) -> Samples {
    canary
        .wait("a run of every target", |samples| {
            let seen = samples.label("probe_runs_total", &[], "target");
            let walked = samples.all("probe_runs_total", &[]).iter().all(|(_, count)| *count >= 1.0);
            (seen.len() == targets && walked).then(|| samples.clone())
        })
        .await
}

/// The labels of the one info series of a name.
fn info<'a>(samples: &'a Samples, name: &str, target: &str) -> BTreeMap<&'a str, &'a str> {
    let found = samples.all(name, &[("target", target), ("family", "ipv4")]);
    assert_eq!(found.len(), 1, "{name} of {target}: {found:?}");
    assert!((found[0].1 - 1.0).abs() < f64::EPSILON);
    let path = ["target", "route", "family"];
    let own = found[0].0.iter().filter(|(label, _)| !path.contains(&label.as_str()));
    own.map(|(label, value)| (label.as_str(), value.as_str())).collect()
}

/// A host, the rcode, the reason if it fails, and how many addresses the answer states.
type Answered = (&'static str, Option<&'static str>, Result<(), &'static str>, Option<f64>);

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_of_a_real_resolver_has_its_reason_over_udp_and_over_tcp() {
    let workspace = Workspace::new();
    let authority = Authority::new(workspace.path());
    let nginx = Nginx::start(workspace.path(), &authority).await;
    let unbound = Unbound::start(workspace.path()).await;
    let mut config = Config::new(&unbound);
    let cases: &[Answered] = &[
        ("healthy.peers.test", Some("NOERROR"), Ok(()), Some(1.0)),
        ("any.thing.redirected.test", Some("NOERROR"), Ok(()), Some(1.0)),
        ("many.peers.test", Some("NOERROR"), Ok(()), Some(f64::from(MANY))),
        ("unknown.peers.test", Some("NXDOMAIN"), Err("dns_nxdomain"), Some(0.0)),
        ("api.nxdomain.test", Some("NXDOMAIN"), Err("dns_nxdomain"), Some(0.0)),
        ("nodata.peers.test", Some("NOERROR"), Err("dns_nodata"), Some(0.0)),
        ("api.refused.test", Some("REFUSED"), Err("dns_refused"), None),
        ("api.servfail.test", Some("SERVFAIL"), Err("dns_servfail"), None),
    ];
    let plain = nginx.plain.port();
    for transport in ["udp", "tcp"] {
        for (host, ..) in cases {
            let (name, url) = (format!("{transport}.{host}"), format!("http://{host}:{plain}"));
            config.target(&name, &url, transport, "families: [ipv4]");
        }
        let drop = format!("{transport}.dropped");
        config.target(&drop, "http://api.dropped.test", transport, "families: [ipv4]");
        let sink = format!("{transport}.sinkhole");
        config.target(&sink, &format!("http://api.sinkhole.test:{plain}"), transport, "families: [ipv4]");
    }
    let file = workspace.write("config.yml", &config.0);
    let canary = Canary::start(&file).await;
    let samples = all_walked(&canary, 2 * (cases.len() + 2)).await;
    for transport in ["udp", "tcp"] {
        for (host, rcode, expected, addresses) in cases {
            let name = format!("{transport}.{host}");
            let of = [("target", name.as_str())];
            let lookup = [("target", name.as_str()), ("resolver", transport), ("record_type", "A")];
            assert_eq!(
                samples.label("dns_response_code_info", &lookup, "rcode"),
                Vec::from_iter(*rcode),
                "{name}"
            );
            assert_eq!(samples.one("dns_answer_addresses", &lookup), *addresses, "{name}");
            match expected {
                Ok(()) => {
                    assert_eq!(
                        layers(&samples, &name, "ipv4"),
                        [("dns", true), ("tcp", true), ("api", true)],
                        "{name}"
                    );
                    assert_eq!(reasons(&samples, &name), [""; 0], "{name}");
                    assert_eq!(samples.one("target_up", &of), Some(1.0), "{name}");
                    assert_eq!(samples.one("dns_answer_ttl_seconds", &lookup), Some(TTL), "{name}");
                    assert_eq!(samples.one("dns_lookup_success", &lookup), Some(1.0), "{name}");
                }
                Err(reason) => {
                    assert_eq!(layers(&samples, &name, "ipv4"), [("dns", false)], "{name}");
                    assert_eq!(reasons(&samples, &name), [*reason], "{name}");
                    assert_eq!(samples.one("dns_answer_ttl_seconds", &lookup), None, "{name}");
                }
            }
        }
        let sink = format!("{transport}.sinkhole");
        assert_eq!(reasons(&samples, &sink)[0], "dns_sinkholed", "{sink}");
    }
    // Over UDP a resolver that drops is silent; over TCP it hangs up.
    assert_eq!(reasons(&samples, "udp.dropped"), ["dns_timeout"]);
    assert_eq!(reasons(&samples, "tcp.dropped"), ["dns_refused"]);
    let took = samples.one("probe_duration_seconds", &[("target", "udp.dropped")]).unwrap();
    assert!((3.0..4.0).contains(&took), "the whole budget is waited: {took}");
    assert!(!unbound.log().contains("error:"), "{}", unbound.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn both_families_of_a_dual_stack_name_are_walked() {
    if !has_ipv6() {
        eprintln!("skipped: no IPv6 on loopback");
        return;
    }
    let workspace = Workspace::new();
    let authority = Authority::new(workspace.path());
    let nginx = Nginx::start(workspace.path(), &authority).await;
    let unbound = Unbound::start(workspace.path()).await;
    let mut config = Config::new(&unbound);
    let tls = format!("tls: {{ ca_file: {} }}", authority.root().display());
    for host in ["dual", "six", "healthy"] {
        config.target(host, &format!("https://{host}.peers.test:{}", nginx.h2.port()), "udp", &tls);
    }
    let canary = Canary::start(&workspace.write("config.yml", &config.0)).await;
    let samples = all_walked(&canary, 3).await;
    for (host, families) in [("dual", &["ipv4", "ipv6"][..]), ("six", &["ipv6"]), ("healthy", &["ipv4"])] {
        assert_eq!(samples.label("probe_runs_total", &[("target", host)], "family"), families, "{host}");
        for family in families {
            let of = [("target", host), ("family", family)];
            assert_eq!(samples.one("probe_success", &of), Some(1.0), "{host} {family}");
            let protocol = if *family == "ipv4" { 4.0 } else { 6.0 };
            assert_eq!(samples.one("probe_ip_protocol", &of), Some(protocol), "{host} {family}");
        }
        assert_eq!(reasons(&samples, host), [""; 0], "{host}");
    }
}

/// A target on nginx: its name, where, its keys, and the version of HTTP that both sides must say.
type Healthy = (&'static str, SocketAddr, String, &'static str);

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_a_healthy_api_is_what_nginx_and_openssl_say() {
    let workspace = Workspace::new();
    let authority = Authority::new(workspace.path());
    let nginx = Nginx::start(workspace.path(), &authority).await;
    let unbound = Unbound::start(workspace.path()).await;
    let tls = format!("tls: {{ ca_file: {} }}", authority.root().display());
    let key = "api_key: { env: PEERS_KEY }";
    let cases: [Healthy; 4] = [
        ("auto", nginx.h2, tls.clone(), "2"),
        ("keyed", nginx.h2, format!("{tls}, {key}"), "2"),
        ("told-h1", nginx.h2, format!("{tls}, http: {{ version: h1 }}"), "1.1"),
        ("only-h1", nginx.h1, tls.clone(), "1.1"),
    ];
    let mut config = Config::new(&unbound);
    for (name, address, more, _) in &cases {
        config.target(name, &format!("https://healthy.peers.test:{}", address.port()), "udp", more);
    }
    let wrong = format!("{tls}, api_key: {{ env: PEERS_WRONG_KEY }}");
    config.target("wrong-key", &format!("https://healthy.peers.test:{}", nginx.h2.port()), "udp", &wrong);
    config.target("plain", &format!("http://healthy.peers.test:{}", nginx.plain.port()), "udp", "");
    let file = workspace.write("config.yml", &config.0);
    let keys = [("PEERS_KEY", KEY), ("PEERS_WRONG_KEY", "sk-peers-wrong")];
    let canary = Canary::start_with(&file, &[], &keys).await;
    let samples = all_walked(&canary, cases.len() + 2).await;

    let leaf = nginx.good.facts();
    for (name, _, _, version) in &cases {
        let of = [("target", *name), ("family", "ipv4")];
        let walked = [("dns", true), ("tcp", true), ("tls", true), ("api", true)];
        assert_eq!(
            layers(&samples, name, "ipv4"),
            walked,
            "{name}: {:?} {}",
            reasons(&samples, name),
            nginx.log()
        );
        assert_eq!(samples.one("probe_http_status_code", &of), Some(200.0), "{name}");
        assert_eq!(samples.one("probe_http_version", &of), Some(version.parse().unwrap()), "{name}");
        let endpoint = if *name == "keyed" { "models" } else { "hello" };
        assert_eq!(samples.label("api_requests_total", &of[..1], "endpoint"), [endpoint], "{name}");
        assert_eq!(samples.label("api_requests_total", &of[..1], "status_code"), ["200"], "{name}");
        assert_eq!(info(&samples, "probe_ssl_last_chain_info", name), labels(&leaf), "{name}");
        for expiry in ["probe_ssl_earliest_cert_expiry", "probe_ssl_last_chain_expiry_timestamp_seconds"] {
            assert_eq!(samples.one(expiry, &of), Some(unix(leaf.not_after)), "{name}: {expiry}");
        }
        let agreed = info(&samples, "probe_tls_handshake_info", name);
        assert_eq!(agreed["alpn"], if *version == "2" { "h2" } else { "http/1.1" }, "{name}");
        assert_eq!(info(&samples, "probe_tls_version_info", name)["version"], agreed["version"], "{name}");
        assert_eq!(info(&samples, "probe_tls_cipher_info", name)["cipher"], agreed["cipher"], "{name}");
        let served = Served {
            host: "healthy.peers.test".to_owned(),
            status: "200".to_owned(),
            http: format!("HTTP/{version}{}", if *version == "2" { ".0" } else { "" }),
            tls: agreed["version"].replace("TLS ", "TLSv"),
            cipher: agreed["cipher"].to_owned(),
            group: agreed["group"].to_owned(),
        };
        assert!(nginx.served().contains(&served), "{name}: {served:?} is not in {:#?}", nginx.served());
    }
    for target in ["keyed", "wrong-key"] {
        let of = [("target", target), ("dimension", "requests")];
        assert_eq!(samples.one("rate_limit_limit", &of), Some(4000.0), "{target}");
        assert_eq!(samples.one("rate_limit_remaining", &of), Some(3999.0), "{target}");
        let reset: jiff::Timestamp = "2030-01-02T03:04:05Z".parse().unwrap();
        assert_eq!(samples.one("rate_limit_reset_timestamp_seconds", &of), Some(unix(reset)), "{target}");
    }
    assert_eq!(reasons(&samples, "wrong-key"), ["auth_invalid"]);
    assert_eq!(samples.label("api_errors_total", &[], "error_type"), ["authentication_error"]);
    assert_eq!(layers(&samples, "plain", "ipv4"), [("dns", true), ("tcp", true), ("api", true)]);
    assert_eq!(samples.one("probe_http_version", &[("target", "plain")]), Some(1.1));
    every_call_is_counted(&canary, &nginx).await;
}

/// The labels that blackbox_exporter's users expect of a certificate.
fn labels(facts: &Facts) -> BTreeMap<&str, &str> {
    BTreeMap::from([
        ("subject", facts.subject.as_str()),
        ("issuer", facts.issuer.as_str()),
        ("serialnumber", facts.serial.as_str()),
        ("fingerprint_sha256", facts.fingerprint_sha256.as_str()),
        ("subjectalternative", facts.alternative.as_str()),
    ])
}

fn unix(time: jiff::Timestamp) -> f64 {
    time.as_duration().as_secs_f64()
}

/// Both sides count the calls; between two runs they agree.
async fn every_call_is_counted(canary: &Canary, nginx: &Nginx) {
    wait_for("as many calls counted as served", || async {
        let samples = canary.samples().await;
        let counted: f64 = samples.all("api_requests_total", &[]).iter().map(|(_, count)| count).sum();
        let served = nginx.served().len();
        let equal = counted.to_string() == served.to_string();
        if equal { Ok(()) } else { Err(format!("{counted} counted, {served} served")) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_real_servers_refuse_and_what_is_wrong_with_them_has_its_reason() {
    let workspace = Workspace::new();
    let authority = Authority::new(workspace.path());
    let nginx = Nginx::start(workspace.path(), &authority).await;
    let unbound = Unbound::start(workspace.path()).await;
    let server = async |name: &str, more: &[&str]| {
        TlsServer::start(workspace.path(), &authority, &nginx.good, name, more).await
    };
    let demands_in_13 = server("demands-1.3", &["-Verify", "1", "-tls1_3"]).await;
    let demands_in_12 = server("demands-1.2", &["-Verify", "1", "-tls1_2"]).await;
    let only_11 = server("only-1.1", &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]).await;
    let trusted = format!("tls: {{ ca_file: {} }}", authority.root().display());
    let named = format!("tls: {{ ca_file: {}, server_name: api.example.com }}", authority.root().display());
    // Name, host, port, keys, the layer that fails, the reason.
    let cases: [(&str, &str, SocketAddr, &str, &str, &str); 9] = [
        ("expired", "expired", nginx.h2, &trusted, "tls", "tls_cert_expired"),
        ("nginx-demands", "mtls", nginx.h2, &trusted, "tls", "tls_client_cert_required"),
        (
            "openssl-demands-1.3",
            "healthy",
            demands_in_13.address,
            &trusted,
            "tls",
            "tls_client_cert_required",
        ),
        (
            "openssl-demands-1.2",
            "healthy",
            demands_in_12.address,
            &trusted,
            "tls",
            "tls_client_cert_required",
        ),
        ("openssl-only-1.1", "healthy", only_11.address, &trusted, "tls", "tls_version"),
        ("untrusted", "healthy", nginx.h2, "", "tls", "tls_untrusted_issuer"),
        ("wrong-name", "healthy", nginx.h2, &named, "tls", "tls_name_mismatch"),
        ("not-tls", "healthy", nginx.plain, &trusted, "tls", "tls_not_tls"),
        ("nothing-there", "healthy", process::local(process::closed_port()), &trusted, "tcp", "tcp_refused"),
    ];
    let mut config = Config::new(&unbound);
    for (name, host, address, more, ..) in &cases {
        config.target(name, &format!("https://{host}.peers.test:{}", address.port()), "udp", more);
    }
    // To call a TLS port without TLS is a wrong config; nginx says so with a page for people.
    config.target("no-tls-to-tls", &format!("http://healthy.peers.test:{}", nginx.h1.port()), "udp", "");
    let canary = Canary::start(&workspace.write("config.yml", &config.0)).await;
    let samples = all_walked(&canary, cases.len() + 1).await;
    for (name, _, _, _, layer, reason) in &cases {
        assert_eq!(reasons(&samples, name), [*reason], "{name}: {:#?}", canary.log());
        let (top, below) = match *layer {
            "tcp" => (("tcp", false), &[("dns", true)][..]),
            _ => (("tls", false), &[("dns", true), ("tcp", true)][..]),
        };
        assert_eq!(layers(&samples, name, "ipv4"), [below, &[top]].concat(), "{name}");
        assert_eq!(samples.one("target_up", &[("target", name)]), Some(0.0), "{name}");
    }
    assert_eq!(reasons(&samples, "no-tls-to-tls"), ["not_the_api"]);
    assert_eq!(samples.one("probe_http_status_code", &[("target", "no-tls-to-tls")]), Some(400.0));

    // What was presented is told also when it did not verify, and only a verified chain has an end.
    let (expired, good) = (nginx.expired.facts(), nginx.good.facts());
    for (name, facts) in [("expired", &expired), ("untrusted", &good), ("wrong-name", &good)] {
        let of = [("target", name)];
        assert_eq!(info(&samples, "probe_ssl_last_chain_info", name), labels(facts), "{name}");
        assert_eq!(samples.one("probe_ssl_earliest_cert_expiry", &of), Some(unix(facts.not_after)), "{name}");
        assert_eq!(samples.one("probe_ssl_last_chain_expiry_timestamp_seconds", &of), None, "{name}");
    }
    assert!(expired.not_after < jiff::Timestamp::now());
    // Nothing was ever asked over a connection that did not verify.
    let asked = nginx.served().into_iter().filter(|served| served.host == "expired.peers.test");
    assert_eq!(asked.collect::<Vec<_>>(), []);
}
