//! Reading PromQL as far as the checks of dashboards and of alerts need it: which series are selected, by what, over which
//! window, and inside which functions.
//!
//! Whether it is PromQL at all is for promtool to say; this reads what promtool accepts. Grafana's variables may still
//! stand in windows and strings.

/// A selected vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selector {
    /// Empty where only labels select.
    pub(crate) metric: String,
    pub(crate) matchers: Vec<Matcher>,
    /// As in `[5m]`.
    pub(crate) window: Option<String>,
    /// The functions and aggregations it stands in, outermost first; plain parentheses are left out.
    pub(crate) inside: Vec<String>,
    /// The one whose argument it is directly.
    pub(crate) function: Option<String>,
}

/// As in `label=~"value"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Matcher {
    pub(crate) label: String,
    pub(crate) operator: String,
    pub(crate) value: String,
}

/// What was read of a query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) selectors: Vec<Selector>,
    /// The labels after `by`, `on` and the like.
    pub(crate) grouped: Vec<String>,
    /// Strings outside of selectors: labels that functions make, among others.
    pub(crate) strings: Vec<String>,
    /// Whether two things are compared.
    pub(crate) compares: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    /// What stands between `[` and `]`.
    Window(String),
    Sign(String),
}

/// Words before a list of labels.
const GROUPING: &[&str] = &["by", "without", "on", "ignoring", "group_left", "group_right"];

/// Words that are neither functions nor metrics.
const OPERATORS: &[&str] = &["and", "or", "unless", "bool", "offset", "atan2", "inf", "nan"];

const COMPARISONS: &[&str] = &["==", "!=", "<", ">", "<=", ">="];

/// What a query selects.
pub(crate) fn read(query: &str) -> Result<Reading, String> {
    let tokens = tokens(query)?;
    let mut reading = Reading::default();
    // One entry for each open parenthesis: the function whose arguments it holds, if any.
    let mut open: Vec<Option<String>> = Vec::new();
    // A name that was read before its parenthesis, as in `sum by (x) (…)`.
    let mut called: Option<String> = None;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token {
            Token::Sign(sign) if sign == "(" => open.push(called.take()),
            Token::Sign(sign) if sign == ")" => {
                open.pop().ok_or_else(|| format!("a parenthesis too many in {query}"))?;
            }
            Token::Sign(sign) if sign == "{" => {
                at -= 1;
                reading.selectors.push(selector(String::new(), &tokens, &mut at, &open)?);
            }
            Token::Word(word) if GROUPING.contains(&word.to_lowercase().as_str()) => {
                if tokens.get(at) == Some(&Token::Sign("(".to_owned())) {
                    at += 1;
                    reading.grouped.extend(labels(&tokens, &mut at)?);
                }
            }
            Token::Word(word) if OPERATORS.contains(&word.to_lowercase().as_str()) => {}
            Token::Word(word) if calls(tokens.get(at)) => called = Some(word.clone()),
            Token::Word(word) if word.starts_with(|c: char| c.is_ascii_digit()) => {}
            Token::Word(word) => {
                reading.selectors.push(selector(word.clone(), &tokens, &mut at, &open)?);
            }
            Token::Text(text) => reading.strings.push(text.clone()),
            Token::Sign(sign) if COMPARISONS.contains(&sign.as_str()) => reading.compares = true,
            // Of a subquery; and operators.
            Token::Window(_) | Token::Sign(_) => {}
        }
    }
    if open.is_empty() { Ok(reading) } else { Err(format!("a parenthesis is not closed in {query}")) }
}

/// Whether the token after a name makes it a function or an aggregation.
fn calls(next: Option<&Token>) -> bool {
    match next {
        Some(Token::Sign(sign)) => sign == "(",
        Some(Token::Word(word)) => matches!(word.to_lowercase().as_str(), "by" | "without"),
        _ => false,
    }
}

/// The rest of a selector, behind its metric.
fn selector(
    metric: String,
    tokens: &[Token],
    at: &mut usize,
    open: &[Option<String>],
) -> Result<Selector, String> {
    let mut matchers = Vec::new();
    if tokens.get(*at) == Some(&Token::Sign("{".to_owned())) {
        *at += 1;
        loop {
            match tokens.get(*at..).unwrap_or_default() {
                [Token::Sign(end), ..] if end == "}" => {
                    *at += 1;
                    break;
                }
                [Token::Sign(comma), ..] if comma == "," => *at += 1,
                [Token::Word(label), Token::Sign(operator), Token::Text(value), ..] => {
                    matchers.push(Matcher {
                        label: label.clone(),
                        operator: operator.clone(),
                        value: value.clone(),
                    });
                    *at += 3;
                }
                other => {
                    return Err(format!("no matcher of labels: {:?}", other.get(..3).unwrap_or_default()));
                }
            }
        }
    }
    let window = match tokens.get(*at) {
        Some(Token::Window(window)) => {
            *at += 1;
            Some(window.clone())
        }
        _ => None,
    };
    Ok(Selector {
        metric,
        matchers,
        window,
        inside: open.iter().flatten().cloned().collect(),
        function: open.last().cloned().flatten(),
    })
}

/// A list of labels, behind its opening parenthesis.
fn labels(tokens: &[Token], at: &mut usize) -> Result<Vec<String>, String> {
    let mut labels = Vec::new();
    loop {
        match tokens.get(*at) {
            Some(Token::Sign(sign)) if sign == ")" => {
                *at += 1;
                return Ok(labels);
            }
            Some(Token::Sign(sign)) if sign == "," => {}
            Some(Token::Word(label)) => labels.push(label.clone()),
            other => return Err(format!("no list of labels: {other:?}")),
        }
        *at += 1;
    }
}

