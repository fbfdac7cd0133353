//! Calls of an ordinary client to servers on loopback.

mod server;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio::time::Instant;

use super::*;
use crate::config::{Config, Env, Source};
use crate::outcome::{Connection, HttpVersion, Reason, Stage};
use crate::target::{ClientCertificate, Endpoint, Proxy, Roots, Route, RouteKind};
use server::{Does, Seen, certificate, serve, serve_one_each, serve_socks, serve_tunnels};

const KEY: &str = "sk-kept-hunter2";
const BOTH: &[&[u8]] = &[b"h2", b"http/1.1"];
const H1: &[&[u8]] = &[b"http/1.1"];

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the tests' target is made of.
struct Scene {
    dir: tempfile::TempDir,
    target: Arc<Target>,
    way: Way,
}

impl Scene {
    /// A target at this URL, with more keys such as `, http: {version: "2"}`.
    fn new(url: &str, ca: Option<&str>, more: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut tls = String::new();
        if let Some(ca) = ca {
            let path = dir.path().join("ca.pem");
            std::fs::write(&path, ca).unwrap();
            tls = format!(", tls: {{ca_file: {}}}", path.display());
        }
        let file = dir.path().join("config.yml");
        let text = format!(
            "targets:\n  - {{name: a, provider: http, url: \"https://set.below\", api_key: {{env: KEY}}{tls}{more}}}\n"
        );
        std::fs::write(&file, text).unwrap();
        let mut target =
            Config::load(&Source::File(file), &Env::of([("KEY", KEY)])).unwrap().targets.remove(0);
        // A config has no key beside plain HTTP; here there is one, which is not to be sent.
        Arc::make_mut(&mut target).sites[0].endpoint = Endpoint::parse(url).unwrap();
        let way = Way::new(&target.name, &Route::direct(), &target.sites[0].endpoint).unwrap();
        std::fs::write(dir.path().join("hosts"), "127.0.0.1 api.test proxy.test\n").unwrap();
        std::fs::write(dir.path().join("resolv.conf"), "nameserver 127.0.0.1\n").unwrap();
        Self { dir, target, way }
    }

    fn through(self, proxy: &str) -> Self {
        self.through_trusted(proxy, Roots::Public)
    }

    fn through_trusted(mut self, proxy: &str, roots: Roots) -> Self {
        let proxy = Proxy { roots, ..Proxy::parse(proxy, 3128).unwrap() };
        let route = Route { name: "p".into(), kind: RouteKind::Proxy(Arc::new(proxy)) };
        self.way = Way::new(&self.target.name, &route, &self.target.sites[0].endpoint).unwrap();
        self
    }

    fn client(&self) -> Result<PooledClient, PooledError> {
        let site = &self.target.sites[0];
        let file = |name: &str| -> Box<Path> { self.dir.path().join(name).into() };
        let system = Arc::new(SystemResolver::new(file("resolv.conf"), file("hosts")));
        let resolvers = self.target.resolvers.iter();
        let resolvers: Arc<[_]> =
            resolvers.map(|resolver| PreparedResolver::new(resolver, &system).unwrap()).collect();
        let alpn = self.target.http.offer.alpn();
        let tls = (site.endpoint.scheme == Scheme::Https)
            .then(|| TlsSetup::new(&self.target.tls, alpn, &site.endpoint.host, site.public).unwrap());
        let made = PooledClient::new(&self.target, site, &self.way, tls.as_ref(), &resolvers, &system);
        made.map(|client| client.expect("the way leads somewhere"))
    }
}

fn ok() -> Does {
    Does::Answers(b"ok".to_vec())
}

async fn call(client: &PooledClient) -> Stage<ApiEvidence> {
    let stage = client.call(Deadline::after(Instant::now(), PATIENCE)).await;
    assert!(!format!("{stage:?} {client:?}").contains(KEY), "the key shows");
    stage
}

fn passed(stage: &Stage<ApiEvidence>) -> &ApiEvidence {
    match stage {
        Stage::Passed { evidence, .. } => evidence,
        other => panic!("{other:?}"),
    }
}

fn fails(stage: &Stage<ApiEvidence>, reason: Reason, words: &[&str]) {
    let failure = stage.failure().unwrap_or_else(|| panic!("{stage:?}"));
    assert_eq!(failure.reason, reason, "{}", failure.detail);
    assert!(
        words.iter().all(|words| failure.detail.contains(words)),
        "{:?} lacks one of {words:?}",
        failure.detail
    );
}

fn keys(seen: &Seen) -> Vec<Option<String>> {
    seen.header("authorization")
}

