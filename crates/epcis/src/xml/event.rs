//! One event of XML as an event of JSON. EPCIS 2.0 9.5 and 10.

use roxmltree::Node;
use serde_json::{Number, Value, json};

use super::{Converted, Converter, Object, WRAPPERS_MAX, XSI, elements, is_epcis, name, text};
use crate::vocabulary::Vocabulary as V;

const TYPES: &[&str] = &[
    "ObjectEvent",
    "AggregationEvent",
    "TransactionEvent",
    "TransformationEvent",
    "AssociationEvent",
];

impl<'a, 'input> Converter<'a, 'input> {
    pub(super) fn event(&mut self, node: Node<'a, 'input>) -> Converted<Object> {
        let kind = match name(node) {
            kind if is_epcis(node) && TYPES.contains(&kind) => kind.to_owned(),
            "QuantityEvent" if is_epcis(node) => {
                return self.refuse(
                    node,
                    "QuantityEvent went out with EPCIS 1.1: send an ObjectEvent with a \
                     quantityList",
                );
            }
            _ if is_epcis(node) => return self.refuse(node, "not an event of EPCIS"),
            local => {
                let namespace = node.tag_name().namespace().unwrap_or_default();
                self.names.name(node, namespace, local)
            }
        };
        let mut object = Object::new();
        object.insert("type".to_owned(), json!(kind));
        self.members(node, &mut object, 0)?;
        Ok(object)
    }

    fn members(
        &mut self,
        node: Node<'a, 'input>,
        object: &mut Object,
        depth: usize,
    ) -> Converted<()> {
        for child in elements(node) {
            if !is_epcis(child) {
                self.extension_into(child, object)?;
                continue;
            }
            match name(child) {
                // 1.2 puts what came later in wrappers, at most one in another.
                "extension" | "baseExtension" if depth < WRAPPERS_MAX => {
                    self.members(child, object, depth + 1)?;
                }
                member => {
                    if object.contains_key(member) && member != "certificationInfo" {
                        return self.refuse(child, "this element is there twice");
                    }
                    self.member(child, member, object)?;
                }
            }
        }
        Ok(())
    }

    fn member(
        &mut self,
        node: Node<'a, 'input>,
        member: &str,
        object: &mut Object,
    ) -> Converted<()> {
        let value = match member {
            "eventTime"
            | "recordTime"
            | "eventTimeZoneOffset"
            | "eventID"
            | "parentID"
            | "action"
            | "transformationID" => json!(text(node)),
            "certificationInfo" => match object.remove(member) {
                None => json!(text(node)),
                Some(Value::Array(mut items)) => {
                    items.push(json!(text(node)));
                    Value::Array(items)
                }
                Some(first) => json!([first, text(node)]),
            },
            "bizStep" => self.word(node, V::BizStep, &text(node)),
            "disposition" => self.word(node, V::Disposition, &text(node)),
            "epcList" | "childEPCs" | "inputEPCList" | "outputEPCList" => {
                let ids: Vec<String> = elements(node).map(text).collect();
                json!(ids)
            }
            "quantityList" | "childQuantityList" | "inputQuantityList" | "outputQuantityList" => {
                elements(node).map(quantity).collect()
            }
            "readPoint" | "bizLocation" => self.place(node)?,
            "bizTransactionList" => self.typed(node, "bizTransaction", V::BizTransactionType),
            "sourceList" => self.typed(node, "source", V::SourceDestType),
            "destinationList" => self.typed(node, "destination", V::SourceDestType),
            "persistentDisposition" => self.persistent(node),
            "sensorElementList" => self.sensor_elements(node)?,
            "ilmd" => {
                let mut fields = Object::new();
                self.fields(node, &mut fields, 0)?;
                Value::Object(fields)
            }
            "errorDeclaration" => self.error_declaration(node)?,
            _ => return self.refuse(node, "not an element of this event"),
        };
        object.insert(member.to_owned(), value);
        Ok(())
    }

    fn word(&mut self, node: Node<'a, 'input>, vocabulary: V, value: &str) -> Value {
        let value = value.trim();
        self.names.note_value(node, value);
        json!(vocabulary.bare(value))
    }

    /// The fields of `ilmd`, through the wrappers of 1.2.
    fn fields(
        &mut self,
        node: Node<'a, 'input>,
        object: &mut Object,
        depth: usize,
    ) -> Converted<()> {
        for child in elements(node) {
            if is_epcis(child) && name(child) == "extension" && depth < WRAPPERS_MAX {
                self.fields(child, object, depth + 1)?;
            } else {
                self.extension_into(child, object)?;
            }
        }
        Ok(())
    }

    fn place(&mut self, node: Node<'a, 'input>) -> Converted<Value> {
        let mut object = Object::new();
        for child in elements(node) {
            match name(child) {
                "id" if is_epcis(child) => {
                    object.insert("id".to_owned(), json!(text(child)));
                }
                "extension" if is_epcis(child) => self.fields(child, &mut object, 0)?,
                _ if is_epcis(child) => return self.refuse(child, "not an element of a place"),
                _ => self.extension_into(child, &mut object)?,
            }
        }
        Ok(Value::Object(object))
    }

