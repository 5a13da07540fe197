//! The audit: everything stored against what the ledger vouches for, item by item.
//!
//! It works on a stopped node: the database is opened for reading, and of the ledger only the
//! stored nodes of its history tree are needed. What it finds is told as it is found; nothing is
//! repaired.

mod batches;
mod erasures;
mod evidence;
mod identity;
mod links;
mod packs;
mod trials;
mod versions;

use std::sync::Arc;

pub use evidence::{kept_checkpoints, kept_evidence};

use ledger::State;
use proof::Digest;
use proof::policy::Policy;
use proof::tree::Nodes;
use store::{PactKind, Store};
use vault::RootKey;

use crate::cpu::Cpu;
use crate::error::HospitalError;
use crate::keyring::Keyring;
use crate::sharing::pact_mark;
use crate::sign_in::user_mark;
use crate::smart::{client_mark, login_mark, passkey_mark, ticket_mark};

/// Most findings that are told; a ruined database would fill the screen.
pub const FINDINGS_MAX: usize = 10_000;
/// Rows read at a time.
const PAGE: u32 = 512;

/// What an audit looks at.
pub struct AuditInput {
    /// The database, opened read-only or shared with a running node.
    pub store: Store,
    /// The root key of the organisation.
    pub root_key: RootKey,
    /// The file of the key tree.
    pub key_tree: std::path::PathBuf,
    /// The slug of the organisation.
    pub organisation: String,
    /// The state of the ledger, where its blocks were executed; what the ledger knows of erasures
    /// and trials is not compared without.
    pub state: Option<State>,
    /// The nodes of the history tree, as the node has them on disk.
    pub history: Arc<dyn Nodes + Send + Sync>,
    /// Trust files of the validator sets that the ledger had; one of them must accept a receipt.
    pub policies: Vec<Policy>,
}

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What: `Patient/123/_history/2 body`, `leaf 17`, `batch 12`, `receipt of batch 12`.
    pub item: String,
    /// How it shows; no patient's data.
    pub reason: String,
}

/// How far an audit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is looked at: `database`, `keys`, `batches`, `records`.
    pub stage: &'static str,
    /// Items done in this stage.
    pub done: u64,
    /// Items in this stage; 0: not known.
    pub total: u64,
}

/// What an audit looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Record versions opened.
    pub versions: u64,
    /// Batches recomputed.
    pub batches: u64,
    /// Versions that no batch holds yet.
    pub pending: u64,
    /// Findings told, and those beyond the bound.
    pub findings: u64,
}

/// Where findings and progress go.
pub(crate) struct Report<'a> {
    pub(crate) summary: Summary,
    progress: &'a mut (dyn FnMut(Progress) + Send),
    finding: &'a mut (dyn FnMut(Finding) + Send),
}

impl Report<'_> {
    pub(crate) fn find(&mut self, item: impl Into<String>, reason: impl Into<String>) {
        self.summary.findings += 1;
        if self.summary.findings <= FINDINGS_MAX as u64 {
            (self.finding)(Finding {
                item: item.into(),
                reason: reason.into(),
            });
        }
    }

    pub(crate) fn at(&mut self, stage: &'static str, done: u64, total: u64) {
        (self.progress)(Progress { stage, done, total });
    }
}

/// What the stages share.
pub(crate) struct Desk {
    pub(crate) store: Store,
    pub(crate) keyring: Keyring,
    pub(crate) organisation: String,
    pub(crate) state: Option<State>,
    pub(crate) history: Arc<dyn Nodes + Send + Sync>,
    pub(crate) policies: Vec<Policy>,
    pub(crate) cpu: Cpu,
    /// Whether what was erased after the database was copied may still have its rows.
    pub(crate) passes_erased: bool,
}

/// Compares everything stored with the ledger. An error means that the audit could not go on,
/// not that something is damaged.
pub async fn audit(
    input: AuditInput,
    progress: &mut (dyn FnMut(Progress) + Send),
    finding: &mut (dyn FnMut(Finding) + Send),
) -> Result<Summary, HospitalError> {
    let desk = Desk {
        store: input.store,
        keyring: Keyring::look(input.root_key, &input.key_tree)?,
        organisation: input.organisation,
        state: input.state,
        history: input.history,
        policies: input.policies,
        cpu: Cpu::new(),
        passes_erased: false,
    };
    let mut report = Report {
        summary: Summary::default(),
        progress,
        finding,
    };
    desk.structure(&mut report).await?;
    report.at("database", 1, 1);
    desk.keys(&mut report).await?;
    desk.users(&mut report).await?;
    desk.pacts(&mut report).await?;
    desk.erasures(&mut report).await?;
    desk.batches(&mut report).await?;
    let (told, opened) = desk.versions(&mut report).await?;
    desk.identity(told, &mut report).await?;
    desk.health_links(&opened, &mut report).await?;
    desk.sealed_rows(&mut report).await?;
    desk.trials(&mut report).await?;
    Ok(report.summary)
}

