//! The reader of a verifier key takes any text, and has one form for each value.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(value) = text.parse::<proof::note::Vkey>() {
        assert_eq!(value.to_string(), text);
    }
});
