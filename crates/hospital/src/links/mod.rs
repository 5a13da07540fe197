//! SMART Health Links: a patient hands on a copy of the own record, as a link.
//!
//! A link is the patient's own act of export, not a consent: it lets nobody ask for anything, and
//! no decision is made about who opens it. Whoever has it gets what it holds, says who that is, and
//! the patient sees it (`open`). The key of the files is in the link. Of a link whose content stays
//! as it was, nobody here can read the files once it is made; for one that stays current the key is
//! kept under the patient's vault key, or nothing could be encrypted anew. Everything goes when the
//! patient is erased. <https://hl7.org/fhir/uv/smart-health-cards-and-links/>,
//! docs/decisions/0025-health-links.md.

mod content;
mod open;

pub use content::What;
pub(crate) use content::file_name;
pub(crate) use open::file_address;
pub use open::{Asked, LinkFile, Manifest, OpenedLink};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{HealthLink, Kept};
use vault::{LinkKey, Zeroizing};

use crate::access_log::{Access, AccessAgent, AccessDeed, Touched};
use crate::admit::new_id;
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::keyring::{failed, patient_vault};
use crate::setup::Hospital;

/// Links of one patient that are kept, ended ones included.
const LINKS_MAX: u32 = 20;
/// Longest life.
const LIFE_US_MAX: i64 = 366 * 86_400 * 1_000_000;
/// How long an ended link is still listed.
const LISTED_US: i64 = 30 * 86_400 * 1_000_000;
/// The specification: at most 80 characters.
const LABEL_CHARS_MAX: usize = 80;
/// The specification: the address of a manifest has at most 128 characters.
const URL_CHARS_MAX: usize = 128;
/// Wrong passcodes in the life of a link.
pub(crate) const TRIES: u32 = 10;
const PASSCODE_CHARS_MIN: usize = 4;
const PASSCODE_CHARS_MAX: usize = 64;

/// What a patient asks for.
#[derive(Debug, Clone)]
pub struct NewLink {
    /// What the patient, and who opens it, read about it.
    pub label: String,
    /// What it holds.
    pub what: What,
    /// When it ends, microseconds since 1970.
    pub until_us: i64,
    /// What must be said to open it.
    pub passcode: Option<Zeroizing<String>>,
    /// Whether it holds the record as it is when it is opened, not as it was when it was made.
    pub long_term: bool,
}

/// A link that was made. The text is told once, here.
#[derive(Debug)]
pub struct MadeLink {
    /// `shlink:/...`
    pub text: Zeroizing<String>,
    /// What is kept of it.
    pub link: OwnLink,
}

/// A link as its patient sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnLink {
    /// Its id.
    pub id: String,
    /// Its label.
    pub label: String,
    /// What it holds.
    pub what: What,
    /// When it was made, microseconds since 1970.
    pub made_us: i64,
    /// When it ends.
    pub until_us: i64,
    /// Whether it stays current.
    pub long_term: bool,
    /// Whether it asks for a passcode.
    pub passcode: bool,
    /// Wrong passcodes that are still heard.
    pub tries: u32,
    /// How often it was opened.
    pub retrieved: u64,
}

/// What is sealed of a link.
#[derive(Serialize, Deserialize)]
struct Sealed {
    label: String,
    what: What,
    made_us: i64,
    /// Who made it: a delegate, or the patient.
    by: String,
    /// PHC string.
    passcode: Option<String>,
    /// For one that stays current: the key of its files.
    key: Option<String>,
    /// For one that does not: the versions in it, as type, id and number.
    versions: Vec<(String, String, u64)>,
}

