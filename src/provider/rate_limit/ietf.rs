//! The drafts of the IETF's `RateLimit` headers, in the three syntaxes they went through.
//!
//! - to -06: `RateLimit-Limit: 100, 100;w=10`, `RateLimit-Remaining: 50`, `RateLimit-Reset: 50`;
//! - -07: `RateLimit: limit=100, remaining=50, reset=5`;
//! - from -08: `RateLimit: "burst";r=50;t=30` and `RateLimit-Policy: "burst";q=100;w=60;qu="requests"`.
//!
//! All are lists of items with parameters, and the older ones are no valid structured fields; so they are split by one
//! lenient reader instead of a library for the newest. A reset is always in seconds from now. A policy without a state
//! says nothing about what is left and is not given. Of a longer list only the first few members are read.

use std::time::SystemTime;

use super::super::Answer;
use super::{Field, Limits, value};
use crate::outcome::RateLimit;

/// Members read of a list: each one is looked for among the policies, and a header may be long.
const MEMBERS: usize = 64;

/// Adds the limits of these headers.
pub(super) fn read(answer: &Answer<'_>, now: SystemTime, limits: &mut Limits) {
    old(answer, now, limits);
    if let Some(text) = field(answer, "ratelimit") {
        let policy = field(answer, "ratelimit-policy").unwrap_or_default();
        let policies = members(&policy).unwrap_or_default();
        match members(&text) {
            Some(members) if members.iter().any(|member| member.item.contains('=')) => {
                seventh(&members, now, limits);
            }
            Some(members) => newest(&members, &policies, now, limits),
            None => limits.rejected += 1,
        }
    }
}

/// All lines of a field as one list.
fn field(answer: &Answer<'_>, name: &str) -> Option<String> {
    let lines: Vec<_> =
        answer.headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("\"")).collect();
    (!lines.is_empty()).then(|| lines.join(","))
}

fn old(answer: &Answer<'_>, now: SystemTime, limits: &mut Limits) {
    if let Some(text) = answer.header("ratelimit-limit") {
        // What follows the first item are the policies it comes from.
        let first = text.split([',', ';']).next().unwrap_or_default().trim();
        limits.count("requests", Field::Limit, value::count(first));
    }
    if let Some(text) = answer.header("ratelimit-remaining") {
        limits.count("requests", Field::Remaining, value::count(text));
    }
    if let Some(text) = answer.header("ratelimit-reset") {
        limits.reset("requests", value::delta(text, now));
    }
}

fn seventh(members: &[Member<'_>], now: SystemTime, limits: &mut Limits) {
    for (name, text) in members.iter().filter_map(|member| member.item.split_once('=')) {
        match name {
            "limit" => limits.count("requests", Field::Limit, value::count(text)),
            "remaining" => limits.count("requests", Field::Remaining, value::count(text)),
            "reset" => limits.reset("requests", value::delta(text, now)),
            _ => {}
        }
    }
}

fn newest(members: &[Member<'_>], policies: &[Member<'_>], now: SystemTime, limits: &mut Limits) {
    let mut stated: Vec<RateLimit> = Vec::new();
    for member in members {
        let policy = policies.iter().find(|policy| policy.item == member.item);
        let quota = policy.and_then(|policy| policy.get("q")).map(value::count);
        let remaining = member.get("r").map(value::count);
        let reset = member.get("t").map(|text| value::delta(text, now));
        limits.rejected += u32::from(quota == Some(None))
            + u32::from(remaining == Some(None))
            + u32::from(reset == Some(None));
        let limit = RateLimit {
            dimension: dimension(member.item, policy.and_then(|policy| policy.get("qu"))),
            limit: quota.flatten(),
            remaining: remaining.flatten(),
            reset: reset.flatten(),
        };
        if limit.limit.is_none() && limit.remaining.is_none() && limit.reset.is_none() {
            continue;
        }
        match stated.iter_mut().find(|known| known.dimension == limit.dimension) {
            Some(known) if is_tighter(&limit, known) => *known = limit,
            Some(_) => {}
            None => stated.push(limit),
        }
    }
    for limit in stated {
        // Only where no other header says it: those are of the provider, these of what stands before it.
        if !limits.limits.iter().any(|known| known.dimension == limit.dimension) {
            limits.limits.push(limit);
        }
    }
}

/// What a policy counts, by its unit or else its name.
fn dimension(name: &str, unit: Option<&str>) -> &'static str {
    let says = |word: &str| unit.is_some_and(|unit| unit.contains(word)) || name.contains(word);
    if unit == Some("content-bytes") {
        "content_bytes"
    } else if says("concurrent") {
        "concurrent_requests"
    } else if says("token") && says("input") {
        "input_tokens"
    } else if says("token") && says("output") {
        "output_tokens"
    } else if says("token") {
        "tokens"
    } else {
        "requests"
    }
}

/// Whether less of the limit is left.
fn is_tighter(limit: &RateLimit, than: &RateLimit) -> bool {
    match (limit.remaining, than.remaining) {
        (Some(left), Some(other)) => match (limit.limit, than.limit) {
            // As fractions: left / limit < other / of.
            (Some(limit), Some(of)) if limit > 0 && of > 0 => {
                u128::from(left) * u128::from(of) < u128::from(other) * u128::from(limit)
            }
            _ => left < other,
        },
        (Some(_), None) => true,
        (None, _) => false,
    }
}

