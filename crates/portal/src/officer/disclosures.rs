//! Reports for a patient: the accounting of disclosures, and the notice of accesses.

use axum::Router;
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hospital::pairs;
use maud::{Markup, html};
use serde_json::Value;

use super::line::{self, list};
use crate::Portal;
use crate::form::{self, Choice, Faults, Line};
use crate::record::{counts, text};
use crate::trouble::Trouble;
use crate::visit::Visit;
use crate::{date, seal};

/// Lines of a page on the screen.
const PAGE: usize = 25;
/// Disclosures that a form offers: the newest.
const OFFERED: usize = 200;
/// Lines of a file, and of a page to print.
const FILE: usize = 1_000;

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal/disclosures", get(show))
        .route("/portal/disclosures/print", get(print))
        .route("/portal/disclosures/file", get(file))
}

/// What report is asked for.
#[derive(Clone)]
struct Ask {
    patient: String,
    from: String,
    to: String,
    kind: &'static str,
    after: String,
}

impl Ask {
    fn read(visit: &Visit) -> Self {
        Self {
            patient: visit.query("patient"),
            from: visit.query("from"),
            to: visit.query("to"),
            kind: match visit.query("kind").as_str() {
                "accesses" => "accesses",
                _ => "disclosures",
            },
            after: visit.query("after"),
        }
    }

    fn pairs(&self) -> Vec<(String, String)> {
        let fields = [
            ("patient", self.patient.as_str()),
            ("from", &self.from),
            ("to", &self.to),
            ("kind", self.kind),
            ("after", &self.after),
        ];
        let given = fields.into_iter().filter(|(_, value)| !value.is_empty());
        given
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    fn query(&self) -> String {
        pairs::encode(&self.pairs())
    }

    fn faults(&self, visit: &Visit) -> Faults {
        let mut faults = Faults::default();
        if !hospital::request::is_id(&self.patient) {
            faults.add("patient", visit.say("reports-fault-patient"));
        }
        for (name, value) in [("from", &self.from), ("to", &self.to)] {
            if !value.is_empty() && !is_day(value) {
                faults.add(name, visit.say("reports-fault-day"));
            }
        }
        faults
    }

    /// The door's address of this report.
    fn door(&self, count: usize, format: &str) -> String {
        let mut query: Vec<_> = self.pairs();
        query.retain(|(name, _)| name != "kind");
        query.push(("count".into(), count.to_string()));
        query.push(("format".into(), format.into()));
        format!("/reports/{}?{}", self.kind, pairs::encode(&query))
    }
}

fn is_day(text: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|it| it.is_ascii_digit());
    let parts: Vec<&str> = text.split('-').collect();
    matches!(parts.as_slice(), [year, month, day]
        if year.len() == 4 && month.len() == 2 && day.len() == 2
            && digits(year) && digits(month) && digits(day))
}

/// `GET /portal/disclosures?patient=&from=&to=&kind=&after=`
async fn show(visit: Visit) -> Result<Response, Trouble> {
    super::officer(&visit)?;
    let ask = Ask::read(&visit);
    let asked = visit
        .parts
        .uri
        .query()
        .is_some_and(|query| query.contains("patient="));
    let mut faults = if asked {
        ask.faults(&visit)
    } else {
        Faults::default()
    };
    let mut report = None;
    if asked && faults.is_empty() {
        match visit.get(&ask.door(PAGE, "json")).await {
            Ok(found) => report = Some(found),
            Err(trouble) => match trouble.words() {
                Some(said) => faults.add("", said.to_owned()),
                None if trouble.has_status(404) => {
                    faults.add("patient", visit.say("reports-fault-nobody"));
                }
                None => return Err(trouble),
            },
        }
    }
    let title = visit.say("way-disclosures");
    let content = html! {
        (faults.summary(&visit))
        h1 { (title) }
        p.lead { (visit.say("reports-lead")) }
        (asking(&visit, &ask, &faults))
        @if let Some(report) = &report { (shown(&visit, &ask, report)) }
    };
    Ok(visit.page(&title, &content))
}

fn asking(visit: &Visit, ask: &Ask, faults: &Faults) -> Markup {
    let kinds = ["disclosures", "accesses"].map(|kind| {
        let words = visit.say(&format!("reports-{kind}"));
        (
            kind.to_owned(),
            words,
            visit.say(&format!("reports-{kind}-hint")),
        )
    });
    let day = |name: &'static str, hint: String, value| {
        Line {
            name,
            kind: "date",
            label: visit.say(&format!("reports-{name}")),
            hint,
            value,
            autocomplete: "off",
        }
        .show(faults)
    };
    let patient = Line {
        name: "patient",
        kind: "text",
        label: visit.say("reports-patient"),
        hint: visit.say("reports-patient-hint"),
        value: &ask.patient,
        autocomplete: "off",
    };
    html! {
        form method="get" action="/portal/disclosures" {
            (patient.show(faults))
            (form::choices("kind", "radio", &visit.say("reports-kind"), "", &kinds, &[ask.kind],
                faults))
            div.columns {
                (day("from", visit.say("reports-from-hint"), ask.from.as_str()))
                (day("to", visit.say("reports-to-hint"), ask.to.as_str()))
            }
            button type="submit" { (visit.say("reports-go")) }
        }
    }
}

