//! A request in the words of the house, and its form for Cedar.

use std::collections::{HashMap, HashSet};

use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request as Asked,
    RestrictedExpression as Value, Schema,
};
use consent::Facts;

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    /// To read where the record is kept.
    Read,
    /// To create, change or retire.
    Write,
    /// To read at another organisation.
    Disclose,
}

/// One request for a record. Every field is mandatory.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// A name of the person, unique in the organisation.
    pub person: &'a str,
    /// The role: `clinician`, `pharmacist`, `patient`, `system`, ...
    pub role: &'a str,
    /// The id of the asking organisation.
    pub organisation: &'a str,
    /// Its kind: `hospital`, `clinic`, `laboratory`, `pharmacy`, ...
    pub organisation_kind: &'a str,
    /// The id of the organisation that keeps the record.
    pub custodian: &'a str,
    /// Its kind.
    pub custodian_kind: &'a str,
    /// What is asked for.
    pub action: Action,
    /// The code of the purpose of use, of v3-ActReason.
    pub purpose: &'a str,
    /// Whether the glass was broken for it, by an act on the ledger.
    pub break_glass: bool,
    /// What is known of the record.
    pub facts: &'a Facts,
}

/// The names of the schema, read once.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    organisation: EntityTypeName,
    person: EntityTypeName,
    record: EntityUid,
    read: EntityUid,
    write: EntityUid,
    disclose: EntityUid,
}

impl Names {
    pub(crate) fn new() -> Result<Self, String> {
        let kind = |name: &str| name.parse::<EntityTypeName>().map_err(|e| e.to_string());
        let action = kind("Action")?;
        let one = |id: &str| EntityUid::from_type_name_and_id(action.clone(), EntityId::new(id));
        let record = EntityUid::from_type_name_and_id(kind("Record")?, EntityId::new("asked"));
        Ok(Self {
            organisation: kind("Organisation")?,
            person: kind("Person")?,
            record,
            read: one("read"),
            write: one("write"),
            disclose: one("disclose"),
        })
    }

    /// The request and its entities, held against the schema; `None` if they do not fit.
    pub(crate) fn ask(&self, request: &Request<'_>, schema: &Schema) -> Option<(Asked, Entities)> {
        let text = |text: &str| Value::new_string(text.to_owned());
        let organisation = uid(&self.organisation, request.organisation);
        let custodian = uid(&self.organisation, request.custodian);
        let person = uid(&self.person, request.person);
        let entity = |uid: &EntityUid, attributes: Vec<(&str, Value)>| {
            let named = attributes
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value));
            Entity::new(
                uid.clone(),
                named.collect::<HashMap<_, _>>(),
                HashSet::new(),
            )
            .ok()
        };
        let facts = request.facts;
        let subjects = facts.subjects().iter().map(|subject| text(subject.code()));
        let mut entities = vec![
            entity(
                &organisation,
                vec![("kind", text(request.organisation_kind))],
            )?,
            entity(
                &person,
                vec![
                    ("role", text(request.role)),
                    ("organisation", Value::new_entity_uid(organisation.clone())),
                ],
            )?,
            entity(
                &self.record,
                vec![
                    ("type", text(facts.resource_type()?)),
                    ("custodian", Value::new_entity_uid(custodian.clone())),
                    ("confidentiality", text(facts.level().code())),
                    ("subjects", Value::new_set(subjects)),
                ],
            )?,
        ];
        if custodian != organisation {
            entities.push(entity(
                &custodian,
                vec![("kind", text(request.custodian_kind))],
            )?);
        }
        let context = Context::from_pairs([
            ("purpose".to_owned(), text(request.purpose)),
            (
                "breakGlass".to_owned(),
                Value::new_bool(request.break_glass),
            ),
        ]);
        let action = match request.action {
            Action::Read => &self.read,
            Action::Write => &self.write,
            Action::Disclose => &self.disclose,
        };
        let (action, record) = (action.clone(), self.record.clone());
        let asked = Asked::new(person, action, record, context.ok()?, Some(schema)).ok()?;
        let entities = Entities::from_entities(entities, Some(schema)).ok()?;
        Some((asked, entities))
    }
}

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}
