//! What tokens cost.

use crate::outcome::Usage;
use crate::units::Usd;

/// The price of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// Of one token of the prompt.
    pub input: Usd,
    /// Of one token generated.
    pub output: Usd,
}

impl Price {
    /// What a call cost; absent where the provider did not count both kinds of tokens.
    #[must_use]
    pub fn cost(&self, usage: Usage) -> Option<Usd> {
        Some(self.input.times(usage.input_tokens?).plus(self.output.times(usage.output_tokens?)))
    }
}
