//! The table of prices, in US dollars for a million tokens.
//!
//! Only what the vendors' own pages say, each list with its date and source. A model that is not here has no price, so that
//! nobody is told a wrong one; the config can give one. A row is for a model, its dated snapshots and its `-latest`.

use super::Price;
use crate::units::Usd;

/// A model, and a thousandth of a dollar for a million tokens: of the prompt, and generated.
type Row = (&'static str, u32, u32);

/// platform.claude.com/docs/en/about-claude/pricing and models/overview, October and November 2026. Haiku 5.5's is for
/// prompts of up to 100,000 tokens.
pub(super) const ANTHROPIC: &[Row] = &[
    ("claude-haiku-5-5", 100, 500),
    ("claude-haiku-4-5", 1_000, 5_000),
    ("claude-3-5-haiku", 800, 4_000),
    ("claude-sonnet-5-5", 2_000, 10_000),
    ("claude-sonnet-5", 2_000, 10_000),
    ("claude-sonnet-4-6", 3_000, 15_000),
    ("claude-sonnet-4-5", 3_000, 15_000),
    ("claude-sonnet-4", 3_000, 15_000),
    ("claude-opus-5-5", 4_000, 20_000),
    ("claude-opus-5", 5_000, 25_000),
    ("claude-opus-4-6", 5_000, 25_000),
    ("claude-opus-4-5", 5_000, 25_000),
    ("claude-opus-4-1", 15_000, 75_000),
    ("claude-opus-4", 15_000, 75_000),
    ("claude-fable-5-2", 8_000, 40_000),
    ("claude-fable-5-1", 10_000, 50_000),
];

/// developers.openai.com/api/docs/models, November 2026, for prompts of up to 272,000 tokens.
pub(super) const OPENAI: &[Row] = &[("gpt-6-luna", 100, 500), ("gpt-5.6-luna", 200, 1_200)];

/// ai.google.dev/gemini-api/docs/pricing, paid tier, as quoted from it in March to September 2026.
pub(super) const GEMINI: &[Row] = &[
    ("gemini-3.5-flash", 1_500, 9_000),
    ("gemini-3.1-flash-lite", 250, 1_500),
    ("gemini-2.5-flash-lite", 100, 400),
];

/// console.groq.com/docs/models, 2026.
pub(super) const GROQ: &[Row] = &[("openai/gpt-oss-20b", 75, 300), ("openai/gpt-oss-120b", 150, 600)];

/// The price of a model in a list.
pub(super) fn of(list: &[Row], model: &str) -> Option<Price> {
    let row = list.iter().find(|(name, ..)| model.strip_prefix(name).is_some_and(is_version))?;
    Some(Price { input: Usd::per_token(row.1), output: Usd::per_token(row.2) })
}

/// Whether what follows a model's name is a version of it: another word would be another model.
fn is_version(rest: &str) -> bool {
    let is_date = |date: &str| {
        date.starts_with("20")
            && date.bytes().filter(u8::is_ascii_digit).count() == 8
            && date.bytes().all(|b| b.is_ascii_digit() || b == b'-')
    };
    rest.is_empty() || rest == "-latest" || rest.strip_prefix('-').is_some_and(is_date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_of_a_model_and_its_snapshots_and_of_no_other() {
        let shown = |list, model| {
            of(list, model).map(|price| {
                (price.input.times(1_000_000).to_string(), price.output.times(1_000_000).to_string())
            })
        };
        for (list, model, price) in [
            (ANTHROPIC, "claude-haiku-4-5", Some(("1.00", "5.00"))),
            (ANTHROPIC, "claude-haiku-4-5-20251001", Some(("1.00", "5.00"))),
            (ANTHROPIC, "claude-3-5-haiku-latest", Some(("0.80", "4.00"))),
            (ANTHROPIC, "claude-opus-4-20250514", Some(("15.00", "75.00"))),
            (ANTHROPIC, "claude-opus-4-9", None),
            (ANTHROPIC, "claude-opus-5-6", None),
            (OPENAI, "gpt-6-luna", Some(("0.10", "0.50"))),
            (OPENAI, "gpt-6-luna-2026-09-22", Some(("0.10", "0.50"))),
            (OPENAI, "gpt-6-luna-fast", None),
            (OPENAI, "gpt", None),
            (GROQ, "openai/gpt-oss-20b", Some(("0.075", "0.30"))),
            (GEMINI, "gemini-3.5-flash-lite", None),
            (GEMINI, "", None),
        ] {
            let price = price.map(|(input, output): (&str, &str)| (input.to_owned(), output.to_owned()));
            assert_eq!(shown(list, model), price, "{model}");
        }
    }

    #[test]
    fn no_model_is_listed_twice_and_none_is_free() {
        for list in [ANTHROPIC, OPENAI, GEMINI, GROQ] {
            let names: std::collections::HashSet<_> = list.iter().map(|(name, ..)| name).collect();
            assert_eq!(names.len(), list.len());
            assert!(list.iter().all(|(_, input, output)| *input > 0 && output >= input));
        }
    }
}
