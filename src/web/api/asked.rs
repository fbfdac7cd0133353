//! What a request of the API asks for: the name in its path, and its parameters.
//!
//! Promises: a parameter that is not known, is given twice or has a value that means nothing is a problem that says what to
//! write: a misspelt filter that is ignored would answer something else than what was asked.

use std::time::SystemTime;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use super::problem;
use crate::clock;
use crate::config::did_you_mean;
use crate::diagnosis::Language;
use crate::document::State;
use crate::web::pages;

/// The most journeys in an answer.
pub(super) const MOST: usize = 1000;

/// The last second that can be asked for: the end of the year 9999.
pub(super) const LATEST: i64 = 253_402_300_799;

/// How many journeys are answered where nobody says.
pub(super) const USUAL: usize = 100;

/// The parameters of a request.
#[derive(Debug)]
pub(in crate::web) struct Asked(Vec<(String, String)>);

impl Asked {
    /// Reads the parameters of a request that knows these.
    pub(in crate::web) fn read(uri: &Uri, known: &[&str]) -> Result<Self, Box<Response>> {
        let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(uri) else {
            return Err(wrong("the parameters cannot be read: write ?name=value&name=value".to_owned()));
        };
        for (index, (name, _)) in pairs.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let near = did_you_mean(name, known).map_or_else(String::new, |near| format!("; {near}"));
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                return Err(wrong(format!("there is no parameter {name:?}, only {known}{near}")));
            }
            if pairs.iter().take(index).any(|(earlier, _)| earlier == name) {
                return Err(wrong(format!("{name} is given twice: give it once")));
            }
        }
        Ok(Self(pairs))
    }

    /// The value of a parameter, if it is given.
    pub(in crate::web) fn value(&self, wanted: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
    }

    /// `lang`, else the language that the headers ask for.
    pub(super) fn language(&self, headers: &HeaderMap) -> Result<Language, Box<Response>> {
        Ok(match self.word("lang", Language::ALL.map(|language| (language.code(), language)))? {
            Some(language) => language,
            None => pages::Asked::default().language(headers),
        })
    }

    /// `state`.
    pub(super) fn state(&self) -> Result<Option<State>, Box<Response>> {
        self.word("state", State::ALL.map(|state| (state.label(), state)))
    }

    /// One of several words.
    pub(in crate::web) fn word<T, const N: usize>(
        &self,
        name: &str,
        words: [(&str, T); N],
    ) -> Result<Option<T>, Box<Response>> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let known = words.each_ref().map(|(word, _)| *word).join(", ");
        match words.into_iter().find(|(word, _)| *word == value) {
            Some((_, meaning)) => Ok(Some(meaning)),
            None => Err(wrong(format!("{name}={value:?} is none of {known}"))),
        }
    }

    /// `since`: a time.
    pub(super) fn since(&self) -> Result<Option<SystemTime>, Box<Response>> {
        let Some(value) = self.value("since") else { return Ok(None) };
        time(value).map(Some).ok_or_else(|| {
            wrong(format!(
                "since={value:?} is no time: write it as in RFC 3339, such as 2026-11-23T06:00:00Z (a + of an offset is \
                 %2B in a URL), or as whole seconds since 1970, such as 1795413600"
            ))
        })
    }

    /// `limit`: how many.
    pub(super) fn limit(&self) -> Result<usize, Box<Response>> {
        let Some(value) = self.value("limit") else { return Ok(USUAL) };
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        let count = value.parse().ok().filter(|count| digits && (1..=MOST).contains(count));
        count.ok_or_else(|| wrong(format!("limit={value:?} is no whole number from 1 to {MOST}")))
    }
}

/// A time in RFC 3339, or in whole seconds since 1970.
fn time(text: &str) -> Option<SystemTime> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return clock::from_unix(text.parse().ok().filter(|seconds| *seconds <= LATEST)?);
    }
    // The library also reads forms of other standards.
    let bytes = text.as_bytes();
    let at = |index: usize, wanted: &[u8]| bytes.get(index).is_some_and(|byte| wanted.contains(byte));
    let form = at(4, b"-") && at(7, b"-") && at(10, b"Tt") && at(13, b":") && at(16, b":");
    let plain = bytes.iter().all(|byte| byte.is_ascii_digit() || b"-:+.TtZz".contains(byte));
    if !form || !plain {
        return None;
    }
    Some(text.parse::<jiff::Timestamp>().ok()?.into())
}

fn wrong(detail: String) -> Box<Response> {
    Box::new(problem(StatusCode::BAD_REQUEST, detail))
}

/// The name in a path; one that is no text names nothing.
pub(in crate::web) fn name(path: Result<Path<String>, PathRejection>) -> Result<String, Box<Response>> {
    path.map(|Path(name)| name).map_err(|_| {
        Box::new(problem(
            StatusCode::NOT_FOUND,
            "the name in the path is no UTF-8, so nothing has it".to_owned(),
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_and_programs_write_them() {
        let seconds = |text| time(text).map(clock::unix_seconds);
        for (text, expected) in [
            ("2026-09-21T14:13:20Z", Some(1_790_000_000.0)),
            ("2026-09-21T16:13:20+02:00", Some(1_790_000_000.0)),
            ("2026-09-21t14:13:20.5z", Some(1_790_000_000.5)),
            ("1790000000", Some(1_790_000_000.0)),
            ("253402300799", Some(253_402_300_799.0)),
            ("253402300800", None),
            ("1790000000.5", None),
            ("0", Some(0.0)),
            ("1969-12-31T23:59:59Z", Some(-1.0)),
            ("", None),
            (".", None),
            ("yesterday", None),
            ("-1", None),
            ("1e9", None),
            ("NaN", None),
            ("99999999999999999999999999", None),
            ("2026-09-21", None),
            ("2026-09-21T14:13:20", None),
            ("2026-09-21 14:13:20Z", None),
            ("20260921T141320Z", None),
            ("2026-09-21T14:13:20Z[UTC]", None),
            ("2026-13-21T14:13:20Z", None),
        ] {
            assert_eq!(seconds(text), expected, "{text:?}");
        }
    }
}
