//! The pages of the authorization server: plain HTML, nothing from elsewhere. The one script asks
//! for passkeys; everything else works without it.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use hospital::pairs;
use hospital::scopes::{Context, ResourceScope, Scope, Verb};
use hospital::smart::{Passkey, origin};
use maud::{DOCTYPE, Markup, html};

use super::consent::{Choice, Offer};
use super::request::Asked;
use crate::outcome::respond;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:2rem auto;\
padding:0 1rem;color:#1a1a1a;background:#fff}h1{font-size:1.4rem}label{display:block;\
margin:.5rem 0}input[type=text],input[type=password],input[type=search]{width:100%;padding:.5rem;\
box-sizing:border-box;font:inherit}button{font:inherit;padding:.5rem 1rem;margin:.5rem .5rem 0 0}\
.wrong{color:#a00000;font-weight:bold}fieldset{margin:1rem 0;border:1px solid #888}";

/// `GET /auth/style.css`
pub(crate) async fn style() -> Response {
    respond(StatusCode::OK, "text/css; charset=utf-8", STYLE)
}

/// `GET /auth/passkey.js`
pub(crate) async fn script() -> Response {
    const SCRIPT: &str = include_str!("passkey.js");
    let mut response = respond(StatusCode::OK, "text/javascript; charset=utf-8", SCRIPT);
    let nosniff = HeaderValue::from_static("nosniff");
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

/// A page as a response; `scripted`: with the script of passkeys.
pub(super) fn response(
    status: StatusCode,
    body: Markup,
    asked: Option<&Asked>,
    scripted: bool,
) -> Response {
    let mut response = respond(status, "text/html; charset=utf-8", body.into_string());
    guard(&mut response, asked, scripted);
    response
}

/// The headers that keep a page from being framed, kept, or led astray. A form may lead to this
/// server and, by its answer, to the address of the app: browsers check both.
pub(super) fn guard(response: &mut Response, asked: Option<&Asked>, scripted: bool) {
    let app = asked.map_or(String::new(), |asked| {
        format!(" {}", origin(&asked.redirect))
    });
    let script = if scripted { " script-src 'self';" } else { "" };
    let policy = format!(
        "default-src 'none'; style-src 'self';{script} form-action 'self'{app}; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

fn page(title: &str, organisation: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (title) " - " (organisation) }
                link rel="stylesheet" href="/auth/style.css";
            }
            body { main { h1 { (title) } (content) } }
        }
    }
}

/// A failure that only the user is told.
pub(super) fn failure(organisation: &str, text: &str) -> Markup {
    page(
        "This cannot be done",
        organisation,
        &html! { p.wrong role="alert" { (text) } },
    )
}

/// What a form hands to the script: what to ask a passkey for, on pages of which origin.
pub(crate) struct Ask {
    pub(crate) options: String,
    pub(crate) origin: String,
}

/// What the sign-in page shows.
pub(super) struct SignIn<'a> {
    pub(super) organisation: &'a str,
    /// The app that asks; `None`: somebody looks after the own passkeys.
    pub(super) asked: Option<&'a Asked>,
    pub(super) token: &'a str,
    pub(super) passkey: Option<&'a Ask>,
    /// The name of a provider elsewhere.
    pub(super) provider: Option<&'a str>,
    pub(super) wrong: Option<&'a str>,
}

/// The sign-in form: name and password, and below it a passkey where the script runs.
pub(super) fn sign_in(shown: &SignIn<'_>) -> Markup {
    let (action, why) = match shown.asked {
        Some(asked) => (
            "/auth/authorize",
            html! { p { "The app " strong { (asked.client.name) } " wants to work with records of "
            (shown.organisation) "." } },
        ),
        None => ("/auth/account", html! {}),
    };
    let request = shown.asked.map_or("", |asked| &asked.query);
    let elsewhere = [("request".to_owned(), request.to_owned())];
    let elsewhere = format!("/auth/elsewhere?{}", pairs::encode(&elsewhere));
    let bound = html! {
        @if shown.asked.is_some() { input type="hidden" name="request" value=(request); }
        input type="hidden" name="token" value=(shown.token);
    };
    let content = html! {
        (why)
        @if let Some(text) = shown.wrong { p.wrong role="alert" { (text) } }
        form method="post" action=(action) {
            (bound)
            label { "Name "
                input type="text" name="username" autocomplete="username" required; }
            label { "Password "
                input type="password" name="password" autocomplete="current-password" required; }
            button type="submit" name="act" value="sign-in" { "Sign in" }
        }
        @if let Some(name) = shown.provider {
            p { a href=(elsewhere) { "Sign in at " (name) } }
        }
        @if let Some(ask) = shown.passkey {
            form method="post" action=(action) hidden
                data-passkey=(ask.options) data-origin=(ask.origin) {
                (bound)
                input type="hidden" name="act" value="passkey";
                input type="hidden" name="passkey";
                button type="submit" { "Sign in with a passkey" }
                p.wrong role="alert" {}
            }
            script src="/auth/passkey.js" defer {}
        }
    };
    page("Sign in", shown.organisation, &content)
}

