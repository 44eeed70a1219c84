//! The hub's own leaves and keys, read whole: every file that cannot be used is a problem, all of them at once.

mod notice;

use std::{path::Path, sync::Arc};

use rustls::ServerConfig;
use serde_json::Value;

use crate::{
    config, console,
    evidence::key::{PublicKey, SigningKey},
    files::read_bounded,
    model::time::Timestamp,
    observe::Own,
    problem::{Problems, Spot},
    tls::{self, OwnLeaf, Purpose},
};

pub use notice::{open_keys, open_keys_of_members};

/// Settings that name the leaves of the hub.
const SERVER: &str = "identity.leaf";
const CLIENT: &str = "identity.client_leaf";
const CONSOLE: &str = "console.leaf";
/// Settings that name their keys.
const SERVER_KEY: &str = "identity.key";
const CLIENT_KEY: &str = "identity.client_key";
const CONSOLE_KEY: &str = "console.key";
/// The setting that names the key of receipts.
const RECEIPT_KEY: &str = "identity.receipt_key";

/// Most bytes of a leaf with its intermediates, of a key, and of the set of retired keys.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What the hub is to others.
pub struct Identity {
    /// TLS of the members' door.
    pub server: Arc<ServerConfig>,
    /// TLS of the console, where it has a leaf.
    pub console: Option<Arc<ServerConfig>>,
    /// The leaf shown to members that are delivered to.
    pub client: OwnLeaf,
    /// The key that signs receipts.
    pub key: SigningKey,
    /// The published set: the keys retired, and the one in use last.
    pub published: Vec<PublicKey>,
    /// The hub's own leaves.
    pub leaves: Vec<Leaf>,
}

/// What is to be known of a leaf of the hub's own.
pub struct Leaf {
    /// Where it stands.
    pub spot: Spot,
    /// When it ends.
    pub ends: Timestamp,
    /// Whether it was made for development.
    pub of_development: bool,
}

impl Identity {
    /// What those who watch are told of it.
    #[must_use]
    pub fn shown(&self) -> Own {
        let word = |spot: &Spot| match spot.key.as_str() {
            SERVER => "server",
            CONSOLE => "console",
            _ => "client",
        };
        Own {
            leaves: self.leaves.iter().map(|leaf| (word(&leaf.spot), leaf.ends)).collect(),
            folder_waits: false,
            keys_retired: self.published.len().saturating_sub(1),
        }
    }
}

/// Reads every file; `None`, with a problem for each that cannot be used.
#[must_use]
pub fn load(settings: &config::Identity, console: &console::Config, problems: &Problems) -> Option<Identity> {
    let own = leaf((SERVER, &settings.leaf), (SERVER_KEY, &settings.key), Purpose::Server, problems);
    let (client_leaf, client_key) = (settings.client_leaf.as_path(), settings.client_key.as_path());
    let client = leaf((CLIENT, client_leaf), (CLIENT_KEY, client_key), Purpose::Client, problems);
    let shown = console.leaf.as_deref().zip(console.key.as_deref());
    let shown =
        shown.map(|(path, key)| (path, leaf((CONSOLE, path), (CONSOLE_KEY, key), Purpose::Server, problems)));
    let mut leaves =
        vec![(SERVER, settings.leaf.as_path(), own.as_ref()), (CLIENT, client_leaf, client.as_ref())];
    leaves.extend(shown.iter().map(|(path, leaf)| (CONSOLE, *path, leaf.as_ref())));
    let leaves = leaves.into_iter().filter_map(|(key, path, leaf)| {
        let leaf = leaf?;
        Some(Leaf { spot: at(key, path), ends: leaf.ends(), of_development: leaf.is_of_development() })
    });
    let leaves = leaves.collect();
    let console = match shown {
        Some((path, leaf)) => {
            Some(leaf.and_then(|leaf| usable(CONSOLE, path, tls::console(&leaf), problems))?)
        }
        None => None,
    };
    let server = own.and_then(|own| usable(SERVER, &settings.leaf, tls::server(&own), problems));
    let key = signing_key(&settings.receipt_key, problems);
    let retired = retired(&settings.retired_receipt_keys, problems);
    let (server, client, key, mut published) = (server?, client?, key?, retired?);
    let own = key.public();
    published.retain(|retired| retired.id != own.id);
    published.push(own);
    Some(Identity { server, console, client, key, published, leaves })
}

