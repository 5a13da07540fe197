//! An allocation list that two hands draw, and neither can read.
//!
//! A list has strata, a stratum has slots, and slots stand in blocks of one size. In each block the
//! arms stand in the ratio of the design. The sponsor's half says for each slot a position in its
//! block; the site's half says for each position an arm. The arm of a slot is the arm of its
//! position: two permutations, one after the other. If one of the two was drawn fairly, so is
//! the list, and whoever lacks one of them knows nothing but the ratio.
//!
//! Each half follows from a secret of its hand, to which the hand was bound before, and from a
//! beacon that nobody knew then: no hand can draw until it likes the result. Each leaf is salted,
//! so that one is opened without the others. `docs/reference/trials.md` has the bytes.

pub(crate) mod draws;

use proof::codec::Writer;
use proof::tree::{inclusion_path, leaf_hash, root};
use proof::{Digest, hash, keyed_hash};

use draws::Draws;

/// The most slots of a stratum.
pub const SLOTS_MAX: u32 = 10_000;
/// The most slots of a list.
pub const LIST_MAX: u64 = 100_000;
/// The most arms.
pub const ARMS_MAX: usize = 16;
/// The longest block.
pub const BLOCK_MAX: u16 = 256;

const COMMITMENT: &str = "salus/trial-hand/v1";
const SEED: &str = "salus/trial-seed/v1";
const NONCE: &str = "salus/trial-nonce/v1";

/// What a hand is bound to before it knows the beacon.
pub fn commitment(secret: &Digest) -> Digest {
    hash(COMMITMENT, &[&secret.0])
}

/// A slot, or a position, and what is said of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Leaf {
    /// The stratum.
    pub stratum: u16,
    /// The slot in the stratum, or the position in it: block times its size and place in the block.
    pub place: u32,
    /// The position in the block, or the arm.
    pub value: u16,
    /// Random to whoever lacks the secret.
    pub nonce: [u8; 32],
}

impl Leaf {
    /// What the tree is made of: `u16 stratum, u32 place, u16 value, nonce`.
    pub fn hash(&self) -> Digest {
        let mut writer = Writer::new();
        writer.u16(self.stratum);
        writer.u32(self.place);
        writer.u16(self.value);
        writer.fixed(&self.nonce);
        leaf_hash(&writer.into_bytes())
    }
}

/// The leaves of a list.
pub fn size(strata: &[u32]) -> u64 {
    strata.iter().map(|slots| u64::from(*slots)).sum()
}

/// The index of a leaf in the tree: stratum by stratum.
pub fn index(strata: &[u32], stratum: u16, place: u32) -> Option<u64> {
    let stratum = usize::from(stratum);
    let slots = *strata.get(stratum)?;
    (place < slots).then(|| size(&strata[..stratum]) + u64::from(place))
}

/// How a list is made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Design {
    ratio: Vec<u16>,
    block: u16,
    strata: Vec<u32>,
}

/// Why there is no such list.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NoDesign {
    /// The ratio.
    #[error("the ratio has 2 to {ARMS_MAX} arms, each at least once in a block")]
    Ratio,
    /// The block.
    #[error("the block is a multiple of the sum of the ratio, and at most {BLOCK_MAX}")]
    Block,
    /// The strata.
    #[error(
        "1 to 64 strata, each of whole blocks and at most {SLOTS_MAX} slots, {LIST_MAX} in all"
    )]
    Strata,
}

impl Design {
    /// A list of arms in this ratio, in blocks of this size, with so many slots in each stratum.
    pub fn new(ratio: Vec<u16>, block: u16, strata: Vec<u32>) -> Result<Self, NoDesign> {
        let arms = (2..=ARMS_MAX).contains(&ratio.len()) && !ratio.contains(&0);
        let sum = ratio.iter().try_fold(0u16, |sum, it| sum.checked_add(*it));
        let sum = sum.filter(|_| arms).ok_or(NoDesign::Ratio)?;
        if block == 0 || block > BLOCK_MAX || !block.is_multiple_of(sum) {
            return Err(NoDesign::Block);
        }
        let whole =
            |slots: &u32| (1..=SLOTS_MAX).contains(slots) && slots.is_multiple_of(u32::from(block));
        let count = (1..=crate::acts::STRATA_MAX).contains(&strata.len());
        if !count || !strata.iter().all(whole) || size(&strata) > LIST_MAX {
            return Err(NoDesign::Strata);
        }
        Ok(Self {
            ratio,
            block,
            strata,
        })
    }

