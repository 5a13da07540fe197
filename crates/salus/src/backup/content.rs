//! What is in a backup: files by their names, one after the other, and an end.

use crate::failure::{Explain, Failure, Hint, Outcome};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Files in a backup.
pub(super) const FILES_MAX: usize = 100_000;
/// Bytes of a name.
const NAME_BYTES_MAX: usize = 512;
/// Bytes that are moved at a time.
const BUFFER: usize = 256 * 1024;

const CHANGED: &str = "take another copy of it: this one was cut or changed, or is not whole yet";

/// Writes one file under a name. `at` is told the bytes.
pub(super) fn put(
    to: &mut impl Write,
    name: &str,
    path: &Path,
    at: &mut dyn FnMut(u64),
) -> Outcome {
    let told = || format!("{} cannot be backed up", path.display());
    let mut file = File::open(path).explain(told)?;
    let length = file.metadata().explain(told)?.len();
    head(to, name, length).explain(told)?;
    // As long as it was when its length was written: a file that grows meanwhile is cut there.
    let mut left = length;
    let mut buffer = vec![0; BUFFER];
    while left > 0 {
        let most = BUFFER.min(usize::try_from(left).unwrap_or(BUFFER));
        let read = file.read(&mut buffer[..most]).explain(told)?;
        if read == 0 {
            return Err(Failure::new(told()).cause("it became shorter meanwhile"));
        }
        to.write_all(&buffer[..read]).explain(told)?;
        left -= read as u64;
        at(read as u64);
    }
    Ok(())
}

fn head(to: &mut impl Write, name: &str, length: u64) -> std::io::Result<()> {
    let invalid = || std::io::Error::from(std::io::ErrorKind::InvalidInput);
    let bytes = u16::try_from(name.len()).map_err(|_| invalid())?;
    to.write_all(&bytes.to_be_bytes())?;
    to.write_all(name.as_bytes())?;
    to.write_all(&length.to_be_bytes())
}

/// Ends the content.
pub(super) fn end(to: &mut impl Write) -> Outcome {
    to.write_all(&0_u16.to_be_bytes())
        .explain(|| "the backup cannot be ended".into())
}

/// Reads everything into a folder, to the very end. `at` is told the bytes.
pub(super) fn take(from: &mut impl Read, folder: &Path, at: &mut dyn FnMut(u64)) -> Outcome {
    let told = || "the backup cannot be read to its end".to_owned();
    for _ in 0..=FILES_MAX {
        let length = u16::from_be_bytes(array(from).explain(told).hint(CHANGED)?);
        if length == 0 {
            let more = from.read(&mut [0]).explain(told).hint(CHANGED)?;
            if more == 0 {
                return Ok(());
            }
            return Err(Failure::new(told())
                .cause("it goes on after its end")
                .hint(CHANGED));
        }
        let name = name(from, usize::from(length))?;
        let path = folder.join(&name);
        if let Some(above) = path.parent() {
            let mut folders = std::fs::DirBuilder::new();
            folders
                .recursive(true)
                .mode(0o700)
                .create(above)
                .explain(told)?;
        }
        let length = u64::from_be_bytes(array(from).explain(told).hint(CHANGED)?);
        one(from, &path, length, at)?;
    }
    Err(Failure::new(told()).cause(format!("it has more than {FILES_MAX} files")))
}

fn one(from: &mut impl Read, path: &Path, length: u64, at: &mut dyn FnMut(u64)) -> Outcome {
    let told = || format!("{} cannot be restored", path.display());
    let mut options = OpenOptions::new();
    let opened = options.write(true).create_new(true).mode(0o600).open(path);
    let mut file = opened.explain(told)?;
    let mut left = length;
    let mut buffer = vec![0; BUFFER];
    while left > 0 {
        let most = BUFFER.min(usize::try_from(left).unwrap_or(BUFFER));
        let read = from.read(&mut buffer[..most]).explain(told).hint(CHANGED)?;
        if read == 0 {
            return Err(Failure::new(told())
                .cause("the backup ends in it")
                .hint(CHANGED));
        }
        file.write_all(&buffer[..read])
            .explain(told)
            .hint("is there room on the disk?")?;
        left -= read as u64;
        at(read as u64);
    }
    file.sync_all().explain(told)
}

