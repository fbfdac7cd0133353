//! What a stapled OCSP response says of the certificate it came with: only whether it was revoked.
//!
//! Promises: only an answer for the leaf's serial counts, and only "revoked" is believed; anything else, malformed or for
//! another certificate, says nothing. The signature is not checked: whoever can put a staple into the handshake can also
//! cut the connection, and believing "revoked" does nothing but fail the journey. "Good" is never needed.

use x509_parser::asn1_rs::{Any, Class, FromDer as _, Tag};
use x509_parser::time::ASN1Time;
use x509_parser::x509::ReasonCode;

use super::facts;
use crate::clock;
use crate::outcome::{Check, Failure, Reason};

/// The check on a staple (empty where none came) for the certificate of this serial, written as facts write it.
pub(super) fn check(staple: &[u8], serial: &str) -> Check {
    match revocation(staple, serial) {
        None => Check::Passed,
        Some(Revocation { at, reason }) => {
            let at = at.and_then(clock::from_unix).map(|at| format!(" at {}", clock::rfc3339(at)));
            let reason = reason.map(|reason| format!(" for {reason}"));
            let words = format!(
                "the certificate was revoked{}{}: the server itself staples this OCSP answer",
                at.unwrap_or_default(),
                reason.unwrap_or_default()
            );
            Check::Failed(Failure::new(Reason::TlsRevoked, words))
        }
    }
}

struct Revocation {
    /// Unix time.
    at: Option<i64>,
    reason: Option<ReasonCode>,
}

/// The revocation of the certificate of this serial, if the response tells one.
fn revocation(staple: &[u8], serial: &str) -> Option<Revocation> {
    // OCSPResponse: status, [0] { { type, OCTET STRING of a BasicOCSPResponse } }
    let mut response = Der(staple).enter(Tag::Sequence)?;
    let successful = response.next()?;
    if successful.tag() != Tag::Enumerated || successful.data != [0] {
        return None;
    }
    let mut bytes = response.enter_tagged(0)?.enter(Tag::Sequence)?;
    bytes.next()?;
    let basic = bytes.next().filter(|basic| basic.tag() == Tag::OctetString)?;
    // ResponseData: [0] version?, responder [1] or [2], produced, responses
    let mut data = Der(basic.data).enter(Tag::Sequence)?.enter(Tag::Sequence)?;
    let mut part = data.next()?;
    if is_tagged(&part, 0) {
        part = data.next()?;
    }
    if !is_tagged(&part, 1) && !is_tagged(&part, 2) {
        return None;
    }
    data.next().filter(|produced| produced.tag() == Tag::GeneralizedTime)?;
    let mut responses = data.enter(Tag::Sequence)?;
    while let Some(mut single) = responses.enter(Tag::Sequence) {
        // SingleResponse: { algorithm, issuer's name, issuer's key, serial }, status
        let mut id = single.enter(Tag::Sequence)?;
        let number = [id.next()?, id.next()?, id.next()?, id.next()?];
        let [_, _, _, number] = number;
        if number.tag() != Tag::Integer || facts::serial(number.data) != serial {
            continue;
        }
        let status = single.next()?;
        if !is_tagged(&status, 1) {
            return None;
        }
        let mut revoked = Der(status.data);
        let at = ASN1Time::from_der(revoked.0).ok().map(|(_, at)| at.timestamp());
        revoked.next();
        let code = revoked.enter_tagged(0).and_then(|mut reason| reason.next());
        let reason = code.and_then(|code| code.data.first().copied()).map(ReasonCode);
        return Some(Revocation { at, reason });
    }
    None
}

fn is_tagged(part: &Any<'_>, tag: u32) -> bool {
    part.class() == Class::ContextSpecific && part.tag() == Tag(tag)
}

