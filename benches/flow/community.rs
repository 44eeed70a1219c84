//! A community in a temporary folder: one source, and targets in a ring.
//!
//! Each target is the customs of a country; a certificate bound for it is copied to the next two of the ring, so every
//! certificate has three targets. The forms they take go round: the source's own XML, canonical JSON, canonical XML.

use std::{fmt::Write as _, fs, path::Path};

use coohub::{
    cli::certs,
    clock::Clock,
    model::id::{Digest, MemberId},
    tls::{self, OwnLeaf},
};

/// Countries that have customs; targets past these get nothing by a rule.
pub(crate) const COUNTRIES: [&str; 10] = ["XA", "XB", "XD", "XE", "BI", "KE", "RW", "SS", "TZ", "UG"];
const FORMS: [&str; 3] = ["mec-origine-xml", "canonical-json", "canonical-xml"];

const REGION: &str = r#"id = "bench"
name = "Bench community"
hub = "bench-hub"

[defaults]
concurrency = 16

[defaults.rate]
count = 10000
weight = 1000000
period = "1s"
burst = 1000

[defaults.retry]
schedule = ["1s", "5s", "30s"]
expiry = "14d"
retry_after_max = "1h"
jitter_percent = 20

[defaults.inbound]
per_second = 100000
burst = 100000
connections_max = 256
"#;

const SOURCE: &str = r#"name = "Source"
customs = ["XC"]
sends = ["mec-origine-xml"]

[[identity]]
anchors = "dev/source/anchor.pem"
san = "urn:coohub:member:source"

[[body]]
id = "CVN-DOUANES"
name = "Issuing body"
country = "XC"
zone = "UTC"
from = "2020-01-01"

[takes]
form = "canonical-json"

[mailbox]
"#;

/// How a target is reached.
#[derive(Clone, Debug)]
pub(crate) enum Reach {
    Mailbox,
    /// Port on this machine.
    Push(u16),
}

/// The folder; it goes with the value.
pub(crate) struct Community {
    folder: tempfile::TempDir,
}

impl Community {
    /// Leaves for the source and, one for all, for the targets; no targets yet.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let leaves = ["source", "targets"].map(|name| certs::Member::usual(MemberId::new(name).unwrap()));
        certs::dev(&folder.path().join("certs/dev"), &leaves, Clock::Real.now(), false).unwrap();
        Self { folder }
    }

    /// Writes the region with these targets.
    pub(crate) fn write(&self, targets: &[Reach]) {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("partners/formats");
        copy(&shipped, &self.path("partners/formats"));
        let put = |name: &str, text: &str| {
            let path = self.path("partners").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        fs::write(
            self.path("coohub.toml"),
            "[listen]\naddress = \"127.0.0.1:0\"\n[console]\naddress = \"\"\n[telemetry]\naddress = \"\"\n",
        )
        .unwrap();
        put("region.toml", REGION);
        put("agreements/mecta.toml", &agreement(targets.len().min(COUNTRIES.len())));
        put("members/source.toml", SOURCE);
        for (number, reach) in targets.iter().enumerate() {
            put(&format!("members/{}.toml", target(number)), &member(number, reach));
        }
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// The leaf the targets' servers show.
    pub(crate) fn server(&self) -> OwnLeaf {
        self.leaf("targets/server")
    }

    /// The source's side of its connections.
    pub(crate) fn source(&self) -> rustls::ClientConfig {
        let anchors = tls::anchors(&fs::read(self.path("certs/dev/anchor.pem")).unwrap()).unwrap();
        tls::client(&self.leaf("source/leaf"), &anchors).unwrap()
    }

    fn leaf(&self, stem: &str) -> OwnLeaf {
        let read = |kind: &str| fs::read(self.path(&format!("certs/dev/{stem}.{kind}"))).unwrap();
        OwnLeaf::from_pem(&read("pem"), &read("key")).unwrap()
    }
}

/// Id of a target.
pub(crate) fn target(number: usize) -> String {
    format!("t{number:04}")
}

fn agreement(customs: usize) -> String {
    let mut text = String::from(
        "name = \"Agreement\"\naliases = [\"MECTA\", \"MEC\"]\nhs_edition = \"2022\"\n\
         criteria = \"criteria-mecta\"\nproof = \"connection\"\nimporting_party = [\"destinationCountry\"]\n\
         unseen = \"forward\"\n",
    );
    for country in COUNTRIES.iter().chain(&["XC"]) {
        let _ = write!(text, "\n[[party]]\ncountry = \"{country}\"\nfrom = \"2020-01-01\"\n");
    }
    for to in 0..customs {
        for step in [1, 2] {
            let country = COUNTRIES[(to + customs - step) % customs];
            let _ = write!(
                text,
                "\n[[copy]]\nname = \"{step} after {country}\"\nwhen = \"destinationCountry\"\n\
                 is = [\"{country}\"]\nto = \"{}\"\nview = \"full\"\n",
                target(to)
            );
        }
    }
    text + "\n[[link]]\nfrom = \"*\"\nto = \"*\"\nstate = \"live\"\n"
}

fn member(number: usize, reach: &Reach) -> String {
    let pin = Digest::of(target(number).as_bytes()).hex();
    let customs = COUNTRIES.get(number).map(|country| format!("{country:?}")).unwrap_or_default();
    let form = FORMS[number % FORMS.len()];
    let reach = match reach {
        Reach::Mailbox => "[mailbox]\n".to_owned(),
        Reach::Push(port) => {
            format!("[push]\nurl = \"https://localhost:{port}/in\"\nanchors = \"dev/targets/anchor.pem\"\n")
        }
    };
    format!(
        "name = \"Target {number}\"\ncustoms = [{customs}]\nsends = [\"canonical-json\"]\n\n\
         [[identity]]\nspki = \"{pin}\"\n\n[takes]\nform = \"{form}\"\non_unrenderable = \"canonical-json\"\n\n{reach}"
    )
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
