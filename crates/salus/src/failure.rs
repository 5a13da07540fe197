//! What a person reads when something did not work: error, cause, hint.

use std::fmt::{self, Display};

/// A failed command. Printed once, by `main`.
#[derive(Debug)]
pub(crate) struct Failure {
    error: String,
    causes: Vec<String>,
    hint: Option<String>,
    status: u8,
}

/// The result of a command or of a step of one.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// Something did not work, in the words of the person who asked.
    pub(crate) fn new(error: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            causes: Vec::new(),
            hint: None,
            status: 1,
        }
    }

    /// Why, in the words of whoever noticed; the errors below it follow.
    pub(crate) fn cause(mut self, cause: impl Display) -> Self {
        self.causes.push(cause.to_string());
        self
    }

    /// What to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint.get_or_insert(hint.into());
        self
    }

    /// Another exit status than 1.
    pub(crate) fn status(mut self, status: u8) -> Self {
        self.status = status;
        self
    }

    /// The exit status of the process.
    pub(crate) fn exit_status(&self) -> u8 {
        self.status
    }
}

impl Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "error: {}", self.error)?;
        for cause in &self.causes {
            write!(out, "\ncause: {cause}")?;
        }
        match &self.hint {
            Some(hint) => write!(out, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

/// Says what was attempted when a step fails.
pub(crate) trait Explain<T> {
    /// `what` is the sentence after `error:`; the failure itself becomes the cause.
    fn explain(self, what: impl FnOnce() -> String) -> Outcome<T>;
}

impl<T, E: std::error::Error> Explain<T> for Result<T, E> {
    fn explain(self, what: impl FnOnce() -> String) -> Outcome<T> {
        self.map_err(|error| {
            let mut failure = Failure::new(what()).cause(&error);
            let mut below = error.source();
            while let Some(cause) = below {
                // Many errors repeat their source in their own text.
                let text = cause.to_string();
                if !failure.causes.iter().any(|said| said.contains(&text)) {
                    failure.causes.push(text);
                }
                below = cause.source();
            }
            failure
        })
    }
}

/// Adds a hint to whatever failed.
pub(crate) trait Hint {
    /// What to do about it.
    fn hint(self, hint: &str) -> Self;
}

impl<T> Hint for Outcome<T> {
    fn hint(self, hint: &str) -> Self {
        self.map_err(|failure| failure.hint(hint))
    }
}
