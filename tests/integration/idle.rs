//! Connections that are kept idle: what the network forgets, and what a server ends by the rules.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::canary::{Said, run};
use crate::peers::authority::Authority;
use crate::peers::process::{Peer, local, program, put};
use crate::scene::Scene;
use crate::workspace::Workspace;

/// For how long the relay and the server keep a silent connection.
const IDLE: Duration = Duration::from_secs(1);

/// What becomes of a connection that was silent for too long.
#[derive(Debug, Clone, Copy)]
enum Forgotten {
    /// Never anything.
    Not,
    /// It is reset.
    Reset,
    /// Nothing gets through any more, and nobody says so.
    Silence,
}

/// Hands connections on to a server, as a NAT does that forgets them.
async fn relay(to: SocketAddr, how: Forgotten) -> SocketAddr {
    let listener = TcpListener::bind(local(0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let server = TcpStream::connect(to).await.unwrap();
                let _ = pass(client, server, how).await;
            });
        }
    });
    address
}

async fn pass(mut client: TcpStream, mut server: TcpStream, how: Forgotten) -> std::io::Result<()> {
    let (mut there, mut back) = ([0; 4096], [0; 4096]);
    loop {
        let next = async {
            tokio::select! {
                read = client.read(&mut there) => read.map(|length| (true, length)),
                read = server.read(&mut back) => read.map(|length| (false, length)),
            }
        };
        let patience = if matches!(how, Forgotten::Not) { Duration::from_secs(60) } else { IDLE };
        let Ok(read) = timeout(patience, next).await else { break };
        match read? {
            (_, 0) => return Ok(()),
            (true, length) => server.write_all(&there[..length]).await?,
            (false, length) => client.write_all(&back[..length]).await?,
        }
    }
    match how {
        Forgotten::Not => {}
        Forgotten::Reset => client.set_zero_linger()?,
        Forgotten::Silence => std::future::pending().await,
    }
    Ok(())
}

fn held(url: &str, ca: &Path, provider: &str, more: &[&str]) -> Said {
    let (ca, provider) = (format!("--ca-file={}", ca.display()), format!("--provider={provider}"));
    let all = ["diagnose", url, &ca, &provider, "--timeout=2s", "--idle-hold=2s", "--lang=en"];
    run(&[&all, more].concat(), &[("LC_ALL", "C")])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_forgets_idle_connections_is_told() {
    let scene = Scene::new().await;
    for (how, reason) in [(Forgotten::Reset, "http_reset"), (Forgotten::Silence, "http_timeout")] {
        let address = relay(scene.simulator.api_address(), how).await;
        let said = held(&format!("https://{address}"), scene.ca(), "anthropic", &["--json"]);
        assert_eq!((said.code, said.err.as_str()), (Some(1), ""), "{how:?}: {said:?}");
        let document: Value = serde_json::from_str(&said.out).unwrap();
        let target = &document["targets"][0];
        let verdict = ["verdict", "layer", "blame"].map(|key| target[key].as_str().unwrap());
        assert_eq!(verdict, ["idle_dropped", "tcp", "network"], "{how:?}: {said:?}");
        assert_eq!(target["degraded"], true);
        let evidence = target["evidence"][0].as_str().unwrap();
        assert!(evidence.starts_with("a connection kept idle for 2.0 s"), "{evidence}");
        assert!(evidence.contains(reason), "{how:?}: {evidence}");
        assert!(target["remedy"].as_str().unwrap().contains("silent for 2s"), "{target}");
    }
    let address = relay(scene.simulator.api_address(), Forgotten::Not).await;
    let said = held(&format!("https://{address}"), scene.ca(), "anthropic", &[]);
    assert_eq!(said.code, Some(0), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_idle_connections_by_the_rules_is_no_fault_of_the_network() {
    let workspace = Workspace::new();
    let authority = Authority::new(workspace.path());
    let directory = workspace.path().join("brief");
    std::fs::create_dir(&directory).unwrap();
    let certificate = authority.leaf("brief", 90);
    let config = |[h2, h1]: [u16; 2]| {
        format!(
            "daemon off; master_process off; pid nginx.pid; error_log stderr info;\n\
             events {{ }}\n\
             http {{\n\
             access_log off; keepalive_timeout {}s;\n\
             client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;\n\
             uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n\
             ssl_certificate {}; ssl_certificate_key {};\n\
             server {{ listen 127.0.0.1:{h2} ssl http2; location / {{ return 200 ok; }} }}\n\
             server {{ listen 127.0.0.1:{h1} ssl; location / {{ return 200 ok; }} }}\n}}\n",
            IDLE.as_secs_f64(),
            certificate.chain.display(),
            certificate.key.display(),
        )
    };
    let (_peer, ports) = Peer::start(directory.join("error.log"), |ports| {
        let config = put(&directory, "nginx.conf", &config(ports));
        let mut command = program("nginx");
        command.args(["-e", "stderr", "-p"]).arg(&directory).arg("-c").arg(config);
        command
    })
    .await;
    for port in ports {
        // The name of the certificate, at an address of ours.
        let text = format!(
            "targets:\n  - {{ name: brief, provider: http, url: \"https://127.0.0.1:{port}\", timeout: 2s, interval: 2s, \
             tls: {{ ca_file: {}, server_name: peers.test }} }}\n",
            authority.root().display()
        );
        let config = workspace.write("config.yml", &text);
        let config = format!("--config.file={}", config.display());
        let said = run(&[&config, "diagnose", "--idle-hold=2s", "--json", "--lang=en"], &[("LC_ALL", "C")]);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
        assert!(said.out.contains("the server ended the idle connection after"), "{said:?}");
    }
}
