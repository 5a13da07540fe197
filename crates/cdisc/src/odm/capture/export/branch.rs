//! Containers by what they say, in the order in which they first come.

use std::collections::BTreeMap;

use crate::odm::schema::Tables;
use crate::odm::tree::{Element, Node};

/// A container: its name, attributes and the reference that it holds.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Step {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    reference: Option<(&'static str, &'static str, String)>,
    /// Which of several elements that say the same.
    pub(super) copy: usize,
}

impl Step {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            attributes: Vec::new(),
            reference: None,
            copy: 0,
        }
    }

    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.attributes.push((name, value.to_owned()));
        self
    }

    pub(super) fn holding(mut self, name: &'static str, attribute: &'static str, to: &str) -> Self {
        self.reference = Some((name, attribute, to.to_owned()));
        self
    }

    fn element(self) -> Element {
        let named = self.attributes.into_iter();
        let element = named.fold(Element::new(self.name), |element, (name, value)| {
            element.with(name, value)
        });
        match self.reference {
            Some((name, attribute, to)) => element.holding(Element::new(name).with(attribute, to)),
            None => element,
        }
    }
}

/// What stands in a container, each with its turn.
#[derive(Default)]
pub(super) struct Branch {
    branches: BTreeMap<Step, (usize, Self)>,
    leaves: Vec<(usize, Element)>,
    /// What is said of the container itself.
    said: Vec<Element>,
}

impl Branch {
    /// Puts an element at the end of a path, making the containers that are not there.
    pub(super) fn grow(&mut self, path: &[Step], leaf: Element) {
        let branch = self.at(path);
        let turn = branch.turn();
        branch.leaves.push((turn, leaf));
    }

    /// Says something of the container at the end of a path.
    pub(super) fn say(&mut self, path: &[Step], said: Element) {
        self.at(path).said.push(said);
    }

    fn turn(&self) -> usize {
        self.branches.len() + self.leaves.len()
    }

    fn at(&mut self, path: &[Step]) -> &mut Self {
        let Some((step, rest)) = path.split_first() else {
            return self;
        };
        let turn = self.turn();
        let new = || (turn, Self::default());
        let (_, branch) = self.branches.entry(step.clone()).or_insert_with(new);
        branch.at(rest)
    }

    pub(super) fn into_elements(self, tables: &Tables) -> Vec<Element> {
        let branches = self.branches.into_iter();
        let branches =
            branches.map(|(step, (turn, branch))| (turn, branch.into_element(step, tables)));
        let mut elements: Vec<(usize, Element)> = branches.chain(self.leaves).collect();
        elements.sort_by_key(|(turn, _)| *turn);
        elements.into_iter().map(|(_, element)| element).collect()
    }

    fn into_element(mut self, step: Step, tables: &Tables) -> Element {
        let mut element = step.element();
        let said = std::mem::take(&mut self.said);
        let inner = self.into_elements(tables).into_iter();
        element.nodes.extend(inner.map(Node::Element));
        if !said.is_empty() {
            element.nodes.extend(said.into_iter().map(Node::Element));
            arrange(tables, &mut element);
        }
        element
    }
}

/// Puts what stands in an element into the order of the schema.
pub(super) fn arrange(tables: &Tables, element: &mut Element) {
    let of_type = tables
        .key(&element.name)
        .and_then(|key| tables.type_of(&key));
    let Some(complex) = of_type.and_then(|of_type| tables.complex(of_type)) else {
        return;
    };
    element.nodes.sort_by_key(|node| match node {
        Node::Element(child) => complex.rank(tables.key(&child.name).as_deref()),
        Node::Text(_) => 0,
    });
}
