//! What a proof about the state shows, in words.

use super::instant;
use super::transaction::{hour, line};
use consent::acts::{Delegation, Granted};
use proof::codec::Canonical;
use proof::state::VerifiedState;

/// The words of a valid proof.
pub(super) fn words(verified: &VerifiedState) -> String {
    let mut text = String::from("VALID\n");
    line(&mut text, "key", &key(&verified.key));
    match &verified.value {
        None => line(&mut text, "says", &"nothing: it is absent"),
        Some(value) => said(&mut text, &verified.key, value),
    }
    line(&mut text, "ledger", &verified.ledger);
    line(&mut text, "after block", &verified.height);
    let (first, last) = verified.cosigned_s;
    let stated = format!("{} to {}", instant(first * 1_000), instant(last * 1_000));
    line(&mut text, "stated", &stated);
    line(&mut text, "cosigned by", &verified.cosigners.join(", "));
    text
}

/// The word of a key, and what follows its slash: text where it is text, else hexadecimal digits.
fn key(key: &[u8]) -> String {
    let slash = key
        .iter()
        .position(|byte| *byte == b'/')
        .map_or(0, |it| it + 1);
    let (word, rest) = key.split_at(slash);
    let word = String::from_utf8_lossy(word);
    if rest.iter().all(u8::is_ascii_graphic) {
        return format!("{word}{}", String::from_utf8_lossy(rest));
    }
    hex(&word, rest)
}

fn hex(start: &str, bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(start.to_owned(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn said(text: &mut String, key: &[u8], value: &[u8]) {
    let state = |revoked: Option<u64>| {
        revoked.map_or("present and not revoked".to_owned(), |height| {
            format!("revoked at block {height}")
        })
    };
    if key.starts_with(b"grant/")
        && let Ok(granted) = Granted::from_bytes(value)
    {
        line(text, "says", &state(granted.revoked));
        line(text, "custodian", &granted.custodian);
        let valid = format!("{} to {}", hour(granted.from), hour(granted.until));
        line(text, "valid", &valid);
        line(
            text,
            "granted",
            &format_args!("at block {}", granted.height),
        );
        return;
    }
    if key.starts_with(b"delegation/")
        && let Ok(delegation) = Delegation::from_bytes(value)
    {
        line(text, "says", &state(delegation.revoked));
        line(text, "until", &hour(delegation.until));
        return;
    }
    line(text, "says", &hex("present: ", value));
}
