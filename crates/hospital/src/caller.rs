//! Who asks: a signed-in user or client of this organisation.

use std::fmt;
use std::str::FromStr;

use crate::identity::Acting;
use crate::scopes::{Reach, Verb};
use crate::sight::Sight;

/// What a user is at this organisation. `api::access` says what each may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Treats patients.
    Clinician,
    /// Dispenses: reads, and writes medication records.
    Pharmacist,
    /// Studies: nothing clinical before a trial or a permit grants it.
    Researcher,
    /// Reads the log of what happened.
    Auditor,
    /// Runs the node: users, proposals, votes. No clinical data.
    Admin,
    /// Reads the own compartment.
    Patient,
    /// Another system of this organisation, by client credentials.
    System,
}

impl Role {
    /// Every role, in the order of the documentation.
    pub const ALL: [Role; 7] = [
        Role::Clinician,
        Role::Pharmacist,
        Role::Researcher,
        Role::Auditor,
        Role::Admin,
        Role::Patient,
        Role::System,
    ];

    /// The name in tokens, in the users table and in `demo.json`.
    pub fn name(self) -> &'static str {
        match self {
            Role::Clinician => "clinician",
            Role::Pharmacist => "pharmacist",
            Role::Researcher => "researcher",
            Role::Auditor => "auditor",
            Role::Admin => "admin",
            Role::Patient => "patient",
            Role::System => "system",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Role::ALL
            .into_iter()
            .find(|role| role.name() == text)
            .ok_or_else(|| format!("no role is called `{text}`"))
    }
}

/// A signed-in user, as far as an act needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user or client name.
    pub username: String,
    /// What the user is.
    pub role: Role,
    /// The logical id of the patient that the user is, for [`Role::Patient`]; for others the one
    /// whose records this access is about.
    pub patient: Option<String>,
    /// What narrows the view beyond role and compartment.
    pub sight: Sight,
    /// By which right the caller acts in another patient's place ([`crate::Hospital::act_for`]).
    pub acting: Option<Acting>,
}

impl Caller {
    /// A user who sees what the role shows.
    pub fn new(username: impl Into<String>, role: Role, patient: Option<String>) -> Self {
        Self {
            username: username.into(),
            role,
            patient,
            sight: Sight::default(),
            acting: None,
        }
    }

    /// The organisation itself, for what it writes and reads in the course of an act.
    pub(crate) fn organisation() -> Self {
        Self::new("", Role::System, None)
    }

    /// The one patient compartment that this caller may see; `None` is no such bound.
    ///
    /// A patient without an id sees the compartment `""`, which is empty. Anybody else is bound
    /// where the access is about one patient: a reader of another organisation.
    pub fn compartment(&self) -> Option<&str> {
        match self.role {
            Role::Patient => Some(self.patient.as_deref().unwrap_or("")),
            _ => self.patient.as_deref(),
        }
    }
}

impl Caller {
    /// The same bound, as the store applies it inside every query.
    pub(crate) fn scope(&self) -> store::Scope {
        let reach = self.sight.reach.as_deref();
        let bound = self.compartment();
        let bound = bound.or_else(|| reach.and_then(Reach::only_patient));
        let mut scope = match bound {
            Some(patient) => store::Scope::patient(patient),
            None => store::Scope::all(),
        };
        scope.narrowing = reach.and_then(|reach| reach.narrowing(Verb::Search));
        match self.sight.sieve() {
            Some(sieve) => scope.through(sieve),
            None => scope,
        }
    }
}
