//! Revocation lists: what they revoke, from when, and what happens when there is no current one.

use std::process::Command;

use coohub::model::id::Digest;
use rcgen::RevocationReason;

use super::world::{Authority, Leaf, List, Pushed, RECEIVED, Wanted, World, at, vouching};
use crate::support::need::installed;

const BY_SUBJECT: &str = "subject = [\"O=Ministry of Trade\"]\nrevocations = [\"ca.crl\"]";

fn world(ca: &Authority, list: &List<'_>, more: &str) -> World {
    let crl = ca.list(list);
    World::new()
        .cert("ca.pem", &ca.pem)
        .cert("ca.crl", &crl)
        .body("almora", &vouching(&format!("{BY_SUBJECT}\n{more}")))
}

#[test]
fn a_list_revokes_from_its_date_or_from_the_earlier_time_it_gives() {
    let ca = Authority::new("ca");
    let revoked = [
        (1, "2026-03-01T10:00:00Z", None, None),
        (
            2,
            "2026-03-01T10:00:00Z",
            Some(RevocationReason::CessationOfOperation),
            Some("2026-02-01T00:00:00Z"),
        ),
        (3, "2026-03-01T10:00:00Z", Some(RevocationReason::KeyCompromise), None),
    ];
    let region = world(&ca, &List { revoked: &revoked, ..List::default() }, "").load();
    let verdict =
        |serial, date: &str| Pushed::on(date, &ca.leaf(serial, &Wanted::default())).verdict(&region);
    assert_eq!(verdict(1, "2026-03-01T09:59:00Z"), "good");
    assert_eq!(verdict(1, "2026-03-01T10:01:00Z"), "signer-revoked 03");
    assert_eq!(verdict(2, "2026-01-31"), "good");
    assert_eq!(verdict(2, "2026-02-01T00:00:00Z"), "signer-revoked 03");
    assert_eq!(verdict(3, "2025-01-01"), "signer-revoked 03", "a key in other hands");
    assert_eq!(verdict(4, "2026-04-01"), "good");
    let (judgements, _) = Pushed::on("2026-04-01", &ca.leaf(4, &Wanted::default())).judge(&region).unwrap();
    assert_eq!(judgements[0].list.unwrap().this_update, at(List::default().made));
}

#[test]
fn a_list_counts_for_officials_that_are_listed_one_by_one_too() {
    let ca = Authority::new("ca");
    let (ana, ben) = (ca.leaf(1, &Wanted::default()), ca.leaf(2, &Wanted::default()));
    let revoked = [(1, "2026-03-01T10:00:00Z", None, None)];
    let listed = super::listed("ana.pem", "") + &super::listed("ben.pem", "");
    let authority = vouching("listed_only = true\nrevocations = [\"ca.crl\"]");
    let region = World::new()
        .cert("ca.pem", &ca.pem)
        .cert("ca.crl", &ca.list(&List { revoked: &revoked, ..List::default() }))
        .cert("ana.pem", &ana.pem)
        .cert("ben.pem", &ben.pem)
        .body("almora", &(listed + &authority))
        .load();
    assert_eq!(Pushed::on("2026-04-01", &ana).verdict(&region), "signer-revoked 03");
    assert_eq!(Pushed::on("2026-04-01", &ben).verdict(&region), "good");
}

#[test]
fn without_a_current_list_the_document_is_refused_or_taken_with_a_warning_as_the_file_says() {
    let ca = Authority::new("ca");
    let leaf = ca.leaf(2, &Wanted::default());
    let revoked = [(1, "2026-03-01T10:00:00Z", None, None)];
    let verdict = |next, more: &str| {
        let region = world(&ca, &List { next, revoked: &revoked, ..List::default() }, more).load();
        Pushed::on("2026-05-31", &leaf).verdict(&region)
    };
    let (stale, current) = (RECEIVED, "2026-06-01T12:00:01Z");
    let refused = "signer-status-unknown --";
    assert_eq!(verdict(stale, ""), refused);
    assert_eq!(verdict(stale, "stale = \"refuse\""), refused);
    assert_eq!(verdict(stale, "stale = \"warn\""), "status-unknown + signer-status-unknown");
    assert_eq!(verdict(current, ""), "good");
    // Two and a half days old when the document comes.
    assert_eq!(verdict(current, "revocations_age_max = \"61h\""), "good");
    assert_eq!(verdict(current, "revocations_age_max = \"60h\""), "good");
    assert_eq!(verdict(current, "revocations_age_max = \"59h\""), refused);
    // What even an old list revokes stays revoked.
    let region =
        world(&ca, &List { next: stale, revoked: &revoked, ..List::default() }, "stale = \"warn\"").load();
    let ana = ca.leaf(1, &Wanted::default());
    assert_eq!(Pushed::on("2026-05-31", &ana).verdict(&region), "signer-revoked 03");
}

