//! Experiments against servers on loopback.

mod peer;

use std::net::SocketAddr;
use std::time::SystemTime;

use rustls::NamedGroup;

use super::*;
use crate::clock;
use crate::config::{Config, Env, Source};
use crate::outcome::{Family, Handshake, Layer, Outcome, PlainAnswer, Reason, RecordType, Stage};
use crate::probe::dns::scripted;
use crate::target::{CallOptions, Proxy, RouteKind};
use peer::{Does, Forgotten, OK, Saw, certificate, serve};

const KEY: &str = "sk-ant-the-very-secret-key";
const HEADER: &str = "the-configured-header";

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A failing target, and what experiments are made with.
struct World {
    _dir: tempfile::TempDir,
    target: Arc<Target>,
    with: FollowUps,
}

impl World {
    /// A target at this URL with a key, a header and a paid call; `api.test` and `other.test` are this machine.
    fn new(url: &str, ca: Option<&str>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let tls = ca.map(|ca| format!(", tls: {{ca_file: {}}}", file("ca.pem", ca).display()));
        let text = format!(
            "targets: [{{name: a, provider: anthropic, url: \"https://set.below\", api_key: {{env: KEY}}, \
             http: {{headers: {{x-mine: {HEADER}}}}}, call: {{kind: message, max_daily_cost_usd: 0.1}}{}}}]\n",
            tls.unwrap_or_default()
        );
        let source = Source::File(file("config.yml", &text));
        let mut target = Config::load(&source, &Env::of([("KEY", KEY)])).unwrap().targets.remove(0);
        let changed = Arc::make_mut(&mut target);
        changed.sites[0].endpoint = Endpoint::parse(url).unwrap();
        changed.sites[0].expected_networks = Vec::new();
        changed.retry.max_attempts = 3;
        let hosts = file("hosts", "127.0.0.1 api.test other.test\n::1 api.test\n");
        let system = Arc::new(SystemResolver::new(file("resolv.conf", "nameserver 127.0.0.1\n"), hosts));
        Self { _dir: dir, target, with: FollowUps::new(Vec::new(), Vec::new(), Vec::new(), system) }
    }

    /// A target at `https://api.test` that is this server.
    fn at(address: SocketAddr, ca: Option<&str>) -> Self {
        Self::new(&format!("https://api.test:{}/base?q=secret", address.port()), ca)
    }

    fn change(mut self, change: impl FnOnce(&mut Target)) -> Self {
        change(Arc::make_mut(&mut self.target));
        self
    }

    fn controls(mut self, urls: &[&str]) -> Self {
        self.with.controls = urls.iter().map(|url| Endpoint::parse(url).unwrap()).collect();
        self
    }

    fn wanted(&self, experiment: Experiment, address: Option<SocketAddr>) -> Wanted {
        Wanted {
            experiment,
            endpoint: self.target.sites[0].endpoint.shown().into(),
            route: "direct".into(),
            family: Family::Ipv4,
            address,
        }
    }

    async fn make_wanted(&self, wanted: &Wanted) -> Vec<Trial> {
        let deadline = Deadline::after(Instant::now(), PATIENCE);
        let made = self.with.make(&self.target, wanted, deadline).await;
        assert!(!made.is_empty() && made.iter().all(|made| made.wanted == *wanted));
        let shown = format!("{made:?} {:?}", self.with);
        assert!(!shown.contains(KEY) && !shown.contains(HEADER), "{shown}");
        made.into_iter().map(|made| made.trial).collect()
    }

    async fn all(&self, experiment: Experiment) -> Vec<Trial> {
        self.make_wanted(&self.wanted(experiment, None)).await
    }

    async fn one(&self, experiment: Experiment, address: Option<SocketAddr>) -> Trial {
        let mut made = self.make_wanted(&self.wanted(experiment, address)).await;
        assert_eq!(made.len(), 1, "{made:?}");
        made.remove(0)
    }

