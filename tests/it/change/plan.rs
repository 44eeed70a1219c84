//! What the folder would change is said in words: who gains or loses what.

use serde_json::Value;

use super::{resume, started, suspend};
use crate::{
    control::coohub,
    flow::story::{Sheet, Story, tea},
    support::{hub::Community, partner::Behaviour},
};

/// Exit code, the differences as `effect about: words`, and the last line.
async fn planned(at: &Community) -> (u8, Vec<String>, Value) {
    let (code, out, err) = coohub(at, &["plan", "--json"]).await;
    assert_eq!(err, "", "{out}");
    let mut lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let end = lines.pop().unwrap();
    let word = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let told =
        |line: &Value| format!("{} {}: {}", word(line, "effect"), word(line, "about"), word(line, "words"));
    (code, lines.iter().map(told).collect(), end)
}

/// An edit, and every line the plan has for it.
struct Case {
    file: &'static str,
    old: &'static str,
    new: &'static str,
    expect: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        file: "members/brisca.toml",
        old: "name = \"Federation of Brisca\"",
        new: "suspended = true\nname = \"Federation of Brisca\"",
        expect: &["narrows member brisca: may neither connect nor be delivered to"],
    },
    Case {
        file: "members/brisca.toml",
        old: "name = \"Federation of Brisca\"",
        new: "name = \"Brisca\"",
        expect: &["words member brisca: name: \"Brisca\", was \"Federation of Brisca\""],
    },
    Case {
        file: "members/brisca.toml",
        old: "name = \"Federation of Brisca\"",
        new: "name = \"Brisca\\nwords  all  nothing else differs\\u202e\"",
        expect: &[
            "words member brisca: name: \"Brisca\\u{a}words  all  nothing else differs\\u{202e}\", was \"Federation of Brisca\"",
        ],
    },
    Case {
        file: "members/brisca.toml",
        old: "# Brisca:",
        new: "# The Federation:",
        expect: &["words file members/brisca.toml: comments or order alone"],
    },
    Case {
        file: "members/brisca.toml",
        old: "customs = [\"XB\"]",
        new: "customs = [\"XB\", \"XM\"]",
        expect: &["widens member brisca: receives for XM"],
    },
    Case {
        file: "members/brisca.toml",
        old: "sends = [\"aladi-cod\"]",
        new: "sends = [\"canonical-json\"]",
        expect: &[
            "widens member brisca: may send canonical-json",
            "narrows member brisca: may no longer send aladi-cod",
        ],
    },
    Case {
        file: "members/brisca.toml",
        old: "from = \"2026-01-01\"\n\n[[body.signer]]",
        new: "from = \"2026-02-01\"\nuntil = \"2026-12-31\"\n\n[[body.signer]]",
        expect: &[
            "narrows member brisca: first day on which it may issue for XBB01: 2026-02-01, was 2026-01-01",
            "narrows member brisca: last day on which it may issue for XBB01: 2026-12-31, was open",
        ],
    },
    Case {
        file: "members/brisca.toml",
        old: "id = \"XBB01\"",
        new: "id = \"XBB02\"",
        expect: &[
            "widens member brisca: may issue for XBB02 (Ministry of Trade of Brisca, XB), 2026-01-01 to open",
            "narrows member brisca: may no longer issue for XBB01",
        ],
    },
    Case {
        file: "members/brisca.toml",
        old: "form = \"mec-origine-xml\"",
        new: "form = \"canonical-xml\"",
        expect: &["form member brisca: takes: canonical-xml, was mec-origine-xml"],
    },
    Case {
        file: "members/brisca.toml",
        old: "[takes]",
        new: "[rate]\ncount = 5\nburst = 5\n\n[takes]",
        expect: &[
            "pace member brisca: is delivered: 5 certificates or 1000000 items in 1s, 5 at once, was 10000 certificates or 1000000 items in 1s, 1000 at once",
        ],
    },
    Case {
        file: "members/dunmere.toml",
        old: "[mailbox]\nlease = \"10m\"",
        new: "[push]\nurl = \"https://dunmere.example:443/coo\"\nanchors = \"dev/dunmere/anchor.pem\"\n",
        expect: &["widens member dunmere: is delivered to at https://dunmere.example:443/coo"],
    },
    Case {
        file: "members/dunmere.toml",
        old: "[mailbox]\nlease = \"10m\"",
        new: "[push]\nurl = \"https://dunmere.example:443/coo\"\nanchors = \"dev/dunmere/anchor.pem\"\n[sandbox]\nurl = \"https://dunmere.example:443/test\"\n",
        expect: &[
            "widens member dunmere: is delivered to at https://dunmere.example:443/coo",
            "widens member dunmere: is sent test traffic at https://dunmere.example:443/test",
        ],
    },
    Case {
        file: "region.toml",
        old: "schedule = [\"50ms\", \"100ms\", \"500ms\"]",
        new: "schedule = [\"50ms\", \"1s\"]",
        expect: &[
            "pace member almora: is tried again after: 50ms 1s, given up after 14d (jitter 0 %, Retry-After up to 1h), was 50ms 100ms 500ms, given up after 14d (jitter 0 %, Retry-After up to 1h)",
            "pace member brisca: …",
            "pace member corvania: …",
            "pace member dunmere: …",
            "pace member estalia: …",
        ],
    },
    Case {
        file: "region.toml",
        old: "name = \"Meridian Economic Community\"",
        new: "name = \"Meridian\"",
        expect: &["words region: name: \"Meridian\", was \"Meridian Economic Community\""],
    },
    Case {
        file: "agreements/mecta.toml",
        old: "state = \"live\"",
        new: "state = \"suspended\"",
        expect: &["narrows agreement mecta: from every member to every member: suspended, was live"],
    },
    Case {
        file: "agreements/mecta.toml",
        old: "[[link]]",
        new: "[[link]]\nfrom = \"almora\"\nto = \"corvania\"\nstate = \"test\"\n\n[[link]]",
        expect: &["narrows agreement mecta: from almora to corvania: test, was live"],
    },
    Case {
        file: "agreements/mecta.toml",
        old: "state = \"live\"",
        new: "state = \"live\"\nlive_from = \"2026-03-01\"",
        expect: &[
            "form agreement mecta: from every member to every member: electronic from: 2026-03-01, was open",
        ],
    },
    Case {
        file: "agreements/mecta.toml",
        old: "    \"totals.packages\",\n",
        new: "    \"exporter.name\",\n",
        expect: &[
            "widens agreement mecta: estalia sees in copies (transit through Estalia) exporter.name",
            "narrows agreement mecta: estalia no longer sees in copies (transit through Estalia) totals.packages",
        ],
    },
    Case {
        file: "agreements/mecta.toml",
        old: "unseen = \"forward\"",
        new: "unseen = \"reject\"",
        expect: &[
            "narrows agreement mecta: a change of a certificate that was never here is: rejected, was passed on",
        ],
    },
    Case {
        file: "agreements/mecta.toml",
        old: "unseen = ",
        new: "answer_within = \"3d\"\nunseen = ",
        expect: &["pace agreement mecta: customs is to answer within: 3d, was any time"],
    },
    Case {
        file: "agreements/mecta.toml",
        old: "proof = \"connection\"",
        new: "proof = \"connection\"\nsevere = [\"code-unknown\"]",
        expect: &["narrows agreement mecta: code-unknown is a reason to reject"],
    },
    Case {
        file: "agreements/mecta.toml",
        old: "aladi-cod = \"exporter-and-official\"",
        new: "aladi-cod = \"official\"",
        expect: &["widens agreement mecta: proof demanded of aladi-cod: official, was exporter-and-official"],
    },
    Case {
        file: "agreements/mecta.toml",
        old: "aladi-cod = \"exporter-and-official\"",
        new: "",
        expect: &[
            "widens agreement mecta: proof demanded of aladi-cod: connection, was exporter-and-official",
        ],
    },
    Case {
        file: "agreements/mecta.toml",
        old: "aladi-cod = \"exporter-and-official\"",
        new: "aladi-cod = \"exporter-and-official\"\nedi3-coo = \"connection\"",
        expect: &["words file agreements/mecta.toml: comments or order alone"],
    },
    Case {
        file: "agreements/mecta.toml",
        old: "aliases = [\"MECTA\", \"MEC\"]",
        new: "aliases = [\"MECTA\", \"MERIDIAN\"]",
        expect: &[
            "widens agreement mecta: documents call it MERIDIAN",
            "narrows agreement mecta: documents no longer call it MEC",
        ],
    },
    Case {
        file: "members/corvania.toml",
        old: "[push]",
        new: "[push]\nacknowledge = \"status\"",
        expect: &["widens member corvania: counts as stored: any 2xx, was an echo"],
    },
    Case {
        file: "members/corvania.toml",
        old: "zone = \"Africa/Abidjan\"",
        new: "zone = \"Africa/Abidjan\"\nrevoked_always = [\"ca-compromise\", \"aa-compromise\", \"superseded\"]",
        expect: &[
            "widens member corvania: a revocation for key-compromise counts from its time on alone, for CVN-DOUANES",
            "narrows member corvania: a revocation for superseded counts always, for CVN-DOUANES",
        ],
    },
    Case {
        file: "agreements/mecta.toml",
        old: "country = \"XE\"\nfrom = \"2026-01-01\"",
        new: "country = \"XE\"\nfrom = \"2026-01-01\"\nuntil = \"2027-01-01\"",
        expect: &[
            "widens agreement mecta: has the party XE (2026-01-01 to 2027-01-01)",
            "narrows agreement mecta: no longer has the party XE (2026-01-01 to open)",
        ],
    },
    Case {
        file: "formats/edi3-coo/format.toml",
        old: "title = \"",
        new: "title = \"The ",
        expect: &[
            "form format edi3-coo: its table is another one: documents may be read or written otherwise",
        ],
    },
];

