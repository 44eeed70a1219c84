//! `coohub receipt verify FILE --keys KEYS`: whether a receipt is the hub's, offline.

use std::{fs, path::PathBuf};

use serde_json::Value;

use super::{exit, output::Output};
use crate::evidence::key::{self, PublicKey};

/// What to do with a receipt.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Verify a receipt against a published key set.
    Verify(Args),
}

/// Arguments of `receipt verify`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The receipt: a compact JWS, as the hub answered it.
    pub file: PathBuf,
    /// The hub's key set, as `GET /v1/keys` gave it.
    #[arg(long)]
    pub keys: PathBuf,
}

/// What the receipt says to `out`, when it is good; 0 good, 65 not.
pub fn run(command: &Command, out: &mut Output<'_>, err: &mut Output<'_>) -> u8 {
    let Command::Verify(arguments) = command;
    let (receipt, keys) = match (fs::read_to_string(&arguments.file), fs::read(&arguments.keys)) {
        (Ok(receipt), Ok(keys)) => (receipt, keys),
        (Err(error), _) => return unreadable(&arguments.file, &error, err),
        (_, Err(error)) => return unreadable(&arguments.keys, &error, err),
    };
    let set: Value = serde_json::from_slice(&keys).unwrap_or_default();
    let keys: Vec<PublicKey> = set
        .get("keys")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(PublicKey::from_jwk)
        .collect();
    match key::verify(&receipt, &keys) {
        Ok(payload) => {
            let payload: Value = serde_json::from_slice(&payload).unwrap_or_default();
            out.line(format!("{payload:#}"));
            exit::CLEAN
        }
        Err(why) => {
            err.line(format!("not a receipt of this hub: {why}"));
            exit::REFUSED_INPUT
        }
    }
}

fn unreadable(file: &std::path::Path, error: &std::io::Error, err: &mut Output<'_>) -> u8 {
    err.line(format!("{} cannot be read: {}", file.display(), error.kind()));
    exit::REFUSED_INPUT
}
