//! What a hospital is made of, and how it is opened.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use chain::Handle;
use proof::Digest;
use proof::sign::SecretKey;
use store::Store;
use vault::RootKey;

use crate::clock::Clock;
use crate::cpu::Cpu;
use crate::error::HospitalError;
use crate::keyring::Keyring;
use crate::sharing::{Book, Custody};
use crate::tally::Tally;

/// Everything that [`Hospital::open`] needs.
pub struct Setup {
    /// The slug of this organisation, as in the genesis.
    pub organisation: String,
    /// The chain that it is a member of.
    pub chain_id: Digest,
    /// Signs the organisation's ledger transactions.
    pub transaction_key: SecretKey,
    /// Signs the log line of receipts (`Organisation::checkpoint_key`).
    pub checkpoint_key: SecretKey,
    /// Wraps the vault keys.
    pub root_key: RootKey,
    /// The file of the key tree; made at the first start.
    pub key_tree: PathBuf,
    /// The keys by which the organisation shares.
    pub custody: Custody,
    /// The organisation's own policy on what leaves it; consent is judged beside it.
    pub policy: policy::Policy,
    /// The database.
    pub store: Store,
    /// The running node.
    pub chain: Handle,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The FHIR base of this server, as `http://127.0.0.1:8080/fhir`, without a slash at its end.
    pub fhir_base: String,
}

/// An organisation at work: every act of a person or a system is a method of it.
///
/// Cheap to clone; the acts are in the files of this crate, one each.
#[derive(Clone)]
pub struct Hospital(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) organisation: String,
    /// The same as the ledger writes it; `None` only for a slug that no ledger knows.
    pub(crate) id: Option<ledger::OrgId>,
    pub(crate) chain_id: Digest,
    pub(crate) transaction_key: SecretKey,
    pub(crate) checkpoint_key: SecretKey,
    pub(crate) keyring: Keyring,
    pub(crate) custody: Custody,
    pub(crate) policy: Arc<policy::Policy>,
    /// The links to other organisations, once there are some.
    pub(crate) peers: std::sync::OnceLock<Arc<peers::Peers>>,
    pub(crate) wrong_codes: Tally,
    /// How often other organisations ask patients here.
    pub(crate) knocks: Tally,
    /// The consents that hold here.
    pub(crate) book: Book,
    /// The suspensions of accountings that are in force here.
    pub(crate) withheld: crate::report::Withheld,
    pub(crate) store: Store,
    pub(crate) chain: Handle,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) fhir_base: String,
    pub(crate) cpu: Cpu,
    /// Held while a transaction is numbered, signed and handed to the chain.
    pub(crate) pen: tokio::sync::Mutex<()>,
    pub(crate) erasing: crate::erasure::Desk,
    pub(crate) sign_in: crate::sign_in::Desk,
    pub(crate) refusals: crate::access_log::Refusals,
    pub(crate) batches: crate::batcher::Gauge,
    /// Asks the batcher for a batch before its time.
    pub(crate) early: tokio::sync::Notify,
    /// Told when a batch was anchored.
    pub(crate) anchored: tokio::sync::Notify,
    /// The key of the trade.
    pub(crate) trade: crate::packs::TradeDesk,
    pub(crate) openings: crate::packs::openings::Desk,
    /// Told when there is something to pursue in trials.
    pub(crate) trials_wanted: tokio::sync::Notify,
    /// Packs that were looked up and do not exist, by user.
    pub(crate) guesses: Tally,
    /// How often researchers had something counted.
    pub(crate) counted: Tally,
    /// What was asked about packs within a day.
    pub(crate) questions: crate::packs::Questions,
    /// Named queries and those who watch them.
    pub(crate) standing: crate::packs::Standing,
    /// Held while questions or requests are counted and one is stored.
    pub(crate) asking: tokio::sync::Mutex<()>,
    /// Tells who shows a patient's record that it changed.
    pub(crate) changes: crate::changes::Changes,
    pub(crate) revoked: crate::smart::Revoked,
    pub(crate) id_key: tokio::sync::OnceCell<Arc<vault::IdKey>>,
}

impl Hospital {
    /// Opens the organisation; blocks for a moment. Nothing runs yet: see
    /// [`Hospital::start_batcher`].
    pub fn open(setup: Setup) -> Result<Self, HospitalError> {
        let base = setup.fhir_base.trim_end_matches('/').to_owned();
        let keyring = Keyring::open_tree(setup.root_key, &setup.key_tree, &setup.store)?;
        let revoked = crate::smart::Revoked::open(&setup.store, &keyring)?;
        Ok(Self(Arc::new(Inner {
            id: setup.organisation.parse().ok(),
            organisation: setup.organisation,
            chain_id: setup.chain_id,
            transaction_key: setup.transaction_key,
            checkpoint_key: setup.checkpoint_key,
            custody: setup.custody,
            policy: Arc::new(setup.policy),
            peers: std::sync::OnceLock::new(),
            wrong_codes: crate::sharing::wrong_codes(),
            knocks: crate::sharing::knocks(),
            book: Book::default(),
            withheld: crate::report::Withheld::default(),
            keyring,
            revoked,
            id_key: tokio::sync::OnceCell::new(),
            store: setup.store,
            chain: setup.chain,
            clock: setup.clock,
            fhir_base: base,
            cpu: Cpu::new(),
            pen: tokio::sync::Mutex::new(()),
            erasing: crate::erasure::Desk::default(),
            sign_in: crate::sign_in::Desk::new(),
            refusals: crate::access_log::Refusals::new(),
            batches: crate::batcher::Gauge::default(),
            early: tokio::sync::Notify::new(),
            anchored: tokio::sync::Notify::new(),
            trade: crate::packs::TradeDesk::default(),
            openings: crate::packs::openings::Desk::default(),
            trials_wanted: tokio::sync::Notify::new(),
            guesses: crate::packs::guesses(),
            counted: crate::research::counted(),
            questions: crate::packs::Questions::default(),
            standing: crate::packs::Standing::default(),
            asking: tokio::sync::Mutex::new(()),
            changes: crate::changes::Changes::default(),
        })))
    }

    /// The slug of this organisation.
    pub fn organisation(&self) -> &str {
        &self.0.organisation
    }

    /// The chain that it is a member of.
    pub fn chain_id(&self) -> Digest {
        self.0.chain_id
    }

    /// The running node.
    pub fn chain(&self) -> &Handle {
        &self.0.chain
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The FHIR base, without a slash at its end.
    pub fn fhir_base(&self) -> &str {
        &self.0.fhir_base
    }

    /// The time, in microseconds since 1970.
    pub fn now_us(&self) -> i64 {
        self.0.clock.now_us()
    }
}

impl fmt::Debug for Hospital {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hospital")
            .field("organisation", &self.0.organisation)
            .finish()
    }
}