    async fn hold(&self, address: SocketAddr, held: Duration) -> Trial {
        self.with.idle_hold(&self.target, &self.wanted(Experiment::IdleHold, Some(address)), held).await.trial
    }
}

fn unknown(trial: &Trial) -> &str {
    match trial {
        Trial::Unknown(words) => words,
        other => panic!("{other:?}"),
    }
}

/// What a server was asked is a free call without the key.
fn was_asked_for_nothing_secret(saw: &Saw, count: usize) {
    let requests = saw.requests();
    assert_eq!(requests.len(), count, "{requests:?}");
    for request in requests {
        let lower = request.to_ascii_lowercase();
        assert!(request.starts_with("GET "), "{request}");
        assert!(!request.contains(KEY) && !lower.contains("x-api-key"), "{request}");
    }
}

fn only(outcomes: &[Outcome]) -> &Outcome {
    let [outcome] = outcomes else { panic!("{outcomes:?}") };
    outcome
}

#[tokio::test]
async fn calls_are_free_and_without_the_key_whatever_is_configured() {
    let (ca, tls) = certificate(&["api.test"]);
    let (address, saw) = serve(Does::answer(Some(tls), OK)).await;
    let world = World::at(address, Some(&ca));
    assert!(world.target.call.kind.is_paid());
    let Trial::Keyless(outcomes) = world.one(Experiment::Keyless, None).await else { panic!() };
    assert!(only(&outcomes).stages.api.evidence().is_some());
    let Trial::Http1(outcomes) = world.one(Experiment::Http1, None).await else { panic!() };
    let evidence = only(&outcomes).stages.tls.evidence().unwrap();
    assert_eq!(evidence.alpn.as_deref(), Some("http/1.1"));
    // The answer is not the API's, and still it is tried once only.
    assert!(!only(&outcomes).success() && only(&outcomes).retries.is_empty());
    let Trial::Again(outcomes) = world.one(Experiment::Again, None).await else { panic!() };
    assert_eq!(outcomes.len(), 2);
    was_asked_for_nothing_secret(&saw, 4);
}

#[tokio::test]
async fn a_control_is_called_as_anybody_would_and_the_targets_own_host_is_none() {
    let (address, saw) = serve(Does::answer(None, OK)).await;
    let port = address.port();
    let (own, other) = (format!("http://api.test:{port}/"), format!("http://other.test:{port}/c?k=v"));
    let literal = format!("http://127.0.0.1:{port}/");
    let world = World::at(address, None).controls(&[&own, &other, &literal]);
    let made = world.all(Experiment::Control).await;
    assert_eq!(made.len(), 2, "{made:?}");
    for (trial, shown) in made.iter().zip([format!("http://other.test:{port}/c"), literal]) {
        let Trial::Control { url, outcomes } = trial else { panic!("{trial:?}") };
        assert_eq!(**url, *shown);
        let outcome = only(outcomes);
        assert!(outcome.success(), "{outcome:?}");
        assert_eq!((&*outcome.path.route, outcome.path.family), ("direct", Family::Ipv4));
    }
    was_asked_for_nothing_secret(&saw, 2);
    assert!(saw.requests().iter().all(|request| !request.contains(HEADER)), "{:?}", saw.requests());
    let alone = World::at(address, None).controls(&[&own]);
    assert!(unknown(&alone.one(Experiment::Control, None).await).contains("no control"));
}

#[tokio::test]
async fn a_control_that_is_silent_to_the_end_is_a_result() {
    // Its backlog is full, so that it takes no further connection and refuses none.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let dial = |_| async move {
        let connecting = tokio::net::TcpStream::connect(address);
        tokio::time::timeout(Duration::from_millis(100), connecting).await.ok()
    };
    let _taken = futures_util::future::join_all((0..8).map(dial)).await;
    let world = World::new("https://api.test", None).controls(&[&format!("http://{address}")]);
    let wanted = world.wanted(Experiment::Control, None);
    let each = || async {
        let deadline = Deadline::after(Instant::now(), Duration::from_millis(300));
        world.with.make(&world.target, &wanted, deadline).await
    };
    for made in futures_util::future::join_all((0..20).map(|_| each())).await.concat() {
        let Trial::Control { outcomes, .. } = &made.trial else { panic!("{made:?}") };
        let trouble = only(outcomes).trouble().unwrap();
        assert_eq!(trouble.failure.reason, Reason::TcpTimeout, "{trouble:?}");
    }
}

