//! Who signed, whether that one was an official then, and what is kept of the answer.
//!
//! Method: a good document of Almora's, signed by a leaf of our own making, and the verdict on it: `good`, or the code
//! beside the one that ALADI's SCOD gives for the same.

mod hub;
mod lists;
mod world;

use std::time::Duration;

use coohub::{
    model::judgement::{Capacity, RuleKind, StatedBy, Verdict},
    region::{load, notice},
    validate::signer::SIGNED_AHEAD_MAX,
};
use rcgen::KeyUsagePurpose;
use world::{Authority, Pushed, RECEIVED, Wanted, World, at, later, listed, verdicts, vouching};

/// Ana, listed for Almora's body.
fn ana(more: &str, wanted: &Wanted<'_>) -> (coohub::region::Region, world::Leaf) {
    let leaf = Authority::new("ca").leaf(1, wanted);
    let world = World::new().cert("ana.pem", &leaf.pem).body("almora", &listed("ana.pem", more));
    (world.load(), leaf)
}

#[test]
fn an_official_revoked_at_ten_signed_at_nine_fifty_nine_and_not_after() {
    let (region, ana) = ana("revoked_at = \"2026-03-01T10:00:00Z\"", &Wanted::default());
    let table = [
        ("2026-02-28", "good"),
        ("2026-03-01T09:59:00Z", "good"),
        ("2026-03-01T09:59:59.999Z", "good"),
        ("2026-03-01T10:00:00Z", "signer-revoked 03"),
        ("2026-03-01T10:01:00Z", "signer-revoked 03"),
        ("2026-03-01T07:01:00-03:00", "signer-revoked 03"),
        ("2026-03-01T09:59:00", "good"), // without zone: in the body's, which is UTC here
        ("2026-03-01T10:01:00", "signer-revoked 03"),
        // Nobody can know whether it was signed before ten.
        ("2026-03-01", "signer-revoked 03"),
        ("2026-03-02", "signer-revoked 03"),
    ];
    for (date, expected) in table {
        assert_eq!(Pushed::on(date, &ana).verdict(&region), expected, "{date}");
    }
}

#[test]
fn a_time_without_zone_is_read_in_the_zone_of_the_body() {
    let ana = Authority::new("ca").leaf(1, &Wanted::default());
    let region = World::new()
        .cert("ana.pem", &ana.pem)
        .body("almora", &listed("ana.pem", "revoked_at = \"2026-03-01T10:00:00\""))
        .edit("members/almora.toml", "\"UTC\"", "\"America/Recife\"")
        .load();
    let at = |date: &str| Pushed::on(date, &ana).verdict(&region);
    assert_eq!((at("2026-03-01T09:59:00").as_str(), at("2026-03-01T12:59:00Z").as_str()), ("good", "good"));
    assert_eq!(at("2026-03-01T10:00:00"), "signer-revoked 03");
    assert_eq!(at("2026-03-01T13:00:00Z"), "signer-revoked 03");
}

#[test]
fn a_key_in_other_hands_counts_for_nothing_whatever_time_it_states() {
    let revoked =
        |more: &str| ana(&format!("revoked_at = \"2026-03-01T10:00:00Z\"\n{more}"), &Wanted::default());
    let (region, leaf) = revoked("revoked_reason = \"key-compromise\"");
    assert_eq!(Pushed::on("2025-01-01", &leaf).verdict(&region), "signer-revoked 03");
    let before = Pushed { received: "2026-03-01T09:59:59Z", ..Pushed::on("2025-01-01", &leaf) };
    assert_eq!(before.verdict(&region), "good", "what came before the revocation had no thief yet");
    let (region, leaf) = revoked("revoked_reason = \"superseded\"");
    assert_eq!(Pushed::on("2025-01-01", &leaf).verdict(&region), "good");

    // The file may say otherwise, for each reason.
    let leaf = Authority::new("ca").leaf(1, &Wanted::default());
    let world = |always: &str, reason: &str| {
        let more = format!("revoked_at = \"2026-03-01T10:00:00Z\"\nrevoked_reason = \"{reason}\"");
        let more = format!("revoked_always = [{always}]\n\n{}", listed("ana.pem", &more));
        World::new().cert("ana.pem", &leaf.pem).body("almora", &more).load()
    };
    let early = Pushed::on("2025-01-01", &leaf);
    assert_eq!(early.verdict(&world("", "key-compromise")), "good");
    assert_eq!(early.verdict(&world("\"unspecified\"", "unspecified")), "signer-revoked 03");
}

