//! A small region in a temporary folder, for tests that need one.
//!
//! `TestRegion::a14()` has Argentina and Brazil under `a14`, `TestRegion::mec()` the five countries XA to XE under
//! `mecta`. Everybody speaks canonical JSON, has a mailbox, and is recognised by a made-up pin; links are live. A test
//! then changes what it is about: `.edit("members/brazil.toml", "suspended = false", "suspended = true")`.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use coohub::{
    model::id::Digest,
    problem::Problems,
    region::{Region, load},
};

/// The folder; it goes with the value.
pub struct TestRegion {
    folder: tempfile::TempDir,
    files: BTreeMap<String, String>,
}

impl TestRegion {
    /// Argentina (issuing body `AR1`) and Brazil (`BR1`) under `a14`.
    pub fn a14() -> Self {
        let members =
            [("argentina", "AR", "America/Argentina/Buenos_Aires"), ("brazil", "BR", "America/Sao_Paulo")];
        Self::of(("a14", "ACE 14"), &members)
    }

    /// Almora, Brisca, Corvania, Dunmere and Estalia (`XA1` to `XE1`) under `mecta`.
    pub fn mec() -> Self {
        let members = [
            ("almora", "XA", "UTC"),
            ("brisca", "XB", "UTC"),
            ("corvania", "XC", "UTC"),
            ("dunmere", "XD", "UTC"),
            ("estalia", "XE", "UTC"),
        ];
        Self::of(("mecta", "MECTA agreement"), &members)
    }

    /// Australia (`AU1`) and China (`CN1`) under `chafta`.
    pub fn chafta() -> Self {
        Self::of(
            ("chafta", "China-Australia free trade agreement"),
            &[("australia", "AU", "Australia/Adelaide"), ("china", "CN", "Asia/Shanghai")],
        )
    }

    fn of((agreement, name): (&str, &str), members: &[(&str, &str, &str)]) -> Self {
        let mut files = BTreeMap::new();
        files.insert("region.toml".to_owned(), REGION.to_owned());
        let parties: Vec<_> = members.iter().map(|(_, country, _)| *country).collect();
        files.insert(format!("agreements/{agreement}.toml"), agreement_file(name, &parties));
        for (id, country, zone) in members {
            files.insert(format!("members/{id}.toml"), member_file(id, country, zone));
        }
        Self { folder: tempfile::tempdir().unwrap(), files }
    }

    /// Adds a file or replaces it.
    pub fn file(mut self, name: &str, text: &str) -> Self {
        self.files.insert(name.to_owned(), text.to_owned());
        self
    }

    /// Replaces `old`, which must stand in the file, by `new`; an empty `old` stands at its end.
    pub fn edit(mut self, name: &str, old: &str, new: &str) -> Self {
        let text = self.files.get_mut(name).unwrap();
        assert!(text.contains(old), "{name} has no {old:?}:\n{text}");
        *text = if old.is_empty() { format!("{text}{new}") } else { text.replacen(old, new, 1) };
        self
    }

    /// Recognises a member by the SHA-256 of its leaf's `SubjectPublicKeyInfo`, in hexadecimal.
    pub fn pinned(self, member: &str, spki: &str) -> Self {
        let made_up = pin(member);
        self.edit(&format!("members/{member}.toml"), &made_up, spki)
    }

    /// Pushes to a member instead of keeping a mailbox; `anchors` is the PEM file its server leaf chains to.
    pub fn push_to(self, member: &str, url: &str, anchors: &str) -> Self {
        let push = format!("[push]\nurl = \"{url}\"\nanchors = \"{anchors}\"\n");
        self.edit(&format!("members/{member}.toml"), "[mailbox]\n", &push)
    }

    /// Writes the files.
    pub fn write(&self) -> &Path {
        for (name, text) in &self.files {
            let path = self.folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        self.folder.path()
    }

    /// Writes and loads the region, which must be without problems; certificates are not read.
    pub fn load(&self) -> Region {
        let problems = Problems::default();
        let region = load::load(self.write(), None, &problems);
        region.unwrap_or_else(|| panic!("{:#?}", problems.sorted()))
    }

    /// Writes and loads the region and gives its problems as printed; certificates are not read.
    pub fn problems(&self) -> Vec<String> {
        let problems = Problems::default();
        let region = load::load(self.write(), None, &problems);
        let problems: Vec<_> = problems.sorted().iter().map(ToString::to_string).collect();
        assert_eq!(
            region.is_none(),
            !problems.is_empty(),
            "a region is loaded exactly when there is no problem"
        );
        problems
    }
}

/// The made-up pin of a member.
pub fn pin(member: &str) -> String {
    Digest::of(format!("leaf of {member}").as_bytes()).hex()
}

const REGION: &str = "id = \"test\"\nname = \"Test community\"\nhub = \"hub\"\n";

fn agreement_file(name: &str, parties: &[&str]) -> String {
    let mut text = format!(
        "name = \"{name}\"\nproof = \"connection\"\nimporting_party = [\"destinationCountry\", \
         \"importer.address.country\", \"consignee.address.country\"]\n\n"
    );
    for party in parties {
        let _ = write!(text, "[[party]]\ncountry = \"{party}\"\nfrom = \"2020-01-01\"\n\n");
    }
    text + "[[link]]\nfrom = \"*\"\nto = \"*\"\nstate = \"live\"\n"
}

fn member_file(id: &str, country: &str, zone: &str) -> String {
    let pin = pin(id);
    format!(
        r#"name = "{id}"
suspended = false
customs = ["{country}"]
sends = ["canonical-json"]

[[identity]]
spki = "{pin}"

[[body]]
id = "{country}1"
name = "Issuing body of {country}"
country = "{country}"
zone = "{zone}"
from = "2020-01-01"

[takes]
form = "canonical-json"

[mailbox]
"#
    )
}
