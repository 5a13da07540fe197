//! Research and participation as the answers of `/research` show them.

use hospital::instant;
use hospital::research::{RESEARCH_FORM, ResearchDataset, Study};
use hospital::trials::{Keep, Participation};
use serde_json::{Value, json};

pub(super) fn told(it: &Study) -> Value {
    let decided = it.decided.as_ref();
    let decided = decided.map(|it| json!({ "by": it.by, "at": it.at, "text": it.text }));
    let elements: Vec<&str> = it.of.elements.iter().map(|it| it.word()).collect();
    json!({
        "id": it.id,
        "version": it.version,
        "by": it.by,
        "asked": it.asked,
        "purpose": it.of.purpose,
        "approval": it.of.approval,
        "cohort": it.of.cohort,
        "elements": elements,
        "state": it.state.word(),
        "decided": decided,
    })
}

/// The lines of a dataset, the first of them its head.
pub(super) fn lines(made: &ResearchDataset) -> String {
    let head = json!({
        "form": RESEARCH_FORM,
        "organisation": made.organisation,
        "request": made.request,
        "rows": made.rows.len(),
        "persons": made.persons,
        "left_out": made.left_out,
        "record": made.record,
        "receipt": made.receipt,
    });
    let mut lines = format!("{head}\n");
    for (at, (row, path)) in made.rows.iter().enumerate() {
        let path: Vec<String> = path.iter().map(ToString::to_string).collect();
        lines.push_str(&json!({ "at": at, "row": row, "path": path }).to_string());
        lines.push('\n');
    }
    lines
}

fn ms(time_ms: u64) -> String {
    instant::fhir(i64::try_from(time_ms).unwrap_or(i64::MAX / 1_000) * 1_000)
}

/// What a participant is told of a trial.
pub(super) fn participation(it: &Participation) -> Value {
    let versions = it.versions.iter().map(|version| {
        json!({ "version": version.number, "sealed": ms(version.sealed_ms),
            "enrolled_before": version.enrolled, "commitment": version.commitment.to_string(),
            "is_the_sealed": version.is_the_sealed, "reason": version.reason })
    });
    let consents = it.consents.iter().map(|consent| {
        json!({ "version": consent.version, "text": consent.text, "key": consent.key,
            "commitment": consent.commitment.map(|it| it.to_string()), "entry": consent.entry })
    });
    let withdrawn = it.withdrawn.map(|(time_ms, keep, entry)| {
        let keep = match keep {
            Keep::Collected => "collected",
            Keep::Lawful => "lawful",
        };
        json!({ "at": ms(time_ms), "keep": keep, "entry": entry })
    });
    let parties = it.parties.iter();
    let parties = parties.map(|(name, role)| json!({ "organisation": name, "role": role }));
    let digest = |it: Option<proof::Digest>| it.map(|it| it.to_string());
    json!({
        "trial": it.trial.to_string(),
        "title": it.title,
        "sponsor": it.sponsor,
        "parties": parties.collect::<Vec<_>>(),
        "participant": it.participant.to_string(),
        "enrolled": ms(it.enrolled_ms),
        "version": it.version,
        "in_force": it.in_force,
        "must_consent": it.must_consent,
        "withdrawn": withdrawn,
        "unblinded": it.unblinded_ms.map(ms),
        "is_locked": it.is_locked,
        "is_listed": it.site.is_listed(),
        "beacon": digest(it.site.beacon),
        "sponsor_root": digest(it.site.sponsor.root),
        "site_root": digest(it.site.site.root),
        "versions": versions.collect::<Vec<_>>(),
        "consents": consents.collect::<Vec<_>>(),
    })
}
