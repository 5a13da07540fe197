//! Containers by what they say, in the order in which they first come.

use std::collections::BTreeMap;

use crate::odm::tree::{Element, Node};

/// A container: its name, attributes and the reference that it holds.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Step {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    reference: Option<(&'static str, &'static str, String)>,
}

impl Step {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            attributes: Vec::new(),
            reference: None,
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

/// What stands in a container.
#[derive(Default)]
pub(super) struct Branch {
    /// By what a container says: its number.
    numbers: BTreeMap<Step, usize>,
    inner: Vec<Grown>,
}

enum Grown {
    Branch(Step, Branch),
    Leaf(Element),
}

impl Branch {
    /// Puts an element at the end of a path, making the containers that are not there.
    pub(super) fn grow(&mut self, path: &[Step], leaf: Element) {
        let Some((step, rest)) = path.split_first() else {
            self.inner.push(Grown::Leaf(leaf));
            return;
        };
        let known = self.numbers.get(step).copied();
        let number = known.unwrap_or(self.inner.len());
        if known.is_none() {
            self.numbers.insert(step.clone(), number);
            let branch = Grown::Branch(step.clone(), Self::default());
            self.inner.push(branch);
        }
        if let Some(Grown::Branch(_, branch)) = self.inner.get_mut(number) {
            branch.grow(rest, leaf);
        }
    }

    pub(super) fn into_elements(self) -> Vec<Element> {
        let elements = self.inner.into_iter().map(|grown| match grown {
            Grown::Leaf(leaf) => leaf,
            Grown::Branch(step, branch) => {
                let mut element = step.element();
                element
                    .nodes
                    .extend(branch.into_elements().into_iter().map(Node::Element));
                element
            }
        });
        elements.collect()
    }
}
