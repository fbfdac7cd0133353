//! A real nginx that stands for the API: over HTTP/2, over HTTP/1.1, without TLS, and with what can be wrong.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::authority::{Authority, Certificate};
use super::process::{Peer, local, program, put};

/// The key that it takes.
pub(crate) const KEY: &str = "sk-peers-right";

/// A running nginx.
pub(crate) struct Nginx {
    peer: Peer,
    access: PathBuf,
    pub(crate) good: Certificate,
    pub(crate) expired: Certificate,
    /// HTTP/2 and HTTP/1.1 by ALPN. By name: `expired.` has an expired certificate, `mtls.` wants one of the client.
    pub(crate) h2: SocketAddr,
    /// TLS without HTTP/2.
    pub(crate) h1: SocketAddr,
    /// No TLS.
    pub(crate) plain: SocketAddr,
}

/// One line of its access log.
#[derive(Debug, PartialEq)]
pub(crate) struct Served {
    pub(crate) host: String,
    pub(crate) status: String,
    pub(crate) http: String,
    pub(crate) tls: String,
    pub(crate) cipher: String,
    pub(crate) group: String,
}

impl Nginx {
    pub(crate) async fn start(directory: &Path, authority: &Authority) -> Self {
        let directory = directory.join("nginx");
        std::fs::create_dir(&directory).unwrap();
        let access = put(&directory, "access.log", "");
        let good = authority.leaf("good", 90);
        let expired = authority.leaf("expired", -2);
        let config = |[h2, h1, plain]: [u16; 3]| {
            let server = |name: &str, certificate: &Certificate, listen: &str, more: &str| {
                let (chain, key) = (certificate.chain.display(), certificate.key.display());
                format!(
                    "server {{ {listen} server_name {name}; ssl_certificate {chain}; ssl_certificate_key {key}; \
                     {more} include api.conf; }}\n"
                )
            };
            let both = |port: u16, how: &str| {
                let six = if has_ipv6() { format!("listen [::1]:{port} {how};") } else { String::new() };
                format!("listen 127.0.0.1:{port} {how}; {six}")
            };
            let root = authority.root();
            let servers = [
                server("_", &good, &both(h2, "ssl http2"), ""),
                server("expired.peers.test", &expired, &both(h2, "ssl http2"), ""),
                server(
                    "mtls.peers.test",
                    &good,
                    &both(h2, "ssl http2"),
                    &format!("ssl_verify_client on; ssl_client_certificate {};", root.display()),
                ),
                server("_", &good, &both(h1, "ssl"), ""),
                format!("server {{ {} include api.conf; }}\n", both(plain, "")),
            ]
            .concat();
            format!(
                "daemon off; master_process off; pid nginx.pid; error_log stderr info;\n\
                 events {{ }}\n\
                 http {{\n\
                 log_format facts '$host $status $server_protocol $ssl_protocol $ssl_cipher $ssl_curve';\n\
                 access_log access.log facts;\n\
                 client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;\n\
                 uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n\
                 ssl_protocols TLSv1.2 TLSv1.3;\n\
                 {servers}}}\n"
            )
        };
        put(&directory, "api.conf", API);
        let (peer, ports) = Peer::start(directory.join("error.log"), |ports| {
            let config = put(&directory, "nginx.conf", &config(ports));
            let mut command = program("nginx");
            command.args(["-e", "stderr", "-p"]).arg(&directory).arg("-c").arg(config);
            command
        })
        .await;
        let [h2, h1, plain] = ports.map(local);
        Self { peer, access, good, expired, h2, h1, plain }
    }

    /// The calls it has answered.
    pub(crate) fn served(&self) -> Vec<Served> {
        let text = std::fs::read_to_string(&self.access).unwrap();
        let read = |line: &str| {
            let mut parts = line.split(' ').map(str::to_owned);
            let mut next = || parts.next().unwrap_or_else(|| panic!("{line}"));
            Served { host: next(), status: next(), http: next(), tls: next(), cipher: next(), group: next() }
        };
        // The last line may be half written.
        text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')).map(read).collect()
    }

    /// What it has to say for itself.
    pub(crate) fn log(&self) -> String {
        self.peer.log()
    }
}

/// Whether this machine has IPv6 on loopback.
pub(crate) fn has_ipv6() -> bool {
    std::net::TcpListener::bind("[::1]:0").is_ok()
}

/// The API, in every server.
pub(crate) const API: &str = r#"
default_type application/json;
location = /api/hello {
  add_header request-id req_$request_id always;
  return 200 '{"message":"hello"}';
}
location = /v1/models {
  add_header request-id req_$request_id always;
  add_header anthropic-ratelimit-requests-limit 4000 always;
  add_header anthropic-ratelimit-requests-remaining 3999 always;
  add_header anthropic-ratelimit-requests-reset 2030-01-02T03:04:05Z always;
  if ($http_x_api_key != "sk-peers-right") {
    return 401 '{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}';
  }
  return 200 '{"data":[{"type":"model","id":"claude-haiku-4-5"}],"has_more":false}';
}
location / { return 404 '{"type":"error","error":{"type":"not_found_error","message":"Not found"}}'; }
"#;
