//! Proxies that say what a script says, down to single bytes, and what is made of it.

mod reached;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex, split};

use super::*;
use crate::target::Proxy;

const HTTP: &str = "http://proxy.test:3128";
const HTTP_KEYED: &str = "http://alice:hunter2@proxy.test:3128";
const SOCKS: &str = "socks5h://proxy.test";
const SOCKS_KEYED: &str = "socks5h://alice:hunter2@proxy.test";

/// `alice:hunter2` as Basic has it.
const TOKEN: &str = "YWxpY2U6aHVudGVyMg==";

const TARGET: Destination<'_> = Destination::Name("api.test", 443);

/// SOCKS success, with an address of each kind.
const BOUND: &[u8] = &[5, 0, 0, 1, 127, 0, 0, 1, 0, 80];

fn setup(url: &str) -> ProxySetup {
    ProxySetup::new(Arc::new(Proxy::parse(url, 3128).unwrap())).unwrap()
}

/// What a scripted proxy does when it has said what it has to say.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    Close,
    Hold,
}

/// How asking a scripted proxy went.
struct Asked {
    /// What it was sent.
    sent: Vec<u8>,
    evidence: ProxyEvidence,
    /// The first bytes of the tunnel, or why there is none.
    result: Result<Vec<u8>, Failure>,
}

impl Asked {
    fn failure(&self) -> (Reason, &str) {
        let failure = self.result.as_ref().expect_err("there is a tunnel");
        (failure.reason, &failure.detail)
    }

    fn fails(&self, reason: Reason, words: &[&str]) {
        let (found, detail) = self.failure();
        assert_eq!(found, reason, "{detail}");
        assert!(words.iter().all(|words| detail.contains(words)), "{detail:?} lacks one of {words:?}");
        assert!(!detail.contains("hunter2") && !detail.contains(TOKEN), "{detail}");
        assert!(!detail.chars().any(char::is_control), "{detail:?}");
    }
}

/// Plays the proxy: says its bytes, as fast as they are taken, and keeps what it is sent.
async fn play(far: DuplexStream, said: Vec<u8>, then: Then, sent: Arc<Mutex<Vec<u8>>>) {
    let (mut from, mut to) = split(far);
    let hear = async {
        let mut buffer = [0; 512];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            sent.lock().unwrap().extend_from_slice(&buffer[..length]);
        }
    };
    let say = async {
        let _ = to.write_all(&said).await;
        if then == Then::Close {
            let _ = to.shutdown().await;
        }
    };
    tokio::join!(hear, say);
}

/// Asks the proxy of this URL for a tunnel; at most `pipe` bytes are on their way at a time.
async fn ask_for(destination: Destination<'_>, url: &str, said: &[u8], then: Then, pipe: usize) -> Asked {
    let setup = setup(url);
    let (near, far) = duplex(pipe);
    let sent = Arc::default();
    let proxy = tokio::spawn(play(far, said.to_vec(), then, Arc::clone(&sent)));
    let mut passage = Passage {
        setup: &setup,
        destination,
        deadline: Deadline::after(Instant::now(), Duration::from_secs(3)),
        evidence: ProxyEvidence::of(setup.shown().to_owned()),
        late: Duration::ZERO,
        arrivals: Arrivals::default(),
    };
    let result = match passage.ask(near).await {
        Ok(mut tunnel) => {
            let mut first = Vec::new();
            if then == Then::Close {
                tunnel.read_to_end(&mut first).await.unwrap();
            }
            Ok(first)
        }
        Err(refusal) => Err(refusal.of_proxy(setup.shown())),
    };
    let evidence = passage.evidence;
    proxy.await.unwrap();
    let sent = sent.lock().unwrap().clone();
    Asked { sent, evidence, result }
}

/// The same, whole and byte by byte: which may make no difference.
async fn ask(url: &str, said: &[u8], then: Then) -> Asked {
    let whole = ask_for(TARGET, url, said, then, 1 << 20).await;
    let single = ask_for(TARGET, url, said, then, 1).await;
    assert_eq!((&whole.sent, whole.result.is_ok()), (&single.sent, single.result.is_ok()));
    if let Err(failure) = &whole.result {
        assert_eq!(failure.reason, single.failure().0, "{}", failure.detail);
    }
    assert_eq!(whole.evidence.auth_schemes, single.evidence.auth_schemes);
    single
}

