//! The machine's resolver with files and name servers made for the test.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hickory_resolver::proto::op::ResponseCode;
use tokio::time::Instant;

use super::super::scripted::{Script, addresses, code, each, passed, reply, silence, udp, within};
use super::super::{PreparedResolver, compare};
use super::*;
use crate::outcome::Transport;
use crate::target::{Resolver, ResolverKind, Validation};

fn soon() -> Deadline {
    within(Duration::from_secs(5))
}

fn resolver(resolv_conf: &str, hosts: &str) -> (tempfile::TempDir, SystemResolver) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("resolv.conf"), resolv_conf).unwrap();
    std::fs::write(dir.path().join("hosts"), hosts).unwrap();
    let resolver = SystemResolver::new(dir.path().join("resolv.conf"), dir.path().join("hosts"));
    (dir, resolver)
}

async fn ask(
    resolver: &SystemResolver,
    name: &str,
    kind: RecordType,
) -> (AnswerSource, Result<Vec<IpAddr>, Reason>) {
    let question = Question::new(name, kind).unwrap();
    let answer = resolver.ask(&question, Breadth::All, soon()).await;
    (answer.found.said.source, answer.result.map(|answer| answer.addresses).map_err(|failure| failure.reason))
}

#[tokio::test]
async fn the_hosts_file_is_asked_first_and_read_again_when_it_changes() {
    let (dir, resolver) = resolver("", "127.0.0.9 api.example # mine\n");
    let nine: IpAddr = "127.0.0.9".parse().unwrap();
    assert_eq!(ask(&resolver, "api.example", RecordType::A).await, (AnswerSource::HostsFile, Ok(vec![nine])));
    let (source, result) = ask(&resolver, "api.example", RecordType::Aaaa).await;
    assert_eq!((source, result), (AnswerSource::HostsFile, Err(Reason::DnsNodata)));
    let hosts = dir.path().join("hosts");
    std::fs::write(&hosts, "::1 api.example\n").unwrap();
    let file = std::fs::File::options().write(true).open(&hosts).unwrap();
    file.set_modified(crate::clock::wall() + Duration::from_secs(9)).unwrap();
    let one: IpAddr = "::1".parse().unwrap();
    assert_eq!(
        ask(&resolver, "api.example", RecordType::Aaaa).await,
        (AnswerSource::HostsFile, Ok(vec![one]))
    );
}

#[tokio::test]
async fn localhost_is_never_asked_of_a_server() {
    let (_dir, resolver) = resolver("", "");
    for name in ["localhost", "api.localhost"] {
        let (source, result) = ask(&resolver, name, RecordType::A).await;
        assert_eq!((source, result.unwrap().len()), (AnswerSource::Special, 1));
    }
}

#[tokio::test]
async fn a_resolv_conf_whose_servers_cannot_be_used_says_so() {
    let (_dir, resolver) = resolver("nameserver fe80::1%no-such0\n", "");
    let question = Question::new("api.example", RecordType::A).unwrap();
    let failure = resolver.ask(&question, Breadth::All, soon()).await.result.unwrap_err();
    assert_eq!(failure.reason, Reason::DnsRefused);
    assert!(failure.detail.contains("no-such0"), "{}", failure.detail);
}

#[tokio::test]
async fn a_bad_byte_in_the_hosts_file_costs_no_entry() {
    let (dir, resolver) = resolver("", "");
    std::fs::write(dir.path().join("hosts"), b"# caf\xe9\n127.0.0.9 api.example # \xff\n").unwrap();
    let nine: IpAddr = "127.0.0.9".parse().unwrap();
    let asked = ask(&resolver, "api.example", RecordType::A).await;
    assert_eq!(asked, (AnswerSource::HostsFile, Ok(vec![nine])));
}

#[tokio::test]
async fn of_several_servers_what_was_said_belongs_to_the_failure_that_is_reported() {
    let refuses = udp(code(ResponseCode::Refused)).await;
    let servers = [refuses, udp(code(ResponseCode::ServFail)).await];
    let question = Question::new("api.example", RecordType::A).unwrap();
    for breadth in [Breadth::InOrder, Breadth::All] {
        let SystemAnswer { found, result, .. } = ask_servers(&servers, &question, breadth, soon()).await;
        assert_eq!((result.unwrap_err().reason, found.queries), (Reason::DnsRefused, 2));
        assert_eq!(found.said.rcode.as_deref(), Some("REFUSED"));
        let source = AnswerSource::Server { address: refuses, transport: Transport::Udp };
        assert_eq!(found.said.source, source);
    }
}

