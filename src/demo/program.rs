//! Another program beside the demo: found on the PATH, started on a free port of loopback, ended with the demo.
//!
//! Promises: it is in a process group of its own and the whole group is ended, so that nothing of it is left; it is known to
//! answer before anybody is told of it.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use reqwest::Client;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use super::DemoError;
use crate::net;

/// How often a start is tried that ends at once: somebody else may take the port between our look and the program's.
const ATTEMPTS: usize = 5;

/// How long it may take until it answers.
const READY: Duration = Duration::from_secs(30);

/// How long it may take to answer.
const ANSWER: Duration = Duration::from_secs(1);

/// How long it may take to end.
const END: Duration = Duration::from_secs(5);

/// The last lines of what it said that are told where it does not start.
const LINES: usize = 5;

/// A running program.
#[derive(Debug)]
pub(super) struct Program {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts it with what `arguments` makes of a free port's address, and waits until it says that it is ready.
    pub(super) async fn start(
        name: &'static str,
        place: &Path,
        directory: &Path,
        arguments: impl Fn(SocketAddr) -> Vec<String>,
    ) -> Result<(Self, SocketAddr), DemoError> {
        let failed = |why: String| DemoError::Program { program: name, why };
        let log = directory.join(format!("{name}.log"));
        let mut why = String::new();
        for _ in 0..ATTEMPTS {
            let address = free().map_err(DemoError::Listen)?;
            let child = spawn(place, &log, arguments(address)).map_err(|error| failed(error.to_string()))?;
            let mut program = Self { name, child, log: log.clone() };
            match program.ready(address).await {
                Ok(()) => return Ok((program, address)),
                Err(said) => why = said,
            }
            // One that runs and is not ready has its port.
            let ended = program.has_ended();
            program.stop().await;
            if !ended {
                break;
            }
        }
        Err(failed(why))
    }

    /// Waits until it has ended by itself, which it should not.
    pub(super) async fn ended(&mut self) -> DemoError {
        // Whether it ended or cannot be waited for, nobody is paged any more.
        let _ = self.child.wait().await;
        DemoError::Program { program: self.name, why: format!("it ended: {}", self.said()) }
    }

    /// Ends it and whatever it started.
    pub(super) async fn stop(mut self) {
        self.signal(Signal::TERM);
        if timeout(END, self.child.wait()).await.is_err() {
            self.signal(Signal::KILL);
            // A process that was killed ends.
            let _ = self.child.wait().await;
        }
    }

    fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    fn signal(&self, signal: Signal) {
        let id = self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(group) = id {
            // It may have ended meanwhile.
            let _ = kill_process_group(group, signal);
        }
    }

    async fn ready(&mut self, address: SocketAddr) -> Result<(), String> {
        let client = client()?;
        let page = format!("http://{address}/-/ready");
        let begun = Instant::now();
        loop {
            if self.has_ended() {
                return Err(self.said());
            }
            if has(&client, &page).await {
                return Ok(());
            }
            if begun.elapsed() > READY {
                return Err(format!("it is not ready after {} s: {}", READY.as_secs_f64(), self.said()));
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// The last lines of its log.
    fn said(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default().join("\n")
    }
}

impl Drop for Program {
    /// Where nobody had the time to end it properly.
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// A client for what listens on loopback.
fn client() -> Result<Client, String> {
    let tls = net::public_tls().map_err(|error| error.to_string())?;
    net::client(tls).no_proxy().timeout(ANSWER).build().map_err(|error| error.to_string())
}

async fn has(client: &Client, page: &str) -> bool {
    client.get(page).send().await.is_ok_and(|answer| answer.status() == 200)
}

/// The first of these pages that the program at this address has.
pub(super) async fn first_page(address: SocketAddr, pages: &[&'static str]) -> Option<&'static str> {
    let client = client().ok()?;
    for page in pages {
        if has(&client, &format!("http://{address}{page}")).await {
            return Some(page);
        }
    }
    None
}

/// Where a program of one of these names is.
pub(super) fn find(names: &[&str], places: &[PathBuf]) -> Option<PathBuf> {
    let candidates = places.iter().flat_map(|place| names.iter().map(|name| place.join(name)));
    candidates.into_iter().find(|path| {
        fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    })
}

fn spawn(place: &Path, log: &Path, arguments: Vec<String>) -> io::Result<Child> {
    let out = File::create(log)?;
    Command::new(place)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(out)
        // A Ctrl-C is for the demo, which ends it in its turn.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

/// An address of loopback that is free right now.
fn free() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_by_any_of_its_names_and_only_if_it_can_be_run() {
        let directory = tempfile::tempdir().unwrap();
        let (good, bad) = (directory.path().join("one"), directory.path().join("two"));
        fs::write(&good, "").unwrap();
        fs::write(&bad, "").unwrap();
        fs::set_permissions(&good, fs::Permissions::from_mode(0o755)).unwrap();
        let places = [PathBuf::from("/nowhere"), directory.path().to_owned()];
        assert_eq!(find(&["two", "one"], &places), Some(good));
        assert_eq!(find(&["two"], &places), None);
    }

    #[tokio::test]
    async fn the_first_page_is_found_that_is_there() {
        let router = axum::Router::new().route("/classic/alerts", axum::routing::get(async || "here"));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        assert_eq!(first_page(address, &["/alerts", "/classic/alerts"]).await, Some("/classic/alerts"));
        assert_eq!(first_page(address, &["/alerts"]).await, None);
    }

    #[tokio::test]
    async fn what_ends_at_once_is_told_with_what_it_said() {
        let directory = tempfile::tempdir().unwrap();
        let arguments = |_| vec!["-c".to_owned(), "echo no such flag; exit 3".to_owned()];
        let started = Program::start("sh", Path::new("/bin/sh"), directory.path(), arguments).await;
        let error = started.unwrap_err().to_string();
        assert_eq!(error, "sh does not start: no such flag");
    }
}