#[tokio::test]
async fn a_control_without_the_family_of_the_trouble_is_called_over_the_one_it_has() {
    let (address, _) = serve(Does::answer(None, OK)).await;
    let world = World::at(address, None).controls(&[&format!("http://127.0.0.1:{}/", address.port())]);
    let wanted = Wanted { family: Family::Ipv6, ..world.wanted(Experiment::Control, None) };
    let made = world.make_wanted(&wanted).await;
    let [Trial::Control { outcomes, .. }] = made.as_slice() else { panic!("{made:?}") };
    assert!(only(outcomes).success());
    assert_eq!(only(outcomes).path.family, Family::Ipv4);
}

#[tokio::test]
async fn the_other_family_is_walked_and_nothing_else() {
    let (ca, tls) = certificate(&["api.test"]);
    let (address, saw) = serve(Does::answer(Some(tls), OK)).await;
    let world = World::at(address, Some(&ca));
    let Trial::OtherFamily(outcomes) = world.one(Experiment::OtherFamily, None).await else { panic!() };
    let outcome = only(&outcomes);
    // The server is there over IPv4 only.
    assert_eq!(outcome.path.family, Family::Ipv6);
    assert_eq!(outcome.trouble().unwrap().layer, Layer::Tcp);
    was_asked_for_nothing_secret(&saw, 0);
    let literal = World::new(&format!("https://{address}"), Some(&ca));
    assert!(unknown(&literal.one(Experiment::OtherFamily, None).await).contains("is an address"));
}

#[tokio::test]
async fn other_routes_are_those_that_no_run_walks() {
    let (ca, tls) = certificate(&["api.test"]);
    let (address, saw) = serve(Does::answer(Some(tls), OK)).await;
    let url = format!("http://u:p@{}", peer::proxy(address).await);
    let proxy = Arc::new(Proxy::parse(&url, 3128).unwrap());
    let route = |name: &str| Route { name: name.into(), kind: RouteKind::Proxy(Arc::clone(&proxy)) };
    let mut world = World::at(address, Some(&ca));
    // Both lead the same way: once is enough.
    world.with.routes = vec![route("p"), route("q")];
    let made = world.all(Experiment::OtherRoute).await;
    let [Trial::OtherRoute { route: name, outcomes }] = made.as_slice() else { panic!("{made:?}") };
    assert_eq!((&**name, only(outcomes).path.family), ("p", Family::Any));
    assert!(only(outcomes).stages.proxy.passed() && only(outcomes).stages.tls.passed(), "{outcomes:?}");
    was_asked_for_nothing_secret(&saw, 1);
    let proxied = world.change(|target| target.routes = vec![route("q")]);
    let wanted =
        Wanted { route: "q".into(), family: Family::Any, ..proxied.wanted(Experiment::OtherRoute, None) };
    let made = proxied.make_wanted(&wanted).await;
    let [Trial::OtherRoute { route: name, outcomes }] = made.as_slice() else { panic!("{made:?}") };
    assert_eq!(&**name, "direct");
    assert!(outcomes.iter().any(|outcome| outcome.stages.tls.passed()), "{outcomes:?}");
    let straight = World::at(address, Some(&ca));
    assert!(unknown(&straight.one(Experiment::OtherRoute, None).await).contains("no other route"));
}

