//! Which crate may use which: the picture of ARCHITECTURE.md as a table.

use super::Finding;
use anyhow::{Context, Result};
use serde_json::Value;

/// Our crates from the bottom up, and what each may name. Arrows point down only.
const ALLOWED: &[(&str, &[&str])] = &[
    ("proof", &[]),
    ("fhir", &[]),
    ("gs1", &[]),
    // The strict JSON reader and the decimals of `fhir`; hashes and canonical JSON of `proof`.
    ("epcis", &["proof", "fhir"]),
    // Documents of the trade in the United States, made of events and codes.
    ("dscsa", &["epcis", "gs1"]),
    // The formats of trials: strict JSON and decimals of `fhir`, canonical JSON of `proof`.
    ("cdisc", &["proof", "fhir"]),
    ("monitoring", &[]),
    // A decision reads dates and codes as FHIR writes them.
    ("consent", &["proof", "fhir"]),
    ("supply", &["proof"]),
    ("trial", &["proof"]),
    ("ledger", &["consent", "supply", "trial", "proof"]),
    // A trade out of a seed, with documents, bar codes and the rules that judge them.
    ("simulate", &["epcis", "gs1", "supply", "monitoring"]),
    ("policy", &["consent"]),
    ("peers", &[]),
    ("vault", &[]),
    ("store", &["fhir"]),
    ("chain", &["ledger", "proof"]),
    (
        "hospital",
        &[
            "store",
            "chain",
            "vault",
            "peers",
            "policy",
            "ledger",
            "consent",
            "supply",
            "trial",
            "monitoring",
            "dscsa",
            "epcis",
            "gs1",
            "cdisc",
            "proof",
            "fhir",
        ],
    ),
    // The ledger's public view shows types of the crates below; never store, never vault.
    (
        "api",
        &["hospital", "chain", "ledger", "consent", "proof", "fhir"],
    ),
    // Pages ask the JSON door; of the organisation itself they know its name, its clock, its words.
    ("portal", &["api", "hospital", "proof"]),
    (
        "salus",
        &[
            "portal",
            "api",
            "hospital",
            "store",
            "chain",
            "vault",
            "peers",
            "policy",
            "ledger",
            "consent",
            "supply",
            "trial",
            "simulate",
            "monitoring",
            "proof",
            "fhir",
        ],
    ),
    // The workshop measures the verification of a receipt.
    ("xtask", &["proof"]),
];

/// Foreign crates that only some of ours may name: (prefix, ours, why).
const CONFINED: &[(&str, &[&str], &str)] = &[
    (
        "commonware-",
        &["chain"],
        "only chain knows the consensus engine",
    ),
    (
        "rusqlite",
        &["store", "chain"],
        "SQL lives in store, and in chain for the ledger's own tables",
    ),
    ("axum", &["api", "portal"], "only the doors know HTTP"),
    ("tower-http", &["api", "portal"], "only the doors know HTTP"),
    ("aws-lc-rs", &["vault", "chain", "store"], SEALING),
    ("hpke", &["vault"], SEALING),
    ("rustls", &["peers", "api"], LINKS),
    ("tokio-rustls", &["peers"], LINKS),
    (
        "ed25519-zebra",
        &["proof"],
        "one Ed25519 rule, ZIP-215, in one place",
    ),
    (
        "curve25519-dalek",
        &["proof"],
        "one verifiable random function, RFC 9381, in one place",
    ),
    ("anyhow", &["salus", "xtask"], "anyhow only in binaries"),
];

/// `chain` agrees on keys of its links, `store` seals page tokens; records are `vault`'s alone.
const SEALING: &str = "sealing lives in vault";
/// The one place that decides which keys and suites a link takes; `api` only names the provider
/// for its own requests over https.
const LINKS: &str = "links between nodes live in peers";

/// Below the line nothing may bring a clock, dice, a runtime or I/O.
const BELOW: &[&str] = &[
    "proof", "fhir", "gs1", "epcis", "dscsa", "cdisc", "ledger", "consent", "supply", "trial",
];
const BANNED_BELOW: &[&str] = &[
    "tokio",
    "rand",
    "getrandom",
    "reqwest",
    "ureq",
    "chrono",
    "time",
    "rayon",
    "tracing",
];

/// Compares `cargo metadata --no-deps` with the table.
pub(super) fn check(metadata: &Value) -> Result<Vec<Finding>> {
    let packages = metadata["packages"]
        .as_array()
        .context("metadata without packages")?;
    let mut findings = Vec::new();
    for package in packages {
        let name = package["name"]
            .as_str()
            .context("a package without a name")?;
        let Some((_, allowed)) = ALLOWED.iter().find(|(ours, _)| *ours == name) else {
            findings.push(Finding::new(
                format!("crates/{name}"),
                "not in the table of xtask/src/tidy/arrows.rs: say what it may use",
            ));
            continue;
        };
        let dependencies = package["dependencies"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        for dependency in dependencies {
            // Tests may look anywhere; the shipped code may not.
            if dependency["kind"].as_str() == Some("dev") {
                continue;
            }
            let used = dependency["name"]
                .as_str()
                .context("a dependency without a name")?;
            findings.extend(arrow(name, allowed, used));
        }
    }
    Ok(findings)
}

fn arrow(name: &str, allowed: &[&str], used: &str) -> Option<Finding> {
    let place = format!("{name} -> {used}");
    if ALLOWED.iter().any(|(ours, _)| *ours == used) {
        return (!allowed.contains(&used))
            .then(|| Finding::new(place, "forbidden arrow: see the house in ARCHITECTURE.md"));
    }
    if BELOW.contains(&name) && BANNED_BELOW.contains(&used) {
        return Some(Finding::new(
            place,
            "below the line: no clock, dice, runtime or I/O",
        ));
    }
    let (_, _, why) = CONFINED
        .iter()
        .find(|(prefix, ours, _)| used.starts_with(prefix) && !ours.contains(&name))?;
    Some(Finding::new(place, format!("forbidden: {why}")))
}
