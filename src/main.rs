//! The program: hands arguments and environment to the command line, exits with its code.

use std::{
    io::{stderr, stdout},
    process::ExitCode,
};

/// A certificate is many small values, made on one thread and dropped on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The one place that reads the process environment; what is not Unicode cannot be a setting.
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    coohub::cli::run(std::env::args_os(), &environment.collect(), &mut stdout(), &mut stderr()).into()
}
