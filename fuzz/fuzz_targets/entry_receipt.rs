//! A receipt of a transaction takes any bytes; one that can be read can be built again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proof::policy::Policy;
use proof::receipt;

fuzz_target!(|rest: &[u8]| {
    // With the first line given, all the work is behind it.
    let text = [receipt::FORMAT.as_bytes(), b"\nextra ", rest].concat();
    for text in [rest, &text] {
        if let Ok(parsed) = receipt::parse_entry(text) {
            let built = receipt::build_entry(&parsed);
            let again = receipt::parse_entry(built.as_bytes()).map(|it| receipt::build_entry(&it));
            assert_eq!(again.as_ref(), Ok(&built));
        }
        if let Ok(policy) = Policy::parse(b"quorum none\n") {
            // A policy without a log accepts nothing.
            assert!(receipt::verify_entry(text, &policy).is_err());
        }
    }
});
