//! The closed catalogue of reasons why a layer fails.
//!
//! Promises: one row a reason; label, layer, severity, blame and summary come from the same row, so that none can be
//! without the others; a label that has been released keeps its meaning.

use std::fmt;

use super::Layer;

/// Who must act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blame {
    /// Whoever runs the name servers.
    Resolver,
    /// Whoever runs the network between here and the provider.
    Network,
    /// Whoever runs the proxy.
    Proxy,
    /// The provider.
    Provider,
    /// Whoever owns the account or key.
    Account,
    /// Whoever wrote the configuration.
    Config,
    /// Whoever runs the canary.
    Canary,
}

impl Blame {
    /// The label value.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Resolver => "resolver",
            Self::Network => "network",
            Self::Proxy => "proxy",
            Self::Provider => "provider",
            Self::Account => "account",
            Self::Config => "config",
            Self::Canary => "canary",
        }
    }
}

/// How bad a reason is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// It works, but not as it should.
    Degraded,
    /// It does not work.
    Down,
}

macro_rules! reasons {
    ($($variant:ident, $label:literal, $layer:ident, $severity:ident, $blame:ident, $summary:literal;)*) => {
        /// Why a layer failed. See the table in this file for label, layer, severity, blame and summary.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $(#[doc = $summary] $variant,)*
        }

        impl Reason {
            /// Every reason, lowest layer first.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The label value.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }

            /// The layer it belongs to.
            #[must_use]
            pub const fn layer(self) -> Layer {
                match self { $(Self::$variant => Layer::$layer,)* }
            }

            /// How bad it is.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }

            /// Who must act, as far as the reason alone tells.
            #[must_use]
            pub const fn blame(self) -> Blame {
                match self { $(Self::$variant => Blame::$blame,)* }
            }

            /// One line that says it in words.
            #[must_use]
            pub const fn summary(self) -> &'static str {
                match self { $(Self::$variant => $summary,)* }
            }
        }
    };
}