impl Hospital {
    /// Makes a link to the patient's own record. It is an export, and in the log as one.
    pub async fn make_link(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        wanted: NewLink,
    ) -> Result<MadeLink, HospitalError> {
        let patient = linking(caller)?;
        let now_us = self.now_us();
        self.check_link(&patient, &wanted, now_us)?;
        self.0.store.forget_health_links(now_us, LISTED_US).await?;
        let secret = URL_SAFE_NO_PAD.encode(vault::random::<32>().map_err(failed)?);
        let url = format!("{}/shl/{secret}", self.origin());
        if url.chars().count() > URL_CHARS_MAX {
            let text = format!("the address of a link would be longer than {URL_CHARS_MAX}");
            return Err(refused("not-supported", text));
        }
        let key = LinkKey::fresh().map_err(failed)?;
        let content = self.content(caller, &patient, &wanted.what).await?;
        let mut link = HealthLink {
            id: new_id()?,
            lookup: proof::sha256(secret.as_bytes()).0,
            patient: patient.clone(),
            until_us: wanted.until_us,
            tries: TRIES,
            retrieved: 0,
            body: Vec::new(),
        };
        let sealed = Sealed {
            label: wanted.label.clone(),
            what: wanted.what.clone(),
            made_us: now_us,
            by: caller.username.clone(),
            passcode: self.hashed(wanted.passcode).await?,
            key: wanted
                .long_term
                .then(|| URL_SAFE_NO_PAD.encode(key.reveal())),
            versions: if wanted.long_term {
                Vec::new()
            } else {
                content.versions()
            },
        };
        let own = OwnLink::of(&link, &sealed);
        let text = text(&url, &key, &own);
        let touched = content.touched();
        let files = self.encrypted(&link, &key, content).await?;
        let access = Access {
            patient: Some(patient.clone()),
            touched,
            ..Access::new(agent, AccessDeed::Export, now_us)
        };
        self.record_access(access).await?;
        link.body = self.sealed(&link, &sealed).await?;
        match self.0.store.put_health_link(link, files, LINKS_MAX).await? {
            Kept::Stored => Ok(MadeLink { text, link: own }),
            Kept::Known | Kept::Full => Err(refused(
                "business-rule",
                format!("a patient has at most {LINKS_MAX} links: remove one"),
            )),
        }
    }

    /// The links of the patient, newest first.
    pub async fn own_links(&self, caller: &Caller) -> Result<Vec<OwnLink>, HospitalError> {
        let patient = linking(caller)?;
        let now_us = self.now_us();
        self.0.store.forget_health_links(now_us, LISTED_US).await?;
        let mut links = Vec::new();
        for link in self.0.store.health_links(&patient).await? {
            let sealed = self.unsealed(&link).await?;
            links.push(OwnLink::of(&link, &sealed));
        }
        links.sort_by_key(|link| std::cmp::Reverse(link.made_us));
        Ok(links)
    }

    /// Ends a link: what it held is gone from here, and its address answers nobody.
    pub async fn end_link(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        id: &str,
    ) -> Result<(), HospitalError> {
        let patient = linking(caller)?;
        if !self.0.store.drop_health_link(&patient, id).await? {
            return Err(HospitalError::Absent("a link of this id".into()));
        }
        let access = Access {
            patient: Some(patient),
            ..Access::new(
                agent,
                AccessDeed::Operation("endLink".into()),
                self.now_us(),
            )
        };
        self.record_access(access).await.map(|_| ())
    }

    fn check_link(
        &self,
        patient: &str,
        wanted: &NewLink,
        now_us: i64,
    ) -> Result<(), HospitalError> {
        if self.0.keyring.is_leaving(patient) {
            let text = "the patient is being erased: nothing is handed on any more";
            return Err(refused("conflict", text.into()));
        }
        let label = wanted.label.chars().count();
        let plain = !wanted.label.chars().any(char::is_control);
        if !(1..=LABEL_CHARS_MAX).contains(&label) || !plain {
            let text = format!("`label` has 1 to {LABEL_CHARS_MAX} characters");
            return Err(refused("value", text));
        }
        if wanted.until_us <= now_us || wanted.until_us - now_us > LIFE_US_MAX {
            let text = "`expires` is a moment in the next 366 days";
            return Err(refused("value", text.into()));
        }
        let length = wanted.passcode.as_ref().map(|it| it.chars().count());
        let fits = |length| (PASSCODE_CHARS_MIN..=PASSCODE_CHARS_MAX).contains(&length);
        if !length.is_none_or(fits) {
            let text =
                format!("a passcode has {PASSCODE_CHARS_MIN} to {PASSCODE_CHARS_MAX} characters");
            return Err(refused("value", text));
        }
        Ok(())
    }

