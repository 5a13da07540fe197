//! What the certificate of an erasure shows, in words.

use super::instant;
use super::transaction::line;
use consent::acts::Certified;

/// The words of a valid certificate.
pub(super) fn words(certified: &Certified) -> String {
    let mut text = String::from("VALID\n");
    line(&mut text, "what", &"the certificate of an erasure");
    line(&mut text, "patient", &certified.patient);
    line(&mut text, "custodian", &certified.custodian);
    let erased = &certified.erased;
    line(&mut text, "ledger", &erased.entry.transaction.header.chain);
    let block = format!(
        "{} of {}",
        erased.entry.height,
        instant(erased.entry.time_ms)
    );
    line(&mut text, "erased", &format_args!("in block {block}"));
    for it in &certified.attested {
        let when = format!("{} in block {}", it.entry.organisation, it.entry.height);
        line(&mut text, "attested by", &when);
    }
    line(&mut text, "cosigned by", &erased.cosigners.join(", "));
    text
}
