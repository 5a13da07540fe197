//! Transaction information out of an EPCIS document that somebody else made, in the form of the
//! GS1 US guideline.

use std::collections::{BTreeMap, BTreeSet};

use epcis::index::Role;
use epcis::{Document, Event, Index, identifier};
use serde_json::Value;

use crate::error::DscsaError;
use crate::transaction::{ATTRIBUTE, Business, CLASSES, PLACES, Shipped, TransactionInformation};
use crate::{Party, Product};

/// Cases within pallets within cases: no deeper.
const DEPTH_MAX: usize = 8;
/// Packs of one document.
const PACKS_MAX: usize = 100_000;

/// What a document says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Who sold what to whom.
    pub information: TransactionInformation,
    /// Whether the seller affirms the statement; none: the document says nothing about it.
    pub affirmed: Option<bool>,
}

/// Reads the last shipping of a document, with all that is in its cases and pallets.
pub fn read(document: &Document) -> Result<Read, DscsaError> {
    let events: Vec<(&Event, Index)> = document
        .events
        .iter()
        .map(|event| (event, epcis::index(event)))
        .collect();
    let is_shipping = |it: &&(&Event, Index)| step(&it.1) == "shipping";
    let (shipping, index) = events
        .iter()
        .rev()
        .find(is_shipping)
        .ok_or(DscsaError::Document("no shipping"))?;
    let data = master_data(&document.envelope);
    let packs = shipped(index, &events)?;
    let products = data.get(CLASSES).map(products).unwrap_or_default();
    let business = |list: &[epcis::index::Typed]| {
        let owner = list.iter().find(|it| it.kind.ends_with("owning_party"));
        let id = owner.map(|it| it.value.clone()).unwrap_or_default();
        let card = data.get(PLACES).and_then(|it| it.get(&id)).map(card);
        Business {
            id,
            card: card.unwrap_or_default(),
        }
    };
    let both = (business(&index.sources), business(&index.destinations));
    let information = TransactionInformation::of_shipping(shipping, both, &packs, &products)?;
    Ok(Read {
        information,
        affirmed: affirmed(&document.envelope),
    })
}

fn step(index: &Index) -> &str {
    let step = index.biz_step.as_deref().unwrap_or_default();
    step.rsplit("BizStep-").next().unwrap_or_default()
}

/// The packs that are in a shipment: whatever has nothing in it.
fn shipped(index: &Index, events: &[(&Event, Index)]) -> Result<Vec<Shipped>, DscsaError> {
    let mut inside: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut printed: BTreeMap<&str, (String, String, String)> = BTreeMap::new();
    for (event, index) in events {
        let of = |role: Role| {
            let epcs = index.epcs.iter().filter(move |(it, _)| *it == role);
            epcs.map(|(_, epc)| epc.as_str())
        };
        if let Some(parent) = of(Role::Parent).next() {
            let children = inside.entry(parent).or_default();
            match index.action.as_deref() {
                Some("DELETE") => of(Role::Child).for_each(|it| {
                    children.remove(it);
                }),
                _ => children.extend(of(Role::Child)),
            }
        }
        if step(index) == "commissioning" {
            let (lot, expiry) = ilmd(event);
            let time = event.members().get("eventTime").and_then(Value::as_str);
            let facts = (lot, expiry, time.unwrap_or_default().to_owned());
            of(Role::Epc).for_each(|epc| {
                printed.insert(epc, facts.clone());
            });
        }
    }
    let mut found = Vec::new();
    let mut open: Vec<(&str, usize)> = Vec::new();
    open.extend(index.epcs.iter().map(|(_, epc)| (epc.as_str(), 0)));
    while let Some((epc, depth)) = open.pop() {
        match inside.get(epc).filter(|it| !it.is_empty()) {
            Some(_) if depth >= DEPTH_MAX => {
                return Err(DscsaError::Document(
                    "cases that are too deep in each other",
                ));
            }
            Some(children) => open.extend(children.iter().map(|it| (*it, depth + 1))),
            None => found.extend(pack(epc, printed.get(epc))),
        }
        if found.len() + open.len() > PACKS_MAX {
            return Err(DscsaError::Document("too many packs"));
        }
    }
    Ok(found)
}

/// What is a single thing with GTIN and serial number is a pack.
fn pack(epc: &str, printed: Option<&(String, String, String)>) -> Option<Shipped> {
    let elements = gs1::digital_link::parse(epc).ok()?;
    let (lot, expiry, commissioned) = printed.cloned().unwrap_or_default();
    Some(Shipped {
        gtin: elements.gtin()?.to_owned(),
        serial: elements.serial()?.to_owned(),
        lot,
        expiry,
        maker: String::new(),
        commissioned,
        is_direct: false,
    })
}

