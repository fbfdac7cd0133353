//! A check of values against a JSON schema, as far as ours goes; the unit tests of the document use it as well.

use serde_json::Value;

/// The words of a schema that are looked at, or that say nothing of values.
const KNOWN: [&str; 16] = [
    "$schema",
    "title",
    "description",
    "format",
    "anyOf",
    "oneOf",
    "enum",
    "const",
    "type",
    "minimum",
    "maximum",
    "items",
    "minItems",
    "maxItems",
    "properties",
    "required",
];

/// Where a value is not as a schema says; keys that the schema does not name are wrong as well.
pub(crate) fn misfit(value: &Value, schema: &Value, at: &str) -> Option<String> {
    for word in schema.as_object().into_iter().flatten().map(|(word, _)| word) {
        assert!(KNOWN.contains(&word.as_str()), "{at}: the word {word} of the schema is not looked at");
    }
    alternatives(value, schema, at)
        .or_else(|| bounds(value, schema, at))
        .or_else(|| items(value, schema, at))
        .or_else(|| entries(value, schema, at))
}

fn alternatives(value: &Value, schema: &Value, at: &str) -> Option<String> {
    let list = |word: &str| schema.get(word).and_then(Value::as_array);
    let fitting = |of: &[Value]| of.iter().filter(|schema| misfit(value, schema, at).is_none()).count();
    if list("anyOf").is_some_and(|any| fitting(any) == 0)
        || list("oneOf").is_some_and(|one| fitting(one) != 1)
    {
        return Some(format!("{at}: {value} is none, or several, of what it can be"));
    }
    if list("enum").is_some_and(|words| !words.contains(value)) {
        return Some(format!("{at}: {value} is not in {:?}", list("enum")));
    }
    schema.get("const").filter(|only| *only != value).map(|only| format!("{at}: {value} is not {only}"))
}

fn bounds(value: &Value, schema: &Value, at: &str) -> Option<String> {
    let is = |kind: &Value| match kind.as_str().unwrap() {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{at}: the type {other}"),
    };
    let fits = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(is),
        Some(kind) => is(kind),
        None => true,
    };
    let number = |word: &str| schema.get(word).and_then(Value::as_f64);
    let below = value.as_f64().is_some_and(|value| number("minimum").is_some_and(|least| value < least));
    let above = value.as_f64().is_some_and(|value| number("maximum").is_some_and(|most| value > most));
    (!fits || below || above).then(|| format!("{at}: {value} is no {schema}"))
}

fn items(value: &Value, schema: &Value, at: &str) -> Option<String> {
    let items = value.as_array()?;
    let count =
        |word: &str| schema.get(word).and_then(Value::as_u64).map(|count| usize::try_from(count).unwrap());
    let few = count("minItems").is_some_and(|least| items.len() < least);
    if few || count("maxItems").is_some_and(|most| items.len() > most) {
        return Some(format!("{at}: so many are not allowed: {value}"));
    }
    let of = schema.get("items")?;
    items.iter().enumerate().find_map(|(n, item)| misfit(item, of, &format!("{at}[{n}]")))
}

fn entries(value: &Value, schema: &Value, at: &str) -> Option<String> {
    let (entries, properties) = (value.as_object()?, schema.get("properties")?.as_object()?);
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    let missing = required.filter_map(Value::as_str).find(|key| !entries.contains_key(*key));
    missing.map(|key| format!("{at}: {key} is missing")).or_else(|| {
        entries.iter().find_map(|(key, value)| match properties.get(key) {
            Some(schema) => misfit(value, schema, &format!("{at}.{key}")),
            None => Some(format!("{at}: {key} is not in the schema")),
        })
    })
}
