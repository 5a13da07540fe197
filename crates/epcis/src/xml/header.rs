//! The header: who sent the document to whom (SBDH), and master data. EPCIS 2.0 9.3 and 9.4.

use roxmltree::Node;
use serde_json::{Value, json};

use super::{Converted, Converter, Object, WRAPPERS_MAX, elements, is_epcis, name, text};

impl<'a, 'input> Converter<'a, 'input> {
    /// Sender, receiver and instance of the SBDH become members of the document, as GS1's JSON
    /// has them; the first receiver where there are several.
    pub(super) fn header(
        &mut self,
        header: Node<'a, 'input>,
        document: &mut Object,
        depth: usize,
    ) -> Converted<()> {
        for child in elements(header) {
            match name(child) {
                "StandardBusinessDocumentHeader" => business_header(child, document),
                "extension" if is_epcis(child) && depth < WRAPPERS_MAX => {
                    self.header(child, document, depth + 1)?;
                }
                "EPCISMasterData" => {
                    let list = first(child, "VocabularyList");
                    let list = list.map_or(Ok(Vec::new()), |list| self.vocabularies(list))?;
                    let data = json!({ "epcisMasterData": { "vocabularyList": list } });
                    document.insert("epcisHeader".to_owned(), data);
                }
                _ if !is_epcis(child) => self.extension_into(child, document)?,
                _ => return self.refuse(child, "not an element of an EPCIS header"),
            }
        }
        Ok(())
    }

    fn vocabularies(&mut self, list: Node<'a, 'input>) -> Converted<Vec<Value>> {
        let mut vocabularies = Vec::new();
        for vocabulary in elements(list) {
            let Some(kind) = vocabulary.attribute("type") else {
                return self.refuse(vocabulary, "a vocabulary needs its `type`");
            };
            let mut items = Vec::new();
            for element in first(vocabulary, "VocabularyElementList").iter().copied() {
                for item in elements(element) {
                    items.push(self.vocabulary_element(item)?);
                }
            }
            vocabularies.push(json!({ "type": kind, "vocabularyElementList": items }));
        }
        Ok(vocabularies)
    }

    fn vocabulary_element(&mut self, node: Node<'a, 'input>) -> Converted<Value> {
        let Some(id) = node.attribute("id") else {
            return self.refuse(node, "an element of a vocabulary needs its `id`");
        };
        let mut object = Object::new();
        object.insert("id".to_owned(), json!(id.trim()));
        let mut attributes = Vec::new();
        for child in elements(node) {
            match name(child) {
                "attribute" => {
                    let mut value = Object::new();
                    for inner in elements(child) {
                        self.extension_into(inner, &mut value)?;
                    }
                    let value = if value.is_empty() {
                        json!(text(child))
                    } else {
                        Value::Object(value)
                    };
                    let id = child.attribute("id").unwrap_or_default().trim();
                    attributes.push(json!({ "id": id, "attribute": value }));
                }
                "children" => {
                    let ids: Vec<String> = elements(child).map(text).collect();
                    object.insert("children".to_owned(), json!(ids));
                }
                _ if !is_epcis(child) => self.extension_into(child, &mut object)?,
                _ => return self.refuse(child, "not an element of a vocabulary"),
            }
        }
        if !attributes.is_empty() {
            object.insert("attributes".to_owned(), Value::Array(attributes));
        }
        Ok(Value::Object(object))
    }
}

fn business_header(node: Node<'_, '_>, document: &mut Object) {
    let identifier = |party: &str| {
        let party = first(node, party)?;
        Some(text(first(party, "Identifier")?))
    };
    let instance = first(node, "DocumentIdentification")
        .and_then(|identification| first(identification, "InstanceIdentifier"))
        .map(text);
    for (member, value) in [
        ("sender", identifier("Sender")),
        ("receiver", identifier("Receiver")),
        ("instanceIdentifier", instance),
    ] {
        if let Some(value) = value {
            document.insert(member.to_owned(), json!(value));
        }
    }
}

fn first<'a, 'input>(node: Node<'a, 'input>, wanted: &str) -> Option<Node<'a, 'input>> {
    elements(node).find(|child| name(*child) == wanted)
}
