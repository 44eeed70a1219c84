//! Edits of the shipped region, and what each means.

/// An edit, and every line the plan has for it.
pub(super) struct Case {
    pub(super) file: &'static str,
    pub(super) old: &'static str,
    pub(super) new: &'static str,
    pub(super) expect: &'static [&'static str],
}

pub(super) const CASES: &[Case] = &[
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
