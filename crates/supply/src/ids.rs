//! What the ledger sees in place of GTIN, serial, lot, expiry and SSCC, and in place of a holder.
//!
//! Pseudonyms are keyed hashes under the trade key, cut to 16 bytes: who lacks the key cannot try
//! serial numbers, and two parties of the trade derive the same value from the same pack.

use std::fmt;

use proof::codec::{Canonical, CodecError, Reader, Writer};
use proof::{Digest, keyed_hash};
use zeroize::ZeroizeOnDrop;

const PACK: &str = "salus/pack/v1";
const LOT: &str = "salus/lot/v1";
const CONTAINER: &str = "salus/container/v1";
const FACTS: &str = "salus/pack-facts/v1";
const HOLDER: &str = "salus/holder/v1";
const CHECK: &str = "salus/trade-key/v1";

/// The bytes of a pseudonym, a lock or an opening.
pub const ID_BYTES: usize = 16;

macro_rules! sixteen_bytes {
    ($(#[$meta:meta] $name:ident),+ $(,)?) => {$(
        #[$meta]
        #[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
        pub struct $name(pub [u8; ID_BYTES]);

        impl Canonical for $name {
            fn write(&self, writer: &mut Writer) {
                writer.fixed(&self.0);
            }

            fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
                reader.fixed().map(Self)
            }
        }
    )+};
}

macro_rules! shown_as_hex {
    ($($name:ident),+) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )+};
}

sixteen_bytes! {
    /// A pack: of its GTIN and serial number.
    PackId,
    /// A lot: of its GTIN and lot number.
    LotId,
    /// A case or pallet: of its SSCC.
    ContainerId,
    /// A pack or a container, as moves name either.
    UnitId,
    /// What is printed on a pack, GTIN, serial, lot and expiry, as one value to compare with.
    Facts,
    /// A commitment to the organisation that holds, or will hold, a pack.
    Lock,
    /// What opens a lock. Whoever presents it must also be the organisation inside.
    Opening,
}

shown_as_hex!(PackId, LotId, ContainerId, UnitId, Facts, Lock);

// Secret until its holder acts.
impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opening(..)")
    }
}

impl From<PackId> for UnitId {
    fn from(pack: PackId) -> Self {
        Self(pack.0)
    }
}

impl From<ContainerId> for UnitId {
    fn from(container: ContainerId) -> Self {
        Self(container.0)
    }
}

impl From<UnitId> for PackId {
    fn from(unit: UnitId) -> Self {
        Self(unit.0)
    }
}

impl From<UnitId> for ContainerId {
    fn from(unit: UnitId) -> Self {
        Self(unit.0)
    }
}

impl Opening {
    /// What stands in place of a maker's or a regulator's opening: they act by who they are.
    pub const NONE: Self = Self([0; ID_BYTES]);

    /// The lock that this opens for an organisation.
    pub fn lock(&self, organisation: &str) -> Lock {
        Lock(cut(&keyed_hash(
            &self.0,
            HOLDER,
            &[organisation.as_bytes()],
        )))
    }
}

/// The key that the authorised trading partners share: 32 random bytes, wiped when they are let go.
#[derive(Clone, Eq, PartialEq, ZeroizeOnDrop)]
pub struct TradeKey(pub [u8; 32]);

impl fmt::Debug for TradeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TradeKey(..)")
    }
}

/// What is printed on a pack, each as GS1 writes it: GTIN-14, serial (AI 21), lot (AI 10), expiry
/// as YYMMDD (AI 17).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Printed<'a> {
    /// 14 digits.
    pub gtin: &'a str,
    /// 1 to 20 characters.
    pub serial: &'a str,
    /// 1 to 20 characters.
    pub lot: &'a str,
    /// 6 digits.
    pub expiry: &'a str,
}

impl TradeKey {
    /// The pack with this GTIN-14 and serial number.
    pub fn pack(&self, gtin: &str, serial: &str) -> PackId {
        PackId(self.derive(PACK, &[gtin, serial]))
    }

    /// The lot with this GTIN-14 and lot number.
    pub fn lot(&self, gtin: &str, lot: &str) -> LotId {
        LotId(self.derive(LOT, &[gtin, lot]))
    }

    /// The container with this SSCC-18.
    pub fn container(&self, sscc: &str) -> ContainerId {
        ContainerId(self.derive(CONTAINER, &[sscc]))
    }

    /// What is printed, as one value.
    pub fn facts(&self, printed: &Printed<'_>) -> Facts {
        let Printed {
            gtin,
            serial,
            lot,
            expiry,
        } = printed;
        Facts(self.derive(FACTS, &[gtin, serial, lot, expiry]))
    }

    /// What the ledger keeps of the key, so that a partner sees whether it has the right one.
    pub fn check(&self) -> Digest {
        keyed_hash(&self.0, CHECK, &[])
    }

    fn derive(&self, label: &str, fields: &[&str]) -> [u8; ID_BYTES] {
        let parts: Vec<_> = fields.iter().map(|field| field.as_bytes()).collect();
        cut(&keyed_hash(&self.0, label, &parts))
    }
}

/// The first 16 bytes.
pub(crate) fn cut(digest: &Digest) -> [u8; ID_BYTES] {
    let mut bytes = [0; ID_BYTES];
    bytes.copy_from_slice(&digest.0[..ID_BYTES]);
    bytes
}
