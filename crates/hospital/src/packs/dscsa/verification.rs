//! GS1 Lightweight Messaging: this node answers requests for verification, and asks the node of the
//! maker.
//!
//! The answer is the one that the desk gets (`verify.rs`), told in the words of the standard.

use ::dscsa::verification::{Answer, Found, Request, judge};
use supply::ids::Printed;

use super::message::{VERIFY, VerifyAsk};
use super::{partner_there, refused, wrong};
use crate::access_log::AccessAgent;
use crate::admit::new_id;
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::instant;
use crate::packs::order::Marking;
use crate::packs::verify::Verification;
use crate::packs::{Verdict, expiry, looks};
use crate::setup::Hospital;
use crate::sharing::message as link;

/// An answer of the maker's node, with who gave it.
#[derive(Debug, Clone)]
pub struct Verified {
    /// Who answered.
    pub responder: String,
    /// What it said.
    pub answer: Answer,
}

impl Hospital {
    /// Answers a request over HTTP. Whoever asks is a partner of the trade: this organisation, or
    /// the one whose system the client is.
    pub async fn answer_lightweight(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        request: &Request,
    ) -> Result<Answer, HospitalError> {
        let member = self.asking_member(caller, request).await?;
        let organisation = if self.is_this(&member) {
            String::new()
        } else {
            member
        };
        let agent = AccessAgent {
            organisation,
            ..agent
        };
        self.looked_up(caller, agent, request).await
    }

    /// Whether this node answers requests about a product: GLN of the responder.
    pub async fn check_connectivity(
        &self,
        caller: &Caller,
        gln: Option<&str>,
    ) -> Result<Option<String>, HospitalError> {
        let request = Request {
            gtin: String::new(),
            lot: String::new(),
            serial: String::new(),
            expiry: String::new(),
            context: None,
            requester_gln: gln.map(str::to_owned),
            correlation: None,
            in_hand: None,
        };
        self.asking_member(caller, &request).await?;
        self.own_gln().await
    }

    /// Asks the node of the maker about a pack that was scanned. The ledger says who made its lot,
    /// and so where to ask.
    pub async fn ask_maker(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        request: &Request,
    ) -> Result<Verified, HospitalError> {
        looks(caller)?;
        let state = self.fresh_state().await?;
        self.partner_here(&state)?;
        let key = self.trade_key().await?;
        let pack = state.pack(&key.pack(&request.gtin, &request.serial));
        let lot = pack.and_then(|it| state.lot(&it.lot));
        let Some(lot) = lot else {
            // Nobody made it: there is nobody to ask, and the own answer says so.
            let answer = self.looked_up(caller, agent, request).await?;
            let responder = self.0.organisation.clone();
            return Ok(Verified { responder, answer });
        };
        let maker = lot.maker.clone();
        if self.is_this(&maker) {
            let answer = self.looked_up(caller, agent, request).await?;
            return Ok(Verified {
                responder: maker,
                answer,
            });
        }
        self.log_dscsa(agent, "ask-maker").await?;
        let ask = VerifyAsk {
            gtin: request.gtin.clone(),
            lot: request.lot.clone(),
            serial: request.serial.clone(),
            expiry: request.expiry.clone(),
            context: request.context,
            correlation: match &request.correlation {
                Some(given) => given.clone(),
                None => new_id()?,
            },
        };
        let reply = self.call(&maker, VERIFY, &ask).await?;
        let answer: Answer = link::read(&reply)?;
        if answer.correlation != ask.correlation {
            return Err(refused("the answer is to another request"));
        }
        Ok(Verified {
            responder: maker,
            answer,
        })
    }

