//! Exceptions at receiving, in the schemas of the Partnership for DSCSA Governance: what came is
//! compared with what the papers say, and what differs is reported to the seller.

mod compare;

use serde::{Deserialize, Serialize};

pub use compare::{Counted, Ordered, Received, compared};

/// What whoever reports wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Resolution {
    /// New data.
    #[serde(rename = "Send new data")]
    SendNewData,
    /// The product that did not come.
    #[serde(rename = "Send product")]
    SendProduct,
    /// To return what came.
    #[serde(rename = "Return product")]
    ReturnProduct,
    /// To send back what came.
    #[serde(rename = "Send back product")]
    SendBackProduct,
    /// Money back.
    #[serde(rename = "Credit account")]
    CreditAccount,
    /// To pay for what came in addition.
    #[serde(rename = "Debit account")]
    DebitAccount,
}

/// Where something was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ObservationSource {
    /// By a scanner.
    Scan,
    /// On the slip in the parcel.
    #[serde(rename = "Packing Slip")]
    PackingSlip,
    /// In an advance ship notice.
    #[serde(rename = "ASN")]
    Asn,
    /// Elsewhere.
    Other,
}

/// Who reports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// A verifiable presentation that shows who it is.
    #[serde(default)]
    pub vp: Option<String>,
    /// GLN.
    #[serde(default)]
    pub gln: Option<String>,
    /// Where to write.
    pub email: String,
    /// Where to call.
    #[serde(default)]
    pub phone: Option<String>,
}

/// Product came, and no data of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingData {
    /// Names this item.
    pub exception_item_uuid: String,
    /// GTIN-14.
    pub product_gtin: String,
    /// Where it was seen.
    pub observation_source: ObservationSource,
    /// What is wanted.
    pub resolution_request: Resolution,
    /// The serial number.
    #[serde(default)]
    pub product_serial: Option<String>,
}

/// Data came, and no product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingProduct {
    /// Names this item.
    pub exception_item_uuid: String,
    /// The document that has the data: here the eventID of the shipping.
    pub file_id: String,
    /// GTIN-14.
    pub product_gtin: String,
    /// The serial number.
    pub product_serial: String,
    /// What is wanted.
    pub resolution_request: Resolution,
}

/// What is printed is not what the data say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Misalignment {
    /// Names this item.
    pub exception_item_uuid: String,
    /// GTIN-14 on the pack.
    pub received_product_gtin: String,
    /// Lot on the pack.
    pub received_product_lot: String,
    /// Expiry on the pack, `YYYY-MM-DD`.
    pub received_product_expiry: String,
    /// Serial number on the pack.
    pub received_product_serial: Option<String>,
    /// GTIN-14 in the data.
    pub product_data_gtin: String,
    /// Lot in the data.
    pub product_data_lot: String,
    /// Expiry in the data, `YYYY-MM-DD`.
    pub product_data_expiry: String,
    /// Serial number in the data.
    pub product_data_serial: Option<String>,
    /// What is wanted.
    pub resolution_request: Resolution,
}

/// More or fewer than were ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Names this item.
    pub exception_item_uuid: String,
    /// GTIN-14.
    pub gtin: String,
    /// How many were ordered.
    pub quantity_ordered: u64,
    /// How many came.
    pub quantity_received: u64,
    /// What is wanted.
    pub resolution_request: Resolution,
}

/// A location number that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GlnError {
    /// Names this item.
    pub exception_item_uuid: String,
    /// What stands in the data.
    pub invalid_gln: String,
    /// What should stand there.
    #[serde(default)]
    pub proposed_gln: Option<String>,
    /// What is wanted.
    #[serde(default)]
    pub resolution_request: Option<Resolution>,
}

/// A product number that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GtinError {
    /// Names this item.
    pub exception_item_uuid: String,
    /// What stands in the data.
    pub invalid_gtin: String,
    /// What should stand there.
    #[serde(default)]
    pub proposed_gtin: Option<String>,
    /// What is wanted.
    #[serde(default)]
    pub resolution_request: Option<Resolution>,
}

