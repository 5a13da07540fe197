//! What narrows the view of a caller: the scopes of a token, the decision on each record.

/// What a caller sees beyond role and compartment; by default nothing is narrowed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sight {}
