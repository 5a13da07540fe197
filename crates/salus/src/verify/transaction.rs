//! What a receipt of a transaction shows, in words.

use super::instant;
use consent::acts::{BreakGlass, Delegate, Erase, EraseAttest, Grant, HOUR_MS, Review, Revoke};
use ledger::Kind;
use proof::codec::Canonical;
use proof::receipt::VerifiedEntry;
use std::fmt::{Display, Write};
use supply::acts::{Moves, TradeKeyBody};

/// The words of a valid receipt.
pub(super) fn words(verified: &VerifiedEntry) -> String {
    let entry = &verified.entry;
    let header = &entry.transaction.header;
    let mut text = String::from("VALID\n");
    let kind = Kind::of(header.kind);
    line(
        &mut text,
        "what",
        &kind.map_or("a kind not known to this release", name),
    );
    for (name, value) in details(kind, &entry.transaction.body) {
        line(&mut text, name, &value);
    }
    line(&mut text, "by", &entry.organisation);
    line(&mut text, "ledger", &header.chain);
    let block = format!("{} of {}", entry.height, instant(entry.time_ms));
    line(&mut text, "block", &block);
    let place = format!("{} of {}", verified.index, verified.size);
    line(&mut text, "entry", &place);
    line(&mut text, "cosigned by", &verified.cosigners.join(", "));
    text
}

/// One line of an answer.
pub(super) fn line(text: &mut String, name: &str, value: &dyn Display) {
    let _ = writeln!(text, "  {name:<13}{value}");
}

/// The hour of a bucket.
pub(super) fn hour(hour: u32) -> String {
    instant(u64::from(hour) * HOUR_MS)
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Batch => "a batch of evidence",
        Kind::Propose => "a proposal to the consortium",
        Kind::Vote => "a vote on a proposal",
        Kind::RotateKey => "another transaction key",
        Kind::Announce => "the service record of the organisation",
        Kind::Grant => "a grant: a patient allows",
        Kind::Revoke => "a revocation: a patient ends a grant or a delegation",
        Kind::BreakGlass => "an emergency opening",
        Kind::Review => "the review of an emergency opening",
        Kind::Erase => "an erasure",
        Kind::EraseAttest => "the attestation of an erasure by a holder",
        Kind::Delegate => "a delegation: somebody acts for a patient",
        Kind::Moves => "moves of packs in the trade in medicines",
        Kind::TradeKey => "another key of the trade in medicines",
        Kind::Escrow => "what openings of the trade in medicines are compared with",
        Kind::Inquiry => "an inquiry of the openers of the trade in medicines, or an answer",
        Kind::Trial => "an act of a clinical trial",
    }
}

/// What the body says; nothing of a body that the rules would have refused.
fn details(kind: Option<Kind>, body: &[u8]) -> Vec<(&'static str, String)> {
    let found = match kind {
        Some(Kind::Grant) => Grant::from_bytes(body).map(|it| {
            let kept = if it.custodial {
                "the organisation"
            } else {
                "the patient"
            };
            vec![
                ("id", it.id.to_string()),
                ("valid", format!("{} to {}", hour(it.from), hour(it.until))),
                ("key kept by", kept.to_owned()),
            ]
        }),
        Some(Kind::Revoke) => Revoke::from_bytes(body).map(|it| vec![("id", it.id.to_string())]),
        Some(Kind::BreakGlass) => BreakGlass::from_bytes(body).map(|it| opening(&it)),
        Some(Kind::Review) => Review::from_bytes(body).map(|it| {
            let verdict = it.verdict.as_str().to_owned();
            vec![("id", it.id.to_string()), ("verdict", verdict)]
        }),
        Some(Kind::Erase) => Erase::from_bytes(body).map(|it| vec![("id", it.id.to_string())]),
        Some(Kind::EraseAttest) => {
            EraseAttest::from_bytes(body).map(|it| vec![("id", it.id.to_string())])
        }
        Some(Kind::Delegate) => Delegate::from_bytes(body)
            .map(|it| vec![("id", it.id.to_string()), ("until", hour(it.until))]),
        Some(Kind::Moves) => Moves::from_bytes(body).map(|it| {
            let act = it.act().to_owned();
            vec![("act", act), ("items", it.count().to_string())]
        }),
        Some(Kind::TradeKey) => {
            TradeKeyBody::from_bytes(body).map(|it| vec![("epoch", it.epoch.to_string())])
        }
        _ => return Vec::new(),
    };
    found.unwrap_or_default()
}

fn opening(body: &BreakGlass) -> Vec<(&'static str, String)> {
    let custodian = body.custodian.as_deref().unwrap_or("the opener itself");
    let mut lines = vec![
        ("id", body.id.to_string()),
        ("reason", body.reason.as_str().to_owned()),
        ("custodian", custodian.to_owned()),
        ("hours", body.hours.to_string()),
    ];
    if let Some(time_ms) = body.late {
        lines.push((
            "late",
            format!("opened without a quorum at {}", instant(time_ms)),
        ));
    }
    lines
}
