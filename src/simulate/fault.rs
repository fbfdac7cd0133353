//! The closed catalogue of faults: name, layer and one line on what a client sees, declared once.

use std::fmt;
use std::str::FromStr;

/// A name that is no fault's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no fault is called `{name}`; the faults are: {known}", name = .0, known = names())]
pub struct UnknownFault(pub String);

macro_rules! faults {
    ($($variant:ident $name:literal $layer:literal $summary:literal)+) => {
        /// One way to break one layer.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Fault { $(#[doc = $summary] $variant,)+ }

        impl Fault {
            /// Every fault, from the lowest layer to the highest.
            pub const ALL: &[Fault] = &[$(Fault::$variant),+];

            /// The kebab-case name, which is also the host label that always has the fault.
            pub const fn name(self) -> &'static str {
                match self { $(Fault::$variant => $name),+ }
            }

            /// The layer it breaks: `dns`, `tcp`, `proxy`, `tls` or `api`.
            pub const fn layer(self) -> &'static str {
                match self { $(Fault::$variant => $layer),+ }
            }

            /// What a client sees, in one line.
            pub const fn summary(self) -> &'static str {
                match self { $(Fault::$variant => $summary),+ }
            }

            /// The fault of this name.
            pub(super) fn find(name: &str) -> Option<Fault> {
                match name { $($name => Some(Fault::$variant),)+ _ => None }
            }
        }
    };
}

