//! The TLS layer: the handshake, and the certificate checked point by point.
//!
//! Promises: a connection is handed on only when path, dates and name all hold, so nothing is ever sent over one that
//! did not verify, with the one exception that [`unverified`] states; the presented chain and each check are kept also when it failed; the configuration is made once per
//! target, and a chain that verified is not verified again for minutes while it stays the same byte for byte (its dates
//! and the handshake's signature always are).

mod alike;
mod checks;
mod client;
mod facts;
mod failure;
mod machine;
mod ocsp;
mod older;
mod ordinary;
mod seen;
mod setup;
mod tap;
mod trust;
mod unverified;
mod verified;
mod verifier;

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::clock;
use crate::net::{Arrivals, rustls_error};
use crate::outcome::{Finding, Reason, Stage, TlsEvidence, TrustedBy};
use crate::units::{Deadline, PromDuration, roughly};

pub(super) use failure::{first_line, looks_like_tls, turned_away};
pub(super) use older::{Older, refuses_older};
pub(super) use ordinary::{Peers, trusting_nobody};
pub(super) use setup::SetupError;
pub(super) use setup::TlsSetup;
use tap::{FirstBytes, Tap};
pub(super) use unverified::handshake_unverified;
use verifier::Recorder;

/// What a handshake found, and the stream if it verified.
#[derive(Debug)]
pub(super) struct Secured<S> {
    pub(super) stage: Stage<TlsEvidence>,
    /// When it was over.
    pub(super) ended: Instant,
    pub(super) findings: Vec<Finding>,
    pub(super) stream: Option<TlsStream<Tap<S>>>,
}

/// Shakes hands over `stream`, which has these times, and verifies the certificate.
///
/// It takes from the first byte sent until the last that came for it; what is made of that is our own time.
pub(super) async fn handshake<S>(
    stream: S,
    arrivals: &Arrivals,
    setup: &TlsSetup,
    deadline: Deadline,
) -> Secured<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let now = clock::wall();
    setup.shared().ready(now, deadline).await;
    let start = Instant::now();
    let recorder = Arc::new(Recorder::new(Arc::clone(setup.shared()), now));
    let connector = TlsConnector::from(setup.config(Arc::clone(&recorder)));
    let first_bytes = FirstBytes::default();
    let tapped = Tap::new(stream, first_bytes.clone());
    arrivals.ask();
    let result = timeout_at(deadline.at(), connector.connect(setup.server_name(), tapped)).await;
    // What is refused for what came was over when it came; silence and a cut are known only now.
    let by_what_came = match &result {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => rustls_error(error).is_some(),
        Err(_) => false,
    };
    let ended = if by_what_came { arrivals.last() } else { Instant::now() };
    let took = ended.saturating_duration_since(arrivals.asked().unwrap_or(start));

    let mut evidence = TlsEvidence { server_name: setup.shown_name().to_owned(), ..TlsEvidence::default() };
    evidence.client_certificate_requested = recorder.certificate_requested();
    evidence.client_certificate_sent = recorder.certificate_sent();
    if let Some(record) = recorder.take() {
        evidence.chain = Some(record.facts);
        evidence.checks = Some(record.checks);
        evidence.trusted_by = record.trusted_by;
        evidence.verified_until = record.verified_until;
    }
    let mut findings = Vec::from_iter(machine_only(&evidence, setup));
    match result {
        Ok(Ok(stream)) => {
            let (_, connection) = stream.get_ref();
            evidence.version = connection.protocol_version().and_then(setup::version_name);
            evidence.cipher =
                connection.negotiated_cipher_suite().map(|suite| setup::cipher_name(suite.suite()));
            evidence.group =
                connection.negotiated_key_exchange_group().map(|group| format!("{:?}", group.name()));
            evidence.alpn = connection.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned());
            findings.extend(expiring(&evidence, setup));
            Secured { stage: Stage::Passed { took, evidence }, ended, findings, stream: Some(stream) }
        }
        failed => {
            let asked = setup.shown_name();
            let failure = match failed {
                Ok(Err(error)) => failure::of(&error, asked, &first_bytes.get(), &evidence),
                _ => failure::of_silence(asked, &first_bytes.get(), took),
            };
            Secured { stage: Stage::Failed { took, failure, evidence }, ended, findings, stream: None }
        }
    }
}

/// A chain that leads to a root of this machine's store only: the machine's owner trusts it, so the journey goes on, and
/// clients with roots of their own will not.
fn machine_only(evidence: &TlsEvidence, setup: &TlsSetup) -> Option<Finding> {
    let only = evidence.trusted_by == Some(TrustedBy { mozilla: false, machine: Some(true) });
    let chain = evidence.chain.as_deref().filter(|_| only)?;
    let words = format!(
        "the certificate of {} is signed by {}: this machine's store trusts that issuer and the bundled Mozilla roots do \
         not, so clients with bundled roots (Node, Python's certifi, rustls) will refuse it",
        setup.shown_name(),
        checks::issuers(chain)?
    );
    Some(Finding::new(Reason::TlsInterceptedTrusted, words))
}

fn expiring(evidence: &TlsEvidence, setup: &TlsSetup) -> Option<Finding> {
    let until = evidence.verified_until?;
    let left = until.duration_since(clock::wall()).unwrap_or_default();
    (left < setup.expiry_warning()).then(|| {
        let words = format!(
            "the certificate of {} expires at {}, in {} (warning below {})",
            setup.shown_name(),
            clock::rfc3339(until),
            roughly(left),
            PromDuration(setup.expiry_warning())
        );
        Finding::new(Reason::TlsCertExpiring, words)
    })
}

#[cfg(test)]
mod tests;