reasons! {
    DnsNxdomain, "dns_nxdomain", Dns, Down, Resolver, "the resolver says the name does not exist";
    DnsNodata, "dns_nodata", Dns, Down, Resolver, "the name exists but has no address of this family";
    DnsServfail, "dns_servfail", Dns, Down, Resolver, "the resolver could not answer (SERVFAIL)";
    DnsRefused, "dns_refused", Dns, Down, Resolver, "the resolver refuses to answer, or nothing listens on its port";
    DnsTimeout, "dns_timeout", Dns, Down, Resolver, "the resolver did not answer in time";
    DnsMalformed, "dns_malformed", Dns, Down, Resolver, "the resolver's reply is not a valid answer to the question";
    DnsSinkholed, "dns_sinkholed", Dns, Down, Resolver, "the name resolves to an address that cannot be the API: blocked or rewritten";
    DnsUnexpectedAddress, "dns_unexpected_address", Dns, Down, Resolver, "the name resolves to an address outside the expected networks";
    DnsTlsFailed, "dns_tls_failed", Dns, Down, Resolver, "the encrypted connection to the resolver could not be made, or its certificate did not verify";
    DnsBogus, "dns_bogus", Dns, Down, Resolver, "the answer fails its DNSSEC validation";
    DnsDisagreement, "dns_disagreement", Dns, Degraded, Resolver, "the resolvers give answers that have nothing in common";
    DnsResolverDown, "dns_resolver_down", Dns, Degraded, Resolver, "one of several resolvers does not answer";
    TcpRefused, "tcp_refused", Tcp, Down, Network, "the connection was refused";
    TcpTimeout, "tcp_timeout", Tcp, Down, Network, "no answer to the connection attempt in time: packets are dropped";
    TcpReset, "tcp_reset", Tcp, Down, Network, "the connection was reset while it was set up";
    TcpUnreachable, "tcp_unreachable", Tcp, Down, Network, "there is no route to the address, or a local rule forbids it";
    Offline, "offline", Tcp, Down, Network, "nothing at all is reachable from here";
    AddressFailing, "address_failing", Tcp, Degraded, Network, "some of the name's addresses do not work";
    Ipv6Broken, "ipv6_broken", Tcp, Degraded, Network, "IPv6 fails while IPv4 works";
    Ipv4Broken, "ipv4_broken", Tcp, Degraded, Network, "IPv4 fails while IPv6 works";
    IdleDropped, "idle_dropped", Tcp, Degraded, Network, "the network forgets idle connections";
    CanaryExhausted, "canary_exhausted", Tcp, Down, Canary, "the canary ran out of its own resources";
    ProxyUnreachable, "proxy_unreachable", Proxy, Down, Proxy, "the proxy cannot be reached";
    ProxyAuthRequired, "proxy_auth_required", Proxy, Down, Proxy, "the proxy wants credentials";
    ProxyDenied, "proxy_denied", Proxy, Down, Proxy, "the proxy refuses this destination";
    ProxyFailed, "proxy_failed", Proxy, Down, Proxy, "the proxy could not reach the destination";
    ProxyTimeout, "proxy_timeout", Proxy, Down, Proxy, "the proxy did not answer in time";
    ProxyProtocol, "proxy_protocol", Proxy, Down, Proxy, "what answers is not a proxy";
    ProxyRequired, "proxy_required", Proxy, Down, Network, "the direct way is blocked and a proxy works";
    ProxyEnvDisagreement, "proxy_env_disagreement", Proxy, Degraded, Config, "clients read the proxy variables differently";
    ProxySchemeUnsupported, "proxy_scheme_unsupported", Proxy, Degraded, Config, "the proxy variable cannot be used: its scheme or form is not what clients support";
    TlsNotTls, "tls_not_tls", Tls, Down, Network, "what answers on the port does not speak TLS";
    TlsReset, "tls_reset", Tls, Down, Network, "the connection was cut during the TLS handshake";
    TlsTimeout, "tls_timeout", Tls, Down, Network, "the TLS handshake got no answer in time";
    TlsSniFiltered, "tls_sni_filtered", Tls, Down, Network, "the network cuts TLS when it sees this server name";
    TlsMtuBlackhole, "tls_mtu_blackhole", Tls, Down, Network, "large packets are lost on the way";
    TlsLargeHelloDropped, "tls_large_hello_dropped", Tls, Down, Network, "the large post-quantum client hello is dropped on the way";
    TlsUntrustedIssuer, "tls_untrusted_issuer", Tls, Down, Network, "the certificate's issuer is not trusted";
    TlsIntercepted, "tls_intercepted", Tls, Down, Network, "something on the way intercepts TLS with its own certificate";
    TlsSelfSigned, "tls_self_signed", Tls, Down, Network, "the certificate is self-signed";
    TlsIncompleteChain, "tls_incomplete_chain", Tls, Down, Provider, "the server does not send its intermediate certificate";
    TlsCertExpired, "tls_cert_expired", Tls, Down, Provider, "the certificate has expired";
    TlsCertNotYetValid, "tls_cert_not_yet_valid", Tls, Down, Provider, "the certificate is not valid yet";
    TlsNameMismatch, "tls_name_mismatch", Tls, Down, Provider, "the certificate is for another name";
    TlsRevoked, "tls_revoked", Tls, Down, Provider, "the certificate was revoked";
    TlsClockSkew, "tls_clock_skew", Tls, Down, Canary, "this machine's clock is wrong, so certificates seem out of date";
    TlsVersion, "tls_version", Tls, Down, Config, "client and server share no TLS version";
    TlsAlert, "tls_alert", Tls, Down, Provider, "the server ended the handshake with an alert";
    TlsClientCertRequired, "tls_client_cert_required", Tls, Down, Config, "the server requires a client certificate";
    TlsOldVersionAccepted, "tls_old_version_accepted", Tls, Degraded, Provider, "the server accepts a TLS version older than it should";
    TlsCertExpiring, "tls_cert_expiring", Tls, Degraded, Provider, "the certificate expires soon";
    TlsInterceptedTrusted, "tls_intercepted_trusted", Tls, Degraded, Network, "TLS is intercepted with an issuer that only this machine trusts";
    HttpTimeout, "http_timeout", Api, Down, Provider, "the request got no complete answer in time";
    HttpReset, "http_reset", Api, Down, Network, "the connection was cut before the answer was complete";
    HttpProtocol, "http_protocol", Api, Down, Network, "the answer is not valid HTTP";
    Http2Broken, "http2_broken", Api, Down, Network, "HTTP/2 fails where HTTP/1.1 works";
    HttpNotRedirected, "http_not_redirected", Api, Degraded, Provider, "plain HTTP on port 80 is not redirected to HTTPS";
    HttpSlow, "http_slow", Api, Degraded, Provider, "the answer took longer than expected";
    NotTheApi, "not_the_api", Api, Down, Network, "something between here and the API answered";
    EdgeChallenge, "edge_challenge", Api, Down, Provider, "the provider's edge challenges this client";
    RegionBlocked, "region_blocked", Api, Down, Provider, "the provider refuses the region this call comes from";
    EdgeOriginUnreachable, "edge_origin_unreachable", Api, Down, Provider, "the provider's edge cannot reach its origin";
    AuthInvalid, "auth_invalid", Api, Down, Account, "the API rejects the key";
    AuthForbidden, "auth_forbidden", Api, Down, Account, "the key is valid but not allowed to do this";
    TenantRestricted, "tenant_restricted", Api, Down, Network, "the network restricts which organizations may be used";
    Billing, "billing", Api, Down, Account, "the account has a payment problem";
    SpendLimit, "spend_limit", Api, Down, Account, "the account's spend limit is reached";
    RateLimited, "rate_limited", Api, Down, Account, "a rate limit is exhausted";
    ProviderOverloaded, "provider_overloaded", Api, Down, Provider, "the provider is at capacity";
    ProviderError, "provider_error", Api, Down, Provider, "the provider failed to handle the request";
    RequestRejected, "request_rejected", Api, Down, Config, "the API says the request is wrong";
    ModelNotFound, "model_not_found", Api, Down, Config, "the API does not know the model or path";
    UnexpectedStatus, "unexpected_status", Api, Down, Provider, "the status is not the expected one";
    UnexpectedBody, "unexpected_body", Api, Down, Provider, "the body is not the expected one";
    StreamStalled, "stream_stalled", Api, Down, Provider, "the stream went silent";
    StreamCut, "stream_cut", Api, Down, Network, "the stream ended before its end";
    StreamError, "stream_error", Api, Down, Provider, "the provider reported an error inside the stream";
    SlowFirstToken, "slow_first_token", Api, Degraded, Provider, "the first token took longer than expected";
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn labels_are_unique_and_snake_case() {
        let labels: HashSet<_> = Reason::ALL.iter().map(|reason| reason.label()).collect();
        assert_eq!(labels.len(), Reason::ALL.len());
        assert!(
            labels.iter().all(|label| label
                .bytes()
                .all(|b| b == b'_' || b.is_ascii_lowercase() || b.is_ascii_digit()))
        );
    }

    #[test]
    fn the_catalogue_is_listed_from_the_lowest_layer_up() {
        assert!(Reason::ALL.is_sorted_by_key(|reason| reason.layer()));
    }
}
