//! Texts that are made to break a reader, and texts that are just anything.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::{check, table, told, warned};

const PATHS: &[&str] = &[
    "requirements.txt",
    "pyproject.toml",
    "poetry.lock",
    "uv.lock",
    "Pipfile",
    "Pipfile.lock",
    "package.json",
    "package-lock.json",
    "pnpm-lock.yaml",
    "yarn.lock",
    "pom.xml",
    "build.gradle",
    "gradle/libs.versions.toml",
    "gradle.lockfile",
    "go.mod",
    "Cargo.toml",
    "Cargo.lock",
];

/// Words that readers look for.
const WORDS: &[&str] = &[
    "anthropic",
    "@anthropic-ai/sdk",
    "openai",
    "com.anthropic:anthropic-java",
    "some-sdk",
    "version",
    "==",
    ">=",
    "^",
    "||",
    " - ",
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    "<",
    ">",
    "\"",
    "'",
    ":",
    "=",
    ",",
    ".",
    "@",
    "/",
    "$",
    "${",
    "\n",
    "\n  ",
    "  ",
    "#",
    "\\\n",
    "1.0",
    "0.2.0",
    "packages",
    "dependencies",
    "[[package]]\n",
    "name",
    "npm:",
    "node_modules/",
    "require (",
    "replace",
    "=>",
    "module x\n",
    "<project>",
    "</project>",
    "<dependency>",
    "resolution:",
    "@workspace:",
    "é",
    "\u{0}",
    "\u{1b}[2J",
    "*",
    "x",
    "-",
    "+",
    "_",
];

fn anything() -> impl Strategy<Value = String> {
    let words = prop::collection::vec(prop::sample::select(WORDS), 0..60).prop_map(|words| words.concat());
    prop_oneof![words, any::<String>()]
}

proptest! {
    #[test]
    fn no_text_makes_a_reader_panic(path in prop::sample::select(PATHS), text in anything()) {
        let table = table();
        let report = check(&table, &[(path, &text)]);
        let (told, json) = (report.text(), report.json().unwrap());
        prop_assert!(!told.chars().any(|c| c.is_control() && c != '\n'), "{told:?}");
        prop_assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
    }
}

#[test]
fn texts_that_nest_without_end_are_warnings() {
    let table = table();
    let many = 200_000;
    for (path, text) in [
        ("package-lock.json", "[".repeat(many)),
        ("package.json", "{\"a\":".repeat(many)),
        ("pyproject.toml", format!("a = {}", "[".repeat(many))),
        ("Cargo.lock", format!("a = {}", "{ a = ".repeat(many))),
        ("pom.xml", "<project>".repeat(many)),
        ("pnpm-lock.yaml", format!("packages: {}", "[".repeat(10_000))),
    ] {
        let warnings = warned(&check(&table, &[(path, &text)]));
        assert_eq!(warnings.len(), 1, "{path}: {warnings:?}");
    }
}

