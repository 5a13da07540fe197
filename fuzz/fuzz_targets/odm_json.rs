//! Whatever JSON is accepted as ODM is written and reads back the same, as XML too.
#![no_main]

use cdisc::odm::{Limits, Odm};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let limits = Limits::default();
    let Ok(odm) = Odm::from_json(text, &limits) else {
        return;
    };
    let written = odm.to_json().expect("ODM 2.0 is written as JSON");
    let again = Odm::from_json(written.as_bytes(), &limits);
    assert!(again.expect("what was written is accepted") == odm);
    let written = odm.to_xml().expect("what was accepted is written as XML");
    let again = Odm::from_xml(written.as_bytes(), &limits);
    assert!(again.expect("what was written is accepted") == odm);
});
