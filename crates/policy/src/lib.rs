//! The policy of an organisation and its jurisdiction, in Cedar: permit-only, any error a refusal.
//!
//! What lives here: reading a policy text against the schema, and the decision on one request.
//! What does not: the patient's consent (`consent`), which must permit as well, and where the
//! text is kept.
//!
//! Invariants:
//!
//! 1. A policy that refuses (`forbid`) is not loaded: Cedar passes over a policy whose evaluation
//!    fails, so a failing `forbid` would permit. `a_forbid_is_not_loaded`.
//! 2. A text that does not fit the schema is not loaded:
//!    `what_does_not_fit_the_schema_is_not_loaded`.
//! 3. An error in any policy refuses, whatever the others say: `any_error_is_a_refusal`.
//! 4. What no policy permits is refused: `the_default_policy_decides_as_its_table_says`.
//!
//! Specification: <https://docs.cedarpolicy.com>. Reasons and weight: decision 0007.

mod request;

pub use request::{Action, Request};

use std::str::FromStr;

use cedar_policy::{Authorizer, Effect, PolicySet, Schema, ValidationMode, Validator};
use thiserror::Error;

/// Bytes of a policy text at most.
pub const TEXT_BYTES_MAX: usize = 256 << 10;
/// Policies in a text at most.
pub const POLICIES_MAX: usize = 256;
/// Reasons in an error or a refusal at most.
const REASONS_MAX: usize = 8;

const SCHEMA: &str = include_str!("schema.cedarschema");
const DEFAULT: &str = include_str!("default.cedar");

/// Why a policy text is not loaded.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum PolicyError {
    /// More than is read.
    #[error("the policy text has more than {max} {what}: shorten it")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        max: usize,
    },
    /// No Cedar.
    #[error("the policy text is not Cedar: {0}")]
    Syntax(String),
    /// A `forbid`.
    #[error(
        "policy `{0}` is a `forbid`: an error in it would lift it; write what is permitted, with \
         the exception in `unless`"
    )]
    Forbid(String),
    /// A template, which nothing here links.
    #[error("policy `{0}` is a template: name its principal and resource")]
    Template(String),
    /// Attributes or types that the schema does not have.
    #[error("the policy text does not fit the schema: {}", .0.join("; "))]
    Invalid(Vec<String>),
    /// The schema of this build is broken.
    #[error("the built-in schema cannot be read: {0}")]
    Schema(String),
}

/// The answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Decision {
    /// At least one policy permits, and none failed.
    Permit {
        /// The ids of those that permit, sorted.
        by: Vec<String>,
    },
    /// None permits, or one failed.
    Deny {
        /// Why, never empty; no values of the request.
        reasons: Vec<Reason>,
    },
}

/// Why the policy refuses.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum Reason {
    /// No policy permits the request.
    #[error("no policy of the organisation permits it")]
    NothingPermits,
    /// The evaluation of a policy failed.
    #[error("policy `{0}` could not be evaluated")]
    Failed(String),
    /// The request does not fit the schema.
    #[error("the request cannot be put to the policy")]
    Unfit,
}

/// A policy, ready to decide.
#[derive(Clone, Debug)]
pub struct Policy {
    policies: PolicySet,
    schema: Schema,
    names: request::Names,
}

impl Policy {
    /// Reads a policy text.
    pub fn read(text: &str) -> Result<Self, PolicyError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(PolicyError::TooMuch {
                what: "bytes",
                max: TEXT_BYTES_MAX,
            });
        }
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA)
            .map_err(|error| PolicyError::Schema(error.to_string()))?;
        let policies =
            PolicySet::from_str(text).map_err(|error| PolicyError::Syntax(error.to_string()))?;
        let policies = named(&policies)?;
        let checked = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
        if !checked.validation_passed() {
            let errors = checked.validation_errors().take(REASONS_MAX);
            return Err(PolicyError::Invalid(
                errors.map(ToString::to_string).collect(),
            ));
        }
        let names = request::Names::new().map_err(PolicyError::Schema)?;
        Ok(Self {
            policies,
            schema,
            names,
        })
    }

    /// The policy of an organisation that brings none of its own.
    pub fn built_in() -> Result<Self, PolicyError> {
        Self::read(DEFAULT)
    }

    /// The text of the built-in policy, to begin one's own from.
    pub fn built_in_text() -> &'static str {
        DEFAULT
    }

    /// Decides on one request.
    pub fn decide(&self, request: &Request<'_>) -> Decision {
        let Some((asked, entities)) = self.names.ask(request, &self.schema) else {
            return Decision::Deny {
                reasons: vec![Reason::Unfit],
            };
        };
        let answer = Authorizer::new().is_authorized(&asked, &self.policies, &entities);
        let failed = answer
            .diagnostics()
            .errors()
            .take(REASONS_MAX)
            .map(|error| {
                let cedar_policy::AuthorizationError::PolicyEvaluationError(error) = error;
                Reason::Failed(error.policy_id().to_string())
            });
        let reasons: Vec<Reason> = failed.collect();
        if !reasons.is_empty() {
            return Decision::Deny { reasons };
        }
        let mut by: Vec<String> = answer
            .diagnostics()
            .reason()
            .map(ToString::to_string)
            .collect();
        if answer.decision() != cedar_policy::Decision::Allow || by.is_empty() {
            return Decision::Deny {
                reasons: vec![Reason::NothingPermits],
            };
        }
        by.sort();
        Decision::Permit { by }
    }
}

/// Gives each policy the id of its `@id`, and refuses what must not be loaded.
fn named(policies: &PolicySet) -> Result<PolicySet, PolicyError> {
    if policies.num_of_policies() > POLICIES_MAX {
        return Err(PolicyError::TooMuch {
            what: "policies",
            max: POLICIES_MAX,
        });
    }
    if let Some(template) = policies.templates().next() {
        return Err(PolicyError::Template(template.id().to_string()));
    }
    let mut renamed = PolicySet::new();
    for policy in policies.policies() {
        let id = policy
            .annotation("id")
            .map_or_else(|| policy.id().to_string(), str::to_owned);
        if policy.effect() == Effect::Forbid {
            return Err(PolicyError::Forbid(id));
        }
        let policy = policy.new_id(cedar_policy::PolicyId::new(id));
        renamed
            .add(policy)
            .map_err(|error| PolicyError::Syntax(error.to_string()))?;
    }
    Ok(renamed)
}
