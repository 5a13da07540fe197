//! Frozen vectors: files that a test compares with, and never writes over.

use std::path::Path;

use serde_json::Value;

/// Compares with `vectors/<name>.json`. The file is written only where there is none and
/// `SALUS_FREEZE` is set: to change a format is to delete the file by hand and to say why.
pub fn assert_frozen(name: &str, found: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("vectors")
        .join(name);
    let Ok(file) = std::fs::read(&path) else {
        assert!(
            std::env::var_os("SALUS_FREEZE").is_some(),
            "{} is missing",
            path.display()
        );
        let text = serde_json::to_string_pretty(found).unwrap() + "\n";
        std::fs::write(&path, text).unwrap();
        return;
    };
    let frozen: Value = serde_json::from_slice(&file).unwrap();
    let (Some(cases), Some(others)) = (frozen.as_array(), found.as_array()) else {
        panic!("{} is a list", path.display());
    };
    for (case, other) in cases.iter().zip(others) {
        assert_eq!(
            case,
            other,
            "{}: a frozen format has changed",
            path.display()
        );
    }
    assert_eq!(
        cases.len(),
        others.len(),
        "{}: cases were added or lost",
        path.display()
    );
}

/// Bytes as lowercase hexadecimal digits.
pub fn hex(bytes: &[u8]) -> Value {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let text = digits
        .filter_map(|it| char::from_digit(it.into(), 16))
        .collect();
    Value::String(text)
}
