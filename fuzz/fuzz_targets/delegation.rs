//! The decoder of a delegation in the state takes any bytes, and has one form for each value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proof::codec::Canonical;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = consent::acts::Delegation::from_bytes(bytes) {
        assert_eq!(value.to_bytes(), bytes);
    }
});
