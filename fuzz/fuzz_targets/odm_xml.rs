//! Whatever XML is read as ODM is written and reads back the same, in each form of its version.
#![no_main]

use cdisc::odm::{Form, Limits, Odm, Version, capture};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let limits = Limits::default();
    let Ok(odm) = Odm::unjudged(text, Form::Xml, &limits) else {
        return;
    };
    let _ = (odm.issues(), odm.warnings(), capture::rows(&odm, &odm).count());
    let written = odm.to_xml().expect("what was read from XML is written as XML");
    let again = Odm::unjudged(written.as_bytes(), Form::Xml, &limits);
    assert!(again.expect("what was written is read") == odm);
    if odm.version == Version::V2 {
        let written = odm.to_json().expect("ODM 2.0 is written as JSON");
        let again = Odm::unjudged(written.as_bytes(), Form::Json, &limits);
        assert!(again.expect("what was written is read") == odm);
    }
});
