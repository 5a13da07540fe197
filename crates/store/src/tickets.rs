//! The store's methods for the authorization server.

use crate::sqlite::ticket;
use crate::{ClientRow, Kept, Store, StoreError, Ticket, TicketKind};

impl Store {
    /// Adds a client or replaces the one of that id; at most `most` are kept.
    pub async fn put_client(&self, row: ClientRow, most: u32) -> Result<Kept, StoreError> {
        self.write(move |connection, _| ticket::put_client(connection, &row, most))
            .await
    }

    /// A client by id.
    pub async fn client(&self, id: &str) -> Result<Option<ClientRow>, StoreError> {
        let id = id.to_owned();
        self.readers()
            .run(move |connection| ticket::get_client(connection, &id))
            .await
    }

    /// All clients, by id.
    pub async fn clients(&self) -> Result<Vec<ClientRow>, StoreError> {
        self.readers().run(ticket::clients).await
    }

    /// Removes a client; whether there was one.
    pub async fn drop_client(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write(move |connection, _| ticket::drop_client(connection, &id))
            .await
    }

    /// Stores a new ticket, after forgetting what has expired; at most `most` of a kind are kept.
    pub async fn put_ticket(
        &self,
        ticket: Ticket,
        now_us: i64,
        most: u32,
    ) -> Result<Kept, StoreError> {
        self.write(move |connection, _| ticket::put(connection, &ticket, now_us, most))
            .await
    }

    /// A ticket, expired ones included.
    pub async fn ticket(
        &self,
        kind: TicketKind,
        digest: [u8; 32],
    ) -> Result<Option<Ticket>, StoreError> {
        self.readers()
            .run(move |connection| ticket::get(connection, kind, &digest))
            .await
    }

    /// All tickets of a kind.
    pub async fn tickets(&self, kind: TicketKind) -> Result<Vec<Ticket>, StoreError> {
        self.readers()
            .run(move |connection| ticket::all(connection, kind))
            .await
    }

    /// Replaces an unused ticket (to mark it used, to prolong it); `false`: it is gone or was
    /// used. Of several at the same time one succeeds.
    pub async fn replace_unused_ticket(&self, ticket: Ticket) -> Result<bool, StoreError> {
        self.write(move |connection, _| ticket::replace_unused(connection, &ticket))
            .await
    }

    /// Removes a ticket; whether there was one.
    pub async fn drop_ticket(
        &self,
        kind: TicketKind,
        digest: [u8; 32],
    ) -> Result<bool, StoreError> {
        self.write(move |connection, _| ticket::drop_one(connection, kind, &digest))
            .await
    }

    /// Removes the refresh tokens of an authorization.
    pub async fn drop_family(&self, family: &str) -> Result<(), StoreError> {
        let family = family.to_owned();
        self.write(move |connection, _| ticket::drop_family(connection, &family))
            .await
    }
}
