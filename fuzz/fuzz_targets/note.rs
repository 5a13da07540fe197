//! The reader of a signed note takes any text, and has one form for each value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proof::note::Note;

fuzz_target!(|rest: &str| {
    // With a text and a dash given, all the work is behind them.
    let text = format!("text\n\n— {rest}");
    for text in [rest, &text] {
        if let Ok(note) = text.parse::<Note>() {
            assert_eq!(note.to_string(), text);
        }
    }
});
