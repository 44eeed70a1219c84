//! A signature beside the document, through a whole hub: from a member's signing to the registry's judgement.

use std::{ffi::OsString, fs, process::Command};

use coohub::{
    decode::proof::jws::{
        self,
        sign::{Official, sign},
    },
    model::id::{Digest, MessageId},
    store::record::Role,
    tls,
};

use crate::{
    flow::story::{Sheet, Story, cancellation, tea},
    support::{
        command,
        hub::{Community, sample},
        need::installed,
    },
};

/// The shipped community, where every certificate must be signed by an official, and Almora and Dunmere have one.
async fn demanding() -> Community {
    let mut at = Community::shipped().await;
    at.edit("agreements/mecta.toml", "\nproof = \"connection\"", "\nproof = \"official\"");
    for member in ["almora", "dunmere"] {
        let signer = format!(
            "[[body.signer]]\nname = \"Official\"\nleaf = \"dev/{member}/official.pem\"\nfrom = \"2026-01-01\"\n\n[takes]"
        );
        at.edit(&format!("members/{member}.toml"), "[takes]", &signer);
    }
    at.start().await;
    at
}

/// A member's official, or another of its development leaves.
fn official(at: &Community, stem: &str) -> Official {
    let read = |kind: &str| fs::read(at.path(&format!("certs/dev/{stem}.{kind}"))).unwrap();
    Official { chain: tls::anchors(&read("pem")).unwrap(), key_pkcs8_der: tls::pkcs8(&read("key")).unwrap() }
}

