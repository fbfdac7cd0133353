//! Whole journeys of a canary that is busy with something else while its answers come: its peers sit in threads of their
//! own, and answer just then.

use std::cell::Cell;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::rc::Rc;

use hickory_resolver::proto::op::Message;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tokio::time::Instant;

use super::*;
use crate::config::{Config, Env, Source};
use crate::net::busy::{BLOCKED, Meanwhile, stamps_are_on};
use crate::outcome::{Outcome, Reason};
use crate::probe::dns::scripted::addresses;

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";

/// Threads wake a little late, and so might the canary: this much of a block is counted on.
fn most(blocks: u32) -> Duration {
    BLOCKED * blocks * 4 / 5
}

/// When the peer answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    AtOnce,
    /// Later, though the canary has time.
    Slowly,
    /// While the canary is busy.
    Busy,
}

/// When each answer of a journey comes.
#[derive(Debug, Clone, Copy)]
struct Answers {
    dns: When,
    tls: When,
    head: When,
    body: When,
}

const ALL_BUSY: Answers = Answers { dns: When::Busy, tls: When::Busy, head: When::Busy, body: When::AtOnce };

/// A connection that is written to when it is told.
struct Timed {
    stream: TcpStream,
    when: Rc<Cell<When>>,
    meanwhile: Rc<Meanwhile>,
}

