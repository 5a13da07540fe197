//! Transaction information: FD&C Act 581(26), one for each change of hands.

use std::collections::BTreeMap;

use epcis::Event;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::error::DscsaError;
use crate::statement::{GS1_US, TransactionStatement};
use crate::{Missing, Party, Product};

/// The context of every EPCIS document.
const EPCIS: &str = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";
/// Where attributes of master data are named (CBV 2.0, 9).
pub(crate) const ATTRIBUTE: &str = "urn:epcglobal:cbv:mda#";
/// The vocabularies of master data (EPCIS 2.0, 9.4).
pub(crate) const CLASSES: &str = "urn:epcglobal:epcis:vtype:EPCClass";
pub(crate) const PLACES: &str = "urn:epcglobal:epcis:vtype:Location";
/// Says that an additional number of a product is its National Drug Code.
const NDC: &str = "US_FDA_NDC";
/// 24 hours: 581(26)(H).
const DAY_US: i64 = 24 * 3_600 * 1_000_000;

/// One of the two businesses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Business {
    /// How events name it: a URI.
    pub id: String,
    /// Its name and address.
    pub card: Party,
}

/// Packs of one product and one lot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// What it is.
    pub product: Product,
    /// The lot.
    pub lot: String,
    /// The last day, `YYYY-MM-DD`.
    pub expiry: String,
    /// The serial numbers, in their order.
    pub serials: Vec<String>,
    /// How many containers: one for each serial number.
    pub number_of_containers: usize,
    /// The member that made the lot; empty: not known.
    pub maker: String,
    /// When these packs were commissioned, RFC 3339; empty: not known.
    pub commissioned: String,
    /// Whether the seller has them from their maker, or is it.
    pub is_direct: bool,
}

/// Transaction information.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransactionInformation {
    /// The eventID of the shipping.
    pub transaction: String,
    /// The date of the transaction, RFC 3339.
    pub date: String,
    /// The date of the shipment, where it is over 24 hours later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped: Option<String>,
    /// From whom ownership goes.
    pub seller: Business,
    /// To whom.
    pub buyer: Business,
    /// What goes.
    pub lines: Vec<Line>,
}

/// One pack, as the seller's node knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shipped {
    /// GTIN-14.
    pub gtin: String,
    /// The serial number.
    pub serial: String,
    /// The lot.
    pub lot: String,
    /// The last day, `YYYY-MM-DD`; empty: not known.
    pub expiry: String,
    /// The member that made it; empty: not known.
    pub maker: String,
    /// When it was commissioned, RFC 3339; empty: not known.
    pub commissioned: String,
    /// Whether the seller has it from its maker, or is it.
    pub is_direct: bool,
}

/// What packs of one line have in common.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct LineKey<'a> {
    gtin: &'a str,
    lot: &'a str,
    expiry: &'a str,
    maker: &'a str,
    commissioned: &'a str,
    is_direct: bool,
}

impl<'a> LineKey<'a> {
    fn of(pack: &'a Shipped) -> Self {
        Self {
            gtin: &pack.gtin,
            lot: &pack.lot,
            expiry: &pack.expiry,
            maker: &pack.maker,
            commissioned: &pack.commissioned,
            is_direct: pack.is_direct,
        }
    }

    fn line(self, mut serials: Vec<String>, products: &BTreeMap<String, Product>) -> Line {
        serials.sort();
        let known = products.get(self.gtin).cloned();
        Line {
            product: known.unwrap_or_else(|| Product {
                gtin: self.gtin.to_owned(),
                ..Product::default()
            }),
            lot: self.lot.to_owned(),
            expiry: self.expiry.to_owned(),
            number_of_containers: serials.len(),
            serials,
            maker: self.maker.to_owned(),
            commissioned: self.commissioned.to_owned(),
            is_direct: self.is_direct,
        }
    }
}

impl TransactionInformation {
    /// Makes it of a shipping and of what is known of its packs. Packs of one product, lot, expiry,
    /// maker and time of commissioning are one line.
    pub fn of_shipping(
        shipping: &Event,
        (seller, buyer): (Business, Business),
        packs: &[Shipped],
        products: &BTreeMap<String, Product>,
    ) -> Result<Self, DscsaError> {
        let index = epcis::index(shipping);
        let step = index.biz_step.as_deref().unwrap_or_default();
        if !step.ends_with("BizStep-shipping") {
            return Err(DscsaError::Document("no shipping"));
        }
        if packs.is_empty() {
            return Err(DscsaError::Document("no packs"));
        }
        let mut lines: BTreeMap<LineKey<'_>, Vec<String>> = BTreeMap::new();
        for pack in packs {
            let serials = lines.entry(LineKey::of(pack)).or_default();
            serials.push(pack.serial.clone());
        }
        let lines = lines.into_iter();
        let lines = lines.map(|(key, serials)| key.line(serials, products));
        let text = |name: &str| shipping.members().get(name).and_then(Value::as_str);
        Ok(Self {
            transaction: index.event_id.clone(),
            date: text("eventTime").unwrap_or_default().to_owned(),
            shipped: None,
            seller,
            buyer,
            lines: lines.collect(),
        })
    }