#[tokio::test(start_paused = true)]
async fn connect_is_asked_as_proxies_want_it_and_its_answers_lead_into_the_tunnel() {
    for said in [
        "HTTP/1.1 200 Connection established\r\n\r\n",
        "HTTP/1.0 200 OK\n\n",
        "\r\nHTTP/1.1 200\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nVia: 1.1 a\r\nvia: 1.1 b\r\nOdd Header: x\r\n: y\r\nz\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        &format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\n\r\n", "x".repeat(60_000)),
    ] {
        let asked = ask(HTTP, format!("{said}220 first words").as_bytes(), Then::Close).await;
        assert_eq!(asked.result.unwrap(), b"220 first words", "{said}");
        assert!(matches!(asked.evidence.status, Some(200 | 204)));
        let agent = env!("CARGO_PKG_VERSION");
        assert_eq!(
            String::from_utf8(asked.sent).unwrap(),
            format!(
                "CONNECT api.test:443 HTTP/1.1\r\nHost: api.test:443\r\nUser-Agent: api-canary/{agent}\r\n\r\n"
            )
        );
    }
    let asked = ask(HTTP_KEYED, b"HTTP/1.1 200 OK\r\n\r\n", Then::Hold).await;
    assert!(asked.evidence.phases.tunnel.is_some());
    let sent = String::from_utf8(asked.sent).unwrap();
    assert!(sent.contains(&format!("\r\nProxy-Authorization: Basic {TOKEN}\r\n")), "{sent}");
    let six = Destination::Address("[::1%7]:443".parse().unwrap());
    let asked = ask_for(six, HTTP, b"HTTP/1.1 200 OK\r\n\r\n", Then::Hold, 64).await;
    assert!(asked.sent.starts_with(b"CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n"));
}

#[tokio::test(start_paused = true)]
async fn the_status_of_connect_decides_the_reason() {
    use Reason as R;
    for (head, reason, words) in [
        (
            "403 Forbidden\r\nX-Deny-Reason: host_not_allowed",
            R::ProxyDenied,
            "403 Forbidden (x-deny-reason: host_not_allowed)",
        ),
        ("451 Unavailable For Legal Reasons", R::ProxyDenied, "CONNECT api.test:443 was answered with 451"),
        (
            "403 Forbidden\r\nVia: 1.1 a\r\nVia: 1.1 b\r\nX-Proxy-Error: blocked-by-allowlist",
            R::ProxyDenied,
            "(x-proxy-error: blocked-by-allowlist; via: 1.1 a; via: 1.1 b)",
        ),
        ("403 No\x1b[2J\r\nproxy-status: p;\x07error=x", R::ProxyDenied, "p;.error=x"),
        ("502 Bad Gateway\r\nServer: squid/5.7", R::ProxyFailed, "502 Bad Gateway (server: squid/5.7)"),
        ("503 Service Unavailable", R::ProxyFailed, "503"),
        ("504 Gateway Timeout", R::ProxyFailed, "504"),
        ("405 Method Not Allowed", R::ProxyProtocol, "it is no such proxy"),
        ("302 Found", R::ProxyFailed, "302 Found"),
        ("101 Switching Protocols", R::ProxyFailed, "101"),
    ] {
        let said = format!("HTTP/1.1 {head}\r\nContent-Length: 3\r\n\r\nno!");
        let asked = ask(HTTP, said.as_bytes(), Then::Close).await;
        if reason == R::ProxyDenied && head.contains('\x1b') {
            // A control character in the phrase is no HTTP at all.
            assert_eq!(asked.failure().0, R::ProxyProtocol);
            continue;
        }
        asked.fails(reason, &["the proxy http://proxy.test:3128: ", words]);
        assert_eq!(asked.evidence.status.map(|status| status.to_string()).as_deref(), head.get(..3));
    }
}