/// A leaf with its key; each problem is told of the file it is in.
fn leaf(
    (of_leaf, leaf): (&str, &Path),
    (of_key, key): (&str, &Path),
    purpose: Purpose,
    problems: &Problems,
) -> Option<OwnLeaf> {
    let (leaf_pem, key_pem) = (read(of_leaf, leaf, problems), read(of_key, key, problems));
    let own = OwnLeaf::from_pem(&leaf_pem?, &key_pem?);
    let fit = own.and_then(|own| own.fits(purpose).map(|()| own));
    fit.map_err(|error| match error.is_of_key() {
        true => {
            let problem = at(of_key, key).problem(error.to_string());
            problems.add(problem.hint(format!("its leaf is {}", leaf.display())));
        }
        false => wrong(of_leaf, leaf, &error.to_string(), problems),
    })
    .ok()
}

fn signing_key(path: &Path, problems: &Problems) -> Option<SigningKey> {
    const KEY: &str = RECEIPT_KEY;
    let der = usable(KEY, path, tls::pkcs8(&read(KEY, path, problems)?), problems)?;
    let key = SigningKey::from_pkcs8(&der);
    if key.is_none() {
        wrong(KEY, path, "is not an Ed25519 key", problems);
    }
    key
}

/// The retired keys; none when the file is not there.
fn retired(path: &Path, problems: &Problems) -> Option<Vec<PublicKey>> {
    const KEY: &str = "identity.retired_receipt_keys";
    if !path.exists() {
        return Some(Vec::new());
    }
    let set: Value = serde_json::from_slice(&read(KEY, path, problems)?).unwrap_or_default();
    let listed = set.get("keys").and_then(Value::as_array);
    let keys: Option<Vec<PublicKey>> = listed.and_then(|keys| keys.iter().map(PublicKey::from_jwk).collect());
    if keys.is_none() {
        wrong(KEY, path, "is not a key set as GET /v1/keys gives it", problems);
    }
    keys
}

fn read(key: &str, path: &Path, problems: &Problems) -> Option<Vec<u8>> {
    let read = read_bounded(path, FILE_BYTES_MAX).map_err(|why| {
        let problem = at(key, path).problem(why);
        problems.add(match path.exists() {
            true => problem,
            false if path.ancestors().any(|above| above.ends_with("certs/dev")) => {
                problem.hint("coohub certs dev makes the development ones")
            }
            false => problem.hint("certs/README.md says how it is made"),
        });
    });
    read.ok()
}

fn usable<T>(key: &str, path: &Path, made: Result<T, tls::Error>, problems: &Problems) -> Option<T> {
    made.map_err(|error| wrong(key, path, &error.to_string(), problems)).ok()
}

fn wrong(key: &str, path: &Path, reason: &str, problems: &Problems) {
    problems.add(at(key, path).problem(reason));
}

fn at(key: &str, path: &Path) -> Spot {
    Spot { key: key.to_owned(), ..Spot::file(&path.display().to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_hubs_own_is_read_within_bounds_and_says_why_it_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let told = |name: &str| {
            let problems = Problems::default();
            let bytes = read("identity.key", &folder.path().join(name), &problems);
            (bytes.map(|bytes| bytes.len()), problems.sorted().pop().map(|problem| problem.reason))
        };
        let bytes = usize::try_from(FILE_BYTES_MAX).unwrap();
        std::fs::write(folder.path().join("most"), vec![b'x'; bytes]).unwrap();
        assert_eq!(told("most"), (Some(bytes), None));
        std::fs::write(folder.path().join("more"), vec![b'x'; bytes + 1]).unwrap();
        let why = format!("has {} bytes, at most {bytes} are allowed", bytes + 1);
        assert_eq!(told("more"), (None, Some(why)));
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert_eq!(told("pipe"), (None, Some("is no regular file".to_owned())), "nobody waits for it");
        let hint = |name: &str| {
            let problems = Problems::default();
            read("identity.key", &folder.path().join(name), &problems);
            problems.sorted().pop().and_then(|problem| problem.hint)
        };
        assert!(hint("certs/dev/client.key").is_some_and(|hint| hint.contains("certs dev")));
        assert!(hint("certs/client.key").is_some_and(|hint| hint.contains("README")));
        assert_eq!(told("none"), (None, Some("is missing".to_owned())));
    }
}
