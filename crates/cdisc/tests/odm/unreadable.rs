//! What is no document, or past a bound, is refused before it is judged.

use std::fmt::Write as _;

use cdisc::odm::{Form, Limits, Odm, OdmError};

use super::support::{HISTORY_1, HISTORY_2, json, xml};

#[test]
fn what_is_no_xml_document_is_refused_before_it_is_judged() {
    let bomb = "<!DOCTYPE o [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;&a;&a;\">]><ODM>&b;</ODM>";
    let deep = format!("{}{}", "<a>".repeat(65), "</a>".repeat(65));
    let mut attributes = String::new();
    for number in 0..129 {
        write!(attributes, " a{number}=''").unwrap();
    }
    for (text, expected) in [
        (bomb.to_owned(), "a DTD is not accepted"),
        (
            "<!DOCTYPE o SYSTEM 'file:///etc/passwd'><o/>".to_owned(),
            "a DTD is not accepted",
        ),
        (
            "<ODM xmlns=\"http://www.cdisc.org/ns/odm/v2.0\">&x;</ODM>".to_owned(),
            "an entity",
        ),
        (
            "<ODM xmlns=\"http://www.cdisc.org/ns/odm/v2.0\">".to_owned(),
            "not well-formed",
        ),
        ("<ODM/>".to_owned(), "the root must be"),
        (
            "<ODM xmlns=\"http://www.cdisc.org/ns/odm/v1.2\"/>".to_owned(),
            "the root must be",
        ),
        (
            "<Tree xmlns=\"http://www.cdisc.org/ns/odm/v2.0\"/>".to_owned(),
            "the root must be",
        ),
        (
            "<ODM xmlns=\"http://www.cdisc.org/ns/odm/v2.0\"><x xmlns=\"\"/></ODM>".to_owned(),
            "no namespace",
        ),
        (deep, "nested deeper than 64"),
        (
            "<?xml version='1.0' encoding='ISO-8859-1'?><ODM a='é'/>".to_owned(),
            "an encoding other than UTF-8 is declared",
        ),
        (format!("<a{attributes}/>"), "more than 128 attributes"),
    ] {
        let error = xml(&text).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn what_is_no_json_document_is_refused_before_it_is_judged() {
    let deep = format!(
        "{}{}",
        "{\"Study\":".repeat(64),
        "{}".to_owned() + &"}".repeat(64)
    );
    for (text, expected) in [
        (&*deep, "nested deeper than 64"),
        ("{\"a\": 1, \"a\": 2}", "line 1"),
        ("[]", "must be an object"),
        ("{\"Study\": null}", "/Study: null"),
        ("{\"Study\": [1]}", "/Study/0: must be an object"),
        ("{\"v:Study\": []}", ""),
        ("{\"v:Study\": {}}", "/v:Study: a prefix"),
        ("{\"1\": 1}", "/1: not a name"),
        (
            "{\"FileOID\": \"\\u0000\"}",
            "/FileOID: a character that XML does not have",
        ),
        (
            "{\"_order\": [\"Study\"]}",
            "/_order: names an element that is not there",
        ),
        (
            "{\"Study\": {}, \"_order\": []}",
            "/_order: must name each element",
        ),
        ("{\"_nodes\": [{}]}", "/_nodes/0: must be text or an object"),
        ("{\"_content\": 1}", "/_content: must be"),
        (
            "{\"_namespaces\": {\"v\": \"\"}}",
            "/_namespaces/v: must be a prefix",
        ),
        ("{\"_root\": 1}", "/_root: must be the name"),
    ] {
        let error = json(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn each_bound_is_named_where_it_is_passed() {
    let bounds = [
        Limits {
            bytes: 1000,
            ..Limits::default()
        },
        Limits {
            nodes: 100,
            ..Limits::default()
        },
        Limits {
            depth: 5,
            ..Limits::default()
        },
    ];
    for (bound, word) in bounds.iter().zip(["1000 bytes", "", "deeper than 5"]) {
        let error = Odm::from_xml(HISTORY_2.as_bytes(), bound).unwrap_err();
        assert!(
            matches!(&error, OdmError::TooLarge(text) if text.contains(word)),
            "{error}"
        );
    }
    let text = xml(HISTORY_2).unwrap().to_json().unwrap();
    for bound in &bounds {
        let error = Odm::from_json(text.as_bytes(), bound).unwrap_err();
        assert!(matches!(error, OdmError::TooLarge(_)), "{error}");
    }
    let many = HISTORY_1.replace("Mandatory=\"Yes\"", "Mandatory=\"y\"");
    let few = Limits {
        issues: 3,
        ..Limits::default()
    };
    let odm = Odm::unjudged(many.as_bytes(), Form::Xml, &few).unwrap();
    assert_eq!(odm.issues().len(), 3);
}
