//! Trust with the real binary and real servers: two stores of roots, client certificates, and what is checked from
//! outside.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::canary::Canary;
use crate::exposition::Samples;
use crate::peers::authority::Authority;
use crate::peers::name_server::NameServer;
use crate::peers::nginx::Nginx;
use crate::peers::openssl::TlsServer;
use crate::workspace::Workspace;

fn reasons(samples: &Samples, target: &str) -> Vec<String> {
    samples.label("probe_failures_total", &[("target", target)], "reason")
}

fn found(samples: &Samples, target: &str) -> Vec<String> {
    samples.label("probe_finding_info", &[("target", target)], "reason")
}

fn stores(samples: &Samples, target: &str) -> [Option<f64>; 2] {
    ["mozilla", "machine"]
        .map(|store| samples.one("probe_tls_trusted", &[("target", target), ("store", store)]))
}

/// A target at an address, with these keys under `tls`.
fn target(name: &str, address: SocketAddr, tls: &str, more: &str) -> String {
    format!("- {{ name: {name}, provider: anthropic, url: \"https://{address}\", tls: {{ {tls} }}{more} }}\n")
}

const TIMING: &str = "defaults: { interval: 2s, timeout: 2s }\ntargets:\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_is_judged_against_the_bundled_roots_and_the_machines_own() {
    let workspace = Workspace::new();
    let authority = Authority::new(workspace.path());
    let nginx = Nginx::start(workspace.path(), &authority).await;
    let home = "local-data: \"api.anthropic.com. 60 IN A 127.0.0.1\"";
    let unbound = NameServer::start(workspace.path(), "unbound", &nginx.good, &[home]).await;
    let text = format!(
        "resolvers: {{ here: {{ address: \"udp://{}\" }} }}\n{TIMING}{}{}- {{ name: home, provider: anthropic, \
         url: \"https://api.anthropic.com:{}\", resolvers: [here], expected_networks: [], families: [ipv4] }}\n",
        unbound.clear,
        target("gateway", nginx.h2, "server_name: healthy.peers.test", ""),
        target(
            "pinned",
            nginx.h2,
            &format!("server_name: healthy.peers.test, ca_file: {}", authority.root().display()),
            ""
        ),
        nginx.h2.port(),
    );
    let config = workspace.write("config.yml", &text);
    let trusting = [("SSL_CERT_FILE", authority.root().to_string_lossy().into_owned())];
    let trusting = trusting.each_ref().map(|(name, value)| (*name, value.as_str()));
    let canary = Canary::start_with(&config, &[], &trusting).await;
    canary.wait_runs("pinned", 1.0).await;
    let samples = canary.wait_runs("gateway", 1.0).await;
    assert_eq!(samples.one("probe_success", &[("target", "gateway")]), Some(1.0), "{:#?}", canary.log());
    assert_eq!(found(&samples, "gateway"), ["tls_intercepted_trusted"]);
    assert_eq!(stores(&samples, "gateway"), [Some(0.0), Some(1.0)]);
    assert_eq!(found(&samples, "pinned"), [""; 0]);
    assert_eq!(stores(&samples, "pinned"), [None, None], "only the file counts");
    let line = canary.wait_log(&["degraded", "target=gateway", "tls_intercepted_trusted"]).await;
    assert!(line.contains("issu"), "the issuer is named: {line}");
    drop(canary);

    // The machine's usual store, which does not know the authority.
    let canary = Canary::start(&config).await;
    let samples = canary.wait_runs("gateway", 1.0).await;
    assert_eq!(reasons(&samples, "gateway"), ["tls_untrusted_issuer"]);
    assert_eq!(stores(&samples, "gateway"), [Some(0.0), Some(0.0)]);
    // At the provider's own host it cannot be anything but somebody in between.
    let samples = canary.wait_runs("home", 1.0).await;
    assert_eq!(reasons(&samples, "home"), ["tls_intercepted"], "{:#?}", canary.log());
    assert_eq!(samples.one("probe_http_status_code", &[("target", "home")]), None, "nothing was sent there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_certificate_is_shown_to_who_asks_and_a_rejected_one_is_told() {
    let workspace = Workspace::new();
    let authority = Authority::new(workspace.path());
    let nginx = Nginx::start(workspace.path(), &authority).await;
    let ours = authority.leaf("canary", 30);
    std::fs::create_dir(workspace.path().join("elsewhere")).unwrap();
    let theirs = Authority::new(&workspace.path().join("elsewhere")).leaf("canary", 30);
    let demanding = ["-Verify", "1", "-verify_return_error"];
    let server = TlsServer::start(workspace.path(), &authority, &nginx.good, "demands", &demanding).await;
    let mtls = format!("ca_file: {}, server_name: healthy.peers.test", authority.root().display());
    let with = |certificate: &crate::peers::authority::Certificate| {
        let (chain, key) = (certificate.chain.display(), certificate.key.display());
        format!("{mtls}, client_cert: {{ cert_file: {chain}, key_file: {key} }}")
    };
    let target = |name, tls: &str| {
        format!(
            "- {{ name: {name}, provider: http, url: \"https://{}\", tls: {{ {tls} }} }}\n",
            server.address
        )
    };
    let text = [
        TIMING.to_owned(),
        target("with", &with(&ours)),
        target("foreign", &with(&theirs)),
        target("without", &mtls),
    ];
    let canary = Canary::start(&workspace.write("config.yml", &text.concat())).await;
    let samples = canary.wait_runs("with", 1.0).await;
    assert_eq!(samples.one("probe_success", &[("target", "with")]), Some(1.0), "{:#?}", canary.log());
    for name in ["foreign", "without"] {
        let samples = canary.wait_runs(name, 1.0).await;
        assert_eq!(reasons(&samples, name), ["tls_client_cert_required"], "{name}: {:#?}", canary.log());
    }
    canary.wait_log(&["target=foreign", "rejected"]).await;
}

