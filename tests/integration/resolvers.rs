//! Several resolvers with the real binary: real ones over every transport, compared with each other.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::canary::{Canary, binary};
use crate::exposition::Samples;
use crate::peers::authority::Authority;
use crate::peers::name_server::NameServer;
use crate::peers::nginx::Nginx;
use crate::peers::process::{closed_port, program};
use crate::workspace::Workspace;

/// What a good resolver knows.
const GOOD: [&str; 5] = [
    "local-zone: \"peers.test.\" static",
    "local-data: \"api.peers.test. 321 IN A 127.0.0.1\"",
    "local-zone: \"refused.test.\" refuse",
    "local-zone: \"denied.test.\" deny",
    "local-zone: \"nxdomain.test.\" always_nxdomain",
];

fn reasons(samples: &Samples, target: &str) -> Vec<String> {
    samples.label("probe_failures_total", &[("target", target)], "reason")
}

fn findings(samples: &Samples, target: &str) -> Vec<String> {
    samples.label("target_finding_info", &[("target", target)], "reason")
}

/// A target over IPv4 at nginx without TLS.
fn target(name: &str, host: &str, nginx: &Nginx, more: &str) -> String {
    format!(
        "- {{ name: {name}, provider: anthropic, url: \"http://{host}:{}\", families: [ipv4], {more} }}\n",
        nginx.plain.port()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_resolver_is_asked_over_tls_and_https_and_what_keeps_it_from_answering_is_told() {
    let workspace = Workspace::new();
    let authority = Authority::new(workspace.path());
    let nginx = Nginx::start(workspace.path(), &authority).await;
    let unbound = NameServer::start(workspace.path(), "unbound", &nginx.good, &GOOD).await;
    let root = authority.root();
    let trusted = format!("ca_file: {}, server_name: healthy.peers.test", root.display());
    let misnamed = format!("ca_file: {}, server_name: other.example", root.display());
    let (tls, https) = (unbound.tls, unbound.https);
    let resolvers = [
        ("dot", format!("tls://{tls}"), trusted.as_str(), Ok(())),
        ("doh", format!("https://{https}/dns-query"), &trusted, Ok(())),
        ("named", format!("tls://dns.example:{}", tls.port()), &trusted, Ok(())),
        ("untrusted", format!("tls://{tls}"), "server_name: healthy.peers.test", Err("dns_tls_failed")),
        ("misnamed", format!("https://{https}/dns-query"), &misnamed, Err("dns_tls_failed")),
        ("not-tls", format!("tls://{}", nginx.plain), &trusted, Err("dns_tls_failed")),
        ("wrong-path", format!("https://{https}/elsewhere"), &trusted, Err("dns_refused")),
        ("gone", format!("tls://127.0.0.1:{}", closed_port()), &trusted, Err("dns_refused")),
    ];
    let mut text = String::from("resolvers:\n");
    for (name, address, more, _) in &resolvers {
        let bootstrap = if *name == "named" { ", bootstrap: [127.0.0.1]" } else { "" };
        writeln!(text, "  {name}: {{ address: \"{address}\", {more}{bootstrap} }}").unwrap();
    }
    text.push_str("defaults: { interval: 3s, timeout: 3s }\ntargets:\n");
    for (name, ..) in &resolvers {
        text.push_str(&target(name, "api.peers.test", &nginx, &format!("resolvers: [{name}]")));
    }
    let answers = [
        ("nxdomain", "a.nxdomain.test", "dns_nxdomain", Some("NXDOMAIN")),
        ("nodata", "peers.test", "dns_nodata", Some("NOERROR")),
        ("refused", "a.refused.test", "dns_refused", Some("REFUSED")),
        // Over a connection, unbound closes it instead of being silent.
        ("denied", "a.denied.test", "dns_refused", None),
    ];
    for (name, host, ..) in &answers {
        for resolver in ["dot", "doh"] {
            let name = format!("{name}-{resolver}");
            text.push_str(&target(&name, host, &nginx, &format!("resolvers: [{resolver}], timeout: 1s")));
        }
    }
    let canary = Canary::start(&workspace.write("config.yml", &text)).await;
    for (name, _, _, expected) in &resolvers {
        let samples = canary.wait_runs(name, 1.0).await;
        match expected {
            Ok(()) => {
                assert_eq!(reasons(&samples, name), [""; 0], "{name}: {:#?}", canary.log());
                let of = [("target", *name), ("resolver", *name), ("record_type", "A")];
                assert_eq!(samples.one("dns_answer_ttl_seconds", &of), Some(321.0), "{name}");
            }
            Err(reason) => assert_eq!(reasons(&samples, name), [*reason], "{name}: {:#?}", canary.log()),
        }
    }
    for (name, _, reason, rcode) in &answers {
        for resolver in ["dot", "doh"] {
            let name = format!("{name}-{resolver}");
            let samples = canary.wait_runs(&name, 1.0).await;
            assert_eq!(reasons(&samples, &name), [*reason], "{name}: {:#?}", canary.log());
            let said = samples.label("dns_response_code_info", &[("target", &name)], "rcode");
            assert_eq!(said, rcode.iter().map(|rcode| (*rcode).to_owned()).collect::<Vec<_>>(), "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn resolvers_that_fail_or_disagree_degrade_the_target_and_are_named() {
    let workspace = Workspace::new();
    let authority = Authority::new(workspace.path());
    let nginx = Nginx::start(workspace.path(), &authority).await;
    let good = NameServer::start(workspace.path(), "good", &nginx.good, &GOOD).await;
    // What a blocker, a rewriter and a captive portal make of a name.
    let lies = [
        "local-zone: \"peers.test.\" redirect",
        "local-data: \"peers.test. 5 IN A 0.0.0.0\"",
        "local-zone: \"nxdomain.test.\" redirect",
        "local-data: \"nxdomain.test. 5 IN A 127.0.0.1\"",
    ];
    let liar = NameServer::start(workspace.path(), "liar", &nginx.good, &lies).await;
    let mut text = format!(
        "resolvers:\n  good: {{ address: \"udp://{}\" }}\n  tcp: {{ address: \"tcp://{}\" }}\n  \
         liar: {{ address: \"udp://{}\" }}\n  dead: {{ address: \"udp://127.0.0.1:{}\" }}\n\
         defaults: {{ interval: 2s, timeout: 2s }}\ntargets:\n",
        good.clear,
        good.clear,
        liar.clear,
        closed_port()
    );
    let networks = "expected_networks: [127.0.0.0/8]";
    for (name, host, more) in [
        ("agree", "api.peers.test", "resolvers: [good, tcp]".to_owned()),
        ("one-dead", "api.peers.test", "resolvers: [good, dead, tcp]".to_owned()),
        ("one-lies", "api.peers.test", format!("resolvers: [good, liar], {networks}")),
        ("lied-to", "api.peers.test", format!("resolvers: [liar, good], {networks}")),
        ("denied", "a.nxdomain.test", "resolvers: [liar, good]".to_owned()),
        ("all-dead", "api.peers.test", "resolvers: [dead]".to_owned()),
    ] {
        text.push_str(&target(name, host, &nginx, &more));
    }
    let canary = Canary::start(&workspace.write("config.yml", &text)).await;
    for (name, up, said) in [
        ("agree", 1.0, vec![]),
        ("one-dead", 1.0, vec!["dns_resolver_down"]),
        ("one-lies", 1.0, vec!["dns_disagreement"]),
        ("lied-to", 0.0, vec!["dns_disagreement"]),
        ("denied", 1.0, vec!["dns_disagreement"]),
        ("all-dead", 0.0, vec![]),
    ] {
        let samples = canary.wait_runs(name, 1.0).await;
        assert_eq!(findings(&samples, name), said, "{name}: {:#?}", canary.log());
        assert_eq!(samples.one("target_up", &[("target", name)]), Some(up), "{name}");
    }
    let samples = canary.samples().await;
    assert_eq!(reasons(&samples, "lied-to"), ["dns_sinkholed"]);
    let dead = [("target", "one-dead"), ("resolver", "dead")];
    assert_eq!(samples.one("dns_lookup_success", &dead), Some(0.0));
    let liar = [("target", "one-lies"), ("resolver", "liar")];
    assert_eq!(samples.one("dns_answer_unexpected_addresses", &liar), Some(1.0));
    canary.wait_log(&["degraded", "target=one-dead", "no answer from dead"]).await;
    let line = canary.wait_log(&["degraded", "target=one-lies", "dns_disagreement"]).await;
    assert!(line.contains("liar answers 0.0.0.0") && line.contains("good answers 127.0.0.1"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_server_of_resolv_conf_is_known_by_itself_and_so_is_the_hosts_file() {
    let workspace = Workspace::new();
    let authority = Authority::new(workspace.path());
    let nginx = Nginx::start(workspace.path(), &authority).await;
    let works = "127.0.0.62".parse().unwrap();
    let _unbound = NameServer::on_port_53(workspace.path(), "unbound", works, &GOOD).await;
    // Nothing listens on the first one.
    let servers = workspace.write("resolv.conf", "nameserver 127.0.0.61\nnameserver 127.0.0.62\n");
    let hosts = workspace.write("hosts", "127.0.0.1 localhost\n127.0.0.9 api.nxdomain.test\n");
    let mut text = String::from("defaults: { interval: 2s, timeout: 2s }\ntargets:\n");
    for (name, host) in [("served", "api.peers.test"), ("listed", "api.nxdomain.test")] {
        text.push_str(&target(name, host, &nginx, "resolvers: [system]"));
    }
    let config = workspace.write("config.yml", &text);
    let mut command = Command::new("unshare");
    command.args(["--mount", "/bin/sh", "-ec"]);
    command.arg("mount --bind \"$1\" /etc/resolv.conf; mount --bind \"$2\" /etc/hosts; shift 2; exec \"$@\"");
    command.arg("sh").args([servers, hosts]).arg(binary().get_program());
    command.arg(format!("--config.file={}", config.display())).arg("--web.listen-address=127.0.0.1:0");
    let canary = Canary::of(command).await;

    let samples = canary.wait_runs("served", 1.0).await;
    assert_eq!(samples.one("target_up", &[("target", "served")]), Some(1.0), "{:#?}", canary.log());
    assert_eq!(findings(&samples, "served"), ["dns_resolver_down"]);
    for (resolver, success) in [("system", 1.0), ("system/127.0.0.61", 0.0), ("system/127.0.0.62", 1.0)] {
        let of = [("target", "served"), ("resolver", resolver)];
        assert_eq!(samples.one("dns_lookup_success", &of), Some(success), "{resolver}");
    }
    canary.wait_log(&["target=served", "no answer from system/127.0.0.61"]).await;

    // The hosts file counts, and that the name server says otherwise is told.
    let samples = canary.wait_runs("listed", 1.0).await;
    assert_eq!(reasons(&samples, "listed"), ["tcp_refused"]);
    assert!(findings(&samples, "listed").contains(&"dns_disagreement".to_owned()), "{:#?}", canary.log());
    let of = [("target", "listed"), ("resolver", "system/127.0.0.62")];
    assert_eq!(samples.label("dns_response_code_info", &of, "rcode"), ["NXDOMAIN"]);
}

/// A zone with A records for `api.signed.test`, signed; the file of the signed zone and that of its key.
fn signed_zone(directory: &Path) -> (PathBuf, PathBuf) {
    let tool = |name: &str, arguments: &[&str]| {
        let output = program(name).current_dir(directory).args(arguments).output().unwrap();
        assert!(output.status.success(), "{name}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let zone = "signed.test. 300 IN SOA ns.signed.test. admin.signed.test. 1 3600 600 86400 300\n\
                signed.test. 300 IN NS ns.signed.test.\nns.signed.test. 300 IN A 127.0.0.1\n\
                api.signed.test. 300 IN A 127.0.0.1\n";
    std::fs::write(directory.join("zone"), zone).unwrap();
    let key = tool("ldns-keygen", &["-a", "ECDSAP256SHA256", "-k", "signed.test"]);
    tool("ldns-signzone", &["-f", "zone.signed", "zone", &key]);
    (directory.join("zone.signed"), directory.join(format!("{key}.key")))
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_validated_where_asked_for_and_a_forged_one_is_not_walked() {
    let workspace = Workspace::new();
    let authority = Authority::new(workspace.path());
    let nginx = Nginx::start(workspace.path(), &authority).await;
    let (zone, key) = signed_zone(workspace.path());
    let forged = std::fs::read_to_string(&zone).unwrap();
    let forged = forged.replace("IN\tA\t127.0.0.1", "IN\tA\t127.0.0.2");
    let forged = workspace.write("forged", &forged);
    let serving = |zone: &Path| {
        let file = format!("zonefile: \"{}\"", zone.display());
        ["auth-zone:".to_owned(), "name: \"signed.test.\"".to_owned(), file, "for-upstream: no".to_owned()]
    };
    let (genuine, forged) = (serving(&zone), serving(&forged));
    let [genuine, forged] = [&genuine, &forged].map(|lines| lines.each_ref().map(String::as_str));
    let genuine = NameServer::start(workspace.path(), "genuine", &nginx.good, &genuine).await;
    let forged = NameServer::start(workspace.path(), "forged-by", &nginx.good, &forged).await;
    let mut text = String::from("resolvers:\n");
    for (name, address) in [
        ("right", format!("udp://{}", genuine.clear)),
        ("tcp", format!("tcp://{}", genuine.clear)),
        ("forged", format!("udp://{}", forged.clear)),
    ] {
        let key = key.display();
        writeln!(text, "  {name}: {{ address: \"{address}\", dnssec: true, trust_anchor_file: {key} }}")
            .unwrap();
    }
    writeln!(text, "  believed: {{ address: \"udp://{}\" }}", forged.clear).unwrap();
    text.push_str("defaults: { interval: 2s, timeout: 2s }\ntargets:\n");
    for name in ["right", "tcp", "forged", "believed"] {
        text.push_str(&target(name, "api.signed.test", &nginx, &format!("resolvers: [{name}]")));
    }
    let canary = Canary::start(&workspace.write("config.yml", &text)).await;
    for (name, secure, reason) in [
        ("right", Some(1.0), None),
        ("tcp", Some(1.0), None),
        ("forged", None, Some("dns_bogus")),
        ("believed", None, Some("tcp_refused")),
    ] {
        let samples = canary.wait_runs(name, 1.0).await;
        let found = reasons(&samples, name);
        assert_eq!(found, reason.into_iter().collect::<Vec<_>>(), "{name}: {:#?}", canary.log());
        assert_eq!(samples.one("dns_answer_secure", &[("target", name)]), secure, "{name}");
    }
}
