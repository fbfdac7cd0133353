//! The demo as people start it: what it tells, what its exit code says, and that nothing of it stays.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use tokio::time::Instant;

use crate::canary::{binary, run};
use crate::workspace::{PATIENCE, Workspace, wait_for};

/// A running demo, with a directory for temporary files of its own.
struct Demo {
    child: Child,
    told: Arc<Mutex<Vec<String>>>,
    /// Ends the reading of standard output with the next line.
    deaf: std::sync::mpsc::Sender<()>,
    workspace: Workspace,
}

impl Demo {
    fn start(arguments: &[&str]) -> Self {
        let workspace = Workspace::new();
        let mut command = binary();
        command.args(["demo", "--web.listen-address=127.0.0.1:0", "--seconds-per-fault=3"]).args(arguments);
        command.env("TMPDIR", workspace.path()).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let told = Arc::new(Mutex::new(Vec::new()));
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let kept = Arc::clone(&told);
        let (deaf, enough) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if enough.try_recv().is_ok() {
                    return;
                }
                kept.lock().unwrap().push(line);
            }
        });
        let kept = Arc::clone(&told);
        std::thread::spawn(move || {
            for line in BufReader::new(err).lines().map_while(Result::ok) {
                kept.lock().unwrap().push(format!("stderr: {line}"));
            }
        });
        Self { child, told, deaf, workspace }
    }

    fn told(&self) -> String {
        self.told.lock().unwrap().join("\n")
    }

    /// Waits for a line with all these words.
    async fn wait(&self, words: &[&str]) -> String {
        wait_for(&format!("a line with {words:?}"), || async {
            let told = self.told();
            let found = told.lines().find(|line| words.iter().all(|word| line.contains(word)));
            found.map(str::to_owned).ok_or(told)
        })
        .await
    }

    async fn ended(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            // A round of several faults takes longer than one condition.
            assert!(start.elapsed() < 2 * PATIENCE, "it does not end: {}", self.told());
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    /// Nothing is left of it: no file, and no program that was started with one.
    async fn left_nothing(&self) {
        let files: Vec<_> = std::fs::read_dir(self.workspace.path()).unwrap().collect();
        assert!(files.is_empty(), "{files:?}");
        wait_for("the end of its programs", || async {
            let left = programs_with(self.workspace.path());
            if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
        })
        .await;
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command lines of all processes that name a directory.
fn programs_with(directory: &Path) -> Vec<String> {
    let directory = directory.display().to_string();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    lines
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(&directory))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_round_tells_each_fault_its_verdict_and_its_end() {
    let mut demo = Demo::start(&["--once", "--fault=http-529", "--fault=tcp-refused", "--fault=http-slow"]);
    let status = demo.ended().await;
    demo.wait(&["One round is over"]).await;
    let told = demo.told();
    assert_eq!(status.code(), Some(0), "{told}");
    // In the order of the story, each line behind the one before.
    let mut rest = told.as_str();
    for words in [
        "  the canary            http://127.0.0.1:",
        "DEGRADED  old-certificate: the certificate expires soon",
        "layer TLS, verdict tls_cert_expiring, who must act: the provider",
        "3 faults follow; each lasts until the canary has said why, and 3 s at least.",
        "1/3  claude: nothing listens at the address: connection refused",
        "DOWN      claude: the connection was refused",
        "layer TCP, verdict tcp_refused, who must act: whoever runs the network between here and the provider",
        "tcp-refused is switched off",
        "WORKS     claude works as it should",
        "2/3  claude: 529 overloaded_error",
        "layer API, verdict provider_overloaded, who must act: the provider",
        "WORKS     claude works as it should",
        "3/3  claude: the healthy answer comes after 1.5 s",
        "DEGRADED  claude: the answer took longer than expected",
        "WORKS     claude works as it should",
        "One round is over: the canary said of all 3 faults what they were.",
    ] {
        let at = rest.find(words).unwrap_or_else(|| panic!("{words:?} does not come in its turn: {told}"));
        rest = &rest[at + words.len()..];
    }
    assert!(!told.contains("stderr: "), "no log unless it is asked for: {told}");
    assert!(!told.contains('\u{1b}'), "no colours where nobody sees them: {told}");
    demo.left_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_prometheus_pages_are_told_and_a_signal_leaves_nothing_behind() {
    let mut demo = Demo::start(&["--with-prometheus", "--fault=dns-nxdomain"]);
    demo.wait(&["Prometheus", "/alerts"]).await;
    demo.wait(&["PAGE", "ApiCanaryDnsFails", "target=claude", "layer=dns", "blame=resolver"]).await;
    demo.wait(&["RESOLVED", "ApiCanaryDnsFails", "target=claude"]).await;
    assert_eq!(programs_with(demo.workspace.path()).len(), 2, "Prometheus and Alertmanager");
    let pid = demo.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let status = demo.ended().await;
    demo.wait(&["Stopping"]).await;
    assert_eq!(status.code(), Some(0), "{}", demo.told());
    demo.left_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stops_reading_ends_it_without_a_complaint() {
    let mut demo = Demo::start(&["--fault=http-529"]);
    demo.deaf.send(()).unwrap();
    let status = demo.ended().await;
    assert_eq!(status.code(), Some(0), "{}", demo.told());
    assert!(!demo.told().contains("stderr: "), "{}", demo.told());
    demo.left_nothing().await;
}

#[test]
fn what_cannot_be_shown_is_told_at_once() {
    let missing = run(&["demo", "--with-prometheus"], &[("PATH", "/nowhere")]);
    assert_eq!((missing.code, missing.out.as_str()), (Some(2), ""));
    assert!(missing.err.contains("`prometheus` and `alertmanager`"), "{}", missing.err);
    let strange = run(&["demo", "--fault=tls-1.2"], &[]);
    assert_eq!((strange.code, strange.out.as_str()), (Some(2), ""));
    assert!(strange.err.contains("the demo does not show tls-1.2"), "{}", strange.err);
    let unknown = run(&["demo", "--fault=http-530"], &[]);
    assert_eq!((unknown.code, unknown.out.as_str()), (Some(2), ""));
    assert!(unknown.err.contains("the demo shows dns-nxdomain, "), "{}", unknown.err);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let busy = run(&["demo", "--web.listen-address", &address], &[]);
    assert_eq!(busy.code, Some(2), "{}", busy.out);
    assert!(busy.err.contains(&address) && busy.err.contains("--web.listen-address"), "{}", busy.err);
}