#[tokio::test]
async fn what_is_configured_does_not_go_without_tls_where_it_was_not_meant_to_go() {
    let (address, saw) = serve(Does::answer(None, OK)).await;
    let proxy = Arc::new(Proxy::parse(&format!("http://{}", peer::proxy(address).await), 3128).unwrap());
    let url = format!("http://api.test:{}/base?q=secret", address.port());
    for (confidential, path) in [(false, "/base/"), (true, "/")] {
        let mut world =
            World::new(&url, None).change(|target| target.sites[0].endpoint.confidential = confidential);
        world.with.routes = vec![Route { name: "p".into(), kind: RouteKind::Proxy(Arc::clone(&proxy)) }];
        let made = world.all(Experiment::OtherRoute).await;
        let [Trial::OtherRoute { outcomes, .. }] = made.as_slice() else { panic!("{made:?}") };
        assert!(only(outcomes).stages.proxy.passed(), "{outcomes:?}");
        let request = saw.requests().pop().unwrap();
        assert!(!request.contains(HEADER) && !request.contains("secret"), "{request}");
        assert!(
            request.starts_with(&format!("GET {path}")) && (path == "/base/" || !request.contains("base")),
            "{request}"
        );
    }
}

#[tokio::test]
async fn resolvers_that_the_target_does_not_ask_are_asked() {
    let resolver = |address| {
        let server = crate::target::Server::at(crate::outcome::Transport::Udp, address);
        scripted::resolver(server, crate::target::Validation::Off)
    };
    let found = resolver(scripted::udp(scripted::addresses(&["192.0.2.7"])).await);
    let mut world = World::new("https://api.test", None).change(|target| {
        target.sites[0].expected_networks = vec!["198.51.100.0/24".parse().unwrap()];
    });
    world.with.resolvers = vec![Resolver::system(), found];
    let Trial::OtherResolver { resolver: name, record_type, stage } =
        world.one(Experiment::OtherResolver, None).await
    else {
        panic!()
    };
    assert_eq!((&*name, record_type), ("test", RecordType::A));
    let evidence = stage.evidence().unwrap();
    assert_eq!(evidence.addresses, ["192.0.2.7".parse::<std::net::IpAddr>().unwrap()]);
    assert_eq!(evidence.unexpected.as_ref().unwrap().len(), 1);
    let any = Wanted { family: Family::Any, ..world.wanted(Experiment::OtherResolver, None) };
    let both = world.make_wanted(&any).await;
    let types = both.iter().map(|trial| match trial {
        Trial::OtherResolver { record_type, stage, .. } => {
            (*record_type, matches!(stage, Stage::Passed { .. }))
        }
        other => panic!("{other:?}"),
    });
    assert_eq!(types.collect::<Vec<_>>(), [(RecordType::A, true), (RecordType::Aaaa, false)]);
}

#[tokio::test]
async fn a_filter_on_the_name_lets_a_neutral_name_pass_and_no_other_change() {
    let (ca, tls) = certificate(&["api.test"]);
    let does = Does { resets: Some("api.test"), ..Does::answer(Some(tls), OK) };
    let (address, saw) = serve(does).await;
    let world = World::at(address, Some(&ca)).controls(&["https://api.test/", "https://control.test/"]);
    let Trial::NeutralName { name, handshake } = world.one(Experiment::NeutralName, Some(address)).await
    else {
        panic!()
    };
    assert_eq!(name, "control.test");
    let Handshake::Answered(evidence) = handshake else { panic!("{handshake:?}") };
    assert!(evidence.chain.is_some());
    for experiment in [Experiment::SmallSegments, Experiment::ClassicalKeys] {
        let (Trial::SmallSegments { handshake, .. } | Trial::ClassicalKeys(handshake)) =
            world.one(experiment, Some(address)).await
        else {
            panic!()
        };
        let Handshake::Failed(failure) = handshake else { panic!("{handshake:?}") };
        assert_eq!(failure.reason, Reason::TlsReset);
    }
    let names: Vec<_> = saw.hellos().into_iter().map(|hello| hello.name.unwrap()).collect();
    assert_eq!(names, ["control.test", "api.test", "api.test"]);
    assert_eq!(saw.requests(), [""; 0], "nothing is sent over such a connection");
}

