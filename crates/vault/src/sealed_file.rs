//! A file of any size under a passphrase, written and read as a stream: a backup.
//!
//! A fresh key, sealed by the passphrase as a root key is (`root.rs`); a head in clear; then the
//! content as a Cobblestone message under that key, bound to the head. The form is in
//! `docs/reference/backup.md`.

use std::io::{self, Read, Write};

use zeroize::{Zeroize, Zeroizing};

use crate::aead::TAG;
use crate::cobblestone::{CHUNK, Chunks, HEAD, SALT};
use crate::keys::{random, same};
use crate::root::{FILE, open_file, seal_file};
use crate::{Cost, VaultError};

/// First bytes of the file, version included.
const MAGIC: &[u8; 16] = b"salus-backup-001";
/// Largest head.
pub const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Encrypts what is written to it. Nothing is good before [`Sealer::finish`].
pub struct Sealer<W: Write> {
    out: W,
    chunks: Chunks,
    waiting: Zeroizing<Vec<u8>>,
}

impl<W: Write> std::fmt::Debug for Sealer<W> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Sealer(..)")
    }
}

impl<W: Write> Sealer<W> {
    /// Begins a file: key, head, salt and commitment.
    pub fn begin(
        mut out: W,
        passphrase: &[u8],
        cost: Cost,
        head: &[u8],
    ) -> Result<Self, VaultError> {
        let length = u32::try_from(head.len()).ok();
        let length = length.filter(|_| head.len() <= HEAD_BYTES_MAX);
        let length = length.ok_or(VaultError::TooLarge {
            what: "head",
            bound: HEAD_BYTES_MAX,
        })?;
        let key = Zeroizing::new(random::<32>()?);
        let salt = random::<SALT>()?;
        let (chunks, commitment) = Chunks::new(&key, &salt, &context(head));
        let mut begun = seal_file(MAGIC, &key, passphrase, cost)?;
        begun.extend_from_slice(&length.to_be_bytes());
        begun.extend_from_slice(head);
        begun.extend_from_slice(&salt);
        begun.extend_from_slice(&commitment);
        out.write_all(&begun).map_err(|error| unwritten(&error))?;
        Ok(Self {
            out,
            chunks,
            waiting: Zeroizing::new(Vec::with_capacity(CHUNK + TAG)),
        })
    }

    fn chunk(&mut self) -> io::Result<()> {
        self.chunks
            .seal(&mut self.waiting)
            .map_err(io::Error::other)?;
        self.out.write_all(&self.waiting)?;
        self.waiting.clear();
        Ok(())
    }

    /// Writes the last chunk, by whose shortness the end is known, and answers what was written to.
    pub fn finish(mut self) -> io::Result<W> {
        self.chunk()?;
        self.out.flush()?;
        Ok(self.out)
    }
}

impl<W: Write> Write for Sealer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(CHUNK - self.waiting.len());
        self.waiting.extend_from_slice(&bytes[..taken]);
        if self.waiting.len() == CHUNK {
            self.chunk()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        // A chunk that is not full is the last one: what waits is written by `finish`.
        self.out.flush()
    }
}

/// Decrypts a file as it is read. Whoever read it to its end knows that it is whole; before that,
/// that what was read was written by somebody with the passphrase.
pub struct Opener<R: Read> {
    from: R,
    chunks: Chunks,
    head: Vec<u8>,
    opened: Zeroizing<Vec<u8>>,
    at: usize,
    ended: bool,
}

impl<R: Read> std::fmt::Debug for Opener<R> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Opener(..)")
    }
}

impl<R: Read> Opener<R> {
    /// Reads key and head, and compares the commitment before anything is decrypted.
    pub fn begin(mut from: R, passphrase: &[u8]) -> Result<Self, VaultError> {
        let mut key = [0; FILE];
        let length = |from: &mut R| read_array::<4, R>(from).map(u32::from_be_bytes);
        let cut = |_| form("it ends before its content begins");
        from.read_exact(&mut key).map_err(cut)?;
        if !key.starts_with(MAGIC) {
            return Err(form("it is not a backup of this format"));
        }
        let key = open_file(MAGIC, &key, passphrase)?;
        let length = usize::try_from(length(&mut from).map_err(cut)?).unwrap_or(usize::MAX);
        if length > HEAD_BYTES_MAX {
            return Err(form("its head is too long"));
        }
        let mut head = vec![0; length];
        from.read_exact(&mut head).map_err(cut)?;
        let start = read_array::<HEAD, R>(&mut from).map_err(cut)?;
        let (salt, told) = start.split_first_chunk::<SALT>().ok_or(form("too short"))?;
        let (chunks, commitment) = Chunks::new(&key, salt, &context(&head));
        if !same(told, &commitment) {
            return Err(VaultError::Commitment);
        }
        Ok(Self {
            from,
            chunks,
            head,
            opened: Zeroizing::new(Vec::with_capacity(CHUNK)),
            at: 0,
            ended: false,
        })
    }

