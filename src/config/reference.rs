//! The reference of the config (`docs/config.md`), generated from the schema.

use std::fmt::Write as _;

use serde_json::Value;

use super::schema::schema;

const INTRO: &str = r#"# Config

*Generated from the code: `UPDATE_GENERATED=1 cargo test generated` refreshes it.*

A config is one YAML document. Without `--config.file` an embedded one is used, which watches the Claude API;
`api-canary config --default` prints it with every key and its default as a comment. More to start from is in
[examples/](../examples/).

```yaml
resolvers:
  google: { address: "udp://8.8.8.8:53" }
  cloudflare: { address: "https://1.1.1.1/dns-query" }
routes:
  corp: { proxy: "http://canary:${PROXY_PASSWORD}@proxy.example.com:3128" }
targets:
  - name: claude
    provider: anthropic
    api_key: { env: ANTHROPIC_API_KEY, optional: true }
    routes: [direct, corp]
    resolvers: [system, google, cloudflare]
  - name: gateway
    provider: http
    endpoints: ["https://gateway-a.example.com/healthz", "https://gateway-b.example.com/healthz"]
    tls: { min_version: "1.3" }
```

## Rules

- Unknown keys are refused, and so are duplicate keys, anchors, aliases, tags and a second document.
- A key with nothing behind it (or `null`, `~`) is as good as left out.
- A value is read as the type its key wants: `name: 123` is the text `123`; only `true` and `false` are booleans.
- Durations are written as in Prometheus: `250ms`, `15s`, `1m30s`, `21d`.
- `${NAME}` in a value is the environment variable `NAME`, `$$` is a dollar. Variables are put in after the YAML was
  read, so that their text can never add keys. A variable that is not set is a problem. There is no `${NAME}` in keys.
- A file named by a relative path is looked for from the directory of the config file.
- A proxy's user and password, header values and keys are never shown, wherever they came from. `api-canary config` shows
  `[redacted]` in their place, so that what it prints needs them put in again.
- `http` and `https` proxies are asked for a tunnel (CONNECT) to every target, also to an `http://` one.
- An `http`, `https` or `socks5h` proxy resolves the target's name itself, so that `families`, `addresses` and
  `resolvers` have no effect on what is walked behind it. For a `socks5` proxy the canary resolves.

## Problems

All problems are told at once, in the order of the file, each with line, column and the path of its key. Neighbouring
lines and values that came from the environment are never shown.

```text
config.yml:6:15: targets[0].interval: "5x" is not a duration: write it as Prometheus does, such as 15s, 1m30s or 250ms
config.yml:7:5: targets[0].timeoutt: unknown key "timeoutt"
    help: did you mean `timeout`? (known here: `name`, `provider`, `url`, ...)
config.yml:8:10: targets[0].url: [from ${GATEWAY_URL}] is not the URL of a target
```

`api-canary check-config FILE` prints them and exits with 2. An editor that knows JSON schemas can use
`schema/config.schema.json`, for instance by a first line of
`# yaml-language-server: $schema=schema/config.schema.json`.

## Keys
"#;

/// The reference of the config as Markdown.
#[must_use]
pub fn reference() -> String {
    let mut out = INTRO.to_owned();
    section(&mut out, "", &schema());
    out
}

/// A table of a mapping's keys, then a section for each of them that is a mapping or a list of mappings.
fn section(out: &mut String, path: &str, schema: &Value) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    let title = if path.is_empty() { "Top level".to_owned() } else { format!("`{path}`") };
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    // Writing to a String cannot fail.
    let _ = write!(out, "\n### {title}\n\n| key | type | default | meaning |\n|---|---|---|---|\n");
    for (key, value) in properties {
        let default = match value.get("default") {
            _ if required.contains(&key.as_str()) => "*required*".to_owned(),
            Some(default) => format!("`{}`", yaml(default)),
            None => String::new(),
        };
        let _ = writeln!(out, "| `{key}` | {} | {default} | {} |", kind(value), meaning(value));
    }
    for (key, value) in properties {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        if let Some(items) = value.get("items") {
            section(out, &format!("{path}[]"), items);
        } else if let Some(entries) = value.get("additionalProperties").filter(|entries| entries.is_object())
        {
            section(out, &format!("{path}.NAME"), entries);
        } else {
            section(out, &path, value);
        }
    }
}

/// The type in words.
fn kind(schema: &Value) -> String {
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        let words: Vec<_> = words.iter().map(|word| format!("`{}`", yaml(word))).collect();
        return words.join(", ");
    }
    if let Some(title) = schema.get("title").and_then(Value::as_str) {
        return title.to_owned();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("array") => format!("list of {}", schema.get("items").map_or_else(|| "values".to_owned(), kind)),
        Some("object") => match schema.get("additionalProperties") {
            Some(entries) if entries.is_object() => format!("mapping of names to {}", kind(entries)),
            _ => "mapping".to_owned(),
        },
        Some("string") => "text".to_owned(),
        Some("integer") => "number".to_owned(),
        Some(other) => other.to_owned(),
        None => "value".to_owned(),
    }
}

/// The description on one line, with an example where there is one.
fn meaning(schema: &Value) -> String {
    let description = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    let mut text = description.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(examples) = schema.get("examples").and_then(Value::as_array) {
        let examples: Vec<_> = examples.iter().map(|example| format!("`{}`", yaml(example))).collect();
        let _ = write!(text, " Such as {}.", examples.join(", "));
    }
    text.replace('|', "\\|")
}

/// A JSON value as people write it in YAML.
fn yaml(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) if text.starts_with("1.") || text.contains("::/") => format!("\"{text}\""),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(yaml).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Env, load_text};

    #[test]
    fn the_example_of_the_reference_loads() {
        let example = INTRO.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
        let config = load_text(example, &Env::of([("PROXY_PASSWORD", "b")])).unwrap();
        assert_eq!(config.targets.len(), 2);
    }
}
