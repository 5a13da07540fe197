//! Cards of businesses, sheets of products, and which registered client is whose system.
//!
//! A card is its own business's: another one's is asked for over the link. The sheet of a product
//! comes from its maker, or with papers.

use ::dscsa::{Party, Product};
use serde::{Deserialize, Serialize};
use store::Drawer;

use super::message::CARD;
use super::{PAGE_MAX, keeps, partner_there, unusable, wrong};
use crate::access_log::{Access, AccessAgent, AccessDeed};
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::instant;
use crate::packs::looks;
use crate::setup::Hospital;
use crate::sharing::message as link;

/// A card that was learned is asked for again after this time.
const CARD_AGE_US: i64 = 24 * 3_600 * 1_000_000;

/// A row.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Row {
    Party(Party),
    Product(Product),
    /// The member whose system a client is.
    Client(String),
}

/// What is kept.
#[derive(Debug, Clone, Default, Serialize)]
pub struct MasterData {
    /// The card of this organisation.
    pub party: Party,
    /// Cards of partners, by their id, with the time when they were learned.
    pub partners: Vec<(String, Party, String)>,
    /// Sheets of products.
    pub products: Vec<Product>,
    /// Registered clients that are systems of partners: client and member.
    pub clients: Vec<(String, String)>,
}

impl Hospital {
    /// What is kept of businesses and products, the latest 100 rows of it.
    pub async fn master_data(&self, caller: &Caller) -> Result<MasterData, HospitalError> {
        looks(caller).or_else(|_| keeps(caller))?;
        let mut found = MasterData {
            party: self.own_card().await?,
            ..MasterData::default()
        };
        let rows = self
            .0
            .store
            .latest_sealed(Drawer::MasterData, None, PAGE_MAX)
            .await?;
        for row in rows {
            let id = String::from_utf8_lossy(&row.id).into_owned();
            let name = id.split_once('/').map_or("", |(_, name)| name).to_owned();
            match self.opened_row(Drawer::MasterData, &row)? {
                Row::Party(_) if self.is_this(&name) => {}
                Row::Party(card) => found.partners.push((name, card, instant::fhir(row.at_us))),
                Row::Product(sheet) => found.products.push(sheet),
                Row::Client(member) => found.clients.push((name, member)),
            }
        }
        Ok(found)
    }

    /// Writes the card of this organisation.
    pub async fn put_card(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        card: Party,
    ) -> Result<Party, HospitalError> {
        keeps(caller)?;
        card.check().map_err(|error| wrong(&error))?;
        self.log_dscsa(agent, "write-card").await?;
        let id = format!("party/{}", self.0.organisation);
        self.keep_master_data(&id, &Row::Party(card.clone()))
            .await?;
        Ok(card)
    }

    /// Writes the sheet of a product.
    pub async fn put_product(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        sheet: Product,
    ) -> Result<Product, HospitalError> {
        keeps(caller)?;
        let sheet = sheet.checked().map_err(|error| wrong(&error))?;
        self.log_dscsa(agent, "write-product").await?;
        self.keep_product(&sheet).await?;
        Ok(sheet)
    }

    /// Says whose system a registered client is.
    pub async fn put_partner_client(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (client, member): (&str, &str),
    ) -> Result<(), HospitalError> {
        keeps(caller)?;
        if self.client(client).await?.is_none() {
            return Err(unusable("no client of this id is registered here"));
        }
        let state = self.fresh_state().await?;
        partner_there(&state, member)?;
        self.log_dscsa(agent, "write-partner-client").await?;
        let row = Row::Client(member.to_owned());
        self.keep_master_data(&format!("client/{client}"), &row)
            .await
    }

    /// The card of this organisation; without one, its name on the ledger.
    pub(super) async fn own_card(&self) -> Result<Party, HospitalError> {
        let here = self.0.organisation.clone();
        Ok(self
            .kept_card(&here)
            .await?
            .map_or_else(|| bare(&here), |it| it.0))
    }

