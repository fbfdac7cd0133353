//! Which words belong to which reason, and how a remedy is filled.

use super::fill::{fill, tightened};
use super::{
    Language, ReasonWords, Text, account, answer, certificate, dns, http, proxy, tcp, text, tls_handshake,
};
use crate::diagnosis::Facts;
use crate::outcome::Reason;

/// The words of a reason.
#[must_use]
pub const fn reason(reason: Reason) -> &'static ReasonWords {
    match reason {
        Reason::DnsNxdomain => &dns::NXDOMAIN,
        Reason::DnsNodata => &dns::NODATA,
        Reason::DnsServfail => &dns::SERVFAIL,
        Reason::DnsRefused => &dns::REFUSED,
        Reason::DnsTimeout => &dns::TIMEOUT,
        Reason::DnsMalformed => &dns::MALFORMED,
        Reason::DnsSinkholed => &dns::SINKHOLED,
        Reason::DnsUnexpectedAddress => &dns::UNEXPECTED_ADDRESS,
        Reason::DnsTlsFailed => &dns::TLS_FAILED,
        Reason::DnsBogus => &dns::BOGUS,
        Reason::DnsDisagreement => &dns::DISAGREEMENT,
        Reason::DnsResolverDown => &dns::RESOLVER_DOWN,
        Reason::TcpRefused => &tcp::REFUSED,
        Reason::TcpTimeout => &tcp::TIMEOUT,
        Reason::TcpReset => &tcp::RESET,
        Reason::TcpUnreachable => &tcp::UNREACHABLE,
        Reason::Offline => &tcp::OFFLINE,
        Reason::AddressFailing => &tcp::ADDRESS_FAILING,
        Reason::Ipv6Broken => &tcp::IPV6_BROKEN,
        Reason::Ipv4Broken => &tcp::IPV4_BROKEN,
        Reason::IdleDropped => &tcp::IDLE_DROPPED,
        Reason::CanaryExhausted => &tcp::EXHAUSTED,
        Reason::ProxyUnreachable => &proxy::UNREACHABLE,
        Reason::ProxyAuthRequired => &proxy::AUTH_REQUIRED,
        Reason::ProxyDenied => &proxy::DENIED,
        Reason::ProxyFailed => &proxy::FAILED,
        Reason::ProxyTimeout => &proxy::TIMEOUT,
        Reason::ProxyProtocol => &proxy::PROTOCOL,
        Reason::ProxyRequired => &proxy::REQUIRED,
        Reason::ProxyEnvDisagreement => &proxy::ENV_DISAGREEMENT,
        Reason::ProxySchemeUnsupported => &proxy::SCHEME_UNSUPPORTED,
        Reason::TlsNotTls => &tls_handshake::NOT_TLS,
        Reason::TlsReset => &tls_handshake::RESET,
        Reason::TlsTimeout => &tls_handshake::TIMEOUT,
        Reason::TlsSniFiltered => &tls_handshake::SNI_FILTERED,
        Reason::TlsMtuBlackhole => &tls_handshake::MTU_BLACKHOLE,
        Reason::TlsLargeHelloDropped => &tls_handshake::LARGE_HELLO_DROPPED,
        Reason::TlsUntrustedIssuer => &certificate::UNTRUSTED_ISSUER,
        Reason::TlsIntercepted => &certificate::INTERCEPTED,
        Reason::TlsSelfSigned => &certificate::SELF_SIGNED,
        Reason::TlsIncompleteChain => &certificate::INCOMPLETE_CHAIN,
        Reason::TlsCertExpired => &certificate::CERT_EXPIRED,
        Reason::TlsCertNotYetValid => &certificate::CERT_NOT_YET_VALID,
        Reason::TlsNameMismatch => &certificate::NAME_MISMATCH,
        Reason::TlsRevoked => &certificate::REVOKED,
        Reason::TlsClockSkew => &certificate::CLOCK_SKEW,
        Reason::TlsVersion => &tls_handshake::VERSION,
        Reason::TlsAlert => &tls_handshake::ALERT,
        Reason::TlsClientCertRequired => &tls_handshake::CLIENT_CERT_REQUIRED,
        Reason::TlsOldVersionAccepted => &tls_handshake::OLD_VERSION_ACCEPTED,
        Reason::TlsCertExpiring => &certificate::CERT_EXPIRING,
        Reason::TlsInterceptedTrusted => &certificate::INTERCEPTED_TRUSTED,
        Reason::HttpTimeout => &http::TIMEOUT,
        Reason::HttpReset => &http::RESET,
        Reason::HttpProtocol => &http::PROTOCOL,
        Reason::Http2Broken => &http::HTTP2_BROKEN,
        Reason::HttpNotRedirected => &http::NOT_REDIRECTED,
        Reason::HttpSlow => &http::SLOW,
        Reason::NotTheApi => &http::NOT_THE_API,
        Reason::EdgeChallenge => &http::EDGE_CHALLENGE,
        Reason::RegionBlocked => &http::REGION_BLOCKED,
        Reason::EdgeOriginUnreachable => &http::EDGE_ORIGIN_UNREACHABLE,
        Reason::AuthInvalid => &account::AUTH_INVALID,
        Reason::AuthForbidden => &account::AUTH_FORBIDDEN,
        Reason::TenantRestricted => &account::TENANT_RESTRICTED,
        Reason::Billing => &account::BILLING,
        Reason::SpendLimit => &account::SPEND_LIMIT,
        Reason::RateLimited => &account::RATE_LIMITED,
        Reason::ProviderOverloaded => &answer::OVERLOADED,
        Reason::ProviderError => &answer::ERROR,
        Reason::RequestRejected => &account::REQUEST_REJECTED,
        Reason::ModelNotFound => &account::MODEL_NOT_FOUND,
        Reason::UnexpectedStatus => &answer::UNEXPECTED_STATUS,
        Reason::UnexpectedBody => &answer::UNEXPECTED_BODY,
        Reason::StreamStalled => &answer::STREAM_STALLED,
        Reason::StreamCut => &answer::STREAM_CUT,
        Reason::StreamError => &answer::STREAM_ERROR,
        Reason::SlowFirstToken => &answer::SLOW_FIRST_TOKEN,
    }
}