/// DER that is read part by part.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn next(&mut self) -> Option<Any<'a>> {
        let (rest, part) = Any::from_der(self.0).ok()?;
        self.0 = rest;
        Some(part)
    }

    /// The inside of the next part, which has this universal tag.
    fn enter(&mut self, tag: Tag) -> Option<Self> {
        let part = self.next()?;
        (part.class() == Class::Universal && part.tag() == tag).then_some(Self(part.data))
    }

    /// The inside of the next part, which has this context tag.
    fn enter_tagged(&mut self, tag: u32) -> Option<Self> {
        let part = self.next()?;
        is_tagged(&part, tag).then_some(Self(part.data))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A part in DER.
    fn part(tag: u8, content: &[&[u8]]) -> Vec<u8> {
        let content = content.concat();
        let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
        let head: &[u8] = match (high, low) {
            (0, 0..0x80) => &[tag, low],
            (0, _) => &[tag, 0x81, low],
            _ => &[tag, 0x82, high, low],
        };
        [head, &content].concat()
    }

    const AT: &[u8] = b"\x18\x0f20261122101112Z";

    fn single(serial: &[u8], status: &[u8]) -> Vec<u8> {
        let algorithm = part(0x30, &[&[6, 5, 0x2b, 0x0e, 3, 2, 0x1a]]);
        let hash = part(4, &[&[7; 20]]);
        let id = part(0x30, &[&algorithm, &hash, &hash, &part(2, &[serial])]);
        part(0x30, &[&id, status, AT])
    }

    fn response(status: u8, singles: &[&[u8]]) -> Vec<u8> {
        let responder = part(0xa2, &[&part(4, &[&[9; 20]])]);
        let data = part(0x30, &[&responder, AT, &part(0x30, singles)]);
        let basic = part(0x30, &[&data]);
        let kind = [6, 9, 0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1];
        let bytes = part(0x30, &[&kind, &part(4, &[&basic])]);
        part(0x30, &[&[0x0a, 1, status], &part(0xa0, &[&bytes])])
    }

    fn revoked() -> Vec<u8> {
        part(0xa1, &[AT, &part(0xa0, &[&[0x0a, 1, 1]])])
    }

    /// A response that says that the certificate of this serial, as it stands in DER, was revoked.
    pub(in crate::probe::tls) fn revoking(serial: &[u8]) -> Vec<u8> {
        response(0, &[&single(serial, &revoked())])
    }

    const GOOD: &[u8] = &[0x80, 0];

    #[test]
    fn only_revoked_for_this_serial_in_a_successful_response_counts() {
        let words = |staple: &[u8]| check(staple, "80c5").failure().map(|failure| failure.detail.clone());
        let ours = |status: &[u8]| single(&[0, 0x80, 0xc5], status);
        let other = single(&[0, 0x80, 0xc6], &revoked());
        let told = words(&response(0, &[&ours(&revoked())])).unwrap();
        assert_eq!(
            told,
            "the certificate was revoked at 2026-11-22T10:11:12Z for KeyCompromise: the server itself staples this \
             OCSP answer"
        );
        assert_eq!(words(&response(0, &[&other, &ours(&revoked())])), Some(told));
        let bare = words(&response(0, &[&ours(&part(0xa1, &[AT]))])).unwrap();
        assert!(bare.starts_with("the certificate was revoked at 2026-11-22T10:11:12Z: "), "{bare}");
        for silent in [
            Vec::new(),
            response(0, &[&ours(GOOD)]),
            response(0, &[&ours(&[0x82, 0])]),
            response(0, &[&other]),
            response(0, &[]),
            response(6, &[&ours(&revoked())]),
            b"HTTP/1.1 200 OK".to_vec(),
        ] {
            assert_eq!(words(&silent), None, "{silent:02x?}");
        }
        assert_eq!(
            check(&response(0, &[&ours(&revoked())]), "80c5").failure().unwrap().reason,
            Reason::TlsRevoked
        );
    }

    proptest! {
        #[test]
        fn a_damaged_response_is_read_without_harm(at in 0_usize..200, byte: u8, length in 0_usize..200) {
            let mut staple = response(0, &[&single(&[5], &revoked())]);
            if let Some(there) = staple.get_mut(at) {
                *there = byte;
            }
            staple.truncate(length);
            let _ = check(&staple, "05");
        }
    }
}
