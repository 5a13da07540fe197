//! The acts of consent on the ledger: bodies, state and rules of kinds 16 and up.
