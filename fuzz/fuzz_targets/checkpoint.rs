//! The reader of a checkpoint takes any text, and has one form for each value.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(value) = text.parse::<proof::checkpoint::Checkpoint>() {
        assert_eq!(value.to_string(), text);
    }
});
