//! Which of several files is heard, and where the line between fine and outdated is.

use super::{check, table, told};

const OLD_LOCK: &str = "version = 1\n[[package]]\nname = \"anthropic\"\nversion = \"0.3.0\"\n";
const NEW_LOCK: &str = "version = 1\n[[package]]\nname = \"anthropic\"\nversion = \"1.3.0\"\n";
const MANIFEST: &str = "[project]\ndependencies = [\"anthropic>=0.2\", \"google-genai>=0.1\"]\n";

#[test]
fn a_lock_file_is_heard_instead_of_the_manifest_beside_it() {
    let table = table();
    for (files, expected) in [
        (
            vec![("pyproject.toml", MANIFEST), ("uv.lock", NEW_LOCK)],
            vec!["pyproject.toml google-genai Allows 0.1"],
        ),
        (
            vec![("a/pyproject.toml", MANIFEST), ("a/uv.lock", OLD_LOCK)],
            vec!["a/pyproject.toml google-genai Allows 0.1", "a/uv.lock anthropic Locked 0.3.0"],
        ),
        // Another directory is another project, and a broken lock file decides nothing.
        (
            vec![("a/pyproject.toml", MANIFEST), ("uv.lock", NEW_LOCK)],
            vec!["a/pyproject.toml anthropic Allows 0.2", "a/pyproject.toml google-genai Allows 0.1"],
        ),
        (
            vec![("pyproject.toml", MANIFEST), ("uv.lock", "version =")],
            vec!["pyproject.toml anthropic Allows 0.2", "pyproject.toml google-genai Allows 0.1"],
        ),
        // An ecosystem does not speak for another one.
        (
            vec![("package.json", "{\"dependencies\": {\"openai\": \"^4.0.0\"}}"), ("uv.lock", NEW_LOCK)],
            vec!["package.json openai Allows 4.0.0"],
        ),
        (
            vec![
                ("gradle.lockfile", "com.anthropic:anthropic-java:3.0.0=x\n"),
                ("gradle/libs.versions.toml", "[libraries]\na = \"com.anthropic:anthropic-java:2.0.0\"\n"),
                ("build.gradle", "'com.anthropic:anthropic-java:2.+'\n"),
            ],
            vec![],
        ),
    ] {
        let report = check(&table, &files);
        assert_eq!(told(&report), expected, "{files:?}");
    }
}

#[test]
fn the_lock_file_of_a_workspace_speaks_for_its_members() {
    let table = table();
    let member = "{\"dependencies\": {\"openai\": \"^4.0.0\"}}";
    let outside = ("other/package.json", member);
    for (lock, text) in [
        (
            "package-lock.json",
            "{\"packages\": {\"\": {}, \"packages/a\": {}, \"node_modules/openai\": {\"version\": \"6.1.0\"}}}",
        ),
        ("pnpm-lock.yaml", "importers:\n  .: {}\n  packages/a: {}\npackages:\n  openai@6.1.0: {}\n"),
        (
            "yarn.lock",
            "\"a@workspace:packages/a\":\n  version: 0.0.0-use.local\n  resolution: \"a@workspace:packages/a\"\n\
             \"openai@npm:^4 || ^6\":\n  version: 6.1.0\n",
        ),
    ] {
        let report = check(&table, &[("packages/a/package.json", member), outside, (lock, text)]);
        assert_eq!(told(&report), ["other/package.json openai Allows 4.0.0"], "{lock}");
    }
    let lock = format!(
        "{NEW_LOCK}[[package]]\nname = \"a\"\nversion = \"0.1\"\nsource = {{ editable = \"libs/../libs/a\" }}\n"
    );
    let member = "[project]\ndependencies = [\"anthropic>=0.2\"]\n";
    let files = [("libs/a/pyproject.toml", member), ("libs/b/pyproject.toml", member), ("uv.lock", &lock)];
    assert_eq!(told(&check(&table, &files)), ["libs/b/pyproject.toml anthropic Allows 0.2"]);
}

#[test]
fn each_project_of_a_repository_is_judged_by_itself() {
    let table = table();
    let report = check(
        &table,
        &[
            ("a/uv.lock", OLD_LOCK),
            ("b/uv.lock", NEW_LOCK),
            ("c/go.mod", "module c\nrequire github.com/openai/openai-go v1.0.0\n"),
            ("d/yarn.lock", "# yarn lockfile v1\nopenai@^5:\n  version \"5.0.0\"\n"),
            ("d/pom.xml", "<project/>"),
        ],
    );
    assert_eq!(
        told(&report),
        [
            "a/uv.lock anthropic Locked 0.3.0",
            "c/go.mod:2 github.com/openai/openai-go Locked 1.0.0",
            "d/yarn.lock:2 openai Locked 5.0.0",
        ]
    );
    assert!(report.text().ends_with("5 files read, 4 SDKs found, 3 outdated\n"), "{}", report.text());
}

#[test]
fn the_minimum_itself_is_fine_and_what_comes_before_it_is_not() {
    let table = table();
    for (version, outdated) in [
        ("0.9.9", true),
        ("1.0.0rc1", true),
        ("1.0.0.dev1", true),
        ("1.0.0", false),
        ("1.0", false),
        ("1.0.0.post1", false),
        ("1.0.0+local.7", false),
        ("1.0.1a1", false),
        ("2.0", false),
        ("1!0.1", false),
    ] {
        let report = check(&table, &[("requirements.txt", &format!("anthropic=={version}"))]);
        assert_eq!(report.findings().len(), usize::from(outdated), "{version}");
        assert_eq!(report.undecided().len(), 0, "{version}");
    }
    for (version, outdated) in [
        ("5.9.9", true),
        ("6.0.0-rc.1", true),
        ("6.0.0", false),
        ("6.0.0+build", false),
        ("6.0.1-beta.1", false),
        ("10.0.0", false),
    ] {
        let lock = format!("{{\"packages\": {{\"node_modules/openai\": {{\"version\": \"{version}\"}}}}}}");
        let report = check(&table, &[("package-lock.json", &lock)]);
        assert_eq!(report.findings().len(), usize::from(outdated), "{version}");
    }
}

#[test]
fn only_what_changed_since_is_told() {
    let table = table();
    for (version, changes) in
        [("0.4.9", vec!["0.5.0", "1.0.0"]), ("0.5.0", vec!["1.0.0"]), ("0.9", vec!["1.0.0"])]
    {
        let report = check(&table, &[("requirements.txt", &format!("anthropic=={version}"))]);
        let told: Vec<_> =
            report.findings()[0].changes.iter().map(|change| change.version.as_str()).collect();
        assert_eq!(told, changes, "{version}");
    }
}