#[tokio::test(start_paused = true)]
async fn a_demand_for_credentials_tells_the_schemes_and_whether_some_were_sent() {
    let demand = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Negotiate, NTLM\r\n\
                  Server: p\r\nproxy-authenticate: Basic realm=\"a, b\"\r\n\r\n";
    let asked = ask(HTTP, demand.as_bytes(), Then::Close).await;
    asked.fails(
        Reason::ProxyAuthRequired,
        &[
            "wants credentials, and none are configured: 407 Proxy",
            "it offers Negotiate, NTLM, Basic (server: p)",
        ],
    );
    assert_eq!(asked.evidence.auth_schemes, ["Negotiate", "NTLM", "Basic"]);
    assert_eq!(asked.evidence.status, Some(407));
    let asked = ask(HTTP_KEYED, demand.as_bytes(), Then::Hold).await;
    asked.fails(Reason::ProxyAuthRequired, &["it rejected the credentials: 407"]);
    let asked = ask(HTTP, b"HTTP/1.1 407 x\r\nProxy-Authenticate: NTLM\r\n\r\n", Then::Close).await;
    asked.fails(Reason::ProxyAuthRequired, &["it offers NTLM, and only Basic is supported"]);
    let asked = ask(HTTP, b"HTTP/1.1 407\r\n\r\n", Then::Close).await;
    asked.fails(Reason::ProxyAuthRequired, &["407; it offers no authentication scheme"]);
}

