//! A file of evidence takes any bytes; one that can be read can be built again.
#![no_main]

use ledger::evidence::{self, Release};
use libfuzzer_sys::fuzz_target;
use proof::codec::Canonical;

fuzz_target!(|rest: &[u8]| {
    // With the first line given, all the work is behind it.
    let text = [evidence::FORMAT.as_bytes(), b"\nkind ", rest].concat();
    for text in [rest, &text] {
        if let Ok(parsed) = evidence::parse(text) {
            assert_eq!(evidence::build(&parsed).as_bytes(), text);
        }
    }
    if let Ok(value) = Release::from_bytes(rest) {
        assert_eq!(value.to_bytes(), rest);
    }
});
