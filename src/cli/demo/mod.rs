//! `coohub demo`: a fictional community on this machine, with real sockets, real mutual TLS and a real store.
//!
//! Three acts. Certificates cross borders, each sender in its own format; one member's system goes down, the hub itself is
//! restarted, and everything arrives in order when the member is back; the importing customs answers, and the answer
//! reaches the source. Whatever is printed was read from the hub's interface or from the members' systems.

mod account;
mod look;
mod server;
mod stage;
mod story;

use clap::Args as Arguments;

use crate::{
    cli::{exit, output::Output},
    clock::Clock,
    telemetry,
};

pub use stage::Error;

/// Arguments of `coohub demo`.
#[derive(Clone, Debug, Arguments)]
pub struct Args {
    /// End when everything is delivered, instead of keeping the hub up.
    #[arg(long)]
    pub once: bool,
    /// Show the hub's own log as well.
    #[arg(long)]
    pub log: bool,
}

/// Plays the demo; the exit code is 0 when every certificate ended where it must.
pub fn run(args: &Args, out: &mut Output<'_>) -> u8 {
    let level = if args.log { "info" } else { "off" };
    // The filter is one of two words that can be read.
    let log = telemetry::Config { level: level.into(), ..telemetry::Config::default() };
    let _telling = telemetry::start(&log, &telemetry::otlp::Config::default());
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(out, &Error::Io(error)),
    };
    match runtime.block_on(play(args.once, out)) {
        Ok(()) => exit::CLEAN,
        Err(error) => failed(out, &error),
    }
}

async fn play(once: bool, out: &mut Output<'_>) -> Result<(), Error> {
    let mut stage = stage::Stage::set(Clock::Real).await?;
    story::prologue(&stage, out);
    story::crossings(&stage, out).await?;
    story::outage(&mut stage, out).await?;
    story::answers(&stage, out).await?;
    story::epilogue(out);
    if !once {
        let password = account::make(stage.path()).await?;
        story::encore(&stage, &password, out);
        let _ = tokio::signal::ctrl_c().await;
    }
    stage.stop_hub().await;
    stage.tasks.stop();
    Ok(())
}

fn failed(out: &mut Output<'_>, error: &Error) -> u8 {
    out.line(format!("the demo could not go on: {error}"));
    if let Error::Hub(crate::hub::Failure::Configuration(problems)) = error {
        problems.iter().for_each(|problem| out.line(problem.to_string()));
    }
    exit::OTHER
}
