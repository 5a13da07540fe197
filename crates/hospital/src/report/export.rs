//! The copy of a patient's record: GDPR article 15(3), and article 20 in a form that machines read.
//!
//! One ZIP: every version as it was committed to, all of them as NDJSON, the current ones as a
//! Bundle, a receipt for each, and the trust file. `docs/reference/reports.md` lists the files.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::access_log::{Access, AccessAgent, AccessDeed};
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::receipt::ReceiptState;
use crate::record::Record;
use crate::report::archive;
use crate::report::page::{self, Packed};
use crate::request::Target;
use crate::setup::Hospital;

/// Most versions in one export.
const VERSIONS_MAX: usize = 10_000;
/// Most bytes of records in one export.
const BYTES_MAX: usize = 256 << 20;

const README: &str = "\
index.html                     a page that verifies all versions, offline, in a browser\n\
records/TYPE/ID/VERSION.json   each version, the bytes that were committed to\n\
receipts/TYPE/ID/VERSION.txt   its receipt (C2SP tlog-proof)\n\
records.ndjson                 all versions, one a line\n\
bundle.json                    the current versions as a FHIR Bundle\n\
trust.txt                      whose signatures the receipts need (C2SP tlog-policy)\n\
pending.txt                    versions whose receipt was not ready yet\n\
\n\
Check a version: salus verify RECEIPT --trust trust.txt --record RECORD\n\
Take the trust file from somebody whom you trust, and compare it with this one.\n";

impl Hospital {
    /// Everything in the compartment of the patient who asks, with receipts, as a ZIP. The export
    /// is in the log before it is answered.
    pub async fn export(
        &self,
        caller: &Caller,
        agent: AccessAgent,
    ) -> Result<Vec<u8>, HospitalError> {
        let own = caller
            .compartment()
            .filter(|own| caller.role == Role::Patient && !own.is_empty());
        let Some(own) = own.map(str::to_owned) else {
            return Err(HospitalError::request(
                "forbidden",
                "an export is for the patient whom it is about",
                "sign in as the patient; others read within what their role may see",
            ));
        };
        let versions = self.own_versions(caller).await?;
        let mut files: Vec<(String, Vec<u8>)> = Vec::with_capacity(versions.len() * 2 + 5);
        let mut pending = String::new();
        let mut packed_versions = Vec::with_capacity(versions.len());
        for record in &versions {
            let name = format!("{}/{}/{}", record.type_, record.id, record.version);
            let type_ = crate::request::known_type(&record.type_)?;
            let mut receipt = None;
            match self
                .receipt(caller, type_, &record.id, record.version)
                .await?
            {
                ReceiptState::Ready(text) => {
                    files.push((format!("receipts/{name}.txt"), text.clone().into_bytes()));
                    receipt = Some(text);
                }
                ReceiptState::Pending { .. } => {
                    pending.push_str(&name);
                    pending.push('\n');
                }
            }
            files.push((format!("records/{name}.json"), record.body.to_vec()));
            packed_versions.push(Packed {
                name,
                record: record.body.clone(),
                receipt,
            });
        }
        files.push(("records.ndjson".into(), ndjson(&versions)));
        files.push(("bundle.json".into(), bundle(&versions, &self.0.fhir_base)));
        let trust = self.trust()?;
        files.push(("index.html".into(), page::written(&trust, &packed_versions)));
        files.push(("trust.txt".into(), trust.into_bytes()));
        files.push(("pending.txt".into(), pending.into_bytes()));
        files.push(("README.txt".into(), README.as_bytes().to_vec()));
        let access = Access {
            patient: Some(own),
            ..Access::new(agent, AccessDeed::Export, self.now_us())
        };
        self.record_access(access).await?;
        self.0.cpu.run(move || archive::packed(&files)).await?
    }

    /// All versions that the caller may see; a deletion has no content.
    async fn own_versions(&self, caller: &Caller) -> Result<Vec<Record>, HospitalError> {
        let mut versions = Vec::new();
        let mut bytes = 0;
        let mut after: Option<String> = None;
        loop {
            let mut pairs = vec![("_count".to_owned(), "1000".to_owned())];
            if let Some(token) = after {
                pairs.push((crate::search::PAGE_TOKEN.into(), token));
            }
            let page = self
                .history(caller, Target::SystemHistory, pairs, true)
                .await?;
            for record in page.versions.into_iter().filter(|one| !one.deleted()) {
                bytes += record.body.len();
                versions.push(record);
            }
            if versions.len() > VERSIONS_MAX || bytes > BYTES_MAX {
                return Err(HospitalError::request(
                    "too-costly",
                    format!("an export has at most {VERSIONS_MAX} versions and {BYTES_MAX} bytes"),
                    "read the record in pages: GET /fhir/_history",
                ));
            }
            after = page.next;
            if after.is_none() {
                return Ok(versions);
            }
        }
    }
}

fn ndjson(versions: &[Record]) -> Vec<u8> {
    let mut out = Vec::new();
    for record in versions {
        out.extend_from_slice(&record.body);
        out.push(b'\n');
    }
    out
}

/// The newest version of each record, with the address that it has here.
fn bundle(versions: &[Record], base: &str) -> Vec<u8> {
    let mut newest: BTreeMap<(&str, &str), &Record> = BTreeMap::new();
    for record in versions {
        let key = (record.type_.as_str(), record.id.as_str());
        let known = newest.entry(key).or_insert(record);
        if known.version < record.version {
            *known = record;
        }
    }
    let entries: Vec<Value> = newest
        .into_values()
        .filter_map(|record| {
            let resource: Value = serde_json::from_slice(&record.body).ok()?;
            let full_url = format!("{base}/{}", record.reference());
            Some(json!({ "fullUrl": full_url, "resource": resource }))
        })
        .collect();
    let mut bundle = json!({ "resourceType": "Bundle", "type": "collection" });
    if !entries.is_empty() {
        bundle["entry"] = entries.into();
    }
    bundle.to_string().into_bytes()
}
