//! Value sets of required bindings.

/// One value set.
pub(crate) struct CodeSet {
    /// Its canonical url.
    pub(crate) url: &'static str,
    /// What is in it.
    pub(crate) content: Content,
}

/// What is in a value set.
pub(crate) enum Content {
    /// All codes sorted, and all (system, code) pairs sorted.
    Enumerated {
        codes: Vec<&'static str>,
        pairs: Vec<(&'static str, &'static str)>,
    },
    /// ISO 4217: three capital letters.
    Currency,
    /// BCP 13: `type/subtype` with parameters.
    Mime,
    /// UCUM or anything else that is not enumerable: only the form of a code.
    Any,
}

impl CodeSet {
    /// Whether a `code` is in the set.
    pub(crate) fn has_code(&self, code: &str) -> bool {
        match &self.content {
            Content::Enumerated { codes, .. } => codes.binary_search(&code).is_ok(),
            Content::Currency => code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()),
            Content::Mime => is_mime(code),
            Content::Any => true,
        }
    }

    /// Whether a Coding is in the set.
    pub(crate) fn has_coding(&self, system: Option<&str>, code: Option<&str>) -> bool {
        match &self.content {
            Content::Enumerated { pairs, .. } => {
                let wanted = (system.unwrap_or_default(), code.unwrap_or_default());
                pairs.binary_search(&wanted).is_ok()
            }
            _ => code.is_some(),
        }
    }
}

/// RFC 6838 4.2; R4 also allows the bare words `xml`, `json` and `ttl`
/// (CapabilityStatement.format).
fn is_mime(code: &str) -> bool {
    if matches!(code, "xml" | "json" | "ttl") {
        return true;
    }
    let kind = code.split(';').next().unwrap_or_default().trim_end();
    let is_name = |name: &str| {
        let mut bytes = name.bytes();
        bytes.next().is_some_and(|b| b.is_ascii_alphanumeric())
            && bytes.all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    kind.split_once('/')
        .is_some_and(|(main, sub)| is_name(main) && is_name(sub))
}

/// Reads `codes.txt`.
pub(super) fn load(text: &'static str) -> Vec<CodeSet> {
    let mut sets: Vec<CodeSet> = Vec::new();
    let mut system = "";
    for line in text.lines() {
        if let Some(head) = line.strip_prefix("V ") {
            sets.push(open(head));
        } else if let Some(url) = line.strip_prefix("S ") {
            system = url;
        } else if let Some(CodeSet {
            content: Content::Enumerated { codes, pairs },
            ..
        }) = sets.last_mut()
        {
            codes.extend(line.split('\t'));
            pairs.extend(line.split('\t').map(|code| (system, code)));
        }
    }
    for set in &mut sets {
        if let Content::Enumerated { codes, pairs } = &mut set.content {
            codes.sort_unstable();
            pairs.sort_unstable();
        }
    }
    sets
}

fn open(head: &'static str) -> CodeSet {
    let (url, rule) = head.split_once(' ').unwrap_or((head, ""));
    let content = match rule {
        "" => Content::Enumerated {
            codes: Vec::new(),
            pairs: Vec::new(),
        },
        "currency" => Content::Currency,
        "mime" => Content::Mime,
        _ => Content::Any,
    };
    CodeSet { url, content }
}
