//! `genesis.toml` and `request.toml`: what members agree on, in a form that people can compare.

use crate::config::located;
use crate::failure::{Explain, Failure, Hint, Outcome};
use ledger::{Genesis, Organisation, Parameters};
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;

/// A consortium of thousands is another file than this.
const FILE_BYTES_MAX: u64 = 4 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GenesisText {
    /// Milliseconds since 1970; every block is later.
    time_ms: u64,
    parameters: ParametersText,
    organisation: Vec<OrganisationText>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ParametersText {
    block_interval_ms: u64,
    block_bytes_max: u64,
    batch_interval_ms: u64,
    epoch_blocks: u64,
    early_batches: bool,
    expiry_blocks_max: u64,
    proposal_blocks: u64,
}

/// One organisation, as a genesis, a request and a proposal carry it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrganisationText {
    id: String,
    kind: String,
    transaction_key: String,
    node_key: String,
    checkpoint_key: String,
    address: String,
    validator: bool,
}

impl OrganisationText {
    /// The public facts about an organisation as text.
    pub(crate) fn of(organisation: &Organisation) -> Self {
        Self {
            id: organisation.id.to_string(),
            kind: organisation.kind.to_string(),
            transaction_key: organisation.transaction_key.to_string(),
            node_key: organisation.node_key.to_string(),
            checkpoint_key: organisation.checkpoint_key.to_string(),
            address: organisation.address.clone(),
            validator: organisation.validator,
        }
    }

    fn read(&self) -> Result<Organisation, String> {
        if !Organisation::is_address(&self.address) {
            return Err(format!(
                "address of {}: `{}` is not host:port",
                self.id, self.address
            ));
        }
        Ok(Organisation {
            id: field("id", &self.id)?,
            kind: field("kind", &self.kind)?,
            transaction_key: field("transaction_key", &self.transaction_key)?,
            node_key: field("node_key", &self.node_key)?,
            checkpoint_key: field("checkpoint_key", &self.checkpoint_key)?,
            address: self.address.clone(),
            validator: self.validator,
        })
    }
}

fn field<T: FromStr<Err: Display>>(name: &str, text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|error| format!("{name} = \"{text}\": {error}"))
}

/// Writes a genesis; its id is in the head so that people can compare it by eye.
pub(crate) fn write(path: &Path, genesis: &Genesis) -> Outcome {
    let parameters = &genesis.parameters;
    let text = GenesisText {
        time_ms: genesis.time_ms,
        parameters: ParametersText {
            block_interval_ms: parameters.block_interval_ms,
            block_bytes_max: parameters.block_bytes_max,
            batch_interval_ms: parameters.batch_interval_ms,
            epoch_blocks: parameters.epoch_blocks,
            early_batches: parameters.early_batches,
            expiry_blocks_max: parameters.expiry_blocks_max,
            proposal_blocks: parameters.proposal_blocks,
        },
        organisation: genesis
            .organisations
            .iter()
            .map(OrganisationText::of)
            .collect(),
    };
    let body = toml::to_string(&text).explain(|| "the genesis has no text".into())?;
    let head = format!(
        "# The first state of a ledger. Every member has this file; a change of one sign is\n\
         # another ledger.\n# chain id {}\n\n",
        genesis.chain_id()
    );
    std::fs::write(path, head + &body).explain(|| format!("{} cannot be written", path.display()))
}

/// Reads and checks a genesis.
pub(crate) fn read(path: &Path) -> Outcome<Genesis> {
    let text = text(path)?;
    let wrong = || Failure::new(format!("{} is not a genesis", path.display()));
    let read: GenesisText =
        toml::from_str(&text).map_err(|error| wrong().cause(located(&error, &text)))?;
    let parameters = read.parameters;
    let genesis = Genesis {
        time_ms: read.time_ms,
        parameters: Parameters {
            block_interval_ms: parameters.block_interval_ms,
            block_bytes_max: parameters.block_bytes_max,
            batch_interval_ms: parameters.batch_interval_ms,
            epoch_blocks: parameters.epoch_blocks,
            early_batches: parameters.early_batches,
            expiry_blocks_max: parameters.expiry_blocks_max,
            proposal_blocks: parameters.proposal_blocks,
        },
        organisations: read
            .organisation
            .iter()
            .map(OrganisationText::read)
            .collect::<Result<_, _>>()
            .map_err(|error| wrong().cause(error))?,
    };
    genesis.check().map_err(|error| wrong().cause(error))?;
    Ok(genesis)
}

/// Writes the request of an organisation that wants to join.
pub(crate) fn write_request(path: &Path, organisation: &Organisation) -> Outcome {
    let body = toml::to_string(&OrganisationText::of(organisation))
        .explain(|| "the request has no text".into())?;
    let head = "# A request to join: public facts and keys, no secret. Give it to a member, who\n\
                # runs `salus propose add --request FILE`.\n\n";
    std::fs::write(path, format!("{head}{body}"))
        .explain(|| format!("{} cannot be written", path.display()))
}

/// Reads a request to join.
pub(crate) fn read_request(path: &Path) -> Outcome<Organisation> {
    let text = text(path)?;
    let wrong = || Failure::new(format!("{} is not a request to join", path.display()));
    let read: OrganisationText =
        toml::from_str(&text).map_err(|error| wrong().cause(located(&error, &text)))?;
    read.read().map_err(|error| wrong().cause(error))
}

fn text(path: &Path) -> Outcome<String> {
    let told = || format!("{} cannot be read", path.display());
    let size = std::fs::metadata(path).explain(told)?.len();
    if size > FILE_BYTES_MAX {
        return Err(Failure::new(told()).cause(format!("{size} bytes, at most {FILE_BYTES_MAX}")));
    }
    std::fs::read_to_string(path)
        .explain(told)
        .hint("it should be TOML text")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proof::SecretKey;

    fn organisation(id: &str, seed: u8) -> Organisation {
        let key = |more: u8| SecretKey::from_seed(&[seed + more; 32]).public();
        Organisation {
            id: id.parse().unwrap(),
            kind: ledger::OrganisationKind::Clinic,
            transaction_key: key(0),
            node_key: key(1),
            checkpoint_key: key(2),
            address: "127.0.0.1:9080".into(),
            validator: true,
        }
    }

    #[test]
    fn a_genesis_survives_its_text_and_keeps_its_chain_id() {
        let genesis = Genesis {
            time_ms: 1_795_000_000_000,
            parameters: Parameters::default(),
            organisations: vec![organisation("a", 1), organisation("b", 11)],
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("genesis.toml");
        write(&path, &genesis).unwrap();
        assert_eq!(read(&path).unwrap().chain_id(), genesis.chain_id());

        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(&genesis.chain_id().to_string()));
        for (from, to) in [
            ("\"a\"", "\"b\""),
            ("clinic", "cinema"),
            ("9080", "x"),
            ("time_ms", "t"),
        ] {
            std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
            let failure = read(&path).unwrap_err().to_string();
            assert!(failure.contains("is not a genesis"), "{failure}");
        }
    }

    #[test]
    fn a_request_survives_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("request.toml");
        write_request(&path, &organisation("new", 7)).unwrap();
        assert_eq!(read_request(&path).unwrap(), organisation("new", 7));
    }
}
