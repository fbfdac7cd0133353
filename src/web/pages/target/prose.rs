//! Texts of the catalogue with their commands: what stands between backquotes is code.

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Whether it is a command or a name to be copied as it is.
    pub(super) code: bool,
    /// The text.
    pub(super) text: String,
}

/// The lines of a text, each in pieces. A line with an odd number of backquotes is text as it stands.
pub(super) fn lines(text: &str) -> Vec<Vec<Piece>> {
    text.lines().filter(|line| !line.is_empty()).map(pieces).collect()
}

fn pieces(line: &str) -> Vec<Piece> {
    let parts: Vec<&str> = line.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return vec![Piece { code: false, text: line.to_owned() }];
    }
    let piece =
        |(index, text): (usize, &&str)| Piece { code: !index.is_multiple_of(2), text: (*text).to_owned() };
    parts.iter().enumerate().map(piece).filter(|piece| !piece.text.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_backquotes_is_code() {
        let told: Vec<Vec<(bool, String)>> = lines("run `dig x`, then\n\n`a` or ` b")
            .into_iter()
            .map(|line| line.into_iter().map(|piece| (piece.code, piece.text)).collect())
            .collect();
        let plain = |text: &str| (false, text.to_owned());
        assert_eq!(
            told,
            [vec![plain("run "), (true, "dig x".to_owned()), plain(", then")], vec![plain("`a` or ` b")]]
        );
    }
}