#[tokio::test]
async fn an_alert_is_an_answer_and_silence_or_another_protocol_is_none() {
    let (address, _) = serve(Does::answer(Some(peer::nobody()), OK)).await;
    let trial = World::at(address, None).one(Experiment::NeutralName, Some(address)).await;
    let Trial::NeutralName { name, handshake: Handshake::Answered(evidence) } = trial else {
        panic!("{trial:?}")
    };
    assert_eq!((name.as_str(), evidence.chain), ("example.com", None));
    for (says, reason) in [(b"".as_slice(), Reason::TlsTimeout), (b"SSH-2.0-x\r\n", Reason::TlsNotTls)] {
        let address = peer::says(says).await;
        let silent = says.is_empty();
        let world = World::at(address, None).change(|target| {
            target.timeout = if silent { Duration::from_millis(500) } else { PATIENCE };
        });
        let trial = world.one(Experiment::NeutralName, Some(address)).await;
        let Trial::NeutralName { handshake: Handshake::Failed(failure), .. } = trial else {
            panic!("{trial:?}")
        };
        assert_eq!(failure.reason, reason, "{}", failure.detail);
    }
}

#[tokio::test]
async fn small_segments_and_small_hellos_are_small() {
    let (ca, tls) = certificate(&["api.test"]);
    let (address, saw) = serve(Does::answer(Some(tls), OK)).await;
    let world = World::at(address, Some(&ca));
    let trial = world.one(Experiment::SmallSegments, Some(address)).await;
    let Trial::SmallSegments { mss: 536, handshake: Handshake::Answered(seen) } = trial else {
        panic!("{trial:?}")
    };
    assert!(seen.verified_until.is_some(), "{seen:?}");
    let trial = world.one(Experiment::ClassicalKeys, Some(address)).await;
    let Trial::ClassicalKeys(Handshake::Answered(seen)) = trial else { panic!("{trial:?}") };
    assert_eq!(seen.group.as_deref(), Some("X25519"));
    let [small, ordinary] = saw.segments()[..] else { panic!("{:?}", saw.segments()) };
    assert!(small <= 536 && ordinary > 536, "{small} {ordinary}");
    let [large, classical] = &saw.hellos()[..] else { panic!("{:?}", saw.hellos()) };
    assert!(large.bytes > 1200 && large.groups.contains(&NamedGroup::X25519MLKEM768), "{large:?}");
    assert!(classical.bytes < 600, "{classical:?}");
    assert_eq!(classical.groups, [NamedGroup::X25519, NamedGroup::secp256r1, NamedGroup::secp384r1]);
    assert_eq!(saw.requests(), [""; 0], "nothing is sent over such a connection");
}

#[tokio::test]
async fn what_answers_plain_http_is_told() {
    const PORTAL: &str = "HTTP/1.1 302 Found\r\nLocation: https://portal.test/login?token=secret#x\r\n\
        Server: Portal/1.0\r\nContent-Length: 61\r\n\r\n<html><TITLE lang='en'>Please\n  sign \u{1}in</TITLE>and more text..";
    let (address, saw) = serve(Does::answer(None, PORTAL)).await;
    let world = World::at(address, None);
    let trial = world.one(Experiment::PlainHttp, Some(address)).await;
    let expected = PlainAnswer::Http {
        status: 302,
        location: Some("https://portal.test/login".to_owned()),
        title: Some("Please sign in".to_owned()),
        server: Some("Portal/1.0".to_owned()),
    };
    assert_eq!(trial, Trial::PlainHttp(expected));
    was_asked_for_nothing_secret(&saw, 1);
    let request = saw.requests().remove(0);
    assert!(request.starts_with("GET / HTTP/1.1\r\n"), "{request}");
    assert!(!request.contains(HEADER) && !request.contains("base"), "{request}");

    let ssh = peer::says(b"SSH-2.0-OpenSSH_9\x07\r\nmore").await;
    let trial = World::at(ssh, None).one(Experiment::PlainHttp, Some(ssh)).await;
    assert_eq!(trial, Trial::PlainHttp(PlainAnswer::Other("SSH-2.0-OpenSSH_9.".to_owned())));

    let (_, tls) = certificate(&["api.test"]);
    let (address, _) = serve(Does::answer(Some(tls), OK)).await;
    let trial = World::at(address, None).one(Experiment::PlainHttp, Some(address)).await;
    assert!(matches!(&trial, Trial::PlainHttp(PlainAnswer::Nothing(_))), "{trial:?}");
}

