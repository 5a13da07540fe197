//! Writes the tables of `crates/fhir/src/generated` from the official FHIR R4 definitions.
//!
//! What lives here: reading StructureDefinitions, ValueSets, SearchParameters and the patient
//! CompartmentDefinition, and writing them in a compact text form that `fhir` loads once. The
//! FHIRPath of the search parameters is compiled here, so that none is interpreted at run time.
//! The form of the tables: docs/decisions/0003-fhir-tables.md.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

mod codes;
mod elements;
mod expression;
mod model;
mod search;
mod sources;

use model::Model;
use sources::Sources;

/// Writes the tables, or with `check` compares them with what is committed.
pub(crate) fn run(check: bool) -> Result<()> {
    let Some(sources) = sources::find(!check)? else {
        println!("gen: skipped: the FHIR definitions are absent (`cargo xtask gen` fetches them)");
        return Ok(());
    };
    let folder = root().join("crates/fhir/src/generated");
    let mut stale = Vec::new();
    for (name, text) in tables(&sources)? {
        let path = folder.join(name);
        if !check {
            fs::create_dir_all(&folder)?;
            fs::write(&path, &text).with_context(|| format!("writing {}", path.display()))?;
            println!("gen: {name}: {} bytes", text.len());
        } else if fs::read_to_string(&path).ok().as_deref() != Some(text.as_str()) {
            stale.push(name);
        }
    }
    if !stale.is_empty() {
        bail!("crates/fhir/src/generated is stale: {stale:?}; run `cargo xtask gen`");
    }
    Ok(())
}

fn tables(sources: &Sources) -> Result<Vec<(&'static str, String)>> {
    let model = Model::read(sources)?;
    let codes = codes::Codes::read(sources, &model);
    Ok(vec![
        ("elements.txt", elements::write(&model, &codes)),
        ("codes.txt", codes.write()),
        ("search.txt", search::write(sources, &model, &codes)?),
        ("compartment.txt", search::compartment(sources)?),
    ])
}

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
