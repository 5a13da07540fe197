//! The folder of a device: the sealed seed, and what it is for.

use crate::cli;
use crate::client::Client;
use crate::failure::{Explain, Failure, Hint, Outcome};
use proof::Digest;
use serde::{Deserialize, Serialize};
use std::io::Read;
use std::path::{Path, PathBuf};
use vault::{Seed, Zeroizing};

/// The sealed seed.
const SEED: &str = "seed.key";
/// What the seed is for; nothing in it is secret.
const FACTS: &str = "device.json";
/// Larger files are not ours.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Grants that a device remembers; the oldest ones go first.
const GRANTS_MAX: usize = 1_000;

/// What a device knows for sure: it was told once, at the enrolment, and compares ever after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Facts {
    /// The home organisation.
    pub(crate) organisation: String,
    /// The ledger, in hexadecimal.
    pub(crate) chain: String,
    /// The patient's id there.
    pub(crate) patient: String,
    /// What was granted with this device.
    #[serde(default)]
    pub(crate) grants: Vec<Given>,
    /// For whom else this device signs.
    #[serde(default)]
    pub(crate) delegations: Vec<Accepted>,
}

/// A delegation that this device accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Accepted {
    /// For whom it signs.
    pub(crate) patient: String,
    /// The delegation on the ledger, in hexadecimal.
    pub(crate) delegation: String,
}

/// A consent that this device gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Given {
    /// The id of the Consent.
    pub(crate) consent: String,
    /// The grant on the ledger; none for a refusal.
    pub(crate) grant: Option<String>,
}

/// An opened device.
pub(crate) struct Device {
    folder: PathBuf,
    pub(crate) seed: Seed,
    pub(crate) facts: Facts,
    pub(crate) chain: Digest,
}

/// What the organisation says of itself at the enrolment.
pub(crate) fn facts_of(client: &Client, patient: &str) -> Outcome<Facts> {
    let status = client.get("/ledger/status")?;
    let status = status
        .expect_ok("the organisation does not say who it is")?
        .json();
    let text = |name: &str| status[name].as_str().unwrap_or_default().to_owned();
    Ok(Facts {
        organisation: text("organisation"),
        chain: text("chain_id"),
        patient: patient.to_owned(),
        grants: Vec::new(),
        delegations: Vec::new(),
    })
}

impl Device {
    /// Makes a folder for a seed. The seed is on disk when this returns.
    pub(crate) fn make(arguments: &cli::Device, seed: Seed, facts: Facts) -> Outcome<Self> {
        let folder = &arguments.dir;
        let passphrase = passphrase(arguments)?;
        std::fs::create_dir_all(folder)
            .explain(|| format!("the folder {} cannot be made", folder.display()))?;
        let path = folder.join(SEED);
        seed.keep_in_file(&path, passphrase.as_bytes(), vault::Cost::default())
            .explain(|| "the seed cannot be kept".to_owned())
            .hint("choose a folder that holds no seed")?;
        let device = Self::of(folder, seed, facts)?;
        device.write_facts()?;
        Ok(device)
    }

    /// Opens a folder.
    pub(crate) fn open(arguments: &cli::Device) -> Outcome<Self> {
        let folder = &arguments.dir;
        let path = folder.join(FACTS);
        let text = read(&path).hint("salus patient enrol makes the folder of a device")?;
        let facts = serde_json::from_slice(text.as_slice())
            .explain(|| format!("{} is not what a device writes", path.display()))?;
        let passphrase = passphrase(arguments)?;
        let seed = Seed::open_from_file(&folder.join(SEED), passphrase.as_bytes())
            .explain(|| "the seed does not open".to_owned())
            .hint("is it the passphrase of this folder?")?;
        Self::of(folder, seed, facts)
    }

    /// Whether a folder holds a seed already.
    pub(crate) fn is_in(arguments: &cli::Device) -> bool {
        arguments.dir.join(SEED).exists()
    }

    pub(super) fn of(folder: &Path, seed: Seed, facts: Facts) -> Outcome<Self> {
        let chain = facts
            .chain
            .parse()
            .explain(|| "the device does not know its ledger".to_owned())?;
        Ok(Self {
            folder: folder.to_owned(),
            seed,
            facts,
            chain,
        })
    }

    /// Remembers a consent that was given.
    pub(crate) fn remember(&mut self, given: Given) -> Outcome {
        self.facts.grants.push(given);
        let excess = self.facts.grants.len().saturating_sub(GRANTS_MAX);
        self.facts.grants.drain(..excess);
        self.write_facts()
    }

    /// Remembers a delegation that was accepted; a newer one of the same patient replaces it.
    pub(crate) fn accept(&mut self, accepted: Accepted) -> Outcome {
        let all = &mut self.facts.delegations;
        all.retain(|it| it.patient != accepted.patient);
        if all.len() >= GRANTS_MAX {
            return Err(Failure::new("this device accepted too many delegations"));
        }
        all.push(accepted);
        self.write_facts()
    }

    fn write_facts(&self) -> Outcome {
        let (path, beside) = (self.folder.join(FACTS), self.folder.join("device.new"));
        let text = serde_json::to_string_pretty(&self.facts)
            .explain(|| "the facts of the device do not print".to_owned())?;
        std::fs::write(&beside, text)
            .and_then(|()| std::fs::rename(&beside, &path))
            .explain(|| format!("{} cannot be written", path.display()))
    }
}

/// Reads a file of a person, within a bound.
pub(crate) fn read(path: &Path) -> Outcome<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    let read = if path == Path::new("-") {
        std::io::stdin()
            .take(FILE_BYTES_MAX)
            .read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(FILE_BYTES_MAX).read_to_end(&mut bytes))
    };
    read.explain(|| format!("{} cannot be read", path.display()))?;
    Ok(bytes)
}

/// The passphrase, from where the arguments say.
fn passphrase(arguments: &cli::Device) -> Outcome<Zeroizing<String>> {
    let text = match (&arguments.passphrase, &arguments.passphrase_file) {
        (_, Some(path)) => {
            let bytes = read(path)?;
            let text = String::from_utf8_lossy(&bytes);
            Zeroizing::new(text.lines().next().unwrap_or_default().to_owned())
        }
        (Some(text), None) => Zeroizing::new(text.clone()),
        (None, None) => Zeroizing::new(String::new()),
    };
    if text.is_empty() {
        return Err(Failure::new("there is no passphrase for the seed")
            .hint("set SALUS_PASSPHRASE, or name a file with --passphrase-file"));
    }
    Ok(text)
}
