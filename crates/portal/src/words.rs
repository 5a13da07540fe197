//! The words of the pages, in English and German. One file of `locales` for each kind of person.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::extract::Query;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    German,
}

type Bundle = FluentBundle<FluentResource>;

macro_rules! texts {
    ($folder:literal) => {
        [
            include_str!(concat!("../locales/", $folder, "/frame.ftl")),
            include_str!(concat!("../locales/", $folder, "/record.ftl")),
            include_str!(concat!("../locales/", $folder, "/patient.ftl")),
            include_str!(concat!("../locales/", $folder, "/clinician.ftl")),
            include_str!(concat!("../locales/", $folder, "/officer.ftl")),
            include_str!(concat!("../locales/", $folder, "/admin.ftl")),
            include_str!(concat!("../locales/", $folder, "/pharmacy.ftl")),
            include_str!(concat!("../locales/", $folder, "/trials.ftl")),
            include_str!(concat!("../locales/", $folder, "/research.ftl")),
        ]
    };
}

static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::English));
static GERMAN: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::German));

fn texts(language: Language) -> [&'static str; 9] {
    match language {
        Language::English => texts!("en"),
        Language::German => texts!("de"),
    }
}

fn bundle(language: Language) -> Bundle {
    let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![tag]);
    // The marks around inserted text would show up in titles and copied text.
    bundle.set_use_isolating(false);
    for text in texts(language) {
        // A test reads each file without an error, and finds no word twice.
        let resource = match FluentResource::try_new(text.to_owned()) {
            Ok(resource) | Err((resource, _)) => resource,
        };
        bundle.add_resource_overriding(resource);
    }
    bundle
}

impl Language {
    pub(crate) const ALL: [Self; 2] = [Self::English, Self::German];

    /// BCP 47.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// Its own name for itself.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
        }
    }

    fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.tag() == tag)
    }

    /// That of the cookie, else the first of `Accept-Language` that is here, else English.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let chosen = api::find_cookie(headers, COOKIE).and_then(Self::parse);
        let accepted = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("");
        let wanted = || {
            let mut tags = accepted.split(',').take(16);
            tags.find_map(|tag| {
                let tag = tag.split(';').next().unwrap_or("").trim();
                Self::parse(
                    tag.split('-')
                        .next()
                        .unwrap_or("")
                        .to_ascii_lowercase()
                        .as_str(),
                )
            })
        };
        chosen.or_else(wanted).unwrap_or(Self::English)
    }

    /// A word or sentence.
    pub(crate) fn say(self, key: &str) -> String {
        self.tell(key, &[])
    }

    /// A sentence with something inserted. A number is given as digits, so that its plural fits.
    pub(crate) fn tell(self, key: &str, inserted: &[(&str, &str)]) -> String {
        let bundle: &Bundle = match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        };
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        let mut arguments = FluentArgs::new();
        for (name, value) in inserted {
            match value.parse::<u32>() {
                Ok(number) => arguments.set(*name, number),
                Err(_) => arguments.set(*name, (*value).to_owned()),
            }
        }
        let mut text = String::new();
        let written = bundle.write_pattern(&mut text, pattern, Some(&arguments), &mut Vec::new());
        if written.is_err() {
            let _ = text.write_str(key);
        }
        text
    }

    /// The words for a code (`purpose-TREAT`), else the code.
    pub(crate) fn coded(self, group: &str, code: &str) -> String {
        let key = format!("{group}-{code}");
        if self.has(&key) {
            self.say(&key)
        } else {
            code.to_owned()
        }
    }

    /// Whether there is such a word.
    pub(crate) fn has(self, key: &str) -> bool {
        match self {
            Self::English => ENGLISH.has_message(key),
            Self::German => GERMAN.has_message(key),
        }
    }
}

const COOKIE: &str = "salus_language";

/// `GET /portal/language?to=de&back=/portal/record`: from now on in this language.
pub(crate) async fn choose(Query(asked): Query<Vec<(String, String)>>) -> Response {
    let get = |name: &str| {
        let found = asked.iter().find(|(found, _)| found == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let language = Language::parse(get("to")).unwrap_or(Language::English);
    let mut response = Redirect::to(&crate::visit::own_path(get("back"))).into_response();
    let tag = language.tag();
    let cookie = format!("{COOKIE}={tag}; Path=/portal; Max-Age=31536000; HttpOnly; SameSite=Lax");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use fluent_bundle::FluentResource;

    use super::*;

    /// Names of the words of a language, with the names that each inserts.
    fn words(language: Language) -> BTreeMap<String, Vec<String>> {
        let mut found = BTreeMap::new();
        for text in texts(language) {
            FluentResource::try_new(text.to_owned()).expect("the file reads without an error");
            let mut key = String::new();
            for line in text.lines() {
                if let Some((name, _)) = line.split_once(" =")
                    && line.starts_with(|letter: char| letter.is_ascii_lowercase())
                {
                    key = name.to_owned();
                    let twice = found.insert(key.clone(), Vec::new());
                    assert!(twice.is_none(), "{key} is there twice in {language:?}");
                }
                let inserted = line.split('$').skip(1).map(|rest| {
                    rest.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
                        .next()
                        .unwrap_or("")
                        .to_owned()
                });
                if let Some(names) = found.get_mut(&key) {
                    names.extend(inserted);
                    names.sort();
                    names.dedup();
                }
            }
        }
        found
    }

    #[test]
    fn every_word_is_there_in_every_language() {
        let english = words(Language::English);
        let german = words(Language::German);
        for (key, inserted) in &english {
            assert_eq!(Some(inserted), german.get(key), "{key}");
            assert!(Language::English.has(key), "{key}");
        }
        assert_eq!(english.len(), german.len());
    }

    #[test]
    fn every_word_that_a_page_says_is_there() {
        fn look(folder: &std::path::Path, wanted: &mut dyn FnMut(&str)) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    look(&path, wanted);
                } else {
                    let text = std::fs::read_to_string(&path).unwrap();
                    for mark in [".say(\"", ".tell(\""] {
                        for rest in text.split(mark).skip(1) {
                            wanted(rest.split('"').next().unwrap());
                        }
                    }
                }
            }
        }
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut count = 0;
        look(&folder, &mut |key| {
            if key.starts_with(|letter: char| letter.is_ascii_lowercase()) {
                count += 1;
                assert!(Language::English.has(key), "nobody says {key}");
            }
        });
        assert!(count > 50, "{count}");
    }

    #[test]
    fn a_language_is_chosen_by_cookie_then_by_browser() {
        let headers = |cookie: &str, accepted: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, cookie.parse().unwrap());
            headers.insert(header::ACCEPT_LANGUAGE, accepted.parse().unwrap());
            headers
        };
        for (cookie, accepted, wanted) in [
            ("", "de-AT,de;q=0.9,en;q=0.5", Language::German),
            ("", "fr,de;q=0.5", Language::German),
            ("", "fr", Language::English),
            ("salus_language=en", "de", Language::English),
            ("salus_language=xx", "de", Language::German),
        ] {
            assert_eq!(
                Language::of(&headers(cookie, accepted)),
                wanted,
                "{cookie} {accepted}"
            );
        }
    }
}
