//! Placeholder until the tables' generator is merged.

use anyhow::Result;

pub(crate) fn run(_arguments: &[String]) -> Result<bool> {
    println!("skipped");
    Ok(true)
}