#[test]
fn a_key_in_other_hands_is_so_for_every_body_and_an_end_of_service_for_its_own() {
    let leaf = Authority::new("ca").leaf(1, &Wanted::default());
    let second = "[[body]]\nid = \"XA2\"\nname = \"Second body\"\ncountry = \"XA\"\nzone = \"UTC\"\nfrom = \"2020-01-01\"\n";
    let verdict = |reason: &str| {
        let revoked = format!("revoked_at = \"2026-03-01T10:00:00Z\"\nrevoked_reason = \"{reason}\"");
        let bodies = [&listed("ana.pem", ""), second, &listed("ana.pem", &revoked)].join("\n");
        let region = World::new().cert("ana.pem", &leaf.pem).body("almora", &bodies).load();
        Pushed::on("2026-04-01", &leaf).verdict(&region)
    };
    assert_eq!(verdict("key-compromise"), "signer-revoked 03");
    assert_eq!(verdict("cessation-of-operation"), "good");
}

#[test]
fn both_ends_of_a_registration_count_in_days_and_in_times() {
    let (region, leaf) = ana("until = \"2026-03-31\"", &Wanted::default());
    let found = verdicts(&region, &leaf, &["2019-12-31", "2020-01-01", "2026-03-31", "2026-04-01"]);
    let found: Vec<_> = found.values().map(String::as_str).collect();
    assert_eq!(found[0], "issuer-out-of-dates --, agreement-not-party --, signer-leaf-out-of-dates 02");
    assert_eq!(found[1..], ["good", "good", "signer-out-of-dates 05"]);

    let (region, leaf) = ana("until = \"2026-03-31T10:00:00Z\"", &Wanted::default());
    let at = |date: &str| Pushed::on(date, &leaf).verdict(&region);
    assert_eq!(at("2026-03-31T10:00:00Z"), "good");
    assert_eq!(at("2026-03-31T10:00:01Z"), "signer-out-of-dates 05");
    assert_eq!(at("2026-03-31"), "good", "a day counts when it meets the registration");
}

#[test]
fn the_leaf_itself_is_valid_when_it_signs() {
    let valid = ("2026-02-01T08:00:00Z", "2026-03-01T08:00:00Z");
    let (region, leaf) = ana("", &Wanted { valid, ..Wanted::default() });
    let table = [
        ("2026-01-31", "signer-leaf-out-of-dates 02"),
        ("2026-02-01T07:59:59Z", "signer-leaf-out-of-dates 02"),
        ("2026-02-01T08:00:00Z", "good"),
        ("2026-02-01", "good"),
        ("2026-03-01T08:00:00Z", "good"),
        ("2026-03-01T08:00:01Z", "signer-leaf-out-of-dates 02"),
        ("2026-03-02", "signer-leaf-out-of-dates 02"),
    ];
    for (date, expected) in table {
        assert_eq!(Pushed::on(date, &leaf).verdict(&region), expected, "{date}");
    }
}

#[test]
fn a_registration_and_a_leaf_must_hold_at_the_same_time() {
    let valid = ("2026-02-01T08:00:00Z", "2026-03-01T08:00:00Z");
    let (region, leaf) = ana("until = \"2026-02-01T07:00:00Z\"", &Wanted { valid, ..Wanted::default() });
    assert_eq!(Pushed::on("2026-02-01", &leaf).verdict(&region), "signer-out-of-dates 05");
}

#[test]
fn an_official_signs_for_the_bodies_that_list_it_and_for_no_other() {
    let (ca, wanted) = (Authority::new("ca"), Wanted::default());
    let (ana, ben, cleo) = (ca.leaf(1, &wanted), ca.leaf(2, &wanted), ca.leaf(3, &wanted));
    let second = "[[body]]\nid = \"XA2\"\nname = \"Second body\"\ncountry = \"XA\"\nzone = \"UTC\"\nfrom = \"2020-01-01\"\n";
    let almora = [
        &listed("ana.pem", ""),
        &listed("both.pem", ""),
        second,
        &listed("both.pem", ""),
        &listed("cleo.pem", ""),
    ];
    let region = World::new()
        .cert("ana.pem", &ana.pem)
        .cert("both.pem", &ben.pem)
        .cert("cleo.pem", &cleo.pem)
        .body("almora", &almora.join("\n"))
        .load();
    let by = |leaf, issuer| Pushed { issuer, ..Pushed::on("2026-03-01", leaf) }.verdict(&region);
    assert_eq!((by(&ana, "XA1").as_str(), by(&ana, "XA2").as_str()), ("good", "signer-elsewhere 07"));
    assert_eq!(
        (by(&ben, "XA1").as_str(), by(&ben, "XA2").as_str()),
        ("good", "good"),
        "a leaf in two bodies"
    );
    assert_eq!((by(&cleo, "XA1").as_str(), by(&cleo, "XA2").as_str()), ("signer-elsewhere 07", "good"));
    // Almora's official on a document that Brisca pushes, for its own body.
    let brisca = Pushed { member: "brisca", issuer: "XB1", ..Pushed::on("2026-03-01", &ana) };
    assert_eq!(brisca.verdict(&region), "signer-elsewhere 06");
    let brisca = Pushed { issuer: "XA1", ..brisca };
    assert_eq!(brisca.verdict(&region), "issuer-not-yours --");
}

