//! `salus patient`: what a patient's own device can be asked.

use super::Target;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  salus patient enrol --dir my-phone --patient 4f1c --to http://127.0.0.1:8080
  salus patient shares --dir my-phone
  salus patient link north-clinic --dir my-phone --to http://127.0.0.1:8080
  salus patient grant consent.json --dir my-phone --to http://127.0.0.1:8080
  salus patient withdraw 7b2e --dir my-phone --to http://127.0.0.1:8080
  salus patient recover --dir new-phone --patient 4f1c --shares two.txt --to http://127.0.0.1:8080

The token is the patient's, in --token or SALUS_TOKEN; the passphrase of the folder is in
SALUS_PASSPHRASE or --passphrase-file. The seed never leaves the folder. What a server asks to
sign is read, checked against what you asked for, and shown in words before it is signed.")]
pub(crate) struct Patient {
    #[command(subcommand)]
    pub(crate) command: PatientCommand,
}

/// The folder of a device and what opens it.
#[derive(Args, Debug)]
pub(crate) struct Device {
    /// The folder that holds the sealed seed
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// The passphrase
    #[arg(long, env = "SALUS_PASSPHRASE", hide_env_values = true, hide = true)]
    pub(crate) passphrase: Option<String>,
    /// A file with the passphrase in its first line [default: SALUS_PASSPHRASE]
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

/// What a device does.
#[derive(Subcommand, Debug)]
pub(crate) enum PatientCommand {
    /// Make a seed on this device and tell the organisation its public keys
    #[command(after_help = "\
Example:
  salus patient enrol --dir my-phone --patient 4f1c --to http://127.0.0.1:8080

A key that the organisation kept before gives way to this one. Grants that it signed stay, and
can still be withdrawn. Make shares at once: without them a lost device is a lost key.")]
    Enrol {
        /// The patient's id at the organisation
        #[arg(long)]
        patient: String,
        #[command(flatten)]
        device: Device,
        #[command(flatten)]
        target: Target,
    },
    /// Show three recovery shares, any two of which give the seed back
    #[command(after_help = "\
Example:
  salus patient shares --dir my-phone

Each call makes a new set; earlier sets stay good. Keep each share in another place.")]
    Shares {
        #[command(flatten)]
        device: Device,
    },
    /// Make a code by which another organisation learns that it knows the same patient
    #[command(after_help = "\
Example:
  salus patient link north-clinic --dir my-phone --to http://127.0.0.1:8080")]
    Link {
        /// Who shall take the code
        organisation: String,
        #[command(flatten)]
        signing: Signing,
    },
    /// Give a consent, or a refusal
    #[command(after_help = "\
Example:
  salus patient grant consent.json --dir my-phone --to http://127.0.0.1:8080

docs/guides/share.md has a Consent to begin with.")]
    Grant {
        /// A FHIR Consent as JSON
        consent: PathBuf,
        #[command(flatten)]
        signing: Signing,
    },
    /// Withdraw a consent
    #[command(after_help = "\
Example:
  salus patient withdraw 7b2e --dir my-phone --to http://127.0.0.1:8080")]
    Withdraw {
        /// The id of the Consent, as `salus patient grant` printed it
        consent: String,
        #[command(flatten)]
        signing: Signing,
    },
    /// Accept to act for another patient: a guardian for a child, a proxy for an adult
    #[command(after_help = "\
Example:
  salus patient accept 9c41 --for 51aa --dir my-phone --to http://127.0.0.1:8080
  salus patient grant consent.json --for 51aa --dir my-phone --to http://127.0.0.1:8080

The delegation is made at the organisation; GET /identity/delegations lists its id.")]
    Accept {
        /// The id of the delegation
        delegation: String,
        #[command(flatten)]
        signing: Signing,
    },
    /// Put the seed of a lost device back from two shares, on a new one
    #[command(after_help = "\
Example:
  salus patient recover --dir new-phone --patient 4f1c --shares two.txt --to http://127.0.0.1:8080

The shares stand in the file one a line; - reads them from standard input. The seed is put
together here: no server sees a share.")]
    Recover {
        /// The patient's id at the organisation
        #[arg(long)]
        patient: String,
        /// A file with two or three shares
        #[arg(long, value_name = "FILE")]
        shares: PathBuf,
        #[command(flatten)]
        device: Device,
        #[command(flatten)]
        target: Target,
    },
}

/// What every act needs that is signed.
#[derive(Args, Debug)]
pub(crate) struct Signing {
    #[command(flatten)]
    pub(crate) device: Device,
    #[command(flatten)]
    pub(crate) target: Target,
    /// Act for this other patient, under a delegation that this device accepted
    #[arg(long = "for", value_name = "PATIENT")]
    pub(crate) for_patient: Option<String>,
    /// Sign what was checked without asking
    #[arg(long)]
    pub(crate) yes: bool,
}
