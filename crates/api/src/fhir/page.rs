//! Pages of searches and histories as Bundles. Stored resources are copied in as they are.

use hospital::pairs::{self, Pairs};
use hospital::request::Target;
use hospital::search::PAGE_TOKEN;
use hospital::{HistoryOf, Record, SearchPage, instant};
use serde_json::Value;

use super::view;
use crate::outcome::warnings;
use fhir::validate::{Issue, Severity};

/// A Bundle that is written entry by entry.
pub(super) struct Writer {
    out: Vec<u8>,
    entries: usize,
}

impl Writer {
    pub(super) fn new(kind: &str, now_us: i64, bytes: usize) -> Self {
        let mut out = Vec::with_capacity(bytes + 1024);
        let head = format!(
            "{{\"resourceType\":\"Bundle\",\"meta\":{{\"lastUpdated\":\"{}\"}},\"type\":\"{kind}\"",
            instant::fhir(now_us)
        );
        out.extend_from_slice(head.as_bytes());
        Self { out, entries: 0 }
    }

    pub(super) fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    pub(super) fn text(&mut self, text: &str) {
        self.raw(&Value::from(text).to_string());
    }

    fn links(&mut self, links: &[(&str, String)]) {
        self.raw(",\"link\":[");
        for (at, (relation, url)) in links.iter().enumerate() {
            self.raw(if at == 0 { "" } else { "," });
            self.raw(&format!("{{\"relation\":\"{relation}\",\"url\":"));
            self.text(url);
            self.raw("}");
        }
        self.raw("]");
    }

    pub(super) fn entry(&mut self) {
        self.raw(if self.entries == 0 {
            ",\"entry\":[{"
        } else {
            ",{"
        });
        self.entries += 1;
    }

    pub(super) fn resource(&mut self, body: &[u8]) {
        self.raw("\"resource\":");
        self.out.extend_from_slice(body);
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.raw(if self.entries == 0 { "}" } else { "]}" });
        self.out
    }
}

/// A searchset. FHIR R4 3.1.1.6.
pub(super) fn search(page: &SearchPage, base: &str, now_us: i64) -> Vec<u8> {
    let bytes: usize = page
        .matches
        .iter()
        .chain(&page.included)
        .map(|it| it.body.len() + 200)
        .sum();
    let mut writer = Writer::new("searchset", now_us, bytes);
    if let Some(total) = page.total {
        writer.raw(&format!(",\"total\":{total}"));
    }
    let path = format!("{base}/{}", page.path);
    writer.links(&links(&path, &page.used, page.next.as_deref()));
    for (records, mode) in [(&page.matches, "match"), (&page.included, "include")] {
        for record in records {
            writer.entry();
            full_url(&mut writer, base, record);
            writer.resource(&view::shown(&record.body, &page.view));
            writer.raw(&format!(",\"search\":{{\"mode\":\"{mode}\"}}}}"));
        }
    }
    let remarks = remarks(&page.ignored, page.included_cut);
    if !remarks.is_empty() {
        writer.entry();
        writer.resource(warnings(&remarks).to_string().as_bytes());
        writer.raw(",\"search\":{\"mode\":\"outcome\"}}");
    }
    writer.finish()
}

/// A history. FHIR R4 3.1.0.9.
pub(super) fn history(page: &HistoryOf, base: &str, now_us: i64) -> Vec<u8> {
    let bytes: usize = page.versions.iter().map(|it| it.body.len() + 300).sum();
    let mut writer = Writer::new("history", now_us, bytes);
    let path = match &page.target {
        Target::InstanceHistory(type_, id) => format!("{base}/{type_}/{id}/_history"),
        Target::TypeHistory(type_) => format!("{base}/{type_}/_history"),
        _ => format!("{base}/_history"),
    };
    writer.links(&links(&path, &page.used, page.next.as_deref()));
    for record in &page.versions {
        writer.entry();
        full_url(&mut writer, base, record);
        if !record.deleted() {
            writer.resource(&record.body);
            writer.raw(",");
        }
        writer.raw(&request_and_response(record));
    }
    writer.finish()
}

/// What made a version, and what was answered. FHIR R4 bdl-3, bdl-4.
fn request_and_response(record: &Record) -> String {
    use hospital::Method as M;
    let (verb, url, status) = match record.method {
        M::Post => ("POST", record.type_.clone(), "201 Created"),
        M::Put if record.version == 1 => ("PUT", record.reference(), "201 Created"),
        M::Put => ("PUT", record.reference(), "200 OK"),
        M::Patch => ("PATCH", record.reference(), "200 OK"),
        M::Delete => ("DELETE", record.reference(), "204 No Content"),
    };
    format!(
        "\"request\":{{\"method\":\"{verb}\",\"url\":\"{url}\"}},\"response\":{{\"status\":\
         \"{status}\",\"etag\":\"W/\\\"{}\\\"\",\"lastModified\":\"{}\"}}}}",
        record.version,
        instant::fhir(record.updated_us)
    )
}

fn full_url(writer: &mut Writer, base: &str, record: &Record) {
    writer.raw("\"fullUrl\":");
    writer.text(&format!("{base}/{}", record.reference()));
    writer.raw(",");
}

fn links(path: &str, used: &Pairs, next: Option<&str>) -> Vec<(&'static str, String)> {
    let url = |pairs: &Pairs| match pairs::encode(pairs) {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    };
    let mut links = vec![("self", url(used))];
    if let Some(token) = next {
        let mut pairs = used.clone();
        pairs.push((PAGE_TOKEN.to_owned(), token.to_owned()));
        links.push(("next", url(&pairs)));
    }
    links
}

fn remarks(ignored: &[String], included_cut: bool) -> Vec<Issue> {
    let warning = |code, text| Issue {
        severity: Severity::Warning,
        code,
        expression: String::new(),
        text,
    };
    let mut remarks: Vec<Issue> = ignored
        .iter()
        .take(20)
        .map(|name| {
            let name: String = name
                .chars()
                .filter(|it| !it.is_control())
                .take(64)
                .collect();
            warning(
                "not-supported",
                format!("the parameter `{name}` was left out"),
            )
        })
        .collect();
    if included_cut {
        remarks.push(warning(
            "too-costly",
            "not everything included is on this page".into(),
        ));
    }
    remarks
}