#[test]
fn a_stranger_is_unknown_and_an_exporter_is_no_official() {
    let (region, _) = ana("", &Wanted::default());
    let stranger = Authority::new("ca").leaf(9, &Wanted::default());
    let pushed = Pushed::on("2026-03-01", &stranger);
    assert_eq!(pushed.verdict(&region), "signer-unknown 04");
    assert_eq!(Pushed { exporter: Some(&stranger), ..pushed }.verdict(&region), "signer-not-official 08");
    let broken = world::Leaf { der: b"no leaf".to_vec(), pem: String::new() };
    assert_eq!(Pushed::on("2026-03-01", &broken).verdict(&region), "signer-unknown 01");
}

#[test]
fn the_time_of_signing_is_the_signatures_word_before_the_documents() {
    let (region, leaf) = ana("revoked_at = \"2026-03-01T10:00:00Z\"", &Wanted::default());
    let signed = |date, signed_at| Pushed { signed_at, ..Pushed::on(date, &leaf) };
    assert_eq!(signed("2026-03-01", Some("2026-03-01T09:59:00Z")).verdict(&region), "good");
    assert_eq!(signed("2026-02-01", Some("2026-03-01T10:01:00Z")).verdict(&region), "signer-revoked 03");
    let (judgements, _) = signed("2026-03-01", Some("2026-03-01T09:59:00Z")).judge(&region).unwrap();
    let time = judgements[0].signed.unwrap();
    assert_eq!(
        (time.from, time.until, time.stated),
        (at("2026-03-01T09:59:00Z"), time.from, StatedBy::Signature)
    );
}

#[test]
fn a_time_ahead_of_the_hubs_clock_is_taken_within_the_tolerance_and_no_further() {
    let (region, leaf) = ana("", &Wanted::default());
    let ahead = |by| Pushed::on(&later(RECEIVED, by), &leaf).verdict(&region);
    assert_eq!(ahead(SIGNED_AHEAD_MAX), "good");
    assert_eq!(ahead(SIGNED_AHEAD_MAX + Duration::from_millis(1)), "signed-in-future --");
    let day = |date: &str| Pushed::on(date, &leaf).verdict(&region);
    assert_eq!((day("2026-06-01").as_str(), day("2026-06-02").as_str()), ("good", "signed-in-future --"));
    // The last day of the calendar has no end, and is no way around.
    assert_eq!(day("9999-12-31"), "signed-in-future --");
}

