//! Keys of the hub and its members: those that stay known, and private ones where only public things belong.

use super::*;
use crate::support::pki::{Authority, pem};

#[test]
fn a_retired_receipt_key_stays_published_before_the_one_in_use() {
    let folder = node_folder("", &TestRegion::mec());
    let config = config::load(folder.path(), &BTreeMap::new(), &Problems::default()).unwrap();
    let published =
        || identity::load(&config.identity, &config.console, &Problems::default()).unwrap().published;
    let old = published();
    let set = serde_json::json!({"keys": old.iter().map(PublicKey::to_jwk).collect::<Vec<_>>()});
    fs::write(&config.identity.retired_receipt_keys, set.to_string()).unwrap();
    assert_eq!(published().len(), 1, "the key in use is not retired");
    fs::remove_file(&config.identity.receipt_key).unwrap();
    cli::certs::dev(&folder.path().join("certs/dev"), &[], Clock::Real.now(), false).unwrap();
    let now = published();
    assert_eq!((now.len(), &now[0].id), (2, &old[0].id));
}

#[test]
fn a_private_key_has_no_place_in_what_a_region_keeps_whole() {
    let folder = tempfile::tempdir().unwrap();
    cli::certs::dev(&folder.path().join("dev"), &[], Clock::Real.now(), false).unwrap();
    let file = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let put = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    let key = file("dev/client.key");
    let ca = Authority::root("Brazil");
    let crl = pem("X509 CRL", &ca.revoking(&[], 2100));
    let jwk = |more: &str| {
        format!(r#"{{"keys": [{{"kty": "OKP", "crv": "Ed25519", "x": "{}"{more}}}]}}"#, "A".repeat(43))
    };
    let push = "[push]\nurl = \"https://br.example:443/coo\"\nanchors = \"anchor.pem\"\nleaf = \"leaf.pem\"\n\
                key = \"dev/client.key\"\nacknowledge = \"signed\"\nreceipt_keys = \"keys.json\"\n\
                [[identity]]\nanchors = \"dev/anchor.pem\"\nsan = \"b.example\"\nrevocations = [\"list.crl\"]\n";
    let region = TestRegion::a14().edit("members/brazil.toml", "[mailbox]\n", push);
    let wrong = || {
        let problems = Problems::default();
        let _ = load::load(region.write(), Some(folder.path()), &problems);
        let told = |line: String| {
            let (place, what) = line.rsplit_once(": ")?;
            (what == "holds a private key; keep keys in files of their own")
                .then(|| place.rsplit('/').next().unwrap().to_owned())
        };
        let lines: Vec<_> = problems.sorted().iter().map(ToString::to_string).collect();
        lines.into_iter().map(|line| told(line.clone()).ok_or(line).unwrap()).collect::<Vec<_>>()
    };
    put("anchor.pem", file("dev/anchor.pem"));
    put("leaf.pem", file("dev/client.pem"));
    put("list.crl", crl.clone());
    put("keys.json", jwk(""));
    assert!(wrong().is_empty(), "a leaf's key in a file of its own is right");
    put("anchor.pem", file("dev/anchor.pem") + &key);
    put("leaf.pem", file("dev/client.pem") + &key);
    put("list.crl", crl + &key);
    put("keys.json", jwk(r#", "d": "AA""#));
    assert_eq!(wrong(), ["anchor.pem", "leaf.pem", "keys.json", "list.crl"]);
}
