//! One pass over the text that writes the canonical form as it goes. RFC 8259.

use std::ops::Range;

use super::DEPTH_MAX;

/// Byte offset and reason.
type Fault = (usize, &'static str);

pub(super) fn scan(text: &str) -> Result<Vec<u8>, Fault> {
    let mut scanner = Scanner {
        text,
        at: 0,
        out: Vec::with_capacity(text.len()),
    };
    scanner.space();
    scanner.value(0)?;
    scanner.space();
    if scanner.at < text.len() {
        return Err((scanner.at, "something follows the value"));
    }
    Ok(scanner.out)
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    out: Vec<u8>,
}

/// A member of an object: its name and where it stands in the output.
struct Member {
    name: String,
    written: Range<usize>,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Takes the byte if it is next.
    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Result<(), Fault> {
        match self.peek() {
            Some(b'{' | b'[') if depth == DEPTH_MAX => Err((self.at, "nested too deep")),
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => self
                .string()
                .map(|string| write_string(&mut self.out, &string)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            Some(_) => Err((self.at, "no value")),
            None => Err((self.at, "the text ends too early")),
        }
    }

    fn word(&mut self, word: &'static str) -> Result<(), Fault> {
        if !self.text[self.at..].starts_with(word) {
            return Err((self.at, "no value"));
        }
        self.at += word.len();
        self.out.extend_from_slice(word.as_bytes());
        Ok(())
    }

    fn array(&mut self, depth: usize) -> Result<(), Fault> {
        self.at += 1;
        self.out.push(b'[');
        self.space();
        if !self.take(b']') {
            loop {
                self.space();
                self.value(depth)?;
                self.space();
                if self.take(b']') {
                    break;
                }
                self.comma()?;
            }
        }
        self.out.push(b']');
        Ok(())
    }

    fn comma(&mut self) -> Result<(), Fault> {
        if !self.take(b',') {
            return Err((self.at, "a comma or the end of the list is missing"));
        }
        self.out.push(b',');
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Result<(), Fault> {
        self.at += 1;
        self.out.push(b'{');
        let start = self.out.len();
        let mut members = Vec::new();
        self.space();
        if !self.take(b'}') {
            loop {
                self.space();
                members.push(self.member(depth)?);
                self.space();
                if self.take(b'}') {
                    break;
                }
                self.comma()?;
            }
        }
        self.sort(start, members)?;
        self.out.push(b'}');
        Ok(())
    }

    fn member(&mut self, depth: usize) -> Result<Member, Fault> {
        if self.peek() != Some(b'"') {
            return Err((self.at, "no name of a member"));
        }
        let start = self.out.len();
        let name = self.string()?;
        write_string(&mut self.out, &name);
        self.space();
        if !self.take(b':') {
            return Err((self.at, "a colon is missing"));
        }
        self.out.push(b':');
        self.space();
        self.value(depth)?;
        Ok(Member {
            name,
            written: start..self.out.len(),
        })
    }

    /// Puts the members written from `start` on into the order of RFC 8785 3.2.3.
    fn sort(&mut self, start: usize, mut members: Vec<Member>) -> Result<(), Fault> {
        let ordered = members.is_sorted_by(|one, next| utf16(&one.name).lt(utf16(&next.name)));
        if ordered {
            return Ok(());
        }
        members.sort_by(|one, other| utf16(&one.name).cmp(utf16(&other.name)));
        if members.windows(2).any(|pair| pair[0].name == pair[1].name) {
            return Err((self.at, "an object that ends here has the same name twice"));
        }
        let written = self.out.split_off(start);
        for (index, member) in members.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            let range = member.written.start - start..member.written.end - start;
            self.out.extend_from_slice(&written[range]);
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start {
            Err((self.at, "a digit is missing"))
        } else {
            Ok(())
        }
    }

    /// A number, kept as it is written. RFC 8259 section 6.
    fn number(&mut self) -> Result<(), Fault> {
        let start = self.at;
        self.take(b'-');
        if self.take(b'0') {
            if let Some(b'0'..=b'9') = self.peek() {
                return Err((self.at, "a leading zero"));
            }
        } else {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _sign = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        self.out
            .extend_from_slice(&self.text.as_bytes()[start..self.at]);
        Ok(())
    }

    /// The meaning of a string. RFC 8259 section 7.
    fn string(&mut self) -> Result<String, Fault> {
        self.at += 1;
        let mut string = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek(), None | Some(b'"' | b'\\' | 0..=0x1f)) {
                self.at += 1;
            }
            // Both ends stand at ASCII bytes, so the range is one of whole characters.
            string.push_str(&self.text[start..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(string);
                }
                Some(b'\\') => string.push(self.escape()?),
                Some(_) => return Err((self.at, "a control character in a string")),
                None => return Err((self.at, "a string without an end")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Fault> {
        let start = self.at;
        self.at += 1;
        let kind = self.peek().ok_or((self.at, "a string without an end"))?;
        self.at += 1;
        Ok(match kind {
            b'"' | b'\\' | b'/' => char::from(kind),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(start),
            _ => return Err((start, "no escape")),
        })
    }

    /// `\uXXXX`, or two of them for a character beyond the basic plane.
    fn unicode(&mut self, start: usize) -> Result<char, Fault> {
        let first = self.unit()?;
        let unit = if (0xd800..0xdc00).contains(&first) {
            if !(self.take(b'\\') && self.take(b'u')) {
                return Err((start, "half of a surrogate pair"));
            }
            let second = self.unit()?;
            if !(0xdc00..0xe000).contains(&second) {
                return Err((start, "half of a surrogate pair"));
            }
            0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
        } else {
            first
        };
        char::from_u32(unit).ok_or((start, "half of a surrogate pair"))
    }

    fn unit(&mut self) -> Result<u32, Fault> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = match self.peek() {
                Some(digit @ b'0'..=b'9') => digit - b'0',
                Some(digit @ b'a'..=b'f') => digit - b'a' + 10,
                Some(b'A'..=b'F') => return Err((self.at, "an uppercase digit in an escape")),
                _ => return Err((self.at, "four hexadecimal digits are missing")),
            };
            self.at += 1;
            unit = unit << 4 | u32::from(digit);
        }
        Ok(unit)
    }
}

fn utf16(name: &str) -> impl Iterator<Item = u16> {
    name.encode_utf16()
}

/// RFC 8785 3.2.2.2.
fn write_string(out: &mut Vec<u8>, string: &str) {
    out.push(b'"');
    for byte in string.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0x08 => out.extend_from_slice(b"\\b"),
            0x09 => out.extend_from_slice(b"\\t"),
            0x0a => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            0x0d => out.extend_from_slice(b"\\r"),
            0x00..=0x1f => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}
