//! The authentication schemes in `Proxy-Authenticate`.

/// How many schemes are kept, and how long each may be.
const MOST: usize = 8;
const LONGEST: usize = 32;

/// Adds the schemes that one header offers (RFC 9110 §11.6.1): challenges with their parameters, all comma separated.
pub(super) fn add_schemes(header: &str, schemes: &mut Vec<String>) {
    for part in outside_quotes(header) {
        let part = part.trim();
        let length = part.find(|c: char| !is_token(c)).unwrap_or(part.len());
        let (word, rest) = part.split_at(length);
        // A scheme stands alone, or a space behind it leads to its parameters; `realm = "x"` is one of those.
        let alone = rest.is_empty() || rest.starts_with([' ', '\t']);
        let parameter = rest.trim_start().starts_with('=');
        let known = schemes.iter().any(|scheme| scheme.eq_ignore_ascii_case(word));
        if alone && !parameter && !known && (1..=LONGEST).contains(&length) && schemes.len() < MOST {
            schemes.push(word.to_owned());
        }
    }
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

/// The parts between the commas that are not inside quotes.
fn outside_quotes(text: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' => return !quoted,
            _ => {}
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn schemes(headers: &[&str]) -> Vec<String> {
        let mut schemes = Vec::new();
        headers.iter().for_each(|header| add_schemes(header, &mut schemes));
        schemes
    }

    #[test]
    fn the_schemes_of_all_headers_are_found_once_each() {
        for (headers, expected) in [
            (&["Basic realm=\"a, b\""][..], &["Basic"][..]),
            (&["Basic realm=\"x\"", "NTLM", "basic"], &["Basic", "NTLM"]),
            (&["Negotiate, NTLM, Basic realm = \"x\""], &["Negotiate", "NTLM", "Basic"]),
            (
                &[
                    "Digest realm=\"a \\\", Fake \", nonce=\"b\", qop=\"auth, auth-int\" , algorithm = MD5, Bearer",
                ],
                &["Digest", "Bearer"],
            ),
            (&["NTLM TlRMTVNTUAACAAAA==", ", ,Kerberos"], &["NTLM", "Kerberos"]),
            (&["", "realm=\"x\"", "\"Basic\"", "a/b", &"x".repeat(33)], &[]),
            (&["a, b, c, d, e, f, g, h, i"], &["a", "b", "c", "d", "e", "f", "g", "h"]),
        ] {
            assert_eq!(schemes(headers), expected, "{headers:?}");
        }
    }

    proptest! {
        #[test]
        fn no_header_gives_anything_but_short_tokens(header in ".*") {
            let found = schemes(&[&header]);
            prop_assert!(found.len() <= MOST);
            for scheme in found {
                prop_assert!(scheme.len() <= LONGEST && scheme.chars().all(is_token), "{scheme:?}");
            }
        }
    }
}
