//! The real binary as a child process: started on a free port, asked over HTTP, ended with the test.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use api_canary::net;

use crate::exposition::Samples;
use crate::workspace::wait_for;

/// The binary under test.
pub(crate) fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_api-canary"));
    // What the machine's environment says must not matter to a test.
    for name in ["ANTHROPIC_API_KEY", "API_CANARY_CONFIG_FILE", "API_CANARY_WEB_LISTEN_ADDRESS"] {
        command.env_remove(name);
    }
    for name in ["API_CANARY_LOG_LEVEL", "API_CANARY_LOG_FORMAT", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
        command.env_remove(name);
    }
    for name in ["API_CANARY_SHARD_INDEX", "API_CANARY_SHARD_COUNT"] {
        command.env_remove(name);
    }
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
    command
}

/// What a finished program said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs the binary to its end.
pub(crate) fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Said {
    let output = binary().args(arguments).envs(environment.iter().copied()).output().unwrap();
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A page as it came over the wire.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Page {
    /// A header as text, empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// A canary that serves.
pub(crate) struct Canary {
    child: Child,
    address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
    /// Ends with the log.
    reader: Option<std::thread::JoinHandle<()>>,
    client: reqwest::Client,
}

impl Canary {
    /// Starts it with a config file, and waits until it is ready.
    pub(crate) async fn start(config: &Path) -> Self {
        Self::start_with(config, &[], &[]).await
    }

    /// The same with more arguments and environment variables.
    pub(crate) async fn start_with(config: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = binary();
        command
            .arg(format!("--config.file={}", config.display()))
            .arg("--web.listen-address=127.0.0.1:0")
            // Its own, so that no test sees what another one kept.
            .env("API_CANARY_STATE_DIRECTORY", config.with_file_name("state"))
            .args(arguments)
            .envs(environment.iter().copied());
        Self::of(command).await
    }

    /// Starts what a command says, and waits until it is ready.
    pub(crate) async fn of(mut command: Command) -> Self {
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = BufReader::new(child.stderr.take().unwrap());
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        let kept = Arc::clone(&log);
        let reader = std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                if let Some(address) = listening(&line) {
                    let _ = tell.send(address);
                }
                kept.lock().unwrap().push(line);
            }
        });
        let address = tokio::time::timeout(crate::workspace::PATIENCE, told.recv()).await.ok().flatten();
        let Some(address) = address else {
            let _ = child.kill();
            panic!("it did not start: {:#?}", log.lock().unwrap());
        };
        let reader = Some(reader);
        let canary = Self {
            child,
            address,
            log,
            reader,
            client: net::client(net::public_tls().unwrap()).no_proxy().gzip(true).build().unwrap(),
        };
        wait_for("readiness", || async {
            let (status, text) = canary.get("/-/ready").await;
            if status == 200 { Ok(()) } else { Err(text) }
        })
        .await;
        canary
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Status and text of a page.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let response = self.client.get(format!("http://{}{path}", self.address)).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// What `/metrics` says now.
    pub(crate) async fn samples(&self) -> Samples {
        let (status, text) = self.get("/metrics").await;
        assert_eq!(status, 200);
        Samples::read(&text)
    }

    /// Waits until `/metrics` says so.
    pub(crate) async fn wait<T>(&self, what: &str, look: impl Fn(&Samples) -> Option<T>) -> T {
        wait_for(what, || async {
            let samples = self.samples().await;
            look(&samples).ok_or_else(|| format!("{samples:#?}"))
        })
        .await
    }

    /// Waits until every path of a target has finished so many journeys; the samples then.
    pub(crate) async fn wait_runs(&self, target: &str, runs: f64) -> Samples {
        let of = [("target", target)];
        // The paths of a run appear one after the other: only when none comes any more are they all.
        let known = Mutex::new(0);
        self.wait(&format!("{runs} runs of {target}"), |samples| {
            let paths = samples.all("probe_runs_total", &of);
            let before = std::mem::replace(&mut *known.lock().unwrap(), paths.len());
            let all = before == paths.len() && paths.iter().all(|(_, count)| *count >= runs);
            (all && !paths.is_empty()).then(|| samples.clone())
        })
        .await
    }

    /// The same for every target at once, each of one path: reading the samples of many takes its time.
    pub(crate) async fn wait_all_runs(&self, targets: usize, runs: f64) -> Samples {
        self.wait(&format!("{runs} runs of {targets} targets"), |samples| {
            let paths = samples.all("probe_runs_total", &[]);
            let all = paths.len() == targets && paths.iter().all(|(_, count)| *count >= runs);
            all.then(|| samples.clone())
        })
        .await
    }

    /// Status, headers and body of a page that was asked for with a method and headers.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Page {
        let plain = net::client(net::public_tls().unwrap()).no_proxy().build().unwrap();
        let url = format!("http://{}{path}", self.address);
        let mut request = plain.request(method.parse().unwrap(), url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        Page {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await.unwrap().to_vec(),
        }
    }

    /// The log so far.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// All of the log of a canary that has ended.
    pub(crate) fn whole_log(&mut self) -> Vec<String> {
        self.reader.take().unwrap().join().unwrap();
        self.log()
    }

    /// Waits for a line of the log that holds all these words.
    pub(crate) async fn wait_log(&self, words: &[&str]) -> String {
        wait_for(&format!("a log line with {words:?}"), || async {
            let log = self.log();
            let found = log.iter().find(|line| words.iter().all(|word| line.contains(word))).cloned();
            found.ok_or_else(|| format!("{log:#?}"))
        })
        .await
    }

    /// Sends it a signal by its name without SIG.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.pid().to_string()).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let child = &mut self.child;
        let start = tokio::time::Instant::now();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < crate::workspace::PATIENCE, "it does not end");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// Its arguments as every user of the machine can read them.
    pub(crate) fn command_line(&self) -> String {
        let mut text = String::new();
        let file = std::fs::File::open(format!("/proc/{}/cmdline", self.pid()));
        file.unwrap().read_to_string(&mut text).unwrap();
        text
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address in the log line that says where it listens, in either format.
fn listening(line: &str) -> Option<SocketAddr> {
    if !line.contains("listening") {
        return None;
    }
    let (_, after) = line.split_once("address")?;
    let text = after.trim_start_matches(['=', '"', ':', ' ']);
    text.split(['"', ' ', ',', '}']).next()?.parse().ok()
}
