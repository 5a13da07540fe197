//! EHR launches: a clinician's session hands a patient over to an app.

use serde::{Deserialize, Serialize};
use store::TicketKind;

use super::SECOND_US;
use super::tickets::secret;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::setup::Hospital;

/// How long a launch waits for its app.
pub const LAUNCH_LIFE_S: i64 = 300;

/// What a launch hands over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// Who launched: only this user may go on with it.
    pub username: String,
    /// The patient in context.
    pub patient: String,
}

impl Hospital {
    /// Makes a launch for a patient that the caller may see.
    pub async fn start_launch(
        &self,
        caller: &Caller,
        patient: &str,
    ) -> Result<String, HospitalError> {
        self.read(caller, "Patient", patient).await?;
        let launch = Launch {
            username: caller.username.clone(),
            patient: patient.to_owned(),
        };
        let secret = secret()?;
        let expires_us = self.now_us().saturating_add(LAUNCH_LIFE_S * SECOND_US);
        self.keep(TicketKind::Launch, &secret, "", expires_us, &launch)
            .await?;
        Ok(secret)
    }

    /// What a launch hands over, while it is good and unused.
    pub async fn launch(&self, secret: &str) -> Result<Option<Launch>, HospitalError> {
        let found = self.kept::<Launch>(TicketKind::Launch, secret).await?;
        Ok(found.and_then(|(ticket, launch)| (!ticket.used).then_some(launch)))
    }

    /// Uses a launch up; `false`: somebody else did.
    pub async fn use_launch(&self, secret: &str) -> Result<bool, HospitalError> {
        match self.kept::<Launch>(TicketKind::Launch, secret).await? {
            Some((ticket, _)) => self.use_up(ticket).await,
            None => Ok(false),
        }
    }
}
