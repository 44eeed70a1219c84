//! `coohub config show`: what is applied now; `coohub config default`: the settings with their meaning, for whoever has
//! the program and not its sources.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::{
    exit,
    operator::{Answer, At, ask, tell_kinds, text},
    output::Output,
    table::{Table, width},
};
use crate::{
    config,
    control::wire::{Command, change::Ask},
};

/// The configuration.
#[derive(Debug, clap::Subcommand)]
pub enum ConfigCommand {
    /// What is applied now: the node's settings and where each comes from, and the files of the region.
    Show(ShowArgs),
    /// Every setting of a node with its meaning, unit, range and default, as coohub.toml takes them; asks no hub.
    Default,
}

/// Arguments of `config show`.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// Which hub.
    #[command(flatten)]
    pub at: At,
}

/// Shows what is applied, or the defaults.
pub(crate) fn settings(
    command: &ConfigCommand,
    environment: &BTreeMap<String, String>,
    out: &mut Output<'_>,
    err: &mut Output<'_>,
) -> u8 {
    let at = match command {
        ConfigCommand::Show(ShowArgs { at }) => at,
        ConfigCommand::Default => {
            out.text(config::DEFAULT.as_bytes());
            return exit::CLEAN;
        }
    };
    match ask(at, environment, None, Command::Configuration(Ask::Settings {})) {
        Err(failed) => failed.tell(at, out, err),
        Ok(answer) => {
            match at.json {
                true => tell_kinds(&answer, kind, "configuration", out),
                false => said(&answer, out),
            }
            exit::CLEAN
        }
    }
}

fn kind(one: &Value) -> &'static str {
    if one.get("setting").is_some() { "setting" } else { "file" }
}

fn said(answer: &Answer, out: &mut Output<'_>) {
    let mut settings = Table::new(["setting", "from", "value"]);
    let mut files = Table::new(["sha-256", "file"]);
    for one in &answer.items {
        match one.get("setting") {
            Some(_) => settings.row([text(one, "setting"), text(one, "from"), text(one, "value")]),
            None => files.row([text(one, "digest").chars().take(16).collect(), text(one, "file")]),
        }
    }
    settings.lines(width()).iter().for_each(|line| out.line(line));
    out.line("");
    files.lines(width()).iter().for_each(|line| out.line(line));
    out.line("");
    let end = &answer.end;
    let (region, digest) = (text(end, "region"), text(end, "configuration"));
    out.line(format!("region {region} from {}", text(end, "folder")));
    out.line(format!("configuration {digest}, number {} of the history", text(end, "number")));
}