/// Lot and expiry (CBV 2.0, 9.3).
fn ilmd(event: &Event) -> (String, String) {
    let ilmd = event.members().get("ilmd");
    let field = |name: &str| {
        let names = [format!("cbvmda:{name}"), name.to_owned()];
        let found = names.iter().find_map(|name| ilmd?.get(name)?.as_str());
        found.unwrap_or_default().trim().to_owned()
    };
    let expiry = field("itemExpirationDate");
    (
        field("lotNumber"),
        expiry.get(..10).unwrap_or(&expiry).to_owned(),
    )
}

/// Attributes by element by vocabulary; elements of things by their identifier.
type MasterData = BTreeMap<String, Elements>;
type Elements = BTreeMap<String, BTreeMap<String, String>>;

fn master_data(envelope: &Value) -> MasterData {
    let mut data = MasterData::new();
    let list = envelope.pointer("/epcisHeader/epcisMasterData/vocabularyList");
    for vocabulary in items(list) {
        let kind = text(vocabulary, "type");
        let elements = data.entry(kind.to_owned()).or_default();
        for element in items(vocabulary.get("vocabularyElementList")) {
            let attributes = items(element.get("attributes")).filter_map(|it| {
                let id = text(it, "id");
                let name = id.strip_prefix(ATTRIBUTE).unwrap_or(id);
                let value = it.get("attribute")?.as_str()?;
                Some((name.to_owned(), value.to_owned()))
            });
            let id = thing(text(element, "id"));
            elements.entry(id).or_default().extend(attributes);
        }
    }
    data
}

/// The identifier of an element: of a class of single things, `urn:epc:idpat:sgtin:1.2.*`, that of
/// its GTIN.
fn thing(id: &str) -> String {
    let class = id.strip_prefix("urn:epc:idpat:sgtin:");
    if let Some(class) = class.and_then(|it| it.strip_suffix(".*"))
        && let Some(link) = identifier::canonical(&format!("urn:epc:id:sgtin:{class}.0"))
        && let Some((class, _)) = link.split_once("/21/")
    {
        return class.to_owned();
    }
    identifier::canonical_or_same(id)
}

fn products(elements: &Elements) -> BTreeMap<String, Product> {
    let product = |(id, has): (&String, &BTreeMap<String, String>)| {
        let gtin = gs1::digital_link::parse(id).ok()?.gtin()?.to_owned();
        let field = |name: &str| has.get(name).cloned().unwrap_or_default();
        let is_ndc = field("additionalTradeItemIdentificationTypeCode").contains("NDC");
        let product = Product {
            gtin: gtin.clone(),
            name: field("regulatedProductName"),
            strength: field("strengthDescription"),
            dosage_form: field("dosageFormType"),
            ndc: if is_ndc {
                field("additionalTradeItemIdentification")
            } else {
                String::new()
            },
            container_size: field("netContentDescription"),
            manufacturer: field("manufacturerOfTradeItemPartyName"),
            ingredients: String::new(),
        };
        Some((gtin, product))
    };
    elements.iter().filter_map(product).collect()
}

fn card(has: &BTreeMap<String, String>) -> Party {
    let field = |name: &str| has.get(name).cloned().unwrap_or_default();
    Party {
        name: field("name"),
        street: field("streetAddressOne"),
        street_two: field("streetAddressTwo"),
        city: field("city"),
        state: field("state"),
        postal_code: field("postalCode"),
        country: field("countryCode"),
        ..Party::default()
    }
}

/// `dscsaTransactionStatement` of whichever prefix.
fn affirmed(envelope: &Value) -> Option<bool> {
    let members = envelope.as_object()?;
    let of = |object: &serde_json::Map<String, Value>, wanted: &str| {
        let found = object.iter().find(|(name, _)| {
            let local = name.rsplit(['#', '/', ':']).next();
            local == Some(wanted)
        });
        found.map(|(_, value)| value.clone())
    };
    let statement = of(members, "dscsaTransactionStatement")?;
    match of(statement.as_object()?, "affirmTransactionStatement")? {
        Value::Bool(affirmed) => Some(affirmed),
        Value::String(text) => Some(text.trim() == "true"),
        _ => None,
    }
}

fn items(list: Option<&Value>) -> impl Iterator<Item = &Value> {
    let items = list.and_then(Value::as_array);
    items.map_or(&[][..], Vec::as_slice).iter()
}

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}
