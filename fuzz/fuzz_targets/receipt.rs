//! Verification takes any bytes; a receipt that can be read can be built again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proof::policy::Policy;
use proof::receipt;

fuzz_target!(|text: &[u8]| {
    if let Ok(parsed) = receipt::parse(text) {
        let built = receipt::build(&parsed);
        let again = receipt::parse(built.as_bytes()).map(|it| receipt::build(&it));
        assert_eq!(again.as_ref(), Ok(&built));
    }
    if let Ok(policy) = Policy::parse(b"quorum none\n") {
        // A policy without a log accepts nothing.
        assert!(receipt::verify(text, &policy, None).is_err());
    }
});
