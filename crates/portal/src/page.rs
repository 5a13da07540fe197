//! The frame of every page: head, ways around, content.

use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use hospital::{Role, pairs};
use maud::{DOCTYPE, Markup, html};

use crate::Portal;
use crate::visit::Visit;
use crate::words::Language;
use crate::{asset, guard, seal};

/// What the frame shows around any content.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) language: Language,
    organisation: String,
    /// Who is signed in, as what.
    user: Option<(String, Role)>,
    /// The form token of the session; empty outside of one.
    token: String,
    /// The path of this page.
    path: String,
    /// The patient in whose place a delegate acts.
    acting_for: Option<String>,
}

/// The ways around for each role: path and word.
fn ways(role: Role) -> &'static [(&'static str, &'static str)] {
    match role {
        Role::Patient => &[
            ("/portal", "way-home"),
            ("/portal/record", "way-record"),
            ("/portal/trends", "way-trends"),
            ("/portal/accesses", "way-accesses"),
            ("/portal/permissions", "way-permissions"),
            ("/portal/more", "way-more"),
        ],
        Role::Clinician => &[
            ("/portal", "way-patients"),
            ("/portal/trials", "way-trials"),
            ("/portal/my-accesses", "way-my-accesses"),
        ],
        Role::Pharmacist => &[
            ("/portal", "way-patients"),
            ("/portal/packs", "way-packs"),
            ("/portal/trials", "way-trials"),
            ("/portal/my-accesses", "way-my-accesses"),
        ],
        Role::Auditor => &[
            ("/portal", "way-office"),
            ("/portal/disclosures", "way-disclosures"),
            ("/portal/openings", "way-openings"),
            ("/portal/questions", "way-questions"),
            ("/portal/research", "way-research"),
            ("/portal/trials", "way-trials"),
            ("/portal/ledger", "way-ledger"),
            ("/portal/evidence", "way-evidence"),
        ],
        Role::Admin => &[
            ("/portal", "way-overview"),
            ("/portal/organisations", "way-organisations"),
            ("/portal/people", "way-people"),
            ("/portal/operations", "way-operations"),
            ("/portal/ledger", "way-ledger"),
        ],
        Role::Researcher => &[
            ("/portal/trials", "way-trials"),
            ("/portal/research", "way-research"),
        ],
        Role::System => &[("/portal", "way-home")],
    }
}

impl Frame {
    pub(crate) fn of(visit: &Visit) -> Self {
        let caller = visit.caller();
        Self {
            language: visit.language,
            organisation: visit.organisation().to_owned(),
            user: Some((caller.username.clone(), caller.role)),
            token: visit.token(),
            path: visit
                .parts
                .uri
                .path_and_query()
                .map_or_else(String::new, |path| path.as_str().to_owned()),
            acting_for: visit.acting_for.clone(),
        }
    }

    /// The frame of a page that anybody may see.
    pub(crate) fn outside(portal: &Portal, parts: &Parts) -> Self {
        Self {
            language: Language::of(&parts.headers),
            organisation: portal.inside.hospital().organisation().to_owned(),
            user: None,
            token: String::new(),
            path: parts
                .uri
                .path_and_query()
                .map_or_else(String::new, |path| path.as_str().to_owned()),
            acting_for: None,
        }
    }

    fn here(&self) -> &str {
        self.path.split('?').next().unwrap_or("")
    }

    /// Which of the ways around leads to this page: the longest that its path begins with.
    fn current(&self, role: Role) -> &'static str {
        let here = self.here();
        let leads = |way: &&(&'static str, &str)| {
            here == way.0 || (way.0 != "/portal" && here.starts_with(&format!("{}/", way.0)))
        };
        let found = ways(role).iter().filter(leads);
        found.max_by_key(|way| way.0.len()).map_or("", |way| way.0)
    }
}

