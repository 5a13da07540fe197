//! Questions of a patient to the privacy officer about an access, and the answers.
//!
//! A patient asks why an access happened, contests a break-glass opening, or acknowledges a notice
//! (`ask`); the privacy officer reads what is open (`list`) and answers (`answer`). Both are
//! Communications in the patient's compartment, with versions, events and receipts like any record,
//! and are erased with the patient. Only these acts write them (`crate::own`).
//! `docs/reference/questions.md` has the forms.

mod answer;
mod ask;
mod communication;
mod list;

/// Longest text, in letters.
pub const QUESTION_TEXT_MAX: usize = 2_000;
/// Questions of one patient that wait for an answer.
pub const QUESTIONS_OPEN_MAX: u64 = 20;

/// What a patient wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuestionKind {
    /// To know why this access happened.
    Why,
    /// To say that this opening of the own record was wrong.
    Contest,
    /// To say that the notice was seen; nobody has to answer.
    Acknowledge,
}

impl QuestionKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Why, Self::Contest, Self::Acknowledge];

    /// The code in `urn:salus:question`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Why => "why",
            Self::Contest => "contest",
            Self::Acknowledge => "acknowledge",
        }
    }

    /// Reads a code.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == text)
    }
}

/// What a patient asks.
#[derive(Debug, Clone)]
pub struct Asking {
    /// `AuditEvent/ID`, the id of an opening, or for an acknowledgement `Communication/ID`.
    pub about: String,
    /// What for.
    pub kind: QuestionKind,
    /// In words.
    pub text: Option<String>,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The id of its Communication.
    pub id: String,
    /// Whose record it is about.
    pub patient: String,
    /// What it is about, as it was asked.
    pub about: String,
    /// What for.
    pub kind: QuestionKind,
    /// In words.
    pub text: Option<String>,
    /// When it was asked, a FHIR instant.
    pub asked: String,
    /// Who asked in the patient's place.
    pub by: Option<String>,
    /// Whether it waits for an answer.
    pub open: bool,
    /// The answer.
    pub answer: Option<QuestionAnswer>,
}

/// An answer of the privacy officer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionAnswer {
    /// The id of its Communication.
    pub id: String,
    /// In words.
    pub text: String,
    /// When, a FHIR instant.
    pub answered: String,
    /// Who.
    pub by: String,
}

/// Which questions are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum QuestionState {
    /// Those that wait for an answer, the oldest first.
    Open,
    /// Those that do not, the newest first.
    Answered,
    /// All, the newest first.
    #[default]
    All,
}

/// A page of questions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionPage {
    /// The questions.
    pub questions: Vec<Question>,
    /// The token of the next page.
    pub next: Option<String>,
}