fn signature(at: &Community, stem: &str, body: impl AsRef<[u8]>) -> String {
    sign(body.as_ref(), &official(at, stem), None).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officials_signature_beside_the_document_is_judged_as_one_inside() {
    let mut story = Story::of(demanding().await);
    let document = tea("AL-1");
    let by = |story: &Story, stem: &str| signature(&story.at, stem, document.to_string());
    let good = by(&story, "almora/official");
    let with = |detached: &str| Sheet::json(&document).with("coo-signature", detached);
    story.push("almora", "unsigned", Sheet::json(&document)).await;
    let strange = by(&story, "brisca/official");
    story.push("almora", "strange", with(&strange)).await;
    let other = Sheet::json(&tea("AL-2")).with("coo-signature", &good);
    story.push("almora", "other", other).await;
    story.push("almora", "broken", with(&good.replacen("..", ".", 1))).await;
    let id = story.deliver("almora", "signed", with(&good)).await;
    story.note("signed again, the same push:");
    let again = by(&story, "almora/official");
    assert_ne!(again, good, "each ECDSA signature is another");
    story.push("almora", "signed", with(&again)).await;
    story.note("a hub message is no exception:");
    story.push("almora", "cancel", cancellation("AL-1").with("coo-signature", &good)).await;
    story.note("and a table may be signed as well:");
    let csv = sample("mec-csv/samples/dunmere-estalia.csv");
    let table = signature(&story.at, "dunmere/official", &csv);
    story
        .push("dunmere", "csv", Sheet::csv(csv.replace("\r\n", "\n") + "\n").with("coo-signature", &table))
        .await;
    story.push("dunmere", "csv", Sheet::csv(csv).with("coo-signature", &table)).await;
    story.reads(
        r#"
        almora unsigned: 422 not-issued: this is not an issued certificate: it lacks the official's signature; send it once it is issued
        almora strange: 422 signer-elsewhere: the official who signed is registered in another country; let one of this issuing body sign (SCOD 06)
        almora other: 422 proof-invalid: CoO-Signature does not verify with its own leaf; sign the very bytes that are sent, and send them unchanged
        almora broken: 422 proof-structure: CoO-Signature is <protected>..<signature>, with nothing between the two points
        almora signed: 202 m1, function 9, edi3-coo, AL-1 v1
          delivered
          d1 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          corvania gets d1 certificate full AL-1 v1, application/xml
        signed again, the same push:
        almora signed: 200, duplicate of m1, same receipt: true
        a hub message is no exception:
        almora cancel: 422 proof-invalid: CoO-Signature does not verify with its own leaf; sign the very bytes that are sent, and send them unchanged
        and a table may be signed as well:
        dunmere csv: 422 proof-invalid: CoO-Signature does not verify with its own leaf; sign the very bytes that are sent, and send them unchanged
        dunmere csv: 202 m2, function 9, mec-csv, D-26-0044 v1
        "#,
    );
    let kept = story.at.hub().store().body(MessageId::parse(&id).unwrap(), Role::Signature).await.unwrap();
    assert_eq!(kept.unwrap().bytes, good.as_bytes(), "evidence: the signature as it came");
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_a_signed_cod_only_the_same_official_counts() {
    let mut story = Story::of(demanding().await);
    let cod = story.at.signed("brisca", &sample("aladi-cod/samples/mecta-brisca-almora.xml"));
    let with = |detached: &str| Sheet::xml(cod.clone()).with("coo-signature", detached);
    let exporter = signature(&story.at, "brisca/exporter", &cod);
    story.push("brisca", "exporter", with(&exporter)).await;
    let bare = sample("aladi-cod/samples/mecta-brisca-almora.xml");
    let detached = signature(&story.at, "brisca/official", &bare);
    story.push("brisca", "unsigned", Sheet::xml(bare).with("coo-signature", &detached)).await;
    let same = signature(&story.at, "brisca/official", &cod);
    story.push("brisca", "same", with(&same)).await;
    story.reads(
        r#"
        brisca exporter: 422 proof-structure: CoO-Signature was made with another leaf than the official's signature in the document; use one leaf for both, or leave the header out
        brisca unsigned: 422 not-issued: this is not an issued certificate: it lacks the exporter's signature, the official's signature; send it once it is issued
        brisca same: 202 m1, function 9, aladi-cod, XBB01MEC260000087700 v0
        "#,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_signs_on_the_command_line() {
    let at = demanding().await;
    let file = at.path("tea.json");
    fs::write(&file, tea("AL-9").to_string()).unwrap();
    let path = |name: &str| at.path(name).into_os_string();
    let push = |signed: Vec<OsString>| {
        let mut arguments: Vec<OsString> = ["push", "--hub"].map(OsString::from).to_vec();
        arguments.extend([format!("https://localhost:{}", at.port).into(), "--leaf".into()]);
        arguments.extend([
            path("certs/dev/almora/leaf.pem"),
            "--key".into(),
            path("certs/dev/almora/leaf.key"),
        ]);
        arguments.extend(["--anchors".into(), path("certs/dev/anchor.pem"), file.clone().into_os_string()]);
        arguments.extend(signed);
        tokio::task::spawn_blocking(move || {
            let (code, out, err) = command::coohub(arguments);
            (code, out + &err)
        })
    };
    let signed =
        |leaf: &str, key: &str| vec!["--sign-with".into(), path(leaf), "--sign-key".into(), path(key)];
    let (code, text) = push(Vec::new()).await.unwrap();
    assert!(code == 65 && text.contains("not-issued"), "{code} {text}");
    let (leaf, key) = ("certs/dev/almora/official.pem", "certs/dev/almora/official.key");
    let (code, text) = push(signed(leaf, "certs/dev/almora/exporter.key")).await.unwrap();
    assert!(code == 64 && text.contains("the key to sign with does not fit its leaf"), "{code} {text}");
    let (code, text) = push(signed(leaf, key)).await.unwrap();
    assert!(code == 0 && text.contains("\"verdict\": \"accepted\""), "{code} {text}");
}

/// The block of the members' interface that signs with openssl, run as it stands.
#[test]
fn what_the_page_signs_with_openssl_verifies() {
    if !installed("openssl") || !installed("bash") {
        return;
    }
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/interface.md")).unwrap();
    let start = page.find("url() {").expect("the page signs with openssl");
    let recipe = page[start..].split("\n```").next().unwrap();
    let (recipe, _) = recipe.split_once("\ncurl").expect("and sends what it signed");
    let folder = tempfile::tempdir().unwrap();
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let leaf = rcgen::CertificateParams::default().self_signed(&key).unwrap();
    fs::write(folder.path().join("official.pem"), leaf.pem()).unwrap();
    fs::write(folder.path().join("official.key"), key.serialize_pem()).unwrap();
    let document = sample("edi3-coo/samples/almora-corvania-tea.json");
    fs::write(folder.path().join("certificate.json"), &document).unwrap();
    let script = format!("set -euo pipefail\n{recipe}\nprintf %s \"$signature\"\n");
    let made = Command::new("bash").arg("-c").arg(script).current_dir(folder.path()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let signature = String::from_utf8(made.stdout).unwrap();
    let signer = jws::verify(&signature, document.as_bytes()).unwrap_or_else(|finding| panic!("{finding}"));
    assert_eq!(signer.leaf_digest, Digest::of(leaf.der()));
}
