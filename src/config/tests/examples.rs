//! The configs under `examples/`: complete, right, and together with the default all there is to say.

use super::*;

fn examples() -> Vec<(String, Config)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yml"));
    files.sort();
    files
        .into_iter()
        .map(|file| {
            let config = Config::load(&Source::File(file.clone()), &Env::of([("A", "b")]))
                .unwrap_or_else(|problems| panic!("{problems}"));
            (file.file_name().unwrap().to_string_lossy().into_owned(), config)
        })
        .collect()
}

#[test]
fn what_the_documentation_of_calls_shows_loads() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/calls.md");
    let text = std::fs::read_to_string(file).unwrap();
    let example = text.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let config = load_text(example, &Env::of([("ANTHROPIC_API_KEY", "sk-ant-1")])).unwrap();
    assert_eq!(config.targets[0].call.kind, CallKind::Stream);
    let shown = effective(&config);
    assert_eq!(load_text(&shown, &Env::of([("ANTHROPIC_API_KEY", "sk-ant-1")])).unwrap(), config, "{shown}");
}

#[test]
fn what_the_documentation_of_the_diagnosis_shows_loads() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/diagnosis.md");
    let text = std::fs::read_to_string(file).unwrap();
    let example = text.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let config = load_text(example, &Env::of::<&str, &str>([])).unwrap();
    assert_eq!((config.controls.len(), config.targets[0].diagnosis), (1, DiagnosisOptions::default()));
    assert_eq!(config.targets[1].diagnosis.recover_after, 5);
}

#[test]
fn every_example_loads_without_an_environment_and_its_effective_config_too() {
    let examples = examples();
    assert!(examples.len() >= 3, "{examples:?}");
    for (file, config) in examples {
        let shown = effective(&config);
        assert_eq!(load_text(&shown, &Env::of([("A", "b")])).unwrap(), config, "{file}:\n{shown}");
    }
}
