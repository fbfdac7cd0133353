//! `pom.xml`: dependencies, managed ones and those of profiles; properties of the same file are put in.

use std::collections::HashMap;

use roxmltree::{Document, Node, ParsingOptions};

use crate::sdk_check::dependency::Dependencies;
use crate::sdk_check::requirement::Requirement;

/// Elements and texts of a file at most; a real one has some thousands.
const MOST_NODES: u32 = 1_000_000;

/// Bytes of a file at most: the parser compares all attributes of an element with each other.
const MOST_BYTES: usize = 2 << 20;

pub(super) fn read(text: &str, found: &mut Dependencies<'_>) -> Result<(), String> {
    if text.len() > MOST_BYTES {
        return Err(format!("larger than {MOST_BYTES} bytes and not read"));
    }
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    let document =
        Document::parse_with_options(text, options).map_err(|error| format!("not XML: {error}"))?;
    let root = document.root_element();
    if root.tag_name().name() != "project" {
        return Err("not a project of Maven".to_owned());
    }
    let mut properties = HashMap::new();
    for node in root.descendants().filter(|node| node.has_tag_name_of("properties")) {
        for property in node.children().filter(Node::is_element) {
            properties.insert(property.tag_name().name(), property.text().unwrap_or_default().trim());
        }
    }
    let breaks: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let put_in = |text: &str| -> String {
        let name = text.strip_prefix("${").and_then(|text| text.strip_suffix('}'));
        name.and_then(|name| properties.get(name)).map_or(text, |value| value).to_owned()
    };
    for node in root.descendants().filter(|node| node.has_tag_name_of("dependency")) {
        let (Some(group), Some(artifact)) = (child(node, "groupId"), child(node, "artifactId")) else {
            continue;
        };
        let name = format!("{}:{}", put_in(group), put_in(artifact));
        // Without a version it is managed elsewhere in this file or in a parent's.
        if let Some(version) = child(node, "version").filter(|_| found.wants(&name)) {
            let line = breaks.partition_point(|at| *at < node.range().start) + 1;
            found.add(&name, Some(line), || Requirement::maven(&put_in(version)).into());
        }
    }
    Ok(())
}

fn child<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    Some(node.children().find(|child| child.has_tag_name_of(name))?.text()?.trim())
}

/// Names without their namespace, which some files declare and others do not.
trait LocalName {
    fn has_tag_name_of(&self, name: &str) -> bool;
}

impl LocalName for Node<'_, '_> {
    fn has_tag_name_of(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}