/// Reads a copy of a database to its end: its structure opens, each version in it too, and its
/// index, users, keys and health links are as this organisation wrote them. Whoever was erased
/// since the copy was made is passed over. The ledger is not asked.
pub async fn readable(
    store: Store,
    root_key: RootKey,
    key_tree: &std::path::Path,
    organisation: String,
    progress: &mut (dyn FnMut(Progress) + Send),
    finding: &mut (dyn FnMut(Finding) + Send),
) -> Result<Summary, HospitalError> {
    let desk = Desk {
        store,
        keyring: Keyring::look(root_key, key_tree)?,
        organisation,
        state: None,
        history: Arc::new(NoHistory),
        policies: Vec::new(),
        cpu: Cpu::new(),
        passes_erased: true,
    };
    let mut report = Report {
        summary: Summary::default(),
        progress,
        finding,
    };
    desk.structure(&mut report).await?;
    desk.keys(&mut report).await?;
    desk.users(&mut report).await?;
    let (_, opened) = desk.versions(&mut report).await?;
    desk.health_links(&opened, &mut report).await?;
    desk.sealed_rows(&mut report).await?;
    Ok(report.summary)
}

/// The history of a ledger that is not asked.
struct NoHistory;

impl Nodes for NoHistory {
    fn node(&self, _: u8, _: u64) -> Option<Digest> {
        None
    }
}

impl Desk {
    /// The database's own check of its structure.
    async fn structure(&self, report: &mut Report<'_>) -> Result<(), HospitalError> {
        report.at("database", 0, 1);
        for line in self.store.integrity_check().await? {
            let (item, reason) = line.split_once(": ").unwrap_or((&line, "it does not fit"));
            report.find(item, reason);
        }
        Ok(())
    }

    /// Whether a key is dead because somebody was erased, where that is nothing to find.
    fn passes(&self, vault: &str) -> bool {
        self.passes_erased && self.keyring.is_dead(vault)
    }

    /// Every vault key opens under the root key.
    async fn keys(&self, report: &mut Report<'_>) -> Result<(), HospitalError> {
        let (mut after, mut done) = (String::new(), 0);
        loop {
            let page = self.store.scan_vault_keys(&after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.id);
            for key in &page {
                if let Err(error) = self.keyring.unwrap(&key.id, &key.wrapped)
                    && !self.passes(&key.id)
                {
                    report.find(format!("vault key {}", key.id), error.to_string());
                }
                done += 1;
            }
            report.at("keys", done, 0);
        }
        Ok(())
    }

    /// Every pact with another organisation is one that this organisation made.
    async fn pacts(&self, report: &mut Report<'_>) -> Result<(), HospitalError> {
        for kind in PactKind::ALL {
            for pact in self.store.pacts(kind).await? {
                let mark = pact_mark(self.keyring.root(), &pact);
                if !vault::keys::same(&mark, &pact.integrity) {
                    let item = format!("pact with `{}` ({kind:?})", pact.organisation);
                    report.find(item, "its row was changed outside Salus");
                }
            }
        }
        Ok(())
    }

    /// Every user has the role and the password that were given.
    async fn users(&self, report: &mut Report<'_>) -> Result<(), HospitalError> {
        for user in self.store.users().await? {
            let mark = user_mark(self.keyring.root(), &user);
            if !vault::keys::same(&mark, &user.integrity) {
                let item = format!("user {}", user.username);
                report.find(item, "its row was changed outside Salus");
            }
        }
        self.authorizations(report).await
    }

    /// No client, token, code or session says more than the authorization server wrote.
    async fn authorizations(&self, report: &mut Report<'_>) -> Result<(), HospitalError> {
        let changed = "its row was changed outside Salus";
        let root = self.keyring.root();
        for row in self.store.clients().await? {
            if !vault::keys::same(&client_mark(root, &row), &row.integrity) {
                report.find(format!("client {}", row.id), changed);
            }
        }
        for row in self.store.passkeys(None).await? {
            if !vault::keys::same(&passkey_mark(root, &row), &row.integrity) {
                report.find(format!("a passkey of {}", row.username), changed);
            }
        }
        for row in self.store.logins().await? {
            if !vault::keys::same(&login_mark(root, &row), &row.integrity) {
                report.find(format!("a login of {}", row.username), changed);
            }
        }
        for kind in store::TicketKind::ALL {
            for row in self.store.tickets(kind).await? {
                if !vault::keys::same(&ticket_mark(root, &row), &row.integrity) {
                    report.find(format!("ticket of kind {kind:?}"), changed);
                }
            }
        }
        Ok(())
    }
}
