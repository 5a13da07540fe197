//! `salus propose`: what may be proposed to the consortium.

use super::Target;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  salus propose add --request my-lab/request.toml --to http://127.0.0.1:8080
  salus propose validator my-lab --to http://127.0.0.1:8080
  salus propose remove my-lab --to http://127.0.0.1:8080
  salus propose partner my-works --role maker --to http://127.0.0.1:8080

The token is that of an administrator, in --token or SALUS_TOKEN. Two thirds of the members
must vote for it: salus vote.")]
pub(crate) struct Propose {
    #[command(subcommand)]
    pub(crate) change: Change,
}

/// What may be proposed.
#[derive(Subcommand, Debug)]
pub(crate) enum Change {
    /// Take an organisation in
    #[command(after_help = "\
Example:
  salus propose add --request my-lab/request.toml --to http://127.0.0.1:8080

`salus join` writes the request. The proposal is printed, for the others to vote on.")]
    Add {
        /// The request that `salus join` wrote
        #[arg(long, value_name = "FILE")]
        request: PathBuf,
        #[command(flatten)]
        target: Target,
    },
    /// Put an organisation out
    #[command(after_help = "\
Example:
  salus propose remove my-lab --to http://127.0.0.1:8080

Its records stay its own, and its entries on the ledger stay provable.")]
    Remove {
        /// Its short name
        organisation: String,
        #[command(flatten)]
        target: Target,
    },
    /// Let a member take part in ordering
    #[command(after_help = "\
Examples:
  salus propose validator my-lab --to http://127.0.0.1:8080
  salus propose validator my-lab --not --to http://127.0.0.1:8080

It holds from the next epoch on.")]
    Validator {
        /// Its short name
        organisation: String,
        /// Take it out of ordering instead
        #[arg(long)]
        not: bool,
        #[command(flatten)]
        target: Target,
    },
    /// Say what a member may do in the trade in medicines
    #[command(after_help = "\
Examples:
  salus propose partner north-wholesale --role wholesaler --to http://127.0.0.1:8080
  salus propose partner my-works --role maker --role wholesaler --to http://127.0.0.1:8080
  salus propose partner my-works --to http://127.0.0.1:8080

Without a role it is no partner of the trade any more. Where nothing was voted, the kind of the
organisation says it.")]
    Partner {
        /// Its short name
        organisation: String,
        /// A role; give the option once for each
        #[arg(long = "role", value_enum, value_name = "ROLE")]
        roles: Vec<TradeRole>,
        #[command(flatten)]
        target: Target,
    },
    /// Say who opens together to whom a pack was handed
    #[command(after_help = "\
Example:
  salus propose openers --holder agency-a --holder agency-b --holder agency-c --threshold 2 \\
      --to http://127.0.0.1:8080

It holds for the secrets that partners make from then on.")]
    Openers {
        /// A member that opens; give the option once for each, 1 to 5
        #[arg(long = "holder", value_name = "ORGANISATION", required = true)]
        holders: Vec<String>,
        /// How many of them open together
        #[arg(long, value_parser = clap::value_parser!(u8).range(1..=5))]
        threshold: u8,
        #[command(flatten)]
        target: Target,
    },
}

/// What a member may do in the trade in medicines.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum TradeRole {
    /// Makes packs and answers for their lots
    Maker,
    /// Passes packs on
    Wholesaler,
    /// Supplies to the public
    Dispenser,
    /// Watches over the trade
    Regulator,
}

impl TradeRole {
    /// The word of the ledger.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Maker => "maker",
            Self::Wholesaler => "wholesaler",
            Self::Dispenser => "dispenser",
            Self::Regulator => "regulator",
        }
    }
}
