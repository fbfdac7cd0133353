//! The laws on documents: links between them lead somewhere, and whatever the program may write in its log is explained in
//! docs/logging.md. Held by reading them, and the source.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use walkdir::WalkDir;

const LEVELS: [&str; 4] = ["error", "warn", "info", "debug"];

/// The text literals in a call, whose code begins behind its parenthesis; those of fields and the message, which is last.
fn literals(code: &str) -> Vec<String> {
    let (mut depth, mut found, mut rest) = (1_usize, Vec::new(), code.chars());
    while depth > 0 {
        match rest.next() {
            Some('(') => depth += 1,
            Some(')') => depth -= 1,
            Some('"') => found.push(literal(&mut rest)),
            Some(_) => {}
            None => break,
        }
    }
    found
}

/// The text up to the closing quote; a backslash at the end of a line leaves out what indents the next one.
fn literal(rest: &mut std::str::Chars<'_>) -> String {
    let mut text = String::new();
    while let Some(sign) = rest.next() {
        match sign {
            '"' => break,
            '\\' => match rest.next() {
                Some('\n') => *rest = rest.as_str().trim_start().chars(),
                Some(escaped) => text.push(escaped),
                None => break,
            },
            sign => text.push(sign),
        }
    }
    text
}

/// Every message in this code.
fn messages(code: &str) -> Vec<String> {
    let calls = LEVELS.iter().flat_map(|level| {
        let call = format!("tracing::{level}!(");
        let places: Vec<usize> = code.match_indices(&call).map(|(at, _)| at + call.len()).collect();
        places
    });
    calls.filter_map(|at| literals(&code[at..]).pop()).collect()
}

#[test]
fn every_message_is_explained() -> io::Result<()> {
    let guide = fs::read_to_string("docs/logging.md")?;
    let mut said = BTreeSet::new();
    for entry in WalkDir::new("src").into_iter().collect::<Result<Vec<_>, _>>()? {
        let path = entry.path().display().to_string();
        // What the simulator says of its hosts is for those who write tests.
        if path.ends_with(".rs") && !path.starts_with("src/simulate/") {
            said.extend(messages(&fs::read_to_string(entry.path())?));
        }
    }
    assert!(said.len() > 50, "{said:?}");
    let missing: Vec<_> = said.iter().filter(|message| !guide.contains(&format!("`{message}`"))).collect();
    assert!(missing.is_empty(), "docs/logging.md says nothing of {missing:#?}");
    let quoted = guide.lines().filter(|line| line.starts_with("| `")).flat_map(|line| {
        let first = line.trim_start_matches("| ").split(" | ").next().unwrap_or_default();
        first.split("`, `").map(|message| message.trim_matches('`').to_owned()).collect::<Vec<_>>()
    });
    let gone: Vec<_> = quoted.filter(|message| !said.contains(message)).collect();
    assert!(gone.is_empty(), "docs/logging.md explains what nothing says: {gone:#?}");
    Ok(())
}

/// What a link to a heading is called, as code hosts make it: small letters, digits, `-` and `_`, with `-` for a space.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|sign| sign.is_alphanumeric() || matches!(sign, ' ' | '-' | '_'));
    kept.map(|sign| if sign == ' ' { '-' } else { sign }).collect()
}

/// The lines that are no code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut code = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        code ^= fence;
        !code && !fence
    })
}

fn anchors(text: &str) -> BTreeSet<String> {
    prose(text)
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#')))
        .collect()
}

/// Where the links of a text lead that stay in the repository.
fn links(text: &str) -> Vec<String> {
    let targets =
        prose(text).flat_map(|line| line.split("](").skip(1)).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://")).map(str::to_owned).collect()
}

fn documents() -> io::Result<Vec<PathBuf>> {
    let ours = |entry: &walkdir::DirEntry| {
        let name = entry.file_name().to_string_lossy();
        !matches!(&*name, "target" | "node_modules" | ".git")
    };
    let entries = WalkDir::new(".").into_iter().filter_entry(ours).collect::<Result<Vec<_>, _>>()?;
    let paths = entries.into_iter().map(walkdir::DirEntry::into_path);
    Ok(paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect())
}

#[test]
fn links_lead_somewhere() -> io::Result<()> {
    let (mut broken, mut count) = (Vec::new(), 0);
    for document in documents()? {
        let text = fs::read_to_string(&document)?;
        for link in links(&text) {
            count += 1;
            let (path, heading) =
                link.split_once('#').map_or((&*link, None), |(path, heading)| (path, Some(heading)));
            let beside = document.parent().unwrap_or(Path::new("")).join(path);
            let target = if path.is_empty() { &document } else { &beside };
            let known = match heading {
                None => target.exists(),
                Some(heading) => {
                    fs::read_to_string(target).is_ok_and(|text| anchors(&text).contains(heading))
                }
            };
            if !known {
                broken.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(count > 100, "only {count} links are found");
    assert!(broken.is_empty(), "{broken:#?}");
    Ok(())
}

/// What is the same in every language: code, headings by their depth, and where links lead that stay in the repository.
fn skeleton(text: &str) -> (String, Vec<usize>, BTreeSet<String>) {
    let mut code = false;
    let fenced = text.lines().filter(|line| {
        let fence = line.starts_with("```");
        code ^= fence;
        code || fence
    });
    let depths =
        prose(text).filter(|line| line.starts_with('#')).map(|line| line.find(' ').unwrap_or_default());
    let between = |link: &String| !link.starts_with('#') && !link.starts_with("README");
    let links = links(text).into_iter().filter(between).collect();
    (fenced.collect::<Vec<_>>().join("\n"), depths.collect(), links)
}

#[test]
fn the_readme_says_the_same_in_chinese() -> io::Result<()> {
    let (english, chinese) = (fs::read_to_string("README.md")?, fs::read_to_string("README.zh-CN.md")?);
    assert_eq!(skeleton(&english), skeleton(&chinese));
    let rows =
        |text: &str| prose(text).filter(|line| line.starts_with('|') || line.starts_with("- ")).count();
    assert_eq!(rows(&english), rows(&chinese));
    let is_chinese = |text: &str| text.chars().any(|sign| ('\u{4e00}'..='\u{9fff}').contains(&sign));
    let paragraphs =
        prose(&chinese).filter(|line| line.len() > 60 && !line.contains("](")).collect::<Vec<_>>();
    assert!(paragraphs.iter().all(|line| is_chinese(line)), "{paragraphs:#?}");
    Ok(())
}

#[test]
fn links_and_headings_are_read_as_they_are_shown() {
    let text = "# `a` B-c: d_e\n[x](y.md#z) and [v](https://w)\n```\n# no\n[no](no)\n```\n";
    assert_eq!(anchors(text), BTreeSet::from(["a-b-c-d_e".to_owned()]));
    assert_eq!(links(text), ["y.md#z"]);
}

#[test]
fn messages_are_found_behind_their_fields() {
    let code = r#"tracing::warn!(target = "a (b", x = f(1), "it is \
                   broken"); tracing::info!("works");"#;
    assert_eq!(messages(code), ["it is broken", "works"]);
}