#[tokio::test(flavor = "multi_thread")]
async fn each_difference_is_said_in_words_with_what_it_means() {
    let at = started().await;
    let (code, told, end) = planned(&at).await;
    assert_eq!((code, told, &end["changes"]), (0, Vec::new(), &Value::Bool(false)));
    let mut wrong = String::new();
    for Case { file, old, new, expect } in CASES {
        let was = at.read(file);
        at.edit(file, old, new);
        let (code, told, end) = planned(&at).await;
        let fits = |(have, want): (&String, &&str)| match want.strip_suffix('…') {
            Some(start) => have.starts_with(start),
            None => have == want,
        };
        if told.len() != expect.len() || !told.iter().zip(*expect).all(fits) {
            wrong += &format!("\n{file}: {new:?}\nhave:\n  {}\n", told.join("\n  "));
        }
        assert_eq!((code, &end["changes"]), (2, &Value::Bool(true)), "{file}: {new}");
        assert_eq!(end["files"][0]["file"], *file);
        at.write(file, &was);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_goes_opens_what_it_kept_shut() {
    const NARROW: &str = "[[link]]\nfrom = \"almora\"\nto = \"*\"\nstate = \"suspended\"\n\n[[link]]";
    let mut at = Community::shipped().await;
    at.edit("agreements/mecta.toml", "[[link]]", NARROW);
    at.start().await;
    at.edit("agreements/mecta.toml", NARROW, "[[link]]");
    let widens = "widens agreement mecta: from almora to every member: live, was suspended";
    assert_eq!(planned(&at).await.1, [widens]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_anchors_of_a_target_are_told_beside_whatever_else_is_changed() {
    let at = started().await;
    at.edit("members/corvania.toml", "République de Corvanie", "Corvania");
    let anchors = at.path("certs/dev/corvania/anchor.pem");
    let pem = std::fs::read_to_string(&anchors).unwrap();
    std::fs::write(&anchors, format!("Another heading\n{pem}")).unwrap();
    let told = planned(&at).await.1;
    assert!(
        told.contains(&"widens file certs/dev/corvania/anchor.pem: is another one".to_owned()),
        "{told:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn which_anchor_comes_and_which_goes_under_the_same_path_is_told() {
    let at = started().await;
    let of = |member: &str| at.path(&format!("certs/dev/{member}/anchor.pem"));
    let (own, other) = (std::fs::read(of("corvania")).unwrap(), std::fs::read(of("brisca")).unwrap());
    let told_by = async |pem: &[u8]| {
        std::fs::write(of("corvania"), pem).unwrap();
        let file = "file certs/dev/corvania/anchor.pem: ";
        let lines = planned(&at).await.1;
        lines
            .into_iter()
            .filter_map(|line| {
                line.split_once(file).map(|(effect, words)| (effect.to_owned(), words.to_owned()))
            })
            .collect::<Vec<_>>()
    };
    let both = told_by(&[&own[..], b"\n", &other[..]].concat()).await;
    assert_eq!(both.len(), 1, "{both:?}");
    let (effect, words) = &both[0];
    assert_eq!(effect, "widens ");
    let held = words.strip_prefix("holds ").unwrap();
    assert!(held.contains("(valid until ") && held.contains(", sha-256 "), "{held}");
    let others = told_by(&other).await;
    assert!(others.contains(&("widens ".to_owned(), format!("holds {held}"))), "{others:?}");
    let gone = others.iter().find(|(effect, _)| effect == "narrows ").map(|(_, words)| words.as_str());
    assert!(
        gone.is_some_and(|gone| gone.starts_with("no longer holds ") && !gone.contains(held)),
        "{others:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_names_what_applies_exactly_it_and_applies_nothing() {
    let at = started().await;
    suspend(&at, "corvania");
    let (code, out, _) = coohub(&at, &["plan"]).await;
    assert_eq!(code, 2);
    assert!(out.contains("narrows  member corvania  may neither connect nor be delivered to\n"), "{out}");
    assert_eq!(at.member("corvania").get("/v1/ping").await.unwrap().status, 200);
    let command = out.lines().last().unwrap().strip_prefix("to apply exactly this: coohub ").unwrap();
    let command: Vec<_> = command.split(' ').collect();
    assert_eq!(coohub(&at, &command).await.0, 0);
    let (code, out, _) = coohub(&at, &["plan"]).await;
    assert_eq!((code, out.starts_with("no difference: ")), (0, true), "{out}");
    resume(&at, "corvania");
    at.edit("region.toml", "hub = \"mec-hub\"", "hubb = \"mec-hub\"");
    let (code, _, err) = coohub(&at, &["plan"]).await;
    assert!(code == 78 && err.contains("region.toml:7:1: hubb: is not a known key"), "{code} {err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn open_deliveries_that_would_be_held_are_counted() {
    let mut story = Story::begin().await;
    story.at.partner("corvania").behave(Behaviour::Down);
    for number in ["AL-1", "AL-2", "AL-3"] {
        let id = story.push("almora", number, Sheet::json(&tea(number))).await;
        story.at.state_when("almora", &id, |state| state["state"] == "routed").await;
    }
    let at = &story.at;
    let link = "[[link]]\nfrom = \"almora\"\nto = \"corvania\"\nstate = \"suspended\"\n\n";
    at.edit("agreements/mecta.toml", "[[link]]", &format!("{link}[[link]]"));
    let (_, told, _) = planned(at).await;
    let expected = [
        "narrows agreement mecta: from almora to corvania: suspended, was live",
        "narrows member corvania: 3 open deliveries would be held as not-entitled",
    ];
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_certificates_are_read_again_and_only_what_differs_is_told() {
    let mut story = Story::begin().await;
    for number in ["AL-1", "AL-2", "AL-3"] {
        story.deliver("almora", number, Sheet::json(&tea(number))).await;
    }
    let at = &story.at;
    let (code, out, err) = coohub(at, &["plan", "--replay", "100"]).await;
    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (0, "3 certificates read again, 0 of them otherwise\n", "")
    );

    let words = async |most: &str| {
        let (code, out, _) = coohub(at, &["plan", "--replay", most, "--json"]).await;
        let mut lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let end = lines.pop().unwrap();
        let told = |line: &Value| {
            format!("{} {}", line["number"].as_str().unwrap(), line["words"][0].as_str().unwrap())
        };
        assert!(!out.contains("Camellia"), "no content: {out}");
        (code, lines.iter().map(told).collect::<Vec<_>>(), end["read"].as_u64().unwrap())
    };
    let member = at.read("members/corvania.toml");
    at.edit("members/corvania.toml", "form = \"mec-origine-xml\"", "form = \"canonical-xml\"");
    let (code, told, read) = words("2").await;
    assert_eq!((code, told.len(), read), (2, 2, 2), "{told:?}");
    assert!(
        told[0].starts_with(
            "AL-3 would go to corvania as canonical-xml, not mec-origine-xml; no longer losing "
        ),
        "{told:?}"
    );
    at.write("members/corvania.toml", &member);

    at.edit("members/almora.toml", "sends = [", "sends = [\"canonical-xml\"] # [");
    let (_, told, _) = words("1").await;
    assert_eq!(told, ["AL-3 would be rejected: format-not-allowed"]);
}
