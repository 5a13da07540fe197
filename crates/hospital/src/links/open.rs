//! Opening a link: whoever has it says who it is, and the patient sees that before the answer.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use store::{Entered, HealthLink, HealthLinkTicket};
use vault::{LinkKey, Zeroizing};

use super::{LISTED_US, Sealed, touched};
use crate::access_log::{Access, AccessAgent, AccessDeed, AccessOutcome, Outside, Touched};
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::keyring::failed;
use crate::setup::Hospital;

/// How often a link is answered in an hour.
const HITS_AN_HOUR: u32 = 60;
const HOUR_US: i64 = 3_600 * 1_000_000;
/// How long the address of a file is good; the specification: at most an hour.
const FILE_LIFE_US: i64 = 10 * 60 * 1_000_000;
/// Files up to this size come with the manifest, where the recipient says nothing.
const EMBEDDED_DEFAULT: usize = 64 << 10;
const RECIPIENT_CHARS_MAX: usize = 200;
/// v3-ActReason: the patient asked for it.
const PURPOSE: (&str, &str) = (
    "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "PATRQT",
);

/// What a recipient asks with.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Who it is, in words that the patient reads.
    pub recipient: String,
    /// What the link asks for, where it does.
    pub passcode: Option<Zeroizing<String>>,
    /// Longest file that may come with the manifest.
    pub embedded_max: Option<usize>,
}

/// What a recipient is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenedLink {
    /// The files.
    Manifest(Manifest),
    /// The passcode is wrong or missing.
    Passcode {
        /// Wrong ones that are still heard.
        left: u32,
    },
    /// It was opened too often.
    TooMany {
        /// Seconds to wait.
        wait_s: u64,
    },
}

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Whether the files may be others the next time.
    pub can_change: bool,
    /// The files: JWEs, or addresses that are good once.
    pub files: Vec<LinkFile>,
}

/// A file of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkFile {
    /// The file itself.
    Embedded(String),
    /// Where it is fetched, once.
    Location(String),
}

impl Hospital {
    /// Answers whoever has a link. What has ended, was used up or never was, is not there.
    pub async fn open_link(
        &self,
        secret: &str,
        agent: AccessAgent,
        asked: Asked,
    ) -> Result<OpenedLink, HospitalError> {
        let now_us = self.now_us();
        let recipient = recipient(&asked.recipient)?;
        let lookup = proof::sha256(secret.as_bytes()).0;
        let hour = now_us.div_euclid(HOUR_US);
        let entered = self.0.store.enter_health_link(lookup, hour, HITS_AN_HOUR);
        let link = match entered.await? {
            Entered::Unknown => return Err(absent()),
            Entered::TooMany(_) => {
                let left_us = (hour + 1) * HOUR_US - now_us;
                let wait_s = u64::try_from(left_us / 1_000_000 + 1).unwrap_or(1);
                return Ok(OpenedLink::TooMany { wait_s });
            }
            Entered::In(link) => link,
        };
        self.0.store.forget_health_links(now_us, LISTED_US).await?;
        let used_up = link.until_us <= now_us || link.tries == 0;
        if used_up || self.0.keyring.is_leaving(&link.patient) {
            return Err(absent());
        }
        let sealed = self.unsealed(&link).await?;
        let opening = Opening {
            link: &link,
            sealed: &sealed,
            agent,
            recipient,
        };
        if let Some(left) = self.wrong_passcode(&opening, asked.passcode).await? {
            return Ok(OpenedLink::Passcode { left });
        }
        let (touched, files) = self.current_files(&link, &sealed).await?;
        let access = opening.access(now_us, touched);
        self.record_access(access).await?;
        self.manifest(&opening, files, asked.embedded_max).await
    }

    /// A file by the address that a manifest gave for it: once.
    pub async fn link_file(&self, secret: &str) -> Result<String, HospitalError> {
        let digest = proof::sha256(secret.as_bytes()).0;
        let taken = self.0.store.take_health_link_file(digest, self.now_us());
        let (link, file) = taken.await?.ok_or_else(absent)?;
        if self.0.keyring.is_leaving(&link.patient) {
            return Err(absent());
        }
        self.handed_out(&link, &file).await
    }

    /// How many wrong passcodes are left, where this one is wrong. Each is counted before it is
    /// looked at: of many at the same time none is free.
    async fn wrong_passcode(
        &self,
        opening: &Opening<'_>,
        given: Option<Zeroizing<String>>,
    ) -> Result<Option<u32>, HospitalError> {
        let Some(hash) = opening.sealed.passcode.clone() else {
            return Ok(None);
        };
        let id = &opening.link.id;
        let Some(given) = given else {
            return Ok(Some(opening.link.tries));
        };
        let Some(left) = self.0.store.take_health_link_try(id).await? else {
            return Err(absent());
        };
        let work = move || vault::password::verify(&given, &hash);
        // One that is too long to be a passcode is wrong like any other.
        if self.0.cpu.run(work).await?.unwrap_or(false) {
            self.0.store.give_health_link_try(id).await?;
            return Ok(None);
        }
        // Nothing left: it is no disclosure.
        let access = Access {
            deed: AccessDeed::Operation("openLink".into()),
            outcome: AccessOutcome::Refused {
                reasons: vec!["passcode".into()],
            },
            ..opening.access(self.now_us(), Vec::new())
        };
        self.record_access(access).await?;
        Ok(Some(left))
    }

