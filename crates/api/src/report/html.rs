//! A report as a page to print: one file, no script, nothing from elsewhere.

use std::fmt::Write;

use hospital::report::ReportPage;

use super::columns;

const STYLE: &str = "body{font:14px/1.4 sans-serif;margin:2em}table{border-collapse:collapse;\
    width:100%}th,td{border:1px solid #999;padding:4px 6px;text-align:left;vertical-align:top;\
    overflow-wrap:anywhere}thead{display:table-header-group}tr{break-inside:avoid}\
    small{font-weight:normal;display:block}@page{size:landscape;margin:12mm}";

/// The page.
pub(super) fn written(page: &ReportPage, base: &str) -> String {
    let title = columns::title(page.kind);
    let to = page.to.as_deref().unwrap_or(&page.made);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'\"><title>{title}</title><style>{STYLE}</style></head><body>\
         <h1>{title}</h1><p>Patient {}, at {}, from {} to {}, made {}. Each line is an event of \
         the log; its receipt proves it.</p><table><thead><tr>",
        escaped(&page.patient),
        escaped(&page.organisation),
        escaped(&page.from),
        escaped(to),
        escaped(&page.made),
    );
    let columns = columns::of(page);
    for column in columns.clone() {
        let _ = write!(
            out,
            "<th>{}<small>{}</small></th>",
            escaped(column.title),
            escaped(column.provision)
        );
    }
    out.push_str("</tr></thead><tbody>");
    for line in &page.lines {
        out.push_str("<tr>");
        for column in columns.clone() {
            let value = escaped(&(column.value)(line, base));
            let _ = if column.name == "receipt" {
                write!(out, "<td><a href=\"{value}\">{value}</a></td>")
            } else {
                write!(out, "<td>{value}</td>")
            };
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table>");
    if page.next.is_some() {
        out.push_str("<p>There are more lines: ask for the next page.</p>");
    }
    out.push_str("</body></html>\n");
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_report_is_markup() {
        assert_eq!(
            escaped("<b a='1'>&\""),
            "&lt;b a=&#39;1&#39;&gt;&amp;&quot;"
        );
    }
}