/// Takes connections at an address and hands them to a server.
async fn relay(at: &str, to: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind(at).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(to).await.unwrap();
                let _ = copy_bidirectional(&mut from, &mut stream).await;
            });
        }
    });
    address
}

/// Answers on port 80 of an address.
async fn on_port_80(ip: &str, answer: String) {
    let listener = TcpListener::bind((ip, 80)).await.unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = [0; 1024];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_of_ones_own_is_checked_from_outside() {
    let workspace = Workspace::new();
    let authority = Authority::new(workspace.path());
    let nginx = Nginx::start(workspace.path(), &authority).await;
    let only_13 = TlsServer::start(workspace.path(), &authority, &nginx.good, "1.3", &["-tls1_3"]).await;
    let old = ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"];
    let only_11 = TlsServer::start(workspace.path(), &authority, &nginx.good, "1.1", &old).await;
    // Addresses of their own, so that each has a port 80 of its own.
    let good = relay("127.0.0.71:0", nginx.h2).await;
    on_port_80(
        "127.0.0.71",
        format!("HTTP/1.1 308 Go\r\nLocation: https://{good}/\r\nContent-Length: 0\r\n\r\n"),
    )
    .await;
    let plain = relay("127.0.0.72:0", nginx.h2).await;
    on_port_80("127.0.0.72", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned()).await;
    let closed = relay("127.0.0.73:0", nginx.h2).await;
    let trusted = format!("ca_file: {}, server_name: healthy.peers.test", authority.root().display());
    let strict = format!("{trusted}, min_version: \"1.3\"");
    let redirect = ", http: { redirect_https: true }";
    let text = [
        TIMING.to_owned(),
        target("usual", nginx.h2, &trusted, ""),
        target("takes-1.2", nginx.h2, &strict, ""),
        target("only-1.3", only_13.address, &strict, ""),
        target("refuses-1.1", nginx.h2, &format!("{trusted}, min_version: \"1.2\""), ""),
        target("takes-1.1", only_11.address, &format!("{trusted}, min_version: \"1.2\""), ""),
        target("redirects", good, &trusted, redirect),
        target("does-not", plain, &trusted, redirect),
        target("no-port-80", closed, &trusted, redirect),
    ];
    let canary = Canary::start(&workspace.write("config.yml", &text.concat())).await;
    for (name, older, redirects, finding) in [
        ("usual", None, None, None),
        ("takes-1.2", Some(0.0), None, Some("tls_old_version_accepted")),
        ("only-1.3", Some(1.0), None, None),
        ("refuses-1.1", Some(1.0), None, None),
        ("takes-1.1", Some(0.0), None, Some("tls_old_version_accepted")),
        ("redirects", None, Some(1.0), None),
        ("does-not", None, Some(0.0), Some("http_not_redirected")),
        ("no-port-80", None, None, None),
    ] {
        let samples = canary.wait_runs(name, 1.0).await;
        let of = [("target", name)];
        assert_eq!(
            samples.one("probe_tls_older_versions_refused", &of),
            older,
            "{name}: {:#?}",
            canary.log()
        );
        assert_eq!(samples.one("probe_http_redirects_to_https", &of), redirects, "{name}");
        assert_eq!(found(&samples, name), finding.into_iter().collect::<Vec<_>>(), "{name}");
    }
    // Degraded is not down.
    let samples = canary.samples().await;
    assert_eq!(samples.one("probe_success", &[("target", "takes-1.2")]), Some(1.0));
}
