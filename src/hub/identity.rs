//! The hub's own leaves and keys, read whole: every file that cannot be used is a problem, all of them at once.

use std::{fs, path::Path, sync::Arc};

use rustls::ServerConfig;
use serde_json::Value;

use crate::{
    config,
    evidence::key::{PublicKey, SigningKey},
    problem::{Problems, Spot},
    tls::{self, OwnLeaf},
};

/// What the hub is to others.
pub struct Identity {
    /// TLS of the members' door.
    pub server: Arc<ServerConfig>,
    /// The leaf shown to members that are delivered to.
    pub client: OwnLeaf,
    /// The key that signs receipts.
    pub key: SigningKey,
    /// The published set: the keys retired, and the one in use last.
    pub published: Vec<PublicKey>,
}

/// Reads every file; `None`, with a problem for each that cannot be used.
#[must_use]
pub fn load(settings: &config::Identity, problems: &Problems) -> Option<Identity> {
    let server = leaf("identity.leaf", &settings.leaf, &settings.key, problems);
    let server = server.and_then(|own| usable("identity.leaf", &settings.leaf, tls::server(&own), problems));
    let client = leaf("identity.client_leaf", &settings.client_leaf, &settings.client_key, problems);
    let key = signing_key(&settings.receipt_key, problems);
    let retired = retired(&settings.retired_receipt_keys, problems);
    let (server, client, key, mut published) = (server?, client?, key?, retired?);
    let own = key.public();
    published.retain(|retired| retired.id != own.id);
    published.push(own);
    Some(Identity { server, client, key, published })
}

fn leaf(key: &str, leaf: &Path, secret: &Path, problems: &Problems) -> Option<OwnLeaf> {
    let (leaf_pem, key_pem) = (read(key, leaf, problems), read(key, secret, problems));
    usable(key, leaf, OwnLeaf::from_pem(&leaf_pem?, &key_pem?), problems)
}

fn signing_key(path: &Path, problems: &Problems) -> Option<SigningKey> {
    const KEY: &str = "identity.receipt_key";
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
    match fs::read(path) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let problem = at(key, path).problem("is missing");
            problems.add(problem.hint("coohub certs dev makes the development ones"));
            None
        }
        Err(error) => {
            wrong(key, path, &format!("cannot be read: {}", error.kind()), problems);
            None
        }
    }
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