/// One member of a list.
#[derive(Debug, PartialEq, Eq)]
struct Member<'a> {
    /// Without quotes.
    item: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
}

impl<'a> Member<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        self.parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

/// The first members of a list; `None` if a quote is not closed or one of them is empty.
fn members(text: &str) -> Option<Vec<Member<'_>>> {
    split(text, b',')?.into_iter().take(MEMBERS).map(member).collect()
}

fn member(text: &str) -> Option<Member<'_>> {
    let mut parts = split(text, b';')?.into_iter().map(str::trim);
    let item = unquoted(parts.next().filter(|item| !item.is_empty())?);
    let parameters = parts.filter_map(|part| part.split_once('='));
    let parameters = parameters.map(|(name, value)| (name.trim(), unquoted(value.trim())));
    Some(Member { item, parameters: parameters.collect() })
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// Splits outside of quotes.
fn split(text: &str, at: u8) -> Option<Vec<&str>> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if byte == at && !quoted => {
                parts.push(text.get(start..index)?);
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..)?);
    (!quoted).then_some(parts)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::super::samples::{answer, headers};

    /// Headers, then dimension, limit, remaining and seconds to the reset of each limit, then rejected values.
    type Case = (
        &'static [(&'static str, &'static str)],
        &'static [(&'static str, Option<u64>, Option<u64>, Option<u64>)],
        u32,
    );

    #[test]
    fn of_a_list_without_end_the_first_members_are_read() {
        let list = |count: usize| (0..count).map(|at| format!("\"p{at}\";q=9")).collect::<Vec<_>>().join(",");
        for (count, read) in [(1, 1), (super::MEMBERS, super::MEMBERS), (10_000, super::MEMBERS)] {
            assert_eq!(super::members(&list(count)).map(|members| members.len()), Some(read));
        }
    }

    #[test]
    fn all_three_syntaxes_are_read() {
        let now = UNIX_EPOCH + Duration::from_secs(1_774_555_200);
        let cases: [Case; 13] = [
            (
                &[("ratelimit-limit", "100"), ("ratelimit-remaining", "50"), ("ratelimit-reset", "50")],
                &[("requests", Some(100), Some(50), Some(50))],
                0,
            ),
            (
                &[("ratelimit-limit", "100, 100;w=10"), ("ratelimit-policy", "10;w=1, 1000;w=3600")],
                &[("requests", Some(100), None, None)],
                0,
            ),
            (&[("ratelimit-policy", "10;w=1, 1000;w=3600")], &[], 0),
            (
                &[("ratelimit", "limit=100, remaining=50, reset=5"), ("ratelimit-policy", "100;w=10")],
                &[("requests", Some(100), Some(50), Some(5))],
                0,
            ),
            (
                &[
                    ("ratelimit", "\"default\";r=50;t=30"),
                    ("ratelimit-policy", "\"burst\";q=100;w=60,\"default\";q=1000;w=86400"),
                ],
                &[("requests", Some(1000), Some(50), Some(30))],
                0,
            ),
            // Of two policies of requests, the one with the smaller part left.
            (
                &[
                    ("ratelimit", "\"burst\";r=50;t=3, \"daily\";r=100;t=3600"),
                    ("ratelimit-policy", "\"burst\";q=100;w=60,\"daily\";q=1000;w=86400"),
                ],
                &[("requests", Some(1000), Some(100), Some(3600))],
                0,
            ),
            (
                &[
                    ("ratelimit", "\"a\";r=2;t=1;pk=:c29tZS1wYXJ0:, \"b\";r=9"),
                    ("ratelimit", "\"input tokens, in; all\";r=7"),
                    (
                        "ratelimit-policy",
                        "\"a\";q=10;qu=\"concurrent-requests\", \"b\";q=10;qu=content-bytes",
                    ),
                ],
                &[
                    ("input_tokens", None, Some(7), None),
                    ("concurrent_requests", Some(10), Some(2), Some(1)),
                    ("content_bytes", Some(10), Some(9), None),
                ],
                0,
            ),
            // The provider's own headers come first.
            (
                &[("x-ratelimit-remaining-requests", "3"), ("ratelimit", "\"gateway\";r=1")],
                &[("requests", None, Some(3), None)],
                0,
            ),
            (&[("ratelimit", "\"default\";r=-1;t=x")], &[], 2),
            (&[("ratelimit", "\"default;r=1")], &[], 1),
            (&[("ratelimit", ",,")], &[], 1),
            (&[("ratelimit", "")], &[], 1),
            (&[("ratelimit", "limit=x, remaining=-5, reset=1e99")], &[], 3),
        ];
        for (given, stated, rejected) in cases {
            let headers = headers(given);
            let limits = super::super::read(&answer(&headers), now);
            let read: Vec<_> = limits
                .limits
                .iter()
                .map(|limit| {
                    let reset = limit.reset.map(|at| at.duration_since(now).unwrap());
                    (limit.dimension, limit.limit, limit.remaining, reset)
                })
                .collect();
            let stated: Vec<_> = stated
                .iter()
                .map(|(dimension, limit, left, reset)| {
                    (*dimension, *limit, *left, reset.map(Duration::from_secs))
                })
                .collect();
            assert_eq!((read, limits.rejected), (stated, rejected), "{given:?}");
        }
    }
}
