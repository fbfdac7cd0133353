//! What a failed handshake means.

use std::io;
use std::time::Duration;

use rustls::{AlertDescription, Error, PeerIncompatible};

use crate::net::{IoTrouble, rustls_error};
use crate::outcome::{Failure, Reason, TlsEvidence};

/// Reads the error of a handshake with `asked`, given the first bytes that came back and what was seen.
pub(super) fn of(error: &io::Error, asked: &str, first_bytes: &[u8], seen: &TlsEvidence) -> Failure {
    if !first_bytes.is_empty() && !looks_like_tls(first_bytes) {
        return not_tls(asked, first_bytes);
    }
    let Some(tls) = rustls_error(error) else {
        return of_socket(error, asked);
    };
    let reason = match tls {
        Error::InvalidCertificate(_) => {
            if let Some(failure) = seen.checks.as_ref().and_then(|checks| checks.failure()) {
                return failure.clone();
            }
            Reason::TlsUntrustedIssuer
        }
        Error::AlertReceived(AlertDescription::ProtocolVersion)
        | Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => Reason::TlsVersion,
        Error::AlertReceived(alert)
            if let Some(subject) = &seen.client_certificate_sent
                && is_about_certificates(*alert) =>
        {
            let words = format!(
                "TLS handshake with {asked}: the server rejected the client certificate {subject}: {tls}"
            );
            return Failure::new(Reason::TlsClientCertRequired, words);
        }
        Error::AlertReceived(AlertDescription::CertificateRequired) => Reason::TlsClientCertRequired,
        // TLS 1.2 has no alert of its own for it.
        Error::AlertReceived(_)
            if seen.client_certificate_requested && seen.client_certificate_sent.is_none() =>
        {
            Reason::TlsClientCertRequired
        }
        Error::AlertReceived(AlertDescription::CloseNotify) => Reason::TlsReset,
        Error::AlertReceived(_) | Error::PeerIncompatible(_) | Error::NoApplicationProtocol => {
            Reason::TlsAlert
        }
        // Bytes that look like TLS and are not: the handshake was cut or damaged on the way.
        _ => Reason::TlsReset,
    };
    Failure::new(reason, format!("TLS handshake with {asked}: {tls}"))
}

/// What it means that the server turned a call away, as servers do that miss a client certificate or do not like the one
/// they got: with TLS 1.3 they say so only after the handshake. `None` where none was asked for.
pub(in crate::probe) fn turned_away(
    seen: &TlsEvidence,
    how: &str,
    broken: Option<&Failure>,
) -> Option<Failure> {
    if !seen.client_certificate_requested {
        return None;
    }
    let words = match (&seen.client_certificate_sent, broken) {
        (None, _) => format!("the server asked for a client certificate and {how}"),
        (Some(subject), Some(broken)) if broken.detail.contains("received fatal alert") => {
            format!("the server rejected the client certificate {subject}: {}", broken.detail)
        }
        (Some(subject), Some(broken)) if broken.reason == Reason::HttpReset => format!(
            "the server probably rejected the client certificate {subject}: it {how} ({})",
            broken.detail
        ),
        (Some(subject), _) => format!("the server rejected the client certificate {subject}: it {how}"),
    };
    Some(Failure::new(Reason::TlsClientCertRequired, words))
}

/// Alerts with which a server ends a handshake because of the client's certificate; TLS 1.2 also has none of its own.
fn is_about_certificates(alert: AlertDescription) -> bool {
    use AlertDescription as A;
    matches!(
        alert,
        A::BadCertificate
            | A::UnsupportedCertificate
            | A::CertificateRevoked
            | A::CertificateExpired
            | A::CertificateUnknown
            | A::CertificateRequired
            | A::UnknownCA
            | A::AccessDenied
            | A::HandshakeFailure
    )
}

/// The handshake got no further in time.
pub(super) fn of_silence(asked: &str, first_bytes: &[u8], waited: Duration) -> Failure {
    if !first_bytes.is_empty() && !looks_like_tls(first_bytes) {
        return not_tls(asked, first_bytes);
    }
    let waited = waited.as_secs_f64();
    let came = if first_bytes.is_empty() { "no answer to the client hello" } else { "the handshake stalled" };
    Failure::new(Reason::TlsTimeout, format!("TLS handshake with {asked}: {came} in {waited:.1} s"))
}

fn of_socket(error: &io::Error, asked: &str) -> Failure {
    let reason = match IoTrouble::of(error) {
        IoTrouble::Exhausted => Reason::CanaryExhausted,
        IoTrouble::TimedOut => Reason::TlsTimeout,
        IoTrouble::Refused
        | IoTrouble::Reset
        | IoTrouble::Eof
        | IoTrouble::Unreachable
        | IoTrouble::Other => Reason::TlsReset,
    };
    Failure::new(reason, format!("TLS handshake with {asked}: {error}"))
}

