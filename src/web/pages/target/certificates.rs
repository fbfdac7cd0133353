//! The handshakes of the last run: what was spoken, the chain that was presented, and every check made on it.

use std::time::SystemTime;

use super::moment::{Moment, span};
use super::telling::Telling;
use crate::document::texts;
use crate::outcome::{CertFacts, CertificateChecks, Check, Layer, TlsEvidence, TrustedBy};
use crate::web::pages::Word;

/// Names of a certificate that are shown at once.
const NAMES: usize = 6;

/// A certificate that ends within so many days is marked.
const SOON: f64 = 21.0;

const DAY: f64 = 24.0 * 3600.0;

/// One handshake, and the paths on which it went like this.
#[derive(Debug)]
pub(super) struct Shake {
    pub(super) on: String,
    pub(super) spoken: Vec<(&'static str, String)>,
    pub(super) checks: Vec<Checked>,
    pub(super) chain: Vec<Certificate>,
    /// That certificates were sent that cannot be read.
    pub(super) unreadable: Option<String>,
}

/// A check.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) ok: bool,
    pub(super) name: &'static str,
    pub(super) words: &'static str,
    pub(super) detail: Option<String>,
}

/// A certificate.
#[derive(Debug)]
pub(super) struct Certificate {
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) names: String,
    /// All of them, where they are many.
    pub(super) more_names: String,
    pub(super) from: Moment,
    pub(super) until: Moment,
    pub(super) left: String,
    /// `ok`, `degraded` where it ends soon, `down` where it is out of date.
    pub(super) state: &'static str,
    pub(super) fingerprint: String,
}

/// The handshakes, each that differs once: that of what a client uses first.
pub(super) fn of(telling: &Telling<'_>) -> Vec<Shake> {
    let mut different: Vec<(&TlsEvidence, Vec<String>)> = Vec::new();
    for outcome in telling.outcomes() {
        let path = telling.path(&outcome.path);
        let own = outcome.stages.tls.evidence().map(|tls| (tls, path.clone()));
        let of_proxy = outcome.stages.proxy.evidence().and_then(|proxy| proxy.tls.as_deref());
        let of_proxy = of_proxy.map(|tls| {
            let (_, layer) = telling.layer(Layer::Proxy);
            (tls, format!("{path} ({layer})"))
        });
        for (tls, path) in own.into_iter().chain(of_proxy) {
            match different.iter_mut().find(|(known, _)| *known == tls) {
                Some((_, paths)) => paths.push(path),
                None => different.push((tls, vec![path])),
            }
        }
    }
    different.into_iter().map(|(tls, paths)| Shake::of(tls, &paths, telling)).collect()
}

impl Shake {
    fn of(tls: &TlsEvidence, paths: &[String], telling: &Telling<'_>) -> Self {
        let chain = tls.chain.as_deref();
        let certificates = chain.map(|chain| chain.certificates.as_slice()).unwrap_or_default();
        let unreadable = chain.map_or(0, |chain| chain.unreadable);
        Self {
            on: paths.join(texts::comma(telling.language)),
            spoken: spoken(tls, telling),
            checks: tls.checks.as_deref().map(|checks| checked(checks, telling)).unwrap_or_default(),
            chain: certificates.iter().map(|facts| Certificate::of(facts, telling)).collect(),
            unreadable: (unreadable > 0)
                .then(|| telling.with(Word::UnreadableCertificates, &unreadable.to_string())),
        }
    }
}

/// What was agreed on, as far as the handshake came.
fn spoken(tls: &TlsEvidence, telling: &Telling<'_>) -> Vec<(&'static str, String)> {
    let word = |word| telling.word(word);
    let yes = |is: bool| word(if is { Word::Yes } else { Word::No }).to_owned();
    let trusted = tls.trusted_by.map(|TrustedBy { mozilla, machine }| {
        let machine = machine.map_or_else(|| word(Word::NoStore).to_owned(), yes);
        [(word(Word::TrustedByMozilla), yes(mozilla)), (word(Word::TrustedByMachine), machine)]
    });
    let client = match (&tls.client_certificate_sent, tls.client_certificate_requested) {
        (Some(subject), _) => Some(subject.to_string()),
        (None, true) => Some(word(Word::AskedForNotSent).to_owned()),
        (None, false) => None,
    };
    let named = (!tls.server_name.is_empty()).then(|| tls.server_name.clone());
    let facts = [
        (word(Word::ServerName), named),
        (word(Word::TlsVersion), tls.version.map(str::to_owned)),
        (word(Word::CipherSuite), tls.cipher.clone()),
        (word(Word::KeyExchange), tls.group.clone()),
        ("ALPN", tls.alpn.clone()),
        (word(Word::ClientCertificate), client),
    ];
    let known = facts.into_iter().filter_map(|(name, value)| Some((name, value?)));
    known.chain(trusted.into_iter().flatten()).collect()
}

fn checked(checks: &CertificateChecks, telling: &Telling<'_>) -> Vec<Checked> {
    let CertificateChecks { path, revocation, dates, name } = checks;
    let of = |what: Word, check: &Check| Checked {
        ok: check.failure().is_none(),
        name: telling.word(what),
        words: match check {
            Check::Passed => telling.phrase(crate::diagnosis::Phrase::Passed),
            Check::Failed(failure) => failure.reason.label(),
        },
        detail: check.failure().map(|failure| failure.detail.clone()),
    };
    vec![
        of(Word::CheckPath, path),
        of(Word::CheckDates, dates),
        of(Word::CheckName, name),
        of(Word::CheckRevocation, revocation),
    ]
}

impl Certificate {
    fn of(facts: &CertFacts, telling: &Telling<'_>) -> Self {
        let names = &facts.dns_names;
        let few = names.iter().take(NAMES).cloned().collect::<Vec<_>>().join(" ");
        let more = if names.len() > NAMES { names.join(" ") } else { String::new() };
        let (state, left) = validity(facts, telling);
        Self {
            subject: facts.subject.clone(),
            issuer: facts.issuer.clone(),
            names: if more.is_empty() { few } else { format!("{few} …") },
            more_names: more,
            from: Moment::of(facts.not_before, telling.now),
            until: Moment::of(facts.not_after, telling.now),
            left,
            state,
            fingerprint: facts.fingerprint_sha256.clone(),
        }
    }
}

/// Whether a certificate is in date, in a state and in words.
fn validity(facts: &CertFacts, telling: &Telling<'_>) -> (&'static str, String) {
    let now: SystemTime = telling.now;
    if let Ok(until) = facts.not_before.duration_since(now) {
        return ("down", telling.with(Word::ValidIn, &span(until)));
    }
    match facts.not_after.duration_since(now) {
        Err(past) => ("down", telling.with(Word::ExpiredSince, &span(past.duration()))),
        Ok(left) => {
            let days = left.as_secs_f64() / DAY;
            let state = if days < SOON { "degraded" } else { "ok" };
            let left = if days < 3.0 {
                span(left)
            } else {
                telling.with(Word::Days, &format!("{:.0}", days.floor()))
            };
            (state, telling.with(Word::TimeLeft, &left))
        }
    }
}
