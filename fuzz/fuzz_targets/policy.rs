//! The reader of trust files takes any bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    if let Ok(policy) = proof::policy::Policy::parse(file) {
        // More cosigners never make less of a quorum.
        assert!(policy.is_quorum(|_| true) || !policy.is_quorum(|_| false));
    }
});
