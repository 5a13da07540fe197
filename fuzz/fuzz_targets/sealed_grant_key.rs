//! A sealed grant key and a public key are taken from another organisation as bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vault::grant::{PUBLIC_BYTES, SEALED_BYTES};
use vault::{GrantContext, GrantKey, WrapKey};

fuzz_target!(|rest: &[u8]| {
    let recipient = WrapKey::from_seed(&[7; 32]);
    let context = GrantContext {
        custodian: "st-mary",
        recipient: "north-clinic",
        grant_id: b"grant",
    };
    // With suite and length given, all the work is behind them.
    let mut whole = rest.to_vec();
    whole.insert(0, 1);
    whole.resize(SEALED_BYTES, 0);
    for bytes in [rest, &whole] {
        assert!(recipient.open(bytes, &context).is_err());
    }
    // A key of the right length may be one; whatever it is, sealing to it does no harm.
    let mut public = rest.to_vec();
    public.resize(PUBLIC_BYTES, 0);
    if let Ok(sealed) = GrantKey::from_bytes([9; 32]).seal_to(&public, &context) {
        assert_eq!(sealed.len(), SEALED_BYTES);
        assert!(recipient.open(&sealed, &context).is_err());
    }
});
