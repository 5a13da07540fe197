//! Scopes as text.

use std::fmt;

use super::{Context, LETTERS, ResourceScope, Scope, Scopes, Verbs};
use crate::pairs;

impl fmt::Display for Verbs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (verb, letter) in LETTERS {
            if self.has(verb) {
                write!(f, "{letter}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for ResourceScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let context = match self.context {
            Context::Patient => "patient",
            Context::User => "user",
            Context::System => "system",
        };
        write!(f, "{context}/{}.", self.type_.unwrap_or("*"))?;
        match self.verbs {
            Verbs::READ if self.old_form => f.write_str("read"),
            Verbs::WRITE if self.old_form => f.write_str("write"),
            Verbs::ALL if self.old_form => f.write_str("*"),
            verbs => write!(f, "{verbs}"),
        }?;
        if self.constraint.is_empty() {
            return Ok(());
        }
        // A `|` may stand in a scope (RFC 6749 3.3), and clients compare it as they wrote it.
        write!(
            f,
            "?{}",
            pairs::encode(&self.constraint).replace("%7C", "|")
        )
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resource(resource) => resource.fmt(f),
            Self::Launch => f.write_str("launch"),
            Self::LaunchPatient => f.write_str("launch/patient"),
            Self::OpenId => f.write_str("openid"),
            Self::FhirUser => f.write_str("fhirUser"),
            Self::OfflineAccess => f.write_str("offline_access"),
            Self::OnlineAccess => f.write_str("online_access"),
        }
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, scope) in self.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            scope.fmt(f)?;
        }
        Ok(())
    }
}
