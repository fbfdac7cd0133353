//! `api-canary simulate`: the simulated provider as a process of its own.

use super::fault::{Fault, UnknownFault};
use super::simulator::{Options, Simulator, StartError};
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The file the root certificate is written to, in the directory for temporary files.
const CA_FILE_NAME: &str = "api-canary-sim-ca.pem";

/// Flags of `api-canary simulate`.
#[derive(Debug, Clone, clap::Args)]
pub struct SimulateArgs {
    /// Where DNS listens, over UDP and TCP.
    #[arg(long = "dns.listen-address", value_name = "ADDRESS", default_value = "127.0.0.1:10453")]
    pub dns: SocketAddr,
    /// Where the API listens, over TLS; an IPv4 loopback address.
    #[arg(long = "api.listen-address", value_name = "ADDRESS", default_value = "127.0.0.1:10443")]
    pub api: SocketAddr,
    /// Where the API listens, over plain HTTP.
    #[arg(long = "plain.listen-address", value_name = "ADDRESS", default_value = "127.0.0.1:10480")]
    pub plain: SocketAddr,
    /// Where the control endpoint listens.
    #[arg(long = "control.listen-address", value_name = "ADDRESS", default_value = "127.0.0.1:10400")]
    pub control: SocketAddr,
    /// Where the proxy listens: HTTP CONNECT, the same over TLS, and SOCKS 5.
    #[arg(long = "proxy.listen-address", value_name = "ADDRESS", default_value = "127.0.0.1:10431")]
    pub proxy: SocketAddr,
    /// The user and password that the proxy wants; without, it serves everybody.
    #[arg(long = "proxy.credentials", value_name = "USER:PASSWORD", value_parser = parse_credentials)]
    pub proxy_credentials: Option<(String, String)>,
    /// The domain all simulated names are below.
    #[arg(long, value_name = "DOMAIN", default_value = "sim.test")]
    pub domain: String,
    /// The one API key that is accepted.
    #[arg(long, value_name = "KEY", default_value = "sk-ant-sim-valid")]
    pub api_key: String,
    /// Gives a host a fault from the start; without HOST= it is api.DOMAIN. Repeatable.
    #[arg(long = "fault", value_name = "[HOST=]FAULT", value_parser = parse_fault)]
    pub faults: Vec<HostFault>,
    /// Where the root certificate is written [default: api-canary-sim-ca.pem among the temporary files].
    #[arg(long, value_name = "PATH")]
    pub ca_file: Option<PathBuf>,
    /// Prints every fault with its layer and what a client sees, and ends.
    #[arg(long)]
    pub list_faults: bool,
}

/// A fault, and the host that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostFault {
    /// The host; `api.<domain>` where none is named.
    pub host: Option<String>,
    /// The fault.
    pub fault: Fault,
}

/// Why `api-canary simulate` ended.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// The simulator could not start.
    #[error("cannot start the simulator")]
    Start(#[from] StartError),
    /// The root certificate could not be written.
    #[error("cannot write the root certificate to {path}")]
    CaFile {
        /// Where.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The process cannot be told when to end.
    #[error("cannot wait for a signal")]
    Signal(#[source] io::Error),
}

/// Serves until Ctrl-C or SIGTERM; with `--list-faults` prints them and returns.
pub async fn run(args: SimulateArgs) -> Result<(), SimulateError> {
    if args.list_faults {
        print(&fault_list());
        return Ok(());
    }
    let ca_file = args.ca_file.clone().unwrap_or_else(|| std::env::temp_dir().join(CA_FILE_NAME));
    let domain = args.domain.clone();
    let simulator = Simulator::start(options(args)).await?;
    write_ca(&ca_file, simulator.ca_pem())
        .map_err(|source| SimulateError::CaFile { path: ca_file.clone(), source })?;
    print(&greeting(&simulator, &domain, &ca_file));
    stop_signal().await.map_err(SimulateError::Signal)?;
    simulator.shutdown().await;
    Ok(())
}

fn options(args: SimulateArgs) -> Options {
    let api = format!("api.{}", args.domain);
    let faults = args.faults.into_iter();
    let faults =
        faults.map(|HostFault { host, fault }| (host.unwrap_or_else(|| api.clone()), fault)).collect();
    Options {
        dns: args.dns,
        api: args.api,
        plain: args.plain,
        control: args.control,
        proxy: args.proxy,
        proxy_credentials: args.proxy_credentials,
        domain: args.domain,
        api_key: args.api_key,
        faults,
    }
}

fn parse_fault(flag: &str) -> Result<HostFault, UnknownFault> {
    let (host, fault) = match flag.split_once('=') {
        Some((host, fault)) => (Some(host.to_owned()), fault),
        None => (None, flag),
    };
    Ok(HostFault { host, fault: fault.parse()? })
}

fn parse_credentials(flag: &str) -> Result<(String, String), &'static str> {
    let (user, password) = flag.split_once(':').ok_or("write it like user:password")?;
    Ok((user.to_owned(), password.to_owned()))
}

/// Makes the file anew: whatever is there, a link included, is replaced and not followed.
fn write_ca(path: &Path, pem: &str) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(pem.as_bytes())
}

