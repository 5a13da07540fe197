//! Signing: two components, and the versions that were on the screen or none.
//!
//! 21 CFR 11.200: the session is the first component, the password, typed now, the second. Nothing
//! changes or deletes a signature: a later version of a row supersedes it, and both stay.

use proof::Digest;
use std::collections::{BTreeMap, BTreeSet};
use trial::acts::Role;

use super::dataset::{SnapshotLine, snapshot_root};
use super::message::{RowsAsk, SIGNATURES};
use super::place::Place;
use super::rows::{ROW, read_row, row_id, system};
use super::signature::{
    LaterVersion, PROVENANCE, RowVersion, SIGNATURE, SIGNATURE_FORM, Signature, SignaturePage,
    Signed, Signing,
};
use super::{allow, looks, wrong};
use crate::access_log::AccessAgent;
use crate::admit::new_id;
use crate::caller::{self, Caller};
use crate::error::HospitalError;
use crate::instant;
use crate::record::{Record, body_digest};
use crate::request::{clip, is_id};
use crate::search::PAGE_TOKEN;
use crate::setup::Hospital;
use crate::sharing::message;

/// Most versions under one signature.
const ROWS_MAX: usize = 10_000;
/// Rows that are opened together.
const TOGETHER: usize = 500;
/// Longest printed name.
const NAME_BYTES_MAX: usize = 200;
/// Signatures of a page: each may be about all the rows that one can be about.
const PAGE: u32 = 10;

impl Hospital {
    /// Signs versions of rows of this site. All of them are the current ones, or nothing is signed;
    /// locked data are signed like others.
    pub async fn sign_rows(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, signing): (&Digest, Signing),
    ) -> Result<Signature, HospitalError> {
        signs(caller)?;
        sound(&signing)?;
        let (_, _, role) = self.trial_here(id).await?;
        if role != Role::Site {
            return Err(HospitalError::Forbidden(
                "only a site has values to sign".into(),
            ));
        }
        self.is_the_signer(caller, &agent, &signing.password)
            .await?;
        let lines = self.signed_lines(id, &signing.rows).await?;
        let root = snapshot_root(&lines).ok_or_else(|| wrong("each row once"))?;
        let signed = Signed {
            form: SIGNATURE_FORM.to_owned(),
            trial: id.to_string(),
            site: self.0.organisation.clone(),
            user: caller.username.clone(),
            name: signing.name.trim().to_owned(),
            meaning: signing.meaning,
            when: instant::fhir(instant::floor_ms(self.now_us())),
            rows: lines.len(),
            root: root.to_string(),
            versions: lines.into_iter().map(|it| (it.id, it.version)).collect(),
        };
        let record_id = new_id()?;
        let record = signed.record(&record_id)?;
        let draft = self.own_draft(PROVENANCE, record).await?;
        self.trial_access(agent, "sign").await?;
        self.store_acted(vec![draft], &[]).await??;
        Ok(signed.shown(record_id, Vec::new()))
    }

    /// The second component, by the way that a sign-in takes: counted, slowed down and logged.
    async fn is_the_signer(
        &self,
        caller: &Caller,
        agent: &AccessAgent,
        password: &str,
    ) -> Result<(), HospitalError> {
        let from = AccessAgent {
            client: agent.client.clone(),
            address: agent.address.clone(),
            ..AccessAgent::default()
        };
        match self.sign_in(&caller.username, password, &from).await {
            Ok(again) => signs(&again),
            Err(HospitalError::SignIn { wait_s: 0 }) => Err(HospitalError::Forbidden(
                "the password is not the one of who is signed in: nothing was signed".into(),
            )),
            Err(error) => Err(error),
        }
    }

    /// The leaves of these versions, in the order of the tree.
    async fn signed_lines(
        &self,
        id: &Digest,
        rows: &[RowVersion],
    ) -> Result<Vec<SnapshotLine>, HospitalError> {
        let mut lines = Vec::with_capacity(rows.len());
        for some in rows.chunks(TOGETHER) {
            for (wanted, record) in some.iter().zip(self.trial_rows(id, some).await?) {
                if record.version != wanted.version {
                    return Err(HospitalError::request(
                        "conflict",
                        format!(
                            "row {} changed since it was shown: version {} is current, not {}",
                            wanted.id, record.version, wanted.version
                        ),
                        "look at the row again and sign what it says now",
                    ));
                }
                lines.push(SnapshotLine {
                    site: self.0.organisation.clone(),
                    digest: body_digest(&record.body)?.to_string(),
                    id: record.id,
                    version: record.version,
                });
            }
        }
        lines.sort();
        Ok(lines)
    }

    /// The current versions of rows of a trial, in the order that they are named in.
    async fn trial_rows(
        &self,
        id: &Digest,
        rows: &[RowVersion],
    ) -> Result<Vec<Record>, HospitalError> {
        let mut stored = Vec::with_capacity(rows.len());
        for wanted in rows {
            let absent = || not_a_row(&wanted.id);
            if !is_id(&wanted.id) {
                return Err(absent());
            }
            let found = self.0.store.current(ROW, &wanted.id).await?;
            stored.push(found.filter(|it| !it.deleted()).ok_or_else(absent)?);
        }
        let records = self.opened_all(stored).await?;
        for record in &records {
            items_of(id, record)?;
        }
        Ok(records)
    }

    /// The current version of a row of a trial, with the names of its items.
    pub(super) async fn trial_row(
        &self,
        id: &Digest,
        row: &str,
    ) -> Result<(Record, BTreeSet<String>), HospitalError> {
        let wanted = RowVersion {
            id: row.to_owned(),
            version: 0,
        };
        let mut found = self.trial_rows(id, &[wanted]).await?;
        let record = found.pop().ok_or_else(|| not_a_row(row))?;
        let items = items_of(id, &record)?;
        Ok((record, items))
    }

    /// The signatures of this site, or of all sites one after the other for those who oversee the
    /// trial, and whether each stands. `after` is what the page before said.
    pub async fn trial_signatures(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, after): (&Digest, Option<&str>),
    ) -> Result<SignaturePage, HospitalError> {
        looks(caller)?;
        let (_, trial, role) = self.trial_here(id).await?;
        if after.is_none() {
            self.trial_access(agent, "signatures").await?;
        }
        if role == Role::Site {
            return self.own_signatures(id, after.map(str::to_owned)).await;
        }
        let place = Place::of(&trial, after)?;
        let ask = RowsAsk {
            trial: id.to_string(),
            after: place.after.clone(),
        };
        let answer = self.call(place.site, SIGNATURES, &ask).await?;
        let page: SignaturePage = message::read(&answer)?;
        let signatures = page.signatures.into_iter().take(PAGE as usize);
        let signatures = signatures.map(|it| Signature {
            site: place.site.to_owned(),
            ..it
        });
        Ok(SignaturePage {
            signatures: signatures.collect(),
            next: place.next(page.next),
        })
    }

    /// Gives the signatures of this site to those who oversee the trial.
    pub(crate) async fn answer_signatures(
        &self,
        from: &str,
        ask: RowsAsk,
    ) -> Result<SignaturePage, HospitalError> {
        let words = "the signatures of a site go to sponsor, monitors and regulators";
        let (id, _, agent) = self.overseen(from, &ask.trial, words).await?;
        if ask.after.is_none() {
            self.trial_access(agent, "signatures").await?;
        }
        self.own_signatures(&id, ask.after).await
    }

    async fn own_signatures(
        &self,
        id: &Digest,
        after: Option<String>,
    ) -> Result<SignaturePage, HospitalError> {
        let mut pairs = vec![
            ("_tag".to_owned(), format!("{}|{SIGNATURE}", system(id))),
            ("_count".to_owned(), PAGE.to_string()),
        ];
        pairs.extend(after.map(|it| (PAGE_TOKEN.to_owned(), it)));
        let asked = Caller::organisation();
        let found = self.search(&asked, PROVENANCE, pairs, true).await?;
        let mut current = BTreeMap::new();
        let mut signatures = Vec::with_capacity(found.matches.len());
        for record in found.matches {
            let signed = Signed::read(&record).ok_or_else(|| HospitalError::Damaged {
                item: record.reference(),
                reason: "it is no signature of a trial".into(),
            })?;
            let later = self.later_versions(&signed, &mut current).await?;
            signatures.push(signed.shown(record.id, later));
        }
        Ok(SignaturePage {
            signatures,
            next: found.next,
        })
    }

    /// What came after that which was signed. `current` keeps what was looked up before.
    async fn later_versions(
        &self,
        signed: &Signed,
        current: &mut BTreeMap<String, u64>,
    ) -> Result<Vec<LaterVersion>, HospitalError> {
        let mut later = Vec::new();
        for (id, version) in &signed.versions {
            let now = if let Some(now) = current.get(id) {
                *now
            } else {
                let found = self.0.store.current(ROW, id).await?;
                let now = found.map_or(0, |it| it.version);
                current.insert(id.clone(), now);
                now
            };
            if now != *version {
                later.push(LaterVersion {
                    id: id.clone(),
                    signed: *version,
                    current: now,
                });
            }
        }
        Ok(later)
    }
}

