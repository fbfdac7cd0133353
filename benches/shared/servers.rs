//! The servers that every prober of a bench asks, none of them ours: nginx, unbound; and blackbox_exporter beside us.
//!
//! They run in a [`Place`], on the CPU of the others, at fixed ports of an address there. Every name below `test` has one
//! address; nginx has a leaf of P-256 for `*.bench.test` from an authority of the bench's own.

use std::error::Error;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::pki_types::CertificateDer;
use tokio::time::Instant;

use super::place::{OTHERS, PROBER, Place};
use super::process::Process;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// TLS with HTTP/2 and HTTP/1.1 by ALPN, and without TLS.
pub(crate) const HTTPS: u16 = 8443;
pub(crate) const HTTP: u16 = 8080;
/// Where nginx tells how many it served.
const STATUS: u16 = 8088;
/// blackbox_exporter as Debian names it, and where it listens.
pub(crate) const BLACKBOX_PROGRAM: &str = "prometheus-blackbox-exporter";
pub(crate) const BLACKBOX: u16 = 9115;

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// An authority and the one certificate it made, in files.
pub(crate) struct Pki {
    pub(crate) root: CertificateDer<'static>,
    pub(crate) root_file: PathBuf,
    chain_file: PathBuf,
    key_file: PathBuf,
}

impl Pki {
    pub(crate) fn new(directory: &Path) -> Result<Self> {
        let mut authority = CertificateParams::default();
        authority.distinguished_name.push(DnType::CommonName, "Bench root");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority_key = KeyPair::generate()?;
        let root = authority.self_signed(&authority_key)?;
        let mut leaf = CertificateParams::new(vec!["bench.test".to_owned(), "*.bench.test".to_owned()])?;
        leaf.distinguished_name.push(DnType::CommonName, "bench.test");
        let leaf_key = KeyPair::generate()?;
        let leaf = leaf.signed_by(&leaf_key, &Issuer::new(authority, authority_key))?;
        let put = |name: &str, text: String| -> Result<PathBuf> {
            let path = directory.join(name);
            fs::write(&path, text)?;
            Ok(path)
        };
        Ok(Self {
            root_file: put("root.pem", root.pem())?,
            chain_file: put("leaf.pem", leaf.pem())?,
            key_file: put("leaf.key", leaf_key.serialize_pem())?,
            root: root.der().clone(),
        })
    }
}

/// A running nginx.
pub(crate) struct Nginx {
    process: Process,
    /// One line a request: `REMOTE_PORT REQUEST_URI STATUS SECONDS PROTOCOL`, in the order in which they ended.
    pub(crate) access_log: PathBuf,
    address: IpAddr,
}

/// What nginx has served.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Served {
    pub(crate) connections: u64,
    pub(crate) requests: u64,
}

