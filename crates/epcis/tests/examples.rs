//! GS1's own documents.

mod support;

use epcis::{Event, Limits};
use support::{data, files, read};

#[test]
fn all_examples_of_gs1_are_accepted() {
    let Some(folder) = data("gs1-EPCIS/JSON") else {
        return;
    };
    let examples = files(&folder, &[".jsonld"]);
    assert_eq!(examples.len(), 47);
    let refused: Vec<String> = examples
        .iter()
        .filter_map(|path| Some(format!("{}: {}", path.display(), read(path).err()?)))
        .collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn an_event_by_itself_is_the_event() {
    let Some(folder) = data("gs1-EPCIS/JSON") else {
        return;
    };
    for path in files(&folder, &[".jsonld"]) {
        for event in read(&path).unwrap().events {
            let bytes = event.canonical().unwrap();
            let whole = event.to_json().to_string();
            assert_eq!(proof::json::canonical(whole.as_bytes()).unwrap(), bytes);
            let again = Event::read(&bytes, &Limits::default()).unwrap();
            assert_eq!(again.hash(), event.hash(), "{}", path.display());
            assert_eq!(again.canonical().unwrap(), bytes, "{}", path.display());
        }
    }
}