#[test]
fn an_authority_vouches_for_officials_by_subject_name_or_policy() {
    let (ca, other) = (Authority::new("ca"), Authority::new("ca"));
    let plain = Wanted::default();
    let region = |more: &str| World::new().cert("ca.pem", &ca.pem).body("almora", &vouching(more)).load();
    let verdict = |more: &str, leaf| Pushed::on("2026-03-01", &leaf).verdict(&region(more));
    let subject = "subject = [\"O=Ministry of Trade\"]";
    assert_eq!(verdict(subject, ca.leaf(1, &plain)), "good");
    assert_eq!(
        verdict(subject, other.leaf(1, &plain)),
        "signer-unknown 04",
        "another authority of the same name"
    );
    let elsewhere = Wanted { organization: "Ministry of Trade, really", ..plain.clone() };
    assert_eq!(verdict(subject, ca.leaf(1, &elsewhere)), "signer-not-official 08");
    let disguised = Wanted { organization: "Bakery", name: "x, O=Ministry of Trade", ..plain.clone() };
    assert_eq!(verdict(subject, ca.leaf(1, &disguised)), "signer-not-official 08");
    let twofold = Wanted { beside: Some("Bakery"), ..plain.clone() };
    assert_eq!(verdict(subject, ca.leaf(1, &twofold)), "signer-not-official 08");
    let enciphers = Wanted { usage: Some(KeyUsagePurpose::KeyEncipherment), ..plain.clone() };
    assert_eq!(verdict(subject, ca.leaf(1, &enciphers)), "signer-not-official 08");
    let both = "subject = [\"O=Ministry of Trade\", \"CN=Ana Official\"]";
    assert_eq!(verdict(both, ca.leaf(1, &plain)), "good");
    assert_eq!(verdict(both, ca.leaf(1, &Wanted { name: "Ben", ..plain.clone() })), "signer-not-official 08");

    let san = "san = \"ana@trade.example\"";
    assert_eq!(verdict(san, ca.leaf(1, &Wanted { san: Some("ana@trade.example"), ..plain.clone() })), "good");
    let close = Wanted { san: Some("ana@trade.example.org"), ..plain.clone() };
    assert_eq!(verdict(san, ca.leaf(1, &close)), "signer-not-official 08");
    let policy = "policy = \"2.16.32.1.1\"";
    assert_eq!(verdict(policy, ca.leaf(1, &Wanted { policy: true, ..plain.clone() })), "good");
    assert_eq!(verdict(policy, ca.leaf(1, &plain)), "signer-not-official 08");
    assert_eq!(verdict("listed_only = true", ca.leaf(1, &plain)), "signer-not-official 08");

    let until = format!("{subject}\nuntil = \"2026-02-28\"");
    assert_eq!(verdict(&until, ca.leaf(1, &plain)), "signer-out-of-dates 05");
    let (judgements, _) = Pushed::on("2026-03-01", &ca.leaf(1, &plain)).judge(&region(subject)).unwrap();
    let rule = judgements[0].rule.clone().unwrap();
    assert_eq!((rule.kind, rule.name.as_str()), (RuleKind::Authority, "Ministry"));
}

#[test]
fn every_signature_has_its_judgement_also_where_nobody_was_asked() {
    let (region, leaf) = ana("", &Wanted::default());
    let exporter = Authority::new("exporters").leaf(1, &Wanted::default());
    let pushed = Pushed { exporter: Some(&exporter), ..Pushed::on("2026-03-01", &leaf) };
    let verdicts = |region| {
        let (judgements, _) = pushed.judge(region).unwrap();
        judgements.iter().map(|one| (one.capacity, one.verdict)).collect::<Vec<_>>()
    };
    assert_eq!(
        verdicts(&region),
        [(Capacity::Exporter, Verdict::Vouched), (Capacity::Official, Verdict::Good)]
    );
    let trusting = World::new().edit("agreements/mecta.toml", "\"official\"", "\"connection\"").load();
    let unasked = [(Capacity::Exporter, Verdict::NotDemanded), (Capacity::Official, Verdict::NotDemanded)];
    assert_eq!(verdicts(&trusting), unasked);
    let (judgements, _) = pushed.judge(&region).unwrap();
    assert_eq!(judgements[1].key.as_deref(), Some("P-256"));
}

#[test]
fn what_a_file_says_wrongly_of_signers_is_named() {
    let ca = Authority::new("ca");
    let leaf = ca.leaf(1, &Wanted::default());
    let problems = |more: &str| {
        let world = World::new().cert("ca.pem", &ca.pem).cert("ana.pem", &leaf.pem).body("almora", more);
        let problems = world.try_load().unwrap_err();
        problems.iter().map(|line| line.split_once(": ").unwrap().1.to_owned()).collect::<Vec<_>>()
    };
    let table = [
        (
            listed("ana.pem", "revoked_reason = \"superseded\""),
            "body[1].signer[1].revoked_reason: belongs to \"revoked_at\"",
        ),
        (
            listed("ana.pem", "until = \"2019-12-31T23:00:00Z\""),
            "body[1].signer[1].until: lies before \"from\"",
        ),
        (
            listed("ana.pem", "until = \"tomorrow\""),
            "body[1].signer[1].until: \"tomorrow\" is neither a day nor a time; write \"2026-03-31\", \"2026-03-31T10:00:00Z\" or \"2026-03-31T10:00:00-03:00\"",
        ),
        (
            vouching(""),
            "body[1].signing_authority[1]: must have exactly one of \"subject\", \"san\", \"policy\" and \"listed_only = true\"",
        ),
        (
            vouching("san = \"a@b\"\npolicy = \"1.2\""),
            "body[1].signing_authority[1]: must have exactly one of \"subject\", \"san\", \"policy\" and \"listed_only = true\"",
        ),
        (
            vouching("subject = [\"Ministry\"]"),
            "body[1].signing_authority[1].subject: \"Ministry\" is not an attribute of a subject; write \"O=Ministry of Trade\"; C, O, OU, CN, serialNumber, L, ST or dotted",
        ),
        (
            vouching("policy = \"1.x\""),
            "body[1].signing_authority[1].policy: is not an object identifier such as \"2.16.32.1.1\"",
        ),
        (
            vouching("san = \"a@b\"\nstale = \"warn\""),
            "body[1].signing_authority[1].stale: belongs to \"revocations\"",
        ),
    ];
    for (more, expected) in &table {
        assert_eq!(problems(more), [*expected], "{more}");
    }
    let always = problems("revoked_always = [\"theft\"]");
    assert!(
        always[0]
            .contains("revoked_always: \"theft\" is not a reason of revocation; use some of: unspecified,"),
        "{always:?}"
    );
}

