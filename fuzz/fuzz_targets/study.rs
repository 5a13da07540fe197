//! An accepted study is written as it was read.
#![no_main]

use cdisc::usdm::{Limits, Protocol};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(protocol) = Protocol::read(bytes, &Limits::default()) else {
        return;
    };
    let written = protocol.write();
    let again = Protocol::read(&written, &Limits::default()).expect("it reads back");
    assert_eq!(again.write(), written);
    assert_eq!(again.study(), protocol.study());
});
