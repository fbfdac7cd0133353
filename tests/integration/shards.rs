//! Several canaries that share the targets of one config: together they are the one that has them all, and which of them has
//! a target is what a real Prometheus computes.

use std::collections::BTreeSet;

use api_canary::schedule::{Shard, hashmod};
use serde_json::Value;

use crate::canary::{Canary, run};
use crate::exposition::{Labels, Samples};
use crate::peers::process::put;
use crate::prometheus::server::Prometheus;
use crate::scene::Scene;
use crate::workspace::{Workspace, wait_for};

/// How many share the targets.
const COUNT: u32 = 4;

/// A series of a target: its name and its labels.
type Series = (String, Labels);

fn owner(target: &str) -> usize {
    let shard = Shard::try_new("0".parse().unwrap(), COUNT).unwrap();
    shard.owner(target) as usize
}

/// All series but those of the program itself.
fn series(samples: &Samples) -> BTreeSet<Series> {
    let all =
        samples.iter().filter(|(name, ..)| !name.starts_with("api_canary_") && !name.starts_with("process_"));
    all.map(|(name, labels, _)| (name.to_owned(), labels.clone())).collect()
}

fn targets(series: &BTreeSet<Series>) -> BTreeSet<&str> {
    series
        .iter()
        .map(|(name, labels)| labels.get("target").unwrap_or_else(|| panic!("{name}")).as_str())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_prometheus_computes_the_same_shard_of_every_name() {
    let workspace = Workspace::new();
    let mut names: Vec<String> = (0..300).map(|number| format!("target-{number}")).collect();
    let others = [
        "claude",
        "own gateway",
        "模型",
        "a;b",
        "\"quoted\"\\",
        " x ",
        "https://a.example/?b=%20",
        "é",
        "\n",
    ];
    names.extend(others.map(str::to_owned));
    names.push("long".repeat(500));
    let group = |name: &String| serde_json::json!({ "targets": ["127.0.0.1:1"], "labels": { "name": name } });
    let list = Value::Array(names.iter().map(group).collect()).to_string();
    let list = put(workspace.path(), "targets.json", &list);
    let moduli = [1_u64, 2, 3, 4, 7, 64, 1_000, u64::from(u32::MAX)];
    let rule = |modulus: &u64| {
        format!(
            "{{ action: hashmod, source_labels: [name], modulus: {modulus}, target_label: mod_{modulus} }}"
        )
    };
    let config = format!(
        "scrape_configs:\n  - job_name: names\n    scrape_interval: 1d\n    file_sd_configs: [ {{ files: [\"{}\"] }} ]\n    \
         relabel_configs: [ {} ]\n",
        list.display(),
        moduli.iter().map(rule).collect::<Vec<_>>().join(", ")
    );
    let prometheus = Prometheus::of(workspace.path(), &config, &[]).await;
    let found = wait_for("all names", || async {
        let answer = prometheus.answer("targets", &[("state", "active")]).await;
        let found = answer["data"]["activeTargets"].as_array().cloned().unwrap_or_default();
        if found.len() == names.len() {
            Ok(found)
        } else {
            Err(format!("{} of {}", found.len(), names.len()))
        }
    })
    .await;
    for target in found {
        let labels = &target["labels"];
        let name = labels["name"].as_str().unwrap();
        assert!(names.iter().any(|known| known == name), "{name:?}");
        for modulus in moduli {
            let theirs = labels[format!("mod_{modulus}")].as_str().unwrap();
            assert_eq!(hashmod(name, modulus).to_string(), theirs, "{name:?} modulo {modulus}");
        }
    }
}

/// A scene with a canary that watches all of its targets, and those that share them.
struct Fleet {
    scene: Scene,
    alone: Canary,
    shards: Vec<Canary>,
}

impl Fleet {
    fn config(scene: &Scene, names: &[String]) -> std::path::PathBuf {
        let targets: Vec<_> = names.iter().map(|name| scene.target(name, name, "")).collect();
        scene.config("interval: 1s, timeout: 1s, diagnosis: { follow_ups: false }", &targets)
    }

    async fn start(names: &[String]) -> Self {
        let scene = Scene::new().await;
        let config = Self::config(&scene, names);
        let state = |of: &str| scene.workspace.path().join(of).display().to_string();
        let alone =
            Canary::start_with(&config, &[], &[("API_CANARY_STATE_DIRECTORY", &state("alone"))]).await;
        let mut shards = Vec::new();
        for index in 0..COUNT {
            // As the pods of a StatefulSet, and as environment variables, which every flag has.
            let pod = format!("api-canary-{index}");
            let environment = [
                ("API_CANARY_STATE_DIRECTORY", state(&pod)),
                ("API_CANARY_SHARD_INDEX", pod.clone()),
                ("API_CANARY_SHARD_COUNT", COUNT.to_string()),
            ];
            let environment: Vec<_> =
                environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
            shards.push(Canary::start_with(&config, &[], &environment).await);
        }
        Self { scene, alone, shards }
    }

    /// Has all of them read a config with these targets.
    fn reload(&self, names: &[String]) {
        Self::config(&self.scene, names);
        for canary in self.shards.iter().chain([&self.alone]) {
            canary.signal("HUP");
        }
    }

    /// Waits until each shard has all series of its targets and no others, and together they have all.
    async fn wait_for_union(&self, names: &[String]) {
        wait_for("the union of the shards", || async {
            let whole = series(&self.alone.samples().await);
            if targets(&whole) != names.iter().map(String::as_str).collect() {
                return Err(format!("the one alone has {:?}", targets(&whole)));
            }
            for (index, canary) in self.shards.iter().enumerate() {
                let part = series(&canary.samples().await);
                let own: BTreeSet<_> =
                    whole.iter().filter(|(_, labels)| owner(&labels["target"]) == index).cloned().collect();
                if part != own {
                    return Err(format!("shard {index}: {:#?}", part.symmetric_difference(&own)));
                }
            }
            Ok(())
        })
        .await;
    }
}

fn names(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| format!("t-{number}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn four_shards_together_have_the_series_of_one_canary_and_each_target_once() {
    let all = names(0..12);
    assert_eq!(all.iter().map(|name| owner(name)).collect::<BTreeSet<_>>().len(), 4, "every shard has some");
    let fleet = Fleet::start(&all).await;
    fleet.scene.simulator.set_fault("t-3.sim.test", api_canary::simulate::Fault::Http529);
    fleet.wait_for_union(&all).await;
    let failing = [("target", "t-3"), ("reason", "provider_overloaded")];
    fleet.shards[owner("t-3")]
        .wait("the failure", |samples| samples.one("probe_failures_total", &failing))
        .await;
    fleet.wait_for_union(&all).await;
    assert_eq!(fleet.alone.samples().await.names(&[]).iter().find(|name| name.contains("shard")), None);

    let mut listed = Vec::new();
    for (index, canary) in fleet.shards.iter().enumerate() {
        let samples = canary.samples().await;
        let (place, own) = (index.to_string(), all.iter().filter(|name| owner(name) == index));
        let own: Vec<_> = own.cloned().collect();
        let of = [("index", place.as_str()), ("count", "4")];
        assert_eq!(samples.one("api_canary_shard_info", &of), Some(1.0));
        assert_eq!(samples.one("api_canary_shards", &[]), Some(4.0));
        canary
            .wait_log(&["watching", &format!("targets={}", own.len()), &format!("shard=\"{index} of 4\"")])
            .await;

        let found: Value = serde_json::from_str(&canary.get("/sd").await.1).unwrap();
        let found =
            found.as_array().unwrap().iter().map(|group| group["targets"][0].as_str().unwrap().to_owned());
        let mut found: Vec<_> = found.collect();
        found.sort_by_key(|name| all.iter().position(|known| known == name));
        assert_eq!(found, own);
        listed.extend(found);

        let page = canary.get("/?lang=en").await.1;
        assert!(page.contains(&format!("Shard {index} of 4")), "{page}");
        let other = all.iter().find(|name| owner(name) != index).unwrap();
        let words = format!("is watched by shard {} of 4, and this is shard {index}", owner(other));
        for path in [format!("/probe?target={other}"), format!("/api/v1/targets/{other}")] {
            let (status, text) = canary.get(&path).await;
            assert_eq!(status, 404, "{path}");
            assert!(text.contains(&words), "{path}: {text}");
        }
        assert_eq!(canary.get(&format!("/probe?target={}", own[0])).await.0, 200);
        let config = canary.get("/config").await.1;
        assert!(all.iter().all(|name| config.contains(&format!("name: {name}\n"))), "{config}");
    }
    listed.sort();
    let mut sorted = all.clone();
    sorted.sort();
    assert_eq!(listed, sorted);

    // A reload keeps the shard: what comes and what goes does so at its owner only.
    let fewer_and_one_more = names(1..13);
    fleet.reload(&fewer_and_one_more);
    fleet.wait_for_union(&fewer_and_one_more).await;
    // All of it may be of one shard, and the others have nothing to do.
    let one = names(5..6);
    fleet.reload(&one);
    fleet.wait_for_union(&one).await;
    for (index, canary) in fleet.shards.iter().enumerate() {
        let targets = canary.samples().await.one("api_canary_targets", &[]);
        assert_eq!(targets, Some(if owner("t-5") == index { 1.0 } else { 0.0 }), "{index}");
        assert_eq!(canary.get("/-/ready").await.0, 200);
    }
    fleet.reload(&all);
    fleet.wait_for_union(&all).await;
}

#[test]
fn a_shard_that_cannot_be_is_refused_before_anything_starts() {
    for (arguments, words) in [
        (&["--shard.index=4", "--shard.count=4"][..], "there is no shard 4 of 4: they are counted from 0"),
        (&["--shard.index=0", "--shard.count=0"], "0 shards would watch nothing"),
        (&["--shard.index=0"], "--shard.index needs --shard.count"),
        (&["--shard.count=2"], "--shard.count needs --shard.index"),
        (&["--shard.index=canary", "--shard.count=2"], "nor a name that ends in one, such as api-canary-1"),
        (&["--shard.index=$(POD_NAME)", "--shard.count=2"], "neither a number counted from 0"),
        (&["--shard.index=0", "--shard.count=many"], "invalid value 'many' for '--shard.count <COUNT>'"),
    ] {
        // It would end for want of the file, if it came so far.
        let said = run(&[arguments, &["--config.file=/nonexistent"]].concat(), &[]);
        assert_eq!(said.code, Some(2), "{arguments:?}: {}", said.err);
        assert!(said.err.contains(words), "{arguments:?}: {}", said.err);
        assert!(!said.err.contains("nonexistent"), "{arguments:?}: {}", said.err);
    }
    let environment = [("API_CANARY_SHARD_INDEX", "web-7"), ("API_CANARY_SHARD_COUNT", "7")];
    let said = run(&["--config.file=/nonexistent"], &environment);
    assert!(said.err.contains("there is no shard 7 of 7"), "{}", said.err);
}

#[test]
fn a_config_is_checked_whole_by_every_shard() {
    let workspace = Workspace::new();
    let target = |name: &str, url: &str| format!("  - {{ name: {name}, provider: http, url: \"{url}\" }}\n");
    let good = target("claude", "https://a.example/") + &target("openai", "https://a.example/");
    let path = workspace.write("config.yml", &format!("targets:\n{good}"));
    let file = format!("--config.file={}", path.display());
    let shard = ["--shard.index=0", "--shard.count=4", file.as_str()];
    let said = run(&[&shard[..], &["config"]].concat(), &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("name: claude") && said.out.contains("name: openai"), "{}", said.out);
    // Twice the same name, of another shard.
    assert_eq!(owner("openai"), 1);
    workspace.write("config.yml", &format!("targets:\n{good}{}", target("openai", "https://b.example/")));
    for arguments in [&shard[..], &[&shard[..], &["check-config"]].concat()] {
        let said = run(arguments, &[]);
        assert_eq!(said.code, Some(2), "{arguments:?}");
        assert!(said.err.contains("openai"), "{arguments:?}: {}", said.err);
    }
}