/// Faults of master data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MasterDataErrors {
    /// Of places.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gln_errors: Option<Vec<GlnError>>,
    /// Of products.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gtin_errors: Option<Vec<GtinError>>,
}

/// What differs, by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Exceptions {
    /// Product came, and no data of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_product_data: Option<Vec<MissingData>>,
    /// Data came, and no product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_product: Option<Vec<MissingProduct>>,
    /// What is printed is not what the data say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_misalignment: Option<Vec<Misalignment>>,
    /// More came than was ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overages: Option<Vec<Difference>>,
    /// Fewer came than were ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub underages: Option<Vec<Difference>>,
    /// Faults of master data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub master_data_errors: Option<MasterDataErrors>,
}

/// A report: the buyer to the seller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExceptionReport {
    /// Names this message.
    pub message_uuid: String,
    /// Names the case over all its messages.
    pub exception_case_uuid: String,
    /// Seconds since 1970.
    pub timestamp: i64,
    /// The number of the order.
    pub po_number: String,
    /// Who reports.
    pub sender_information: Contact,
    /// What differs.
    #[serde(default)]
    pub exceptions: Option<Exceptions>,
    /// What has no kind of its own, in words: damage above all.
    #[serde(default)]
    pub other_errors: Option<Vec<String>>,
    /// Whether the case is closed.
    pub case_resolved: bool,
}

/// What the seller says to an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResolutionResponse {
    /// So be it.
    Accept,
    /// No.
    Reject,
}

/// How one goes on with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FollowUp {
    /// In writing.
    Email,
    /// By telephone.
    Phone,
}

/// Another way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alternative {
    /// Which.
    pub alternative_resolution: Option<Resolution>,
    /// How one goes on with it.
    pub follow_up: Option<FollowUp>,
    /// In words.
    #[serde(default)]
    pub follow_up_details: Option<String>,
}

/// The answer to one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseItem {
    /// Which.
    pub exception_item_uuid: String,
    /// Yes or no.
    pub resolution_response: ResolutionResponse,
    /// In words.
    #[serde(default)]
    pub comments: Option<String>,
    /// Another way out.
    #[serde(default)]
    pub alternative_resolution: Option<Alternative>,
}

/// A response: the seller to the buyer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExceptionResponse {
    /// Names this message.
    pub message_uuid: String,
    /// Names the case.
    pub exception_case_uuid: String,
    /// Seconds since 1970.
    pub timestamp: i64,
    /// Who answers.
    pub sender_information: Contact,
    /// The number of the order.
    pub po_number: String,
    /// Item by item.
    #[serde(default)]
    pub response_items: Option<Vec<ResponseItem>>,
    /// In words.
    #[serde(default)]
    pub additional_notes: Option<String>,
}

impl ExceptionReport {
    /// The names of its items.
    pub fn items(&self) -> Vec<&str> {
        let Some(all) = &self.exceptions else {
            return Vec::new();
        };
        let master = all.master_data_errors.as_ref();
        let mut items: Vec<&str> = Vec::new();
        items.extend(each(all.missing_product_data.as_ref()).map(|it| &*it.exception_item_uuid));
        items.extend(each(all.missing_product.as_ref()).map(|it| &*it.exception_item_uuid));
        items.extend(each(all.data_misalignment.as_ref()).map(|it| &*it.exception_item_uuid));
        for list in [&all.overages, &all.underages] {
            items.extend(each(list.as_ref()).map(|it| &*it.exception_item_uuid));
        }
        let gln = master.and_then(|it| it.gln_errors.as_ref());
        items.extend(each(gln).map(|it| &*it.exception_item_uuid));
        let gtin = master.and_then(|it| it.gtin_errors.as_ref());
        items.extend(each(gtin).map(|it| &*it.exception_item_uuid));
        items
    }
}

fn each<T>(list: Option<&Vec<T>>) -> std::slice::Iter<'_, T> {
    list.map_or(&[][..], Vec::as_slice).iter()
}