fn tokens(query: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = query.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' | '\'' | '`' => {
                let (text, length) = string(rest, first)?;
                tokens.push(Token::Text(text));
                length
            }
            '[' => {
                let end = rest.find(']').ok_or_else(|| format!("a window is not closed: {rest}"))?;
                tokens.push(Token::Window(rest[1..end].trim().to_owned()));
                end + 1
            }
            _ if word(first) || first == '$' => {
                let inside = |c: char| word(c) || matches!(c, '$' | '.');
                let length = match rest.strip_prefix("${").and_then(|rest| rest.find('}')) {
                    Some(end) => end + 3,
                    None => rest.find(|c| !inside(c)).unwrap_or(rest.len()),
                };
                // A variable may only stand for a number here; the reader takes it for one.
                let text = &rest[..length];
                tokens.push(Token::Word(if first == '$' { "0".to_owned() } else { text.to_owned() }));
                length
            }
            _ => {
                let two = ["=~", "!~", "!=", "==", "<=", ">="].iter().any(|sign| rest.starts_with(sign));
                let length = if two { 2 } else { first.len_utf8() };
                tokens.push(Token::Sign(rest[..length].to_owned()));
                length
            }
        };
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

/// A letter of names and numbers.
fn word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | ':')
}

/// A string, and how long it is with its quotes.
fn string(text: &str, quote: char) -> Result<(String, usize), String> {
    let mut read = String::new();
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            _ if letter == quote => return Ok((read, at + 1)),
            '\\' if quote != '`' => match letters.next() {
                Some((_, escaped @ ('\\' | '"' | '\''))) => read.push(escaped),
                Some((_, 'n')) => read.push('\n'),
                other => return Err(format!("an unknown escape {other:?} in {text}")),
            },
            _ => read.push(letter),
        }
    }
    Err(format!("a string is not closed: {text}"))
}

/// A duration such as `5m` or `1h30m` in seconds.
pub(crate) fn seconds(duration: &str) -> Option<f64> {
    let mut total = 0.0;
    let mut rest = duration;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: f64 = rest[..digits].parse().ok()?;
        let (unit, after) = match &rest[digits..] {
            ms if ms.starts_with("ms") => (0.001, &ms[2..]),
            unit => {
                let seconds = match unit.chars().next()? {
                    's' => 1.0,
                    'm' => 60.0,
                    'h' => 3600.0,
                    'd' => 86_400.0,
                    'w' => 604_800.0,
                    'y' => 31_536_000.0,
                    _ => return None,
                };
                (seconds, &unit[1..])
            }
        };
        total += number * unit;
        rest = after;
    }
    (!duration.is_empty()).then_some(total)
}

#[test]
fn selectors_are_read_with_all_that_is_around_them() {
    let query = r#"
        # how much
        histogram_quantile(0.95, sum by (le, target) (rate(a_bucket{job=~"$job", x!~`a"\d`, } [$__rate_interval])))
          and on (target) (max without (x) (b) > bool 1.5e3 * $objective) offset 5m
          or label_replace(c{d="}\"("}, "new", "$1", "d", "(.*)")
          or max_over_time((e + on () group_left f)[1h:1m]) - ({__name__="g"} @ end())"#;
    let reading = read(query).unwrap();
    let seen: Vec<_> = reading
        .selectors
        .iter()
        .map(|selector| {
            let matchers = selector.matchers.iter();
            let matchers: Vec<_> =
                matchers.map(|m| format!("{}{}{}", m.label, m.operator, m.value)).collect();
            let window = selector.window.as_deref().unwrap_or("-");
            let function = selector.function.as_deref().unwrap_or("-");
            format!(
                "{} {{{}}} {window} {function} {}",
                selector.metric,
                matchers.join(","),
                selector.inside.join(">")
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            "a_bucket {job=~$job,x!~a\"\\d} $__rate_interval rate histogram_quantile>sum>rate",
            "b {} - max max",
            "c {d=}\"(} - label_replace label_replace",
            "e {} - - max_over_time",
            "f {} - - max_over_time",
            " {__name__=g} - - ",
        ]
    );
    assert_eq!(reading.grouped, ["le", "target", "target", "x"]);
    assert_eq!(reading.strings, ["new", "$1", "d", "(.*)"]);
    assert!(reading.compares && !read("vector(1)").unwrap().compares);
    assert!(!read("a{b!=\"c\"}").unwrap().compares, "a matcher compares no two things");
}

#[test]
fn what_is_no_promql_is_an_error_or_told_by_promtool() {
    for wrong in ["sum(a", "a)", "a{b}", "a{b=~\"c", "rate(a[5m)", "a{b=\"\\x\"}", "sum by (a b=1) (c)"] {
        assert!(read(wrong).is_err(), "{wrong}: {:?}", read(wrong));
    }
}

#[test]
fn durations_are_seconds() {
    for (text, expected) in [
        ("5m", Some(300.0)),
        ("1h30m", Some(5400.0)),
        ("500ms", Some(0.5)),
        ("30d", Some(2_592_000.0)),
        ("", None),
        ("5", None),
        ("m", None),
        ("$__range", None),
    ] {
        assert_eq!(seconds(text), expected, "{text}");
    }
}
