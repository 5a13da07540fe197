//! An accepted dataset is written in every form of Dataset-JSON and reads back the same.
#![no_main]

use cdisc::dataset::{Dataset, Form, Limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits {
        inflated_bytes: 1 << 20,
        ..Limits::default()
    };
    let Some(form) = Form::of(bytes) else { return };
    let Ok(dataset) = Dataset::read(bytes, form, &limits) else {
        return;
    };
    for form in [Form::Json, Form::Ndjson, Form::Compressed] {
        let mut expected = dataset.clone();
        for value in expected.rows.iter_mut().flatten() {
            if value.is_missing() {
                *value = cdisc::dataset::Value::Missing;
            }
        }
        let written = dataset.write(form).expect("an accepted dataset is written");
        let again = Dataset::read(&written, form, &Limits::default());
        assert_eq!(again.as_ref(), Ok(&expected));
        assert_eq!(again.map(|it| it.write(form)), Ok(Ok(written)));
    }
});