/// A whole page as a response. Its content begins with an `h1` like its title.
pub(crate) fn response(
    status: StatusCode,
    frame: &Frame,
    title: &str,
    content: &Markup,
) -> Response {
    let language = frame.language;
    let needs = |element: &str| content.0.contains(element);
    let page = html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="salus-form" content=(frame.token);
                title { (title) " · " (frame.organisation) }
                link rel="stylesheet" href=(asset::path("salus.css"));
                link rel="icon" href=(MARK);
                script type="module" src=(asset::path("salus.js")) {}
                @for (elements, script, style) in ISLANDS {
                    @if elements.iter().any(|element| needs(element)) {
                        @if !style.is_empty() { link rel="stylesheet" href=(asset::path(style)); }
                        script type="module" src=(asset::path(script)) {}
                    }
                }
            }
            body {
                a.skip href="#main" { (language.say("frame-skip")) }
                (head(frame))
                @if let Some(patient) = &frame.acting_for { (acting(frame, patient)) }
                main id="main" tabindex="-1" { (content) }
                @if SEALS.iter().any(|element| needs(element)) { (seal::words(language)) }
                footer { p { (language.say("frame-foot")) } }
            }
        }
    };
    let page = page.into_string();
    let has_camera = page.contains(CAMERA);
    let mut response = Response::new(page.into());
    if has_camera {
        guard::let_camera(&mut response);
    }
    *response.status_mut() = status;
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    response
}

/// Elements of ours on a page, or parts that are fetched later and may hold a seal.
const SEALS: &[&str] = &[
    "<salus-seal ",
    "<salus-verify-file",
    "<salus-history",
    " hx-get=",
];
/// An element of ours that turns the camera on.
const CAMERA: &str = "<salus-camera";
/// What elements of ours need: their script, and their stylesheet if they have one. What a record
/// holds is escaped, so that none of it reads like an element.
const ISLANDS: [(&[&str], &str, &str); 5] = [
    (SEALS, "seal.js", ""),
    (&["<salus-device", "<salus-sign"], "device.js", ""),
    (&["<salus-chart"], "chart.js", "chart.css"),
    (&[CAMERA], "camera.js", ""),
    (&["<salus-offline"], "offline.js", ""),
];

/// Our own mark: a seal.
const MARK: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' \
    viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='8' fill='%2300695c'/%3E%3Cpath \
    d='M4.5 8.2l2.4 2.4 4.6-5' \
    fill='none' stroke='%23fff' stroke-width='1.8'/%3E%3C/svg%3E";

fn head(frame: &Frame) -> Markup {
    let language = frame.language;
    html! {
        header {
            div.bar {
                a.brand href="/portal" {
                    svg viewBox="0 0 16 16" width="24" height="24" aria-hidden="true" {
                        circle cx="8" cy="8" r="8" {}
                        path d="M4.5 8.2l2.4 2.4 4.6-5" {}
                    }
                    span { (frame.organisation) }
                }
                div.who {
                    (languages(frame))
                    @if let Some((name, _)) = &frame.user {
                        span.name { (name) }
                        a href="/auth/account" { (language.say("frame-account")) }
                        form method="post" action="/portal/sign-out" {
                            input type="hidden" name="token" value=(frame.token);
                            button.plain type="submit" { (language.say("frame-sign-out")) }
                        }
                    }
                }
            }
            @if let Some((_, role)) = &frame.user {
                nav aria-label=(language.say("frame-ways")) {
                    ul {
                        @for (path, word) in ways(*role) {
                            li {
                                a href=(path) aria-current=[(frame.current(*role) ==
                                    *path).then_some("page")] {
                                    (language.say(word))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn languages(frame: &Frame) -> Markup {
    let to = |language: Language| {
        let query = [
            ("to".to_owned(), language.tag().to_owned()),
            ("back".to_owned(), frame.path.clone()),
        ];
        format!("/portal/language?{}", pairs::encode(&query))
    };
    html! {
        @for language in Language::ALL {
            @if language != frame.language {
                a href=(to(language)) lang=(language.tag()) hreflang=(language.tag()) {
                    (language.name())
                }
            }
        }
    }
}

fn acting(frame: &Frame, patient: &str) -> Markup {
    let language = frame.language;
    html! {
        div.acting role="region" aria-label=(language.say("acting-label")) {
            p { (language.tell("acting-for", &[("patient", &patient[..patient.len().min(8)])])) }
            form method="post" action="/portal/family/stop" {
                input type="hidden" name="token" value=(frame.token);
                button.plain type="submit" { (language.say("acting-stop")) }
            }
        }
    }
}
