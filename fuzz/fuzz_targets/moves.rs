//! The decoder of moves takes any bytes, and has one form for each value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proof::codec::Canonical;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = supply::acts::Moves::from_bytes(bytes) {
        assert_eq!(value.to_bytes(), bytes);
    }
});
