//! What evidence of misconduct shows, in plain words: who, what, when, and what follows.

use super::instant;
use super::transaction::line;
use ledger::evidence::{Forked, Misconduct, Released, Silent, TwoEntries, TwoHistories};
use proof::receipt::VerifiedEntry;
use proof::transaction::Batch;
use std::fmt::Write;

/// The words of valid evidence.
pub(super) fn words(misconduct: &Misconduct) -> String {
    let mut text = String::from("VALID\n");
    match misconduct {
        Misconduct::Released(it) => released(&mut text, it),
        Misconduct::Forked(it) => forked(&mut text, it),
        Misconduct::Silent(it) => silent(&mut text, it),
        Misconduct::TwoHistories(it) => two_histories(&mut text, it),
        Misconduct::TwoEntries(it) => two_entries(&mut text, it),
    }
    text
}

/// What the file proves and what it does not, below the facts.
fn meaning(text: &mut String, sentences: &[&str]) {
    text.push('\n');
    for sentence in sentences {
        let _ = writeln!(text, "{sentence}");
    }
}

fn released(text: &mut String, it: &Released) {
    let release = &it.release;
    let (height, cosigners) = &it.state;
    line(text, "what", &"MISCONDUCT: a release after the revocation");
    line(text, "by", &release.custodian);
    line(text, "to", &release.recipient);
    line(text, "grant", &release.pass);
    line(text, "granted", &format_args!("in block {}", it.granted));
    line(text, "revoked", &format_args!("in block {}", it.revoked));
    let decided = format!("after block {}", release.height);
    line(text, "released", &decided);
    let clock = format!("{} by its own clock", instant(release.time_ms));
    line(text, "at", &clock);
    line(text, "records", &release.records);
    line(text, "content", &release.content);
    line(text, "ledger", &release.chain);
    let stated = format!("after block {height} by {}", cosigners.join(", "));
    line(text, "state", &stated);
    meaning(
        text,
        &[
            "The custodian signed that it released these records under this grant, and that it",
            "decided so on a ledger in which the patient had ended the grant. A quorum of the",
            "validators says that the grant was revoked by then. No honest node does this.",
            "Not shown: what was in the records, and that the recipient read them.",
        ],
    );
}

fn forked(text: &mut String, it: &Forked) {
    let entry = &it.accepted.entry;
    line(text, "what", &"MISCONDUCT: two batches in one place");
    line(text, "by", &entry.organisation);
    accepted(text, "accepted", &it.accepted);
    batch(text, "", &it.batch);
    line(text, "and signed", &"another one with the same key:");
    batch(text, "", &it.other);
    line(text, "ledger", &entry.transaction.header.chain);
    line(text, "cosigned by", &it.accepted.cosigners.join(", "));
    meaning(
        text,
        &[
            "The organisation signed two batches of which one at most can be in its chain: it told",
            "one story to the ledger and another to somebody else. Receipts of the other batch",
            "prove nothing on this ledger. An organisation that went on from an old copy of its",
            "database does the same, and has lost what it promised to keep.",
        ],
    );
}

fn silent(text: &mut String, it: &Silent) {
    let entry = &it.before.entry;
    line(text, "what", &"SILENCE: a long time without a batch");
    line(text, "by", &entry.organisation);
    let last = format!("batch {}", it.sequence);
    line(text, "before", &last);
    accepted(text, "", &it.before);
    line(text, "after", &format_args!("batch {}", it.sequence + 1));
    accepted(text, "", &it.after);
    line(
        text,
        "lasted",
        &format_args!("{} s", it.lasted_ms() / 1_000),
    );
    line(text, "ledger", &entry.transaction.header.chain);
    line(text, "cosigned by", &it.after.cosigners.join(", "));
    meaning(
        text,
        &[
            "The organisation's chain of batches has nothing between these two: in this time it",
            "committed to no record, no access and no disclosure, though each member sends a",
            "batch at every interval. What it did meanwhile was not vouched for until later.",
            "Not shown: why. A node that stood still, or an organisation that was no member then,",
            "is silent too.",
        ],
    );
}

fn two_histories(text: &mut String, it: &TwoHistories) {
    let (what, number) = if it.of_state {
        ("MISCONDUCT: two states of one ledger", "block")
    } else {
        ("MISCONDUCT: two histories of one ledger", "entries")
    };
    line(text, "what", &what);
    line(text, "by", &it.cosigners.join(", "));
    line(text, "log", &it.one.origin);
    line(text, number, &it.one.size);
    line(text, "one root", &it.one.root);
    line(text, "another", &it.other.root);
    let many = if it.quorum {
        "a quorum: the ledger itself was forked"
    } else {
        "no quorum: only one of the two can have one without them"
    };
    line(text, "these are", &many);
    meaning(
        text,
        &[
            "Each of these validators signed two different roots for the same number. An honest",
            "validator signs what became final, which is one root. Trust none of these keys.",
        ],
    );
}

fn two_entries(text: &mut String, it: &TwoEntries) {
    line(
        text,
        "what",
        &"MISCONDUCT: two entries in one place of the history",
    );
    line(text, "by", &it.cosigners.join(", "));
    line(text, "place", &it.one.index);
    for (name, one) in [("one", &it.one), ("another", &it.other)] {
        let transaction = &one.entry.transaction;
        let id = format!("{} of {}", transaction.id(), one.entry.organisation);
        line(text, name, &id);
        accepted(text, "", one);
        line(text, "cosigned by", &one.cosigners.join(", "));
    }
    line(text, "ledger", &it.one.entry.transaction.header.chain);
    meaning(
        text,
        &[
            "Two ledgers of one name, each cosigned by a quorum, say something else in one place:",
            "the ledger was forked. The validators named signed both. Trust none of these keys.",
        ],
    );
}

fn accepted(text: &mut String, name: &str, it: &VerifiedEntry) {
    let block = format!(
        "in block {} of {}",
        it.entry.height,
        instant(it.entry.time_ms)
    );
    line(text, name, &block);
}

fn batch(text: &mut String, name: &str, it: &Batch) {
    line(
        text,
        name,
        &format_args!("batch {}, root {}", it.sequence, it.root),
    );
    line(text, "", &format_args!("after root {}", it.previous));
}
