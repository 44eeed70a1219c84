//! `coohub history`: what was applied, by whom and why; one configuration; its files.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::super::{
    exit,
    operator::{Answer, At, ask, tell_kinds, text},
    output::Output,
    table::{Table, width},
};
use crate::{
    control::wire::{Command, change::Ask},
    problem::unit::noun,
};

/// Digits of a digest in a table.
const DIGEST_SHOWN: usize = 12;

/// Arguments of `history`.
#[derive(Debug, clap::Args)]
pub struct HistoryArgs {
    /// One configuration, by its number: its files, and what changed against the one before.
    pub number: Option<i64>,
    /// Write the files of that configuration to a new folder.
    #[arg(long, value_name = "FOLDER", requires = "number")]
    pub to: Option<PathBuf>,
    /// Only older ones than this number.
    #[arg(long, value_name = "NUMBER", conflicts_with = "number")]
    pub before: Option<i64>,
    /// Most of them.
    #[arg(long, default_value_t = 20)]
    pub limit: usize,
    /// Which hub.
    #[command(flatten)]
    pub at: At,
}

/// Shows what was applied.
pub(crate) fn history(
    arguments: &HistoryArgs,
    environment: &BTreeMap<String, String>,
    out: &mut Output<'_>,
    err: &mut Output<'_>,
) -> u8 {
    let HistoryArgs { number, to, before, limit, at } = arguments;
    let asked = match (number, to) {
        (Some(number), Some(_)) => Ask::Files { number: *number },
        (Some(number), None) => Ask::Show { number: *number },
        (None, _) => Ask::History { before: *before, limit: *limit },
    };
    match ask(at, environment, None, Command::Configuration(asked)) {
        Err(failed) => failed.tell(at, out, err),
        Ok(answer) => match to {
            Some(folder) => written(&answer, folder, out, err),
            None => {
                match (at.json, number) {
                    (true, _) => tell_kinds(&answer, |_| "configuration", "page", out),
                    (false, None) => list(&answer, out),
                    (false, Some(_)) => answer.items.iter().for_each(|one| shown(one, out)),
                }
                exit::CLEAN
            }
        },
    }
}

fn list(answer: &Answer, out: &mut Output<'_>) {
    let mut table = Table::new(["number", "when", "who", "how", "configuration", "why"]);
    for one in &answer.items {
        let digest = text(one, "configuration").chars().take(DIGEST_SHOWN).collect();
        table.row([
            text(one, "number"),
            text(one, "at"),
            who(one),
            text(one, "how"),
            digest,
            text(one, "reason"),
        ]);
    }
    table.lines(width()).iter().for_each(|line| out.line(line));
}

fn who(one: &Value) -> String {
    let user = text(one, "user");
    let user = match one.get("as").and_then(Value::as_str) {
        Some(named) => format!("{user} as {named}"),
        None => user,
    };
    match one.get("confirmedBy").and_then(Value::as_str) {
        Some(second) => format!("{user}, {second}"),
        None => user,
    }
}

fn shown(one: &Value, out: &mut Output<'_>) {
    out.line(format!(
        "configuration {} at {}: {}",
        text(one, "number"),
        text(one, "at"),
        text(one, "configuration")
    ));
    out.line(format!("{} by {}: {}", text(one, "how"), who(one), text(one, "reason")));
    match one.get("previous").and_then(Value::as_i64) {
        Some(before) => out.line(format!("files that are others than in {before}:")),
        None => out.line("files:"),
    }
    let changed = one.get("changed").and_then(Value::as_array).into_iter().flatten();
    changed.for_each(|file| out.line(format!("  {:8} {}", text(file, "what"), text(file, "file"))));
    if one.get("kept").and_then(Value::as_bool) == Some(false) {
        out.line("its files were too many or too large to keep: nobody can go back to it");
    }
}

fn written(answer: &Answer, folder: &Path, out: &mut Output<'_>, err: &mut Output<'_>) -> u8 {
    // A folder of its own: nothing that is there is written over.
    let made =
        fs::create_dir(folder).and_then(|()| answer.items.iter().try_for_each(|file| write(folder, file)));
    match made {
        Ok(()) => {
            let count = answer.items.len();
            let files = noun(count, "file", "files");
            out.line(format!("{count} {files} written to {}", folder.display()));
            exit::CLEAN
        }
        Err(error) => {
            err.line(format!("{} cannot be written: {}", folder.display(), error.kind()));
            exit::STORAGE
        }
    }
}

fn write(folder: &Path, file: &Value) -> io::Result<()> {
    let path = folder.join(text(file, "file"));
    let bytes = match file.get("base64").and_then(Value::as_str) {
        Some(coded) => STANDARD.decode(coded).map_err(io::Error::other)?,
        None => text(file, "text").into_bytes(),
    };
    fs::create_dir_all(path.parent().unwrap_or(folder))?;
    // Whom a community trusts is for whoever asked, as it is in the store.
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(&bytes)
}
