//! The store's methods for SMART Health Links.

use crate::sqlite::health_link;
use crate::{Kept, Store, StoreError};

/// A link of a patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthLink {
    /// What its patient calls it by.
    pub id: String,
    /// SHA-256 of what its address ends in.
    pub lookup: [u8; 32],
    /// The logical id of the patient.
    pub patient: String,
    /// When it ends, microseconds since 1970.
    pub until_us: i64,
    /// Wrong passcodes that are still heard.
    pub tries: u32,
    /// How often it was answered.
    pub retrieved: u64,
    /// The caller's sealed bytes.
    pub body: Vec<u8>,
}

/// A file of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthLinkFile {
    /// The link that it is of.
    pub link: String,
    /// Which of its files, from 0.
    pub place: i64,
    /// The caller's sealed bytes.
    pub body: Vec<u8>,
}

/// An address of a file that is good once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthLinkTicket {
    /// SHA-256 of what the address ends in.
    pub digest: [u8; 32],
    /// Which file of the link, from 0.
    pub place: u32,
    /// When it ends, microseconds since 1970.
    pub until_us: i64,
}

/// What became of a retrieval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entered {
    /// There is no link at this address.
    Unknown,
    /// It was asked for as often as it may be in this hour.
    TooMany(HealthLink),
    /// It was counted.
    In(HealthLink),
}

impl Store {
    /// Adds a link with its files; at most `most` of a patient are kept.
    pub async fn put_health_link(
        &self,
        link: HealthLink,
        files: Vec<Vec<u8>>,
        most: u32,
    ) -> Result<Kept, StoreError> {
        self.write(move |connection, _| health_link::put(connection, &link, &files, most))
            .await
    }

    /// The links of a patient, the ended ones too.
    pub async fn health_links(&self, patient: &str) -> Result<Vec<HealthLink>, StoreError> {
        let patient = patient.to_owned();
        self.readers()
            .run(move |connection| health_link::of_patient(connection, &patient))
            .await
    }

    /// Counts a retrieval of the link at an address. Who has no address writes nothing.
    pub async fn enter_health_link(
        &self,
        lookup: [u8; 32],
        hour: i64,
        most: u32,
    ) -> Result<Entered, StoreError> {
        let known = self
            .readers()
            .run(move |connection| health_link::is_known(connection, &lookup));
        if !known.await? {
            return Ok(Entered::Unknown);
        }
        self.write(move |connection, _| health_link::enter(connection, &lookup, hour, most))
            .await
    }

    /// Takes one of a link's passcodes that may be wrong; answers how many are left after it.
    /// `None`: none was left, or the link is gone.
    pub async fn take_health_link_try(&self, id: &str) -> Result<Option<u32>, StoreError> {
        let id = id.to_owned();
        self.write(move |connection, _| health_link::take_try(connection, &id))
            .await
    }

    /// Gives one back, after a right passcode.
    pub async fn give_health_link_try(&self, id: &str) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.write(move |connection, _| health_link::give_try(connection, &id))
            .await
    }

    /// The files of a link, in order.
    pub async fn health_link_files(&self, id: &str) -> Result<Vec<Vec<u8>>, StoreError> {
        let id = id.to_owned();
        self.readers()
            .run(move |connection| health_link::files(connection, &id))
            .await
    }

    /// Replaces the files of a link.
    pub async fn put_health_link_files(
        &self,
        id: &str,
        files: Vec<Vec<u8>>,
    ) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.write(move |connection, _| health_link::put_files(connection, &id, &files))
            .await
    }

    /// Counts an answered retrieval, with the addresses that it gave; `false`: the link is gone.
    pub async fn health_link_retrieved(
        &self,
        id: &str,
        tickets: Vec<HealthLinkTicket>,
    ) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write(move |connection, _| health_link::retrieved(connection, &id, &tickets))
            .await
    }

    /// Uses the address of a file up, and answers the file with its link.
    pub async fn take_health_link_file(
        &self,
        digest: [u8; 32],
        now_us: i64,
    ) -> Result<Option<(HealthLink, Vec<u8>)>, StoreError> {
        let known = self
            .readers()
            .run(move |connection| health_link::is_ticket(connection, &digest));
        if !known.await? {
            return Ok(None);
        }
        self.write(move |connection, _| health_link::take_file(connection, &digest, now_us))
            .await
    }

    /// Removes a link of a patient with its files; whether there was one.
    pub async fn drop_health_link(&self, patient: &str, id: &str) -> Result<bool, StoreError> {
        let (patient, id) = (patient.to_owned(), id.to_owned());
        self.write(move |connection, _| health_link::drop_one(connection, &patient, &id))
            .await
    }

    /// Removes files of links that have ended, and links that ended `keep_us` ago.
    pub async fn forget_health_links(&self, now_us: i64, keep_us: i64) -> Result<(), StoreError> {
        self.write(move |connection, _| health_link::forget(connection, now_us, keep_us))
            .await
    }

    /// Audit: all links after an id, by id.
    pub async fn scan_health_links(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<HealthLink>, StoreError> {
        let after = after.to_owned();
        self.readers()
            .run_long(move |connection| health_link::after(connection, &after, limit))
            .await
    }

    /// Audit: the file after this link and place; before the first one is place -1 of no link.
    pub async fn scan_health_link_file(
        &self,
        (link, place): (&str, i64),
    ) -> Result<Option<HealthLinkFile>, StoreError> {
        let link = link.to_owned();
        self.readers()
            .run_long(move |connection| health_link::file_after(connection, (&link, place)))
            .await
    }

    /// Audit: all addresses of files after a digest, with the ids of their links; before the first
    /// one is no byte.
    pub async fn scan_health_link_tickets(
        &self,
        after: &[u8],
        limit: u32,
    ) -> Result<Vec<(String, HealthLinkTicket)>, StoreError> {
        let after = after.to_owned();
        self.readers()
            .run_long(move |connection| health_link::tickets_after(connection, &after, limit))
            .await
    }
}
