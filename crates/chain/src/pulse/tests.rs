//! The bytes of a pulse.

use super::{PULSE_BYTES_MAX, Pulse, Statement};
use crate::checkpoints::Cosigned;
use proof::{Canonical as _, Digest, SecretKey, checkpoint::Checkpoint, cosignature};

#[test]
fn a_pulse_survives_its_bytes_and_keeps_its_bound() {
    let root = Digest([7; 32]);
    let checkpoint = Checkpoint {
        origin: "salus/0123456789abcdef".to_owned(),
        size: 9,
        root,
    };
    let name = proof::checkpoint::cosigner(&checkpoint.origin, &"x".repeat(32));
    let line = cosignature::cosign(&checkpoint, &name, &SecretKey::from_seed(&[1; 32]), 1);
    let statement = Statement(Cosigned {
        size: 9,
        root,
        line: line.clone(),
    });
    let bytes = statement.to_bytes();
    assert!(bytes.len() <= PULSE_BYTES_MAX);
    assert_eq!(Statement::from_bytes(&bytes).unwrap(), statement);
    // Each is passed over where the other is expected.
    assert!(Pulse::from_bytes(&bytes).is_err());
    for cosigned in [
        None,
        Some(Cosigned {
            size: 9,
            root,
            line,
        }),
    ] {
        let pulse = Pulse {
            height: 3,
            epoch: 1,
            cosigned,
        };
        let bytes = pulse.to_bytes();
        assert!(bytes.len() <= PULSE_BYTES_MAX);
        assert_eq!(Pulse::from_bytes(&bytes).unwrap(), pulse);
        assert!(Pulse::from_bytes(&bytes[1..]).is_err());
        assert!(Statement::from_bytes(&bytes).is_err());
    }
}