/// A person answers for a signature: no system does (21 CFR 11.100).
fn signs(caller: &Caller) -> Result<(), HospitalError> {
    let words = "signs no values: a clinician does";
    allow(caller, &[caller::Role::Clinician], words)
}

fn sound(signing: &Signing) -> Result<(), HospitalError> {
    if signing.rows.is_empty() || signing.rows.len() > ROWS_MAX {
        return Err(wrong(format!("1 to {ROWS_MAX} rows under one signature")));
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = signing.rows.iter().find(|it| !seen.insert(&it.id)) {
        let id = clip(&twice.id);
        return Err(wrong(format!("the row {id} is there twice")));
    }
    let name = signing.name.trim();
    if name.is_empty() || name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
        return Err(wrong(format!(
            "`name` is the printed name of the signer, in 1 to {NAME_BYTES_MAX} bytes"
        )));
    }
    Ok(())
}

fn not_a_row(id: &str) -> HospitalError {
    wrong(format!("`{}` is no row of this trial here", clip(id)))
}

/// The items of a row, if it is one of this trial: its id is made of trial and key.
fn items_of(id: &Digest, record: &Record) -> Result<BTreeSet<String>, HospitalError> {
    let row = read_row(record).map_err(|_| not_a_row(&record.id))?;
    if row_id(id, &row.key) != record.id {
        return Err(not_a_row(&record.id));
    }
    Ok(row.items.into_iter().map(|it| it.oid).collect())
}
