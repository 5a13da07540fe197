//! `salus verify`: a file and a trust file are enough. `proof` alone decides, and `consent` for the
//! certificate of an erasure and `ledger` for evidence, which are made of receipts and proofs.

mod about_state;
mod dataset;
mod erasure;
mod evidence;
mod research;
mod transaction;

use crate::cli;
use crate::failure::{Explain, Failure, Outcome};
use consent::acts::certificate::{self, CERTIFICATE_BYTES_MAX};
use ledger::evidence::{self as misconduct, Unproven};
use proof::event::Action;
use proof::policy::Policy;
use proof::receipt::{self, Invalid, Verified};
use proof::state;
use std::path::Path;

const UNUSABLE: u8 = 2;

/// A record larger than this is not one of ours.
const RECORD_BYTES_MAX: u64 = 64 << 20;

/// `salus verify`: prints what a receipt proves.
pub(crate) fn run(arguments: &cli::Verify) -> Outcome {
    print!("{}", check(arguments)?);
    Ok(())
}

/// Checks a receipt; says what it proves.
pub(crate) fn check(arguments: &cli::Verify) -> Outcome<String> {
    let trust = read(&arguments.trust, proof::policy::POLICY_BYTES_MAX as u64)?;
    let policy = Policy::parse(&trust).map_err(|error| {
        Failure::new(format!(
            "the trust file {} is not usable",
            arguments.trust.display()
        ))
        .cause(error)
        .hint("any member gives it out: GET /ledger/trust, or trust.policy of a demo")
        .status(UNUSABLE)
    })?;
    if arguments.record.is_none() && dataset::resembles(&arguments.receipt) {
        return dataset::check(&arguments.receipt, &policy);
    }
    if arguments.record.is_none() && research::resembles(&arguments.receipt) {
        return research::check(&arguments.receipt, &policy);
    }
    let text = read(&arguments.receipt, CERTIFICATE_BYTES_MAX as u64)?;
    let record = match &arguments.record {
        Some(path) => Some(read(path, RECORD_BYTES_MAX)?),
        None => None,
    };
    if record.is_none()
        && let Some(words) = other(&text, &policy, &arguments.receipt)
    {
        return words;
    }
    let verified = receipt::verify(&text, &policy, record.as_deref())
        .map_err(|invalid| judged(&invalid, &arguments.receipt))?;
    Ok(words(&verified, record.is_some()))
}

/// What a file that is no receipt of a record proves; none if it is meant to be one.
fn other(text: &[u8], policy: &Policy, path: &Path) -> Option<Outcome<String>> {
    if certificate::resembles(text) {
        let judged = certificate::verify(text, policy).map_err(|uncertified| {
            Failure::new(format!("{} is NOT VALID", path.display()))
                .cause(uncertified)
                .hint("ask the custodian for the certificate again; do not rely on this one")
        });
        return Some(judged.map(|it| erasure::words(&it)));
    }
    if misconduct::resembles(text) {
        let judged = misconduct::verify(text, policy).map_err(|unproven| {
            let hint = match &unproven {
                Unproven::Harmless(_) => "nothing follows from this file",
                _ => "it may be forged or of another ledger: do not rely on it",
            };
            Failure::new(format!("{} is NOT VALID", path.display()))
                .cause(unproven)
                .hint(hint)
        });
        return Some(judged.map(|it| evidence::words(&it)));
    }
    if state::resembles(text) {
        let judged = state::verify(text, policy).map_err(|invalid| judged(&invalid, path));
        return Some(judged.map(|it| about_state::words(&it)));
    }
    receipt::is_entry(text).then(|| {
        let judged = receipt::verify_entry(text, policy).map_err(|invalid| judged(&invalid, path));
        Ok(transaction::words(&judged?))
    })
}

fn judged(invalid: &Invalid, path: &Path) -> Failure {
    let name = path.display();
    if invalid.is_unusable() {
        Failure::new(format!("{name} is not a receipt"))
            .cause(invalid)
            .status(UNUSABLE)
    } else {
        Failure::new(format!("{name} is NOT VALID"))
            .cause(invalid)
            .hint(hint(invalid.code()))
    }
}

fn read(path: &Path, bytes_max: u64) -> Outcome<Vec<u8>> {
    let told = || format!("{} cannot be read", path.display());
    let size = std::fs::metadata(path)
        .explain(told)
        .map_err(unusable)?
        .len();
    if size > bytes_max {
        let cause = format!("{size} bytes, at most {bytes_max}");
        return Err(Failure::new(told()).cause(cause).status(UNUSABLE));
    }
    std::fs::read(path).explain(told).map_err(unusable)
}

fn unusable(failure: Failure) -> Failure {
    failure
        .hint("salus verify RECEIPT --trust FILE [--record FILE]")
        .status(UNUSABLE)
}

fn hint(code: &str) -> &'static str {
    match code {
        "origin" => "this trust file is of another ledger, or older than its members",
        "record" => "the record was changed, or it is another version than the receipt's",
        "quorum" => "too few members of the trust file stand behind it",
        _ => "ask the organisation for the receipt again; do not rely on this one",
    }
}

fn words(verified: &Verified, with_record: bool) -> String {
    use std::fmt::Write;
    let event = &verified.event;
    let mut text = String::from("VALID\n");
    let mut line = |name: &str, value: &dyn std::fmt::Display| {
        let _ = writeln!(text, "  {name:<13}{value}");
    };
    line(
        "record",
        &format_args!("{}/{}", event.record_type, event.record_id),
    );
    line(
        "version",
        &format_args!("{} ({})", event.version, action(event.action)),
    );
    line("written", &instant(event.time_us / 1000));
    line("by", &event.organisation);
    line("ledger", &verified.chain);
    line(
        "block",
        &format_args!("{} of {}", verified.height, instant(verified.time_ms)),
    );
    line(
        "entry",
        &format_args!("{} of {}", verified.index, verified.size),
    );
    line("cosigned by", &verified.cosigners.join(", "));
    let compared = if with_record {
        "the one that was committed"
    } else {
        "not compared (--record)"
    };
    line("content", &compared);
    text
}

fn action(action: Action) -> &'static str {
    match action {
        Action::Create => "created",
        Action::Update => "updated",
        Action::Delete => "deleted",
    }
}

fn instant(time_ms: u64) -> String {
    let nanoseconds = i128::from(time_ms) * 1_000_000;
    time::OffsetDateTime::from_unix_timestamp_nanos(nanoseconds)
        .ok()
        .and_then(|at| {
            at.format(&time::format_description::well_known::Rfc3339)
                .ok()
        })
        .unwrap_or_else(|| format!("{time_ms} ms after 1970"))
}
