//! Calls that somebody else wrote down, for Bruno and for Postman.
#![allow(unreachable_pub, clippy::unwrap_used, reason = "a part of a test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// One call as it was written down.
#[derive(Debug, Default)]
pub struct Call {
    /// Collection, folder and name.
    pub name: String,
    pub method: String,
    /// With the variables put in, the base as `{base}`.
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
    /// What the call itself expects.
    pub status: Option<u16>,
}

type Blocks = BTreeMap<String, Vec<String>>;

/// The blocks of a Bruno file: a name with a brace at the beginning of a line, until a brace does.
fn blocks(text: &str) -> Blocks {
    let mut blocks = Blocks::new();
    let mut open = None;
    for line in text.lines() {
        match (&open, line.strip_suffix(" {")) {
            (None, Some(name)) => open = Some(name.to_owned()),
            (Some(_), _) if line == "}" => open = None,
            (Some(name), _) => blocks
                .entry(name.clone())
                .or_default()
                .push(line.to_owned()),
            (None, None) => {}
        }
    }
    blocks
}

/// `name: value` of a block; what is switched off begins with `~`.
fn pairs(blocks: &Blocks, block: &str) -> Vec<(String, String)> {
    let lines = blocks.get(block).into_iter().flatten();
    let pairs = lines.filter_map(|line| {
        let (name, value) = line.trim().split_once(':')?;
        Some((
            name.trim().to_owned(),
            value.trim().trim_matches('"').to_owned(),
        ))
    });
    pairs.filter(|(name, _)| !name.starts_with('~')).collect()
}

fn value(pairs: &[(String, String)], name: &str) -> Option<String> {
    pairs
        .iter()
        .find(|(it, _)| it == name)
        .map(|it| it.1.clone())
}

fn filled(text: &str, variables: &[(String, String)]) -> String {
    let mut text = text.to_owned();
    for (name, value) in variables {
        text = text.replace(&format!("{{{{{name}}}}}"), value);
    }
    text
}

fn bruno_files(folder: &Path) -> Vec<PathBuf> {
    let (mut folders, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "bru") {
                files.push(path);
            }
        }
    }
    files
}

/// The calls of a Bruno collection: folder by folder, in the order that each says.
pub fn bruno(folder: &Path) -> Vec<Call> {
    let local = std::fs::read_to_string(folder.join("environments/Local.bru")).unwrap();
    let local = pairs(&blocks(&local), "vars");
    let mut calls = Vec::new();
    for path in bruno_files(folder) {
        let blocks = blocks(&std::fs::read_to_string(&path).unwrap());
        let verbs = ["get", "post", "put", "delete", "options"];
        let Some(verb) = verbs.into_iter().find(|verb| blocks.contains_key(*verb)) else {
            continue;
        };
        let meta = pairs(&blocks, "meta");
        let place: u32 = value(&meta, "seq").unwrap().parse().unwrap();
        let within = path
            .parent()
            .unwrap()
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let mut variables = pairs(&blocks, "vars:pre-request");
        variables.push(("baseUrl".into(), "{base}".into()));
        variables.extend(local.clone());
        let expected = value(&pairs(&blocks, "assert"), "res.status");
        let body = blocks.get("body:json").map(|lines| lines.join("\n"));
        let says_body = value(&pairs(&blocks, verb), "body").is_some_and(|it| it == "json");
        let mut headers = pairs(&blocks, "headers");
        if says_body {
            headers.push(("Content-Type".into(), "application/json".into()));
        }
        let call = Call {
            name: format!("Bruno: {within}/{}", value(&meta, "name").unwrap()),
            method: verb.to_uppercase(),
            url: filled(&value(&pairs(&blocks, verb), "url").unwrap(), &variables),
            headers,
            body: body.filter(|_| says_body),
            status: expected.map(|it| it.strip_prefix("eq ").unwrap().parse().unwrap()),
        };
        calls.push((within, place, call));
    }
    calls.sort_by(|left, right| (&left.0, left.1).cmp(&(&right.0, right.1)));
    calls.into_iter().map(|(_, _, call)| call).collect()
}

/// The calls of a Postman collection, in its order. One without an address is left out.
pub fn postman(file: &Path) -> Vec<Call> {
    let text = std::fs::read_to_string(file).unwrap();
    let collection: Value = serde_json::from_str(&text).unwrap();
    let mut calls = Vec::new();
    within(&collection["item"], "Postman: ", &mut calls);
    calls
}

fn within(items: &Value, before: &str, calls: &mut Vec<Call>) {
    for item in items.as_array().unwrap() {
        let name = format!("{before}{}", item["name"].as_str().unwrap());
        if item.get("item").is_some() {
            within(&item["item"], &format!("{name}/"), calls);
            continue;
        }
        let request = &item["request"];
        let url = request["url"].as_str().or(request["url"]["raw"].as_str());
        let Some(url) = url else {
            continue;
        };
        let headers = request["header"].as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
        let headers = headers.filter(|it| it["disabled"] != true);
        let body = text(&request["body"]["raw"]);
        let mut headers: Vec<_> = headers
            .map(|it| (text(&it["key"]), text(&it["value"])))
            .collect();
        let typed = headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if !body.is_empty() && !typed {
            headers.push(("Content-Type".into(), "application/json".into()));
        }
        calls.push(Call {
            name,
            method: text(&request["method"]),
            url: url.replace("{{BaseUrl}}/v2_0", "{base}"),
            headers,
            body: Some(body).filter(|body| !body.is_empty() && request["method"] != "GET"),
            status: None,
        });
    }
}
