//! The shared language: what one journey found, as plain data.
//!
//! Promises: probes write it, everything else reads it; nothing in here does IO or knows a metric. A layer that was
//! not reached is not a failure, and evidence survives failure.

mod error_chain;
mod evidence;
mod family;
mod finding;
mod follow_up;
mod journey;
mod layer;
mod reason;
mod run;
#[cfg(test)]
pub(crate) mod sample;
mod stage;

pub use error_chain::error_chain;
pub use evidence::api::{
    AnsweredBy, ApiEvidence, Connection, HttpPhases, HttpVersion, RateLimit, StreamEvidence, Usage,
};
pub use evidence::dns::{AnswerSource, DnsEvidence, Dnssec, RecordType, Transport};
pub use evidence::proxy::{ProxyEvidence, ProxyPhases, ProxyProtocol};
pub use evidence::tcp::{ConnectAttempt, TcpEvidence};
pub use evidence::tls::{CertFacts, CertificateChecks, ChainFacts, Check, TlsEvidence, TrustedBy};
pub use family::Family;
pub use finding::Finding;
pub use follow_up::{Experiment, FollowUp, Handshake, PlainAnswer, Trial, Wanted};
pub use journey::{AddressResult, Attempt, Outcome, OutsideChecks, PathId, Stages, Trouble};
pub use layer::Layer;
pub use reason::{Blame, Reason, Severity};
pub use run::{Asked, Lookup, PooledCall, Run};
pub use stage::{Failure, Stage};
