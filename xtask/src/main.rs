//! The workshop: `cargo xtask gen [--check]`.
#![allow(
    clippy::print_stdout,
    reason = "a developer tool speaks on standard output"
)]

mod gen_tables;

fn main() -> anyhow::Result<()> {
    gen_tables::run(std::env::args().any(|argument| argument == "--check"))
}