fn shown(visit: &Visit, ask: &Ask, report: &Value) -> Markup {
    let found = list(report, "lines");
    let next = text(report, "/next");
    let suspensions = pairs::encode(&[("patient".to_owned(), ask.patient.clone())]);
    html! {
        h2 { (visit.say(&format!("reports-{}", ask.kind))) }
        p { (period(visit, report)) }
        @if found.is_empty() { p { (visit.say("reports-none")) } }
        @else {
            p {
                a href={ "/portal/disclosures/file?" (ask.query()) }
                download { (visit.say("reports-csv")) }
                " · "
                a href={ "/portal/disclosures/print?" (ask.query()) }
                { (visit.say("reports-print")) }
            }
            (seal::all(visit.language))
            (lines(visit, ask.kind, report))
        }
        @if !next.is_empty() {
            @let older = Ask { after: next.to_owned(), ..ask.clone() };
            nav.pager aria-label=(visit.say("pager")) {
                a href={ "/portal/disclosures?" (older.query()) }
                rel="next" { (visit.say("pager-older")) }
            }
        }
        p { a href={ "/portal/suspensions?" (suspensions) } { (visit.say("reports-suspensions")) } }
    }
}

fn period(visit: &Visit, report: &Value) -> String {
    let made = date::moment(visit.language, text(report, "/made"));
    let from = date::day(visit.language, text(report, "/from"));
    let to = match text(report, "/to") {
        "" => made.clone(),
        to => date::day(visit.language, to),
    };
    visit.tell(
        "reports-period",
        &[("from", &from), ("to", &to), ("made", &made)],
    )
}

/// The lines for the screen: when, who or to whom, what for, and the seal.
fn lines(visit: &Visit, kind: &str, report: &Value) -> Markup {
    let accesses = kind == "accesses";
    let when = visit.say(if accesses {
        "column-time"
    } else {
        "column-date"
    });
    let whom = visit.say(if accesses {
        "column-who"
    } else {
        "column-recipient"
    });
    let what = visit.say("column-what");
    let proof = visit.say("column-seal");
    html! {
        div.wide tabindex="0" role="region" aria-label=(visit.say(&format!("reports-{kind}"))) {
            table.stack.report {
                thead { tr {
                    @for title in [&when, &whom, &what, &proof] { th scope="col" { (title) } }
                } }
                tbody { @for entry in list(report, "lines") {
                    tr {
                        td data-label=(when) {
                            (cell(visit, if accesses { "time" } else { "date" }, entry))
                        }
                        td data-label=(whom) {
                            div {
                                @if accesses { (accessor(visit, entry)) }
                                @else { (recipient(visit, entry)) }
                            }
                        }
                        td data-label=(what) { div { (deed(visit, entry)) } }
                        td data-label=(proof) {
                            (seal::of_event(visit.language, text(entry, "/event")))
                        }
                    }
                } }
            }
        }
    }
}

fn accessor(visit: &Visit, entry: &Value) -> Markup {
    html! {
        (cell(visit, "who", entry))
        span.more { (text(entry, "/organisation")) }
    }
}

fn recipient(visit: &Visit, entry: &Value) -> Markup {
    html! {
        (text(entry, "/recipient"))
        span.more { (visit.say("column-asked-by")) ": " (cell(visit, "asked_by", entry)) }
    }
}

/// What was done with which data, what for, under which permission, and what came of it.
fn deed(visit: &Visit, entry: &Value) -> Markup {
    let has = |name: &str| !entry[name].as_str().unwrap_or("").is_empty();
    let more = |name: &str, key: &str| {
        html! { @if has(name) { span.more { (visit.say(key)) ": " (cell(visit, name, entry)) } } }
    };
    html! {
        @if has("deed") { (cell(visit, "deed", entry)) @if has("what") { ": " } }
        (cell(visit, "what", entry))
        (more("purpose", "column-purpose"))
        (more("basis", "column-basis"))
        @if has("outcome") && entry["outcome"] != "permitted" {
            " " span.tag.strong { (cell(visit, "outcome", entry)) }
        }
        (more("suspended_until", "column-suspended-until"))
    }
}

