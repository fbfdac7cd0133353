//! The resolver `system`: the hosts file, then the name servers of resolv.conf in their order, as the machine's own
//! programs would ask them.
//!
//! Promises: both files are read again when they change, so that a new network is noticed without a restart; a name
//! server that fails, or does not answer within 5 s or its share of the time, is passed over for the next one, and the
//! first failure is the one reported. Different from the C library on purpose: a name with dots is asked as it stands
//! first whatever `ndots` says, so that search domains add no questions to a healthy lookup; and where there are
//! several name servers all are asked at once, so that each is known by itself, though the answer that counts is that
//! of the first that gives one.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use hickory_resolver::Hosts;
use tokio::time::{Instant, timeout};

use super::name_servers::{Asking, ask_one, patient};
use super::question::{Answer, Question};
use super::resolv_conf::{self, Servers};
use super::sent::{Sent, Times};
use super::{Found, no_data, special};
use crate::outcome::{AnswerSource, Failure, Reason, RecordType};
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

/// What resolv.conf says, as far as it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvConf {
    /// The file.
    pub file: PathBuf,
    /// The name servers that are asked, in their order; or why none can be.
    pub servers: Result<Vec<SocketAddr>, String>,
    /// The domains that short names are looked for in.
    pub search: Vec<String>,
    /// Names with fewer dots than this are short.
    pub ndots: Option<usize>,
}

/// Which name servers are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Breadth {
    /// One after the other, until one answers.
    InOrder,
    /// All of them at once, so that each is known by itself.
    All,
}

/// What came of asking the machine's resolver.
#[derive(Debug)]
pub(super) struct SystemAnswer {
    pub(super) found: Found,
    pub(super) result: Result<Answer, Failure>,
    /// The name servers that are still to say what each says by itself; none where there is only one and it gave the answer.
    pub(super) others: Option<Asking>,
}

impl SystemAnswer {
    fn from(source: AnswerSource, result: Result<Answer, Failure>) -> Self {
        Self { found: Found::from(source), result, others: None }
    }
}

impl SystemResolver {
    /// A resolver configured by these two files.
    pub fn new(resolv_conf: impl Into<PathBuf>, hosts: impl Into<PathBuf>) -> Self {
        Self { resolv_conf: resolv_conf.into(), hosts: hosts.into(), state: Mutex::default() }
    }

    /// What resolv.conf says now.
    #[must_use]
    pub fn resolv_conf(&self) -> ResolvConf {
        let (servers, search, ndots) = match &self.files().servers {
            Ok(found) => (Ok(found.addresses.clone()), found.search.clone(), Some(found.ndots)),
            Err(problem) => (Err(problem.clone()), Vec::new(), None),
        };
        ResolvConf { file: self.resolv_conf.clone(), servers, search, ndots }
    }

    /// Asks as the machine would.
    pub(super) async fn ask(
        &self,
        question: &Question,
        breadth: Breadth,
        deadline: Deadline,
    ) -> SystemAnswer {
        if let Some(answer) = special(question) {
            return SystemAnswer::from(AnswerSource::Special, Ok(answer));
        }
        let files = self.files();
        if let Some(result) = self.ask_hosts(&files.hosts, question) {
            let mut answer = SystemAnswer::from(AnswerSource::HostsFile, result);
            // That the file says one thing and the name servers another is worth knowing.
            if let (Ok(servers), Breadth::All) = (&files.servers, breadth) {
                let mut asking = Asking::new(&servers.addresses, question, deadline);
                asking.begin_all();
                answer.others = Some(asking);
            }
            return answer;
        }
        match &files.servers {
            Ok(servers) => ask_candidates(servers, question, breadth, deadline).await,
            Err(problem) => {
                let words = format!("{} names no server to ask: {problem}", self.resolv_conf.display());
                SystemAnswer::from(AnswerSource::Nobody, Err(Failure::new(Reason::DnsRefused, words)))
            }
        }
    }