/// What the page of the own passkeys shows.
pub(super) struct Account<'a> {
    pub(super) organisation: &'a str,
    pub(super) username: &'a str,
    pub(super) token: &'a str,
    pub(super) passkeys: &'a [(Passkey, String)],
    pub(super) ask: Option<&'a Ask>,
    pub(super) wrong: Option<&'a str>,
}

/// The page on which users look after their passkeys.
pub(super) fn account(shown: &Account<'_>) -> Markup {
    let token = html! { input type="hidden" name="token" value=(shown.token); };
    let content = html! {
        p { "You are " strong { (shown.username) } "." }
        @if let Some(text) = shown.wrong { p.wrong role="alert" { (text) } }
        @if shown.passkeys.is_empty() { p { "There is no passkey." } }
        @for (passkey, added) in shown.passkeys {
            form method="post" action="/auth/account" {
                (token)
                input type="hidden" name="id" value=(passkey.id);
                strong { (passkey.name) } ", since " (added)
                @if passkey.copied { " " span.wrong { "There is a copy of it: remove it." } }
                " " button type="submit" name="act" value="remove" { "Remove" }
            }
        }
        @if let Some(ask) = shown.ask {
            form method="post" action="/auth/account" hidden
                data-passkey=(ask.options) data-origin=(ask.origin) {
                (token)
                input type="hidden" name="act" value="add";
                input type="hidden" name="passkey";
                label { "Name of the new passkey "
                    input type="text" name="name" maxlength="60" required; }
                button type="submit" { "Add a passkey" }
                p.wrong role="alert" {}
            }
            script src="/auth/passkey.js" defer {}
        }
        form method="post" action="/auth/account" {
            (token)
            button type="submit" name="act" value="sign-out" { "Sign out" }
        }
    };
    page("Your passkeys", shown.organisation, &content)
}

/// What the consent page shows.
pub(super) struct Consent<'a> {
    pub(super) organisation: &'a str,
    pub(super) asked: &'a Asked,
    pub(super) username: &'a str,
    pub(super) offer: &'a Offer,
    pub(super) choices: &'a [Choice],
    pub(super) name: &'a str,
    pub(super) token: &'a str,
    pub(super) wrong: Option<&'a str>,
}

/// The consent form, with the patient picker where a patient must be chosen.
pub(super) fn consent(shown: &Consent<'_>) -> Markup {
    let content = html! {
        p { "You are " strong { (shown.username) } ". The app "
            strong { (shown.asked.client.name) } " asks for:" }
        ul { @for scope in shown.offer.scopes.iter() { li { (words(scope)) } } }
        p { "The answer goes to " code { (origin(&shown.asked.redirect)) } "." }
        @if let Some(text) = shown.wrong { p.wrong role="alert" { (text) } }
        form method="post" action="/auth/authorize" {
            input type="hidden" name="request" value=(shown.asked.query);
            input type="hidden" name="token" value=(shown.token);
            @if shown.offer.chooses { (picker(shown)) }
            @if let Some(patient) = &shown.offer.patient {
                p { "Patient: " code { (patient) } }
            }
            button type="submit" name="act" value="allow" { "Allow" }
            button type="submit" name="act" value="deny" { "Refuse" }
            button type="submit" name="act" value="sign-out" { "Sign out" }
        }
    };
    page("Allow this app?", shown.organisation, &content)
}

fn picker(shown: &Consent<'_>) -> Markup {
    html! {
        fieldset {
            legend { "Which patient?" }
            label { "Name begins with "
                input type="search" name="name" value=(shown.name) maxlength="100"; }
            button type="submit" name="act" value="search" { "Search" }
            @for choice in shown.choices {
                label {
                    input type="radio" name="patient" value=(choice.id);
                    " " (choice.name) ", " (choice.born) " " code { (choice.id) }
                }
            }
            @if shown.choices.is_empty() { p { "No patient was found." } }
        }
    }
}

fn words(scope: &Scope) -> Markup {
    match scope {
        Scope::Resource(resource) => resource_words(resource),
        Scope::Launch => html! { "the patient whose record is open" },
        Scope::LaunchPatient => html! { "a patient that you choose" },
        Scope::OpenId => html! { "to know who you are" },
        Scope::FhirUser => html! { "your own record" },
        Scope::OfflineAccess => html! { "to go on when you are not there, for up to 90 days" },
        Scope::OnlineAccess => html! { "to go on as long as you are signed in" },
    }
}

fn resource_words(scope: &ResourceScope) -> Markup {
    let verbs = [
        (Verb::Read, "read"),
        (Verb::Search, "search"),
        (Verb::Create, "create"),
        (Verb::Update, "change"),
        (Verb::Delete, "delete"),
    ];
    let verbs: Vec<&str> = verbs
        .into_iter()
        .filter(|(verb, _)| scope.verbs.has(*verb))
        .map(|(_, word)| word)
        .collect();
    let whose = match scope.context {
        Context::Patient => "of the patient",
        Context::User => "that you may use",
        Context::System => "of the organisation",
    };
    let conditions: Vec<String> = scope
        .constraint
        .iter()
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    html! {
        (verbs.join(", ")) ": " (scope.type_.unwrap_or("all")) " records " (whose)
        @if !conditions.is_empty() { ", only with " (conditions.join(" and ")) }
    }
}
