//! Proposals, members and parameters of the consortium as JSON, both ways.

use hospital::HospitalError;
use ledger::{Openers, Organisation, Parameters, Proposal, Roles};
use proof::PublicKey;
use serde_json::{Value, json};

const HINT: &str = "docs/reference/http.md shows the form of each kind of proposal";

/// A member as JSON.
pub(crate) fn organisation(member: &Organisation) -> Value {
    json!({
        "id": member.id.as_str(),
        "kind": member.kind.as_str(),
        "transaction_key": hex(&member.transaction_key),
        "node_key": hex(&member.node_key),
        "checkpoint_key": hex(&member.checkpoint_key),
        "address": member.address,
        "validator": member.validator,
    })
}

/// The parameters as JSON.
pub(crate) fn parameters(parameters: &Parameters) -> Value {
    json!({
        "block_interval_ms": parameters.block_interval_ms,
        "block_bytes_max": parameters.block_bytes_max,
        "batch_interval_ms": parameters.batch_interval_ms,
        "epoch_blocks": parameters.epoch_blocks,
        "early_batches": parameters.early_batches,
        "expiry_blocks_max": parameters.expiry_blocks_max,
        "proposal_blocks": parameters.proposal_blocks,
    })
}

/// A proposal as JSON.
pub(crate) fn written(proposal: &Proposal) -> Value {
    match proposal {
        Proposal::AddOrganisation(member) => json!({ "add_organisation": organisation(member) }),
        Proposal::RemoveOrganisation(id) => json!({ "remove_organisation": id.as_str() }),
        Proposal::SetValidator {
            organisation,
            validator,
        } => json!({
            "set_validator": { "organisation": organisation.as_str(), "validator": validator }
        }),
        Proposal::SetParameters(new) => json!({ "set_parameters": parameters(new) }),
        Proposal::SetPartner {
            organisation,
            roles,
        } => json!({ "set_partner": {
            "organisation": organisation.as_str(),
            "roles": roles.words().collect::<Vec<_>>(),
        } }),
        Proposal::SetOpeners(openers) => json!({ "set_openers": {
            "holders": openers.holders(),
            "threshold": openers.threshold(),
        } }),
    }
}

/// Reads a proposal.
pub(crate) fn read(value: &Value) -> Result<Proposal, HospitalError> {
    let only = value.as_object().filter(|fields| fields.len() == 1);
    let (kind, body) = only
        .and_then(|fields| fields.iter().next())
        .ok_or_else(|| refused("kind"))?;
    match kind.as_str() {
        "add_organisation" => read_organisation(body).map(Proposal::AddOrganisation),
        "remove_organisation" => Ok(Proposal::RemoveOrganisation(slug(
            body,
            "remove_organisation",
        )?)),
        "set_validator" => Ok(Proposal::SetValidator {
            organisation: slug(&body["organisation"], "organisation")?,
            validator: flag(body, "validator")?,
        }),
        "set_parameters" => read_parameters(body).map(Proposal::SetParameters),
        "set_partner" => Ok(Proposal::SetPartner {
            organisation: slug(&body["organisation"], "organisation")?,
            roles: read_roles(&body["roles"])?,
        }),
        "set_openers" => read_openers(body).map(Proposal::SetOpeners),
        _ => Err(refused("kind")),
    }
}

fn read_organisation(body: &Value) -> Result<Organisation, HospitalError> {
    let text = |name: &'static str| body[name].as_str().ok_or_else(|| refused(name));
    let address = text("address")?;
    if !Organisation::is_address(address) {
        return Err(refused("address"));
    }
    Ok(Organisation {
        id: slug(&body["id"], "id")?,
        kind: text("kind")?.parse().map_err(|_| refused("kind"))?,
        transaction_key: key(text("transaction_key")?, "transaction_key")?,
        node_key: key(text("node_key")?, "node_key")?,
        checkpoint_key: key(text("checkpoint_key")?, "checkpoint_key")?,
        address: address.to_owned(),
        validator: flag(body, "validator")?,
    })
}