    /// The card of a member: kept here, or asked for. Without an answer, its name on the ledger.
    pub(super) async fn card_of(&self, member: &str) -> Result<Party, HospitalError> {
        let kept = self.kept_card(member).await?;
        let now_us = self.now_us();
        let is_fresh = |at_us: i64| now_us.saturating_sub(at_us) < CARD_AGE_US;
        if let Some((card, at_us)) = &kept
            && (self.is_this(member) || is_fresh(*at_us))
        {
            return Ok(card.clone());
        }
        let asked = async {
            let reply = self.call(member, CARD, &()).await?;
            let card: Party = link::read(&reply)?;
            card.check().map_err(|error| wrong(&error))?;
            Ok::<_, HospitalError>(card)
        };
        match asked.await {
            Ok(card) => {
                let id = format!("party/{member}");
                self.keep_master_data(&id, &Row::Party(card.clone()))
                    .await?;
                Ok(card)
            }
            Err(error) => {
                tracing::info!(member, %error, "gives no card");
                Ok(kept.map_or_else(|| bare(member), |it| it.0))
            }
        }
    }

    /// Answers a partner who asks for the card of this organisation.
    pub(super) async fn answer_card(&self, from: &str) -> Result<Party, HospitalError> {
        let state = self.fresh_state().await?;
        partner_there(&state, from)?;
        self.own_card().await
    }

    /// The sheet of a product, where it is known.
    pub(super) async fn product(&self, gtin: &str) -> Result<Option<Product>, HospitalError> {
        match self.kept_row(&format!("product/{gtin}")).await? {
            Some((Row::Product(sheet), _)) => Ok(Some(sheet)),
            _ => Ok(None),
        }
    }

    pub(super) async fn keep_product(&self, sheet: &Product) -> Result<(), HospitalError> {
        let id = format!("product/{}", sheet.gtin);
        self.keep_master_data(&id, &Row::Product(sheet.clone()))
            .await
    }

    /// Whether a caller is the system of another member: it verifies packs here, and nothing else.
    pub async fn is_partner_system(&self, caller: &Caller) -> Result<bool, HospitalError> {
        if caller.role != Role::System {
            return Ok(false);
        }
        let member = self.member_of_client(&caller.username).await?;
        Ok(member.is_some_and(|member| !self.is_this(&member)))
    }

    /// The member whose system a client is.
    pub(super) async fn member_of_client(
        &self,
        client: &str,
    ) -> Result<Option<String>, HospitalError> {
        match self.kept_row(&format!("client/{client}")).await? {
            Some((Row::Client(member), _)) => Ok(Some(member)),
            _ => Ok(None),
        }
    }

    async fn kept_card(&self, member: &str) -> Result<Option<(Party, i64)>, HospitalError> {
        match self.kept_row(&format!("party/{member}")).await? {
            Some((Row::Party(card), at_us)) => Ok(Some((card, at_us))),
            _ => Ok(None),
        }
    }

    async fn kept_row(&self, id: &str) -> Result<Option<(Row, i64)>, HospitalError> {
        let ids = vec![id.as_bytes().to_vec()];
        let row = self.0.store.sealed(Drawer::MasterData, ids).await?.pop();
        let opened = row.map(|row| {
            let at_us = row.at_us;
            self.opened_row(Drawer::MasterData, &row)
                .map(|it| (it, at_us))
        });
        opened.transpose()
    }

    async fn keep_master_data(&self, id: &str, row: &Row) -> Result<(), HospitalError> {
        let row = self.sealed_row(Drawer::MasterData, (id.as_bytes(), self.now_us()), row)?;
        Ok(self
            .0
            .store
            .put_sealed(Drawer::MasterData, vec![row])
            .await?)
    }

    /// An act about papers in the log of accesses.
    pub(super) async fn log_dscsa(
        &self,
        agent: AccessAgent,
        act: &str,
    ) -> Result<(), HospitalError> {
        let deed = AccessDeed::Operation(act.to_owned());
        let access = Access::new(agent, deed, self.now_us());
        self.record_access(access).await.map(|_| ())
    }
}

/// What is known of a member without a card.
fn bare(member: &str) -> Party {
    Party {
        name: member.to_owned(),
        ..Party::default()
    }
}
