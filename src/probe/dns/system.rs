//! The resolver `system`: the hosts file, then the name servers of resolv.conf in their order, as the machine's own
//! programs would ask them.
//!
//! Promises: both files are read again when they change, so that a new network is noticed without a restart; a name
//! server that fails is passed over for the next one, and the first failure is the one reported. Different from the C
//! library on purpose: a name with dots is asked as it stands first whatever `ndots` says, so that search domains add
//! no questions to a healthy lookup.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use hickory_resolver::Hosts;
use tokio::time::Instant;

use super::message::{Answer, Question};
use super::resolv_conf::{self, Servers};
use super::{First, Found, ask_server, no_data, special};
use crate::outcome::{AnswerSource, Failure, Reason, RecordType, Transport};
use crate::units::Deadline;

/// The machine's resolver configuration, kept up to date.
#[derive(Debug)]
pub struct SystemResolver {
    resolv_conf: PathBuf,
    hosts: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    stamp: Option<(Option<SystemTime>, Option<SystemTime>)>,
    files: Arc<Files>,
}

/// What the two files say.
#[derive(Debug)]
struct Files {
    hosts: Hosts,
    servers: Result<Servers, String>,
}

impl Default for Files {
    fn default() -> Self {
        Self { hosts: Hosts::default(), servers: Err("not read yet".to_owned()) }
    }
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self::new("/etc/resolv.conf", "/etc/hosts")
    }
}

impl SystemResolver {
    /// A resolver configured by these two files.
    pub fn new(resolv_conf: impl Into<PathBuf>, hosts: impl Into<PathBuf>) -> Self {
        Self { resolv_conf: resolv_conf.into(), hosts: hosts.into(), state: Mutex::default() }
    }

    /// Asks as the machine would.
    pub(super) async fn ask(
        &self,
        question: &Question,
        deadline: Deadline,
    ) -> (Found, Result<Answer, Failure>) {
        if let Some(answer) = special(question) {
            return (Found::from(AnswerSource::Special), Ok(answer));
        }
        let files = self.files();
        if let Some(result) = self.ask_hosts(&files.hosts, question) {
            return (Found::from(AnswerSource::HostsFile), result);
        }
        let mut found = Found::default();
        let servers = match &files.servers {
            Ok(servers) => servers,
            Err(problem) => {
                let words = format!("{} names no server to ask: {problem}", self.resolv_conf.display());
                return (found, Err(Failure::new(Reason::DnsRefused, words)));
            }
        };
        let result = ask_candidates(servers, question, deadline, &mut found).await;
        (found, result)
    }

    fn files(&self) -> Arc<Files> {
        let stamp = Some((modified(&self.resolv_conf), modified(&self.hosts)));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.stamp != stamp {
            state.stamp = stamp;
            state.files =
                Arc::new(Files { hosts: read_hosts(&self.hosts), servers: read_servers(&self.resolv_conf) });
        }
        Arc::clone(&state.files)
    }

    /// A name in the hosts file is not asked of any server, for neither family.
    fn ask_hosts(&self, hosts: &Hosts, question: &Question) -> Option<Result<Answer, Failure>> {
        let listed = |question: &Question| {
            let lookup = hosts.lookup_static_host(&question.to_query())?;
            let addresses: Vec<_> =
                lookup.answers().iter().filter_map(|record| record.data.ip_addr()).collect();
            (!addresses.is_empty()).then_some(addresses)
        };
        if let Some(addresses) = listed(question) {
            return Some(Ok(Answer { addresses, ..Answer::default() }));
        }
        let other = match question.record_type() {
            RecordType::A => RecordType::Aaaa,
            RecordType::Aaaa => RecordType::A,
        };
        let in_other_family =
            Question::new(question.name(), other).ok().and_then(|other| listed(&other)).is_some();
        in_other_family.then(|| Err(no_data(question, &self.hosts.display().to_string(), &[])))
    }
}

/// Asks for the name as it stands and, where it is short, below the search domains.
async fn ask_candidates(
    servers: &Servers,
    question: &Question,
    deadline: Deadline,
    found: &mut Found,
) -> Result<Answer, Failure> {
    let dots = question.name().bytes().filter(|byte| *byte == b'.').count();
    let below: Vec<_> = if dots < servers.ndots {
        servers.search.iter().filter_map(|domain| question.below(domain).ok()).collect()
    } else {
        Vec::new()
    };
    let own = std::iter::once(question);
    let candidates: Vec<&Question> =
        if dots == 0 { below.iter().chain(own).collect() } else { own.chain(below.iter()).collect() };
    let mut first = First::default();
    for candidate in candidates {
        let result = ask_servers(&servers.addresses, candidate, deadline, found).await;
        match (result, &first.0) {
            (Err(failure), None) if failure.reason == Reason::DnsNxdomain => first.note(failure, found),
            // The first name is the one that was meant: what goes wrong with the others says nothing about it.
            (Err(_), Some(_)) => {}
            (result, _) => return result,
        }
    }
    Err(first.report(found).unwrap_or_else(|| no_data(question, "nobody", &[])))
}

