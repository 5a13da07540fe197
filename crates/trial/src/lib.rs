//! Clinical trials on the ledger: their acts and the rules for them (`acts`), how an allocation
//! list is drawn by two hands (`allocation`), and how arms follow from those before
//! (`minimisation`). All of it is pure.
//!
//! What lives here: what is sealed about a trial and in which order, who may do what, the list that
//! neither of its makers can read, and the comparison of what was registered with what was
//! reported (`compare`). What does not: case-report values (records of the spine, anchored by the
//! batches of each site), the formats of trials (`cdisc`), who asks and what is stored
//! (`hospital`).
//!
//! Invariants:
//!
//! 1. Nobody is enrolled before protocol and list are sealed, under a version that the site has
//!    not accepted, or out of turn (`ledger/tests/trial.rs`,
//!    `nobody_is_enrolled_before_all_is_sealed`).
//! 2. Neither hand alone says an arm, and each can only open what it sealed
//!    (`tests/allocation.rs`, `one_hand_alone_leaves_every_arm_possible`,
//!    `a_leaf_opens_as_it_was_sealed_or_not_at_all`).
//! 3. Both hands together are balanced in every block (`every_block_is_balanced`).
//! 4. Secrets come out only once the data are locked (`ledger/tests/trial.rs`,
//!    `secrets_are_revealed_after_the_lock_only`).
//! 5. Who minimises has no choice: each share follows from those before and from a number that is
//!    shown with its proof, and a replay names whatever deviates (`tests/minimisation.rs`,
//!    `a_swapped_arm_level_order_or_proof_is_found_and_named`, `one_changed_arm_is_always_found`).
//! 6. No value names a person, a value or an arm.
//!
//! Specifications: ICH E6(R3), ICH E9, 21 CFR 11; `docs/reference/trials.md`.

pub mod acts;
pub mod allocation;
pub mod compare;
pub mod minimisation;
