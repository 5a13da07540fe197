//! Unified Study Definitions Model 4: what a protocol says, as far as it is compared.
