//! The settings of one node: built-in defaults, then `coohub.toml`, then the environment.
//!
//! Each layer is first read by itself with the schema of `schema`, so that every problem carries its own place: a line
//! of the file or the name of a variable. Only then are the layers merged (by the config crate, which knows no lines)
//! and read once more with the same schema, for what only shows in the whole.
//!
//! **Invariant:** `Config::default()` is what `default.toml` says, word for word, and each key is a field of the settings
//! of the part that uses it: what is accepted is applied. Tests compare them. A part never looks back at this module.
//!
//! The environment comes in as a map, so nothing here reads the process. Secrets are paths, never values. The members,
//! agreements and formats are no settings of the node: see `region`.

mod alerts;
mod merge;
mod parts;
mod schema;
mod stated;
mod whole;

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

pub use self::{
    parts::{Identity, Region},
    stated::{Origin, Stated, StatedAll},
};
use crate::{
    console, deliver, intake, listen, observe,
    problem::{Problems, Spot, section::Source},
    store, telemetry,
};

/// The defaults, with the meaning, range and time of reading of every key.
pub const DEFAULT: &str = include_str!("default.toml");
/// Name of the operator's file, in the folder the hub runs from.
pub const FILE: &str = "coohub.toml";
/// Largest operator's file, in bytes.
pub const FILE_BYTES_MAX: u64 = 1 << 20;
/// What the name of a variable begins with.
pub const VARIABLE_PREFIX: &str = "COOHUB__";

/// The settings of one node.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Config {
    /// Where and how members connect.
    pub listen: listen::Config,
    /// The hub's own leaves and keys.
    pub identity: Identity,
    /// Where the region stands.
    pub region: Region,
    /// The store.
    pub store: store::Config,
    /// How much intake does at once.
    pub intake: intake::Config,
    /// What all lanes share.
    pub delivery: deliver::Config,
    /// The console.
    pub console: console::Config,
    /// The log.
    pub log: telemetry::Config,
    /// What those who watch are told.
    pub telemetry: observe::Config,
    /// When something is an alert, and whom it is told.
    pub alerts: observe::alert::Config,
    /// The same settings as they were written, for who asks where a value comes from.
    pub stated: StatedAll,
}

/// Reads the settings of the node that runs from `folder`; paths come back joined to it. A missing file is an empty one.
///
/// `None`, with at least one new problem, when anything is wrong.
#[must_use]
pub fn load(folder: &Path, environment: &BTreeMap<String, String>, problems: &Problems) -> Option<Config> {
    let path = folder.join(FILE);
    let text = match fs::metadata(&path) {
        Ok(file) if file.len() > FILE_BYTES_MAX => {
            Err(format!("has {} bytes, at most {FILE_BYTES_MAX} are allowed", file.len()))
        }
        Ok(_) => fs::read_to_string(&path).map_err(|error| format!("cannot be read: {}", error.kind())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(format!("cannot be read: {}", error.kind())),
    };
    match text {
        Ok(text) => read(&text, environment, problems).map(|config| config.at(folder)),
        Err(reason) => {
            problems.add(Spot::file(FILE).problem(reason));
            None
        }
    }
}

/// Reads the operator's file from its text; paths stay as written.
///
/// `None`, with at least one new problem, when anything is wrong.
#[must_use]
pub fn read(text: &str, environment: &BTreeMap<String, String>, problems: &Problems) -> Option<Config> {
    let found = Problems::default();
    let file = Source::new(FILE, text);
    let _ = file.read(&found, |file| schema::read(&Config::default(), file));
    let variables = merge::variables(environment, &found);
    let config = found.is_empty().then(|| merge::merge(text, &variables, &found)).flatten();
    let config = config.map(|config| Config { stated: stated::stated(text, &variables), ..config });
    if let Some(config) = &config {
        whole::check(config).into_iter().for_each(|(section, key, reason)| {
            let spot = merge::spot(&file, &variables, (section, key));
            let problem = spot.map_or_else(
                || merge::unset((section, key)).problem(&reason).hint("this is its default: set it as well"),
                |spot| spot.problem(&reason),
            );
            found.add(problem);
        });
    }
    let found = found.sorted();
    let clean = found.is_empty();
    found.into_iter().for_each(|problem| problems.add(problem));
    config.filter(|_| clean)
}

impl Config {
    /// The same settings with every path joined to the folder it is relative to.
    #[must_use]
    pub fn at(self, folder: &Path) -> Self {
        let Self { identity, region, store, console, alerts, .. } = self;
        let certs = folder.join(&identity.certs);
        let (leaf, key) =
            (console.leaf.map(|path| certs.join(path)), console.key.map(|path| certs.join(path)));
        let console = console::Config { leaf, key, ..console };
        let identity = Identity {
            leaf: certs.join(identity.leaf),
            key: certs.join(identity.key),
            client_leaf: certs.join(identity.client_leaf),
            client_key: certs.join(identity.client_key),
            receipt_key: certs.join(identity.receipt_key),
            retired_receipt_keys: certs.join(identity.retired_receipt_keys),
            certs,
        };
        let region = Region { folder: folder.join(region.folder) };
        let store = store::Config { folder: folder.join(&store.folder), ..store };
        // An empty path stays one: it means none.
        let joined = |path: PathBuf| if path.as_os_str().is_empty() { path } else { folder.join(path) };
        let alerts = observe::alert::Config {
            webhook_anchors: joined(alerts.webhook_anchors),
            mail_folder: joined(alerts.mail_folder),
            ..alerts
        };
        Self { identity, region, store, console, alerts, ..self }
    }
}
