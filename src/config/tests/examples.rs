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
fn every_example_loads_without_an_environment_and_its_effective_config_too() {
    let examples = examples();
    assert!(examples.len() >= 3, "{examples:?}");
    for (file, config) in examples {
        let shown = effective(&config);
        assert_eq!(load_text(&shown, &Env::of([("A", "b")])).unwrap(), config, "{file}:\n{shown}");
    }
}
