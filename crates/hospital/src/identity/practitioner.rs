//! What a practitioner is called outside.

use super::statement::hex;
use crate::caller::Caller;
use crate::setup::Hospital;

impl Hospital {
    /// The `sub` of a practitioner's credentials: the same at each issue, and nothing that anybody
    /// without this organisation's root key can tie to the name.
    pub fn practitioner_pseudonym(&self, caller: &Caller) -> String {
        let root = self.0.keyring.root();
        let mark = root.mark("practitioner-pseudonym", &[caller.username.as_bytes()]);
        hex(&mark[..16])
    }
}
