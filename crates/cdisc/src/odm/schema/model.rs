//! Content models, read from their compact form: `A? (B|C=type)* D{1,3} #any #other=ds`.

/// So many times a term.
#[derive(Debug)]
pub(crate) struct Particle {
    pub(super) term: Term,
    pub(super) min: usize,
    pub(super) max: Option<usize>,
}

#[derive(Debug)]
pub(super) enum Term {
    /// An element; its type where it is not that of the element defined at the top.
    Element(&'static str, Option<&'static str>),
    /// Any element but those whose name begins so.
    Any(Option<&'static str>),
    All(Vec<Particle>),
    One(Vec<Particle>),
}

impl Particle {
    /// The elements that it names, in order, with the type where it says one.
    pub(crate) fn names(&self) -> Vec<(&'static str, Option<&'static str>)> {
        match &self.term {
            Term::Element(name, of_type) => vec![(*name, *of_type)],
            Term::Any(_) => Vec::new(),
            Term::All(parts) | Term::One(parts) => parts.iter().flat_map(Self::names).collect(),
        }
    }

    /// True where elements may stand that it does not name.
    pub(crate) fn has_wildcard(&self) -> bool {
        match &self.term {
            Term::Element(..) => false,
            Term::Any(_) => true,
            Term::All(parts) | Term::One(parts) => parts.iter().any(Self::has_wildcard),
        }
    }
}

/// Reads what the generator wrote; `-` is a model in which nothing may stand.
pub(super) fn read(text: &'static str) -> Particle {
    let mut reader = Reader { text, at: 0 };
    let parts = if text == "-" {
        Vec::new()
    } else {
        reader.list(' ')
    };
    Particle {
        term: Term::All(parts),
        min: 1,
        max: Some(1),
    }
}

struct Reader {
    text: &'static str,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn list(&mut self, separator: char) -> Vec<Particle> {
        let mut parts = vec![self.particle()];
        while self.peek() == u8::try_from(separator).ok() {
            self.at += 1;
            parts.push(self.particle());
        }
        parts
    }

    /// In brackets, the first separator says which kind of group it is.
    fn group(&mut self) -> Term {
        let mut parts = vec![self.particle()];
        let separator = self.peek();
        while matches!(self.peek(), Some(b' ' | b'|')) {
            self.at += 1;
            parts.push(self.particle());
        }
        self.at += 1;
        if separator == Some(b'|') {
            Term::One(parts)
        } else {
            Term::All(parts)
        }
    }

    fn particle(&mut self) -> Particle {
        let term = if self.peek() == Some(b'(') {
            self.at += 1;
            self.group()
        } else {
            self.word()
        };
        let (min, max) = self.occurrence();
        Particle { term, min, max }
    }

    fn word(&mut self) -> Term {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = rest
            .find([' ', '|', ')', '?', '*', '+', '{'])
            .unwrap_or(rest.len());
        self.at += length;
        let word = rest.get(..length).unwrap_or_default();
        match word.split_once('=') {
            Some(("#other", prefix)) => Term::Any(Some(prefix)),
            _ if word.starts_with('#') => Term::Any(None),
            Some((name, of_type)) => Term::Element(name, Some(of_type)),
            None => Term::Element(word, None),
        }
    }

    fn occurrence(&mut self) -> (usize, Option<usize>) {
        let known = match self.peek() {
            Some(b'?') => (0, Some(1)),
            Some(b'*') => (0, None),
            Some(b'+') => (1, None),
            Some(b'{') => return self.counted(),
            _ => return (1, Some(1)),
        };
        self.at += 1;
        known
    }

    fn counted(&mut self) -> (usize, Option<usize>) {
        let rest = self.text.get(self.at + 1..).unwrap_or_default();
        let inner = rest.split('}').next().unwrap_or_default();
        self.at += inner.len() + 2;
        let (min, max) = inner.split_once(',').unwrap_or((inner, inner));
        (min.parse().unwrap_or(1), max.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_read_as_it_is_meant() {
        let model = read("A? (B|C=xs:string|(D E)*){2,} #other=d{1,3} F");
        let Term::All(parts) = &model.term else {
            panic!("not a sequence");
        };
        assert_eq!(parts.len(), 4);
        assert_eq!((parts[1].min, parts[1].max), (2, None));
        assert_eq!((parts[2].min, parts[2].max), (1, Some(3)));
        let names = ["A", "B", "C", "D", "E", "F"];
        assert!(model.names().iter().map(|(name, _)| *name).eq(names));
        assert_eq!(model.names()[2].1, Some("xs:string"));
        assert!(model.has_wildcard() && !read("A").has_wildcard());
        assert!(read("-").names().is_empty());
    }
}
