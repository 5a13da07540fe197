//! Who is an authorised trading partner, and what proves it.

use ledger::keys;
use supply::acts::Roles;

use crate::caller::Caller;
use crate::error::HospitalError;
use crate::packs::looks;
use crate::setup::Hospital;

/// Where the roles of a member come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RolesBy {
    /// The members voted on them.
    Vote,
    /// Its kind says them; nothing was voted.
    Kind,
}

impl RolesBy {
    /// The word of it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Vote => "vote",
            Self::Kind => "kind",
        }
    }
}

/// A member as a partner of the trade.
#[derive(Debug, Clone)]
pub struct Partner {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: &'static str,
    /// What it may do; nothing: it is none.
    pub roles: Vec<&'static str>,
    /// Whether it may hold packs in trade.
    pub is_authorised: bool,
    /// Where the roles come from.
    pub by: RolesBy,
    /// The height of the state that says so.
    pub height: u64,
    /// The time of that state, milliseconds since 1970.
    pub time_ms: u64,
    /// What proves to a stranger the vote, or that there was none.
    pub proof: Option<String>,
    /// What proves the membership and the kind.
    pub proof_of_kind: Option<String>,
}

impl Hospital {
    /// Every member, or one of them, with its roles in the trade.
    pub async fn partners(
        &self,
        caller: &Caller,
        member: Option<&str>,
    ) -> Result<Vec<Partner>, HospitalError> {
        looks(caller)?;
        let state = self.fresh_state().await?;
        let time_ms = self.0.chain.status().time_ms;
        let wanted = |id: &str| member.is_none_or(|it| it == id);
        let mut partners = Vec::new();
        for organisation in state.organisations() {
            if !wanted(organisation.id.as_str()) {
                continue;
            }
            let roles = state.partner(&organisation.id);
            let key = keys::partner(&organisation.id);
            let voted = state.prove(&key).verify(&state.root(), &key);
            let voted = voted.is_ok_and(|value| value.is_some());
            let kind = keys::organisation(&organisation.id);
            partners.push(Partner {
                id: organisation.id.to_string(),
                kind: organisation.kind.as_str(),
                roles: roles.words().collect(),
                is_authorised: roles.has_any_of(Roles::TRADE),
                by: if voted { RolesBy::Vote } else { RolesBy::Kind },
                height: state.height(),
                time_ms,
                proof: self.0.chain.state_proof(&key),
                proof_of_kind: self.0.chain.state_proof(&kind),
            });
        }
        if partners.is_empty() && member.is_some() {
            return Err(HospitalError::Absent("a member of this id".into()));
        }
        Ok(partners)
    }
}
