//! Configuration: what is wrong is said, all of it, where it stands; what is right is read as written.
//!
//! Method: `config/broken.toml` lists edits to a good region or node file, each with the exact lines an operator sees.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use coohub::{
    cli::{self, exit},
    clock::Clock,
    config,
    evidence::key::PublicKey,
    hub::identity,
    model::id::FormatId,
    problem::Problems,
    region::{
        Region,
        agreement::{CopyView, LinkState, ProofDemand},
        load,
        member::{Form, Reach},
        notice,
    },
};

use crate::support::{
    command,
    page::copy,
    region::{TestRegion, pin},
};

mod keys;
mod shipped;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn partners() -> std::path::PathBuf {
    Path::new(ROOT).join("partners")
}

/// Problems of a region with one edit.
fn after_edit(file: &str, old: &str, new: &str) -> Vec<String> {
    TestRegion::a14().edit(file, old, new).problems()
}

/// Problems of a node file.
fn node_problems(text: &str, environment: &[(&str, &str)]) -> Vec<String> {
    let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let problems = Problems::default();
    let config = config::read(text, &environment, &problems);
    let problems: Vec<_> = problems.sorted().iter().map(ToString::to_string).collect();
    assert_eq!(config.is_none(), !problems.is_empty());
    problems
}

#[test]
fn every_broken_configuration_gets_its_exact_lines() {
    let cases: toml::Table = include_str!("config/broken.toml").parse().unwrap();
    let cases = cases["case"].as_array().unwrap();
    let (mut wrong, mut kinds) = (String::new(), BTreeSet::new());
    for case in cases {
        let text = |key: &str| case.get(key).and_then(|v| v.as_str()).unwrap_or_default();
        let have = match text("file") {
            "coohub.toml" => node_problems(text("new"), &[]),
            file => after_edit(file, text("old"), text("new")),
        };
        let want: Vec<_> = case["expect"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
        kinds.extend(want.iter().map(|line| kind(line)));
        if have != want {
            wrong += &format!("\n{case}\nhave:\n  {}\n", have.join("\n  "));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(kinds.len() >= 50, "{}: {kinds:#?}", kinds.len());
}

/// What a line says, whatever it says it of: without place, key, quoted words, numbers and hint.
fn kind(line: &str) -> String {
    let said = line.rsplit_once(": ").map_or(line, |(_, said)| said).split(';').next().unwrap_or_default();
    let plain = said.split('"').step_by(2).collect::<Vec<_>>().join("…");
    plain.chars().filter(|c| !c.is_ascii_digit()).collect()
}

#[test]
fn problems_of_several_files_are_reported_together() {
    let problems = TestRegion::a14()
        .edit("region.toml", "hub = \"hub\"", "hub = \"The Hub\"")
        .edit("members/brazil.toml", "customs", "custom")
        .edit("agreements/a14.toml", "state = \"live\"", "state = \"open\"")
        .file("members/Chile.toml", "")
        .problems();
    assert_eq!(
        problems,
        [
            "agreements/a14.toml:16:9: link[1].state: \"open\" is not a valid choice; use one of: test, pilot, live, suspended",
            "members/Chile.toml: the file's name is no id; 1 to 64 of lower-case letters, digits, \".\" and \"-\"",
            "members/brazil.toml:3:1: custom: is not a known key; did you mean \"customs\"?",
            "region.toml:3:7: hub: \"The Hub\" is not a name; 1 to 64 of lower-case letters, digits, \".\" and \"-\"",
        ]
    );
}

#[test]
fn an_empty_folder_lacks_its_region_file() {
    let empty = tempfile::tempdir().unwrap();
    let problems = Problems::default();
    assert!(load::load(empty.path(), None, &problems).is_none());
    let lines: Vec<_> = problems.sorted().iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["region.toml: is missing"]);
}

#[test]
fn a_file_of_one_mebibyte_is_read_and_one_byte_more_is_not() {
    let most = usize::try_from(load::FILE_BYTES_MAX).unwrap();
    let padded = |size: usize| {
        let region = TestRegion::a14();
        let text = fs::read_to_string(region.write().join("members/brazil.toml")).unwrap();
        let comment = format!("#{}\n", "x".repeat(size - text.len() - 2));
        region.file("members/brazil.toml", &(comment + &text)).problems()
    };
    assert_eq!(padded(most), [""; 0]);
    assert_eq!(padded(most + 1), ["members/brazil.toml: has 1048577 bytes, at most 1048576 are allowed"]);
}

/// What makes so many of something, the most allowed, and the line one more gets.
type Limit<'a, T> = (&'a dyn Fn(usize) -> T, usize, &'a str);

#[test]
fn each_kind_of_file_has_a_most_and_one_more_is_refused() {
    let too_many = |name: &dyn Fn(usize) -> String, count: usize| {
        let region = (0..count).fold(TestRegion::a14(), |region, n| region.file(&name(n), ""));
        let lines = region.problems();
        lines.into_iter().find(|line| line.contains("entries, at most"))
    };
    let member = |n| format!("members/m{n}.toml");
    let agreement = |n| format!("agreements/deal-{n}.toml");
    let format = |n| format!("formats/f{n}/format.toml");
    let code_list = |n| format!("formats/f/list-{n}.toml");
    // Two members and one agreement are there already.
    let cases: [Limit<'_, String>; 4] = [
        (&member, load::MEMBERS_MAX - 2, "members: holds 1001 entries, at most 1000 are allowed"),
        (&agreement, load::AGREEMENTS_MAX - 1, "agreements: holds 501 entries, at most 500 are allowed"),
        (&format, load::FORMATS_MAX, "formats: holds 501 entries, at most 500 are allowed"),
        (&code_list, load::FORMAT_FILES_MAX, "formats/f: holds 101 entries, at most 100 are allowed"),
    ];
    for (name, most, line) in cases {
        assert_eq!(too_many(name, most), None);
        assert_eq!(too_many(name, most + 1).as_deref(), Some(line));
    }
}

#[test]
fn each_list_and_text_has_a_most_and_one_more_is_refused() {
    let copy = "[[copy]]\nname = \"c\"\nto = \"brazil\"\nview = \"full\"\n";
    let copies = |n: usize| after_edit("agreements/a14.toml", "", &copy.repeat(n));
    let schedule = |n: usize| {
        after_edit("members/brazil.toml", "", &format!("[retry]\nschedule = [{}]\n", "\"1m\", ".repeat(n)))
    };
    let name = |n: usize| after_edit("members/brazil.toml", "\"brazil\"", &format!("\"{}\"", "é".repeat(n)));
    let url = |n: usize| {
        let start = "https://br.example:443/";
        let push = format!("[push]\nanchors = \"a.pem\"\nurl = \"{start}{}\"\n", "x".repeat(n - start.len()));
        after_edit("members/brazil.toml", "[mailbox]\n", &push)
    };
    let maintenance = |n: usize| {
        let windows = "\"Sun 02:00-04:00 UTC\", ".repeat(n);
        let push = "[push]\nanchors = \"a.pem\"\nurl = \"https://br.example:443/\"\n";
        let region = TestRegion::a14().edit("members/brazil.toml", "[mailbox]\n", push);
        let maintained = format!("suspended = false\nmaintenance = [{windows}]");
        region.edit("members/brazil.toml", "suspended = false", &maintained).problems()
    };
    let cases: [Limit<'_, Vec<String>>; 5] = [
        (&copies, 64, "agreements/a14.toml:17:1: copy: names 65 copies, at most 64 are allowed"),
        (&schedule, 64, "members/brazil.toml:21:12: retry.schedule: must have 1 to 64 entries, has 65"),
        (&maintenance, 16, "members/brazil.toml:3:15: maintenance: has 17 windows, at most 16 are allowed"),
        (&name, 512, "members/brazil.toml:1:8: name: must have 1 to 512 characters, has 513"),
        (
            &url,
            2_048,
            "members/brazil.toml:21:7: push.url: is longer than 2048 characters; write it as \"https://customs.example:443/coo\"",
        ),
    ];
    for (problems, most, line) in cases {
        assert_eq!(problems(most), [""; 0]);
        assert_eq!(problems(most + 1), [line]);
    }
}

#[test]
fn missing_and_malformed_certificates_are_named_with_their_path() {
    let certs = tempfile::tempdir().unwrap();
    let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    fs::write(certs.path().join("garbage.pem"), pem).unwrap();
    fs::write(certs.path().join("empty.pem"), "").unwrap();
    let identity = "[[identity]]\nanchors = \"absent.pem\"\nsan = \"a.example\"\n\
                    [[identity]]\nanchors = \"garbage.pem\"\nsan = \"b.example\"\nrevocations = [\"empty.pem\"]\n";
    let region = TestRegion::a14().edit("members/brazil.toml", "", identity);
    let problems = Problems::default();
    assert!(load::load(region.write(), Some(certs.path()), &problems).is_none());
    let place = certs.path().display().to_string();
    let lines: Vec<_> = problems.sorted().iter().map(|p| p.to_string().replace(&place, "CERTS")).collect();
    assert_eq!(
        lines,
        [
            "members/brazil.toml:21:11: identity[2].anchors: CERTS/absent.pem: is missing",
            "members/brazil.toml:24:11: identity[3].anchors: CERTS/garbage.pem: holds an entry that is not an X.509 certificate",
            "members/brazil.toml:26:16: identity[3].revocations: CERTS/empty.pem: holds 0 of what must be a revocation list; allowed: 1 to 32",
        ]
    );
}

#[test]
fn one_pin_cannot_mean_two_members() {
    let problems = TestRegion::a14().pinned("brazil", &pin("argentina")).problems();
    let line =
        "members/brazil.toml:7:8: identity[1].spki: pin PIN is claimed by members/argentina.toml:7 too";
    assert_eq!(problems, [line.replace("PIN", &pin("argentina"))]);
}

#[test]
fn one_anchor_and_name_cannot_mean_two_members() {
    let certs = tempfile::tempdir().unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut anchor = rcgen::CertificateParams::new(Vec::new()).unwrap();
    anchor.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    fs::write(certs.path().join("anchor.pem"), anchor.self_signed(&key).unwrap().pem()).unwrap();
    let named = |san: &str| format!("[[identity]]\nanchors = \"anchor.pem\"\nsan = \"{san}\"\n");
    let problems_with = |first: &str, second: &str| {
        let region = TestRegion::a14().edit("members/argentina.toml", "", &named(first)).edit(
            "members/brazil.toml",
            "",
            &named(second),
        );
        let problems = Problems::default();
        let loaded = load::load(region.write(), Some(certs.path()), &problems);
        (loaded, problems.sorted())
    };
    let (loaded, _) = problems_with("ar.example", "br.example");
    assert_eq!(loaded.unwrap().members.values().map(|member| member.identities.len()).sum::<usize>(), 4);
    let (loaded, problems) = problems_with("same.example", "same.example");
    assert!(loaded.is_none());
    assert!(
        problems.len() == 1 && problems[0].reason.contains("is claimed by members/argentina.toml:22 too"),
        "{problems:?}"
    );
}

#[test]
fn the_digest_changes_with_any_file_and_only_then() {
    let digest = |region: &TestRegion| region.load().digest;
    let first = TestRegion::a14();
    assert_eq!(digest(&first), digest(&TestRegion::a14()));
    let other = TestRegion::a14().edit("members/brazil.toml", "", "# a comment\n");
    assert_ne!(digest(&first), digest(&other));
}

#[test]
fn a_body_may_pass_to_another_member_on_a_day() {
    let handed_over = TestRegion::a14()
        .edit(
            "members/argentina.toml",
            "from = \"2020-01-01\"",
            "from = \"2020-01-01\"\nuntil = \"2025-12-31\"",
        )
        .edit("members/brazil.toml", "id = \"BR1\"", "id = \"AR1\"")
        .edit("members/brazil.toml", "from = \"2020-01-01\"", "from = \"2026-01-01\"");
    assert_eq!(handed_over.problems(), [""; 0]);
}

#[test]
fn a_member_may_leave_its_pace_to_the_region_and_nothing_else() {
    let region = TestRegion::a14()
        .edit("region.toml", "", "[defaults]\nconcurrency = 7\n[defaults.rate]\ncount = 3\nburst = 2\n")
        .edit("members/brazil.toml", "", "[rate]\ncount = 5\n")
        .load();
    let pace = |id: &str| {
        let member = region.members.values().find(|member| member.id.as_str() == id).unwrap();
        (member.concurrency.get(), member.rate.count.get(), member.rate.burst.get())
    };
    assert_eq!((pace("argentina"), pace("brazil")), ((7, 3, 2), (7, 5, 2)));
}

#[test]
fn what_deserves_a_second_look_is_a_notice_and_no_problem() {
    let region = TestRegion::a14()
        .push_to("brazil", "https://localhost:9411/coo", "brazil.pem")
        .edit("members/brazil.toml", "[push]", "[push]\nacknowledge = \"status\"")
        .edit("members/argentina.toml", "suspended = false", "suspended = true")
        .edit("members/argentina.toml", "", "[rate]\nweight = 100\n")
        .edit(
            "agreements/a14.toml",
            "[[party]]",
            "[[party]]\ncountry = \"UY\"\nfrom = \"2020-01-01\"\n[[party]]",
        )
        .edit("agreements/a14.toml", "proof = \"connection\"", "proof = \"official\"")
        .load();
    let lines: Vec<_> = notice::notices(&region).iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "agreements/a14.toml: party: no member receives for UY: certificates for it cannot be delivered",
            "members/argentina.toml: body.signer: \"AR1\" has no signer, but a14 takes canonical-json from it only with an official's signature",
            "members/argentina.toml: rate.weight: a certificate of 1000 items (takes.items_max) is heavier than a whole period (100): the rest of its weight is paid in the periods after it",
            "members/argentina.toml: suspended: may neither connect nor be delivered to",
            "members/brazil.toml: body.signer: \"BR1\" has no signer, but a14 takes canonical-json from it only with an official's signature",
            "members/brazil.toml: push.acknowledge: any 2xx counts as stored: the answer does not prove that this delivery is meant",
        ]
    );
}

