//! Linking a patient between two organisations by a code that the patient carries.

use proof::{Digest, hash};
use store::PactKind;

use super::give::consenting;
use super::message::{self, LinkAnswer, LinkAsk};
use super::pact::{Kept, LinkPact, link_id};
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::setup::Hospital;
use crate::tally::Tally;

/// How long a code can be used.
const CODE_LIFE_US: i64 = 15 * 60 * 1_000_000;
/// Letters of a code: 32 signs, 5 bits each, none that looks like another.
const SIGNS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// 80 bits: nobody guesses one within its life, at any rate that a link carries.
const CODE_SIGNS: usize = 16;
/// Wrong codes of one organisation within [`CODE_LIFE_US`] before it must wait.
const WRONG_MAX: u32 = 20;

/// Wrong codes by organisation.
pub(crate) fn wrong_codes() -> Tally {
    Tally::new(WRONG_MAX, CODE_LIFE_US)
}

/// The pseudonym that a device gave with its code, hexadecimal.
type CodeFor = Option<String>;

/// A code to carry.
#[derive(Debug, Clone)]
pub struct Code {
    /// Four groups of four, as people read it out.
    pub text: String,
    /// When it ends, microseconds since 1970.
    pub until_us: i64,
}

/// A patient known at another organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// The other organisation.
    pub organisation: String,
}

impl Hospital {
    /// Makes a code that the patient carries to another organisation.
    pub async fn link_code(&self, caller: &Caller, patient: &str) -> Result<Code, HospitalError> {
        let own = consenting(caller)?;
        if own != patient {
            return Err(HospitalError::Absent(format!("Patient/{patient}")));
        }
        self.current_record("Patient", patient).await?;
        // Made now if the patient has none: the code is answered without the patient.
        self.signing_seed(caller, patient).await?;
        self.log_own(caller, patient, "link-code", None).await?;
        self.make_code(patient, "", None).await
    }

    /// Keeps a fresh code. One that a device prepared is for one organisation, and has the name
    /// that the patient gets there.
    pub(super) async fn make_code(
        &self,
        patient: &str,
        organisation: &str,
        pseudonym: Option<&[u8; 32]>,
    ) -> Result<Code, HospitalError> {
        let random: [u8; CODE_SIGNS] = vault::random().map_err(crate::keyring::failed)?;
        let signs: Vec<u8> = random
            .iter()
            .map(|byte| SIGNS[usize::from(byte % 32)])
            .collect();
        let until_us = self.now_us() + CODE_LIFE_US;
        let now_us = self.now_us();
        self.0.store.forget_pacts(PactKind::Code, now_us).await?;
        let pact = Kept {
            id: code_digest(&signs).0.to_vec(),
            organisation: organisation.to_owned(),
            patient: patient.to_owned(),
            until_us,
            value: pseudonym.map(|it| Digest(*it).to_string()),
        };
        self.keep_pact(PactKind::Code, &pact).await?;
        let groups: Vec<&str> = signs
            .chunks(4)
            .filter_map(|group| std::str::from_utf8(group).ok())
            .collect();
        Ok(Code {
            text: groups.join("-"),
            until_us,
        })
    }

    /// Takes a code that the patient brought from another organisation.
    pub async fn link_patient(
        &self,
        caller: &Caller,
        patient: &str,
        organisation: &str,
        code: &str,
    ) -> Result<Linked, HospitalError> {
        allow_sharing(caller, patient)?;
        self.current_record("Patient", patient).await?;
        if organisation == self.0.organisation {
            return Err(HospitalError::request(
                "value",
                "the code is to be used at another organisation",
                "name the organisation that gave the code",
            ));
        }
        let ask = LinkAsk {
            code: signs_of(code)?,
        };
        self.log_own(caller, patient, "link", None).await?;
        let answer = self.call(organisation, message::LINK, &ask).await?;
        let answer: LinkAnswer = message::read(&answer)?;
        let pseudonym = message::digest(&answer.pseudonym)?;
        self.keep_link(organisation, &pseudonym, patient).await
    }

    /// The other organisations that know a patient.
    pub async fn links(
        &self,
        caller: &Caller,
        patient: &str,
    ) -> Result<Vec<Linked>, HospitalError> {
        allow_sharing(caller, patient)?;
        let found = self.pacts_of::<LinkPact>(PactKind::Link, patient).await?;
        let names = found.into_iter().map(|it| it.organisation);
        let names: std::collections::BTreeSet<String> = names.collect();
        Ok(names
            .into_iter()
            .map(|organisation| Linked { organisation })
            .collect())
    }

