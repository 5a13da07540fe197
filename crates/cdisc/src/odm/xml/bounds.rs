//! Bounds on XML before a tree is built of it: building takes time that grows with the square of
//! the attributes of an element, and with the namespaces that are declared.

use crate::odm::error::OdmError;

/// Most attributes of one element; ODM has 16 at most, and those of vendors.
const ATTRIBUTES_MAX: usize = 128;
/// Most declarations of namespaces in a document.
const DECLARATIONS_MAX: usize = 20_000;

/// Reads tags only, to the end or to what the parser will refuse anyway.
pub(in crate::odm) fn check(text: &str, depth_max: usize) -> Result<(), OdmError> {
    let (mut rest, mut depth, mut declarations) = (text, 0_usize, 0);
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let after = match rest.as_bytes().first() {
            Some(b'?') => skip(rest, "?>"),
            Some(b'!') if rest.starts_with("!--") => skip(&rest[3..], "-->"),
            Some(b'!') if rest.starts_with("![CDATA[") => skip(&rest[8..], "]]>"),
            // A document type: the parser refuses it.
            Some(b'!') => None,
            Some(b'/') => {
                depth = depth.saturating_sub(1);
                skip(rest, ">")
            }
            _ => {
                let tag = tag(rest);
                declarations += tag.declarations;
                depth += usize::from(!tag.is_closed);
                if tag.attributes > ATTRIBUTES_MAX {
                    return past(&format!(
                        "an element has more than {ATTRIBUTES_MAX} attributes"
                    ));
                }
                rest.get(tag.length..)
            }
        };
        if depth > depth_max {
            return past(&format!("elements are nested deeper than {depth_max}"));
        }
        if declarations > DECLARATIONS_MAX {
            return past(&format!(
                "more than {DECLARATIONS_MAX} declarations of namespaces"
            ));
        }
        match after {
            Some(after) => rest = after,
            None => return Ok(()),
        }
    }
    Ok(())
}

fn past(what: &str) -> Result<(), OdmError> {
    Err(OdmError::TooLarge(what.to_owned()))
}

fn skip<'a>(text: &'a str, end: &str) -> Option<&'a str> {
    text.find(end).and_then(|at| text.get(at + end.len()..))
}

struct Tag {
    length: usize,
    attributes: usize,
    declarations: usize,
    is_closed: bool,
}

/// From the name to the `>` that is not within quotes.
fn tag(text: &str) -> Tag {
    let mut tag = Tag {
        length: text.len(),
        attributes: 0,
        declarations: 0,
        is_closed: false,
    };
    let (mut quote, mut name_at, mut before) = (None, 0, b' ');
    for (at, byte) in text.bytes().enumerate() {
        if let Some(open) = quote {
            quote = (open != byte).then_some(open);
            before = byte;
            continue;
        }
        match byte {
            b'"' | b'\'' => quote = Some(byte),
            b'=' => {
                tag.attributes += 1;
                let is_declaration = text.as_bytes()[name_at..at].starts_with(b"xmlns");
                tag.declarations += usize::from(is_declaration);
            }
            b'>' => {
                tag.length = at + 1;
                tag.is_closed = before == b'/';
                break;
            }
            _ if before.is_ascii_whitespace() => name_at = at,
            _ => {}
        }
        before = byte;
    }
    tag
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn only_tags_count() {
        let fine = [
            "<a><!-- <b><b><b> --><![CDATA[<b><b><b>]]><b x=\"<b>/>\"/><?p <b><b>?></a>",
            "<a x='1 = 2 = 3'><b/><b/><b/><b/></a>",
            "no tag",
            "<a",
            "<!--",
        ];
        for text in fine {
            assert!(check(text, 2).is_ok(), "{text}");
        }
        for text in ["<a><b><c>", "<a x=\"/>\"><b y='/>'><c z=\"/\">"] {
            assert!(check(text, 2).is_err(), "{text}");
        }
    }

    #[test]
    fn attributes_and_declarations_are_bounded() {
        let many = |count: usize| format!("<a{}/>", " b='1'".repeat(count));
        assert!(check(&many(128), 2).is_ok());
        assert!(check(&many(129), 2).is_err());
        let many = |count: usize| "<a xmlns:b='u' c='xmlns'/>".repeat(count);
        assert!(check(&many(20_000), 2).is_ok());
        assert!(check(&many(20_001), 2).is_err());
    }
}
