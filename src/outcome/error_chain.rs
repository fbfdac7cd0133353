//! Errors as words, for details and messages.

use std::error::Error;

/// An error and its causes in one line; a cause that only repeats what was said is left out.
#[must_use]
pub fn error_chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let words = error.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{words}")]
    struct Said {
        words: &'static str,
        source: Option<Box<Said>>,
    }

    #[test]
    fn causes_follow_unless_they_repeat_what_was_said() {
        let said = |words, source: Option<Said>| Said { words, source: source.map(Box::new) };
        let error = said("cannot start", Some(said("start", Some(said("no room", None)))));
        assert_eq!(error_chain(&error), "cannot start: no room");
    }
}