    /// The files as they are handed out now, and the versions in them.
    async fn current_files(
        &self,
        link: &HealthLink,
        sealed: &Sealed,
    ) -> Result<(Vec<Touched>, Vec<String>), HospitalError> {
        let (touched, kept) = if let Some(key) = &sealed.key {
            let key = URL_SAFE_NO_PAD.decode(key).unwrap_or_default();
            let key = LinkKey::from_bytes(&key).map_err(failed)?;
            let own = Caller::new(&sealed.by, Role::Patient, Some(link.patient.clone()));
            let own = Caller {
                sight: self.sight_of(&own),
                ..own
            };
            let content = self.content(&own, &link.patient, &sealed.what).await?;
            let touched = content.touched();
            let files = self.encrypted(link, &key, content).await?;
            let store = &self.0.store;
            store.put_health_link_files(&link.id, files.clone()).await?;
            (touched, files)
        } else {
            let touched = sealed.versions.iter().map(touched).collect();
            let files = self.0.store.health_link_files(&link.id).await?;
            (touched, files)
        };
        let mut files = Vec::with_capacity(kept.len());
        for file in &kept {
            files.push(self.handed_out(link, file).await?);
        }
        Ok((touched, files))
    }

    async fn manifest(
        &self,
        opening: &Opening<'_>,
        files: Vec<String>,
        embedded_max: Option<usize>,
    ) -> Result<OpenedLink, HospitalError> {
        let longest = embedded_max.unwrap_or(EMBEDDED_DEFAULT);
        let (mut told, mut tickets) = (Vec::with_capacity(files.len()), Vec::new());
        for (place, file) in (0_u32..).zip(files) {
            if file.len() <= longest {
                told.push(LinkFile::Embedded(file));
                continue;
            }
            let (root, id) = (self.0.keyring.root(), &opening.link.id);
            // The last second of its life is drawn: no two addresses of a file are the same.
            let drawn = u32::from_be_bytes(vault::random().map_err(failed)?) % 1_000_000;
            let until_us = self.now_us() + FILE_LIFE_US - i64::from(drawn);
            let secret = file_address(root, id, place, until_us);
            tickets.push(HealthLinkTicket {
                digest: proof::sha256(secret.as_bytes()).0,
                place,
                until_us,
            });
            let url = format!("{}/shl/files/{}", self.origin(), secret.as_str());
            told.push(LinkFile::Location(url));
        }
        let id = &opening.link.id;
        if !self.0.store.health_link_retrieved(id, tickets).await? {
            return Err(absent());
        }
        Ok(OpenedLink::Manifest(Manifest {
            can_change: opening.sealed.key.is_some(),
            files: told,
        }))
    }
}

/// What the address of a file ends in. It follows from the root key, so that nobody guesses it and
/// the audit knows each that was given.
pub(crate) fn file_address(
    root: &vault::RootKey,
    link: &str,
    place: u32,
    until_us: i64,
) -> Zeroizing<String> {
    let columns = [
        link.as_bytes(),
        &place.to_be_bytes(),
        &until_us.to_be_bytes(),
    ];
    let address = root.mark("health_link_tickets", &columns);
    Zeroizing::new(URL_SAFE_NO_PAD.encode(address))
}

/// Who opens which link.
struct Opening<'a> {
    link: &'a HealthLink,
    sealed: &'a Sealed,
    agent: AccessAgent,
    recipient: String,
}

impl Opening<'_> {
    /// The disclosure: to whom, by which link, what.
    fn access(&self, now_us: i64, touched: Vec<Touched>) -> Access {
        let outside = Outside {
            to: self.recipient.clone(),
            address: self.agent.address.clone(),
            from_us: now_us,
            what: vec![format!("health link: {}", self.sealed.label)],
        };
        let (system, code) = PURPOSE;
        Access {
            patient: Some(self.link.patient.clone()),
            purpose: Some((system.into(), code.into())),
            touched,
            basis: Some(format!("health-link/{}", self.link.id)),
            ..Access::new(
                AccessAgent {
                    user: self.recipient.clone(),
                    role: "link".into(),
                    ..self.agent.clone()
                },
                AccessDeed::Outside(Box::new(outside)),
                now_us,
            )
        }
    }
}

/// Who asks, as the patient reads it.
fn recipient(text: &str) -> Result<String, HospitalError> {
    let kept: String = text.trim().chars().filter(|it| !it.is_control()).collect();
    if kept.is_empty() || kept.chars().count() > RECIPIENT_CHARS_MAX {
        return Err(HospitalError::request(
            "required",
            format!("`recipient` says who asks, in 1 to {RECIPIENT_CHARS_MAX} characters"),
            "the patient is shown it: docs/reference/links.md",
        ));
    }
    Ok(kept)
}

fn absent() -> HospitalError {
    HospitalError::Absent("a link at this address".into())
}