faults! {
    DnsNxdomain "dns-nxdomain" "dns" "the name does not exist"
    DnsNodata "dns-nodata" "dns" "the name exists and has no addresses"
    DnsServfail "dns-servfail" "dns" "the resolver answers SERVFAIL"
    DnsRefused "dns-refused" "dns" "the resolver answers REFUSED"
    DnsTimeout "dns-timeout" "dns" "the resolver never answers, over UDP or TCP"
    DnsMalformed "dns-malformed" "dns" "the answer has the right id and is garbage after it"
    DnsWrongId "dns-wrong-id" "dns" "the only answer carries another query's id"
    DnsWrongQuestion "dns-wrong-question" "dns" "the answer is to another question"
    DnsTruncated "dns-truncated" "dns" "over UDP empty and truncated, over TCP healthy"
    DnsSinkholed "dns-sinkholed" "dns" "the addresses are 0.0.0.0 and ::"
    DnsLoopback "dns-loopback" "dns" "the address is 127.0.0.53, where nothing listens"
    DnsUnexpected "dns-unexpected" "dns" "the address is 127.0.0.7, where the API answers healthily too"
    DnsSlow "dns-slow" "dns" "the healthy answer comes after 1.5 s"
    DnsCnameLoop "dns-cname-loop" "dns" "the name is an alias of itself, by way of another"

    TcpRefused "tcp-refused" "tcp" "nothing listens at the address: connection refused"
    TcpTimeout "tcp-timeout" "tcp" "the address drops every SYN"
    TcpUnreachable "tcp-unreachable" "tcp" "the kernel has no route to the address"
    TcpSecondAddress "tcp-second-address" "tcp" "the first of two addresses refuses, the second is healthy"

    ProxyAuthRequired "proxy-auth-required" "proxy" "a proxy wants other credentials for it: 407"
    ProxyDenied "proxy-denied" "proxy" "a proxy refuses to lead there: 403 with x-deny-reason, or SOCKS code 2"
    ProxyFailed "proxy-failed" "proxy" "a proxy says that it cannot reach it: 502, or SOCKS code 5"
    ProxyTimeout "proxy-timeout" "proxy" "a proxy that is asked for it never answers"
    ProxyGarbage "proxy-garbage" "proxy" "a proxy that is asked for it answers in another protocol"
    ProxyClosed "proxy-closed" "proxy" "a proxy that is asked for it closes the connection"

    TlsExpired "tls-expired" "tls" "the certificate expired three days ago"
    TlsNotYetValid "tls-not-yet-valid" "tls" "the certificate becomes valid in three days"
    TlsClockAhead "tls-clock-ahead" "tls" "the certificate becomes valid in three days, and the server's clock is four days ahead"
    TlsClockBehind "tls-clock-behind" "tls" "the certificate expired three days ago, and the server's clock is four days behind"
    TlsWrongName "tls-wrong-name" "tls" "the certificate is for wrong.example"
    TlsUntrusted "tls-untrusted" "tls" "the chain ends below a root nobody knows, which is not sent"
    TlsUntrustedRootSent "tls-untrusted-root-sent" "tls" "the chain includes a root nobody knows"
    TlsSelfSigned "tls-self-signed" "tls" "the certificate is signed by itself"
    TlsIncompleteChain "tls-incomplete-chain" "tls" "the intermediate certificate is not sent"
    TlsExpiring "tls-expiring" "tls" "healthy, but the certificate has five days left"
    TlsNotTls "tls-not-tls" "tls" "the ClientHello is answered with plain HTTP"
    TlsBanner "tls-banner" "tls" "the ClientHello is answered with an SSH banner"
    TlsReset "tls-reset" "tls" "the connection is reset after a ClientHello with this server name"
    TlsEof "tls-eof" "tls" "the connection is closed after the ClientHello"
    TlsTimeout "tls-timeout" "tls" "a ClientHello with this server name is never answered"
    TlsAddressReset "tls-address-reset" "tls" "the address resets whatever is said to it, for any server name"
    TlsAddressSilent "tls-address-silent" "tls" "the address never answers what is said to it, for any server name"
    TlsLargeHello "tls-large-hello" "tls" "a ClientHello that offers X25519MLKEM768 is never answered, any other is healthy"
    TlsAlert "tls-alert" "tls" "the ClientHello is answered with alert handshake_failure"
    TlsVersion "tls-version" "tls" "the ClientHello is answered with alert protocol_version"
    Tls12 "tls-1.2" "tls" "healthy, but TLS 1.2 only"
    TlsClientCert "tls-client-cert" "tls" "a client certificate is required"
    TlsNoAlpn "tls-no-alpn" "tls" "healthy, but without ALPN"
    TlsH1Only "tls-h1-only" "tls" "healthy, but ALPN offers http/1.1 only"

    Http302 "http-302" "api" "302 to a login portal, from something in between"
    Http400Credit "http-400-credit" "api" "400 invalid_request_error: the credit balance is too low"
    Http400Spend "http-400-spend" "api" "400 invalid_request_error: the spend limit one has set is reached"
    Http401 "http-401" "api" "401 authentication_error: invalid x-api-key"
    Http401Keyed "http-401-keyed" "api" "401 authentication_error for calls with a key, whatever it is; healthy without"
    Http402 "http-402" "api" "402 billing_error"
    Http403 "http-403" "api" "403 permission_error"
    Http403Region "http-403-region" "api" "403 of the edge without type, request_id and request-id"
    Http403Challenge "http-403-challenge" "api" "403 with the edge's HTML challenge page, cf-mitigated: challenge"
    Http403Tenant "http-403-tenant" "api" "403 permission_error tenant_restriction_violation"
    Http404 "http-404" "api" "404 not_found_error"
    Http413 "http-413" "api" "413 of the edge, HTML, without request-id"
    Http429 "http-429" "api" "429 rate_limit_error with retry-after: 7 and no requests remaining"
    Http429Ms "http-429-ms" "api" "429 with retry-after-ms: 1500, retry-after: 2 and x-should-retry: true"
    Http429Date "http-429-date" "api" "429 with retry-after as an HTTP date in 7 s"
    Http429NoRetry "http-429-no-retry" "api" "429 with retry-after: 7 and x-should-retry: false"
    Http429Spend "http-429-spend" "api" "429 enforced_spend_limit_reached without retry-after"
    Http500 "http-500" "api" "500 api_error"
    Http503Text "http-503-text" "api" "503 with the proxy tier's plain text, without request-id"
    Http504 "http-504" "api" "504 timeout_error"
    Http520 "http-520" "api" "520 of the edge, HTML, without request-id"
    Http522Json "http-522-json" "api" "522 of the edge, JSON with retry_after 120, without request-id"
    Http529 "http-529" "api" "529 overloaded_error"
    Portal "portal" "api" "200 with a login page, without any of the provider's headers"
    HttpEmpty200 "http-empty-200" "api" "200 with nothing in it, without request-id"
    HttpNotJson "http-not-json" "api" "200 text/plain rubbish, with request-id"
    HttpTimeout "http-timeout" "api" "the request is never answered"
    HttpH2Silent "http-h2-silent" "api" "over HTTP/2 requests are never answered, over HTTP/1.1 healthy"
    HttpH2Reset "http-h2-reset" "api" "over HTTP/2 the stream of every request is reset, over HTTP/1.1 healthy"
    HttpReset "http-reset" "api" "the connection is reset after the request was read"
    HttpEof "http-eof" "api" "the connection is closed after the request was read"
    HttpGarbage "http-garbage" "api" "the request is answered with bytes that are no HTTP"
    HttpCutBody "http-cut-body" "api" "content-length is 1000, the body ends after 10 bytes"
    HttpSlow "http-slow" "api" "the healthy answer comes after 1.5 s"
    HttpSlowBody "http-slow-body" "api" "the head comes at once, the body in four parts until 1.4 s"
    HttpHugeBody "http-huge-body" "api" "200 with a body of 3 MiB"
    HttpHugeHeaders "http-huge-headers" "api" "200 with a header of 100 KiB"
    HttpLimitsAbsurd "http-limits-absurd" "api" "healthy, but the rate limits are negative, beyond any number, or words"

    StreamError "stream-error" "api" "a stream ends with an overloaded_error event after some tokens"
    StreamCut "stream-cut" "api" "the connection is closed after some tokens of a stream"
    StreamReset "stream-reset" "api" "the connection is reset after some tokens of a stream"
    StreamNoEnd "stream-no-end" "api" "a stream ends properly for HTTP, but without its last event"
    StreamStall "stream-stall" "api" "nothing comes any more after some tokens of a stream"
    StreamStallMidEvent "stream-stall-mid-event" "api" "an event of a stream comes byte by byte and never ends"
    StreamPings "stream-pings" "api" "a stream starts, and then has only pings"
    StreamSlowStart "stream-slow-start" "api" "healthy, but a stream's first token comes after 1.5 s"
    StreamGarbage "stream-garbage" "api" "200 text/event-stream with data that is no JSON"
    StreamJson "stream-json" "api" "200 with a whole JSON answer where a stream was asked for"
}

/// Every fault's name, comma separated.
pub(super) fn names() -> String {
    Fault::ALL.iter().map(|fault| fault.name()).collect::<Vec<_>>().join(", ")
}

// === impl Fault ===

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::find(name).ok_or_else(|| UnknownFault(name.to_owned()))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_lead_back_to_the_fault() {
        let names: BTreeSet<_> = Fault::ALL.iter().map(|fault| fault.name()).collect();
        assert_eq!(names.len(), Fault::ALL.len());
        for fault in Fault::ALL {
            assert_eq!(fault.name().parse(), Ok(*fault));
        }
    }

    #[test]
    fn names_are_host_labels_that_tell_the_layer() {
        for fault in Fault::ALL {
            let name = fault.name();
            assert!(
                name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b)),
                "{name}"
            );
            let prefixes = if fault.layer() == "api" { ["http-", "stream-"] } else { [fault.layer(); 2] };
            assert!(
                prefixes.iter().any(|prefix| name.starts_with(prefix)) || *fault == Fault::Portal,
                "{name} is of layer {}",
                fault.layer()
            );
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let error = "tls-expried".parse::<Fault>().unwrap_err().to_string();
        assert!(error.contains("`tls-expried`") && error.contains("tls-expired"), "{error}");
    }
}
