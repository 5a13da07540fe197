//! The columns of each report, each with the provision that asks for it.

use hospital::report::{ReportKind, ReportLine, ReportPage};

/// One column.
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) provision: &'static str,
    /// Its text in a line; the second argument is the FHIR base.
    pub(super) value: fn(&ReportLine, &str) -> String,
}

macro_rules! column {
    ($name:literal, $title:literal, $provision:literal, $value:expr) => {
        Column {
            name: $name,
            title: $title,
            provision: $provision,
            value: $value,
        }
    };
}

const DISCLOSURES: &[Column] = &[
    column!("date", "Date", "45 CFR 164.528(b)(2)(i)", |line, _| line
        .at
        .clone()),
    column!(
        "recipient",
        "Recipient",
        "45 CFR 164.528(b)(2)(ii)",
        |line, _| { line.recipient.clone().unwrap_or_default() }
    ),
    column!("what", "What", "45 CFR 164.528(b)(2)(iii)", |line, _| what(
        line
    )),
    column!(
        "purpose",
        "Purpose",
        "45 CFR 164.528(b)(2)(iv)",
        |line, _| { line.purpose.clone().unwrap_or_default() }
    ),
    column!(
        "asked_by",
        "Asked by",
        "GDPR article 15(1)(c)",
        |line, _| who(line)
    ),
    column!("basis", "Basis", "GDPR article 15(1)(a)", |line, _| {
        line.basis.clone().unwrap_or_default()
    }),
    column!("event", "Event", "proof", |line, _| event(line)),
    column!("receipt", "Receipt", "proof", receipt),
];

const ACCESSES: &[Column] = &[
    column!("who", "Who", "EHDS article 9(2)(a)", |line, _| who(line)),
    column!(
        "organisation",
        "Organisation",
        "EHDS article 9(2)(a)",
        |line, _| {
            line.recipient
                .clone()
                .unwrap_or_else(|| line.organisation.clone())
        }
    ),
    column!("time", "Time", "EHDS article 9(2)(b)", |line, _| line
        .at
        .clone()),
    column!(
        "what",
        "Which data",
        "EHDS article 9(2)(c)",
        |line, _| what(line)
    ),
    column!("deed", "Deed", "GDPR article 15(1)", |line, _| line
        .deed
        .clone()),
    column!("purpose", "Purpose", "GDPR article 15(1)(a)", |line, _| {
        line.purpose.clone().unwrap_or_default()
    }),
    column!(
        "outcome",
        "Outcome",
        "IHE BALP",
        |line, _| match &line.reasons {
            Some(reasons) => format!("{} ({reasons})", line.outcome),
            None => line.outcome.to_owned(),
        }
    ),
    column!("event", "Event", "proof", |line, _| event(line)),
    column!("receipt", "Receipt", "proof", receipt),
];

/// What the privacy officer sees beside it.
const SUSPENDED: Column = column!(
    "suspended_until",
    "Suspended until",
    "45 CFR 164.528(a)(2)",
    |line, _| line.suspended.clone().unwrap_or_default()
);

/// The columns of a report.
pub(super) fn of(page: &ReportPage) -> impl Iterator<Item = &'static Column> + Clone {
    let columns = match page.kind {
        ReportKind::Disclosures => DISCLOSURES,
        ReportKind::Accesses => ACCESSES,
    };
    columns.iter().chain(page.officer.then_some(&SUSPENDED))
}

/// What a report is called.
pub(super) fn title(kind: ReportKind) -> &'static str {
    match kind {
        ReportKind::Disclosures => "Accounting of disclosures",
        ReportKind::Accesses => "Notice of accesses",
    }
}

fn who(line: &ReportLine) -> String {
    if line.role.is_empty() {
        line.who.clone()
    } else {
        format!("{} ({})", line.who, line.role)
    }
}

/// `Observation: 3, Patient: 1`
fn what(line: &ReportLine) -> String {
    let parts: Vec<String> = line
        .what
        .iter()
        .map(|(type_, count)| format!("{type_}: {count}"))
        .collect();
    parts.join(", ")
}

fn event(line: &ReportLine) -> String {
    format!("AuditEvent/{}/_history/{}", line.id, line.version)
}

fn receipt(line: &ReportLine, base: &str) -> String {
    format!("{base}/{}/$receipt", event(line))
}
