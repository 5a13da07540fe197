//! Connections that stay secret from whoever records them now and has a quantum computer later.
//!
//! The engine's handshake authenticates both nodes by their Ed25519 keys and agrees on a secret
//! by X25519. After it, both add a secret agreed by ML-KEM-768 (FIPS 203) to the transcript from
//! which the ciphers are drawn, so that the traffic is safe as long as one of the two holds:
//!
//! ```text
//! dialer   -> listener   encapsulation key (1184 bytes)
//! listener -> dialer     ciphertext (1088 bytes), confirmation (32 bytes)
//! dialer   -> listener   confirmation (32 bytes)
//! ```
//!
//! The frames are in clear. Whoever changes one makes the transcripts differ, and the
//! confirmations fail.

use aws_lc_rs::kem::{Ciphertext, DecapsulationKey, EncapsulationKey, ML_KEM_768};
use bytes::Bytes;
use commonware_codec::Encode as _;
use commonware_cryptography::transcript::Transcript;
use commonware_runtime::{Clock, IoBuf, Sink, Stream};
use commonware_stream::{
    Handshake,
    utils::codec::{Error as FrameError, recv_frame, send_frame},
};
use rand_core::CryptoRng;
use std::error::Error as StdError;

const LABEL: &[u8] = b"salus/link/ml-kem-768/v1";
const LISTENER: &[u8] = b"salus/link/listener/v1";
const DIALER: &[u8] = b"salus/link/dialer/v1";

const KEY_BYTES: u32 = 1_184;
const CIPHERTEXT_BYTES: usize = 1_088;
const CONFIRMATION_BYTES: u32 = 32;
const ANSWER_BYTES: u32 = 1_120;

/// Why a connection was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    #[error(transparent)]
    Classical(Box<dyn StdError + Send + Sync>),
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("the key agreement after quantum computers failed")]
    Agreement,
    #[error("the peer does not hold the same secret")]
    Confirmation,
}

impl From<aws_lc_rs::error::Unspecified> for LinkError {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self::Agreement
    }
}

/// A handshake that adds ML-KEM-768 to another one.
#[derive(Clone)]
pub(crate) struct Hybrid<H>(pub(crate) H);

/// The transcript with the second secret in it.
fn mix(classical: &Transcript, key: &[u8], ciphertext: &[u8], secret: &[u8]) -> Transcript {
    let mut transcript = classical.fork(LABEL);
    transcript.commit(key);
    transcript.commit(ciphertext);
    transcript.commit(secret);
    transcript
}

/// What only a holder of the transcript can say. A fork gives nothing of the transcript away.
fn confirmation(transcript: &Transcript, label: &'static [u8]) -> Bytes {
    transcript.fork(label).summarize().encode()
}

fn confirm(transcript: &Transcript, label: &'static [u8], said: &[u8]) -> Result<(), LinkError> {
    let expected = confirmation(transcript, label);
    aws_lc_rs::constant_time::verify_slices_are_equal(&expected, said)
        .map_err(|_| LinkError::Confirmation)
}

async fn receive<I: Stream>(stream: &mut I, bytes: u32) -> Result<Vec<u8>, LinkError> {
    let frame: Bytes = recv_frame(stream, bytes).await?.coalesce().into();
    if frame.len() == bytes as usize {
        Ok(frame.to_vec())
    } else {
        Err(LinkError::Agreement)
    }
}

impl<H: Handshake> Handshake for Hybrid<H>
where
    H::PublicKey: Sync,
{
    type PublicKey = H::PublicKey;
    type Error = LinkError;

    fn public_key(&self) -> Self::PublicKey {
        self.0.public_key()
    }

    async fn dial<E, I, O>(
        self,
        context: E,
        namespace: &[u8],
        peer: Self::PublicKey,
        stream: &mut I,
        sink: &mut O,
    ) -> Result<Transcript, LinkError>
    where
        E: Clock + CryptoRng,
        I: Stream,
        O: Sink,
    {
        let dialled = self.0.dial(context, namespace, peer, stream, sink).await;
        let classical = dialled.map_err(|error| LinkError::Classical(Box::new(error)))?;
        let secret_key = DecapsulationKey::generate(&ML_KEM_768)?;
        let key = secret_key
            .encapsulation_key()?
            .key_bytes()?
            .as_ref()
            .to_vec();
        send_frame(sink, IoBuf::from(key.clone()), KEY_BYTES).await?;
        let answer = receive(stream, ANSWER_BYTES).await?;
        let (ciphertext, said) = answer.split_at(CIPHERTEXT_BYTES);
        let secret = secret_key.decapsulate(Ciphertext::from(ciphertext))?;
        let transcript = mix(&classical, &key, ciphertext, secret.as_ref());
        confirm(&transcript, LISTENER, said)?;
        let last = IoBuf::from(confirmation(&transcript, DIALER));
        send_frame(sink, last, CONFIRMATION_BYTES).await?;
        Ok(transcript)
    }

    async fn listen<E, I, O, B, F>(
        self,
        context: E,
        namespace: &[u8],
        bouncer: B,
        stream: &mut I,
        sink: &mut O,
    ) -> Result<(Self::PublicKey, Transcript), LinkError>
    where
        E: Clock + CryptoRng,
        I: Stream,
        O: Sink,
        B: FnOnce(Self::PublicKey) -> F + Send,
        F: Future<Output = bool> + Send,
    {
        let listened = self
            .0
            .listen(context, namespace, bouncer, stream, sink)
            .await;
        let (peer, classical) = listened.map_err(|error| LinkError::Classical(Box::new(error)))?;
        let key = receive(stream, KEY_BYTES).await?;
        let encapsulation =
            EncapsulationKey::new(&ML_KEM_768, &key).map_err(|_| LinkError::Agreement)?;
        let (ciphertext, secret) = encapsulation.encapsulate()?;
        let transcript = mix(&classical, &key, ciphertext.as_ref(), secret.as_ref());
        let said = confirmation(&transcript, LISTENER);
        let answer = [ciphertext.as_ref(), said.as_ref()].concat();
        send_frame(sink, IoBuf::from(answer), ANSWER_BYTES).await?;
        let last = receive(stream, CONFIRMATION_BYTES).await?;
        confirm(&transcript, DIALER, &last)?;
        Ok((peer, transcript))
    }
}

#[cfg(test)]
mod tests;
