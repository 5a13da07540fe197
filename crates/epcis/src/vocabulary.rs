//! The words of the Core Business Vocabulary 2.0 and their forms: bare (`shipping`), URN
//! (`urn:epcglobal:cbv:bizstep:shipping`), compact (`cbv:BizStep-shipping`) and web URI
//! (`https://ref.gs1.org/cbv/BizStep-shipping`), which is the canonical one.

use crate::context::Context;

mod words;

/// What a word is a word of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Vocabulary {
    /// CBV 2.0 7.1.
    BizStep,
    /// CBV 2.0 7.2.
    Disposition,
    /// CBV 2.0 7.3.
    BizTransactionType,
    /// CBV 2.0 7.4.
    SourceDestType,
    /// CBV 2.0 7.5.
    ErrorReason,
    /// CBV 2.0 7.6, components of a sensor report.
    Component,
    /// Types of a sensor report, from GS1's web vocabulary.
    Measurement,
    /// Exceptions of a sensor report.
    SensorAlert,
}

const CBV: &str = "https://ref.gs1.org/cbv/";
const VOC: &str = "https://gs1.org/voc/";

impl Vocabulary {
    /// The bare words.
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Self::BizStep => words::BIZ_STEP,
            Self::Disposition => words::DISPOSITION,
            Self::BizTransactionType => words::BIZ_TRANSACTION_TYPE,
            Self::SourceDestType => words::SOURCE_DEST_TYPE,
            Self::ErrorReason => words::ERROR_REASON,
            Self::Component => words::COMPONENT,
            Self::Measurement => words::MEASUREMENT,
            Self::SensorAlert => words::SENSOR_ALERT,
        }
    }

    /// Before the word in a web URI, and its namespace.
    fn web(self) -> (&'static str, &'static str) {
        match self {
            Self::BizStep => (CBV, "BizStep-"),
            Self::Disposition => (CBV, "Disp-"),
            Self::BizTransactionType => (CBV, "BTT-"),
            Self::SourceDestType => (CBV, "SDT-"),
            Self::ErrorReason => (CBV, "ER-"),
            Self::Component => (CBV, "Comp-"),
            Self::Measurement | Self::SensorAlert => (VOC, ""),
        }
    }

    /// Before the word in a URN of CBV 1.
    fn urn(self) -> Option<&'static str> {
        Some(match self {
            Self::BizStep => "urn:epcglobal:cbv:bizstep:",
            Self::Disposition => "urn:epcglobal:cbv:disp:",
            Self::BizTransactionType => "urn:epcglobal:cbv:btt:",
            Self::SourceDestType => "urn:epcglobal:cbv:sdt:",
            Self::ErrorReason => "urn:epcglobal:cbv:er:",
            Self::Component | Self::Measurement | Self::SensorAlert => return None,
        })
    }

    pub(crate) fn knows(self, word: &str) -> bool {
        self.words().contains(&word)
    }

    /// The canonical form: a web URI for each standard word, whichever form it came in; what is
    /// somebody else's URI stays, with its prefix expanded.
    pub fn canonical(self, text: &str, context: &Context) -> String {
        let (namespace, mark) = self.web();
        match self.word(text) {
            Some(word) => format!("{namespace}{mark}{word}"),
            None => context.expand(text),
        }
    }

    /// What stands after the mark of this vocabulary, in any of the four forms.
    pub(crate) fn word(self, text: &str) -> Option<&str> {
        if !text.contains(':') {
            return Some(text);
        }
        if let Some(word) = self.urn().and_then(|urn| text.strip_prefix(urn)) {
            return Some(word);
        }
        let (namespace, mark) = self.web();
        let prefix = if namespace == CBV { "cbv:" } else { "gs1:" };
        let rest = text.strip_prefix(prefix).or_else(|| {
            let short = text
                .strip_prefix("https://")
                .or(text.strip_prefix("http://"))?;
            let short = short.strip_prefix("www.").unwrap_or(short);
            let home = namespace.trim_start_matches("https://");
            let old = if namespace == CBV {
                "ns.gs1.org/cbv/"
            } else {
                home
            };
            short.strip_prefix(home).or(short.strip_prefix(old))
        })?;
        rest.strip_prefix(mark)
    }

    /// As JSON writes it: a standard word bare, anything else as it came.
    pub(crate) fn bare(self, text: &str) -> &str {
        match self.word(text) {
            // A URN of a word that is none stays bare as well, so that it is refused by its name.
            Some(word) if self.knows(word) || text.starts_with("urn:epcglobal:cbv:") => word,
            _ => text,
        }
    }
}