/// Name servers at these addresses, with these search domains.
fn servers(addresses: Vec<SocketAddr>, search: &[&str]) -> Servers {
    Servers { addresses, search: search.iter().map(|domain| (*domain).to_owned()).collect(), ndots: 5 }
}

/// Response codes by the name asked for.
fn codes(code: impl Fn(&str) -> ResponseCode + Send + Sync + 'static) -> Script {
    each(move |asked| {
        let mut reply = reply(asked);
        reply.metadata.response_code = code(&asked.queries[0].name().to_ascii());
        reply
    })
}

#[tokio::test]
async fn what_goes_wrong_below_search_domains_does_not_hide_that_the_name_does_not_exist() {
    let code = |name: &str| match name {
        "api.example." => ResponseCode::NXDomain,
        "api.example.a." => ResponseCode::Refused,
        _ => ResponseCode::ServFail,
    };
    let servers = servers(vec![udp(codes(code)).await], &["a", "b"]);
    let question = Question::new("api.example", RecordType::A).unwrap();
    let SystemAnswer { found, result, others } =
        ask_candidates(&servers, &question, Breadth::All, soon()).await;
    let failure = result.unwrap_err();
    assert_eq!(failure.reason, Reason::DnsNxdomain);
    assert!(failure.detail.ends_with("A of api.example"), "{}", failure.detail);
    assert_eq!(found.queries, 3);
    assert_eq!(found.said.rcode.as_deref(), Some("NXDOMAIN"), "what was said belongs to what is reported");
    assert!(others.is_none(), "there is only one server");
}

#[tokio::test]
async fn each_server_is_asked_for_the_name_that_the_answer_is_about() {
    let answers = addresses(&["192.0.2.1"]);
    let below: Script = Arc::new(move |asked| match asked.queries[0].name().to_ascii().as_str() {
        "api.b." => answers(asked),
        _ => code(ResponseCode::NXDomain)(asked),
    });
    let addresses = vec![udp(Arc::clone(&below)).await, udp(below).await];
    let question = Question::new("api", RecordType::A).unwrap();
    let answer = ask_candidates(&servers(addresses, &["a", "b"]), &question, Breadth::All, soon()).await;
    assert_eq!(answer.result.unwrap().addresses.len(), 1);
    let others = answer.others.unwrap();
    assert_eq!(others.question().name(), "api.b");
    let said = others.answers().await;
    assert_eq!(said.len(), 2);
    assert!(said.iter().all(|(_, answer)| answer.result.is_ok()), "{said:?}");
}

#[tokio::test]
async fn the_answer_that_counts_does_not_wait_for_slower_servers() {
    let first = udp(addresses(&["192.0.2.1"])).await;
    let silent = udp(silence()).await;
    let question = Question::new("api.example", RecordType::A).unwrap();
    let deadline = within(Duration::from_millis(600));
    let answer = ask_servers(&[first, silent], &question, Breadth::All, deadline).await;
    assert!(deadline.left(Instant::now()) > Duration::ZERO, "it came before the silent one was given up");
    assert_eq!(answer.result.unwrap().addresses.len(), 1);
    let said = answer.others.unwrap().answers().await;
    let names: Vec<_> = said.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, [first.to_string(), silent.to_string()]);
    assert!(said[0].1.result.is_ok());
    let failure = said[1].1.result.as_ref().unwrap_err();
    assert_eq!(failure.reason, Reason::DnsTimeout, "{}", failure.detail);
}

#[tokio::test]
async fn a_server_that_is_silent_for_its_share_is_passed_over() {
    let (silent, second) = (udp(silence()).await, udp(addresses(&["192.0.2.2"])).await);
    let question = Question::new("api.example", RecordType::A).unwrap();
    for breadth in [Breadth::InOrder, Breadth::All] {
        let deadline = within(Duration::from_millis(600));
        let answer = ask_servers(&[silent, second], &question, breadth, deadline).await;
        assert_eq!(answer.result.unwrap().addresses, ["192.0.2.2".parse::<IpAddr>().unwrap()]);
        let source = AnswerSource::Server { address: second, transport: Transport::Udp };
        assert_eq!(answer.found.said.source, source);
        assert_eq!(answer.found.queries, 2);
        assert_eq!(answer.others.is_some(), breadth == Breadth::All);
    }
    let third = udp(silence()).await;
    let deadline = within(Duration::from_millis(300));
    let answer = ask_servers(&[silent, third], &question, Breadth::All, deadline).await;
    let failure = answer.result.unwrap_err();
    assert_eq!(failure.reason, Reason::DnsTimeout);
    assert!(failure.detail.contains(&silent.to_string()), "{}", failure.detail);
    assert_eq!(deadline.left(Instant::now()), Duration::ZERO, "all of the time was waited");
}

