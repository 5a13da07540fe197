//! The certificate of an erasure: one file that shows, to anybody and without any server, that a
//! custodian erased a subject and that every holder attested (`docs/reference/receipts.md`).
//!
//! It holds the receipts of the `Erase` and of each `EraseAttest`, and what opens the two
//! commitments. Whoever has it can show it; nobody without it learns whom the erasure was about.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proof::codec::Canonical;
use proof::event::is_slug;
use proof::policy::Policy;
use proof::receipt::{self, Invalid, RECEIPT_BYTES_MAX, VerifiedEntry};
use proof::{CommitmentKey, Digest};
use thiserror::Error;

use super::erase::{self, ATTEST_KIND, ERASE_KIND, Erase, EraseAttest};

/// The first line of every certificate.
pub const FORMAT: &str = "salus/erasure-certificate@v1";
/// The longest certificate.
pub const CERTIFICATE_BYTES_MAX: usize = 16 << 20;
/// The most holders of one subject.
const HOLDERS_MAX: usize = 1_024;
/// The longest logical id of a patient (FHIR R4 2.24.0.1).
const PATIENT_BYTES_MAX: usize = 64;

/// Everything a certificate says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Certificate {
    /// The key of the commitment to the subject.
    pub subject_key: CommitmentKey,
    /// The logical id of the patient at the custodian.
    pub patient: String,
    /// The key of the commitment to the holders.
    pub holders_key: CommitmentKey,
    /// Who had to attest, in the order of their names.
    pub holders: Vec<String>,
    /// The receipt of the erasure, then those of the attestations.
    pub receipts: Vec<String>,
}

/// What a valid certificate proves.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Certified {
    /// Whose erasure.
    pub custodian: String,
    /// The logical id of the patient there.
    pub patient: String,
    /// The erasure on the ledger.
    pub erased: VerifiedEntry,
    /// The attestations, one for each holder at least.
    pub attested: Vec<VerifiedEntry>,
}

/// Why a certificate does not prove an erasure.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum Uncertified {
    /// It has another form.
    #[error("the certificate is malformed: {0}")]
    Malformed(&'static str),
    /// A receipt in it is not valid.
    #[error("receipt {0} of the certificate: {1}")]
    Receipt(usize, Invalid),
    /// A receipt in it is of something else.
    #[error("receipt {0} of the certificate is of something else")]
    Other(usize),
    /// The patient named is not the one that was erased.
    #[error("the erasure is of another subject")]
    Subject,
    /// The holders named are not those that were committed.
    #[error("the erasure has other holders")]
    Holders,
    /// A holder has not attested.
    #[error("`{0}` has not attested")]
    Missing(String),
}

/// Whether somebody meant this to be a certificate.
pub fn resembles(bytes: &[u8]) -> bool {
    bytes.starts_with(FORMAT.as_bytes())
}

/// Makes the text of a certificate. Nothing is verified.
pub fn build(certificate: &Certificate) -> String {
    let subject = STANDARD.encode(certificate.subject_key.0);
    let holders = STANDARD.encode(certificate.holders_key.0);
    let mut text = format!(
        "{FORMAT}\nsubject {subject} {}\nholders {holders} {}\n",
        certificate.patient,
        certificate.holders.join(",")
    );
    for receipt in &certificate.receipts {
        let _ = write!(text, "receipt {}\n{receipt}", receipt.len());
    }
    text
}

