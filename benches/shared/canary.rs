//! The program itself as a child, and what its `/metrics` say.

use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use api_canary::net;

use super::process::Process;

/// How long it may take to start, and to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_api-canary");

/// A running canary; ends with this value.
pub(crate) struct Canary {
    process: Process,
    address: SocketAddr,
    client: reqwest::Client,
}

/// One exposition.
pub(crate) struct Samples(String);

impl Canary {
    /// Starts it and waits until it listens.
    pub(crate) fn start(config: &Path) -> Result<Self, Box<dyn Error>> {
        Self::start_by(Command::new(PROGRAM), config)
    }

    /// The same by a command to which its flags are still to be given; where that runs it in another network,
    /// [`Self::samples`] does not reach it.
    pub(crate) fn start_by(mut command: Command, config: &Path) -> Result<Self, Box<dyn Error>> {
        command.arg(format!("--config.file={}", config.display()));
        // What is given already stands.
        if !command.get_args().any(|argument| argument.to_string_lossy().starts_with("--web.listen-address"))
        {
            command.arg("--web.listen-address=127.0.0.1:0");
        }
        let mut process =
            Process::start(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()))?;
        let log = BufReader::new(process.child().stderr.take().ok_or("it has no log")?);
        let client = net::client(net::public_tls()?).no_proxy().timeout(PATIENCE).build()?;
        let (tell, told) = mpsc::channel();
        // Reads on to the end, so that the program never waits for its log.
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                let _ = tell.send(line);
            }
        });
        let mut canary = Self { process, address: ([0, 0, 0, 0], 0).into(), client };
        let mut log = String::new();
        while let Ok(line) = told.recv_timeout(PATIENCE) {
            if let Some(address) = listening(&line) {
                canary.address = address;
                return Ok(canary);
            }
            log.push_str(&line);
            log.push('\n');
        }
        Err(format!("it does not start: {log}").into())
    }

    /// What `/metrics` says now.
    pub(crate) async fn samples(&self) -> Result<Samples, Box<dyn Error>> {
        let response = self.client.get(format!("http://{}/metrics", self.address)).send().await?;
        Ok(Samples(response.error_for_status()?.text().await?))
    }

    /// Its process.
    pub(crate) fn process(&self) -> &Process {
        &self.process
    }

    /// What asks it.
    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// The same, to wait for its end.
    pub(crate) fn process_mut(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Samples {
    /// Reads an exposition.
    pub(crate) fn read(text: String) -> Self {
        Self(text)
    }

    /// The values of a name whose labels hold this text.
    pub(crate) fn values<'a>(&'a self, name: &'a str, labels: &'a str) -> impl Iterator<Item = f64> + 'a {
        self.of(name).filter(move |(found, _)| found.contains(labels)).map(|(_, value)| value)
    }

    /// Upper bounds and counts of a histogram without labels.
    pub(crate) fn buckets(&self, name: &str) -> Vec<(f64, f64)> {
        let name = format!("{name}_bucket");
        let bound = |labels: &str| {
            let text = labels.strip_prefix("le=\"")?.strip_suffix('"')?;
            if text == "+Inf" { Some(f64::INFINITY) } else { text.parse().ok() }
        };
        self.of(&name).filter_map(|(labels, count)| Some((bound(labels)?, count))).collect()
    }

    /// Labels and values of a name.
    pub(crate) fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, f64)> {
        self.0.lines().filter_map(move |line| {
            let (series, value) = line.rsplit_once(' ')?;
            let labels = series.strip_prefix(name)?;
            let labels = if labels.is_empty() { "" } else { labels.strip_prefix('{')?.strip_suffix('}')? };
            Some((labels, value.parse().ok()?))
        })
    }
}

/// The address in the line of the log that says where it listens.
fn listening(line: &str) -> Option<SocketAddr> {
    let (_, after) = line.split_once("address=").filter(|_| line.contains("listening"))?;
    after.trim_start_matches('"').split(['"', ' ']).next()?.parse().ok()
}
