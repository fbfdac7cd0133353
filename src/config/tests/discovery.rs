//! Lists of targets: files beside the config and what sources answer, what they may say and what is told of them.

use std::path::Path;

use super::super::list::arrange;
use super::super::schema::schema;
use super::*;
use serde_json::{Value, json};

/// A config whose targets all stand elsewhere.
const BASE: &str = "\
defaults: { interval: 20s, timeout: 5s }
resolvers: { google: { address: \"udp://8.8.8.8\" } }
routes: { corp: { proxy: \"http://u:p@proxy.example:3128\" } }
target_sources: [{ url: \"https://inventory.example/targets\" }]
";

fn base() -> Config {
    load_text(BASE, &environment()).unwrap()
}

fn source(more: &str) -> TargetSource {
    let text = format!("target_sources: [{{ url: \"https://inventory.example/targets\"{more} }}]");
    load_text(&text, &environment()).unwrap().sources.remove(0)
}

/// What a source's list comes to.
fn foreign(text: &str) -> Result<TargetList, String> {
    base().list(&source("").list_text(text.into()), &environment()).map_err(|problems| problems.to_string())
}

/// What a file's list comes to.
fn ours(text: &str) -> Result<TargetList, String> {
    base().list(&text_of(Path::new("/list.yml"), text.into()), &environment()).map_err(|e| e.to_string())
}

fn names(list: &TargetList) -> Vec<String> {
    list.targets().map(|target| target.name.to_string()).collect()
}

#[test]
fn a_list_is_read_as_the_targets_of_the_config_are() {
    let list = ours(
        "- { name: a, provider: anthropic, api_key: { env: KEY }, interval: \"${FIVE}\", routes: [corp], slo: { objective: 99 } }\n\
         - { name: b, provider: http, url: \"https://b.example\", resolvers: [google] }\n",
    )
    .unwrap();
    let config = base().with_lists(vec![list]);
    let [a, b] = config.targets.as_slice() else { panic!("{:?}", config.targets) };
    assert_eq!((a.interval, b.interval), (Duration::from_secs(5), Duration::from_secs(20)));
    assert_eq!((a.timeout, b.timeout), (Duration::from_secs(5), Duration::from_secs(5)));
    assert!(a.api_key.is_some());
    assert_eq!((&*a.routes[0].name, &*b.resolvers[0].name), ("corp", "google"));
    assert_eq!(config.slos.len(), 1);
    // The same as if they stood in the config itself.
    let text = format!(
        "{BASE}targets:\n- {{ name: a, provider: anthropic, api_key: {{ env: KEY }}, interval: 5s, routes: [corp], slo: {{ objective: 99 }} }}\n\
         - {{ name: b, provider: http, url: \"https://b.example\", resolvers: [google] }}\n"
    );
    assert_eq!(config, load_text(&text, &environment()).unwrap());
}

#[test]
fn a_group_is_a_target_for_each_of_its_urls() {
    let list = ours(
        "- targets: [api.anthropic.com, \"https://b.example:8443/up\", \"127.0.0.1:80\"]\n  labels: { interval: 1m, timeout: 2s }\n\
         - targets: [https://c.example]\n  labels: { name: c, provider: openai }\n\
         - targets: []\n",
    )
    .unwrap();
    let shown: Vec<_> = list
        .targets()
        .map(|target| {
            let url = target.sites[0].endpoint.shown();
            format!("{} {} {url} {:?}", target.name, target.provider.name(), target.interval)
        })
        .collect();
    assert_eq!(
        shown,
        [
            "api.anthropic.com anthropic https://api.anthropic.com/ 60s",
            "b.example-8443 http https://b.example:8443/up 60s",
            "127.0.0.1-80 http https://127.0.0.1:80/ 60s",
            "c openai https://c.example/ 20s",
        ]
    );
}

#[test]
fn what_is_wrong_with_a_list_is_told_with_place_path_and_help() {
    for (text, told) in [
        ("", "1:1: there is nothing in it\n    help: write [] for a list without targets"),
        (
            "targets: []",
            "1:1: not a list of targets\n    help: write the targets themselves, without a key above them: - name: ...",
        ),
        (
            "a",
            "1:1: not a list of targets\n    help: write the targets themselves, without a key above them: - name: ...",
        ),
        ("- ~", "1:3: [0]: an item with nothing in it"),
        (
            "- { name: a, provider: anthropic, intervall: 5s }",
            "1:35: [0].intervall: unknown key \"intervall\"\n    help: did you mean `interval`? (known here: `name`,",
        ),
        (
            "- { name: a, provider: anthropic }\n- { name: a, provider: anthropic, routes: [crop] }",
            "2:11: [1].name: \"a\" is the name of the target on line 1 already\n    help: names must be unique\n/list.yml:2:44: [1].routes[0]: no route is named \"crop\"\n    help: did you mean `corp`?",
        ),
        (
            "- { name: a, provider: anthropic, interval: \"${NOPE}\" }",
            "1:45: [0].interval: the environment variable NOPE is not set",
        ),
        (
            "- targets: [a.example]\n  labels: { team: x, __meta_dc: y }",
            "2:13: [0].labels.team: unknown key \"team\"\n    help: known here: `name`, `provider`, `interval`, `timeout`\n/list.yml:2:22: [0].labels.__meta_dc: unknown key \"__meta_dc\"",
        ),
        (
            "- { targets: [a.example], lables: {} }",
            "1:27: [0].lables: unknown key \"lables\"\n    help: did you mean `labels`? (known here: `targets`, `labels`)",
        ),
        (
            "- { targets: [a.example, b.example], labels: { name: x } }",
            "1:54: [0].labels.name: a name is that of one target, and this group has 2\n    help: leave it out,",
        ),
        (
            "- { targets: [a.example, b.example], labels: { interval: 1ms } }",
            "1:58: [0].labels.interval: \"1ms\" is not from 1s to 1d",
        ),
        (
            "- { targets: [\"ftp://a\", \"a:99999\"] }",
            "1:15: [0].targets[0]: the scheme \"ftp\" is not supported",
        ),
        (
            "- { targets: [a.example, a.example] }",
            "1:26: [0].targets[1]: \"a.example\" is the name of the target on line 1 already",
        ),
        ("- { targets: a.example }", "1:14: [0].targets: a single value, but a list is wanted"),
    ] {
        let problems = ours(text).unwrap_err();
        assert!(problems.starts_with(&format!("/list.yml:{told}")), "{text}:\n{problems}");
    }
    let twice = ours("- { targets: [a.example, b.example], labels: { interval: 1ms } }").unwrap_err();
    assert_eq!(twice.lines().count(), 1, "told once, though it holds for two: {twice}");
}

#[test]
fn a_source_answers_in_json_and_nothing_else() {
    let good = "[\n\t{\"name\":\"a\",\"provider\":\"http\",\"url\":\"https:\\/\\/a.example\\/\\ud83d\\ude00?\\u0024{HOME}\",\"interval\":null},\
                {\"targets\":[\"b.example\"],\"labels\":{}}\n]";
    let list = foreign(good).unwrap();
    assert_eq!(names(&list), ["a", "b.example"]);
    assert_eq!(&*list.origin().clone(), "https://inventory.example/targets");
    assert!(foreign("[]").unwrap().is_empty());
    for (text, told) in [
        ("", "1:1: not JSON: EOF while parsing a value"),
        ("- name: a", "1:2: not JSON: invalid number"),
        ("[{\"name\": \"a\"", "1:13: not JSON: EOF while parsing an object"),
        ("null", "1:1: there is nothing in it"),
        ("{}", "1:1: not a list of targets"),
        ("[1]", "1:2: [0]: a single value, but a mapping with keys such as `name` is wanted"),
        (
            "[\n\t\t{\"name\": \"a/b\", \"provider\": \"http\", \"url\": \"x\"}]",
            "2:12: [0].name: \"a/b\" is not a name",
        ),
        (
            "[{\"name\":\"a\",\"provider\":\"anthropic\",\"name\":\"b\"}]",
            "1:37: [0].name: the key stands already on line 1",
        ),
    ] {
        let problems = foreign(text).unwrap_err();
        assert!(
            problems.starts_with(&format!("https://inventory.example/targets:{told}")),
            "{text}:\n{problems}"
        );
    }
}

#[test]
fn a_list_is_bounded() {
    let small = source(", max_targets: 2");
    let list = |text: &Value| base().list(&small.list_text(text.to_string().into()), &environment());
    assert_eq!(list(&json!([{ "targets": ["a.example", "b.example"] }])).unwrap().len(), 2);
    for text in
        [json!([1, 2, 3]), json!([{ "targets": ["a.example", "b.example"] }, { "targets": ["c.example"] }])]
    {
        let told = list(&text).unwrap_err().to_string();
        assert!(told.contains("3 targets or groups, more than the 2 that are accepted"), "{told}");
    }
}

/// Everything a target can say that names a key, a file or a variable of this machine.
fn names_of_this_machine() -> [(&'static str, Value); 5] {
    [
        ("api_key.env", json!({ "api_key": { "env": "KEY" } })),
        ("api_key.file", json!({ "api_key": { "file": "/etc/hostname" } })),
        ("tls.ca_file", json!({ "tls": { "ca_file": "/etc/hostname" } })),
        (
            "tls.client_cert.cert_file",
            json!({ "tls": { "client_cert": { "cert_file": "/a", "key_file": "/b" } } }),
        ),
        ("tls.client_cert.key_file", json!({ "tls": { "client_cert": { "key_file": "/b" } } })),
    ]
}

#[test]
fn a_list_from_a_source_cannot_use_what_is_of_this_machine() {
    for (key, more) in names_of_this_machine() {
        let mut target = json!({ "name": "a", "provider": "http", "url": "https://theirs.example" });
        for (name, value) in more.as_object().unwrap() {
            target[name] = value.clone();
        }
        let text = json!([target]).to_string();
        let told = foreign(&text).unwrap_err();
        let wanted = "a list from a source must not name keys, files or variables of this machine";
        assert!(told.contains(wanted) && told.contains("trusted: true"), "{key}: {told}");
        assert!(!told.contains(SECRET) && told.lines().count() == 2, "{key}: {told}");
    }
    let key =
        json!([{ "name": "a", "provider": "http", "url": "https://a.example", "api_key": { "env": "KEY" } }]);
    let trusted = source(", trusted: true").list_text(key.to_string().into());
    assert!(base().list(&trusted, &environment()).unwrap().targets().all(|target| target.api_key.is_some()));
}

#[test]
fn a_dollar_in_a_list_from_a_source_is_a_dollar() {
    let list = |source: TargetSource| {
        let text = json!([{
            "name": "a", "provider": "http", "url": "https://theirs.example/?k=${KEY}",
            "http": { "headers": { "x-a": "$KEY ${KEY} $$" } },
        }]);
        base().list(&source.list_text(text.to_string().into()), &environment())
    };
    let foreign = list(source("")).unwrap();
    let target = foreign.targets().next().unwrap();
    assert_eq!(target.http.headers[0].1.to_str().unwrap(), "$KEY ${KEY} $$");
    assert!(target.sites[0].endpoint.path.ends_with("${KEY}"), "{:?}", target.sites);
    assert!(!format!("{foreign:?}").contains(SECRET));
    let told = list(source(", trusted: true")).unwrap_err().to_string();
    assert!(told.contains("a lone $"), "trusted lists are read as the config is: {told}");
}

#[test]
fn no_key_that_names_something_of_this_machine_is_forgotten() {
    fn leaves(schema: &Value, path: &str, found: &mut Vec<String>) {
        let properties = schema.get("properties").and_then(Value::as_object);
        for (key, value) in properties.into_iter().flatten() {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            leaves(value, &path, found);
            if key.ends_with("file") || key.ends_with("env") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    leaves(&schema()["properties"]["targets"]["items"], "", &mut found);
    assert_eq!(found, names_of_this_machine().map(|(key, _)| key));
}

#[test]
fn what_is_wrong_with_files_and_sources_is_told() {
    for (text, told) in [
        ("target_files: [\"a[\"]", "1:16: target_files[0]: not a pattern of paths: "),
        ("target_files: [\"\"]", "1:16: target_files[0]: an empty path"),
        ("target_sources: [{}]", "1:18: target_sources[0].url: missing: write it like https://"),
        ("target_sources: [{ url: \"ftp://a\" }]", "1:25: target_sources[0].url: the scheme \"ftp\""),
        (
            "target_sources: [{ url: \"https://a\", refresh: 1ms, timeout: 1h, max_targets: 0 }]",
            "1:47: target_sources[0].refresh: \"1ms\" is not from 1s to 1d\nconfig.yml:1:61: target_sources[0].timeout: \"1h\" is not from 100ms to 5m\nconfig.yml:1:78: target_sources[0].max_targets: \"0\" is not from 1 to 100000",
        ),
        (
            "target_sources: [{ url: \"http://a.example\", bearer_token: { env: KEY } }]",
            "1:59: target_sources[0].bearer_token: a token is never sent over plain HTTP to another machine",
        ),
        (
            "target_sources: [{ url: \"https://a\", bearer_token: { env: NOPE } }]",
            "1:59: target_sources[0].bearer_token.env: the environment variable NOPE is not set",
        ),
        (
            "target_sources: [{ url: \"https://a/x?1\" }, { url: \"https://a/x?2\" }]",
            "1:51: target_sources[1].url: \"https://a/x?2\" stands here more than once",
        ),
        (
            "target_sources: [{ url: \"https://a\", ca_file: nope }]",
            "1:47: target_sources[0].ca_file: cannot read \"nope\"",
        ),
    ] {
        let problems = problems(text);
        assert!(problems.starts_with(&format!("config.yml:{told}")), "{text}:\n{problems}");
    }
    for here in ["http://127.0.0.1:1/x", "http://[::1]:1", "http://localhost:1"] {
        let text = format!("target_sources: [{{ url: \"{here}\", bearer_token: {{ env: KEY }} }}]");
        let config = load_text(&text, &environment()).unwrap();
        assert!(config.targets.is_empty() && config.sources[0].is_here());
        assert!(!format!("{config:?}").contains(SECRET));
        assert!(!effective(&config).contains(SECRET));
    }
}

/// A directory with a config that names `targets.d/*.yml` and one file more.
fn with_files(files: &[(&str, &str)], targets: &str) -> (tempfile::TempDir, Result<Config, String>) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("targets.d")).unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let config = dir.path().join("config.yml");
    std::fs::write(&config, format!("target_files: [\"targets.d/*.yml\"]\n{targets}")).unwrap();
    let shown = format!("{}/", dir.path().display());
    let loaded = Config::load(&Source::File(config), &environment());
    (dir, loaded.map_err(|problems| problems.to_string().replace(&shown, "")))
}

#[test]
fn files_are_found_in_order_and_hidden_ones_are_not() {
    let (dir, config) = with_files(
        &[
            ("targets.d/b.yml", "- { name: b, provider: anthropic }"),
            ("targets.d/a.yml", "- { name: a2, provider: anthropic }\n- { name: a1, provider: anthropic }"),
            ("targets.d/.c.yml", "no list"),
            ("targets.d/d.txt", "no list"),
            ("targets.d/e.yml", "[]"),
        ],
        "targets: [{ name: own, provider: anthropic }]\n",
    );
    let config = config.unwrap();
    let names: Vec<_> = config.targets.iter().map(|target| &*target.name).collect();
    assert_eq!(names, ["own", "a2", "a1", "b"]);
    assert_eq!(config.lists.iter().map(TargetList::len).collect::<Vec<_>>(), [2, 1, 0]);
    let shown = effective(&config);
    assert!(
        shown.contains(&format!("  # of {}/targets.d/a.yml\n  - name: a2\n", dir.path().display())),
        "{shown}"
    );
    let again = load_text(&shown, &environment()).unwrap();
    assert_eq!(again.targets, config.targets, "{shown}");
}

#[test]
fn all_problems_of_the_config_and_its_files_are_told_at_once() {
    let (_dir, config) = with_files(
        &[
            ("targets.d/a.yml", "- { name: a, provider: anthropic, interval: 5x }"),
            ("targets.d/b.yml", "- { name: b, provider: anthropic, url: \"https://\" }\n- ~"),
            ("targets.d/c.yml", "- { name: c, provider: anthropic }"),
        ],
        "defaults: { interval: 1ms }\nvantage: a b\ntargets: []\n",
    );
    let told = config.unwrap_err();
    let places: Vec<_> =
        told.lines().map(|line| line.split(": ").take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        places,
        [
            "config.yml:2:23 defaults.interval",
            "config.yml:3:10 vantage",
            "targets.d/a.yml:1:45 [0].interval",
            "targets.d/b.yml:1:40 [0].url",
            "targets.d/b.yml:2:3 [1]",
        ],
        "{told}"
    );
}

#[test]
fn a_name_is_unique_over_the_config_and_its_files_and_both_places_are_told() {
    let (_dir, config) = with_files(
        &[
            ("targets.d/a.yml", "- { name: a, provider: anthropic }\n- { name: own, provider: anthropic }"),
            ("targets.d/b.yml", "\n- { provider: anthropic, name: a }"),
        ],
        "targets: [{ name: own, provider: anthropic }]\n",
    );
    let told = config.unwrap_err();
    let first = "targets.d/a.yml:2:11: [1].name: \"own\" is the name of a target in config.yml on line 2 already\n    help: names must be unique";
    assert!(told.starts_with(first), "{told}");
    // What cannot be used takes no names.
    assert!(!told.contains("b.yml"), "{told}");
}

#[test]
fn a_file_that_is_named_has_to_be_there() {
    let told = problems("target_files: [nope/targets.yml]");
    assert_eq!(told, "/nope/targets.yml: cannot be read: No such file or directory (os error 2)");
    let none = load_text("target_files: [\"nope/*.yml\"]", &environment()).unwrap();
    assert!(none.targets.is_empty() && none.lists.is_empty());
}

#[test]
fn of_two_lists_that_claim_a_name_the_one_in_force_keeps_it() {
    let config = base();
    let list = |origin: &str, names: &[&str]| {
        let targets: Vec<_> =
            names.iter().map(|name| format!("{{ name: {name}, provider: anthropic }}")).collect();
        config
            .list(&text_of(Path::new(origin), format!("[{}]", targets.join(", ")).into()), &environment())
            .unwrap()
    };
    let own = list("own", &["own"]);
    type Names<'a> = Option<&'a [&'a str]>;
    let outcome = |candidates: Vec<(Names<'_>, Names<'_>)>| -> Vec<(String, bool)> {
        let candidates = candidates.into_iter().enumerate().map(|(index, (before, now))| {
            let made = |given: Names<'_>| given.map(|given| list(&format!("f{index}"), given));
            Candidate { before: made(before), now: made(now) }
        });
        let shown = |arranged: Arranged| {
            let names = arranged.list.as_ref().map_or_else(|| "-".to_owned(), |list| names(list).join(","));
            (names, arranged.problems.is_some())
        };
        arrange(&own, candidates.collect()).into_iter().map(shown).collect()
    };
    let is = |names: &str, problems| (names.to_owned(), problems);
    // A later file in force goes before an earlier one that is new.
    assert_eq!(
        outcome(vec![(Some(&["a"]), Some(&["a", "b"])), (Some(&["b"]), None)]),
        [is("a", true), is("b", false)]
    );
    // A target moves from one file to another.
    assert_eq!(
        outcome(vec![(Some(&["a"]), Some(&["a", "b"])), (Some(&["b"]), Some(&[]))]),
        [is("a,b", false), is("", false)]
    );
    // One that goes back takes its old names again, before any new one.
    assert_eq!(
        outcome(vec![(Some(&["a"]), Some(&["own"])), (None, Some(&["a"])), (None, Some(&["c"]))]),
        [is("a", true), is("-", true), is("c", false)]
    );
    // The config's own targets are others now.
    assert_eq!(outcome(vec![(Some(&["own", "d"]), None)]), [is("d", true)]);
}

proptest! {
    #[test]
    fn no_text_of_a_source_makes_it_panic(text in any::<String>()) {
        let _ = foreign(&text);
        let _ = ours(&text);
    }

    #[test]
    fn any_json_text_reads_back_the_same(text in any::<String>()) {
        let json = json!([{ "name": "a", "provider": "http", "url": "https://a.example", "http": { "expect": { "body_regex": format!("x{}", regex::escape(&text)) } } }]);
        prop_assert!(foreign(&json.to_string()).is_ok(), "{}", json);
    }
}