#[test]
fn a_leaf_that_no_list_covers_is_as_one_whose_list_is_stale() {
    let (ca, second) = (Authority::new("ca"), Authority::new("second"));
    let world = |stale: &str| {
        let more = format!("{BY_SUBJECT}\nstale = \"{stale}\"");
        World::new()
            .cert("ca.pem", &format!("{}{}", ca.pem, second.pem))
            .cert("ca.crl", &ca.list(&List::default()))
            .body("almora", &vouching(&more))
            .load()
    };
    let leaf = second.leaf(1, &Wanted::default());
    assert_eq!(Pushed::on("2026-03-01", &leaf).verdict(&world("refuse")), "signer-status-unknown --");
    assert_eq!(
        Pushed::on("2026-03-01", &leaf).verdict(&world("warn")),
        "status-unknown + signer-status-unknown"
    );
    let notices = coohub::region::notice::signer::notices(&world("warn"), at(RECEIVED));
    assert!(notices[0].reason.starts_with("1 of its anchors have no revocation list"), "{notices:?}");
}

#[test]
fn a_list_of_another_authority_or_of_a_part_is_refused_when_the_region_is_read() {
    let (ca, same_name) = (Authority::new("ca"), Authority::new("ca"));
    let problem = |crl: String| {
        let world =
            World::new().cert("ca.pem", &ca.pem).cert("ca.crl", &crl).body("almora", &vouching(BY_SUBJECT));
        world.try_load().unwrap_err().join("\n").split_once("ca.crl: ").unwrap().1.to_owned()
    };
    let foreign = "holds a revocation list that none of the authority's anchors signed";
    assert_eq!(problem(same_name.list(&List::default())), foreign);
    assert_eq!(problem(Authority::new("other").list(&List::default())), foreign);
    let partial = "holds a revocation list that covers only part of what its authority issued";
    assert_eq!(problem(ca.list(&List { partial: true, ..List::default() })), partial);
    assert!(problem(ca.pem.clone()).contains("must be a revocation list"));
}

#[test]
fn check_names_a_list_that_is_stale() {
    let ca = Authority::new("ca");
    let lines = |more: &str| {
        let region = world(&ca, &List::default(), more).load();
        let notices = coohub::region::notice::signer::notices(&region, at("2026-06-30T00:00:00Z"));
        notices.iter().map(|notice| notice.reason.clone()).collect::<Vec<_>>()
    };
    let stale = "the revocation list in ca.crl is stale: made 2026-05-30T00:00:00.000Z, the next was due \
                 2026-06-30T00:00:00.000Z; documents signed under it are";
    assert_eq!(lines(""), [format!("{stale} refused")]);
    assert_eq!(lines("stale = \"warn\""), [format!("{stale} taken with a warning")]);
}