/// The columns of the door in words, each with the provision that asks for it, for paper.
fn paper(visit: &Visit, kind: &str, report: &Value) -> Markup {
    let columns: Vec<&Value> = list(report, "columns")
        .iter()
        .filter(|column| text(column, "/name") != "receipt")
        .filter(|column| shows(column, list(report, "lines")))
        .collect();
    let title = |column: &Value| {
        visit.say(&format!(
            "column-{}",
            text(column, "/name").replace('_', "-")
        ))
    };
    html! {
        div.wide tabindex="0" role="region" aria-label=(visit.say(&format!("reports-{kind}"))) {
            table.stack.report {
                thead { tr { @for column in &columns {
                    th scope="col" {
                        (title(column))
                        @if text(column, "/provision") != "proof" {
                            span.more { (text(column, "/provision")) }
                        }
                    }
                } } }
                tbody { @for entry in list(report, "lines") {
                    tr { @for column in &columns {
                        td data-label=(title(column)) {
                            (cell(visit, text(column, "/name"), entry))
                        }
                    } }
                } }
            }
        }
    }
}

/// Whether a column says anything in these lines: an empty one takes room for nothing.
fn shows(column: &Value, lines: &[Value]) -> bool {
    let name = text(column, "/name");
    lines
        .iter()
        .any(|line| line[name].as_str().is_some_and(|it| !it.is_empty()))
}

fn cell(visit: &Visit, name: &str, entry: &Value) -> Markup {
    let value = entry[name].as_str().unwrap_or("");
    match name {
        "date" | "time" | "suspended_until" if !value.is_empty() => {
            date::stamp(visit.language, value)
        }
        "what" => html! { (counts(visit.language, value)) },
        "purpose" => html! { (line::coded(visit, "purpose", value)) },
        "asked_by" | "who" => html! { span.free { (line::who(visit, value)) } },
        "deed" => html! { (line::coded(visit, "deed", value)) },
        "outcome" => {
            let (code, reasons) = value.split_once(' ').unwrap_or((value, ""));
            html! { (line::coded(visit, "outcome", code)) " " (reasons) }
        }
        "basis" | "event" => html! { code { (value) } },
        _ => html! { (value) },
    }
}

/// `GET /portal/disclosures/print`: the same without anything around it, for paper.
async fn print(visit: Visit) -> Result<Response, Trouble> {
    super::officer(&visit)?;
    let ask = Ask::read(&visit);
    if !ask.faults(&visit).is_empty() {
        return Ok(Visit::go(&format!("/portal/disclosures?{}", ask.query())));
    }
    let report = visit.get(&ask.door(FILE, "json")).await?;
    let title = visit.say(&format!("reports-{}", ask.kind));
    let content = html! {
        p.back { a href={ "/portal/disclosures?" (ask.query()) } { (visit.say("reports-back")) } }
        h1 { (title) }
        dl.facts {
            div { dt { (visit.say("openings-patient")) } dd { code { (ask.patient) } } }
            div {
                dt { (visit.say("openings-organisation")) }
                dd { (text(&report, "/organisation")) }
            }
            div { dt { (visit.say("reports-time")) } dd { (period(&visit, &report)) } }
        }
        p { (visit.say("reports-print-hint")) }
        @if list(&report, "lines").is_empty() { p { (visit.say("reports-none")) } }
        @else { (paper(&visit, ask.kind, &report)) }
        @if !text(&report, "/next").is_empty() { div.note { p { (visit.say("reports-cut")) } } }
    };
    Ok(visit.page(&title, &content))
}

/// `GET /portal/disclosures/file`: the door's CSV.
async fn file(visit: Visit) -> Result<Response, Trouble> {
    super::officer(&visit)?;
    let ask = Ask::read(&visit);
    if !ask.faults(&visit).is_empty() {
        return Err(visit.absent());
    }
    let (_, bytes) = visit.ask(Method::GET, &ask.door(FILE, "csv"), None).await?;
    let name = format!("attachment; filename=\"{}-{}.csv\"", ask.kind, ask.patient);
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    let csv = HeaderValue::from_static("text/csv; charset=utf-8; header=present");
    headers.insert(header::CONTENT_TYPE, csv);
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// The disclosures of a patient for a form to choose from, newest first: the id of the event, to
/// whom and when, and what.
pub(super) async fn offered(visit: &Visit, patient: &str) -> Result<Vec<Choice>, Trouble> {
    let ask = Ask {
        patient: patient.to_owned(),
        from: String::new(),
        to: String::new(),
        kind: "disclosures",
        after: String::new(),
    };
    let report = visit.get(&ask.door(OFFERED, "json")).await?;
    let named = list(&report, "lines").iter().filter_map(|entry| {
        let id = text(entry, "/event").split('/').nth(1)?;
        let when = date::moment(visit.language, text(entry, "/date"));
        let what = match text(entry, "/what") {
            "" => visit.say("openings-one"),
            what => counts(visit.language, what),
        };
        Some((
            id.to_owned(),
            format!("{}, {when}", text(entry, "/recipient")),
            what,
        ))
    });
    Ok(named.collect())
}
