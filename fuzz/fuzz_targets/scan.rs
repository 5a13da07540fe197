//! What is read prints itself, and every text is explained.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let read = [
        gs1::scan(text),
        gs1::brackets::parse(text),
        gs1::digital_link::parse_older(text),
    ];
    for read in read.into_iter().flatten() {
        let printed = gs1::brackets::parse(&read.bracketed()).expect("its own print");
        assert_eq!(printed.bracketed(), read.bracketed());
        if let Some(link) = read.digital_link() {
            let linked = gs1::digital_link::parse(&link).expect("its own link");
            assert_eq!(linked.digital_link(), Some(link));
        }
    }
    let _ = gs1::fault::explain(text);
    assert!(gs1::fault::alternatives(text).len() <= gs1::fault::REPAIRS_MAX);
});
