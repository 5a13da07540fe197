//! An accepted event reads back from its canonical bytes to the same hash and the same index.
#![no_main]

use epcis::{Document, Event, Limits, index};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let limits = Limits::default();
    let Ok(document) = Document::from_json(text, &limits) else {
        return;
    };
    for event in &document.events {
        let bytes = event
            .canonical()
            .expect("canonical bytes of an accepted event");
        let again = Event::read(&bytes, &limits).expect("an accepted event reads back");
        assert_eq!(again.canonical().as_ref(), Ok(&bytes));
        // A document may take fields out of the hash, which is the id of an event without one.
        if !text.windows(12).any(|part| part == b"ignoreFields") {
            assert_eq!(again.hash(), event.hash());
            assert_eq!(index(&again), index(event));
        }
    }
});
