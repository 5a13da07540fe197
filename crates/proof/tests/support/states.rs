//! A small state, cosigned.

use proof::checkpoint::{Checkpoint, cosigner};
use proof::cosignature;
use proof::map::Map;
use proof::note::Note;
use proof::state::{StateProof, origin};

use super::{MEMBERS, TIME_S, World};

/// After which block the state of the tests is.
pub const HEIGHT: u64 = 77;
/// A key with a value.
pub const PRESENT: &[u8] = b"grant/7";
/// Its value.
pub const VALUE: &[u8] = b"granted 7";
/// A key without one.
pub const ABSENT: &[u8] = b"grant/99";

/// Twenty entries.
pub fn state() -> Map {
    let mut map = Map::new();
    for number in 0..20 {
        let (key, value) = (format!("grant/{number}"), format!("granted {number}"));
        map.insert(key.as_bytes(), value.as_bytes());
    }
    map
}

/// What members say about the root of the state, under an origin.
pub fn statement(world: &World, origin: &str, cosigners: &[usize]) -> Note {
    let checkpoint = Checkpoint {
        origin: origin.to_owned(),
        size: HEIGHT,
        root: state().root(),
    };
    let line = |it: &usize| {
        let name = cosigner(&world.origin(), MEMBERS[*it]);
        cosignature::cosign(&checkpoint, &name, &world.keys[*it], TIME_S + *it as u64)
    };
    Note {
        text: checkpoint.to_string(),
        lines: cosigners.iter().map(line).collect(),
    }
}

/// The proof of what the state says about a key.
pub fn proof(world: &World, key: &[u8], cosigners: &[usize]) -> StateProof {
    StateProof {
        key: key.to_vec(),
        proof: state().prove(key),
        checkpoint: statement(world, &origin(&world.origin()), cosigners),
    }
}