fn fault_list() -> String {
    let mut text = String::new();
    for fault in Fault::ALL {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{:<24}{:<6}{}", fault.name(), fault.layer(), fault.summary());
    }
    text
}

fn greeting(simulator: &Simulator, domain: &str, ca_file: &Path) -> String {
    let (dns, api) = (simulator.dns_address(), simulator.api_address());
    let (plain, control) = (simulator.plain_address(), simulator.control_address());
    let port = api.port();
    let proxy = simulator.proxy_address();
    // A JSON string is a YAML string too, whatever the path contains.
    let quoted = serde_json::Value::from(ca_file.display().to_string());
    format!(
        "The simulated provider is up; Ctrl-C ends it.\n\
         \n\
         DNS      {dns} (UDP and TCP), for {domain}\n\
         API      https://api.{domain}:{port} at {api}\n\
         plain    http://{plain}\n\
         control  http://{control}\n\
         proxy    http://{proxy}, and https, socks5 and socks5h, for {domain} and loopback\n\
         CA file  {}\n\
         \n\
         Any https://FAULT.{domain}:{port} always has that fault, such as tls-expired.{domain};\n\
         `api-canary simulate --list-faults` names them all. Names at and below openai.{domain} speak OpenAI's\n\
         dialect (http-429.openai.{domain}); so do azure, gemini, mistral, groq, openrouter, vertex and bedrock.\n\
         To break api.{domain} itself, for good or for a while (?for=10s, ?requests=5):\n\
         \n  curl -X PUT http://{control}/faults/api.{domain}/http-529\n\
         \n\
         A config for api-canary:\n\
         \n\
         resolvers:\n  \
           sim: {{ address: \"udp://{dns}\" }}\n\
         targets:\n  \
           - name: claude-sim\n    \
             provider: anthropic\n    \
             url: \"https://api.{domain}:{port}\"\n    \
             resolvers: [sim]\n    \
             expected_networks: []\n    \
             tls: {{ ca_file: {quoted} }}\n",
        ca_file.display(),
    )
}

#[expect(clippy::print_stdout, reason = "this text is what the command is asked for")]
fn print(text: &str) {
    print!("{text}");
}

async fn stop_signal() -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: SimulateArgs,
    }

    fn parse(line: &[&str]) -> Result<SimulateArgs, clap::Error> {
        Line::try_parse_from([&["simulate"], line].concat()).map(|line| line.args)
    }

    #[test]
    fn the_flags_are_sound() {
        use clap::CommandFactory as _;
        Line::command().debug_assert();
    }

    #[test]
    fn a_fault_without_a_host_is_the_api_hosts() {
        let args =
            parse(&["--domain", "d.test", "--fault", "http-500", "--fault", "x.d.test=tls-eof"]).unwrap();
        let expected = [("api.d.test".to_owned(), Fault::Http500), ("x.d.test".to_owned(), Fault::TlsEof)];
        assert_eq!(options(args).faults, expected);
    }

    #[test]
    fn an_unknown_fault_is_refused_with_the_known_ones() {
        let error = parse(&["--fault", "http-999"]).unwrap_err().to_string();
        assert!(error.contains("http-529"), "{error}");
    }

    #[tokio::test]
    async fn the_greeting_holds_a_config_and_the_certificate_file_is_replaced() {
        let simulator = Simulator::start(Options::default()).await.unwrap();
        let directory = tempfile::tempdir().unwrap();
        let ca_file = directory.path().join("ca.pem");
        for _ in 0..2 {
            write_ca(&ca_file, simulator.ca_pem()).unwrap();
        }
        assert_eq!(fs::read_to_string(&ca_file).unwrap(), simulator.ca_pem());
        let text = greeting(&simulator, "sim.test", &ca_file);
        let port = simulator.api_address().port();
        assert!(text.contains(&format!("\n    url: \"https://api.sim.test:{port}\"\n")), "{text}");
        assert!(text.contains("\nresolvers:\n  sim: { address: \"udp://127.0.0.1:"), "{text}");
        simulator.shutdown().await;
    }

    #[test]
    fn the_fault_list_has_a_line_for_each() {
        assert_eq!(fault_list().lines().count(), Fault::ALL.len());
    }
}
