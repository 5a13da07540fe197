//! Trials as the answers of `/trials` show them.

use hospital::instant;
use hospital::trials::{
    Change, Line, Made, Match, Minimisation, ParticipantSeen, Protocol, TrialSeen, What, When,
};
use proof::Digest;
use serde_json::{Value, json};

pub(super) fn told_line(line: &Line) -> Value {
    let kinds: Vec<&str> = line.kinds.iter().map(|it| it.word()).collect();
    let changes: Vec<Value> = line.changes.iter().map(told_change).collect();
    let links = line.links.iter().map(|it| {
        let by = match it.by {
            Match::Id => json!("id"),
            Match::Name => json!("name"),
            Match::Likeness { per_mille } => json!({ "likeness_per_mille": per_mille }),
        };
        json!({ "version": it.version, "by": by })
    });
    json!({
        "id": line.id,
        "name": line.name,
        "rank": line.rank.word(),
        "is": kinds,
        "is_explained": line.is_explained(),
        "compared_with": line.compared_with,
        "first_registered": line.first_registered,
        "last_registered": line.last_registered,
        "reported_id": line.reported_id,
        "reads_as": line.reads_as,
        "changes": changes,
        "links": links.collect::<Vec<_>>(),
    })
}

fn told_change(change: &Change) -> Value {
    let what = match &change.what {
        What::Added => json!({ "what": "added" }),
        What::Dropped => json!({ "what": "dropped" }),
        What::Field { field, from, to } => {
            json!({ "what": format!("{field:?}").to_lowercase(), "from": from, "to": to })
        }
    };
    let made = match &change.made {
        Made::ReportAlone => json!({ "by": "the report alone" }),
        Made::Amendment {
            version,
            reason,
            when,
            ..
        } => json!({
            "by": "an amendment", "version": version, "reason": reason,
            "when": match when {
                When::BeforeData => "before data",
                When::AfterData => "after data",
                When::AfterUnblinding => "after unblinding",
            },
        }),
    };
    json!({ "change": what, "made": made })
}

pub(super) fn text(digest: &Digest) -> String {
    digest.to_string()
}

pub(super) fn ms(time_ms: u64) -> String {
    instant::fhir(i64::try_from(time_ms).unwrap_or(i64::MAX / 1_000) * 1_000)
}

pub(super) fn told(seen: &TrialSeen) -> Value {
    let known = &seen.known;
    let versions = seen.versions.iter().map(|it| {
        let (protocol, reason) = match &it.protocol {
            Some((protocol, reason)) => (Some(protocol), Some(reason)),
            None => (None, None),
        };
        json!({ "version": it.number, "sealed": ms(it.sealed.time_ms),
            "commitment": text(&it.sealed.protocol), "enrolled_before": it.sealed.enrolled,
            "protocol": protocol.map(without_usdm),
            "has_usdm": protocol.is_some_and(|it| it.usdm.is_some()), "reason": reason })
    });
    let sites = seen.sites.iter().map(|site| {
        let it = &site.known;
        json!({ "organisation": site.id, "accepted": it.accepted, "is_listed": it.is_listed(),
            "beacon": it.beacon.as_ref().map(text),
            "sponsor_root": it.sponsor.root.as_ref().map(text),
            "site_root": it.site.root.as_ref().map(text),
            "sponsor_secret": it.sponsor.secret.as_ref().map(text),
            "site_secret": it.site.secret.as_ref().map(text),
            "slots": it.strata, "next": it.next, "withdrawn": site.withdrawn,
            "unblinded": site.unblinded.iter().map(unblinded).collect::<Vec<_>>() })
    });
    let decisions = (1..)
        .zip(&seen.decisions)
        .map(|(number, (it, reason)): (u32, _)| {
            json!({ "number": number, "locks": it.decision.locks(), "voices": it.voices,
            "reason": reason,
            "effective": Some(it.effective_ms).filter(|it| *it > 0).map(ms) })
        });
    let reports = (1..).zip(&seen.reports).map(|(number, it): (u32, _)| {
        json!({ "number": number, "reported": ms(it.time_ms), "version": it.version,
            "lock": it.lock.number })
    });
    let parties = known.parties.iter();
    let parties =
        parties.map(|it| json!({ "organisation": it.organisation, "role": it.role.word() }));
    json!({
        "id": text(&seen.id),
        "role": seen.role.word(),
        "sponsor": known.sponsor,
        "parties": parties.collect::<Vec<_>>(),
        "quorum": known.quorum,
        "version": known.version,
        "reconsent": known.reconsent,
        "enrolled": known.enrolled,
        "lock": known.lock.map(|it| json!({ "number": it.number, "rows": it.rows,
            "snapshot": text(&it.snapshot), "programs": text(&it.programs) })),
        "versions": versions.collect::<Vec<_>>(),
        "sites": sites.collect::<Vec<_>>(),
        "minimisation": seen.minimisation.as_ref().map(told_minimisation),
        "decisions": decisions.collect::<Vec<_>>(),
        "reports": reports.collect::<Vec<_>>(),
    })
}

/// A protocol without its study document, which may be long and has an address of its own.
fn without_usdm(protocol: &Protocol) -> Value {
    let mut told = json!(protocol);
    if let Some(members) = told.as_object_mut() {
        members.shift_remove("usdm");
    }
    told
}

pub(super) fn told_minimisation(it: &Minimisation) -> Value {
    json!({ "allocator": it.allocator, "key": text(&Digest(it.key.0)),
        "beacon": it.beacon.as_ref().map(text) })
}

fn unblinded((participant, time_ms): &(Digest, u64)) -> Value {
    json!({ "participant": text(participant), "opened": ms(*time_ms) })
}

pub(super) fn told_participant(it: &ParticipantSeen) -> Value {
    json!({
        "subject": it.subject,
        "participant": text(&it.participant),
        "patient": it.patient,
        "stratum": it.known.stratum,
        "slot": it.known.slot,
        "enrolled": ms(it.known.enrolled_ms),
        "version": it.known.version,
        "must_consent": it.must_consent,
        "withdrawn": it.known.withdrawn.map(|(time, _)| ms(time)),
        "unblinded": it.known.unblinded.map(|(time, _)| ms(time)),
        "is_opened": it.is_opened,
        "arm": it.arm,
    })
}