    /// Says when it left, if that is over 24 hours after the transaction: 581(26)(H).
    #[must_use]
    pub fn left(mut self, at: &str) -> Self {
        let (sold, left) = (epcis::time::micros(&self.date), epcis::time::micros(at));
        if let (Some(sold), Some(left)) = (sold, left)
            && left.saturating_sub(sold) > DAY_US
        {
            self.shipped = Some(at.to_owned());
        }
        self
    }

    /// How many packs go.
    pub fn containers(&self) -> usize {
        self.lines.iter().map(|it| it.number_of_containers).sum()
    }

    /// Whether it can be kept: what came from elsewhere says how many containers there are, and has
    /// as many numbers.
    pub fn check(&self) -> Result<(), DscsaError> {
        if self.lines.is_empty() || self.transaction.is_empty() {
            return Err(DscsaError::Document("no packs or no name"));
        }
        let fits = |line: &Line| line.number_of_containers == line.serials.len();
        if !self.lines.iter().all(fits) {
            return Err(DscsaError::Document("other numbers than packs"));
        }
        Ok(())
    }

    /// What 581(26) asks for and is not known, each with what puts it right.
    pub fn missing(&self) -> Vec<Missing> {
        let mut missing = self.seller.card.missing("/seller/card", "the seller");
        missing.extend(self.buyer.card.missing("/buyer/card", "the buyer"));
        for (place, line) in self.lines.iter().enumerate() {
            let at = format!("/lines/{place}");
            missing.extend(line.product.missing(&format!("{at}/product")));
            let remedy = "the maker's commissioning says it: ask for the papers of the seller";
            for (name, value) in [("lot", &line.lot), ("expiry", &line.expiry)] {
                if value.is_empty() {
                    missing.push(Missing::new(format!("{at}/{name}"), remedy));
                }
            }
        }
        missing
    }

    /// It with its statement as an EPCIS document in the form of the GS1 US guideline: master data,
    /// commissioning of just these packs, the shipping as it was committed to.
    pub fn document(
        &self,
        statement: &TransactionStatement,
        shipping: &Event,
        created: &str,
    ) -> Value {
        let mut events: Vec<Value> = self.lines.iter().filter_map(commissioning).collect();
        events.push(shipping.to_json());
        let mut document = Map::new();
        let namespaces = json!([EPCIS, { "gs1ushc": GS1_US }]);
        document.insert("@context".into(), namespaces);
        document.insert("type".into(), "EPCISDocument".into());
        document.insert("schemaVersion".into(), "2.0".into());
        document.insert("creationDate".into(), created.into());
        document.insert("sender".into(), self.seller.id.clone().into());
        document.insert("receiver".into(), self.buyer.id.clone().into());
        document.insert("instanceIdentifier".into(), self.transaction.clone().into());
        let data = json!({ "epcisMasterData": { "vocabularyList": [
            { "type": CLASSES, "vocabularyElementList": self.classes() },
            { "type": PLACES, "vocabularyElementList": [place(&self.seller), place(&self.buyer)] },
        ] } });
        document.insert("epcisHeader".into(), data);
        for (name, value) in statement.members() {
            document.insert(name, value);
        }
        document.insert("epcisBody".into(), json!({ "eventList": events }));
        Value::Object(document)
    }

    fn classes(&self) -> Vec<Value> {
        let mut products: Vec<&Product> = self.lines.iter().map(|it| &it.product).collect();
        products.sort_by(|one, other| one.gtin.cmp(&other.gtin));
        products.dedup_by(|one, other| one.gtin == other.gtin);
        let class = |it: &Product| {
            let ndc = if it.ndc.is_empty() { "" } else { NDC };
            element(
                &link(&[("01", &it.gtin)]),
                &[
                    ("additionalTradeItemIdentification", &it.ndc),
                    ("additionalTradeItemIdentificationTypeCode", ndc),
                    ("regulatedProductName", &it.name),
                    ("manufacturerOfTradeItemPartyName", &it.manufacturer),
                    ("dosageFormType", &it.dosage_form),
                    ("strengthDescription", &it.strength),
                    ("netContentDescription", &it.container_size),
                ],
            )
        };
        products.into_iter().map(class).collect()
    }
}

