//! The narrative: a well-formed `div` of harmless XHTML. FHIR R4 2.4.0, txt-1 and txt-2.

const NAMESPACE: &str = "http://www.w3.org/1999/xhtml";

const DEPTH_MAX: usize = 128;

/// txt-1: the elements of HTML 4.0 chapters 7 to 11 and 15, `a` and `img`.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "b",
    "big",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "ul",
    "var",
];

/// What is wrong with a narrative, if anything.
pub(super) fn check(text: &str) -> Result<(), &'static str> {
    let mut scan = Scan {
        rest: text.trim(),
        open: Vec::new(),
        content: false,
    };
    scan.document()?;
    if scan.content {
        Ok(())
    } else {
        Err("txt-2: the narrative has no content")
    }
}

struct Scan<'a> {
    rest: &'a str,
    open: Vec<&'a str>,
    /// Text other than white space, or an image.
    content: bool,
}

impl<'a> Scan<'a> {
    fn document(&mut self) -> Result<(), &'static str> {
        if !self.rest.starts_with("<div") {
            return Err("the narrative must be an XHTML div");
        }
        loop {
            self.markup()?;
            if self.open.is_empty() {
                break;
            }
            let end = self
                .rest
                .find('<')
                .ok_or("the narrative is not well-formed: not closed")?;
            let text = &self.rest[..end];
            entities(text)?;
            self.content |= !text.trim().is_empty();
            self.rest = &self.rest[end..];
        }
        if self.rest.trim().is_empty() {
            Ok(())
        } else {
            Err("something follows the div")
        }
    }

    /// A tag or a comment; `rest` starts with `<`.
    fn markup(&mut self) -> Result<(), &'static str> {
        if let Some(comment) = self.rest.strip_prefix("<!--") {
            let end = comment.find("-->").ok_or("a comment is not closed")?;
            self.rest = &comment[end + 3..];
            return Ok(());
        }
        if let Some(closing) = self.rest.strip_prefix("</") {
            let end = closing.find('>').ok_or("a tag is not closed")?;
            let name = closing[..end].trim_end();
            if self.open.pop() != Some(name) {
                return Err("the narrative is not well-formed: tags do not match");
            }
            self.rest = &closing[end + 1..];
            return Ok(());
        }
        self.opening()
    }

    fn opening(&mut self) -> Result<(), &'static str> {
        let inner = &self.rest[1..];
        let end = inner
            .find(|found: char| !found.is_ascii_alphanumeric())
            .ok_or("a tag is not closed")?;
        let name = &inner[..end];
        if !ELEMENTS.contains(&name) {
            return Err("txt-1: this XHTML element is not allowed in a narrative");
        }
        self.rest = &inner[end..];
        let mut namespace = None;
        loop {
            let trimmed = self.rest.trim_start();
            if let Some(rest) = trimmed.strip_prefix("/>") {
                self.rest = rest;
                break;
            }
            if let Some(rest) = trimmed.strip_prefix('>') {
                self.rest = rest;
                self.open.push(name);
                break;
            }
            if trimmed.len() == self.rest.len() {
                return Err("the narrative is not well-formed: a bad tag");
            }
            self.rest = trimmed;
            let (attribute, value) = self.attribute()?;
            if attribute == "xmlns" {
                namespace = Some(value);
            }
        }
        self.content |= name == "img";
        if self.open.len() > DEPTH_MAX {
            return Err("the narrative is nested too deeply");
        }
        if self.open.len() == 1 && name == "div" && namespace.is_none() {
            return Err("the div must have the XHTML namespace");
        }
        if namespace.is_some_and(|found| found != NAMESPACE) {
            return Err("the namespace must be that of XHTML");
        }
        Ok(())
    }

    /// `name="value"`.
    fn attribute(&mut self) -> Result<(&'a str, &'a str), &'static str> {
        const BAD: &str = "the narrative is not well-formed: a bad attribute";
        let equals = self.rest.find('=').ok_or(BAD)?;
        let name = self.rest[..equals].trim_end();
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':');
        if name.is_empty() || !name.bytes().all(plain) {
            return Err(BAD);
        }
        let quoted = self.rest[equals + 1..].trim_start();
        let quote = quoted
            .chars()
            .next()
            .filter(|c| matches!(c, '"' | '\''))
            .ok_or(BAD)?;
        let end = quoted[1..].find(quote).ok_or(BAD)? + 1;
        let value = &quoted[1..end];
        self.rest = &quoted[end + 1..];
        if value.contains('<') {
            return Err(BAD);
        }
        entities(value)?;
        harmless(name, value)?;
        Ok((name, value))
    }
}

/// txt-1: no events and no scripts.
fn harmless(name: &str, value: &str) -> Result<(), &'static str> {
    let folded: String = value
        .chars()
        .filter(|c| !c.is_whitespace())
        .take(11)
        .collect();
    let script = folded.eq_ignore_ascii_case("javascript:");
    if name.len() > 2 && name[..2].eq_ignore_ascii_case("on") || script {
        return Err("txt-1: events and scripts are not allowed in a narrative");
    }
    Ok(())
}

/// `&` must begin an entity.
fn entities(text: &str) -> Result<(), &'static str> {
    for rest in text.split('&').skip(1) {
        let end = rest.find(';').ok_or("an entity is not closed")?;
        let name = &rest[..end];
        let body = name.strip_prefix('#').unwrap_or(name);
        if body.is_empty() || body.len() > 10 || !body.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err("an entity is malformed");
        }
    }
    Ok(())
}
