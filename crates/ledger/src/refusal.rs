//! Why the ledger refuses a transaction. Codes are stable: they are never given anew.

use consent::acts::Refused;
use proof::CodecError;
use supply::acts::Refused as SupplyRefused;
use thiserror::Error;
use trial::acts::Refused as TrialRefused;

/// A refusal. It is a value, not an error: all nodes refuse alike.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum Refusal {
    /// The bytes are no transaction.
    #[error("not the canonical bytes of a transaction: {0}")]
    Transaction(CodecError),
    /// The transaction is for another ledger.
    #[error("for another ledger")]
    Chain,
    /// The signature does not verify.
    #[error("the signature does not verify")]
    Signature,
    /// The kind is unknown.
    #[error("unknown kind {0}")]
    Kind(u8),
    /// The body is not that of the kind.
    #[error("not the canonical bytes of the body: {0}")]
    Body(CodecError),
    /// The sender's key is no transaction key of a member.
    #[error("the sender is not a member")]
    Sender,
    /// The sequence is not the next one of the key.
    #[error("the sequence is {given}, not {expected}")]
    Sequence {
        /// The next one.
        expected: u64,
        /// The one given.
        given: u64,
    },
    /// The expiry has passed.
    #[error("expired at height {0}")]
    Expired(u64),
    /// The expiry is too far ahead.
    #[error("expires later than height {latest}")]
    ExpiryTooFar {
        /// The latest expiry allowed in this block.
        latest: u64,
    },
    /// The sequence is not the next one of the organisation's batches.
    #[error("the batch has sequence {given}, not {expected}")]
    BatchSequence {
        /// The next one.
        expected: u64,
        /// The one given.
        given: u64,
    },
    /// The batch does not name the root of the batch before.
    #[error("the batch does not follow the last one")]
    BatchPrevious,
    /// Nobody proposed this, or it was decided.
    #[error("no open proposal has this id")]
    NoProposal,
    /// The proposal can no longer be voted on.
    #[error("the proposal expired at height {0}")]
    ProposalExpired(u64),
    /// The organisation has voted so already.
    #[error("the vote is the one given before")]
    SameVote,
    /// The organisation has too many open proposals.
    #[error("{0} proposals of yours are open already")]
    TooManyProposals(usize),
    /// The organisation named is not a member.
    #[error("`{0}` is not a member")]
    NoOrganisation(String),
    /// The organisation named is a member.
    #[error("`{0}` is a member already")]
    Member(String),
    /// There are too many organisations.
    #[error("there are {0} organisations already")]
    TooManyOrganisations(usize),
    /// A key is or was somebody's, or the same for two uses.
    #[error("a key is or was in use")]
    KeyInUse,
    /// Nobody can hold the secret of a key.
    #[error("a key is not sound")]
    KeyUnsound,
    /// The last validator would be gone.
    #[error("the last validator cannot go")]
    LastValidator,
    /// The proposal would change nothing.
    #[error("this is so already")]
    NoChange,
    /// A parameter is out of its range.
    #[error("the parameter `{0}` is out of range")]
    Parameter(&'static str),
    /// The new key did not sign its rotation.
    #[error("the new key did not sign")]
    Rotation,
    /// The epoch of credentials is behind the one announced before.
    #[error("the credential epoch is {0} already")]
    CredentialEpoch(u64),
    /// A rule of consent.
    #[error(transparent)]
    Consent(#[from] Refused),
    /// A rule of the trade in medicines.
    #[error("{}{reason}", item(*.index))]
    Supply {
        /// Which item of the moves, counted from 0, if it is about one.
        index: Option<u16>,
        /// Why.
        reason: SupplyRefused,
    },
    /// A rule of trials.
    #[error(transparent)]
    Trial(TrialRefused),
}

/// The words in front of a reason that is about one item.
fn item(index: Option<u16>) -> String {
    index.map_or_else(String::new, |index| format!("item {index}: "))
}

impl Refusal {
    /// The code, for programs.
    pub fn code(&self) -> u16 {
        self.row().0
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        self.row().1
    }

    /// A refusal of the trade that is about no single item.
    pub(crate) fn supply(reason: SupplyRefused) -> Self {
        Self::Supply {
            index: None,
            reason,
        }
    }

    fn row(&self) -> (u16, &'static str) {
        match self {
            Self::Transaction(_) => (1, "encode it as in docs/reference/transactions.md"),
            Self::Chain => (2, "compare the chain id with the one in the node's status"),
            Self::Signature => (3, "sign the header and the body with the sender's key"),
            Self::Kind(_) => (4, "a newer release may know this kind"),
            Self::Body(_) => (5, "encode it as in docs/reference/transactions.md"),
            Self::Sender => (6, "use the transaction key that the ledger has for you"),
            Self::Sequence { .. } => (7, "ask for the next sequence and sign anew"),
            Self::Expired(_) => (8, "sign anew with a later expiry"),
            Self::ExpiryTooFar { .. } => (9, "sign anew with an earlier expiry"),
            Self::BatchSequence { .. } => (10, "ask for the last batch and sign anew"),
            Self::BatchPrevious => (11, "ask for the last batch and sign anew"),
            Self::NoProposal => (12, "list the open proposals"),
            Self::ProposalExpired(_) => (13, "propose it again"),
            Self::SameVote => (14, "nothing is left to do"),
            Self::TooManyProposals(_) => (15, "wait until one is decided or expires"),
            Self::NoOrganisation(_) => (16, "list the organisations"),
            Self::Member(_) => (17, "choose another id"),
            Self::TooManyOrganisations(_) => (18, "remove one first"),
            Self::KeyInUse => (19, "make a new key for each use"),
            Self::KeyUnsound => (20, "make the key with a sound Ed25519 library"),
            Self::LastValidator => (21, "add another validator first"),
            Self::NoChange => (22, "nothing is left to do"),
            Self::Parameter(_) => (23, "the ranges are in docs/reference/ledger.md"),
            Self::Rotation => (24, "sign the rotation with the new key"),
            Self::CredentialEpoch(_) => (25, "announce this epoch or a later one"),
            Self::Consent(refused) => consent_row(*refused),
            Self::Supply { reason, .. } => supply_row(*reason),
            Self::Trial(refused) => trial_row(*refused),
        }
    }
}

fn consent_row(refused: Refused) -> (u16, &'static str) {
    match refused {
        Refused::Taken => (26, "draw a new random id and sign anew"),
        Refused::Past => (27, "choose an hour that is still to come"),
        Refused::Span(_) => (28, "choose a later beginning or an earlier end"),
        Refused::Key => (29, "make a key of its own for each act and person"),
        Refused::Unsigned => (30, "sign for this ledger and organisation, by that key"),
        Refused::Unknown => (31, "compare the id with the one that was accepted"),
        Refused::Revoked(_) => (32, "nothing is left to do"),
        Refused::Custodian => (33, "list the organisations"),
        Refused::Late(_) => (34, "compare the clock with the time of the last block"),
        Refused::Reviewer => (35, "ask the custodian to review"),
        Refused::Done(_) => (36, "nothing is left to do"),
    }
}

fn supply_row(refused: SupplyRefused) -> (u16, &'static str) {
    match refused {
        SupplyRefused::Role(_) => (
            37,
            "ask the members to vote on your roles: salus propose partner",
        ),
        SupplyRefused::Commissioned => (38, "a number is used once: look at who commissioned it"),
        SupplyRefused::Unknown => (39, "compare what was scanned with what is printed"),
        SupplyRefused::Holder => (40, "take it first, or ask its holder to hand it to you"),
        SupplyRefused::Transit { .. } => (41, "the receiver takes it, or the sender takes it back"),
        SupplyRefused::Inside { .. } => (42, "take it out of the container that holds it first"),
        SupplyRefused::Ended { .. } => (43, "keep the pack apart and look at its history"),
        SupplyRefused::Marked(_) => (
            44,
            "keep the pack apart until its maker or a regulator clears it",
        ),
        SupplyRefused::Recalled(_) => (45, "keep the pack apart and hand it back"),
        SupplyRefused::Maker => (46, "ask the maker of the lot"),
        SupplyRefused::Undo(_) => (47, "take the pack out of the trade"),
        SupplyRefused::Same => (48, "nothing is left to do"),
        SupplyRefused::Epoch { .. } => (49, "ask for the latest epoch of the trade key"),
        SupplyRefused::Checks(_) => (
            50,
            "make one secret for each subset of the openers in force",
        ),
        SupplyRefused::Asker => (51, "let a regulator or an opener ask"),
        SupplyRefused::Inquiry { .. } => (52, "compare the id, or draw a new random one"),
        SupplyRefused::Answered(_) => (53, "nothing is left to do"),
    }
}

fn trial_row(refused: TrialRefused) -> (u16, &'static str) {
    match refused {
        TrialRefused::Trial { .. } => (54, "compare the id, or draw a new random one"),
        TrialRefused::Parties => (
            55,
            "name members, each once, and 2 or more of all as quorum",
        ),
        TrialRefused::Party(_) => (56, "ask the party whose act it is"),
        TrialRefused::Version { .. } => (57, "look at the version in force"),
        TrialRefused::Before(_) => (58, "do that first"),
        TrialRefused::Done => (59, "nothing is left to do"),
        TrialRefused::Sealed => (60, "give what was sealed, byte for byte"),
        TrialRefused::Slot(_) => (61, "ask for the next slot and sign anew"),
        TrialRefused::Stratum => (62, "look at the strata of the site's list"),
        TrialRefused::Participant { .. } => (63, "compare the participant's pseudonym"),
        TrialRefused::Withdrawn => (64, "nothing is done with this participant any more"),
        TrialRefused::Locked { .. } => (65, "lock or unlock by the quorum first"),
        TrialRefused::Decision(_) => (66, "look at the latest decision"),
        TrialRefused::Levels => (67, "name one level of each factor, as in the design"),
        TrialRefused::Design { .. } => (68, "look at how this trial allocates"),
        TrialRefused::Allocator => (69, "ask the one who allocates"),
    }
}