/// Asks the servers in order until one gives an answer; that a name does not exist is an answer.
async fn ask_servers(
    servers: &[SocketAddr],
    question: &Question,
    deadline: Deadline,
    found: &mut Found,
) -> Result<Answer, Failure> {
    let mut first = First::default();
    for (index, server) in servers.iter().enumerate() {
        let share = deadline.share(Instant::now(), servers.len() - index);
        match ask_server(*server, Transport::Udp, question, share, found).await {
            Err(failure) if !matches!(failure.reason, Reason::DnsNxdomain | Reason::DnsNodata) => {
                first.note(failure, found);
            }
            result => return result,
        }
    }
    Err(first
        .report(found)
        .unwrap_or_else(|| Failure::new(Reason::DnsRefused, "there is no name server to ask")))
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|meta| meta.modified()).ok()
}

fn read_hosts(path: &Path) -> Hosts {
    let mut hosts = Hosts::default();
    if let Ok(bytes) = std::fs::read(path)
        // One bad byte, be it in a comment, must not cost the entries after it.
        && let Err(error) = hosts.read_hosts_conf(String::from_utf8_lossy(&bytes).as_bytes())
    {
        tracing::warn!(file = %path.display(), %error, "cannot read the hosts file, going on without it");
    }
    hosts
}

fn read_servers(path: &Path) -> Result<Servers, String> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        // Without the file it is as with one that names no server.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error.to_string()),
    };
    resolv_conf::parse(&String::from_utf8_lossy(&text), |problem| {
        tracing::warn!(file = %path.display(), problem, "cannot use a name server, going on without it");
    })
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::time::Duration;

    use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};

    use super::*;

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
        let deadline = Deadline::after(Instant::now(), Duration::from_secs(5));
        let (found, result) = resolver.ask(&question, deadline).await;
        (found.said.source, result.map(|answer| answer.addresses).map_err(|failure| failure.reason))
    }

    #[tokio::test]
    async fn the_hosts_file_is_asked_first_and_read_again_when_it_changes() {
        let (dir, resolver) = resolver("", "127.0.0.9 api.example # mine\n");
        let nine: IpAddr = "127.0.0.9".parse().unwrap();
        assert_eq!(
            ask(&resolver, "api.example", RecordType::A).await,
            (AnswerSource::HostsFile, Ok(vec![nine]))
        );
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
        let deadline = Deadline::after(Instant::now(), Duration::from_secs(5));
        let failure = resolver.ask(&question, deadline).await.1.unwrap_err();
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

    /// A name server on loopback that answers each name with this response code, without any record.
    async fn server(rcode: impl Fn(&str) -> ResponseCode + Send + 'static) -> SocketAddr {
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut buffer = [0; 512];
            while let Ok((length, client)) = socket.recv_from(&mut buffer).await {
                let asked = Message::from_vec(&buffer[..length]).unwrap();
                let mut reply = Message::response(asked.metadata.id, OpCode::Query);
                reply.metadata.response_code = rcode(&asked.queries[0].name().to_ascii());
                reply.add_query(asked.queries[0].clone());
                socket.send_to(&reply.to_vec().unwrap(), client).await.unwrap();
            }
        });
        address
    }

    #[tokio::test]
    async fn of_several_servers_what_was_said_belongs_to_the_failure_that_is_reported() {
        let (refuses, fails) =
            (server(|_| ResponseCode::Refused).await, server(|_| ResponseCode::ServFail).await);
        let question = Question::new("api.example", RecordType::A).unwrap();
        let deadline = Deadline::after(Instant::now(), Duration::from_secs(5));
        let mut found = Found::default();
        let failure = ask_servers(&[refuses, fails], &question, deadline, &mut found).await.unwrap_err();
        assert_eq!((failure.reason, found.queries), (Reason::DnsRefused, 2));
        assert_eq!(found.said.rcode.as_deref(), Some("REFUSED"));
        assert_eq!(found.said.source, AnswerSource::Server { address: refuses, transport: Transport::Udp });
    }

    #[tokio::test]
    async fn what_goes_wrong_below_search_domains_does_not_hide_that_the_name_does_not_exist() {
        let code = |name: &str| match name {
            "api.example." => ResponseCode::NXDomain,
            "api.example.a." => ResponseCode::Refused,
            _ => ResponseCode::ServFail,
        };
        let search = vec!["a".to_owned(), "b".to_owned()];
        let servers = Servers { addresses: vec![server(code).await], search, ndots: 5 };
        let question = Question::new("api.example", RecordType::A).unwrap();
        let deadline = Deadline::after(Instant::now(), Duration::from_secs(5));
        let mut found = Found::default();
        let failure = ask_candidates(&servers, &question, deadline, &mut found).await.unwrap_err();
        assert_eq!(failure.reason, Reason::DnsNxdomain);
        assert!(failure.detail.ends_with("A of api.example"), "{}", failure.detail);
        assert_eq!(found.queries, 3);
        assert_eq!(
            found.said.rcode.as_deref(),
            Some("NXDOMAIN"),
            "what was said belongs to what is reported"
        );
    }

    #[tokio::test]
    async fn a_server_that_refuses_is_passed_over_and_the_first_failure_is_kept() {
        // Nothing listens on port 53 of these loopback addresses.
        let (_dir, resolver) = resolver("nameserver 127.0.0.98\nnameserver 127.0.0.99\n", "");
        let question = Question::new("api.example", RecordType::A).unwrap();
        let deadline = Deadline::after(Instant::now(), Duration::from_secs(5));
        let (found, result) = resolver.ask(&question, deadline).await;
        let failure = result.unwrap_err();
        assert_eq!(failure.reason, Reason::DnsRefused);
        assert!(failure.detail.contains("127.0.0.98"), "{}", failure.detail);
        assert_eq!(found.queries, 2);
    }
}
