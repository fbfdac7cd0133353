//! How much of what is measured becomes series.

/// How many series a target has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// All there is.
    #[default]
    Full,
    /// What alerts and the diagnosis need: for many targets.
    Lean,
}

impl Profile {
    /// The word in the config: `full`, `lean`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Lean => "lean",
        }
    }
}