#[tokio::test]
async fn two_calls_use_one_connection_and_only_the_second_has_a_latency() {
    for (alpn, version) in [(BOTH, HttpVersion::Http2), (H1, HttpVersion::Http11)] {
        let (ca, tls) = certificate(&["127.0.0.1"], alpn);
        let (address, seen) = serve(Some(tls), ok()).await;
        let scene = Scene::new(&format!("https://{address}/v1?a=b"), Some(&ca), "");
        let client = scene.client().unwrap();
        let first = call(&client).await;
        let evidence = passed(&first);
        assert_eq!(evidence.connection, Connection::Reused);
        assert_eq!((evidence.status, evidence.version, evidence.body_bytes), (Some(200), Some(version), 2));
        assert_eq!((evidence.phases.processing, evidence.phases.transfer), (None, None));
        assert_eq!(evidence.latency(), None);
        let second = call(&client).await;
        assert!(passed(&second).latency().is_some());
        assert_eq!(seen.connections(), 1);
        let key = format!("Bearer {KEY}");
        assert_eq!(keys(&seen), [Some(key.clone()), Some(key)]);
        assert_eq!(seen.header("connection"), [None, None]);
        assert_eq!(
            seen.header("accept-encoding"),
            [Some("identity".to_owned()), Some("identity".to_owned())]
        );
    }
}

#[tokio::test]
async fn a_connection_that_the_server_ended_is_made_anew_and_not_timed() {
    let (address, seen) = serve_one_each().await;
    let client = Scene::new(&format!("http://{address}"), None, "").client().unwrap();
    passed(&call(&client).await);
    // The end of the first connection is there before the answer on this one.
    let other = Scene::new(&format!("http://{address}"), None, "").client().unwrap();
    passed(&call(&other).await);
    let second = call(&client).await;
    assert_eq!(passed(&second).latency(), None);
    assert_eq!(seen.connections(), 3);
}

#[tokio::test]
async fn no_key_goes_over_plain_http() {
    let (address, seen) = serve(None, ok()).await;
    let client = Scene::new(&format!("http://{address}"), None, "").client().unwrap();
    passed(&call(&client).await);
    assert_eq!(keys(&seen), [None]);
}

#[tokio::test]
async fn nothing_is_sent_over_tls_that_does_not_verify() {
    let (_, tls) = certificate(&["127.0.0.1"], BOTH);
    let (another, _) = certificate(&["127.0.0.1"], BOTH);
    let (address, seen) = serve(Some(tls), ok()).await;
    let client = Scene::new(&format!("https://{address}"), Some(&another), "").client().unwrap();
    fails(&call(&client).await, Reason::HttpReset, &["an ordinary client", "certificate", "journey"]);
    assert_eq!((seen.connections(), keys(&seen).len()), (1, 0));
}

#[tokio::test]
async fn silence_is_a_timeout_on_a_kept_connection() {
    let (address, seen) = serve(None, Does::AnswersOnce).await;
    let client = Scene::new(&format!("http://{address}"), None, "").client().unwrap();
    passed(&call(&client).await);
    let stage = client.call(Deadline::after(Instant::now(), Duration::from_millis(300))).await;
    fails(&stage, Reason::HttpTimeout, &["an ordinary client", "sent, and no response in"]);
    assert_eq!(seen.connections(), 1);
}

#[tokio::test]
async fn silence_is_a_timeout_on_a_new_connection() {
    let (address, seen) = serve(None, Does::NeverAnswers).await;
    let client = Scene::new(&format!("http://{address}"), None, "").client().unwrap();
    for _ in 0..2 {
        let stage = client.call(Deadline::after(Instant::now(), Duration::from_millis(300))).await;
        fails(&stage, Reason::HttpTimeout, &["an ordinary client", "no response in"]);
        assert_eq!(stage.evidence().unwrap().connection, Connection::Reused);
    }
    assert_eq!(seen.connections(), 2, "a connection that owes an answer is not kept");
}

#[tokio::test]
async fn what_breaks_below_http_is_told_as_a_cut_connection() {
    let (address, _) = serve(None, Does::HangsUp).await;
    let client = Scene::new(&format!("http://{address}"), None, "").client().unwrap();
    fails(&call(&client).await, Reason::HttpReset, &["waiting for the response"]);
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let client = Scene::new(&format!("http://{closed}/p?secret"), None, "").client().unwrap();
    let stage = call(&client).await;
    fails(&stage, Reason::HttpReset, &["refused"]);
    assert!(!format!("{stage:?}").contains("secret"));
}

#[tokio::test]
async fn an_answer_is_judged_as_the_journeys_is_and_cannot_make_us_repeat_the_key() {
    let (ca, tls) = certificate(&["127.0.0.1"], BOTH);
    let (address, _) = serve(Some(tls), Does::Repeats).await;
    let client = Scene::new(&format!("https://{address}"), Some(&ca), "").client().unwrap();
    let stage = call(&client).await;
    let failure = stage.failure().unwrap();
    assert_eq!(stage.evidence().unwrap().status, Some(401));
    assert!(!failure.detail.contains("an ordinary client"), "{}", failure.detail);
    let (address, _) = serve(None, Does::Answers(vec![b'x'; 3 * 1024 * 1024])).await;
    let client = Scene::new(&format!("http://{address}"), None, "").client().unwrap();
    let stage = call(&client).await;
    let evidence = passed(&stage);
    assert!(evidence.body_truncated);
    assert_eq!(evidence.body_bytes, 1024 * 1024);
}