fn place(business: &Business) -> Value {
    let card = &business.card;
    element(
        &business.id,
        &[
            ("name", &card.name),
            ("streetAddressOne", &card.street),
            ("streetAddressTwo", &card.street_two),
            ("city", &card.city),
            ("state", &card.state),
            ("postalCode", &card.postal_code),
            ("countryCode", &card.country),
        ],
    )
}

/// An element of master data with the attributes that are known.
fn element(id: &str, attributes: &[(&str, &str)]) -> Value {
    let known = attributes.iter().filter(|(_, value)| !value.is_empty());
    let known = known
        .map(|(name, value)| json!({ "id": format!("{ATTRIBUTE}{name}"), "attribute": value }));
    let known: Vec<Value> = known.collect();
    json!({ "id": id, "attributes": known })
}

/// The commissioning of the packs of a line. None where its time is not known: then it is none.
fn commissioning(line: &Line) -> Option<Value> {
    if line.commissioned.is_empty() {
        return None;
    }
    let packs = line.serials.iter();
    let packs = packs.map(|serial| link(&[("01", &line.product.gtin), ("21", serial)]));
    let packs: Vec<String> = packs.collect();
    Some(json!({
        "type": "ObjectEvent",
        "eventTime": line.commissioned,
        "eventTimeZoneOffset": "+00:00",
        "epcList": packs,
        "action": "ADD",
        "bizStep": "commissioning",
        "disposition": "active",
        "ilmd": {
            "cbvmda:lotNumber": line.lot,
            "cbvmda:itemExpirationDate": line.expiry,
        },
    }))
}

/// The canonical Digital Link; empty for what is none.
fn link(pairs: &[(&str, &str)]) -> String {
    let elements = gs1::Elements::new(pairs.iter().copied()).ok();
    elements
        .and_then(|it| it.digital_link())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use epcis::Limits;

    fn shipping() -> Event {
        let event = json!({
            "@context": [EPCIS], "type": "ObjectEvent", "action": "OBSERVE",
            "eventID": "urn:uuid:1b4e28ba-2fa1-4d2b-a3f5-0016d3cca427", "bizStep": "shipping",
            "eventTime": "2026-11-26T08:00:00.000Z", "eventTimeZoneOffset": "+00:00",
            "epcList": ["https://id.gs1.org/01/09506000134352/21/B"],
        });
        Event::read(event.to_string().as_bytes(), &Limits::default()).unwrap()
    }

    fn pack(serial: &str, lot: &str) -> Shipped {
        Shipped {
            gtin: "09506000134352".into(),
            serial: serial.into(),
            lot: lot.into(),
            expiry: "2027-12-31".into(),
            ..Shipped::default()
        }
    }

    fn made(packs: &[Shipped]) -> TransactionInformation {
        let both = (Business::default(), Business::default());
        TransactionInformation::of_shipping(&shipping(), both, packs, &BTreeMap::new()).unwrap()
    }

    #[test]
    fn packs_of_one_lot_are_one_line() {
        let made = made(&[pack("B", "L1"), pack("C", "L2"), pack("A", "L1")]);
        let lines: Vec<(&str, &[String], usize)> = made
            .lines
            .iter()
            .map(|it| (&*it.lot, &*it.serials, it.number_of_containers))
            .collect();
        assert_eq!(
            lines,
            [
                ("L1", &["A".to_owned(), "B".to_owned()][..], 2),
                ("L2", &["C".to_owned()][..], 1)
            ]
        );
        assert_eq!(made.containers(), 3);
        assert_eq!(made.check(), Ok(()));
        let mut wrong = made;
        wrong.lines[0].number_of_containers = 7;
        assert!(wrong.check().is_err());
    }

    #[test]
    fn what_is_not_known_is_named() {
        let made = made(&[pack("A", "")]);
        let named: Vec<String> = made.missing().into_iter().map(|it| it.field).collect();
        for field in [
            "/seller/card/name",
            "/buyer/card/postal_code",
            "/lines/0/product/name",
            "/lines/0/product/strength",
            "/lines/0/product/dosage_form",
            "/lines/0/product/ndc",
            "/lines/0/product/container_size",
            "/lines/0/lot",
        ] {
            assert!(named.contains(&field.to_owned()), "{field}: {named:?}");
        }
        assert_eq!(named.len(), 6 + 6 + 5 + 1, "{named:?}");
    }

    #[test]
    fn a_date_of_shipment_is_told_after_a_day() {
        let made = made(&[pack("A", "L")]);
        assert_eq!(made.clone().left("2026-11-27T08:00:00Z").shipped, None);
        let late = "2026-11-27T08:00:01Z";
        assert_eq!(made.left(late).shipped.as_deref(), Some(late));
    }
}
