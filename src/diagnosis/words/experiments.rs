//! The words of the follow-up experiments.

use super::{Language, Text, text};
use crate::outcome::Experiment;

/// What is to be said of one experiment.
pub(super) struct ExperimentWords {
    /// What it is, in a phrase.
    name: Text,
    /// What is done.
    pub(super) does: &'static str,
    /// The two things it tells apart, in Chinese.
    tells_zh: (&'static str, &'static str),
}

/// What an experiment is, in a phrase.
#[must_use]
pub const fn experiment(experiment: Experiment, language: Language) -> &'static str {
    words(experiment).name.told(language)
}

/// The two things that an experiment tells apart.
#[must_use]
pub const fn tells(experiment: Experiment, language: Language) -> (&'static str, &'static str) {
    match language {
        Language::English => experiment.tells(),
        Language::Chinese => words(experiment).tells_zh,
    }
}

pub(super) const fn words(experiment: Experiment) -> &'static ExperimentWords {
    match experiment {
        Experiment::Again => &AGAIN,
        Experiment::OtherResolver => &OTHER_RESOLVER,
        Experiment::Control => &CONTROL,
        Experiment::OtherFamily => &OTHER_FAMILY,
        Experiment::OtherRoute => &OTHER_ROUTE,
        Experiment::NeutralName => &NEUTRAL_NAME,
        Experiment::SmallSegments => &SMALL_SEGMENTS,
        Experiment::ClassicalKeys => &CLASSICAL_KEYS,
        Experiment::Http1 => &HTTP1,
        Experiment::Keyless => &KEYLESS,
        Experiment::PlainHttp => &PLAIN_HTTP,
        Experiment::ServerClock => &SERVER_CLOCK,
        Experiment::IdleHold => &IDLE_HOLD,
    }
}

const AGAIN: ExperimentWords = ExperimentWords {
    name: text("the same again", "同样再试一次"),
    does: "The same path is walked again, twice at once, with the provider's free call and without a key.",
    tells_zh: ("已经过去或时有时无的问题", "持续存在的问题"),
};

const OTHER_RESOLVER: ExperimentWords = ExperimentWords {
    name: text("the same name of another resolver", "向另一个解析器查询同一域名"),
    does: "Another resolver is asked for the addresses of the same name.",
    tells_zh: ("某个解析器自己的答案", "该域名在各处的实际状况"),
};

const CONTROL: ExperimentWords = ExperimentWords {
    name: text("a control host on the same route", "同一线路上的对照主机"),
    does: "A host that has nothing to do with the target is called on the same route, without a key.",
    tells_zh: ("此处的问题", "对方的问题"),
};

const OTHER_FAMILY: ExperimentWords = ExperimentWords {
    name: text("the same endpoint over the other family", "经另一个地址族访问同一端点"),
    does: "The endpoint is called over IPv4 instead of IPv6, or the other way round.",
    tells_zh: ("某个地址族不通", "完全到不了 API"),
};

const OTHER_ROUTE: ExperimentWords = ExperimentWords {
    name: text("the same endpoint on another route", "经另一条线路访问同一端点"),
    does: "The endpoint is called directly instead of through the proxy, or through a proxy instead of directly.",
    tells_zh: ("某条线路被封", "完全到不了 API"),
};

const NEUTRAL_NAME: ExperimentWords = ExperimentWords {
    name: text("the same address with another server name", "同一地址，换一个服务器名"),
    does: "A TLS handshake is made with the same address, under a server name that nobody filters; nothing is sent after it.",
    tells_zh: ("按服务器名过滤", "TLS 服务器或线路故障"),
};

const SMALL_SEGMENTS: ExperimentWords = ExperimentWords {
    name: text("the same address with small segments", "同一地址，用小报文段"),
    does: "A TLS handshake is made with the same address over a connection that lets only small segments through, in both \
           directions; nothing is sent after it.",
    tells_zh: ("大数据包丢失", "TLS 服务器沉默"),
};

const CLASSICAL_KEYS: ExperimentWords = ExperimentWords {
    name: text("the same address with a small client hello", "同一地址，用小的 ClientHello"),
    does: "A TLS handshake is made with the same address with classical key exchange only, so that the client hello fits \
           into one packet; nothing is sent after it.",
    tells_zh: ("较大的 ClientHello 被丢弃", "TLS 服务器沉默"),
};

const HTTP1: ExperimentWords = ExperimentWords {
    name: text("the same call over HTTP/1.1", "用 HTTP/1.1 做同样的调用"),
    does: "The endpoint is called once more with HTTP/1.1 as the only version offered.",
    tells_zh: ("HTTP/2 不正常", "API 没有应答"),
};

const KEYLESS: ExperimentWords = ExperimentWords {
    name: text("the free call without a key", "不带密钥的免费调用"),
    does: "The provider's free call is made without a key.",
    tells_zh: ("密钥或账户的问题", "途中或 API 的问题"),
};

const PLAIN_HTTP: ExperimentWords = ExperimentWords {
    name: text("plain HTTP to the same port", "对同一端口说明文 HTTP"),
    does: "A bare `GET /` is sent to the same port in plain text, without a key and without configured headers.",
    tells_zh: ("门户或端口上的其他服务", "TLS 服务器故障"),
};

const SERVER_CLOCK: ExperimentWords = ExperimentWords {
    name: text("the server's clock against ours", "对照服务器与本机的时钟"),
    does: "A bare `HEAD /` is sent over a connection whose certificate is not believed, without a key and without configured \
           headers, to read the server's `Date`.",
    tells_zh: ("本机时钟有误", "证书确实不在有效期"),
};

const IDLE_HOLD: ExperimentWords = ExperimentWords {
    name: text("a kept connection after a silence", "保持的连接在静默之后"),
    does: "A connection is kept without a byte for a while and then used again. It is made only where it is switched on.",
    tells_zh: ("网络会忘掉空闲连接", "服务器主动结束空闲连接"),
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_experiment_has_words_of_its_own_in_every_language() {
        let mut seen = BTreeSet::new();
        for &which in Experiment::ALL {
            for language in Language::ALL {
                assert!(seen.insert(experiment(which, language)), "{}", which.label());
                let (one, other) = tells(which, language);
                assert_ne!(one, other);
                for words in [experiment(which, language), one, other] {
                    let chinese = words.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
                    assert_eq!(chinese, language == Language::Chinese, "{words}");
                }
            }
            assert!(seen.insert(words(which).does), "{}", which.label());
        }
    }
}
