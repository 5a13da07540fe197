//! SMART scopes: what a token may do, beside the role of its user.
//!
//! SMART App Launch 2.2, "Scopes for requesting FHIR Resources". A grant is what was asked for,
//! met with what the client is registered for and with what the role may do: never more than any
//! of the three.

mod meet;
mod parse;
mod reach;
mod text;
mod write;

#[cfg(test)]
mod tests;

pub use reach::Reach;

use crate::pairs::Pairs;

/// Most scopes in one grant.
pub const SCOPES_MAX: usize = 100;
/// Longest text of scopes, in bytes.
pub const SCOPE_BYTES_MAX: usize = 3_000;

/// Whose records a scope is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// `patient/`: those of the patient in context.
    Patient,
    /// `user/`: those that the user may see.
    User,
    /// `system/`: those that the client may see, without a user.
    System,
}

/// One kind of interaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Create.
    Create = 1,
    /// Read, version read, history of one record.
    Read = 2,
    /// Update and patch.
    Update = 4,
    /// Delete.
    Delete = 8,
    /// Search, history of a type or of all.
    Search = 16,
}

/// The letters of a scope, in the order that SMART demands.
const LETTERS: [(Verb, char); 5] = [
    (Verb::Create, 'c'),
    (Verb::Read, 'r'),
    (Verb::Update, 'u'),
    (Verb::Delete, 'd'),
    (Verb::Search, 's'),
];

/// A set of interactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verbs(u8);

impl Verbs {
    const READ: Self = Self(Verb::Read as u8 | Verb::Search as u8);
    const WRITE: Self = Self(Verb::Create as u8 | Verb::Update as u8 | Verb::Delete as u8);
    const ALL: Self = Self(Self::READ.0 | Self::WRITE.0);

    /// Whether it holds this one.
    pub fn has(self, verb: Verb) -> bool {
        self.0 & verb as u8 != 0
    }
}

/// A scope about resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceScope {
    /// Whose records.
    pub context: Context,
    /// Of this type; `None` is `*`.
    pub type_: Option<&'static str>,
    /// What may be done.
    pub verbs: Verbs,
    /// Search parameters that a record must match.
    pub constraint: Pairs,
    /// Written in the form of SMART version 1.
    pub old_form: bool,
}

/// One scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// `patient/Observation.rs` and the like.
    Resource(ResourceScope),
    /// `launch`: take the context of an EHR launch.
    Launch,
    /// `launch/patient`: choose a patient.
    LaunchPatient,
    /// `openid`: an id token.
    OpenId,
    /// `fhirUser`: who the user is, in the id token.
    FhirUser,
    /// `offline_access`: a refresh token that outlives the session.
    OfflineAccess,
    /// `online_access`: a refresh token that ends with the session.
    OnlineAccess,
}

/// A list of scopes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(Vec<Scope>);

/// Why a text is no list of scopes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the scope `{scope}` is not usable: {reason}")]
pub struct ScopeError {
    /// The scope, cut to a length that can be shown.
    pub scope: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl Scopes {
    /// The scopes, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }

    /// Whether this very scope is there.
    pub fn has(&self, scope: &Scope) -> bool {
        self.0.contains(scope)
    }

    /// Whether nothing is there.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The scopes about resources.
    pub fn resources(&self) -> impl Iterator<Item = &ResourceScope> {
        self.0.iter().filter_map(|scope| match scope {
            Scope::Resource(resource) => Some(resource),
            _ => None,
        })
    }

    /// Whether a scope is about the patient in context.
    pub fn needs_patient(&self) -> bool {
        self.has(&Scope::LaunchPatient)
            || self.resources().any(|one| one.context == Context::Patient)
    }

    /// Without the scopes about the patient in context.
    #[must_use]
    pub fn without_patient(&self) -> Self {
        let about = |scope: &Scope| match scope {
            Scope::LaunchPatient => true,
            Scope::Resource(one) => one.context == Context::Patient,
            _ => false,
        };
        Self(self.0.iter().filter(|one| !about(one)).cloned().collect())
    }
}
