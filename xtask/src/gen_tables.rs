//! Writes the tables of `crates/fhir/src/generated` from the official FHIR R4 definitions, and that
//! of `crates/gs1/src/generated` from GS1's syntax dictionary, and those of
//! `crates/cdisc/src/odm/generated` from CDISC's XML Schemas.
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
mod identifiers;
mod model;
mod schema;
mod search;
mod sources;

use model::Model;
use sources::Sources;

/// Writes the tables, or with `check` compares them with what is committed.
pub(crate) fn run(check: bool) -> Result<()> {
    match sources::find(!check)? {
        Some(sources) => settle("crates/fhir/src/generated", tables(&sources)?, check)?,
        None => println!(
            "gen: skipped: the FHIR definitions are absent (`cargo xtask gen` fetches them)"
        ),
    }
    match identifiers::table()? {
        Some(table) => settle(
            "crates/gs1/src/generated",
            vec![(identifiers::NAME, table)],
            check,
        )?,
        None => println!("gen: skipped: GS1's syntax dictionary is absent (../shared/data/epcis)"),
    }
    let Some(tables) = schema::tables()? else {
        println!("gen: skipped: the schemas of ODM are absent (../shared/data/trials)");
        return Ok(());
    };
    settle("crates/cdisc/src/odm/generated", tables, check)
}

/// Writes or compares the files of one folder.
fn settle(folder: &str, files: Vec<(&'static str, String)>, check: bool) -> Result<()> {
    let path = root().join(folder);
    let mut stale = Vec::new();
    for (name, text) in files {
        let path = path.join(name);
        if !check {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(&path, &text).with_context(|| format!("writing {}", path.display()))?;
            println!("gen: {name}: {} bytes", text.len());
        } else if fs::read_to_string(&path).ok().as_deref() != Some(text.as_str()) {
            stale.push(name);
        }
    }
    if !stale.is_empty() {
        bail!("{folder} is stale: {stale:?}; run `cargo xtask gen`");
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
