//! `salus patient`: the device that holds a patient's seed.
//!
//! Invariants:
//!
//! 1. The seed leaves the process sealed by the passphrase, or as shares that were asked for.
//! 2. Nothing is signed that was not decoded, compared with what was asked for (`check`), and
//!    shown in words (`tests/processes/device.rs`).

mod acts;
mod check;
mod device;
mod enrol;

use crate::cli::PatientCommand;
use crate::failure::Outcome;

/// Runs one command of a device.
pub(crate) fn run(command: &PatientCommand) -> Outcome {
    match command {
        PatientCommand::Enrol {
            patient,
            device,
            target,
        } => enrol::enrol(patient, device, target),
        PatientCommand::Shares { device } => enrol::shares(device),
        PatientCommand::Recover {
            patient,
            shares,
            device,
            target,
        } => enrol::recover(patient, shares, device, target),
        PatientCommand::Link {
            organisation,
            signing,
        } => acts::link(organisation, signing),
        PatientCommand::Grant { consent, signing } => acts::grant(consent, signing),
        PatientCommand::Withdraw { consent, signing } => acts::withdraw(consent, signing),
        PatientCommand::Accept {
            delegation,
            signing,
        } => acts::accept(delegation, signing),
    }
}
