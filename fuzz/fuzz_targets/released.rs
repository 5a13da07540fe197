//! Whatever bytes another organisation sends open under no grant key that did not seal them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vault::GrantKey;
use vault::envelope::{Context, DERIVED, RELEASED, open_derived, open_released, seal_derived};

const CONTEXT: Context<'static> = Context {
    custodian: "st-mary",
    record_type: "Observation",
    record_id: "o1",
    version: 3,
};

fuzz_target!(|rest: &[u8]| {
    let key = GrantKey::from_bytes([9; 32]);
    // With the first byte given, all the work is behind it.
    for first in [&[][..], &[RELEASED], &[DERIVED]] {
        let bytes = [first, rest].concat();
        assert!(open_released(&key, b"grant", &CONTEXT, &bytes).is_err());
        assert!(open_derived(&key, b"grant", &CONTEXT, &bytes).is_err());
    }
    // And what we seal opens to the same, under its own name only.
    if let Ok(sealed) = seal_derived(&key, b"grant", &CONTEXT, rest) {
        let opened = open_derived(&key, b"grant", &CONTEXT, &sealed);
        assert_eq!(opened.as_ref().map(|it| it.as_slice()), Ok(rest));
        assert!(open_derived(&key, rest, &CONTEXT, &sealed).is_err() || rest == b"grant");
        assert!(open_released(&key, b"grant", &CONTEXT, &sealed).is_err());
    }
});