#[tokio::test]
async fn asked_in_order_a_server_behind_one_that_answers_is_not_asked() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let second = udp(Arc::new(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        Vec::new()
    }));
    let servers = [udp(addresses(&["192.0.2.1"])).await, second.await];
    let question = Question::new("api.example", RecordType::A).unwrap();
    let answer = ask_servers(&servers, &question, Breadth::InOrder, soon()).await;
    assert_eq!((answer.result.is_ok(), answer.found.queries), (true, 1));
    assert_eq!(asked.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_name_of_the_hosts_file_is_asked_of_the_servers_on_their_own() {
    let (dir, resolver) = resolver("", "127.0.0.9 api.example\n");
    let server = udp(addresses(&["192.0.2.1"])).await;
    // Read once, so that what is put in place stays.
    resolver.files();
    resolver.state.lock().unwrap().files = Arc::new(Files {
        hosts: read_hosts(&dir.path().join("hosts")),
        servers: Ok(servers(vec![server], &[])),
    });
    let system = Resolver { name: "system".into(), kind: ResolverKind::System, dnssec: Validation::Off };
    let system = PreparedResolver::new(&system, &Arc::new(resolver)).unwrap();
    let question = Question::new("api.example", RecordType::A).unwrap();
    let networks = ["192.0.2.0/24".parse().unwrap()];
    let asked = system.lookup(&question, &networks, soon()).await;
    let evidence = passed(&asked.effective);
    assert_eq!((evidence.source, evidence.queries), (AnswerSource::HostsFile, 0));
    assert_eq!(asked.effective.findings[0].0.reason, Reason::DnsSinkholed);
    let by_server = asked.servers.unwrap().lookups().await;
    let [by_server] = &by_server[..] else { panic!("{by_server:?}") };
    assert_eq!(*passed(by_server).resolver, *format!("system/{server}"));
    assert_eq!(passed(by_server).addresses, ["192.0.2.1".parse::<IpAddr>().unwrap()]);
    let findings = compare([&asked.effective.stage, &by_server.stage]);
    assert_eq!(findings[0].0.reason, Reason::DnsDisagreement);
    let words = format!("system answers 127.0.0.9 (sinkhole); system/{server} answers 192.0.2.1");
    assert_eq!(findings[0].0.detail, words);
}

#[tokio::test]
async fn a_server_that_refuses_is_passed_over_and_the_first_failure_is_kept() {
    // Nothing listens on port 53 of these loopback addresses.
    let (_dir, resolver) = resolver("nameserver 127.0.0.98\nnameserver 127.0.0.99\n", "");
    let question = Question::new("api.example", RecordType::A).unwrap();
    let SystemAnswer { found, result, .. } = resolver.ask(&question, Breadth::All, soon()).await;
    let failure = result.unwrap_err();
    assert_eq!(failure.reason, Reason::DnsRefused);
    assert!(failure.detail.contains("127.0.0.98"), "{}", failure.detail);
    assert_eq!(found.queries, 2);
}

#[tokio::test]
async fn a_server_that_drops_aaaa_does_not_cost_a_host_on_the_way_its_time() {
    let good = addresses(&["192.0.2.7"]);
    let script: Script = Arc::new(move |asked| match asked.queries[0].query_type() {
        hickory_resolver::proto::rr::RecordType::A => good(asked),
        _ => Vec::new(),
    });
    let servers = Servers { addresses: vec![udp(script).await], search: Vec::new(), ndots: 1 };
    let (_dir, resolver) = resolver("", "");
    // As it was read from files, but for a port that a test can have.
    *resolver.state.lock().unwrap() = State {
        stamp: Some((modified(&resolver.resolv_conf), modified(&resolver.hosts))),
        files: Arc::new(Files { hosts: Hosts::default(), servers: Ok(servers) }),
    };
    let [a, aaaa] =
        [RecordType::A, RecordType::Aaaa].map(|kind| Question::new("proxy.example", kind).unwrap());
    let deadline = within(Duration::from_secs(60));
    let (found, _) = resolver.host([&a, &aaaa], deadline).await;
    assert_eq!(found.unwrap(), ["192.0.2.7".parse::<IpAddr>().unwrap()]);
    // Only silence takes seconds, so that this holds on the busiest machine.
    assert!(deadline.left(Instant::now()) > Duration::from_secs(58), "{:?}", deadline.left(Instant::now()));
}