/// A name of a file below the folder, and of nothing else.
fn name(from: &mut impl Read, length: usize) -> Outcome<String> {
    let told = || "the backup cannot be read to its end".to_owned();
    if length > NAME_BYTES_MAX {
        return Err(Failure::new(told()).cause("a name in it is too long"));
    }
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes).explain(told).hint(CHANGED)?;
    let name = String::from_utf8(bytes).explain(told)?;
    if is_below(&name) {
        return Ok(name);
    }
    Err(Failure::new(told()).cause("a name in it leads out of the folder"))
}

/// Whether a name is of a file below a folder: no root, no way up, nothing empty.
fn is_below(name: &str) -> bool {
    let good = |part: &str| !part.is_empty() && part != "." && part != "..";
    !name.contains(['\\', '\0']) && name.split('/').all(good)
}

fn array<const N: usize>(from: &mut impl Read) -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// The files below a folder with their names in the backup, in order.
pub(super) fn files(
    folder: &Path,
    prefix: &str,
    keep: &dyn Fn(&str) -> bool,
) -> Outcome<Vec<(String, PathBuf)>> {
    let told = || format!("{} cannot be listed", folder.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).explain(told)? {
        let entry = entry.explain(told)?;
        let file_name = entry.file_name();
        let Some(own) = file_name.to_str() else {
            return Err(Failure::new(told()).cause("a name in it is not UTF-8"));
        };
        let name = format!("{prefix}{own}");
        if !keep(&name) {
            continue;
        }
        // What a link leads to lies elsewhere and is not this folder's.
        let kind = entry.file_type().explain(told)?;
        if kind.is_dir() {
            found.extend(files(&entry.path(), &format!("{name}/"), keep)?);
        } else if kind.is_file() {
            found.push((name, entry.path()));
        }
        if found.len() >= FILES_MAX {
            return Err(Failure::new(told()).cause(format!("more than {FILES_MAX} files")));
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes bytes under a name.
    fn put_bytes(to: &mut impl Write, name: &str, bytes: &[u8]) -> Outcome {
        head(to, name, bytes.len() as u64)
            .and_then(|()| to.write_all(bytes))
            .explain(|| format!("{name} cannot be backed up"))
    }

    #[test]
    fn a_name_that_leads_out_of_the_folder_is_refused() {
        for bad in [
            "/etc/x",
            "../x",
            "a/../../x",
            "a//b",
            "",
            ".",
            "a/.",
            "a\\b",
            "a\0",
        ] {
            assert!(!is_below(bad), "{bad:?}");
        }
        for good in ["records.db", "ledger/engine/a.b", "..x"] {
            assert!(is_below(good), "{good:?}");
        }
        let mut bytes = Vec::new();
        put_bytes(&mut bytes, "../x", b"x").unwrap();
        end(&mut bytes).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let into = folder.path().join("in");
        std::fs::create_dir(&into).unwrap();
        assert!(take(&mut bytes.as_slice(), &into, &mut |_| {}).is_err());
        assert!(!folder.path().join("x").exists());
    }

    #[test]
    fn what_is_put_in_comes_out_and_a_cut_content_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = Vec::new();
        put_bytes(&mut bytes, "a", b"one").unwrap();
        put_bytes(&mut bytes, "b/c", &vec![7; BUFFER + 1]).unwrap();
        end(&mut bytes).unwrap();
        let into = folder.path().join("in");
        take(&mut bytes.as_slice(), &into, &mut |_| {}).unwrap();
        assert_eq!(std::fs::read(into.join("a")).unwrap(), b"one");
        assert_eq!(std::fs::read(into.join("b/c")).unwrap().len(), BUFFER + 1);
        let listed = files(&into, "", &|_| true).unwrap();
        let names: Vec<&str> = listed.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a", "b/c"]);
        for cut in [0, 1, 5, bytes.len() - 1] {
            let to = folder.path().join(format!("cut-{cut}"));
            assert!(take(&mut &bytes[..cut], &to, &mut |_| {}).is_err(), "{cut}");
        }
    }
}