#[tokio::test(start_paused = true)]
async fn no_answer_of_a_proxy_makes_us_repeat_the_credentials() {
    for head in [
        format!("407 no hunter2\r\nProxy-Authenticate: hunter2, alice, {TOKEN}, Basic realm=\"{TOKEN}\""),
        format!(
            "403 alice:hunter2\r\nX-Deny-Reason: you sent Basic {TOKEN}\r\nVia: {}hunter2",
            "x".repeat(75)
        ),
        format!("hunter2 {TOKEN}"),
    ] {
        let asked = ask(HTTP_KEYED, format!("HTTP/1.1 {head}\r\n\r\n").as_bytes(), Then::Close).await;
        let (_, detail) = asked.failure();
        let shown = format!("{detail} {:?}", asked.evidence);
        assert!(!["hunter", "alice", TOKEN].iter().any(|secret| shown.contains(secret)), "{shown}");
        assert!(shown.contains("[redacted]"), "{shown}");
    }
    let asked = ask_for(TARGET, SOCKS_KEYED, b"HTTP/1.1 400 you said hunter2\r\n", Then::Close, 512).await;
    asked.fails(Reason::ProxyProtocol, &["400 you said [redacted]"]);
    assert!(!format!("{:?}", setup(HTTP_KEYED)).contains("hunter2"));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_proxy_is_known_by_its_bytes() {
    let long = format!("HTTP/1.1 200 OK\r\nX-Long: {}", "x".repeat(100_000));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(200));
    for (url, said, then, words) in [
        (HTTP, &b"SSH-2.0-OpenSSH_9.2\r\n"[..], Then::Hold, &["does not speak HTTP", "it sent \"S"][..]),
        (HTTP, &[21, 3, 3, 0, 2, 2, 10], Then::Hold, &["does not speak HTTP"]),
        (HTTP, &[5, 0], Then::Hold, &["does not speak HTTP"]),
        (HTTP, b"HTTP/2.0 200 OK\r\n\r\n", Then::Hold, &["not valid HTTP", "began with \"HTTP/2.0 200 OK\""]),
        (HTTP, b"HTTP/1.1 2x0 OK\r\n\r\n", Then::Hold, &["not valid HTTP"]),
        (HTTP, long.as_bytes(), Then::Hold, &["no end within 65536 bytes"]),
        (HTTP, many.as_bytes(), Then::Hold, &["not valid HTTP", "too many headers"]),
        (HTTP, b"", Then::Close, &["it closed the connection without an answer to CONNECT api.test:443"]),
        (
            HTTP,
            b"HTTP/1.1 200 OK\r\nVia",
            Then::Close,
            &["closed the connection in its answer", "began with \"HTTP/1.1 200 OK\""],
        ),
        (
            SOCKS,
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            Then::Hold,
            &["does not speak SOCKS 5: asked for the SOCKS greeting", "it sent \"H"],
        ),
        (SOCKS, &[0, 90], Then::Hold, &["does not speak SOCKS 5"]),
        (SOCKS, &[5, 1], Then::Hold, &["chose authentication method 1, which was not offered"]),
        (SOCKS, b"", Then::Close, &["closed the connection without an answer to the SOCKS greeting"]),
        (SOCKS, &[5, 0, 4, 0], Then::Hold, &["asked for SOCKS CONNECT api.test:443"]),
        (SOCKS, &[5, 0, 5, 0, 0, 9, 0], Then::Hold, &["an address of no known kind"]),
        (
            SOCKS,
            &[5, 0, 5, 0, 0, 1, 127],
            Then::Close,
            &["closed the connection in its answer to SOCKS CONNECT"],
        ),
        (SOCKS_KEYED, &[5, 2, 9, 0], Then::Hold, &["asked for the SOCKS authentication"]),
        (SOCKS_KEYED, &[5, 2], Then::Close, &["without an answer to the SOCKS authentication"]),
    ] {
        ask(url, said, then).await.fails(Reason::ProxyProtocol, words);
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_told_with_its_question_and_its_length() {
    for (url, said, words) in [
        (HTTP, &b""[..], "no answer to CONNECT api.test:443 in 3.0 s"),
        (HTTP, b"HTTP/1.1 100 Continue\r\n\r\n", "no answer to CONNECT api.test:443 in 3.0 s"),
        (
            HTTP,
            b"HTTP/1.1 2",
            "no complete answer to CONNECT api.test:443 in 3.0 s; it began with \"HTTP/1.1 2\"",
        ),
        (SOCKS, b"", "no answer to the SOCKS greeting in 3.0 s"),
        (SOCKS, &[5, 0], "no answer to SOCKS CONNECT api.test:443 in 3.0 s"),
        (SOCKS, &[5, 0, 5, 0, 0, 1], "no complete answer to SOCKS CONNECT api.test:443 in 3.0 s"),
        (SOCKS_KEYED, &[5, 2], "no answer to the SOCKS authentication in 3.0 s"),
    ] {
        let asked = ask(url, said, Then::Hold).await;
        asked.fails(Reason::ProxyTimeout, &[words]);
        assert_eq!(asked.evidence.phases.tunnel, Some(Duration::from_secs(3)));
    }
}

#[tokio::test(start_paused = true)]
async fn socks_goes_through_its_questions_and_into_the_tunnel() {
    let name = [&[5, 1, 0, 3, 8][..], b"api.test", &[1, 187]].concat();
    let by_name = [5, 0, 0, 3, 3, b'a', b'.', b'b', 0, 80];
    let by_six = [&[5, 0, 0, 4][..], &[0; 18]].concat();
    for bound in [BOUND, &by_name, &by_six] {
        let asked = ask(SOCKS, &[&[5, 0], bound, b"220 first words"].concat(), Then::Close).await;
        assert_eq!(asked.result.unwrap(), b"220 first words");
        assert_eq!(asked.sent, [&[5, 1, 0][..], &name].concat());
    }
    let asked = ask(SOCKS_KEYED, &[&[5, 2, 1, 0], BOUND].concat(), Then::Hold).await;
    let login = [&[5, 2, 0, 2, 1, 5][..], b"alice", &[7], b"hunter2"].concat();
    assert_eq!(asked.sent, [&login[..], &name].concat());
    // One that needs no credentials is not told them.
    let asked = ask(SOCKS_KEYED, &[&[5, 0], BOUND].concat(), Then::Hold).await;
    assert_eq!(asked.sent, [&[5, 2, 0, 2][..], &name].concat());
    for (address, request) in [
        ("10.0.0.1:443", &[5, 1, 0, 1, 10, 0, 0, 1, 1, 187][..]),
        ("[::1]:443", &[5, 1, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 187]),
    ] {
        let destination = Destination::Address(address.parse().unwrap());
        let asked =
            ask_for(destination, "socks5://proxy.test", &[&[5, 0], BOUND].concat(), Then::Hold, 64).await;
        assert!(asked.result.is_ok());
        assert_eq!(asked.sent, [&[5, 1, 0], request].concat());
    }
}

#[tokio::test(start_paused = true)]
async fn what_socks_refuses_has_its_reason() {
    use Reason as R;
    for (code, reason, words) in [
        (1, R::ProxyFailed, "code 1: general failure"),
        (2, R::ProxyDenied, "code 2: not allowed by its rules"),
        (3, R::ProxyFailed, "network unreachable"),
        (4, R::ProxyFailed, "host unreachable"),
        (5, R::ProxyFailed, "connection refused"),
        (6, R::ProxyFailed, "no answer in time"),
        (7, R::ProxyFailed, "does not support CONNECT"),
        (8, R::ProxyFailed, "does not support this kind of address"),
        (99, R::ProxyFailed, "code 99: no known meaning"),
    ] {
        // Some say only so much.
        let asked = ask(SOCKS, &[5, 0, 5, code], Then::Close).await;
        asked.fails(reason, &["SOCKS CONNECT api.test:443 was answered with ", words]);
    }
    for (url, said, words, schemes) in [
        (
            SOCKS,
            &[5, 0xff][..],
            "accepts nobody without authentication, and no credentials are configured",
            &[][..],
        ),
        (SOCKS, &[5, 2], "wants user and password, and none are configured", &["username/password"]),
        (SOCKS_KEYED, &[5, 0xff], "accepts neither user and password nor", &[]),
        (SOCKS_KEYED, &[5, 2, 1, 1], "rejected the credentials (status 1)", &["username/password"]),
        (SOCKS_KEYED, &[5, 2, 5, 255], "rejected the credentials (status 255)", &["username/password"]),
    ] {
        let asked = ask(url, said, Then::Close).await;
        asked.fails(R::ProxyAuthRequired, &[words]);
        assert_eq!(asked.evidence.auth_schemes, schemes);
        assert_eq!(asked.evidence.status, None);
    }
    let long = "a".repeat(256);
    let asked = ask_for(Destination::Name(&long, 443), SOCKS, &[5, 0], Then::Close, 64).await;
    asked.fails(R::ProxyFailed, &["at most 255 bytes"]);
    assert_eq!(asked.sent, b"");
}

fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    let starts: &[&[u8]] = &[
        b"",
        b"HTTP/1.1 ",
        b"HTTP/1.1 200",
        b"HTTP/1.1 407 x\r\nProxy-Authenticate: ",
        b"HTTP/1.0 403 x\r\nVia: ",
        &[5],
        &[5, 0],
        &[5, 2, 1, 0],
        &[5, 0, 5, 0, 0, 3],
        &[5, 2, 1],
    ];
    let pieces: &[&[u8]] =
        &[b"\r\n", b"\n", b"\r\n\r\n", b": ", b"HTTP/1.1 100 x\r\n\r\n", &[0xff], b"hunter2", b"\""];
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        proptest::sample::select(pieces).prop_map(<[u8]>::to_vec),
    ];
    (proptest::sample::select(starts), proptest::collection::vec(piece, 0..8))
        .prop_map(|(start, pieces)| [start.to_vec(), pieces.concat()].concat())
}

proptest! {
    #[test]
    fn whatever_a_proxy_says_there_is_a_tunnel_or_a_reason_and_no_secret(
        said in any_bytes(),
        close in any::<bool>(),
        pipe in 1_usize..64,
    ) {
        let then = if close { Then::Close } else { Then::Hold };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        for url in [HTTP_KEYED, SOCKS_KEYED] {
            let asked = runtime.as_ref().unwrap().block_on(ask_for(TARGET, url, &said, then, pipe));
            if let Err(failure) = &asked.result {
                prop_assert_eq!(failure.reason.layer(), crate::outcome::Layer::Proxy);
                let shown = format!("{} {:?}", failure.detail, asked.evidence);
                prop_assert!(!shown.contains("hunter2"), "{}", shown);
            }
        }
    }
}
