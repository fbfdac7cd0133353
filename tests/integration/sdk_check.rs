//! `sdk-check` over whole projects: what it says, to people and to machines, and with which exit code.

use std::fs;

use crate::canary::{Said, run};
use crate::workspace::Workspace;

/// Three services: one of each age, and one whose lock file is broken.
const PROJECT: &[(&str, &str)] = &[
    (
        "services/chat/pyproject.toml",
        "[project]\nname = \"chat\"\ndependencies = [\"anthropic>=0.30\", \"httpx\"]\n",
    ),
    (
        "services/chat/uv.lock",
        "version = 1\n[[package]]\nname = \"anthropic\"\nversion = \"0.39.0\"\nsource = { registry = \"https://index.example\" }\n",
    ),
    ("services/web/package.json", "{\"dependencies\": {\"@anthropic-ai/sdk\": \"^99.0.0\"}}"),
    ("services/web/package-lock.json", "{\"lockfileVersion\": 3, \"packages\": "),
    ("services/web/node_modules/x/package.json", "{\"dependencies\": {\"openai\": \"1.0.0\"}}"),
    ("go.mod", "module example.com/app\n\nrequire github.com/anthropics/anthropic-sdk-go v99.0.0\n"),
];

fn project(files: &[(&str, &str)]) -> Workspace {
    let workspace = Workspace::new();
    for (name, text) in files {
        fs::create_dir_all(workspace.path().join(name).parent().unwrap()).unwrap();
        workspace.write(name, text);
    }
    workspace
}

fn sdk_check(workspace: &Workspace, arguments: &[&str]) -> Said {
    let mut all = vec!["sdk-check", workspace.path().to_str().unwrap()];
    all.extend(arguments);
    run(&all, &[])
}

#[test]
fn an_outdated_sdk_is_told_with_what_changed_and_fails_the_check() {
    let said = sdk_check(&project(PROJECT), &[]);
    assert_eq!((said.code, said.err.as_str()), (Some(1), ""), "{said:?}");
    assert!(
        said.out.starts_with("services/chat/uv.lock: anthropic (pypi): 0.39.0, older than"),
        "{}",
        said.out
    );
    for part in [
        "\n  0.71.1 (2025-10-28): The default socket options (TCP keepalive) take effect:",
        "\n  https://github.com/anthropics/anthropic-sdk-python/blob/main/CHANGELOG.md\n",
        "\nwarning: services/web/package-lock.json: not JSON: ",
    ] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    assert!(!said.out.contains("pyproject.toml"), "the lock file decides: {}", said.out);
    assert!(said.out.ends_with("\n4 files read, 3 SDKs found, 1 outdated\n"), "{}", said.out);
    for line in said.out.lines().filter(|line| !line.trim().starts_with("https://")) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn the_same_is_told_to_machines() {
    let said = sdk_check(&project(PROJECT), &["--json"]);
    assert_eq!((said.code, said.err.as_str()), (Some(1), ""), "{said:?}");
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(report["files_read"], 4);
    assert_eq!(report["sdks_found"], 3);
    assert_eq!(report["sdks_outdated"], 1);
    let finding = &report["findings"][0];
    assert_eq!(finding["path"], "services/chat/uv.lock");
    assert_eq!((&finding["package"], &finding["how"]), (&"anthropic".into(), &"locked".into()));
    assert_eq!(finding["version"], "0.39.0");
    let changes = finding["changes"].as_array().unwrap();
    assert_eq!(changes.last().unwrap()["version"], finding["minimum"]);
    assert_eq!(report["warnings"][0]["path"], "services/web/package-lock.json");
}

#[test]
fn a_project_that_is_up_to_date_or_uses_none_is_fine() {
    for (files, told) in [
        (&[("requirements.txt", "anthropic==99.0\n")][..], "1 file read, 1 SDK found, 0 outdated\n"),
        (&[("requirements.txt", "requests==2.0\n")], "1 file read, no known LLM SDK found\n"),
        (&[("README.md", "# nothing\n")], "0 files read, no known LLM SDK found\n"),
    ] {
        let said = sdk_check(&project(files), &[]);
        assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (Some(0), told, ""), "{files:?}");
    }
    let empty = sdk_check(&project(&[]), &["--json"]);
    let report: serde_json::Value = serde_json::from_str(&empty.out).unwrap();
    assert_eq!((empty.code, &report["findings"]), (Some(0), &serde_json::json!([])));
}

#[test]
fn what_cannot_be_checked_at_all_is_bad_usage() {
    let workspace = project(&[("go.mod", "module x\n")]);
    for (name, problem) in [("none", "No such file"), ("go.mod", "Not a directory")] {
        let path = workspace.path().join(name);
        let said = run(&["sdk-check", path.to_str().unwrap()], &[]);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{said:?}");
        assert!(said.err.starts_with(&format!("cannot read {}: {problem}", path.display())), "{said:?}");
    }
    for arguments in [&["--nonsense"][..], &["--list"]] {
        let said = sdk_check(&workspace, arguments);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{arguments:?}: {said:?}");
    }
}

#[test]
fn the_table_can_be_read() {
    let said = run(&["sdk-check", "--list"], &[]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    for package in [
        "anthropic (pypi): at least ",
        "@anthropic-ai/sdk (npm): at least ",
        "com.openai:openai-java (maven)",
    ] {
        assert!(said.out.contains(package), "{package}: {}", said.out);
    }
    let said = run(&["sdk-check", "--list", "--json"], &[]);
    let table: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert!(table["packages"].as_array().unwrap().len() >= 10, "{table}");
}
