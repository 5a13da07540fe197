//! One organisation signs people in for another: both are processes, and so is the way between.

use crate::consortium::Consortium;
use crate::http::Http;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A browser at one organisation: cookies, and no redirect is followed.
struct Browser {
    agent: ureq::Agent,
    cookies: BTreeMap<String, String>,
}

struct Page {
    status: u16,
    location: String,
    text: String,
}

impl Browser {
    fn new() -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0);
        Self {
            agent: config.build().into(),
            cookies: BTreeMap::new(),
        }
    }

    fn open(&mut self, url: &str, form: Option<&[(&str, &str)]>) -> Page {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let cookie = pairs.join("; ");
        let got = match form {
            None => self.agent.get(url).header("cookie", cookie).call(),
            Some(form) => {
                let form = form.iter().copied();
                self.agent
                    .post(url)
                    .header("cookie", cookie)
                    .send_form(form)
            }
        };
        let mut got = got.unwrap();
        for set in got.headers().get_all("set-cookie") {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let location = got.headers().get("location");
        Page {
            status: got.status().as_u16(),
            location: location.map_or("", |it| it.to_str().unwrap()).to_owned(),
            text: got.body_mut().read_to_string().unwrap(),
        }
    }
}

fn hidden(page: &Page, name: &str) -> String {
    let rest = page
        .text
        .split_once(&format!("name=\"{name}\" value=\""))
        .unwrap();
    let value = rest.1.split_once('"').unwrap().0;
    value.replace("&amp;", "&")
}

/// Makes the first organisation the provider of another, from the next start of its node on.
pub(crate) fn configure(consortium: &Consortium, index: usize) {
    let admin = consortium.token(0, "admin");
    let callback = format!("{}/auth/elsewhere/callback", consortium.base(index));
    let told = json!({ "client_name": "another organisation", "redirect_uris": [callback],
        "grant_types": ["authorization_code"], "scope": "openid",
        "token_endpoint_auth_method": "client_secret_basic" });
    let url = format!("{}/auth/register", consortium.base(0));
    let told = Http::new().post(&url, &admin, &told).unwrap();
    assert_eq!(told.status, 201, "{}", told.text());
    let told = told.json();
    let dir = consortium.org_dir(index);
    std::fs::write(
        dir.join("provider-secret"),
        told["client_secret"].as_str().unwrap(),
    )
    .unwrap();
    let file = dir.join("salus.toml");
    let mut config = std::fs::read_to_string(&file).unwrap();
    let (issuer, id) = (consortium.base(0), &told["client_id"]);
    let _ = write!(
        config,
        "\n[access.provider]\nname = \"the first\"\nissuer = \"{issuer}\"\nclient_id = {id}\n\
         client_secret_file = \"provider-secret\"\n"
    );
    std::fs::write(file, config).unwrap();
}

/// A clinician of the first signs in at the other, once an administrator there has said who it is.
pub(crate) fn signs_in(consortium: &Consortium, index: usize) {
    let user = |at: usize| -> &Value {
        let users = consortium.organisation(at)["users"].as_array().unwrap();
        users
            .iter()
            .find(|user| user["role"] == "clinician")
            .unwrap()
    };
    let (theirs, ours) = (user(0), user(index));
    let base = consortium.base(index);
    let (mut here, mut there) = (Browser::new(), Browser::new());
    let unknown = round(&base, &mut here, &mut there, theirs);
    assert_eq!(unknown.status, 400, "{}", unknown.text);
    assert!(unknown.text.contains("login-unknown"), "{}", unknown.text);
    let admin = consortium.token(index, "admin");
    let link = json!({ "username": ours["username"], "subject": theirs["username"] });
    let linked = Http::new()
        .post(&format!("{base}/auth/logins"), &admin, &link)
        .unwrap();
    assert_eq!(linked.status, 201, "{}", linked.text());
    let known = round(&base, &mut here, &mut there, theirs);
    assert_eq!((known.status, &*known.location), (303, "/auth/account"));
    let page = here.open(&format!("{base}/auth/account"), None);
    let name = ours["username"].as_str().unwrap();
    assert!(
        page.text
            .contains(&format!("You are <strong>{name}</strong>")),
        "{}",
        page.text
    );
}

/// From the page of one to the page of the other and back.
fn round(base: &str, here: &mut Browser, there: &mut Browser, user: &Value) -> Page {
    let begun = here.open(&format!("{base}/auth/elsewhere?request="), None);
    assert_eq!(begun.status, 303, "{}", begun.text);
    let provider = begun.location.split_once("/auth/").unwrap().0.to_owned();
    let authorize = format!("{provider}/auth/authorize");
    let mut page = there.open(&begun.location, None);
    if page.text.contains("name=\"password\"") {
        let form = [
            ("act", "sign-in"),
            ("request", &*hidden(&page, "request")),
            ("token", &*hidden(&page, "token")),
            ("username", user["username"].as_str().unwrap()),
            ("password", user["password"].as_str().unwrap()),
        ];
        let signed = there.open(&authorize, Some(&form));
        assert_eq!(signed.status, 303, "{}", signed.text);
        page = there.open(&begun.location, None);
    }
    let form = [
        ("act", "allow"),
        ("request", &*hidden(&page, "request")),
        ("token", &*hidden(&page, "token")),
    ];
    let allowed = there.open(&authorize, Some(&form));
    assert_eq!(allowed.status, 303, "{}", allowed.text);
    here.open(&allowed.location, None)
}