impl Read for Timed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.stream.read(into)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.when.get() {
            When::AtOnce => {}
            When::Slowly => std::thread::sleep(2 * BLOCKED),
            When::Busy => return self.meanwhile.answer(|| self.stream.write(bytes)),
        }
        self.stream.write(bytes)
    }

    fn write_vectored(&mut self, parts: &[io::IoSlice<'_>]) -> io::Result<usize> {
        // A flight of TLS in one piece.
        self.write(&parts.iter().flat_map(|part| part.iter().copied()).collect::<Vec<_>>())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn certificate() -> (String, Arc<ServerConfig>) {
    let made = rcgen::generate_simple_self_signed(["api.test".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config =
        builder.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    config.send_tls13_tickets = 0;
    (made.cert.pem(), Arc::new(config))
}

/// Answers one lookup.
fn serve_dns(when: When) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (address, meanwhile) = (socket.local_addr().unwrap(), Meanwhile::here());
    std::thread::spawn(move || {
        let mut buffer = [0; 2048];
        let (length, client) = socket.recv_from(&mut buffer).unwrap();
        let reply = addresses(&["127.0.0.1"])(&Message::from_vec(&buffer[..length]).unwrap());
        let send = || socket.send_to(&reply[0].to_vec().unwrap(), client).unwrap();
        if when == When::Busy { meanwhile.answer(send) } else { send() }
    });
    address
}

/// Answers one call.
fn serve_api(answers: Answers, tls: Arc<ServerConfig>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, meanwhile) = (listener.local_addr().unwrap(), Meanwhile::here());
    std::thread::spawn(move || {
        let stream = listener.accept().unwrap().0;
        stream.set_nodelay(true).unwrap();
        let when = Rc::new(Cell::new(answers.tls));
        let timed = Timed { stream, when: Rc::clone(&when), meanwhile: Rc::new(meanwhile) };
        let mut stream = StreamOwned::new(ServerConnection::new(tls).unwrap(), timed);
        stream.conn.complete_io(&mut stream.sock).unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            let mut buffer = [0; 1024];
            let length = stream.read(&mut buffer).unwrap();
            asked.extend_from_slice(&buffer[..length]);
        }
        for (at, words) in [(answers.head, HEAD), (answers.body, "ok")] {
            when.set(at);
            stream.write_all(words.as_bytes()).unwrap();
        }
        when.set(When::AtOnce);
        // Until the canary goes.
        let _ = stream.read(&mut [0; 64]);
    });
    address
}

/// One journey, and how long the run took by our clock.
async fn walk(answers: Answers) -> (Outcome, Duration) {
    stamps_are_on().await;
    let (ca, tls) = certificate();
    let (dns, api) = (serve_dns(answers.dns), serve_api(answers, tls));
    let dir = tempfile::tempdir().unwrap();
    let (file, ca_file) = (dir.path().join("config.yml"), dir.path().join("ca.pem"));
    std::fs::write(&ca_file, ca).unwrap();
    let most = BLOCKED.as_secs_f64() * 1000.0;
    let text = format!(
        "resolvers: {{ one: {{ address: 'udp://{dns}' }} }}\n\
         targets: [{{ name: a, provider: http, url: 'https://api.test:{}/', resolvers: [one], families: [ipv4], \
         timeout: 20s, tls: {{ ca_file: {} }}, http: {{ version: h1, expect: {{ max_latency: {most:.0}ms }} }} }}]\n",
        api.port(),
        ca_file.display()
    );
    std::fs::write(&file, text).unwrap();
    let target = Config::load(&Source::File(file), &Env::of([("X", "")])).unwrap().targets.remove(0);
    let system = Arc::new(SystemResolver::new(dir.path().join("resolv.conf"), dir.path().join("hosts")));
    let prober = Prober::try_new(target, &system).unwrap();
    let start = Instant::now();
    let mut run = prober.run(Order::Configured).await;
    let elapsed = start.elapsed();
    assert_eq!(run.outcomes.len(), 1);
    let outcome = Arc::unwrap_or_clone(run.outcomes.remove(0));
    assert!(outcome.stages.reached_top(), "{outcome:?}");
    assert!(
        layers(&outcome).iter().sum::<Duration>() <= outcome.took && outcome.took <= elapsed,
        "{outcome:?}"
    );
    (outcome, elapsed)
}

/// What each layer took.
fn layers(outcome: &Outcome) -> Vec<Duration> {
    Layer::ALL.into_iter().filter_map(|layer| outcome.layer_took(layer)).collect()
}

fn is_slow(outcome: &Outcome) -> bool {
    outcome.findings.iter().any(|finding| finding.0.reason == Reason::HttpSlow)
}

/// Walks until a journey is as it should be: the machine may be busy itself.
async fn some_journey(answers: Answers, is_fine: impl Fn(&Outcome) -> bool) -> Outcome {
    let mut last = None;
    for _ in 0..10 {
        let outcome = walk(answers).await.0;
        if is_fine(&outcome) {
            return outcome;
        }
        last = Some(outcome);
    }
    panic!("never: {last:?}");
}

#[tokio::test]
async fn the_time_that_answers_wait_for_us_is_no_layers_time() {
    let (outcome, elapsed) = walk(ALL_BUSY).await;
    assert!(outcome.late >= most(3), "{outcome:?}");
    let layers = layers(&outcome).iter().sum::<Duration>();
    assert!(layers + most(3) <= elapsed, "{elapsed:?} {outcome:?}");
    assert!(outcome.took + most(1) <= elapsed, "the last block is after the end: {elapsed:?} {outcome:?}");
    assert!(outcome.canary_slow());
    let outcome =
        some_journey(ALL_BUSY, |outcome| self::layers(outcome).iter().all(|took| *took < BLOCKED / 2));
    let outcome = outcome.await;
    assert!(!is_slow(&outcome), "{outcome:?}");
    let tcp = outcome.stages.tcp.evidence().unwrap();
    assert_eq!(tcp.rtt, Some(tcp.attempts[0].took));
}

#[tokio::test]
async fn a_body_that_waits_for_us_has_come_when_it_came() {
    let none = When::AtOnce;
    let answers = Answers { dns: none, tls: none, head: none, body: When::Busy };
    let outcome = some_journey(answers, |outcome| {
        let phases = outcome.stages.api.evidence().unwrap().phases;
        phases.processing.unwrap() + phases.transfer.unwrap() < BLOCKED / 2
    });
    let outcome = outcome.await;
    assert!(outcome.late >= most(1) && outcome.canary_slow() && !is_slow(&outcome), "{outcome:?}");
}

#[tokio::test]
async fn a_server_that_is_slow_is_called_slow_and_the_canary_is_not() {
    let none = When::AtOnce;
    let answers = Answers { dns: none, tls: none, head: When::Slowly, body: none };
    let outcome = some_journey(answers, |outcome| !outcome.canary_slow()).await;
    assert!(is_slow(&outcome), "{outcome:?}");
}