/// Reads the text of a certificate. Nothing is verified but the form.
pub fn parse(bytes: &[u8]) -> Result<Certificate, Uncertified> {
    let malformed = Uncertified::Malformed;
    if bytes.len() > CERTIFICATE_BYTES_MAX {
        return Err(malformed("it is too long"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| malformed("it is not UTF-8"))?;
    let rest = text
        .strip_prefix(FORMAT)
        .and_then(|rest| rest.strip_prefix('\n'))
        .ok_or(malformed("it has another format line"))?;
    let (subject_key, patient, rest) = opening(rest, "subject ")?;
    let (holders_key, names, mut rest) = opening(rest, "holders ")?;
    let is_id = |it: u8| it.is_ascii_alphanumeric() || it == b'-' || it == b'.';
    if patient.is_empty() || patient.len() > PATIENT_BYTES_MAX || !patient.bytes().all(is_id) {
        return Err(malformed("the patient has no logical id"));
    }
    let holders: Vec<String> = names.split(',').map(str::to_owned).collect();
    let ordered = holders.is_sorted_by(|one, next| one < next);
    if !ordered || holders.len() > HOLDERS_MAX || !holders.iter().all(|it| is_slug(it)) {
        return Err(malformed("the holders are not a list in order"));
    }
    let mut receipts = Vec::new();
    while !rest.is_empty() {
        let (receipt, others) = framed(rest)?;
        receipts.push(receipt.to_owned());
        rest = others;
        if receipts.len() > HOLDERS_MAX + 1 {
            return Err(malformed("it has too many receipts"));
        }
    }
    Ok(Certificate {
        subject_key,
        patient: patient.to_owned(),
        holders_key,
        holders,
        receipts,
    })
}

/// A keyword, a key in base64, a blank and a text: the rest of a line. And what follows it.
fn opening<'a>(
    text: &'a str,
    keyword: &str,
) -> Result<(CommitmentKey, &'a str, &'a str), Uncertified> {
    let malformed = Uncertified::Malformed("a line of an opening is missing");
    let (line, rest) = text
        .strip_prefix(keyword)
        .and_then(|rest| rest.split_once('\n'))
        .ok_or(malformed.clone())?;
    let (key, value) = line.split_once(' ').ok_or(malformed.clone())?;
    let key = STANDARD.decode(key).map_err(|_| malformed.clone())?;
    let key = key.try_into().map_err(|_| malformed)?;
    Ok((CommitmentKey(key), value, rest))
}

/// A receipt with its number of bytes in front, and what follows it.
fn framed(text: &str) -> Result<(&str, &str), Uncertified> {
    let malformed = Uncertified::Malformed("a receipt has no length, or another one");
    let (length, rest) = text
        .strip_prefix("receipt ")
        .and_then(|rest| rest.split_once('\n'))
        .ok_or(malformed.clone())?;
    let bytes: usize = length.parse().map_err(|_| malformed.clone())?;
    if bytes.to_string() != length || bytes > RECEIPT_BYTES_MAX {
        return Err(malformed);
    }
    rest.split_at_checked(bytes).ok_or(malformed)
}

/// Judges a certificate by a policy.
pub fn verify(certificate: &[u8], policy: &Policy) -> Result<Certified, Uncertified> {
    let certificate = parse(certificate)?;
    let mut entries = Vec::new();
    for (place, text) in certificate.receipts.iter().enumerate() {
        let entry = receipt::verify_entry(text.as_bytes(), policy);
        entries.push(entry.map_err(|invalid| Uncertified::Receipt(place, invalid))?);
    }
    if entries.is_empty() {
        return Err(Uncertified::Malformed("it has no receipt"));
    }
    let erased = entries.remove(0);
    let header = erased.entry.transaction.header;
    let body = Erase::from_bytes(&erased.entry.transaction.body)
        .ok()
        .filter(|_| header.kind == ERASE_KIND)
        .ok_or(Uncertified::Other(0))?;
    let custodian = erased.entry.organisation.clone();
    let subject = erase::subject(&certificate.subject_key, &custodian, &certificate.patient);
    if subject != body.subject {
        return Err(Uncertified::Subject);
    }
    let names: Vec<&str> = certificate.holders.iter().map(String::as_str).collect();
    if erase::holders(&certificate.holders_key, &names) != body.holders {
        return Err(Uncertified::Holders);
    }
    check_attestations(&body.id, header.chain, &certificate.holders, &entries)?;
    Ok(Certified {
        custodian,
        patient: certificate.patient,
        erased,
        attested: entries,
    })
}

/// Every receipt after the first is an attestation of this erasure, and no holder is missing.
fn check_attestations(
    id: &Digest,
    chain: Digest,
    holders: &[String],
    entries: &[VerifiedEntry],
) -> Result<(), Uncertified> {
    let mut heard = BTreeSet::new();
    for (place, it) in (1..).zip(entries) {
        let transaction = &it.entry.transaction;
        let attests = EraseAttest::from_bytes(&transaction.body).is_ok_and(|body| body.id == *id);
        let kind = transaction.header.kind;
        if kind != ATTEST_KIND || transaction.header.chain != chain || !attests {
            return Err(Uncertified::Other(place));
        }
        heard.insert(it.entry.organisation.as_str());
    }
    match holders.iter().find(|it| !heard.contains(it.as_str())) {
        Some(missing) => Err(Uncertified::Missing(missing.clone())),
        None => Ok(()),
    }
}