fn check(folder: &Path, more: &[&str]) -> (u8, String) {
    let arguments = ["check", folder.to_str().unwrap()].into_iter().chain(more.iter().copied());
    let (code, out, err) = command::coohub(arguments);
    (code, out + &err)
}

/// A folder to run from, with a node file and a region.
fn node_folder(settings: &str, region: &TestRegion) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("coohub.toml"), settings).unwrap();
    fs::create_dir(folder.path().join("partners")).unwrap();
    copy(region.write(), &folder.path().join("partners"));
    cli::certs::dev(&folder.path().join("certs/dev"), &[], Clock::Real.now(), false).unwrap();
    folder
}

#[test]
fn check_names_every_leaf_and_key_of_the_hub_that_cannot_be_used() {
    let folder = node_folder("", &TestRegion::mec());
    let dev = folder.path().join("certs/dev");
    fs::remove_file(dev.join("receipt.key")).unwrap();
    fs::copy(dev.join("client.key"), dev.join("server.key")).unwrap();
    fs::write(dev.join("retired.json"), "[]").unwrap();
    let (code, out) = check(folder.path(), &[]);
    assert_eq!(code, exit::CONFIGURATION, "{out}");
    assert!(out.contains("certs/dev/receipt.key: identity.receipt_key: is missing"), "{out}");
    assert!(out.contains("certs/dev/server.key: identity.key: the leaf and its key cannot be used"), "{out}");
    assert!(out.contains("certs/dev/retired.json: identity.retired_receipt_keys: is not a key set"), "{out}");
    assert!(out.ends_with("3 problems\n"), "{out}");
    fs::write(dev.join("client.key"), "no key").unwrap();
    let (_, out) = check(folder.path(), &[]);
    assert!(out.contains("certs/dev/client.key: identity.client_key: no usable PRIVATE KEY block"), "{out}");
    fs::remove_file(dev.join("client.key")).unwrap();
    assert!(check(folder.path(), &[]).1.contains("certs/dev/client.key: identity.client_key: is missing"));
}