    /// Answers an organisation to which a patient brought our code.
    pub(super) async fn answer_link(
        &self,
        from: &str,
        ask: &LinkAsk,
    ) -> Result<LinkAnswer, HospitalError> {
        let wrong = || HospitalError::Absent("a code of this form".into());
        let now_us = self.now_us();
        if !self.0.wrong_codes.has_room(from, now_us) {
            return Err(HospitalError::Busy(
                "too many codes of this organisation were wrong: wait a quarter of an hour".into(),
            ));
        }
        let digest = code_digest(signs_of(&ask.code)?.as_bytes());
        let known = self.pact::<CodeFor>(PactKind::Code, &digest.0).await?;
        // Another organisation's code and none at all answer alike.
        let known = known.filter(|it| it.organisation.is_empty() || it.organisation == from);
        let taken = match known {
            Some(_) => self.take_pact::<CodeFor>(PactKind::Code, &digest.0).await?,
            None => None,
        };
        let Some(code) = taken else {
            self.0.wrong_codes.take(from, now_us);
            return Err(wrong());
        };
        let pseudonym = match &code.value {
            Some(given) => message::digest(given)?,
            None => Digest(self.linking_pseudonym(&code.patient, from).await?),
        };
        self.keep_link(from, &pseudonym, &code.patient).await?;
        Ok(LinkAnswer {
            pseudonym: pseudonym.to_string(),
        })
    }

    async fn keep_link(
        &self,
        organisation: &str,
        pseudonym: &Digest,
        patient: &str,
    ) -> Result<Linked, HospitalError> {
        let id = link_id(organisation, &pseudonym.0);
        if let Some(before) = self.pact::<LinkPact>(PactKind::Link, &id).await?
            && before.patient != patient
        {
            return Err(HospitalError::request(
                "conflict",
                "the code is of somebody who is linked to another patient here",
                "look whether the same person has two records here",
            ));
        }
        let pact = Kept {
            id,
            organisation: organisation.to_owned(),
            patient: patient.to_owned(),
            until_us: i64::MAX,
            value: LinkPact {
                pseudonym: pseudonym.to_string(),
                since_us: self.now_us(),
            },
        };
        self.keep_pact(PactKind::Link, &pact).await?;
        Ok(Linked {
            organisation: organisation.to_owned(),
        })
    }

    /// The patient of a link, by the name that the other organisation uses.
    pub(super) async fn linked_patient(
        &self,
        organisation: &str,
        pseudonym: &Digest,
    ) -> Result<Option<String>, HospitalError> {
        let id = link_id(organisation, &pseudonym.0);
        let found = self.pact::<LinkPact>(PactKind::Link, &id).await?;
        Ok(found.map(|it| it.patient))
    }
}

/// The patient, or a clinician for the patient who stands before them.
pub(super) fn allow_sharing(caller: &Caller, patient: &str) -> Result<(), HospitalError> {
    let own = caller.patient.as_deref() == Some(patient);
    match caller.role {
        Role::Patient if own => Ok(()),
        Role::Clinician | Role::Pharmacist => Ok(()),
        // Somebody else's patient record is absent for a patient.
        Role::Patient => Err(HospitalError::Absent(format!("Patient/{patient}"))),
        role => Err(HospitalError::Forbidden(format!(
            "the role {role} does not share records"
        ))),
    }
}

fn code_digest(signs: &[u8]) -> Digest {
    hash("salus/link-code/v1", &[signs])
}

/// The signs of a code as somebody typed it.
fn signs_of(text: &str) -> Result<String, HospitalError> {
    let signs: String = text
        .chars()
        .filter(|sign| !matches!(sign, '-' | ' '))
        .map(|sign| sign.to_ascii_uppercase())
        .take(CODE_SIGNS + 1)
        .collect();
    if signs.len() == CODE_SIGNS && signs.bytes().all(|sign| SIGNS.contains(&sign)) {
        return Ok(signs);
    }
    Err(HospitalError::request(
        "value",
        "that is no code",
        "a code has 16 letters and digits in four groups, without I, O, 0 and 1",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let right = signs_of("abcd-EFGH jklm-2345").unwrap();
        assert_eq!(right, "ABCDEFGHJKLM2345");
        for wrong in [
            "",
            "ABCD",
            "ABCD-EFGH-JKLM-234O",
            "ABCD-EFGH-JKLM-23456",
            "Ä",
        ] {
            assert!(signs_of(wrong).is_err(), "{wrong}");
        }
    }
}
