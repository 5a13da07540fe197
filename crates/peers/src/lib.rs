//! The links between the nodes of two organisations: mutual TLS 1.3, keys pinned to the ledger.
