//! A proof about the state takes any bytes; one that can be read can be built again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proof::policy::Policy;
use proof::state;

fuzz_target!(|rest: &[u8]| {
    // With the first line given, all the work is behind it.
    let text = [state::FORMAT.as_bytes(), b"\nkey ", rest].concat();
    for text in [rest, &text] {
        if let Ok(parsed) = state::parse(text) {
            let built = state::build(&parsed);
            let again = state::parse(built.as_bytes()).map(|it| state::build(&it));
            assert_eq!(again.as_ref(), Ok(&built));
        }
        if let Ok(policy) = Policy::parse(b"quorum none\n") {
            // A policy without a log accepts nothing.
            assert!(state::verify(text, &policy).is_err());
        }
    }
});
