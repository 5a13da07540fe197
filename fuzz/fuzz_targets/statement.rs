//! The decoder of what a patient signs takes any bytes, and has one form for each value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proof::codec::Canonical;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = consent::statement::Statement::from_bytes(bytes) {
        assert_eq!(value.to_bytes(), bytes);
    }
});
