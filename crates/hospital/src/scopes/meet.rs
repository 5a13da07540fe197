//! What two lists of scopes have in common, and whether one holds the other.

use super::{Context, ResourceScope, SCOPES_MAX, Scope, Scopes, Verbs};
use crate::Role;

const MEDICATION: &str = "Medication";

impl Scopes {
    /// What a role may be granted at all. `api::access` holds the role's own bounds once more.
    pub fn of_role(role: Role) -> Self {
        let of = |context, type_, verbs| {
            Scope::Resource(ResourceScope {
                context,
                type_,
                verbs,
                constraint: Vec::new(),
                old_form: false,
            })
        };
        let mut scopes = match role {
            Role::System => return Self(vec![of(Context::System, None, Verbs::ALL)]),
            Role::Researcher | Role::Admin => Vec::new(),
            Role::Clinician => vec![
                of(Context::Patient, None, Verbs::ALL),
                of(Context::User, None, Verbs::ALL),
            ],
            Role::Patient => vec![
                of(Context::Patient, None, Verbs::READ),
                of(Context::User, None, Verbs::READ),
            ],
            Role::Pharmacist => {
                let medication = fhir::resource_types()
                    .iter()
                    .filter(|name| name.starts_with(MEDICATION));
                let mut scopes = Vec::new();
                for context in [Context::Patient, Context::User] {
                    scopes.push(of(context, None, Verbs::READ));
                    let writes = medication.clone();
                    scopes.extend(writes.map(|name| of(context, Some(*name), Verbs::WRITE)));
                }
                scopes
            }
            Role::Auditor => vec![
                of(Context::User, Some("AuditEvent"), Verbs::READ),
                of(Context::User, Some("Provenance"), Verbs::READ),
            ],
        };
        scopes.extend([
            Scope::Launch,
            Scope::LaunchPatient,
            Scope::OpenId,
            Scope::FhirUser,
            Scope::OfflineAccess,
            Scope::OnlineAccess,
        ]);
        Self(scopes)
    }

    /// What is in both: of each pair the common types and verbs, under the conditions of both.
    #[must_use]
    pub fn meet(&self, other: &Self) -> Self {
        let mut met: Vec<Scope> = Vec::new();
        for left in self.iter() {
            for right in other.iter() {
                let Some(both) = common(left, right) else {
                    continue;
                };
                if met.iter().any(|known| holds(known, &both)) || met.len() == SCOPES_MAX {
                    continue;
                }
                met.retain(|known| !holds(&both, known));
                met.push(both);
            }
        }
        Self(met)
    }

    /// Whether every scope of `other` is within one of these.
    pub fn holds(&self, other: &Self) -> bool {
        other
            .iter()
            .all(|scope| self.iter().any(|known| holds(known, scope)))
    }
}

fn common(left: &Scope, right: &Scope) -> Option<Scope> {
    let (Scope::Resource(asked), Scope::Resource(allowed)) = (left, right) else {
        return (left == right).then(|| left.clone());
    };
    if asked.context != allowed.context {
        return None;
    }
    let type_ = match (asked.type_, allowed.type_) {
        (Some(one), Some(other)) if one != other => return None,
        (one, other) => one.or(other),
    };
    let verbs = Verbs(asked.verbs.0 & allowed.verbs.0);
    if verbs.0 == 0 {
        return None;
    }
    let mut constraint = asked.constraint.clone();
    for pair in &allowed.constraint {
        if !constraint.contains(pair) {
            constraint.push(pair.clone());
        }
    }
    Some(Scope::Resource(ResourceScope {
        context: asked.context,
        type_,
        verbs,
        constraint,
        old_form: asked.old_form,
    }))
}

/// Whether the left one allows all that the right one allows.
fn holds(left: &Scope, right: &Scope) -> bool {
    let (Scope::Resource(wide), Scope::Resource(narrow)) = (left, right) else {
        return left == right;
    };
    wide.context == narrow.context
        && (wide.type_.is_none() || wide.type_ == narrow.type_)
        && narrow.verbs.0 & !wide.verbs.0 == 0
        && wide
            .constraint
            .iter()
            .all(|pair| narrow.constraint.contains(pair))
}
