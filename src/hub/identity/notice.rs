//! What is allowed of the hub's own leaves and keys, and worth a second look: said by `check`.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use super::{CLIENT_KEY, CONSOLE_KEY, Identity, RECEIPT_KEY, SERVER_KEY, at};
use crate::{
    config, console,
    model::time::Timestamp,
    problem::{Problem, Spot},
    region::{Region, member::Member, notice::leaf::near_end, place::Place},
};

/// What lets every user of a machine read a file.
const READ_BY_OTHERS: u32 = 0o004;

impl Identity {
    /// The hub's leaves that have ended at an instant, or soon will; and, where other machines reach the hub, those that were
    /// made for development.
    #[must_use]
    pub fn notices(&self, now: Timestamp, reached: bool) -> Vec<Problem> {
        let ended = self.leaves.iter().filter_map(|leaf| {
            let problem = leaf.spot.problem(format!("the hub's leaf {}", near_end(leaf.ends, now)?));
            Some(problem.hint("replace leaf and key, and reload"))
        });
        let made = self.leaves.iter().filter(|leaf| reached && leaf.of_development).map(|leaf| {
            let text = "other machines reach the hub, and its leaf was made by coohub certs dev";
            leaf.spot
                .problem(text)
                .hint("leaf and key of an authority that the members trust: certs/README.md")
        });
        ended.chain(made).collect()
    }
}

/// The hub's private keys that every user of the machine may read.
#[must_use]
pub fn open_keys(settings: &config::Identity, console: &console::Config) -> Vec<Problem> {
    let own = [
        (SERVER_KEY, settings.key.as_path()),
        (CLIENT_KEY, settings.client_key.as_path()),
        (RECEIPT_KEY, settings.receipt_key.as_path()),
    ];
    let console = console.key.as_deref().map(|path| (CONSOLE_KEY, path));
    own.into_iter().chain(console).filter_map(|(key, path)| open(at(key, path), path)).collect()
}

/// The same of keys whose leaves the hub shows to one member alone.
#[must_use]
pub fn open_keys_of_members(region: &Region) -> Vec<Problem> {
    let places = [(Place::Own, "push.key"), (Place::Sandbox, "sandbox.key")];
    let of = |member: &Member, place: Place, key: &str| {
        let path = &member.server(place)?.leaf.as_ref()?.key;
        open(Spot { key: key.to_owned(), ..member.spot.clone() }, path)
    };
    let all = |member| places.into_iter().filter_map(move |(place, key)| of(member, place, key));
    region.members.values().flat_map(all).collect()
}

fn open(spot: Spot, path: &Path) -> Option<Problem> {
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o7777;
    (mode & READ_BY_OTHERS != 0).then(|| {
        let text = format!("every user of this machine may read this private key (mode {mode:04o})");
        spot.problem(text).hint(format!("chmod 600 {}", path.display()))
    })
}
