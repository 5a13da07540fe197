//! Where bundles come from: a file, a folder, or lines of NDJSON.

use crate::failure::{Explain, Failure, Hint, Outcome};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// One bundle must fit in memory, and below the default bound of a node.
const BUNDLE_BYTES_MAX: u64 = 64 << 20;

/// One bundle, ready to be sent.
pub(crate) struct Item {
    /// Where it came from, for messages.
    pub(crate) name: String,
    pub(crate) body: Vec<u8>,
}

/// Yields bundles one after the other, without reading all files first.
pub(crate) struct Source {
    files: VecDeque<PathBuf>,
    lines: Option<(PathBuf, u64, BufReader<File>)>,
}

impl Source {
    /// Files and folders, in the order given; a folder's files in the order of their names.
    pub(crate) fn open(paths: &[PathBuf]) -> Outcome<Self> {
        let mut files = VecDeque::new();
        for path in paths {
            let about = std::fs::metadata(path)
                .explain(|| format!("{} cannot be loaded", path.display()))
                .hint("give a bundle (.json), lines of bundles (.ndjson) or a folder of both")?;
            if about.is_dir() {
                files.extend(folder(path)?);
            } else {
                files.push_back(path.clone());
            }
        }
        if files.is_empty() {
            return Err(Failure::new("there is nothing to load")
                .cause("no file ends in .json or .ndjson")
                .hint("give a bundle (.json), lines of bundles (.ndjson) or a folder of both"));
        }
        Ok(Self { files, lines: None })
    }

    fn line(&mut self) -> Option<Outcome<Item>> {
        let (path, number, reader) = self.lines.as_mut()?;
        loop {
            *number += 1;
            let mut line = Vec::new();
            let name = format!("{} line {number}", path.display());
            match reader
                .by_ref()
                .take(BUNDLE_BYTES_MAX)
                .read_until(b'\n', &mut line)
            {
                Ok(0) => return None,
                Ok(_) if line.trim_ascii().is_empty() => {}
                Ok(_) => return Some(item(name, line)),
                Err(error) => return Some(Err(error).explain(|| format!("{name} is unreadable"))),
            }
        }
    }
}

impl Iterator for Source {
    type Item = Outcome<Item>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(line) = self.line() {
                return Some(line);
            }
            self.lines = None;
            let path = self.files.pop_front()?;
            if is(&path, "ndjson") {
                match File::open(&path).explain(|| format!("{} cannot be read", path.display())) {
                    Ok(file) => self.lines = Some((path, 0, BufReader::new(file))),
                    Err(failure) => return Some(Err(failure)),
                }
            } else {
                return Some(whole(&path));
            }
        }
    }
}

fn is(path: &Path, extension: &str) -> bool {
    path.extension()
        .is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

fn folder(path: &Path) -> Outcome<Vec<PathBuf>> {
    let listed = std::fs::read_dir(path).explain(|| format!("{} is unreadable", path.display()))?;
    let mut files = Vec::new();
    for entry in listed {
        let file = entry
            .explain(|| format!("{} is unreadable", path.display()))?
            .path();
        if is(&file, "json") || is(&file, "ndjson") {
            files.push(file);
        }
    }
    // What others refer to goes first, as Synthea names it.
    files.sort_by_key(|file| {
        let name = file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let first =
            name.starts_with("hospitalInformation") || name.starts_with("practitionerInformation");
        (!first, name)
    });
    Ok(files)
}

fn whole(path: &Path) -> Outcome<Item> {
    let name = path.display().to_string();
    let size = std::fs::metadata(path)
        .explain(|| format!("{name} cannot be read"))?
        .len();
    if size > BUNDLE_BYTES_MAX {
        return Err(Failure::new(format!("{name} is too large"))
            .cause(format!("{size} bytes, at most {BUNDLE_BYTES_MAX}"))
            .hint("split it into bundles of a patient each, one per line of an .ndjson file"));
    }
    let body = std::fs::read(path).explain(|| format!("{name} cannot be read"))?;
    item(name, body)
}

/// A transaction or batch goes as it is; another resource is wrapped in a transaction.
fn item(name: String, body: Vec<u8>) -> Outcome<Item> {
    let value: Value = serde_json::from_slice(&body)
        .explain(|| format!("{name} is not JSON"))
        .hint("nothing of this file was sent; those before it were")?;
    match (value["resourceType"].as_str(), value["type"].as_str()) {
        (Some("Bundle"), Some("transaction" | "batch")) => Ok(Item { name, body }),
        (Some("Bundle"), Some("collection")) => {
            let resources = value["entry"].as_array().map_or(&[][..], Vec::as_slice);
            let entries: Vec<Value> = resources
                .iter()
                .map(|entry| put(&entry["resource"]))
                .collect();
            Ok(Item {
                name,
                body: transaction(&entries),
            })
        }
        (Some("Bundle"), kind) => Err(Failure::new(format!(
            "{name} is a bundle that cannot be loaded"
        ))
        .cause(format!("its type is {}", kind.unwrap_or("missing")))
        .hint("transaction, batch and collection bundles can")),
        (Some(_), _) => Ok(Item {
            name,
            body: transaction(&[put(&value)]),
        }),
        (None, _) => Err(Failure::new(format!("{name} is not FHIR"))
            .cause("it has no resourceType")
            .hint("give FHIR R4 JSON")),
    }
}

/// Under its own id where it has one.
fn put(resource: &Value) -> Value {
    let kind = resource["resourceType"].as_str().unwrap_or_default();
    let request = match resource["id"].as_str() {
        Some(id) => json!({ "method": "PUT", "url": format!("{kind}/{id}") }),
        None => json!({ "method": "POST", "url": kind }),
    };
    json!({ "resource": resource, "request": request })
}

fn transaction(entries: &[Value]) -> Vec<u8> {
    json!({ "resourceType": "Bundle", "type": "transaction", "entry": entries })
        .to_string()
        .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_its_bundles_in_order_and_ndjson_line_by_line() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = r#"{"resourceType":"Bundle","type":"transaction","entry":[]}"#;
        std::fs::write(folder.path().join("b.json"), bundle).unwrap();
        std::fs::write(
            folder.path().join("a.ndjson"),
            format!("{bundle}\n\n{bundle}\n"),
        )
        .unwrap();
        std::fs::write(folder.path().join("hospitalInformation1.json"), bundle).unwrap();
        std::fs::write(folder.path().join("notes.txt"), "x").unwrap();
        let source = Source::open(&[folder.path().to_path_buf()]).unwrap();
        let names: Vec<String> = source
            .map(|item| item.unwrap().name.rsplit('/').next().unwrap().to_owned())
            .collect();
        let wanted = [
            "hospitalInformation1.json",
            "a.ndjson line 1",
            "a.ndjson line 3",
            "b.json",
        ];
        assert_eq!(names, wanted);
    }

    #[test]
    fn a_bare_resource_becomes_a_transaction_and_nonsense_is_refused() {
        let wrapped = item(
            "x".into(),
            br#"{"resourceType":"Patient","id":"a"}"#.to_vec(),
        )
        .unwrap();
        let wrapped: Value = serde_json::from_slice(&wrapped.body).unwrap();
        assert_eq!(wrapped["entry"][0]["request"]["url"], "Patient/a");
        for bad in ["{", "{}", r#"{"resourceType":"Bundle","type":"searchset"}"#] {
            let failure = item("x".into(), bad.into()).err().unwrap().to_string();
            assert!(failure.contains("hint:"), "{failure}");
        }
    }
}
