//! The checksum of a row: over all its values, each with its length, so that none can be read for another.

/// What a checksum is made of.
pub(super) enum Part<'a> {
    Number(i64),
    Real(f64),
    Text(&'a str),
    Maybe(Option<&'a str>),
}

/// The checksum of a row of a table.
pub(super) fn seal(table: &str, parts: &[Part<'_>]) -> i64 {
    let mut sum = crc32fast::Hasher::new();
    let mut text = |text: &str| {
        sum.update(&text.len().to_le_bytes());
        sum.update(text.as_bytes());
    };
    text(table);
    for part in parts {
        match part {
            Part::Number(number) => text(&number.to_string()),
            Part::Real(number) => text(&number.to_bits().to_string()),
            Part::Text(words) => text(words),
            Part::Maybe(None) => text("-"),
            Part::Maybe(Some(words)) => {
                text("+");
                text(words);
            }
        }
    }
    i64::from(sum.finalize())
}