#[test]
fn a_body_has_so_many_signers_and_authorities_and_no_more() {
    let ca = Authority::new("ca");
    let digest = "0".repeat(64);
    let signer = format!("[[body.signer]]\nname = \"A\"\ndigest = \"{digest}\"\nfrom = \"2020-01-01\"\n");
    let too_many = |more: &str| World::new().cert("ca.pem", &ca.pem).body("almora", more).try_load().err();
    let line =
        |found: Option<Vec<String>>| found.map(|lines| lines[0].split_once(": ").unwrap().1.to_owned());
    assert_eq!(too_many(&signer.repeat(load::SIGNERS_MAX)), None);
    let one_more = line(too_many(&signer.repeat(load::SIGNERS_MAX + 1)));
    assert_eq!(one_more.as_deref(), Some("body[1].signer: has 1001 entries, at most 1000 are allowed"));
    let authority = vouching("listed_only = true");
    assert_eq!(too_many(&authority.repeat(load::AUTHORITIES_MAX)), None);
    let one_more = line(too_many(&authority.repeat(load::AUTHORITIES_MAX + 1)));
    assert_eq!(
        one_more.as_deref(),
        Some("body[1].signing_authority: has 17 entries, at most 16 are allowed")
    );
    let attributes = |n| vouching(&format!("subject = [{}]", "\"O=Ministry\", ".repeat(n)));
    assert_eq!(too_many(&attributes(8)), None);
    let one_more = line(too_many(&attributes(9)));
    assert_eq!(
        one_more.as_deref(),
        Some("body[1].signing_authority[1].subject: must have 1 to 8 attributes, has 9")
    );
}

#[test]
fn check_points_out_what_will_soon_keep_officials_from_signing() {
    let ca = Authority::new("ca");
    let leaf =
        |ends: &str| ca.leaf(1, &Wanted { valid: ("2020-01-01T00:00:00Z", ends), ..Wanted::default() });
    let now = at("2026-06-01T00:00:00Z");
    let world = World::new()
        .cert("ca.pem", &ca.pem)
        .cert("soon.pem", &leaf("2026-06-30T23:59:59Z").pem)
        .cert("over.pem", &leaf("2026-05-01T00:00:00Z").pem)
        .cert("leaving.pem", &leaf("2026-06-20T00:00:00Z").pem)
        .cert("late.pem", &leaf("2026-07-01T00:00:00Z").pem);
    let files = [
        ("soon.pem", ""),
        ("over.pem", ""),
        ("leaving.pem", "until = \"2026-06-10\""),
        ("late.pem", ""),
        ("late.pem", ""),
    ];
    let entries: String = files.iter().map(|(file, more)| listed(file, more)).collect();
    let region = world.body("almora", &(entries + &vouching("listed_only = true"))).load();
    let lines: Vec<_> = notice::signer::notices(&region, now)
        .iter()
        .map(|notice| notice.to_string().split_once("body").unwrap().1.to_owned())
        .collect();
    assert_eq!(
        lines,
        [
            "[1].signer[1]: the leaf of \"Ana\" ends on 2026-06-30; list the official's next leaf beside it in time",
            "[1].signer[2]: the leaf of \"Ana\" ended on 2026-05-01; list the official's next leaf beside it in time",
            "[1].signer[5]: the leaf of \"Ana\" is listed for \"XA1\" on line 31 too; a revocation of either counts for both",
            "[1].signing_authority[1]: has no revocation list, so no leaf under it can be found revoked",
        ]
    );
}
