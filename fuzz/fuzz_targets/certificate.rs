//! The certificate of an erasure takes any bytes; one that can be read can be built again.
#![no_main]

use consent::acts::certificate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|rest: &[u8]| {
    // With the first line given, all the work is behind it.
    let text = [certificate::FORMAT.as_bytes(), b"\nsubject ", rest].concat();
    for text in [rest, &text] {
        if let Ok(parsed) = certificate::parse(text) {
            assert_eq!(certificate::build(&parsed).as_bytes(), text);
        }
    }
});