    /// The slots of each stratum.
    pub fn strata(&self) -> &[u32] {
        &self.strata
    }

    /// How many arms.
    pub fn arms(&self) -> usize {
        self.ratio.len()
    }

    /// The arm of a slot: the site's value at the sponsor's position. None: there is no such slot.
    pub fn arm(&self, (sponsor, site): (&Half, &Half), stratum: u16, slot: u32) -> Option<u16> {
        let position = sponsor.leaf(stratum, slot)?.value;
        Some(site.leaf(stratum, self.place(slot, position))?.value)
    }

    /// The place of a position in the block of a slot.
    pub fn place(&self, slot: u32, position: u16) -> u32 {
        let block = u32::from(self.block);
        slot / block * block + u32::from(position)
    }

    /// The arms of a block in the order of the ratio.
    fn arms_of_block(&self) -> Vec<u16> {
        let sum: u16 = self.ratio.iter().sum();
        let times = usize::from(self.block / sum);
        let each = (0..).zip(&self.ratio);
        let arms = each.flat_map(|(arm, count)| std::iter::repeat_n(arm, usize::from(*count)));
        let arms: Vec<u16> = arms.collect();
        arms.repeat(times)
    }
}

/// Whose half, and of which list.
#[derive(Clone, Copy, Debug)]
pub struct Draw<'a> {
    /// The trial.
    pub trial: &'a Digest,
    /// Whose list.
    pub site: &'a str,
    /// What nobody knew when the hand was bound.
    pub beacon: &'a Digest,
    /// The secret of the hand.
    pub secret: &'a Digest,
}

impl Draw<'_> {
    /// The sponsor's half: a position for each slot.
    pub fn positions(&self, design: &Design) -> Half {
        let positions: Vec<u16> = (0..design.block).collect();
        self.half("positions", design, &positions)
    }

    /// The site's half: an arm for each position.
    pub fn arms(&self, design: &Design) -> Half {
        self.half("arms", design, &design.arms_of_block())
    }

    fn half(&self, what: &str, design: &Design, block: &[u16]) -> Half {
        let parts: [&[u8]; 4] = [
            &self.trial.0,
            self.site.as_bytes(),
            &self.beacon.0,
            what.as_bytes(),
        ];
        let seed = keyed_hash(&self.secret.0, SEED, &parts);
        let mut draws = Draws::of(seed);
        let mut leaves = Vec::new();
        for (stratum, slots) in (0..).zip(&design.strata) {
            let mut values = Vec::new();
            while values.len() < *slots as usize {
                let mut next = block.to_vec();
                draws.shuffle(&mut next);
                values.extend(next);
            }
            let placed = (0..*slots).zip(values);
            leaves.extend(placed.map(|(place, value)| Leaf {
                stratum,
                place,
                value,
                nonce: nonce(&seed, stratum, place),
            }));
        }
        let hashes = leaves.iter().map(Leaf::hash).collect();
        Half {
            strata: design.strata.clone(),
            leaves,
            hashes,
        }
    }
}

fn nonce(seed: &Digest, stratum: u16, place: u32) -> [u8; 32] {
    let parts: [&[u8]; 2] = [&stratum.to_be_bytes(), &place.to_be_bytes()];
    keyed_hash(&seed.0, NONCE, &parts).0
}

/// One half of a list.
#[derive(Clone)]
pub struct Half {
    strata: Vec<u32>,
    leaves: Vec<Leaf>,
    hashes: Vec<Digest>,
}

// It is half of a secret.
impl std::fmt::Debug for Half {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Half({} leaves)", self.leaves.len())
    }
}

impl Half {
    /// What is sealed.
    pub fn root(&self) -> Digest {
        root(&self.hashes)
    }

    /// A leaf.
    pub fn leaf(&self, stratum: u16, place: u32) -> Option<&Leaf> {
        let index = usize::try_from(index(&self.strata, stratum, place)?).ok()?;
        self.leaves.get(index)
    }

    /// A leaf with its path to the root.
    pub fn open(&self, stratum: u16, place: u32) -> Option<(Leaf, Vec<Digest>)> {
        let at = index(&self.strata, stratum, place)?;
        let leaf = *self.leaf(stratum, place)?;
        let path = inclusion_path(&self.hashes, at)?;
        Some((leaf, path))
    }
}
