//! Papers of the trade in the United States: verification for partners, transaction information
//! and statements, notices, exceptions, recalls, who is authorized. The documents themselves are
//! the crate `dscsa`; here is who asks, what is known, what is kept, and what goes between nodes.
//!
//! Invariants:
//!
//! 1. Papers of a change of hands go to its buyer and to a regulator, to nobody else
//!    (`crates/salus/tests/processes/packs.rs`,
//!    `a_pack_goes_from_its_maker_to_a_patient_and_a_copy_is_found_out`).
//! 2. A verification is answered to partners of the trade only, by the ledger's word of the moment
//!    (`crates/api/tests/dscsa.rs`, `a_partner_is_answered_and_a_stranger_is_not`).
//! 3. What was sent or received as a paper is kept as it was (`docs/reference/dscsa.md`).

mod cases;
mod compose;
mod exceptions;
mod inspect;
mod lots;
mod master_data;
mod message;
mod notices;
mod papers;
mod partners;
mod recalls;
mod verification;

pub use ::dscsa::exception::{ExceptionReport, ExceptionResponse, ResponseItem};
pub use ::dscsa::notice::{Clock, Notice, Report, Told};
pub use ::dscsa::recall::Reach;
pub use ::dscsa::statement::TransactionStatement;
pub use ::dscsa::transaction::TransactionInformation;
pub use ::dscsa::verification::{Answer, Request};
pub use ::dscsa::{KEPT_YEARS, Missing, Party, Product};
pub use exceptions::{ExceptionCase, ExceptionPage, NewException};
pub use inspect::{Inspection, InspectionStep};
pub use master_data::MasterData;
pub use notices::{NoticeFiled, Quarantine, QuarantinePage};
pub use papers::{Paper, PaperPage, Way};
pub use partners::{Partner, RolesBy};
pub use recalls::{RecallNotice, RecallPage};
pub use verification::Verified;

use bytes::Bytes;
use ledger::State;
use supply::acts::Roles;

use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::setup::Hospital;
use crate::sharing::message as link;

/// Rows of a page.
const PAGE_MAX: u32 = 100;

/// Whether a call of another node is one of these.
pub(crate) fn is_call(path: &str) -> bool {
    message::CALLS.contains(&path)
}

impl Hospital {
    /// Answers another node.
    pub(crate) async fn answer_dscsa(
        &self,
        from: &str,
        path: &str,
        body: &[u8],
    ) -> Result<Bytes, HospitalError> {
        match path {
            message::CARD => link::write(&self.answer_card(from).await?),
            message::PAPERS => {
                let ask = link::read(body)?;
                link::write(&self.answer_papers(from, &ask).await?)
            }
            message::VERIFY => {
                let ask = link::read(body)?;
                link::write(&self.answer_verification(from, &ask).await?)
            }
            message::EXCEPTION => {
                let told = link::read(body)?;
                self.answer_exception(from, told).await?;
                link::write(&())
            }
            message::EXCEPTION_ANSWER => {
                let told = link::read(body)?;
                self.answer_exception_response(from, told).await?;
                link::write(&())
            }
            message::RECALL => {
                let told = link::read(body)?;
                link::write(&Box::pin(self.answer_recall(from, &told)).await?)
            }
            _ => Err(HospitalError::Absent("a call of this name".into())),
        }
    }

    /// Whether a member is this organisation.
    fn is_this(&self, member: &str) -> bool {
        self.0.organisation == member
    }
}

/// The roles of another member in the trade; refused for one that has none.
fn partner_there(state: &State, member: &str) -> Result<Roles, HospitalError> {
    let id: Option<ledger::OrgId> = member.parse().ok();
    let roles = id.map(|id| state.partner(&id));
    let roles = roles.filter(|roles| !roles.is_empty());
    roles.ok_or_else(|| {
        HospitalError::Forbidden(format!(
            "{member} is no authorised trading partner: members vote on that"
        ))
    })
}

/// Lets those keep master data who handle medicines, or run the node.
fn keeps(caller: &Caller) -> Result<(), HospitalError> {
    match caller.role {
        Role::Pharmacist | Role::System | Role::Admin => Ok(()),
        role => Err(HospitalError::Forbidden(format!(
            "the role {role} does not keep master data: a pharmacist, a system or an \
             administrator does"
        ))),
    }
}

/// What is wrong with what was given.
fn wrong(error: &::dscsa::DscsaError) -> HospitalError {
    HospitalError::request("value", error.to_string(), HINT)
}

fn unusable(text: impl Into<String>) -> HospitalError {
    HospitalError::request("value", text, HINT)
}

fn refused(text: impl Into<String>) -> HospitalError {
    HospitalError::request("business-rule", text, HINT)
}

const HINT: &str = "docs/reference/dscsa.md shows each form and says who may do what";