    /// Answers another node: the link says who asks.
    pub(super) async fn answer_verification(
        &self,
        from: &str,
        ask: &VerifyAsk,
    ) -> Result<Answer, HospitalError> {
        let state = self.fresh_state().await?;
        partner_there(&state, from)?;
        let mut parameters = vec![
            ("exp".to_owned(), ask.expiry.clone()),
            ("corrUUID".to_owned(), ask.correlation.clone()),
        ];
        if let Some(context) = ask.context {
            parameters.push(("context".to_owned(), context.word().to_owned()));
        }
        let path = (&*ask.gtin, &*ask.lot, &*ask.serial);
        let request = Request::read(path, &parameters).map_err(|error| wrong(&error))?;
        // Guesses are counted for the organisation, as for a person here.
        let caller = Caller::new(format!("@{from}"), Role::System, None);
        let agent = AccessAgent {
            organisation: from.to_owned(),
            role: Role::System.name().to_owned(),
            ..AccessAgent::default()
        };
        self.looked_up(&caller, agent, &request).await
    }

    /// The authorised trading partner who asks, and whether its GLN is its own.
    async fn asking_member(
        &self,
        caller: &Caller,
        request: &Request,
    ) -> Result<String, HospitalError> {
        looks(caller)?;
        let registered = match caller.role {
            Role::System => self.member_of_client(&caller.username).await?,
            _ => None,
        };
        let member = registered.unwrap_or_else(|| self.0.organisation.clone());
        let state = self.fresh_state().await?;
        partner_there(&state, &member)?;
        if let Some(told) = &request.requester_gln {
            let card = self.card_of(&member).await?;
            if !card.gln.is_empty() && card.gln != *told {
                return Err(HospitalError::Forbidden(format!(
                    "reqGLN is not the one on the card of {member}"
                )));
            }
        }
        Ok(member)
    }

    async fn looked_up(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        request: &Request,
    ) -> Result<Answer, HospitalError> {
        let code = request.code();
        let verified = self.verify_pack(caller, agent, &code).await?;
        let found = self.findings_of(&verified).await?;
        let correlation = match &request.correlation {
            Some(given) => given.clone(),
            None => new_id()?,
        };
        Ok(Answer {
            verification_timestamp: instant::fhir(self.now_us()),
            responder_gln: self.own_gln().await?,
            data: judge(&found, request.context),
            correlation,
        })
    }

    async fn own_gln(&self) -> Result<Option<String>, HospitalError> {
        let gln = self.own_card().await?.gln;
        Ok(Some(gln).filter(|it| !it.is_empty()))
    }

    /// The findings of the desk, as the standard asks for them.
    async fn findings_of(&self, verified: &Verification) -> Result<Found, HospitalError> {
        let says = |verdict: Verdict| verified.because.iter().any(|it| it.verdict == verdict);
        let mut found = Found {
            is_known: !says(Verdict::Unknown),
            differs: says(Verdict::Mismatch),
            is_illegitimate: says(Verdict::Illegitimate),
            is_suspect: says(Verdict::Suspect),
            is_used: says(Verdict::Used),
            is_recalled: says(Verdict::Recalled),
            is_expired: says(Verdict::Expired),
            lot_fits: None,
            expiry_fits: None,
        };
        if found.differs {
            (found.lot_fits, found.expiry_fits) = self.what_fits(&verified.marking).await?;
        }
        Ok(found)
    }

    /// Which of lot and expiry are not those of the pack. The ledger has both in one value: where
    /// the lot is another and the pack was never here, nobody can say more of the expiry.
    async fn what_fits(
        &self,
        told: &Marking,
    ) -> Result<(Option<bool>, Option<bool>), HospitalError> {
        let key = self.trade_key().await?;
        let state = self.fresh_state().await?;
        let name = key.pack(&told.gtin, &told.serial);
        let Some(pack) = state.pack(&name) else {
            return Ok((None, None));
        };
        let lot_fits = key.lot(&told.gtin, &told.lot) == pack.lot;
        let held = self.kept_packs(&[name]).await?.pop().map(|(_, it)| it);
        let expiry_fits = match &held {
            Some(held) => {
                let year = expiry::year(self.now_us());
                let day = |text: &str| expiry::date(text, year);
                Some(day(&held.expiry) == day(&told.expiry))
            }
            None if lot_fits => {
                let printed = Printed {
                    gtin: &told.gtin,
                    serial: &told.serial,
                    lot: &told.lot,
                    expiry: &told.expiry,
                };
                Some(key.facts(&printed) == pack.facts)
            }
            None => None,
        };
        Ok((Some(lot_fits), expiry_fits))
    }
}
