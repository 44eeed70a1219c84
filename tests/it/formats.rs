//! Every shipped format table over every sample beside it, and over the real documents of the corpus.
//!
//! A sample is a test by being there: it must map to the `*.canonical.json` beside it, which
//! `COOHUB_BLESS=1 cargo test formats` writes anew.

use std::{
    fs,
    path::{Path, PathBuf},
};

use coohub::{
    decode::{
        self,
        document::{Document, Syntax},
        limit::Limits,
    },
    format::Table,
    map::{self, Draft},
    model::{
        certificate::{Certificate, Place},
        finding::{Finding, Level},
        id::FormatId,
    },
    problem::Problems,
    render,
};

use crate::support::need::corpus;

/// Every table under `partners/formats`.
pub(crate) fn tables() -> Vec<Table> {
    let mut tables = Vec::new();
    for folder in children(&formats()) {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        if folder.join("format.toml").is_file() {
            tables.push(table(&name));
        }
    }
    tables
}

/// One table.
pub(crate) fn table(name: &str) -> Table {
    let problems = Problems::default();
    let id = FormatId::new(name).unwrap();
    let label = format!("formats/{name}/format.toml");
    let table = Table::load(&id, &formats().join(name), &formats().join("codes"), &label, &problems);
    let problems = problems.sorted();
    table.unwrap_or_else(|| panic!("{problems:#?}"))
}

/// Bytes to a document.
pub(crate) fn document(syntax: Syntax, bytes: &[u8]) -> Document {
    decode::decode(syntax, bytes, &Limits::default()).map(|decoded| decoded.document).unwrap_or_else(
        |finding| {
            panic!("{finding}\n{}", String::from_utf8_lossy(bytes));
        },
    )
}

/// Places with their values, one a line: readable in a failing test.
pub(crate) fn lines(certificate: &Certificate) -> Vec<String> {
    certificate.iter().map(|(place, value)| format!("{} = {value}", place.path())).collect()
}