/// One line that says what the reason is.
#[must_use]
pub const fn summary(reason: Reason, language: Language) -> &'static str {
    match language {
        Language::English => reason.summary(),
        Language::Chinese => self::reason(reason).summary_zh,
    }
}

/// What to do, filled with what is known. In a command that lacks a fact its placeholder stays in capitals, such as
/// `HOST`; elsewhere there are words in its place.
#[must_use]
pub fn remedy(reason: Reason, facts: &Facts, language: Language) -> String {
    let text = self::reason(reason).remedy.told(language);
    let filled = fill(text, |name, in_command| {
        let blank = BLANKS.iter().find(|blank| blank.name == name)?;
        Some(match (blank.fact)(facts) {
            Some(fact) => fact.to_owned(),
            None if in_command => name.to_ascii_uppercase(),
            None => blank.otherwise.told(language).to_owned(),
        })
    });
    match language {
        Language::English => filled,
        Language::Chinese => tightened(&filled),
    }
}

/// A placeholder of a remedy.
struct Blank {
    name: &'static str,
    /// What it is filled with.
    fact: fn(&Facts) -> Option<&str>,
    /// What is said where that is not known.
    otherwise: Text,
}

const BLANKS: [Blank; 13] = [
    Blank {
        name: "host",
        fact: |facts| facts.host.as_deref(),
        otherwise: text("the API's host", "API 主机"),
    },
    Blank {
        name: "address",
        fact: |facts| facts.address.as_deref(),
        otherwise: text("the API's address", "API 的地址"),
    },
    Blank {
        name: "resolver",
        fact: |facts| facts.resolver.as_deref(),
        otherwise: text("the resolver", "该解析器"),
    },
    Blank { name: "proxy", fact: |facts| facts.proxy.as_deref(), otherwise: text("the proxy", "该代理") },
    Blank {
        name: "issuer",
        fact: |facts| facts.issuer.as_deref(),
        otherwise: text("this issuer", "该颁发者"),
    },
    Blank {
        name: "working_route",
        fact: |facts| facts.working_route.as_deref(),
        otherwise: text("that works", "（可用的那条）"),
    },
    Blank { name: "model", fact: |facts| facts.model.as_deref(), otherwise: text("the model", "该模型") },
    Blank {
        name: "wait",
        fact: |facts| facts.wait.as_deref(),
        otherwise: text(
            "as long as `retry-after` says, else some seconds",
            "`retry-after` 所说的时间（没有则几秒）",
        ),
    },
    Blank {
        name: "clock", fact: |facts| facts.clock.as_deref(), otherwise: text("it is wrong", "有偏差")
    },
    Blank { name: "held", fact: |facts| facts.held.as_deref(), otherwise: text("a while", "一段时间") },
    Blank {
        name: "url", fact: |facts| facts.url.as_deref(), otherwise: text("the API's URL", "API 的 URL")
    },
    Blank { name: "port", fact: |facts| facts.port.as_deref(), otherwise: text("443", "443") },
    Blank {
        name: "request_id",
        fact: |facts| facts.request_id.as_deref(),
        otherwise: text("the request id", "请求 ID"),
    },
];

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::diagnosis::words::fill::placeholders;

    /// Facts of which each is known by its name in brackets.
    fn known() -> Facts {
        let fact = |name: &str| Some(format!("<{name}>"));
        Facts {
            host: fact("host"),
            address: fact("address"),
            resolver: fact("resolver"),
            proxy: fact("proxy"),
            issuer: fact("issuer"),
            working_route: fact("working_route"),
            model: fact("model"),
            wait: fact("wait"),
            clock: fact("clock"),
            held: fact("held"),
            url: fact("url"),
            port: fact("port"),
            request_id: fact("request_id"),
        }
    }

    fn has_chinese(text: &str) -> bool {
        text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
    }

    fn each_text() -> impl Iterator<Item = (Reason, &'static str, Text)> {
        Reason::ALL.iter().flat_map(|&which| {
            let words = reason(which);
            [
                (which, "summary", text(which.summary(), words.summary_zh)),
                (which, "symptoms", words.symptoms),
                (which, "tell", words.tell),
                (which, "remedy", words.remedy),
            ]
        })
    }

    #[test]
    fn every_reason_has_every_text_in_every_language() {
        for (reason, what, text) in each_text() {
            for language in Language::ALL {
                let told = text.told(language);
                let least = if what == "summary" { 4 } else { 20 };
                assert!(
                    told.chars().count() >= least,
                    "{reason}: {what} in {language} says too little: {told:?}"
                );
                assert!(!told.chars().any(char::is_control), "{reason}: {what} in {language}: {told:?}");
                assert_eq!(told, told.trim(), "{reason}: {what} in {language}");
                assert_eq!(
                    told.matches('`').count() % 2,
                    0,
                    "{reason}: {what} in {language}: an open command"
                );
                assert_eq!(
                    has_chinese(told),
                    language == Language::Chinese,
                    "{reason}: {what} in {language}"
                );
            }
        }
    }

    #[test]
    fn no_two_reasons_share_a_text() {
        let mut owners = BTreeMap::new();
        for (reason, what, text) in each_text() {
            for language in Language::ALL {
                let earlier = owners.insert(text.told(language), reason);
                assert_eq!(earlier, None, "{reason}: its {what} in {language} is another's too");
            }
        }
    }

    #[test]
    fn placeholders_are_known_and_the_same_in_every_language() {
        let names: BTreeSet<_> = BLANKS.iter().map(|blank| blank.name).collect();
        for (reason, what, text) in each_text() {
            let [english, chinese] =
                Language::ALL.map(|language| placeholders(text.told(language)).collect::<BTreeSet<_>>());
            let bare = |of: &BTreeSet<(&str, bool)>| {
                of.iter().map(|(name, _)| name.to_string()).collect::<BTreeSet<_>>()
            };
            assert_eq!(bare(&english), bare(&chinese), "{reason}: {what}");
            if what == "remedy" {
                assert!(
                    bare(&english).iter().all(|name| names.contains(name.as_str())),
                    "{reason}: {english:?}"
                );
            } else {
                assert!(english.is_empty(), "{reason}: nothing fills its {what}");
            }
        }
    }

    #[test]
    fn what_a_stranger_said_stands_in_no_command() {
        for &which in Reason::ALL {
            for language in Language::ALL {
                let mut inside =
                    placeholders(reason(which).remedy.told(language)).filter(|(_, inside)| *inside);
                assert!(
                    inside.all(|(name, _)| matches!(name, "host" | "address" | "proxy" | "url")),
                    "{which}"
                );
            }
        }
    }

    #[test]
    fn a_remedy_is_filled_with_what_is_known_and_reads_without_it() {
        for &which in Reason::ALL {
            for language in Language::ALL {
                let text = reason(which).remedy.told(language);
                let filled = remedy(which, &known(), language);
                for (name, _) in placeholders(text) {
                    assert!(filled.contains(&format!("<{name}>")), "{which}: {filled}");
                }
                for told in [filled, remedy(which, &Facts::default(), language)] {
                    assert_eq!(placeholders(&told).count(), 0, "{which}: {told}");
                    assert!(!told.contains("  "), "{which}: {told}");
                }
            }
        }
    }

    #[test]
    fn a_command_without_its_fact_keeps_the_place_in_capitals() {
        let told = remedy(Reason::DnsSinkholed, &Facts::default(), Language::English);
        assert!(told.contains("`dig HOST`") && told.contains("put the API's host on"), "{told}");
        let told = remedy(Reason::DnsSinkholed, &Facts::default(), Language::Chinese);
        assert!(told.contains("`dig HOST`") && told.contains("加入该解析器的放行名单"), "{told}");
    }

    #[test]
    fn no_reason_is_told_apart_from_itself() {
        for (reason, what, text) in each_text() {
            let own = format!("`{reason}`");
            assert!(
                !text.en.contains(&own) && !text.zh.contains(&own),
                "{reason}: its {what} tells it from itself"
            );
        }
    }

    #[test]
    fn every_label_in_a_text_is_one_that_exists() {
        let labels: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.label()).collect();
        let layers = ["dns_", "tcp_", "proxy_", "tls_", "http_", "stream_", "edge_", "auth_"];
        for (reason, what, text) in each_text().filter(|(_, what, _)| *what == "tell") {
            let [english, chinese] = [text.en, text.zh].map(|text| {
                let quoted = text.split('`').skip(1).step_by(2);
                quoted.filter(|word| labels.contains(word)).collect::<BTreeSet<_>>()
            });
            assert_eq!(english, chinese, "{reason}: {what} names other reasons in Chinese");
            for word in text.en.split('`').skip(1).step_by(2) {
                let is_label = layers.iter().any(|layer| word.starts_with(layer)) && word.is_ascii();
                assert!(!is_label || labels.contains(word), "{reason}: {word} is no reason");
            }
        }
    }
}