impl Nginx {
    /// Starts it; `locations` are added to those for `/v1/models` and everything else.
    pub(crate) fn start(
        place: &Place,
        address: IpAddr,
        pki: &Pki,
        directory: &Path,
        locations: &str,
        logs: bool,
    ) -> Result<Self> {
        let directory = directory.join("nginx");
        fs::create_dir(&directory)?;
        let models: Vec<String> = (0..12)
            .map(|at| {
                format!(
                    r#"{{"id":"model-{at:02}","object":"model","created":17000000{at:02},"owned_by":"bench"}}"#
                )
            })
            .collect();
        fs::write(
            directory.join("models.json"),
            format!(r#"{{"object":"list","data":[{}]}}"#, models.join(",")),
        )?;
        let access_log = directory.join("access.log");
        let log = if logs { format!("{} probe", access_log.display()) } else { "off".to_owned() };
        let (chain, key, home) = (pki.chain_file.display(), pki.key_file.display(), directory.display());
        let config = format!(
            "daemon off; master_process off; pid {home}/nginx.pid; error_log {home}/error.log warn;\n\
             worker_rlimit_nofile 20000;\n\
             events {{ worker_connections 8192; multi_accept on; }}\n\
             http {{\n\
             log_format probe '$remote_port $request_uri $status $request_time $server_protocol';\n\
             access_log {log};\n\
             client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi;\n\
             uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;\n\
             server {{\n\
             listen {address}:{HTTPS} ssl http2 backlog=8192; listen {address}:{HTTP} backlog=8192;\n\
             server_name _; ssl_certificate {chain}; ssl_certificate_key {key}; ssl_protocols TLSv1.2 TLSv1.3;\n\
             location = /v1/models {{ alias {home}/models.json; default_type application/json;\n\
             add_header x-ratelimit-limit-requests 10000; add_header x-ratelimit-remaining-requests 9999;\n\
             add_header x-ratelimit-limit-tokens 2000000; add_header x-ratelimit-remaining-tokens 1999998;\n\
             add_header x-ratelimit-reset-requests 6ms; add_header x-request-id $request_id; }}\n\
             {locations}\n\
             location / {{ default_type text/plain; return 200 \"ok\\n\"; }}\n\
             }}\n\
             server {{ listen {address}:{STATUS}; access_log off; location = /status {{ stub_status; }} }}\n\
             }}\n"
        );
        let file = directory.join("nginx.conf");
        fs::write(&file, config)?;
        let mut command = place.command(OTHERS, "nginx");
        command.args(["-e", "stderr", "-p"]).arg(&directory).arg("-c").arg(file);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let process = Process::start(&mut command)?;
        let nginx = Self { process, access_log, address };
        until(|| nginx.served(place).is_ok(), "nginx")?;
        Ok(nginx)
    }

    pub(crate) fn process(&self) -> &Process {
        &self.process
    }

    /// What it has served so far, without asking any prober.
    pub(crate) fn served(&self, place: &Place) -> Result<Served> {
        let text = place.run("curl", &["-sSf", &format!("http://{}:{STATUS}/status", self.address)])?;
        // "server accepts handled requests\n 3 3 5 \n"
        let line = text.lines().nth(2).ok_or("no counts")?;
        let counts: Vec<u64> =
            line.split_whitespace().map(str::parse).collect::<std::result::Result<_, _>>()?;
        match counts[..] {
            [connections, _, requests] => Ok(Served { connections, requests }),
            _ => Err(format!("not three counts: {line}").into()),
        }
    }
}

/// Starts an unbound for which every name below `test` is at `answer`, and names below `nx.test` do not exist.
pub(crate) fn unbound(place: &Place, address: IpAddr, answer: IpAddr, directory: &Path) -> Result<Process> {
    let directory = directory.join("unbound");
    fs::create_dir(&directory)?;
    let config = format!(
        "server:\n  verbosity: 0\n  num-threads: 1\n  interface: {address}\n  port: 53\n  do-daemonize: no\n\
         \x20 username: \"\"\n  chroot: \"\"\n  directory: \"{home}\"\n  pidfile: \"\"\n  use-syslog: no\n\
         \x20 module-config: \"iterator\"\n  access-control: 0.0.0.0/0 allow\n  so-reuseport: no\n\
         \x20 local-zone: \"test.\" redirect\n  local-data: \"test. 300 IN A {answer}\"\n\
         \x20 local-zone: \"nx.test.\" always_nxdomain\n  local-zone: \".\" static\n\
         remote-control:\n  control-enable: no\n",
        home = directory.display()
    );
    let file = directory.join("unbound.conf");
    fs::write(&file, config)?;
    let mut command = place.command(OTHERS, "unbound");
    command.args(["-d", "-c"]).arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let process = Process::start(&mut command)?;
    // It listens over TCP as well.
    let target = format!("telnet://{address}:53");
    let listens = || {
        let answer = place
            .command(OTHERS, "curl")
            .args(["-sS", "--max-time", "1", &target])
            .stdin(Stdio::null())
            .output();
        // 28: it was connected until the time was up; 0: the other side ended it.
        answer.is_ok_and(|output| matches!(output.status.code(), Some(0 | 28)))
    };
    until(listens, "unbound")?;
    Ok(process)
}

/// Starts a blackbox_exporter with this config on the prober's CPU.
pub(crate) fn blackbox(place: &Place, address: IpAddr, config: &str, directory: &Path) -> Result<Process> {
    let file = directory.join("blackbox.yml");
    fs::write(&file, config)?;
    let mut command = place.command(PROBER, BLACKBOX_PROGRAM);
    command.arg(format!("--config.file={}", file.display()));
    command.arg(format!("--web.listen-address={address}:{BLACKBOX}")).arg("--log.level=error");
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let process = Process::start(&mut command)?;
    let page = format!("http://{address}:{BLACKBOX}/-/healthy");
    until(|| place.run("curl", &["-sSf", &page]).is_ok(), "blackbox_exporter")?;
    Ok(process)
}

/// Waits for a condition.
fn until(mut holds: impl FnMut() -> bool, what: &str) -> Result<()> {
    let start = Instant::now();
    while !holds() {
        if start.elapsed() > PATIENCE {
            return Err(format!("{what} does not start").into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
