//! What was read: identifiers with their values, in the order in which they were.

use crate::associations;
use crate::component;
use crate::date::ShortDate;
use crate::error::Error;
use crate::table::{self, Ai};
use crate::{ELEMENTS_MAX, brackets, digital_link, separated};

/// One identifier with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// The identifier.
    pub ai: &'static Ai,
    /// Its value, valid for it.
    pub value: String,
}

/// A valid message: at least one element, each valid, and all of them together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elements {
    list: Vec<Element>,
    /// So many stood in the path of a Digital Link; 0: it was none.
    path: usize,
}

impl Elements {
    /// From pairs of identifier and value.
    pub fn new<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Error> {
        let mut reader = Reader::default();
        for (code, value) in pairs {
            let ai = table::named(code).ok_or(Error::UnknownIdentifier { at: 0 })?;
            reader.push(ai, value)?;
        }
        reader.finish()
    }

    /// The elements, in the order in which they were read.
    pub fn iter(&self) -> impl Iterator<Item = &Element> {
        self.list.iter()
    }

    /// The value of an identifier.
    pub fn get(&self, code: &str) -> Option<&str> {
        let found = self.list.iter().find(|element| element.ai.code == code)?;
        Some(&found.value)
    }

    /// AI (01): the trade item, 14 digits.
    pub fn gtin(&self) -> Option<&str> {
        self.get("01")
    }

    /// AI (21): the serial number.
    pub fn serial(&self) -> Option<&str> {
        self.get("21")
    }

    /// AI (10): the batch or lot.
    pub fn lot(&self) -> Option<&str> {
        self.get("10")
    }

    /// AI (17), or the day of AI (7003): until when it may be used.
    pub fn expiry(&self) -> Option<ShortDate> {
        let day = self.get("17").or_else(|| self.get("7003")?.get(..6))?;
        ShortDate::parse(day)
    }

    /// AI (00): the logistic unit, 18 digits.
    pub fn sscc(&self) -> Option<&str> {
        self.get("00")
    }

    /// `(01)09506000134352(10)ABC`, with `\(` for a bracket in a value.
    pub fn bracketed(&self) -> String {
        brackets::write(self)
    }

    /// What a scanner transmits, without a symbology identifier; see [`separated::write`].
    pub fn separated(&self) -> String {
        separated::write(self)
    }

    /// The canonical GS1 Digital Link: see [`digital_link::write`]. `None` without a primary key,
    /// or where an identifier has no place in a Digital Link.
    pub fn digital_link(&self) -> Option<String> {
        digital_link::write(digital_link::CANONICAL_STEM, self)
    }

    /// The link of the finest thing identified, as EPCIS names it: see
    /// [`digital_link::write_identity`].
    pub fn identity_link(&self) -> Option<String> {
        digital_link::write_identity(self)
    }

    pub(crate) fn list(&self) -> &[Element] {
        &self.list
    }

    pub(crate) fn path(&self) -> usize {
        self.path
    }
}

/// Collects elements, and checks each as it comes.
#[derive(Default)]
pub(crate) struct Reader {
    list: Vec<Element>,
    path: usize,
}

impl Reader {
    /// One more element.
    pub(crate) fn push(&mut self, ai: &'static Ai, value: &str) -> Result<(), Error> {
        if self.list.len() >= ELEMENTS_MAX {
            return Err(Error::TooMuch {
                limit: ELEMENTS_MAX,
                unit: "elements",
            });
        }
        let code = ai.code;
        component::check(ai, value).map_err(|(at, defect)| Error::Value {
            ai: code,
            at,
            defect,
        })?;
        self.list.push(Element {
            ai,
            value: value.to_owned(),
        });
        Ok(())
    }

    /// What was read so far stood in the path of a Digital Link.
    pub(crate) fn path_ends(&mut self) {
        self.path = self.list.len();
    }

    pub(crate) fn list(&self) -> &[Element] {
        &self.list
    }

    /// All of them together.
    pub(crate) fn finish(self) -> Result<Elements, Error> {
        if self.list.is_empty() {
            return Err(Error::Empty);
        }
        associations::check(&self.list)?;
        Ok(Elements {
            list: self.list,
            path: self.path,
        })
    }
}
