//! Why a credential is refused: each reason has a name of its own, none quotes the credential.

/// Why a credential was not issued, not presented or not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// Longer than the bound, or with more parts.
    #[error("the credential is longer than its bound")]
    TooLarge,
    /// Not the form of an SD-JWT.
    #[error("the credential does not have its form: {0}")]
    Form(&'static str),
    /// Another algorithm than `EdDSA`, `none` above all (RFC 8725 2.1).
    #[error("the credential names another algorithm than EdDSA")]
    Algorithm,
    /// Another kind of token (RFC 8725 2.8), or a header member that is not known.
    #[error("the credential is another kind of token")]
    Kind,
    /// It names another issuer.
    #[error("the credential is of another issuer")]
    Issuer,
    /// Not signed with the issuer's credential key.
    #[error("the credential is not signed with its issuer's credential key")]
    IssuerSignature,
    /// A claim is missing, unknown or of the wrong form.
    #[error("the claim `{0}` is missing, unknown or not usable")]
    Claim(&'static str),
    /// It says that it is from the future.
    #[error("the credential is not yet valid")]
    NotYetValid,
    /// It is over.
    #[error("the credential has expired")]
    Expired,
    /// Its life is longer than any that is accepted.
    #[error("the credential lives longer than 15 minutes")]
    LivesTooLong,
    /// The issuer ended all credentials of its epoch on the ledger.
    #[error("the credential is of an epoch that its issuer has ended")]
    Epoch,
    /// A disclosure is not one that the issuer signed.
    #[error("a disclosure is not in the credential")]
    NotSigned,
    /// The same disclosure, or two of one name.
    #[error("a disclosure is there twice")]
    Twice,
    /// There is no proof of the holder's key.
    #[error("the proof of the holder's key is missing")]
    NoProof,
    /// The proof is not by the key that the credential names.
    #[error("the proof is not by the holder's key")]
    HolderSignature,
    /// The proof is for another organisation.
    #[error("the credential was presented to another organisation")]
    Audience,
    /// The proof is for another request.
    #[error("the credential was presented with another nonce")]
    Nonce,
    /// The proof is for another credential or another set of disclosures.
    #[error("the proof is for another credential or other disclosures")]
    Hash,
    /// The proof is too old or from the future.
    #[error("the proof was not made just now")]
    Stale,
    /// This credential came with this nonce before.
    #[error("the credential was presented before with this nonce")]
    Replayed,
}