#[test]
fn check_tries_what_alerts_are_told_by() {
    let settings = "[alerts]\nwebhook_url = \"https://watch.example:443/\"\nwebhook_anchors = \"watch.pem\"\n\
                    mail_folder = \"mail\"\n";
    let folder = node_folder(settings, &TestRegion::mec());
    let (code, out) = check(folder.path(), &[]);
    assert_eq!(code, exit::CONFIGURATION, "{out}");
    assert!(out.contains("watch.pem: alerts.webhook_anchors: is missing"), "{out}");
    assert!(out.contains("mail: alerts.mail_folder: cannot be looked at"), "{out}");
    fs::create_dir(folder.path().join("mail")).unwrap();
    fs::copy(folder.path().join("certs/dev/anchor.pem"), folder.path().join("watch.pem")).unwrap();
    let (code, out) = check(folder.path(), &[]);
    assert_eq!(code, exit::CLEAN, "{out}");
}

#[test]
fn check_of_a_good_folder_counts_what_it_has_and_exits_0() {
    let folder = node_folder("", &TestRegion::mec());
    let (code, out) = check(folder.path(), &[]);
    assert_eq!(code, exit::CLEAN, "{out}");
    let line = "Test community (test): 5 members, 1 agreement, 0 formats, 1 link; configuration ";
    assert!(out.starts_with(line) && out.ends_with("\nno problem, 0 notices\n"), "{out}");
}

#[test]
fn check_of_a_bad_folder_names_node_and_region_problems_and_exits_78() {
    let region = TestRegion::a14().edit("members/brazil.toml", "[mailbox]", "[mailbox]\nlaese = \"5m\"");
    let folder = node_folder("[listen]\nconnections_max = 0\n", &region);
    let (code, out) = check(folder.path(), &[]);
    assert_eq!(code, exit::CONFIGURATION);
    assert_eq!(
        out,
        "coohub.toml:2:19: listen.connections_max: 0 is out of range; allowed: 1 to 100000\n\
         partners/members/brazil.toml:20:1: mailbox.laese: is not a known key; did you mean \"lease\"?\n\
         2 problems\n"
    );
}
