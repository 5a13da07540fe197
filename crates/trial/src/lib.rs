//! Clinical trials on the ledger: their acts and the rules for them, as pure functions.

pub mod compare;
