//! `coohub completions` and `coohub man`: the command line as shells and `man` know it, made from its own definition.

use std::{fs, path::PathBuf};

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{Cli, exit, output::Output};

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// The shell.
    pub shell: Shell,
}

/// Arguments of `man`.
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// Folder to write the pages into.
    pub to: PathBuf,
}

/// Prints a shell's completions; 0.
pub fn completions(arguments: &CompletionsArgs, out: &mut Output<'_>) -> u8 {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "coohub", &mut script);
    out.line(String::from_utf8_lossy(&script).trim_end());
    exit::CLEAN
}

/// Writes `coohub.1` and a page for each command; 0, or 74.
pub fn man(arguments: &ManArgs, out: &mut Output<'_>, err: &mut Output<'_>) -> u8 {
    let written = fs::create_dir_all(&arguments.to)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), &arguments.to));
    match written {
        Ok(()) => {
            out.line(format!(
                "written to {}; read one with: man -l {}/coohub.1",
                arguments.to.display(),
                arguments.to.display()
            ));
            exit::CLEAN
        }
        Err(error) => {
            err.line(format!("{}: {error}", arguments.to.display()));
            exit::STORAGE
        }
    }
}