fn not_tls(asked: &str, first_bytes: &[u8]) -> Failure {
    let start = first_line(first_bytes);
    Failure::new(
        Reason::TlsNotTls,
        format!("TLS handshake with {asked}: the server does not speak TLS, it sent {start:?}"),
    )
}

/// The start of what came that is not TLS, as text.
pub(in crate::probe) fn first_line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .chars()
        .take_while(|c| !matches!(c, '\r' | '\n'))
        .map(|c| if c.is_control() { '.' } else { c })
        .take(40)
        .collect()
}

/// Whether bytes start as a TLS record does: a content type of 20 to 24 and version 3.x.
pub(in crate::probe) fn looks_like_tls(bytes: &[u8]) -> bool {
    match bytes {
        [kind] => (20..=24).contains(kind),
        [kind, major, ..] => (20..=24).contains(kind) && *major == 3,
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(error: Error) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, error)
    }

    #[test]
    fn the_table() {
        use Reason as R;
        const RECORD: &[u8] = &[22, 3, 3, 0, 90];
        let alert = |alert| wrapped(Error::AlertReceived(alert));
        for (error, first, reason) in [
            (alert(AlertDescription::ProtocolVersion), RECORD, R::TlsVersion),
            (alert(AlertDescription::HandshakeFailure), RECORD, R::TlsAlert),
            (alert(AlertDescription::CertificateRequired), RECORD, R::TlsClientCertRequired),
            (
                wrapped(Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13)),
                RECORD,
                R::TlsVersion,
            ),
            (io::Error::from(io::ErrorKind::ConnectionReset), b"", R::TlsReset),
            (io::Error::from(io::ErrorKind::UnexpectedEof), b"", R::TlsReset),
            (io::Error::from(io::ErrorKind::UnexpectedEof), b"SSH-2.0-x\r\n", R::TlsNotTls),
            (wrapped(Error::General("x".to_owned())), b"HTTP/1.1 400 Bad Request\r\n", R::TlsNotTls),
            (io::Error::from_raw_os_error(libc::EMFILE), b"", R::CanaryExhausted),
        ] {
            let failure = of(&error, "api.example", first, &TlsEvidence::default());
            assert_eq!(failure.reason, reason, "{}", failure.detail);
        }
        let asked = TlsEvidence { client_certificate_requested: true, ..TlsEvidence::default() };
        let refused = of(&alert(AlertDescription::HandshakeFailure), "x", RECORD, &asked);
        assert_eq!(refused.reason, R::TlsClientCertRequired);
        let sent = TlsEvidence { client_certificate_sent: Some("CN=canary".into()), ..asked.clone() };
        for (description, reason) in [
            (AlertDescription::UnknownCA, R::TlsClientCertRequired),
            (AlertDescription::CertificateRevoked, R::TlsClientCertRequired),
            (AlertDescription::InternalError, R::TlsAlert),
        ] {
            let failure = of(&alert(description), "x", RECORD, &sent);
            assert_eq!(failure.reason, reason, "{}", failure.detail);
            let rejected = failure.detail.contains("rejected the client certificate CN=canary: ");
            assert_eq!(rejected, reason == R::TlsClientCertRequired, "{}", failure.detail);
        }
        assert_eq!(of_silence("x", b"", Duration::from_secs(1)).reason, R::TlsTimeout);
        assert_eq!(of_silence("x", b"220 smtp", Duration::from_secs(1)).reason, R::TlsNotTls);
    }

    #[test]
    fn a_call_turned_away_says_whether_a_certificate_was_sent() {
        let words = |requested, sent: Option<&str>, broken: Option<&Failure>| {
            let seen = TlsEvidence {
                client_certificate_requested: requested,
                client_certificate_sent: sent.map(Into::into),
                ..TlsEvidence::default()
            };
            turned_away(&seen, "did so", broken).map(|failure| failure.detail)
        };
        let alert = Failure::new(Reason::HttpReset, "waiting: received fatal alert: UnknownCA");
        let cut = Failure::new(Reason::HttpReset, "waiting: reset");
        let page = Failure::new(Reason::RequestRejected, "HTTP 400");
        assert_eq!(words(false, None, Some(&cut)), None);
        for (sent, broken, expected) in [
            (None, &cut, "the server asked for a client certificate and did so"),
            (
                Some("CN=c"),
                &alert,
                "the server rejected the client certificate CN=c: waiting: received fatal alert: UnknownCA",
            ),
            (
                Some("CN=c"),
                &cut,
                "the server probably rejected the client certificate CN=c: it did so (waiting: reset)",
            ),
            (Some("CN=c"), &page, "the server rejected the client certificate CN=c: it did so"),
        ] {
            assert_eq!(words(true, sent, Some(broken)).as_deref(), Some(expected));
        }
    }
}