#[tokio::test]
async fn names_are_asked_of_the_targets_first_resolver() {
    let (ca, tls) = certificate(&["api.test"], BOTH);
    let (address, seen) = serve(Some(tls), ok()).await;
    let url = format!("https://api.test:{}", address.port());
    let scene = Scene::new(&url, Some(&ca), "");
    let client = scene.client().unwrap();
    passed(&call(&client).await);
    assert_eq!(seen.connections(), 1);
}

#[tokio::test]
async fn a_proxy_is_given_its_credentials_and_nobody_else_is_told() {
    let (ca, tls) = certificate(&["api.test"], BOTH);
    let (address, seen) = serve(Some(tls), ok()).await;
    let (proxy, heads) = serve_tunnels(address, None).await;
    let proxy = format!("http://alice:hunter2pass@proxy.test:{}", proxy.port());
    let scene = Scene::new("https://api.test:9443", Some(&ca), "").through(&proxy);
    let client = scene.client().unwrap();
    assert_eq!(passed(&call(&client).await).latency(), None);
    let stage = call(&client).await;
    assert!(passed(&stage).latency().is_some());
    assert!(!format!("{client:?} {stage:?}").contains("hunter2pass"));
    let heads = heads.lock().unwrap().clone();
    assert_eq!((heads.len(), seen.connections()), (1, 1));
    assert!(heads[0].starts_with("CONNECT api.test:9443 "), "{heads:?}");
    // alice:hunter2pass
    assert!(
        heads[0].to_ascii_lowercase().contains("proxy-authorization: basic ywxpy2u6ahvudgvymnbhc3m="),
        "{heads:?}"
    );
    assert!(!heads[0].contains(KEY));
}

#[tokio::test]
async fn a_proxy_that_speaks_tls_is_verified_by_its_own_roots() {
    let (ca, tls) = certificate(&["api.test"], BOTH);
    let (proxy_ca, proxy_tls) = certificate(&["proxy.test"], H1);
    let (address, seen) = serve(Some(tls), ok()).await;
    let (proxy, _) = serve_tunnels(address, Some(proxy_tls)).await;
    let proxy = format!("https://proxy.test:{}", proxy.port());
    let roots = |pem: &str| Roots::File {
        path: "ca.pem".into(),
        certificates: [CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()].into(),
    };
    let scene = || Scene::new("https://api.test:9443", Some(&ca), "");
    let trusted = scene().through_trusted(&proxy, roots(&proxy_ca));
    passed(&call(&trusted.client().unwrap()).await);
    let other = scene().through_trusted(&proxy, roots(&ca));
    fails(&call(&other.client().unwrap()).await, Reason::HttpReset, &["certificate"]);
    assert_eq!(seen.connections(), 1);
    let mut certified = scene().through_trusted(&proxy, roots(&proxy_ca));
    let own = rcgen::generate_simple_self_signed(["canary.test".to_owned()]).unwrap();
    Arc::make_mut(&mut certified.target).tls.client_cert = Some(ClientCertificate {
        cert_path: "c.pem".to_owned(),
        key_path: "k.pem".to_owned(),
        chain: vec![own.cert.der().clone()],
        key: Arc::new(PrivatePkcs8KeyDer::from(own.signing_key.serialize_der()).into()),
    });
    assert!(matches!(certified.client(), Err(PooledError::ClientCertificate(_))));
}

#[tokio::test]
async fn a_socks_proxy_is_given_an_address_or_the_name() {
    let (ca, tls) = certificate(&["api.test"], BOTH);
    let (address, _) = serve(Some(tls), ok()).await;
    let (proxy, asked) = serve_socks(address).await;
    for (scheme, host) in [("socks5", &[127, 0, 0, 1][..]), ("socks5h", b"api.test")] {
        let proxy = format!("{scheme}://proxy.test:{}", proxy.port());
        let scene = Scene::new("https://api.test:9443", Some(&ca), "").through(&proxy);
        let client = scene.client().unwrap();
        passed(&call(&client).await);
        assert!(passed(&call(&client).await).latency().is_some());
        assert_eq!(asked.lock().unwrap().pop().as_deref(), Some(host), "{scheme}");
    }
}

#[test]
fn what_such_a_client_would_do_otherwise_than_the_journey_is_refused() {
    let scene = Scene::new("https://api.test", None, ", tls: {server_name: other.test}");
    let words = scene.client().unwrap_err().to_string();
    assert!(words.contains("tls.server_name") && words.contains("other.test"), "{words}");
    let scene = Scene::new("https://api.test", None, ", tls: {server_name: api.test}");
    assert!(scene.client().is_ok());
    let scene = Scene::new("https://[::1]", None, "").through("http://proxy.test:3128");
    assert!(matches!(scene.client(), Err(PooledError::Address(_))));
}
