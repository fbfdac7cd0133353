//! The simulated model: what it reads, what it says, and how many tokens that is, in every dialect the same.

use super::super::rate_limits::Used;
use serde_json::Value;

/// What it says: one entry is one token.
pub(super) const WORDS: [&str; 8] = ["Hello", " from", " the", " simulator", ":", " all", " is", " well."];

/// What a prompt costs beside its text.
const OVERHEAD_TOKENS: usize = 7;

/// What is said to a prompt.
#[derive(Clone, Copy)]
pub(super) struct Said {
    pub(super) words: &'static [&'static str],
    pub(super) input_tokens: u32,
}

// === impl Said ===

impl Said {
    /// No more than `max_tokens`, to messages or other pieces of a prompt.
    pub(super) fn to<'a>(texts: impl Iterator<Item = &'a Value>, max_tokens: Option<usize>) -> Self {
        let length: usize = texts.map(characters).sum();
        let input_tokens = u32::try_from(OVERHEAD_TOKENS + length.div_ceil(4)).unwrap_or(u32::MAX);
        let words = WORDS.get(..max_tokens.unwrap_or(usize::MAX).min(WORDS.len())).unwrap_or_default();
        Self { words, input_tokens }
    }

    pub(super) fn text(&self) -> String {
        self.words.concat()
    }

    pub(super) fn output_tokens(&self) -> u32 {
        u32::try_from(self.words.len()).unwrap_or(u32::MAX)
    }

    /// Whether there was more to say.
    pub(super) fn was_cut(&self) -> bool {
        self.words.len() < WORDS.len()
    }

    pub(super) fn used(&self) -> Used {
        Used { input_tokens: self.input_tokens, output_tokens: self.output_tokens() }
    }
}

/// The length of the text in a message's content, whichever way it is written down.
fn characters(content: &Value) -> usize {
    match content {
        Value::String(text) => text.len(),
        Value::Array(blocks) => {
            blocks.iter().filter_map(|block| block.get("text")).filter_map(Value::as_str).map(str::len).sum()
        }
        _ => 0,
    }
}
