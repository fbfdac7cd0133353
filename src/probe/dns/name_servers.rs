//! Several name servers, asked at once or one after the other, and what each says by itself.
//!
//! Promises: none is waited for longer than 5 s; the questions still under way end when this is dropped.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::line::{Line, Way};
use super::question::{Answer, Question};
use super::sent::{Sent, Times};
use super::{Found, ask_line};
use crate::outcome::{Failure, Reason, Transport};
use crate::units::Deadline;

/// How long one name server is waited for: what stub resolvers do.
const PATIENCE: Duration = Duration::from_secs(5);

/// The port that goes without saying.
const DNS_PORT: u16 = 53;

/// What one name server said.
#[derive(Debug)]
pub(super) struct ServerAnswer {
    pub(super) found: Found,
    pub(super) result: Result<Answer, Failure>,
    pub(super) took: Duration,
}

/// Name servers that are asked one question.
#[derive(Debug)]
pub(super) struct Asking {
    question: Question,
    deadline: Deadline,
    servers: Vec<Asked>,
    /// The next whose answer counts.
    next: usize,
    tasks: JoinSet<(usize, ServerAnswer)>,
}

#[derive(Debug)]
struct Asked {
    address: SocketAddr,
    sent: Sent,
    begun: bool,
    answer: Option<ServerAnswer>,
}

impl Asking {
    /// Servers of which none is asked yet.
    pub(super) fn new(servers: &[SocketAddr], question: &Question, deadline: Deadline) -> Self {
        let asked = |address: &SocketAddr| Asked {
            address: *address,
            sent: Sent::default(),
            begun: false,
            answer: None,
        };
        let servers = servers.iter().map(asked).collect();
        Self { question: question.clone(), deadline, servers, next: 0, tasks: JoinSet::new() }
    }

    pub(super) fn question(&self) -> &Question {
        &self.question
    }

    /// Queries sent to all of them so far.
    pub(super) fn sent(&self) -> u32 {
        self.servers.iter().map(|server| server.sent.so_far()).sum()
    }

    /// The times of what was asked of all of them so far, of which this is the end.
    pub(super) fn times(&self, end: Times) -> Times {
        self.servers.iter().fold(end, |all, server| all.since(server.sent.times()))
    }

    pub(super) fn begin_all(&mut self) {
        (0..self.servers.len()).for_each(|index| self.begin(index));
    }

    fn begin(&mut self, index: usize) {
        let Some(server) = self.servers.get_mut(index) else { return };
        if std::mem::replace(&mut server.begun, true) {
            return;
        }
        let (address, question, sent) = (server.address, self.question.clone(), server.sent.clone());
        let deadline = patient(self.deadline);
        self.tasks.spawn(async move { (index, ask_one(address, &question, deadline, sent).await) });
    }

    /// What the next server in order says, which is waited for no longer than its share of the time; `None` behind the
    /// last. A copy: the server's own answer is kept, and one that is late still comes.
    pub(super) async fn next_in_order(&mut self) -> Option<ServerAnswer> {
        let index = self.next;
        self.begin(index);
        let address = self.servers.get(index)?.address;
        self.next += 1;
        let start = Instant::now();
        let until = patient(self.deadline.share(start, self.servers.len() - index));
        while self.servers.get(index).is_some_and(|server| server.answer.is_none()) {
            match timeout_at(until.at(), self.tasks.join_next()).await {
                Ok(Some(joined)) => self.note(joined.ok()),
                Ok(None) | Err(_) => break,
            }
        }
        let server = self.servers.get(index)?;
        Some(match &server.answer {
            Some(answer) => answer.copy(),
            None => {
                let waited = start.elapsed().as_secs_f64();
                let (wire, sent) = (self.question.wire(), server.sent.so_far());
                let words = format!(
                    "asked {address} over {} for {wire}: no reply in {waited:.1} s, {sent} sent",
                    Transport::Udp,
                );
                let failure = Failure::new(Reason::DnsTimeout, words);
                ServerAnswer { found: Found::default(), result: Err(failure), took: start.elapsed() }
            }
        })
    }

    fn note(&mut self, answered: Option<(usize, ServerAnswer)>) {
        if let Some((index, answer)) = answered
            && let Some(server) = self.servers.get_mut(index)
        {
            server.answer = Some(answer);
        }
    }

    /// What each says, in their order, when all have said it or were given up.
    pub(super) async fn answers(mut self) -> Vec<(String, ServerAnswer)> {
        while let Some(joined) = self.tasks.join_next().await {
            self.note(joined.ok());
        }
        let answers = std::mem::take(&mut self.servers).into_iter();
        answers.filter_map(|server| Some((name(server.address), server.answer?))).collect()
    }
}

impl ServerAnswer {
    fn copy(&self) -> Self {
        Self { found: self.found.clone(), result: self.result.clone(), took: self.took }
    }
}

/// No later than what one server is given.
pub(super) fn patient(deadline: Deadline) -> Deadline {
    let now = Instant::now();
    Deadline::after(now, deadline.left(now).min(PATIENCE))
}

pub(super) async fn ask_one(
    server: SocketAddr,
    question: &Question,
    deadline: Deadline,
    sent: Sent,
) -> ServerAnswer {
    let start = Instant::now();
    let mut found = Found::default();
    let way = Way::Clear { address: server, transport: Transport::Udp };
    let line = Line::new(way, deadline, sent.clone());
    let result = ask_line(line, question, None, &mut found).await;
    found.queries = sent.so_far();
    found.times = sent.times();
    let took = found.times.took(start);
    ServerAnswer { found, result, took }
}

/// "192.0.2.1", or with the port if it is not that of DNS.
fn name(server: SocketAddr) -> String {
    match server {
        _ if server.port() != DNS_PORT => server.to_string(),
        SocketAddr::V6(v6) if v6.scope_id() != 0 => format!("{}%{}", v6.ip(), v6.scope_id()),
        _ => IpAddr::to_string(&server.ip()),
    }
}
