//! `salus completions` and `salus man`: made of the command line itself, so that they are true.

use crate::cli;
use crate::failure::{Explain, Failure, Hint, Outcome};
use clap::{Command, CommandFactory};
use clap_complete::{Shell, generate};
use clap_mangen::Man;
use std::io::Write;
use std::path::Path;

/// Prints what a shell needs to complete commands.
pub(crate) fn completions(arguments: &cli::Completions) -> Outcome {
    let shell: Shell = arguments
        .shell
        .parse()
        .map_err(|error: String| Failure::new("this shell is not known").cause(error))?;
    let mut text = Vec::new();
    generate(shell, &mut cli::Cli::command(), "salus", &mut text);
    print(&text)
}

/// Prints the page of `salus`, or writes one for each command.
pub(crate) fn pages(arguments: &cli::Man) -> Outcome {
    let mut command = cli::Cli::command();
    // Names and usages of the commands below are known then.
    command.build();
    let Some(folder) = &arguments.to else {
        return print(&page(command, "salus")?);
    };
    let told = || format!("the pages cannot be written into {}", folder.display());
    std::fs::create_dir_all(folder)
        .explain(told)
        .hint("give a folder that can be made, or that is there")?;
    let written = write(&command, "salus", folder)?;
    println!("{written} pages in {}", folder.display());
    Ok(())
}

/// The page of a command and of all below it.
fn write(command: &Command, name: &str, folder: &Path) -> Outcome<usize> {
    let path = folder.join(format!("{name}.1"));
    std::fs::write(&path, page(command.clone(), name)?)
        .explain(|| format!("{} cannot be written", path.display()))?;
    let mut written = 1;
    let below = command
        .get_subcommands()
        .filter(|it| !it.is_hide_set() && it.get_name() != "help");
    for below_it in below {
        written += write(below_it, &format!("{name}-{}", below_it.get_name()), folder)?;
    }
    Ok(written)
}

fn page(command: Command, name: &str) -> Outcome<Vec<u8>> {
    let mut page = Vec::new();
    let command = command.display_name(name.to_owned());
    Man::new(command)
        .render(&mut page)
        .explain(|| "the page cannot be made".into())?;
    Ok(page)
}

fn print(text: &[u8]) -> Outcome {
    match std::io::stdout().write_all(text) {
        // Whoever reads a page stops when he has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.explain(|| "standard output cannot be written".into()),
    }
}