    /// The addresses of a host that is on the way, such as a proxy, IPv4 first, and how many queries it took. A family
    /// that has its addresses waits only a little for the other one: a server that drops AAAA must not cost the journey
    /// its time. What is left of the time is not used up either, for there is a connection to make.
    pub(in crate::probe) async fn host(
        &self,
        [a, aaaa]: [&Question; 2],
        deadline: Deadline,
    ) -> (Result<Vec<IpAddr>, Failure>, u32) {
        let until = deadline.share(Instant::now(), 2);
        let mut a = pin!(self.ask(a, Breadth::InOrder, until));
        let mut aaaa = pin!(self.ask(aaaa, Breadth::InOrder, until));
        let (ipv4, ipv6) = tokio::select! {
            ipv4 = &mut a => {
                let ipv6 = other(ipv4.result.is_ok(), aaaa).await;
                (Some(ipv4), ipv6)
            }
            ipv6 = &mut aaaa => {
                let ipv4 = other(ipv6.result.is_ok(), a).await;
                (ipv4, Some(ipv6))
            }
        };
        let queries = [&ipv4, &ipv6].into_iter().flatten().map(|answer| answer.found.queries).sum();
        let mut addresses = Vec::new();
        let mut failure = None;
        for answer in [ipv4, ipv6].into_iter().flatten() {
            match answer.result {
                Ok(answer) => addresses.extend(answer.addresses),
                // That there is no address of a family says less than what went wrong with the other.
                Err(found) if found.reason == Reason::DnsNodata => failure = failure.or(Some(found)),
                Err(found) => {
                    failure =
                        failure.filter(|known: &Failure| known.reason != Reason::DnsNodata).or(Some(found));
                }
            }
        }
        match failure {
            Some(failure) if addresses.is_empty() => (Err(failure), queries),
            _ => (Ok(addresses), queries),
        }
    }

    /// How many sockets a question may hold at once: one for each server.
    pub(in crate::probe) fn sockets(&self) -> u64 {
        let servers = self.files().servers.as_ref().map_or(0, |servers| servers.addresses.len());
        u64::try_from(servers).unwrap_or(u64::MAX).max(1)
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
            let lookup = hosts.lookup_static_host(&question.wire().to_query())?;
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

/// How long the second family is waited for when the first one has its addresses (RFC 8305 §3).
const GRACE: Duration = Duration::from_millis(50);

async fn other(found: bool, asked: impl Future<Output = SystemAnswer>) -> Option<SystemAnswer> {
    if found { timeout(GRACE, asked).await.ok() } else { Some(asked.await) }
}

/// Asks for the name as it stands and, where it is short, below the search domains.
async fn ask_candidates(
    servers: &Servers,
    question: &Question,
    breadth: Breadth,
    deadline: Deadline,
) -> SystemAnswer {
    let dots = question.name().bytes().filter(|byte| *byte == b'.').count();
    let below: Vec<_> = if dots < servers.ndots {
        servers.search.iter().filter_map(|domain| question.below(domain).ok()).collect()
    } else {
        Vec::new()
    };
    let own = std::iter::once(question);
    let candidates: Vec<&Question> =
        if dots == 0 { below.iter().chain(own).collect() } else { own.chain(below.iter()).collect() };
    let mut first: Option<SystemAnswer> = None;
    let (mut queries, mut times) = (0, Times::default());
    for candidate in candidates {
        let mut answer = ask_servers(&servers.addresses, candidate, breadth, deadline).await;
        queries += answer.found.queries;
        times = answer.found.times.after(times);
        match (&answer.result, &first) {
            (Err(failure), None) if failure.reason == Reason::DnsNxdomain => first = Some(answer),
            // The first name is the one that was meant: what goes wrong with the others says nothing about it.
            (Err(_), Some(_)) => {}
            _ => {
                (answer.found.queries, answer.found.times) = (queries, times);
                return answer;
            }
        }
    }
    let mut answer = first
        .unwrap_or_else(|| SystemAnswer::from(AnswerSource::Nobody, Err(no_data(question, "nobody", &[]))));
    (answer.found.queries, answer.found.times) = (queries, times);
    answer
}

/// Asks the servers in order until one gives an answer; that a name does not exist is an answer.
async fn ask_servers(
    servers: &[SocketAddr],
    question: &Question,
    breadth: Breadth,
    deadline: Deadline,
) -> SystemAnswer {
    if let [server] = servers {
        let asked = ask_one(*server, question, patient(deadline), Sent::default()).await;
        return SystemAnswer { found: asked.found, result: asked.result, others: None };
    }
    let mut asking = Asking::new(servers, question, deadline);
    if breadth == Breadth::All {
        asking.begin_all();
    }
    let mut first: Option<(Found, Failure)> = None;
    let (mut truncated, mut times) = (false, Times::default());
    let (mut found, result) = loop {
        let Some(asked) = asking.next_in_order().await else {
            let nobody =
                || (Found::default(), Failure::new(Reason::DnsRefused, "there is no name server to ask"));
            let (found, failure) = first.unwrap_or_else(nobody);
            break (found, Err(failure));
        };
        truncated |= asked.found.truncated;
        times = asked.found.times.after(times);
        match asked.result {
            Err(failure) if !matches!(failure.reason, Reason::DnsNxdomain | Reason::DnsNodata) => {
                first = first.or(Some((asked.found, failure)));
            }
            result => break (asked.found, result),
        }
    };
    found.queries = asking.sent();
    found.times = asking.times(times);
    found.truncated = truncated;
    let others = (breadth == Breadth::All).then_some(asking);
    SystemAnswer { found, result, others }
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
mod tests;