    /// The head, which the content is bound to.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    fn chunk(&mut self) -> io::Result<()> {
        let mut sealed = Vec::with_capacity(CHUNK + TAG);
        let bound = (CHUNK + TAG) as u64;
        self.from.by_ref().take(bound).read_to_end(&mut sealed)?;
        self.opened.zeroize();
        self.at = 0;
        let opened = self.chunks.open(&sealed, &mut self.opened);
        opened.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        // A full chunk is never the last: where it is, the end was cut off, and the next one fails.
        self.ended = sealed.len() < CHUNK + TAG;
        Ok(())
    }
}

impl<R: Read> Read for Opener<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.opened.len() && !self.ended {
            self.chunk()?;
        }
        let left = &self.opened[self.at..];
        let given = left.len().min(out.len());
        out[..given].copy_from_slice(&left[..given]);
        self.at += given;
        Ok(given)
    }
}

/// What the content is bound to.
fn context(head: &[u8]) -> Vec<u8> {
    [MAGIC.as_slice(), head].concat()
}

fn read_array<const N: usize, R: Read>(from: &mut R) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn form(reason: &'static str) -> VaultError {
    VaultError::Format {
        what: "backup",
        reason,
    }
}

fn unwritten(error: &io::Error) -> VaultError {
    VaultError::File {
        path: "of the backup".to_owned(),
        verb: "written",
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    const CHEAP: Cost = Cost {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
    };
    const PASS: &[u8] = b"correct horse";

    fn sealed(content: &[u8]) -> Vec<u8> {
        let mut sealer = Sealer::begin(Vec::new(), PASS, CHEAP, b"{\"head\":1}").unwrap();
        sealer.write_all(content).unwrap();
        sealer.finish().unwrap()
    }

    fn opened(file: &[u8], passphrase: &[u8]) -> Result<Vec<u8>, String> {
        let mut opener = Opener::begin(file, passphrase).map_err(|error| error.to_string())?;
        let mut content = Vec::new();
        let read = opener.read_to_end(&mut content);
        read.map_err(|error| error.to_string()).map(|_| content)
    }

    #[test]
    fn a_sealed_file_opens_whole_or_not_at_all() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 7] {
            let content: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let file = sealed(&content);
            assert_eq!(opened(&file, PASS).unwrap(), content, "{length}");
            assert!(opened(&file, b"correct horsf").is_err());
            let last = file.len() - 1;
            for cut in [0, 10, FILE, FILE + 5, last - CHUNK.min(length), last] {
                assert!(opened(&file[..cut], PASS).is_err(), "{length} cut to {cut}");
            }
            for longer in [1, CHUNK, CHUNK + TAG] {
                let mut file = file.clone();
                file.resize(file.len() + longer, 0);
                assert!(opened(&file, PASS).is_err(), "{length} and {longer} more");
            }
        }
        // Whole chunks taken from the end, or swapped.
        let file = sealed(&vec![7; 3 * CHUNK]);
        let start = FILE + 4 + b"{\"head\":1}".len() + HEAD;
        assert!(opened(&file[..start + CHUNK + TAG], PASS).is_err());
        let mut swapped = file.clone();
        let (one, next) = swapped[start..].split_at_mut(CHUNK + TAG);
        one.swap_with_slice(&mut next[..CHUNK + TAG]);
        assert!(opened(&swapped, PASS).is_err());
    }

    #[test]
    fn every_changed_byte_of_a_sealed_file_is_refused() {
        let file = sealed(b"a little content");
        // The four bytes of the memory are left out: a changed one asks for gigabytes first.
        for at in (0..16).chain(28..file.len()) {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert!(opened(&changed, PASS).is_err(), "byte {at}");
        }
    }
}
