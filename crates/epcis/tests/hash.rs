//! The event hash against the vectors of its authors, and XML against JSON.

mod support;

use std::path::Path;

use support::{data, files, hashes, read, read_unjudged};

fn lines(path: &Path) -> Vec<String> {
    // Not every list of hashes has its pre-hash texts beside it.
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(str::to_owned).collect()
}

#[test]
fn the_published_hashes_match() {
    let Some(folder) = data("event-hash") else {
        return;
    };
    let mut failures = Vec::new();
    let (mut documents, mut events) = (0, 0);
    for list in files(&folder, &[".hashes"]) {
        let expected = lines(&list);
        let prehashes = lines(&list.with_extension("prehashes"));
        for ending in ["jsonld", "xml"] {
            let path = list.with_extension(ending);
            if !path.exists() {
                continue;
            }
            documents += 1;
            let document = match read_unjudged(&path) {
                Ok(document) => document,
                Err(error) => {
                    failures.push(format!("{}: {error}", path.display()));
                    continue;
                }
            };
            if document.events.len() != expected.len() {
                failures.push(format!(
                    "{}: {} events",
                    path.display(),
                    document.events.len()
                ));
            }
            for (at, (event, hash)) in document.events.iter().zip(&expected).enumerate() {
                events += 1;
                if event.hash() != *hash {
                    let wanted = prehashes.get(at).map_or("", String::as_str);
                    failures.push(format!(
                        "{} [{at}]\n  ours   {}\n  theirs {wanted}",
                        path.display(),
                        event.prehash()
                    ));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!((documents, events), (28, 73));
}

#[test]
fn forms_that_mean_the_same_have_one_hash() {
    let Some(folder) = data("event-hash/expected_equal") else {
        return;
    };
    for path in files(&folder, &[".xml", ".json"]) {
        let document = read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let hashes = hashes(&document);
        assert!(hashes.len() > 1);
        assert!(
            hashes.iter().all(|hash| *hash == hashes[0]),
            "{}",
            path.display()
        );
    }
}

#[test]
fn xml_and_json_have_one_hash() {
    let Some(folder) = data("openepcis/2.0/EPCIS/XML/Capture/Documents") else {
        return;
    };
    let mut pairs = 0;
    let mut failures = Vec::new();
    for xml in files(&folder, &[".xml"]) {
        let name = xml.to_string_lossy().replace("/XML/", "/JSON/");
        let json = Path::new(&name).with_extension("json");
        if !json.exists() {
            continue;
        }
        pairs += 1;
        match (read_unjudged(&xml), read_unjudged(&json)) {
            (Ok(xml_document), Ok(json_document)) => {
                let (ours, theirs) = (hashes(&xml_document), hashes(&json_document));
                if ours != theirs {
                    let first = ours.iter().zip(&theirs).position(|(a, b)| a != b);
                    let at = first.unwrap_or(0);
                    failures.push(format!(
                        "{} [{at}]\n  xml  {}\n  json {}",
                        xml.display(),
                        xml_document.events[at].prehash(),
                        json_document.events[at].prehash()
                    ));
                }
            }
            (xml_read, json_read) => failures.push(format!(
                "{}: xml {:?} json {:?}",
                xml.display(),
                xml_read.err().map(|error| error.to_string()),
                json_read.err().map(|error| error.to_string())
            )),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(pairs, 35);
}

#[test]
fn identifiers_have_their_canonical_link() {
    let Some(folder) = data("event-hash") else {
        return;
    };
    let pairs = lines(&folder.join("dl_normaliser_pairs.ndjson"));
    assert_eq!(pairs.len(), 62);
    for pair in pairs {
        let pair: serde_json::Value = serde_json::from_str(&pair).unwrap();
        let (input, wanted) = (
            pair["input"].as_str().unwrap(),
            pair["expect"].as_str().unwrap(),
        );
        assert_eq!(
            epcis::identifier::canonical(input).as_deref(),
            Some(wanted),
            "{input}"
        );
    }
}