#[test]
fn openssl_agrees_on_what_a_list_revokes_and_on_the_time() {
    if !installed("openssl") {
        return;
    }
    let ca = Authority::new("ca");
    let valid = ("2026-02-01T00:00:00Z", "2026-08-01T00:00:00Z");
    let leaf = |serial| ca.leaf(serial, &Wanted { valid, ..Wanted::default() });
    let list = List { revoked: &[(1, "2026-03-01T10:00:00Z", None, None)], ..List::default() };
    let region = world(&ca, &list, "").load();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, pem: &str| {
        std::fs::write(folder.path().join(name), pem).unwrap();
        folder.path().join(name)
    };
    let (anchor, crl) = (file("ca.pem", &ca.pem), file("ca.crl", &ca.list(&list)));
    // A list has no past for openssl, so both are asked within its time.
    for (serial, time, ours) in [
        (1, "2026-06-01T11:00:00Z", "signer-revoked 03"),
        (2, "2026-06-01T11:00:00Z", "good"),
        (2, "2026-01-31T00:00:00Z", "signer-leaf-out-of-dates 02"),
    ] {
        let leaf = leaf(serial);
        let mut openssl = Command::new("openssl");
        openssl.args(["verify", "-crl_check", "-attime", &(at(time).0 / 1000).to_string(), "-CAfile"]);
        openssl.arg(&anchor).arg("-CRLfile").arg(&crl).arg(file("leaf.pem", &leaf.pem));
        let said = openssl.output().unwrap();
        assert_eq!(Pushed::on(time, &leaf).verdict(&region), ours, "{time}");
        assert_eq!(said.status.success(), ours == "good", "{}", String::from_utf8_lossy(&said.stderr));
    }
}

/// The order of the curve P-256, on which these authorities sign.
const ORDER: [u8; 32] = [
    0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC, 0xE6, 0xFA,
    0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
];

/// The same leaf in other bytes: for each ECDSA signature (r, s) there is (r, order − s), which verifies as well.
fn twin(leaf: &Leaf) -> Leaf {
    let number = |bytes: &[u8]| {
        let start = bytes.iter().position(|byte| *byte != 0).unwrap();
        let bare = &bytes[start..];
        let pad = if bare[0] < 0x80 { vec![] } else { vec![0] };
        let content = [pad, bare.to_vec()].concat();
        [vec![2, u8::try_from(content.len()).unwrap()], content].concat()
    };
    let (_, parsed) = x509_parser::parse_x509_certificate(&leaf.der).unwrap();
    let signature = parsed.signature_value.data.as_ref();
    let r = &signature[4..4 + usize::from(signature[3])];
    let s = &signature[6 + r.len()..];
    let s = &s[s.len().saturating_sub(32)..];
    let mut other = [0; 32];
    let mut borrow = 0;
    for at in (0..32_usize).rev() {
        let s = at.checked_sub(32 - s.len()).map_or(0, |at| i32::from(s[at]));
        let difference = i32::from(ORDER[at]) - s - borrow;
        borrow = i32::from(difference < 0);
        other[at] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    let pair = [number(r), number(&other)].concat();
    let pair = [vec![0x30, u8::try_from(pair.len()).unwrap()], pair].concat();
    let bits = [vec![3, u8::try_from(pair.len() + 1).unwrap(), 0], pair].concat();
    // SEQUENCE with a length in two bytes: 30 82 hh ll.
    let kept = leaf.der.len() - signature.len() - 3;
    let content = [&leaf.der[4..kept], &bits].concat();
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let der = [&[0x30, 0x82, length[0], length[1]], &content[..]].concat();
    Leaf { der, pem: String::new() }
}

#[test]
fn a_revoked_official_does_not_come_back_by_writing_the_leaf_in_other_bytes() {
    let ca = Authority::new("ca");
    let (ana, ben) = (ca.leaf(1, &Wanted::default()), ca.leaf(2, &Wanted::default()));
    let twin = twin(&ana);
    assert_ne!(twin.der, ana.der);
    let authority = vouching("subject = [\"O=Ministry of Trade\"]");
    let verdicts = |listed: &str| {
        let region = World::new()
            .cert("ca.pem", &ca.pem)
            .cert("ana.pem", &ana.pem)
            .body("almora", &format!("{listed}{authority}"))
            .load();
        [&ana, &twin, &ben].map(|leaf| Pushed::on("2026-04-01", leaf).verdict(&region))
    };
    assert_eq!(verdicts(""), ["good"; 3], "its authority signed both");
    let revoked = "revoked_at = \"2026-03-01\"";
    let expected = ["signer-revoked 03", "signer-revoked 03", "good"];
    assert_eq!(verdicts(&super::listed("ana.pem", revoked)), expected);
    let digest = Digest::of(&ana.der).hex();
    let by_digest =
        super::listed("ana.pem", revoked).replace("leaf = \"ana.pem\"", &format!("digest = \"{digest}\""));
    assert_eq!(verdicts(&by_digest), expected);
}