#[test]
fn large_files_are_read_to_their_end() {
    let table = table();
    let mut requirements = String::new();
    let mut lock = "{\"packages\": {".to_owned();
    let mut pom = "<project><dependencies>".to_owned();
    let mut gradle = String::new();
    let mut go = "module x\nrequire (\n".to_owned();
    for index in 0..60_000 {
        writeln!(requirements, "package-{index}=={index}.0").unwrap();
        write!(lock, "\"node_modules/package-{index}\": {{\"version\": \"{index}.0.0\"}},").unwrap();
        if index < 20_000 {
            writeln!(pom, "<dependency><groupId>g</groupId><artifactId>a{index}</artifactId></dependency>")
                .unwrap();
        }
        writeln!(gradle, "val v{index} = \"{index}\"; api(\"g:a{index}:$v{index}\")").unwrap();
        writeln!(go, "example.com/m{index} v1.0.0").unwrap();
    }
    requirements.push_str("anthropic==0.1");
    lock.push_str("\"node_modules/openai\": {\"version\": \"1.0.0\"}}}");
    pom.push_str("<dependency><groupId>com.anthropic</groupId><artifactId>anthropic-java</artifactId><version>1</version>");
    pom.push_str("</dependency></dependencies></project>");
    gradle.push_str("api(\"com.anthropic:anthropic-java:1.0\")");
    go.push_str("github.com/openai/openai-go v1.0.0\n)\n");
    let report = check(
        &table,
        &[
            ("requirements.txt", &requirements),
            ("package-lock.json", &lock),
            ("pom.xml", &pom),
            ("a/build.gradle", &gradle),
            ("go.mod", &go),
        ],
    );
    assert_eq!(
        told(&report),
        [
            "requirements.txt:60001 anthropic Pinned 0.1",
            "package-lock.json openai Locked 1.0.0",
            "pom.xml:20001 com.anthropic:anthropic-java Pinned 1",
            "a/build.gradle:60001 com.anthropic:anthropic-java Pinned 1.0",
            "go.mod:60003 github.com/openai/openai-go Locked 1.0.0",
        ]
    );
}

#[test]
fn a_file_that_names_too_much_is_told_and_cut_off() {
    let table = table();
    let many: String = (0..2_000).fold(String::new(), |text, index| format!("{text}anthropic==0.{index}\n"));
    let pom = format!("<project>{}</project>", " ".repeat(2 << 20));
    let report = check(&table, &[("requirements.txt", &many), ("pom.xml", &pom)]);
    assert_eq!(report.findings().len(), 1_000);
    assert_eq!(
        warned(&report),
        [
            "requirements.txt: names 1000 versions of SDKs or more: the rest is not read",
            "pom.xml: larger than 2097152 bytes and not read",
        ]
    );
}

#[test]
fn neither_credentials_nor_control_characters_are_printed() {
    let table = table();
    let secret = "s3cr3t";
    for (path, text) in [
        ("requirements.txt", format!("anthropic @ https://u:{secret}@host.example/a-0.1.whl\n")),
        ("requirements.txt", format!("anthropic==https://{secret}@x\n")),
        (
            "pyproject.toml",
            format!("[tool.poetry.dependencies]\nanthropic = {{ git = \"https://{secret}@x\" }}\n"),
        ),
        ("pyproject.toml", format!("a = \"{secret}\nb")),
        ("package.json", format!("{{\"dependencies\": {{\"openai\": \"git+https://{secret}@x/y.git\"}}}}")),
        ("package.json", format!("{{\"a\": \"{secret}\" \"b\"}}")),
        (
            "package-lock.json",
            format!("{{\"packages\": {{\"node_modules/openai\": {{\"version\": \"{secret}\"}}}}}}"),
        ),
        ("pom.xml", format!("<project><password>{secret}</password><x></project>")),
        ("pnpm-lock.yaml", format!("packages:\n  openai@{secret}: {{}}\n")),
        ("pnpm-lock.yaml", format!("token: {secret}\n- x\n")),
        ("yarn.lock", format!("openai@https://{secret}@x:\n  version \"{secret}\"\n")),
        ("gradle.lockfile", format!("https://{secret}@x\n")),
        ("go.mod", format!("module x\nrequire github.com/openai/openai-go {secret}\n")),
    ] {
        let report = check(&table, &[(path, &text)]);
        let (told, json) = (report.text(), report.json().unwrap());
        assert!(!told.contains(secret) && !json.contains(secret), "{path}: {told}");
        assert_eq!(report.findings().len(), 0, "{path}: {told}");
        assert_eq!(report.undecided().len() + report.warnings().len(), 1, "{path}: {told}");
    }
    let report = check(&table, &[("a\u{1b}[2J\u{202e}/requirements.txt", "anthropic==0.1")]);
    assert_eq!(told(&report), ["a [2J /requirements.txt:1 anthropic Pinned 0.1"]);
}