#[tokio::test]
async fn a_title_and_a_place_that_are_long_are_cut() {
    let answer =
        format!("HTTP/1.1 200 OK\r\nLocation: /{}\r\n\r\n<title>{}", "l".repeat(300), "ü".repeat(200));
    let (address, _) = serve(Does { once: true, ..Does::answer(None, answer.leak()) }).await;
    let trial = World::at(address, None).one(Experiment::PlainHttp, Some(address)).await;
    let Trial::PlainHttp(PlainAnswer::Http { location, title, .. }) = trial else { panic!("{trial:?}") };
    let length = |text: Option<String>| text.unwrap().chars().count();
    assert_eq!((length(location), length(title)), (200, 80));
}

#[tokio::test]
async fn the_servers_time_is_read_although_its_certificate_is_of_no_use() {
    const LATER: &str = "HTTP/1.1 403 No\r\nDate: Fri, 01 Jan 2100 00:00:00 GMT\r\nContent-Length: 0\r\n\r\n";
    let (address, saw) = serve(Does::answer(Some(peer::expired("elsewhere.test")), LATER)).await;
    let world = World::at(address, None);
    let before = clock::wall();
    let trial = world.one(Experiment::ServerClock, Some(address)).await;
    let Trial::ServerClock { server, here } = trial else { panic!("{trial:?}") };
    assert_eq!(server, SystemTime::UNIX_EPOCH + Duration::from_secs(4_102_444_800));
    assert!(before <= here && here <= clock::wall());
    let requests = saw.requests();
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    let agent = concat!("api-canary/", env!("CARGO_PKG_VERSION"));
    let fixed = format!(
        "HEAD / HTTP/1.1\r\nHost: api.test:{}\r\nUser-Agent: {agent}\r\nAccept: */*\r\nConnection: close\r\n\r\n",
        address.port()
    );
    assert_eq!(*request, fixed);
    let (dateless, _) = serve(Does::answer(Some(peer::expired("api.test")), OK)).await;
    let trial = World::at(dateless, None).one(Experiment::ServerClock, Some(dateless)).await;
    assert_eq!(unknown(&trial), "the server answered 200 without a date");
}

#[tokio::test]
async fn a_connection_held_idle_works_again_unless_it_was_forgotten_on_the_way() {
    const HELD: Duration = Duration::from_millis(50);
    let (ca, tls) = certificate(&["api.test"]);
    let (address, saw) = serve(Does::answer(Some(tls.clone()), OK)).await;
    let trial = World::at(address, Some(&ca)).hold(address, HELD).await;
    assert_eq!(trial, Trial::IdleHold { held: HELD, failure: None });
    was_asked_for_nothing_secret(&saw, 2);
    assert_eq!(saw.hellos().len(), 1, "one connection");
    for (how, reason) in [(Forgotten::Swallowed, Reason::HttpTimeout), (Forgotten::Reset, Reason::HttpReset)]
    {
        let (address, saw) = serve(Does::answer(Some(tls.clone()), OK)).await;
        let relay = peer::forgetful(address, saw, how).await;
        let world = World::at(relay, Some(&ca)).change(|target| target.timeout = Duration::from_secs(3));
        let trial = world.hold(relay, HELD).await;
        let Trial::IdleHold { failure: Some(failure), .. } = trial else { panic!("{trial:?}") };
        assert_eq!(failure.reason, reason, "{}", failure.detail);
        assert!(failure.detail.contains("of silence"), "{}", failure.detail);
    }
}

