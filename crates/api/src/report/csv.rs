//! A report as CSV (RFC 4180), safe to open in a spreadsheet.

use hospital::report::ReportPage;

use super::columns;

/// The page as CSV, with a header line.
pub(super) fn written(page: &ReportPage, base: &str) -> String {
    let columns = columns::of(page);
    let mut out = String::new();
    line(
        &mut out,
        columns.clone().map(|column| column.title.to_owned()),
    );
    for one in &page.lines {
        line(
            &mut out,
            columns.clone().map(|column| (column.value)(one, base)),
        );
    }
    out
}

fn line(out: &mut String, fields: impl Iterator<Item = String>) {
    for (at, field) in fields.enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(&quoted(&field));
    }
    // RFC 4180 2.1
    out.push_str("\r\n");
}

/// A field. One that a spreadsheet would compute begins with an apostrophe.
fn quoted(field: &str) -> String {
    let first = field.trim_start_matches(' ').chars().next();
    let computed = matches!(first, Some('=' | '+' | '-' | '@' | '\t' | '\r' | '|' | '%'));
    let field = if computed {
        format!("'{field}")
    } else {
        field.to_owned()
    };
    if computed || field.contains([',', '"', '\r', '\n']) {
        // RFC 4180 2.6 and 2.7
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_and_never_computed() {
        for (field, wanted) in [
            ("plain", "plain"),
            ("a, b", "\"a, b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            ("=1+1", "\"'=1+1\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            (" =1", "\"' =1\""),
            ("", ""),
        ] {
            assert_eq!(quoted(field), wanted);
        }
    }
}