fn formats() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("partners/formats")
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().map(|e| e.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Samples of a table: everything beside it that is not a golden file.
pub(crate) fn samples(table: &Table) -> Vec<PathBuf> {
    let folder = formats().join(table.id.as_str()).join("samples");
    children(&folder)
        .into_iter()
        .filter(|path| !path.to_str().unwrap().ends_with(".canonical.json"))
        .collect()
}

/// Maps a sample.
pub(crate) fn mapped(table: &Table, path: &Path) -> Draft {
    let document = document(table.syntax, &fs::read(path).unwrap());
    assert!(table.recognises(&document), "{} is not recognised", path.display());
    map::map(table, &document)
}

fn pretty(certificate: &Certificate) -> String {
    let value: serde_json::Value = serde_json::from_slice(&render::canonical::to_json(certificate)).unwrap();
    serde_json::to_string_pretty(&value).unwrap() + "\n"
}

#[test]
fn every_sample_gives_its_golden_certificate_without_findings() {
    let bless = std::env::var_os("COOHUB_BLESS").is_some();
    for table in tables() {
        for sample in samples(&table) {
            let draft = mapped(&table, &sample);
            let golden = sample.with_extension("canonical.json");
            let found = pretty(&draft.certificate);
            if bless {
                fs::write(&golden, &found).unwrap();
            }
            let wanted = fs::read_to_string(&golden)
                .unwrap_or_else(|_| panic!("{} is missing: run with COOHUB_BLESS=1", golden.display()));
            assert_eq!(found, wanted, "{}", sample.display());
            let findings: Vec<String> = draft
                .findings
                .iter()
                .filter(|finding| finding.level == Level::Severe)
                .map(ToString::to_string)
                .collect();
            assert_eq!(findings, Vec::<String>::new(), "{}", sample.display());
        }
    }
}

#[test]
fn a_sample_is_recognised_by_its_own_table_only() {
    let tables = tables();
    for table in &tables {
        for sample in samples(table) {
            let bytes = fs::read(&sample).unwrap();
            for other in tables.iter().filter(|other| other.syntax == table.syntax) {
                let recognised = other.recognises(&document(table.syntax, &bytes));
                assert_eq!(recognised, other.id == table.id, "{} by {}", sample.display(), other.id);
            }
            let canonical = map::canonical::recognises(table.syntax, &document(table.syntax, &bytes));
            assert!(!canonical, "{} looks canonical", sample.display());
        }
    }
}

#[test]
fn a_sample_survives_being_rendered_and_read_again() {
    for table in tables() {
        for sample in samples(&table) {
            let draft = mapped(&table, &sample);
            let first = draft.certificate;
            let rendered = render::render(&table, &first)
                .unwrap_or_else(|error| panic!("{}: {:#?}", sample.display(), error.fields));
            let again = map::map(&table, &document(table.syntax, &rendered.bytes));
            assert_eq!(lines(&again.certificate), lines(&first), "{}", sample.display());
            assert_eq!(rendered.losses, Vec::<Place>::new());
            let reasons =
                |findings: &[Finding]| findings.iter().map(|finding| finding.reason).collect::<Vec<_>>();
            assert_eq!(reasons(&again.findings), reasons(&draft.findings), "{}", sample.display());
        }
    }
}

#[test]
fn every_sample_renders_or_says_what_is_missing_in_every_other_format() {
    let tables = tables();
    for source in &tables {
        for sample in samples(source) {
            let certificate = mapped(source, &sample).certificate;
            for target in &tables {
                let traced = render::trace(target, &certificate);
                let kept = certificate.iter().count() - traced.losses.len();
                assert!(kept > 0, "nothing of {} arrives in {}", sample.display(), target.id);
                assert!(traced.unfilled.iter().all(|unfilled| !unfilled.to_string().is_empty()));
                let rendered = render::render(target, &certificate).is_ok();
                let said = traced.unfilled.is_empty();
                assert_eq!(rendered, said, "{} in {}: {:?}", sample.display(), target.id, traced.unfilled);
            }
        }
    }
}

#[test]
fn the_real_aladi_document_maps_whole() {
    let Some(bytes) = corpus("aladi-cod/A14-FormA18-unsigned.xml") else { return };
    let table = table("aladi-cod");
    let document = document(Syntax::Xml, &bytes);
    assert!(table.recognises(&document));
    let draft = map::map(&table, &document);
    assert_eq!(draft.findings, Vec::new());
    assert_eq!(draft.remainder, Vec::<(String, String)>::new());
    let found = lines(&draft.certificate);
    for wanted in [
        "agreement.code = A14",
        "form = FormA18",
        "preferential = true",
        "exporter.name = IVECO ARGENTINA SA",
        "exporter.address.city = Munro, Vicente López",
        "invoices[1].id = 0200-00002657",
        "invoices[1].date = 2018-09-12T00:00:00",
        "items[1].hs.code = 84089090",
        "items[1].description = LOS DEMÁS. LOS DEMÁS MOTORES. MOTORES DE ÉMBOLO (PISTÓN) DE ENCENDIDO POR COMPRESIÓN (MOTORES DIESEL O SEMI-DIESEL).",
        "items[1].quantity = 4500.000000",
        "items[1].quantityUnit = C62",
        "items[1].quantityUnitText = UNIDADES",
        "items[1].value = 66810.500000",
        "currency = USD",
        "currencyText = DOLARES ESTADOUNIDENSES",
        "destinationCountry = BR",
        "declaration.date = 2018-09-14T09:24:33.2592964-03:00",
    ] {
        assert!(found.iter().any(|line| line == wanted), "{wanted} is not in {found:#?}");
    }
    // What an exporter sends to the issuing body: nobody has certified it yet, which is for validate to judge.
    assert_eq!((draft.identity.issuer, draft.identity.number), (None, None));
}

#[test]
fn the_real_edi3_document_maps_whole() {
    let Some(bytes) = corpus("edi3-coo/CertificateOfOrigin.sampleFull.json") else { return };
    let table = table("edi3-coo");
    let document = document(Syntax::Json, &bytes);
    assert!(table.recognises(&document));
    let draft = map::map(&table, &document);
    assert_eq!(draft.findings, Vec::new());
    assert_eq!(draft.remainder, Vec::<(String, String)>::new());
    assert_eq!(draft.identity.issuer.as_deref(), Some("id:wfa.org.au"));
    assert_eq!(draft.identity.number.as_deref(), Some("wfa.org.au:coo:WBC208897"));
    let found = lines(&draft.certificate);
    let places: Vec<String> = draft.certificate.iter().map(|(place, _)| place.path()).collect();
    assert_eq!(places.join("\n") + "\n", include_str!("formats/edi3-sample.txt"));
    for wanted in [
        "agreement.code = CHAFTA",
        "issuePlace.id = AUADL",
        "importer.address.line = Room 202, Man Po International Business Center\nNo. 664 Xin Hua Rd, Changning District",
        "packages[5].grossWeight = 465",
        "packages[5].grossWeightUnit = KGM",
        "items[1].origin.criterion = WP",
        "items[2].producer.name = Penfolds wine",
        "items[2].invoice = 1",
        "items[3].origin.criterion = PSR",
        "items[3].hs.code = 220421",
        "items[3].invoice = 2",
    ] {
        assert!(found.iter().any(|line| line == wanted), "{wanted} is not in {found:#?}");
    }
    // Written again it is the very same document, so every value above is where it belongs.
    let rendered = render::render(&table, &draft.certificate).unwrap();
    let original: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let written: serde_json::Value = serde_json::from_slice(&rendered.bytes).unwrap();
    assert_eq!(written, original);
}

#[test]
fn what_the_real_edi3_document_loses_is_what_was_worked_out_by_hand() {
    let Some(bytes) = corpus("edi3-coo/CertificateOfOrigin.sampleFull.json") else { return };
    let certificate = map::map(&table("edi3-coo"), &document(Syntax::Json, &bytes)).certificate;
    for file in children(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/losses")) {
        let name = file.file_name().unwrap().to_str().unwrap();
        let target = name.strip_prefix("edi3-sample.").and_then(|rest| rest.strip_suffix(".txt")).unwrap();
        let traced = render::trace(&table(target), &certificate);
        let unfilled = traced.unfilled.iter().map(|unfilled| {
            let place = unfilled.place.map(|place| format!(" {}", place.path())).unwrap_or_default();
            format!("unrenderable: {}{place}", unfilled.at)
        });
        let mut found: Vec<String> = unfilled.chain(traced.losses.iter().map(Place::path)).collect();
        found.sort();
        let text = fs::read_to_string(&file).unwrap();
        let mut wanted: Vec<&str> = text.lines().collect();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "towards {target}");
    }
}