    fn typed(&mut self, node: Node<'a, 'input>, item: &str, vocabulary: V) -> Value {
        let entries = elements(node).map(|entry| {
            let mut object = Object::new();
            if let Some(kind) = entry.attribute("type") {
                object.insert("type".to_owned(), self.word(entry, vocabulary, kind));
            }
            object.insert(item.to_owned(), json!(text(entry)));
            Value::Object(object)
        });
        entries.collect()
    }

    fn persistent(&mut self, node: Node<'a, 'input>) -> Value {
        let mut object = Object::new();
        for child in elements(node) {
            let word = self.word(child, V::Disposition, &text(child));
            let list = object.entry(name(child)).or_insert_with(|| json!([]));
            if let Value::Array(items) = list {
                items.push(word);
            }
        }
        Value::Object(object)
    }

    fn error_declaration(&mut self, node: Node<'a, 'input>) -> Converted<Value> {
        let mut object = Object::new();
        for child in elements(node) {
            let value = match name(child) {
                _ if !is_epcis(child) => {
                    self.extension_into(child, &mut object)?;
                    continue;
                }
                "declarationTime" => json!(text(child)),
                "reason" => self.word(child, V::ErrorReason, &text(child)),
                "correctiveEventIDs" => {
                    let ids: Vec<String> = elements(child).map(text).collect();
                    json!(ids)
                }
                "extension" => {
                    self.fields(child, &mut object, 0)?;
                    continue;
                }
                _ => return self.refuse(child, "not an element of an error declaration"),
            };
            object.insert(name(child).to_owned(), value);
        }
        Ok(Value::Object(object))
    }

    fn sensor_elements(&mut self, list: Node<'a, 'input>) -> Converted<Value> {
        let mut items = Vec::new();
        for element in elements(list) {
            let mut object = Object::new();
            let mut reports = Vec::new();
            for child in elements(element) {
                match name(child) {
                    "sensorMetadata" if is_epcis(child) => {
                        let metadata = self.attributes(child);
                        object.insert("sensorMetadata".to_owned(), metadata);
                    }
                    "sensorReport" if is_epcis(child) => reports.push(self.attributes(child)),
                    "extension" if is_epcis(child) => self.fields(child, &mut object, 0)?,
                    _ if is_epcis(child) => {
                        return self.refuse(child, "not an element of a sensor element");
                    }
                    _ => self.extension_into(child, &mut object)?,
                }
            }
            object.insert("sensorReport".to_owned(), Value::Array(reports));
            items.push(Value::Object(object));
        }
        Ok(Value::Array(items))
    }

    /// Metadata and reports have their members as attributes.
    fn attributes(&mut self, node: Node<'a, 'input>) -> Value {
        let mut object = Object::new();
        self.attributes_into(node, &mut object);
        for attribute in node.attributes().filter(|one| one.namespace().is_none()) {
            let text = attribute.value().trim();
            let value = match attribute.name() {
                "type" => self.word(node, V::Measurement, text),
                "exception" => self.word(node, V::SensorAlert, text),
                "component" => self.word(node, V::Component, text),
                "value" | "minValue" | "maxValue" | "meanValue" | "sDev" | "percRank"
                | "percValue" => number(text),
                "booleanValue" => match text {
                    "true" | "1" => json!(true),
                    "false" | "0" => json!(false),
                    _ => json!(text),
                },
                _ => json!(text),
            };
            object.insert(attribute.name().to_owned(), value);
        }
        Value::Object(object)
    }
}

fn quantity(node: Node<'_, '_>) -> Value {
    // An amount that is nil is an amount that is not said.
    let said = elements(node).filter(|child| child.attribute((XSI, "nil")) != Some("true"));
    let members = said.map(|child| {
        let text = text(child);
        let value = if name(child) == "quantity" {
            number(&text)
        } else {
            json!(text)
        };
        (name(child).to_owned(), value)
    });
    Value::Object(members.collect())
}

/// A decimal of XML Schema as a number of JSON; anything else stays text and is refused later.
fn number(text: &str) -> Value {
    let unsigned = text.trim_start_matches(['+', '-']);
    let sign = if text.starts_with('-') { "-" } else { "" };
    let (whole, rest) = match unsigned.find(['.', 'e', 'E']) {
        Some(at) => unsigned.split_at(at),
        None => (unsigned, ""),
    };
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let rest = rest.strip_suffix('.').unwrap_or(rest);
    let lexeme = format!("{sign}{whole}{rest}");
    let is_signed_once = text.len() - unsigned.len() <= 1 && !unsigned.is_empty();
    match lexeme.parse::<Number>() {
        Ok(number) if is_signed_once => Value::Number(number),
        _ => json!(text),
    }
}