    async fn hashed(
        &self,
        passcode: Option<Zeroizing<String>>,
    ) -> Result<Option<String>, HospitalError> {
        let Some(passcode) = passcode else {
            return Ok(None);
        };
        let work = move || vault::password::hash(&passcode);
        let hash = self.0.cpu.run(work).await?;
        hash.map(Some).map_err(failed)
    }

    /// What the addresses of this node begin with.
    fn origin(&self) -> &str {
        let base = self.0.fhir_base.as_str();
        base.strip_suffix("/fhir").unwrap_or(base)
    }

    async fn vault_key_of(&self, link: &HealthLink) -> Result<vault::VaultKey, HospitalError> {
        let id = patient_vault(&link.patient);
        self.0.keyring.open(&self.0.store, &id).await
    }

    async fn sealed(&self, link: &HealthLink, body: &Sealed) -> Result<Vec<u8>, HospitalError> {
        let key = self.vault_key_of(link).await?;
        let text = serde_json::to_vec(body)
            .map_err(|error| HospitalError::Internal(format!("a link does not print: {error}")))?;
        vault::keep_beside(&key, &link_name(link), &Zeroizing::new(text)).map_err(failed)
    }

    async fn unsealed(&self, link: &HealthLink) -> Result<Sealed, HospitalError> {
        let damaged = || HospitalError::Damaged {
            item: "a health link".into(),
            reason: "its row was changed outside Salus".into(),
        };
        let key = self.vault_key_of(link).await?;
        let opened = vault::kept_beside(&key, &link_name(link), &link.body);
        let opened = opened.map_err(|_| damaged())?;
        serde_json::from_slice(&opened).map_err(|_| damaged())
    }
}

impl OwnLink {
    fn of(link: &HealthLink, sealed: &Sealed) -> Self {
        Self {
            id: link.id.clone(),
            label: sealed.label.clone(),
            what: sealed.what.clone(),
            made_us: sealed.made_us,
            until_us: link.until_us,
            long_term: sealed.key.is_some(),
            passcode: sealed.passcode.is_some(),
            tries: link.tries,
            retrieved: link.retrieved,
        }
    }
}

/// Everything of a row that does not change is in the name that it is sealed under.
pub(crate) fn link_name(link: &HealthLink) -> String {
    let lookup = proof::Digest(link.lookup);
    format!(
        "health-link {} {} {} {lookup}",
        link.id, link.patient, link.until_us
    )
}

/// The link itself: its address and key, as the specification writes them.
fn text(url: &str, key: &LinkKey, link: &OwnLink) -> Zeroizing<String> {
    let mut flag = String::new();
    if link.long_term {
        flag.push('L');
    }
    if link.passcode {
        flag.push('P');
    }
    let mut payload = json!({
        "url": url,
        "key": key.text().as_str(),
        "exp": link.until_us / 1_000_000,
        "label": link.label,
        "v": 1,
    });
    if !flag.is_empty() {
        payload["flag"] = flag.into();
    }
    let payload = Zeroizing::new(payload.to_string());
    Zeroizing::new(format!("shlink:/{}", URL_SAFE_NO_PAD.encode(&*payload)))
}

/// The patient who links: nobody else hands a record on.
fn linking(caller: &Caller) -> Result<String, HospitalError> {
    match (caller.role, &caller.patient) {
        (Role::Patient, Some(patient)) => Ok(patient.clone()),
        _ => Err(HospitalError::Forbidden(
            "only the patient, or who acts for the patient, makes and ends links".into(),
        )),
    }
}

fn refused(code: &'static str, text: String) -> HospitalError {
    HospitalError::request(code, text, "docs/reference/links.md shows the form")
}

fn touched((type_, id, version): &(String, String, u64)) -> Touched {
    Touched {
        type_: type_.clone(),
        id: id.clone(),
        version: Some(*version),
    }
}
