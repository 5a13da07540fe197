//! What a proposal needs to be possible, and what it does.

use supply::acts::Openers;

use crate::genesis::ORGANISATIONS_MAX;
use crate::state::draft::{Draft, organisation_keys};
use crate::state::keys;
use crate::{OrgId, Organisation, Proposal, Refusal};

/// Whether the change is possible in this state.
pub(super) fn check(draft: &Draft, proposal: &Proposal) -> Result<(), Refusal> {
    match proposal {
        Proposal::AddOrganisation(organisation) => check_newcomer(draft, organisation),
        Proposal::RemoveOrganisation(id) => {
            let organisation = find(draft, id)?;
            check_validators_without(draft, &organisation)
        }
        Proposal::SetValidator {
            organisation,
            validator,
        } => {
            let organisation = find(draft, organisation)?;
            if organisation.validator == *validator {
                return Err(Refusal::NoChange);
            }
            if *validator {
                Ok(())
            } else {
                check_validators_without(draft, &organisation)
            }
        }
        Proposal::SetParameters(parameters) => {
            if let Some(name) = parameters.out_of_range() {
                return Err(Refusal::Parameter(name));
            }
            if draft.get(&keys::parameters()).as_ref() == Some(parameters) {
                return Err(Refusal::NoChange);
            }
            Ok(())
        }
        Proposal::SetPartner {
            organisation,
            roles,
        } => {
            find(draft, organisation)?;
            changes(draft.roles(organisation) != *roles)
        }
        Proposal::SetOpeners(openers) => {
            for holder in openers.holders() {
                let id = holder.parse::<OrgId>().ok();
                if id.is_none_or(|id| find(draft, &id).is_err()) {
                    return Err(Refusal::NoOrganisation(holder.clone()));
                }
            }
            changes(draft.get::<Openers>(&keys::openers()).as_ref() != Some(openers))
        }
    }
}

fn changes(something: bool) -> Result<(), Refusal> {
    if something {
        Ok(())
    } else {
        Err(Refusal::NoChange)
    }
}

/// Makes the change, if it is possible in this state.
pub(super) fn execute(draft: &mut Draft, proposal: &Proposal) -> Result<(), Refusal> {
    check(draft, proposal)?;
    match proposal {
        Proposal::AddOrganisation(organisation) => draft.admit(organisation),
        Proposal::RemoveOrganisation(id) => {
            let organisation = find(draft, id)?;
            draft.dismiss(&organisation);
        }
        Proposal::SetValidator {
            organisation,
            validator,
        } => {
            let mut organisation = find(draft, organisation)?;
            organisation.validator = *validator;
            draft.put(keys::organisation(&organisation.id), &organisation);
        }
        Proposal::SetParameters(parameters) => draft.put(keys::parameters(), parameters),
        Proposal::SetPartner {
            organisation,
            roles,
        } => draft.put(keys::partner(organisation), roles),
        Proposal::SetOpeners(openers) => draft.put(keys::openers(), openers),
    }
    Ok(())
}

pub(super) fn find(draft: &Draft, id: &OrgId) -> Result<Organisation, Refusal> {
    draft
        .get(&keys::organisation(id))
        .ok_or_else(|| Refusal::NoOrganisation(id.to_string()))
}

fn check_newcomer(draft: &Draft, organisation: &Organisation) -> Result<(), Refusal> {
    let members = draft.members();
    if members.contains(&organisation.id) {
        return Err(Refusal::Member(organisation.id.to_string()));
    }
    if members.len() >= ORGANISATIONS_MAX {
        return Err(Refusal::TooManyOrganisations(members.len()));
    }
    let [transaction, node, checkpoint] = organisation_keys(organisation);
    if transaction == node || node == checkpoint || checkpoint == transaction {
        return Err(Refusal::KeyInUse);
    }
    for key in [transaction, node, checkpoint] {
        check_new_key(draft, &key)?;
    }
    Ok(())
}

/// A new key has never had an owner, and somebody can hold its secret.
pub(super) fn check_new_key(draft: &Draft, key: &proof::PublicKey) -> Result<(), Refusal> {
    if draft.owner(key).is_some() {
        return Err(Refusal::KeyInUse);
    }
    if key.is_sound() {
        Ok(())
    } else {
        Err(Refusal::KeyUnsound)
    }
}

/// Another validator is left when this organisation no longer is one.
fn check_validators_without(draft: &Draft, leaving: &Organisation) -> Result<(), Refusal> {
    let stays = |id: &OrgId| {
        *id != leaving.id && find(draft, id).is_ok_and(|organisation| organisation.validator)
    };
    if draft.members().iter().any(stays) {
        Ok(())
    } else {
        Err(Refusal::LastValidator)
    }
}
