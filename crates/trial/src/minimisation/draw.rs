//! The random number of each participant, and the commitment to what follows from it.

use proof::codec::Writer;
use proof::vrf::{VrfKey, VrfOutput, VrfProof, VrfPublic};
use proof::{Canonical, Digest, hash, keyed_hash};

use super::rule::{Balance, Entered};
use super::{Design, Shown, write_levels};

const INPUT: &str = "salus/trial-minimisation/v1";
const KEY: &str = "salus/trial-minimisation-key/v1";
const NONCE: &str = "salus/trial-minimisation-nonce/v1";
const SHARE: &str = "salus/trial-minimisation-share/v1";

/// What is bound before the first participant.
#[derive(Clone, Copy, Debug)]
pub struct Bound<'a> {
    /// The trial.
    pub trial: &'a Digest,
    /// The allocator's.
    pub key: &'a VrfPublic,
    /// What nobody knew when the key was bound.
    pub beacon: &'a Digest,
    /// How it is done.
    pub design: &'a Design,
}

/// What the random number of a participant is of.
///
/// The pseudonym is not in it: a site that was told the key could try pseudonyms until it liked an
/// arm. Number, site and levels are facts.
pub fn input(bound: &Bound<'_>, number: u32, entered: &Entered) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.text(INPUT);
    bound.trial.write(&mut writer);
    bound.beacon.write(&mut writer);
    writer.u32(number);
    writer.text(&entered.site);
    write_levels(&mut writer, &entered.levels);
    writer.into_bytes()
}

/// What the ledger has of a share until the end.
pub fn commitment(trial: &Digest, number: u32, (share, nonce): (u16, &[u8; 32])) -> Digest {
    let parts: [&[u8]; 4] = [&trial.0, &number.to_be_bytes(), &share.to_be_bytes(), nonce];
    hash(SHARE, &parts)
}

/// The one who draws, and knows all shares so far.
#[derive(Clone, Debug)]
pub struct Allocator {
    key: VrfKey,
    trial: Digest,
    secret: Secret,
}

#[derive(Clone)]
struct Secret(Digest);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Allocator {
    /// Of a trial, with a secret that is used for nothing else.
    pub fn new(secret: &Digest, trial: &Digest) -> Self {
        let seed = keyed_hash(&secret.0, KEY, &[&trial.0]);
        Self {
            key: VrfKey::from_seed(&seed.0),
            trial: *trial,
            secret: Secret(*secret),
        }
    }

    /// What is bound.
    pub fn public(&self) -> VrfPublic {
        self.key.public()
    }

    /// What everybody in turn gets, from the first one on. None: the function has no number for
    /// somebody, which nobody will live to see.
    pub fn allocate(
        &self,
        (beacon, design): (&Digest, &Design),
        entered: &[Entered],
    ) -> Option<Vec<Shown>> {
        let mut balance = Balance::new(design);
        let numbered = (0..).zip(entered);
        let shown = numbered.map(|(number, one)| {
            let (output, proof) = self.number(beacon, design, number, one)?;
            let share = balance.choose(one, &output);
            balance.add(one, share);
            Some(Shown {
                share,
                nonce: self.nonce(number),
                proof,
            })
        });
        shown.collect()
    }

    fn number(
        &self,
        beacon: &Digest,
        design: &Design,
        number: u32,
        entered: &Entered,
    ) -> Option<(VrfOutput, VrfProof)> {
        let bound = Bound {
            trial: &self.trial,
            key: &self.public(),
            beacon,
            design,
        };
        self.key.prove(&input(&bound, number, entered))
    }

    fn nonce(&self, number: u32) -> [u8; 32] {
        let parts: [&[u8]; 2] = [&self.trial.0, &number.to_be_bytes()];
        keyed_hash(&self.secret.0.0, NONCE, &parts).0
    }
}
