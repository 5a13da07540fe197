//! The one form inside: elements with attributes and text, whichever version and form they came
//! in. All that a file says stays in it; comments and processing instructions are no data.

use std::borrow::Cow;
use std::sync::Arc;

use super::error::Place;

/// The namespace of a name.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Space {
    /// Of elements: ODM's own, in the version of the document.
    Odm,
    /// None: that of ODM's attributes.
    Bare,
    /// Of a vendor, of XHTML, of XLink...: its URI.
    Other(Arc<str>),
}

/// A name in a namespace.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Name {
    /// Its namespace.
    pub space: Space,
    /// The name without prefix.
    pub local: Cow<'static, str>,
}

/// An attribute.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attribute {
    /// Its name.
    pub name: Name,
    /// Its value.
    pub value: String,
}

/// What stands in an element.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Node {
    /// An element.
    Element(Element),
    /// Text.
    Text(String),
}

/// An element. Two are equal that say the same, wherever they stand.
#[derive(Clone, Debug, Eq)]
pub struct Element {
    /// Its name.
    pub name: Name,
    /// Its attributes.
    pub attributes: Vec<Attribute>,
    /// What stands in it, in order.
    pub nodes: Vec<Node>,
    /// Where it stands.
    pub place: Place,
}

impl PartialEq for Element {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.attributes == other.attributes && self.nodes == other.nodes
    }
}

impl Name {
    /// A name of ODM's own elements.
    pub fn odm(local: impl Into<Cow<'static, str>>) -> Self {
        Self {
            space: Space::Odm,
            local: local.into(),
        }
    }

    /// A name of ODM's own attributes.
    pub fn bare(local: impl Into<Cow<'static, str>>) -> Self {
        Self {
            space: Space::Bare,
            local: local.into(),
        }
    }
}

impl Element {
    /// An element of ODM with nothing in it.
    pub fn new(local: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: Name::odm(local),
            attributes: Vec::new(),
            nodes: Vec::new(),
            place: Place::Made,
        }
    }

    /// With one more attribute.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push(Attribute {
            name: Name::bare(name),
            value: value.into(),
        });
        self
    }

    /// With one more attribute, where there is a value for it.
    #[must_use]
    pub fn with_some(self, name: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// With one more element in it, at the end.
    #[must_use]
    pub fn holding(mut self, child: Self) -> Self {
        self.nodes.push(Node::Element(child));
        self
    }

    /// With text in it.
    #[must_use]
    pub fn saying(mut self, text: impl Into<String>) -> Self {
        self.nodes.push(Node::Text(text.into()));
        self
    }

    /// True for an element of ODM with this name.
    pub fn is(&self, local: &str) -> bool {
        self.name.space == Space::Odm && self.name.local == local
    }

    /// The value of an attribute of ODM's own.
    pub fn attribute(&self, local: &str) -> Option<&str> {
        let mut own = self.attributes.iter();
        let found = own.find(|one| one.name.space == Space::Bare && one.name.local == local)?;
        Some(&found.value)
    }

    /// The elements in it.
    pub fn elements(&self) -> impl DoubleEndedIterator<Item = &Self> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The elements of ODM in it with this name.
    pub fn all<'a>(&'a self, local: &'a str) -> impl DoubleEndedIterator<Item = &'a Self> {
        self.elements().filter(move |child| child.is(local))
    }

    /// The first element of ODM in it with this name.
    pub fn first<'a>(&'a self, local: &'a str) -> Option<&'a Self> {
        self.all(local).next()
    }

    /// The text in it, without that of elements in it.
    pub fn text(&self) -> String {
        let texts = self.nodes.iter().filter_map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            Node::Element(_) => None,
        });
        texts.collect()
    }

    /// True where text stands in it.
    pub(crate) fn has_text(&self) -> bool {
        self.nodes.iter().any(|node| matches!(node, Node::Text(_)))
    }
}