fn read_parameters(body: &Value) -> Result<Parameters, HospitalError> {
    let number = |name: &'static str| body[name].as_u64().ok_or_else(|| refused(name));
    let parameters = Parameters {
        block_interval_ms: number("block_interval_ms")?,
        block_bytes_max: number("block_bytes_max")?,
        batch_interval_ms: number("batch_interval_ms")?,
        epoch_blocks: number("epoch_blocks")?,
        early_batches: flag(body, "early_batches")?,
        expiry_blocks_max: number("expiry_blocks_max")?,
        proposal_blocks: number("proposal_blocks")?,
    };
    match parameters.out_of_range() {
        Some(name) => Err(refused(name)),
        None => Ok(parameters),
    }
}

fn read_roles(value: &Value) -> Result<Roles, HospitalError> {
    let words = value.as_array().ok_or_else(|| refused("roles"))?;
    let role = |word: &Value| word.as_str().and_then(Roles::of_word);
    let roles: Option<Vec<_>> = words.iter().map(role).collect();
    let roles = roles.ok_or_else(|| refused("roles"))?;
    Ok(roles.into_iter().fold(Roles::NONE, Roles::and))
}

fn read_openers(body: &Value) -> Result<Openers, HospitalError> {
    let holders = body["holders"]
        .as_array()
        .ok_or_else(|| refused("holders"))?;
    let holder = |it: &Value| slug(it, "holders").map(|id| id.to_string());
    let holders: Vec<_> = holders.iter().map(holder).collect::<Result<_, _>>()?;
    let threshold = body["threshold"].as_u64();
    threshold
        .and_then(|it| u8::try_from(it).ok())
        .and_then(|threshold| Openers::new(holders, threshold))
        .ok_or_else(|| refused("holders or threshold"))
}

fn slug(value: &Value, name: &str) -> Result<ledger::OrgId, HospitalError> {
    value
        .as_str()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| refused(name))
}

fn flag(body: &Value, name: &str) -> Result<bool, HospitalError> {
    body[name].as_bool().ok_or_else(|| refused(name))
}

fn key(text: &str, name: &str) -> Result<PublicKey, HospitalError> {
    text.parse::<proof::Digest>()
        .map(|bytes| PublicKey(bytes.0))
        .map_err(|_| refused(name))
}

fn hex(key: &PublicKey) -> String {
    proof::Digest(key.0).to_string()
}

fn refused(name: &str) -> HospitalError {
    HospitalError::request(
        "value",
        format!("the proposal's {name} is missing or not usable"),
        HINT,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proposal_is_read_as_it_is_written() {
        let key = |byte| PublicKey([byte; 32]);
        let member = Organisation {
            id: "south-clinic".parse().unwrap(),
            kind: ledger::OrganisationKind::Clinic,
            transaction_key: key(1),
            node_key: key(2),
            checkpoint_key: key(3),
            address: "10.0.0.5:7000".into(),
            validator: true,
        };
        let organisation = member.id.clone();
        for proposal in [
            Proposal::AddOrganisation(member),
            Proposal::RemoveOrganisation(organisation.clone()),
            Proposal::SetPartner {
                organisation: organisation.clone(),
                roles: Roles::MAKER.and(Roles::REGULATOR),
            },
            Proposal::SetPartner {
                organisation: organisation.clone(),
                roles: Roles::NONE,
            },
            Proposal::SetValidator {
                organisation,
                validator: false,
            },
            Proposal::SetParameters(Parameters::default()),
            Proposal::SetOpeners(Openers::new(vec!["a".into(), "b".into()], 2).unwrap()),
        ] {
            assert_eq!(read(&written(&proposal)).unwrap(), proposal);
        }
        for bad in [
            json!({}),
            json!({ "set_validator": {} }),
            json!({ "set_partner": { "organisation": "a", "roles": ["king"] } }),
            json!({ "set_openers": { "holders": ["a"], "threshold": 2 } }),
            json!({ "set_openers": { "holders": ["a", "a"], "threshold": 1 } }),
            json!({ "a": 1, "b": 2 }),
            json!(7),
        ] {
            assert!(read(&bad).is_err(), "{bad}");
        }
    }
}
