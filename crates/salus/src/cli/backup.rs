//! `salus backup` and `salus restore`: what can be asked of them.

use clap::Args;
use std::path::PathBuf;

/// Whose node: its folder, or its configuration.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct Whose {
    /// The organisation's folder
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Or its configuration
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Whose {
    /// The configuration, whichever way it was named.
    pub(crate) fn config(&self) -> PathBuf {
        let in_dir = |dir: &PathBuf| dir.join(crate::organisation::CONFIG);
        let named = self.config.clone().or(self.dir.as_ref().map(in_dir));
        named.unwrap_or_default()
    }
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  salus backup --dir my-clinic --to /mnt/backup/monday.salus
  salus backup --config my-clinic/salus.toml --to monday.salus --tree /mnt/other/my-clinic.keys

Works while the node runs. The file is sealed by the organisation's passphrase, and does not open
without the one copy of the key tree, which is overwritten at each backup and at each erasure: so
old backups open nobody who was erased. Keep as many backups as you like, and no older copy of the
key tree. Prove a backup with `salus restore FILE --check --record DIR`.")]
pub(crate) struct Backup {
    #[command(flatten)]
    pub(crate) whose: Whose,
    /// The file to make; it must not exist
    #[arg(long, value_name = "FILE")]
    pub(crate) to: PathBuf,
    /// The copy of the key tree [default: beside the backup, named by the organisation]
    #[arg(long, value_name = "FILE", conflicts_with = "with_key_tree")]
    pub(crate) tree: Option<PathBuf>,
    /// Put the key tree into the backup: it then opens by itself, the erased too
    #[arg(long)]
    pub(crate) with_key_tree: bool,
    /// A file with another passphrase for the backup in its first line
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  salus restore monday.salus --check --record my-clinic
  salus restore monday.salus --dir my-clinic-again --passphrase-file passphrase
  salus restore monday.salus --dir again --tree /mnt/other/my-clinic.keys

The backup is read to its end, and every record in it, before anything is at its place. The node of
the new folder gets the ledger from the others before it answers, and erases again whom the ledger
says were erased since the backup. The node that it was made of must never run again.")]
pub(crate) struct Restore {
    /// The backup
    pub(crate) file: PathBuf,
    /// The folder to make; it must not exist, or be empty
    #[arg(long, value_name = "DIR", required_unless_present = "check")]
    pub(crate) dir: Option<PathBuf>,
    /// Prove that it could be restored, and restore nothing
    #[arg(long, conflicts_with = "dir")]
    pub(crate) check: bool,
    /// Record the proof in this organisation's folder, for `salus doctor` and administrators
    #[arg(long, value_name = "DIR", requires = "check")]
    pub(crate) record: Option<PathBuf>,
    /// The copy of the key tree [default: beside the backup, or inside it]
    #[arg(long, value_name = "FILE")]
    pub(crate) tree: Option<PathBuf>,
    /// The passphrase
    #[arg(long, env = "SALUS_PASSPHRASE", hide_env_values = true, hide = true)]
    pub(crate) passphrase: Option<String>,
    /// A file with the passphrase in its first line [default: SALUS_PASSPHRASE]
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase")]
    pub(crate) passphrase_file: Option<PathBuf>,
}
