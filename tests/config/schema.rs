//! The JSON Schemas say what the readers say: they know the same keys, and let the shipped files
//! pass.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cartotheque::config::{SchemaOf, schema};
use serde_json::{Map, Value, json};

use super::fake::{COMMUNES, Site};

/// What a schema refuses of a value, in words; the part of the standard that ours use.
fn faults(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.strip_prefix("#/$defs/").unwrap();
        return faults(root, &root["$defs"][name], value, at, found);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let passes = |one: &&Value| {
            let mut own = Vec::new();
            faults(root, one, value, at, &mut own);
            own.is_empty()
        };
        if !any.iter().any(|one| passes(&one)) {
            found.push(format!("{at}: none of {} ways", any.len()));
        }
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let is_a = |name: &str| name == kind || (name == "number" && kind == "integer");
    let fits = match &schema["type"] {
        Value::String(name) => is_a(name),
        Value::Array(names) => names.iter().any(|n| is_a(n.as_str().unwrap())),
        _ => true,
    };
    if !fits {
        found.push(format!("{at}: {kind}, expected {}", schema["type"]));
    }
    if schema["enum"]
        .as_array()
        .is_some_and(|list| !list.contains(value))
    {
        found.push(format!("{at}: {value} is no word of the list"));
    }
    if !schema["const"].is_null() && schema["const"] != *value {
        found.push(format!("{at}: {value} is not {}", schema["const"]));
    }
    if let Some(n) = value.as_f64() {
        let below = schema["minimum"].as_f64().is_some_and(|min| n < min);
        let above = schema["maximum"].as_f64().is_some_and(|max| n > max);
        if below || above {
            found.push(format!("{at}: {n} is out of range"));
        }
    }
    for item in value.as_array().into_iter().flatten() {
        faults(root, &schema["items"], item, &format!("{at}[]"), found);
    }
    for (key, inner) in value.as_object().into_iter().flatten() {
        let at = format!("{at}.{key}");
        match (&schema["properties"][key], &schema["additionalProperties"]) {
            (Value::Null, Value::Bool(false)) => found.push(format!("{at}: unknown")),
            (Value::Null, other) => faults(root, other, inner, &at, found),
            (own, _) => faults(root, own, inner, &at, found),
        }
    }
    for key in schema["required"].as_array().into_iter().flatten() {
        if value.is_object() && value[key.as_str().unwrap()].is_null() {
            found.push(format!("{at}: {key} is missing"));
        }
    }
}

fn refused(of: SchemaOf, yaml: &str) -> Vec<String> {
    let value: Value = serde_saphyr::from_str(yaml).unwrap();
    let root = schema(of);
    let mut found = Vec::new();
    faults(&root, &root, &value, "", &mut found);
    found
}

#[test]
fn the_shipped_files_pass() {
    let capabilities = Path::new(env!("CARGO_MANIFEST_DIR")).join("capabilities");
    let server = fs::read_to_string(capabilities.join("server.yaml")).unwrap();
    assert_eq!(refused(SchemaOf::Server, &server), Vec::<String>::new());
    let mut read = 0;
    for (folder, of) in [("layers", SchemaOf::Layer), ("maps", SchemaOf::Map)] {
        for file in fs::read_dir(capabilities.join(folder)).unwrap() {
            let path = file.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            assert_eq!(
                refused(of, &text),
                Vec::<String>::new(),
                "{}",
                path.display()
            );
            read += 1;
        }
    }
    assert!(read > 15, "{read} files");
}

#[test]
fn what_the_readers_refuse_is_refused() {
    let map = |rest: &str| refused(SchemaOf::Map, &format!("title: A\n{rest}"));
    for wrong in [
        "",
        "layers: [communes]\nstatus: neuf",
        "layers: [{layer: a, opacity: 2}]",
        "layers: [{layer: a, opacitty: 0.2}]",
        "layers: [{group: G}]",
        "layers: [a]\nview: {extent: [a, b, c, d]}",
        "layers: [a]\naccess: {role: [x]}",
        "layers: [a]\ntools: [fly]",
    ] {
        assert!(!map(wrong).is_empty(), "{wrong}");
    }
    assert_eq!(
        map("layers: [{group: G, layers: [a]}]"),
        Vec::<String>::new()
    );
}

/// Every mapping of a schema with a document that has an unknown key in it.
fn probes(
    root: &Value,
    schema: &Value,
    wrap: &dyn Fn(Value) -> Value,
    found: &mut Vec<(BTreeSet<String>, Value)>,
    depth: u8,
) {
    if depth > 6 {
        return;
    }
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.strip_prefix("#/$defs/").unwrap();
        return probes(root, &root["$defs"][name], wrap, found, depth + 1);
    }
    for one in schema["anyOf"].as_array().into_iter().flatten() {
        probes(root, one, wrap, found, depth);
    }
    if schema["items"].is_object() {
        probes(
            root,
            &schema["items"],
            &|inner| wrap(json!([inner])),
            found,
            depth,
        );
    }
    if schema["additionalProperties"].is_object() {
        let inner = &schema["additionalProperties"];
        probes(
            root,
            inner,
            &|inner| wrap(json!({"fr": inner})),
            found,
            depth,
        );
    }
    let Some(properties) = schema["properties"].as_object() else {
        return;
    };
    // what makes a mapping of this kind, so that its reader takes it up
    let mut base = Map::new();
    for key in ["layer", "group", "name", "of", "wmts", "fields"] {
        let required = schema["required"].as_array();
        if required.is_some_and(|list| list.contains(&json!(key)))
            || (key == "wmts" && properties.contains_key(key))
        {
            let value = if key == "fields" {
                json!({"a": "insee"})
            } else {
                json!("communes")
            };
            base.insert(key.to_owned(), value);
        }
    }
    let mut probe = base.clone();
    probe.insert("qqqqqqqqqq".into(), json!(1));
    found.push((
        properties.keys().cloned().collect(),
        wrap(Value::Object(probe)),
    ));
    for (key, inner) in properties {
        let within = |value: Value| {
            let mut object = base.clone();
            object.insert(key.clone(), value);
            wrap(Value::Object(object))
        };
        probes(root, inner, &within, found, depth + 1);
    }
}

#[test]
fn schemas_and_readers_know_the_same_keys() {
    let mut compared = 0;
    for (of, path) in [
        (SchemaOf::Server, "capabilities/server.yaml"),
        (SchemaOf::Layer, "capabilities/layers/autre.yaml"),
        (SchemaOf::Map, "capabilities/maps/carte.yaml"),
    ] {
        let root = schema(of);
        let mut list = Vec::new();
        probes(&root, &root, &|value| value, &mut list, 0);
        for (keys, document) in list {
            let site = Site::new();
            site.write("data/communes.fgb", COMMUNES)
                .layer("communes", "source: {file: data/communes.fgb}")
                // JSON is YAML
                .write(path, document.to_string());
            let loaded = site.load();
            let unknown = loaded
                .diagnostics
                .iter()
                .find(|d| d.message.contains("qqqqqqqqqq"));
            // of an alternative another reader may have taken the document up
            let Some(help) = unknown.and_then(|d| d.help.as_deref()) else {
                continue;
            };
            let Some(known) = help.strip_prefix("known keys: ") else {
                continue;
            };
            let known: BTreeSet<String> = known.split(", ").map(str::to_owned).collect();
            assert_eq!(known, keys, "{document}");
            compared += 1;
        }
    }
    assert!(compared >= 25, "{compared} mappings compared");
}
