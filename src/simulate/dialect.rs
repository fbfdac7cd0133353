//! The closed catalogue of dialects: whose API a host speaks, told by its label right below the domain.
//!
//! `openai.<domain>` and every name below it, such as `http-429.openai.<domain>`, speak OpenAI's; a name without such a
//! label speaks Anthropic's.

/// A provider other than Anthropic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    OpenAi,
    Azure,
    Gemini,
    Mistral,
    Groq,
    OpenRouter,
    Vertex,
    Bedrock,
}

// === impl Dialect ===

impl Dialect {
    pub(super) const ALL: [Dialect; 8] = [
        Dialect::OpenAi,
        Dialect::Azure,
        Dialect::Gemini,
        Dialect::Mistral,
        Dialect::Groq,
        Dialect::OpenRouter,
        Dialect::Vertex,
        Dialect::Bedrock,
    ];

    /// The host label that speaks it.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Azure => "azure",
            Self::Gemini => "gemini",
            Self::Mistral => "mistral",
            Self::Groq => "groq",
            Self::OpenRouter => "openrouter",
            Self::Vertex => "vertex",
            Self::Bedrock => "bedrock",
        }
    }

    /// Splits what a host has before the domain, such as `http-429.openai`, into the rest and the dialect.
    pub(super) fn split(labels: &str) -> (&str, Option<Dialect>) {
        let (rest, last) = labels.rsplit_once('.').unwrap_or(("", labels));
        match Self::ALL.into_iter().find(|dialect| dialect.label() == last) {
            Some(dialect) => (rest, Some(dialect)),
            None => (labels, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_next_to_the_domain_tells_the_dialect() {
        assert_eq!(Dialect::split("openai"), ("", Some(Dialect::OpenAi)));
        assert_eq!(Dialect::split("tls-1.2.groq"), ("tls-1.2", Some(Dialect::Groq)));
        for anthropic in ["api", "openai.x", "", "http-429", "myopenai"] {
            assert_eq!(Dialect::split(anthropic), (anthropic, None));
        }
    }
}
