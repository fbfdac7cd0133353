//! The JSON schema of the config, for editors and for the reference.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::raw::RawConfig;

/// The schema of the config as JSON; every part stands where it is used.
#[must_use]
pub fn json_schema() -> String {
    let mut text = format!("{:#}", schema());
    text.push('\n');
    text
}

/// The schema itself.
pub(super) fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<RawConfig>().to_value()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{DEFAULT, Env, reference};

    /// Compares a file with what the code generates, or writes it.
    fn generated(path: &str, content: &str) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        if Env::process().get("UPDATE_GENERATED").is_ok_and(|value| value == "1") {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, content).unwrap();
        }
        let found = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            found == content,
            "{path} is not what the code generates; refresh it with UPDATE_GENERATED=1 cargo test generated"
        );
    }

    #[test]
    fn the_generated_schema_is_up_to_date() {
        generated("schema/config.schema.json", &json_schema());
    }

    #[test]
    fn the_generated_reference_is_up_to_date() {
        generated("docs/config.md", &reference());
    }

    /// Calls for every mapping with fixed keys, from the top.
    fn each_mapping(schema: &Value, path: &str, see: &mut impl FnMut(&str, &Value)) {
        if schema.get("properties").is_some() {
            see(path, schema);
        }
        for (key, value) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            each_mapping(value, &format!("{path}.{key}"), see);
        }
        for inner in ["items", "additionalProperties"] {
            if let Some(value) = schema.get(inner) {
                each_mapping(value, &format!("{path}[]"), see);
            }
        }
    }

    #[test]
    fn every_mapping_refuses_unknown_keys_and_every_key_is_described() {
        let mut seen = 0;
        each_mapping(&schema(), "", &mut |path, mapping| {
            assert_eq!(mapping.get("additionalProperties"), Some(&Value::Bool(false)), "{path}");
            for (key, value) in mapping.get("properties").and_then(Value::as_object).unwrap() {
                assert!(value.get("description").is_some(), "{path}.{key}");
                assert!(value.get("$ref").is_none(), "{path}.{key}");
                seen += 1;
            }
        });
        assert_eq!(seen, 111);
    }

    #[test]
    fn the_default_config_shows_every_key() {
        each_mapping(&schema(), "", &mut |path, mapping| {
            for key in mapping.get("properties").and_then(Value::as_object).unwrap().keys() {
                assert!(
                    DEFAULT.contains(&format!(" {key}:")) || DEFAULT.contains(&format!("\n{key}:")),
                    "{path}.{key}"
                );
            }
        });
    }
}
