//! Development leaves: complete, private, kept.

use std::{collections::BTreeSet, os::unix::fs::PermissionsExt as _};

use super::*;
use crate::{authenticate::Peer, evidence::key::SigningKey, tls};

fn member() -> Member {
    Member::usual(MemberId::new("aa").unwrap())
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-23T12:00:00Z").unwrap()
}

#[test]
fn everything_made_can_be_used() {
    let folder = tempfile::tempdir().unwrap();
    dev(folder.path(), &[member()], now(), false).unwrap();
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    for (leaf, key) in
        [("server.pem", "server.key"), ("client.pem", "client.key"), ("aa/leaf.pem", "aa/leaf.key")]
    {
        let own = tls::OwnLeaf::from_pem(&read(leaf), &read(key)).unwrap();
        tls::server(&own).unwrap();
        tls::client(&own, &tls::anchors(&read("anchor.pem")).unwrap()).unwrap();
    }
    assert!(SigningKey::from_pkcs8(&tls::pkcs8(&read("receipt.key")).unwrap()).is_some());
    let leaf = tls::anchors(&read("aa/leaf.pem")).unwrap().remove(0);
    let peer = Peer::parse(&leaf, Vec::new()).unwrap();
    assert!(peer.is_named("urn:coohub:member:aa"));
    assert!(peer.is_named("aa.coohub.example"));
    for name in ["aa/official", "aa/exporter", "aa/server"] {
        assert!(!read(&format!("{name}.pem")).is_empty(), "{name}");
    }
}

#[test]
fn keys_are_their_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let report = dev(&folder.path().join("dev"), &[member()], now(), false).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for Made { path, .. } in &report.0 {
        let key = path.extension().is_some_and(|ending| ending == "key");
        assert_eq!(mode(path), if key { 0o600 } else { 0o644 }, "{}", path.display());
    }
    assert_eq!(mode(&folder.path().join("dev")), 0o700);
    assert_eq!(mode(&folder.path().join("dev/aa")), 0o700);
}

#[test]
fn a_second_run_keeps_all_and_adds_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let first = dev(folder.path(), &[], now(), false).unwrap();
    assert!(first.0.iter().all(|made| made.new));
    let anchor = fs::read(folder.path().join("anchor.pem")).unwrap();
    let again = dev(folder.path(), &[member()], now(), false).unwrap();
    let new: BTreeSet<bool> = again
        .0
        .iter()
        .filter(|made| !made.path.starts_with(folder.path().join("aa")))
        .map(|m| m.new)
        .collect();
    assert_eq!(new, BTreeSet::from([false]));
    assert_eq!(fs::read(folder.path().join("anchor.pem")).unwrap(), anchor);
    fs::remove_file(folder.path().join("aa/official.pem")).unwrap();
    assert!(matches!(dev(folder.path(), &[member()], now(), false), Err(Error::Half(_))));
    let forced = dev(folder.path(), &[member()], now(), true).unwrap();
    assert!(forced.0.iter().all(|made| made.new));
    assert_ne!(fs::read(folder.path().join("anchor.pem")).unwrap(), anchor);
}

#[test]
fn leaves_do_not_outlive_their_authority() {
    let folder = tempfile::tempdir().unwrap();
    dev(folder.path(), &[], now(), false).unwrap();
    let server = fs::read(folder.path().join("server.pem")).unwrap();
    let receipt = fs::read(folder.path().join("receipt.key")).unwrap();
    fs::remove_file(folder.path().join("anchor.pem")).unwrap();
    fs::remove_file(folder.path().join("anchor.key")).unwrap();
    dev(folder.path(), &[], now(), false).unwrap();
    assert_ne!(fs::read(folder.path().join("server.pem")).unwrap(), server);
    assert_eq!(fs::read(folder.path().join("receipt.key")).unwrap(), receipt);
}