#[tokio::test]
async fn a_server_that_ends_an_idle_connection_tells_nothing_of_the_way() {
    let (ca, tls) = certificate(&["api.test"]);
    let (address, _) = serve(Does { once: true, ..Does::answer(Some(tls), OK) }).await;
    let trial = World::at(address, Some(&ca)).hold(address, PATIENCE).await;
    assert!(unknown(&trial).starts_with("the server ended the idle connection after 0."), "{trial:?}");
    let (stranger, _) = serve(Does::answer(Some(peer::expired("api.test")), OK)).await;
    let trial = World::at(stranger, Some(&ca)).hold(stranger, PATIENCE).await;
    assert!(matches!(trial, Trial::Unknown(_)), "no call over what did not verify: {trial:?}");
}

#[tokio::test]
async fn what_cannot_be_made_is_told_with_its_reason() {
    let (address, _) = serve(Does::answer(None, OK)).await;
    let world = World::at(address, None);
    let wanted = |experiment| world.wanted(experiment, Some(address));
    let nowhere = world.wanted(Experiment::PlainHttp, None);
    let elsewhere = Wanted { endpoint: "https://x/".into(), ..wanted(Experiment::Keyless) };
    let lost = Wanted { route: "x".into(), ..wanted(Experiment::Keyless) };
    for (wanted, words) in [
        (elsewhere, "no endpoint https://x/"),
        (lost, "no route x"),
        (nowhere, "no address was reached"),
        (wanted(Experiment::IdleHold), "how long"),
    ] {
        assert!(unknown(&world.make_wanted(&wanted).await[0]).contains(words), "{words}");
    }
    let gone = peer::says(b"").await;
    let closed = SocketAddr::from(([127, 0, 0, 99], gone.port()));
    let trial = world.one(Experiment::NeutralName, Some(closed)).await;
    assert!(unknown(&trial).starts_with("connecting to 127.0.0.99:"), "{trial:?}");
    let late = Deadline::after(Instant::now(), Duration::ZERO);
    let made = world.with.make(&world.target, &wanted(Experiment::Keyless), late).await;
    assert!(unknown(&made[0].trial).contains("no time"));
}

#[test]
fn only_what_tells_more_than_a_run_is_possible() {
    use Experiment as E;
    const DIRECT: [E; 3] = [E::PlainHttp, E::ServerClock, E::IdleHold];
    let bare = World::new("https://api.test", None);
    let tls = [E::NeutralName, E::SmallSegments, E::ClassicalKeys, E::Http1, E::Keyless];
    assert_eq!(bare.with.possible(&bare.target), [&[E::Again], &tls[..], &DIRECT].concat());
    let plain = World::new("http://127.0.0.1", None).change(|target| {
        target.api_key = None;
        target.families = Families::Only(vec![Family::Ipv4]);
        target.call = CallOptions::free(target.provider.default_call(false), target.interval);
    });
    assert_eq!(plain.with.possible(&plain.target), [&[E::Again], &DIRECT[..]].concat());
    let mut rich = World::new("https://api.test", None)
        .change(|target| target.families = Families::Only(vec![Family::Ipv4]))
        .controls(&["https://control.test"]);
    let proxy = Arc::new(Proxy::parse("http://192.0.2.1:3128", 3128).unwrap());
    let route = Route { name: "p".into(), kind: RouteKind::Proxy(proxy) };
    rich.with.routes = vec![route.clone()];
    let server = crate::target::Server::at(crate::outcome::Transport::Udp, "192.0.2.2:53".parse().unwrap());
    rich.with.resolvers = vec![scripted::resolver(server, crate::target::Validation::Off)];
    assert_eq!(rich.with.possible(&rich.target), E::ALL);
    let proxied = rich.change(|target| target.routes = vec![route]);
    let behind = [E::Again, E::OtherResolver, E::Control, E::OtherRoute, E::Http1, E::Keyless];
    assert_eq!(proxied.with.possible(&proxied.target), behind);
}
