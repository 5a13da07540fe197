//! The canonical form of JSON is the form of itself.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    if let Ok(form) = proof::json::canonical(text) {
        assert_eq!(proof::json::canonical(&form).as_ref(), Ok(&form));
    }
});
