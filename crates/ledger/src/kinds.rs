//! The bodies of transactions. The body of kind 1 is [`proof::transaction::Batch`],
//! those of kinds 16 to 22 are in [`consent::acts`], those of 32 to 35 in [`supply::acts`], that
//! of 48 in [`trial::acts`].

use consent::acts::erase::{ATTEST_KIND, ERASE_KIND};
use proof::codec::{Canonical, CodecError, Reader, Writer};
use proof::transaction::KIND_BATCH;
use proof::{Digest, PublicKey, SecretKey, Signature, hash};
use supply::acts::MOVES_KIND;
use trial::acts::TRIAL_KIND;

use crate::Proposal;

/// What a transaction asks for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Kind {
    /// Evidence of one interval.
    Batch = KIND_BATCH,
    /// A change of the consortium, to be voted on.
    Propose = 2,
    /// A vote on a proposal.
    Vote = 3,
    /// Another transaction key for the sender.
    RotateKey = 4,
    /// The service record of the sender.
    Announce = 5,
    /// A patient allows.
    Grant = 16,
    /// A patient ends a grant or a delegation.
    Revoke = 17,
    /// An emergency opens records.
    BreakGlass = 18,
    /// An emergency is looked at afterwards.
    Review = 19,
    /// A custodian erases a subject.
    Erase = ERASE_KIND,
    /// A holder says that it has erased.
    EraseAttest = ATTEST_KIND,
    /// Somebody may act for a patient.
    Delegate = 22,
    /// Packs of medicines move in the trade.
    Moves = MOVES_KIND,
    /// A partner of the trade starts an epoch of its key.
    TradeKey = 33,
    /// A partner says what the shares of its openings are compared with.
    Escrow = 34,
    /// Somebody asks the openers of the trade, or one answers.
    Inquiry = 35,
    /// An act of a clinical trial.
    Trial = TRIAL_KIND,
}

impl Kind {
    /// All kinds, in the order of their codes.
    pub const ALL: [Self; 17] = [
        Self::Batch,
        Self::Propose,
        Self::Vote,
        Self::RotateKey,
        Self::Announce,
        Self::Grant,
        Self::Revoke,
        Self::BreakGlass,
        Self::Review,
        Self::Erase,
        Self::EraseAttest,
        Self::Delegate,
        Self::Moves,
        Self::TradeKey,
        Self::Escrow,
        Self::Inquiry,
        Self::Trial,
    ];

    /// The kind of a code.
    pub fn of(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == code)
    }
}

/// Puts a change to the vote (kind 2). The proposer approves of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Propose {
    /// The change.
    pub proposal: Proposal,
}

/// A vote (kind 3). A later vote of the same organisation replaces it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Vote {
    /// The id of the transaction that proposed.
    pub proposal: Digest,
    /// For or against.
    pub approve: bool,
}

/// Replaces the transaction key of the sender (kind 4). The old key signs the transaction,
/// the new one the body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RotateKey {
    /// The new key; it has never been used on this ledger.
    pub new_key: PublicKey,
    /// By the new key over the [`RotateKey::message`].
    pub signature: Signature,
}

impl RotateKey {
    /// A rotation from an old key, signed by the new one.
    pub fn sign(chain: &Digest, old_key: &PublicKey, new_key: &SecretKey) -> Self {
        let signature = new_key.sign(&Self::message(chain, old_key, &new_key.public()).0);
        Self {
            new_key: new_key.public(),
            signature,
        }
    }

    /// What the new key signs: a digest of the ledger, the key it follows and itself.
    pub fn message(chain: &Digest, old_key: &PublicKey, new_key: &PublicKey) -> Digest {
        hash("salus/rotation/v1", &[&chain.0, &old_key.0, &new_key.0])
    }
}

impl Canonical for Propose {
    fn write(&self, writer: &mut Writer) {
        self.proposal.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            proposal: Proposal::read(reader)?,
        })
    }
}

impl Canonical for Vote {
    fn write(&self, writer: &mut Writer) {
        self.proposal.write(writer);
        writer.bool(self.approve);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            proposal: Digest::read(reader)?,
            approve: reader.bool()?,
        })
    }
}

impl Canonical for RotateKey {
    fn write(&self, writer: &mut Writer) {
        self.new_key.write(writer);
        self.signature.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            new_key: PublicKey::read(reader)?,
            signature: Signature::read(reader)?,
        })
    }
}
