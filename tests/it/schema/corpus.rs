//! Real schemas and documents, with xmllint as the judge.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use coohub::decode::{document::Syntax, schema::Schema};

use super::findings;
use crate::support::need::{corpus, installed};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus").join(name)
}

/// Whether xmllint finds a document valid.
fn xmllint(schema: &Path, document: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("document.xml");
    fs::write(&file, document).unwrap();
    let mut command = Command::new("xmllint");
    command.args(["--nonet", "--noout", "--schema"]).arg(schema).arg(&file);
    command.output().unwrap().status.success()
}

#[test]
fn verdicts_on_the_real_cod_are_those_of_xmllint() {
    let Some(cod) = corpus("aladi-cod/A14-FormA18-unsigned.xml") else { return };
    let cod = String::from_utf8(cod).unwrap();
    let cod = cod.trim_start_matches('\u{feff}');
    if !installed("xmllint") {
        return;
    }
    let changes = [
        ("", ""),
        ("<CODVer>", "<CODVer>9"),
        ("</CODExporter>", "</CODExporter><Extra/>"),
        ("<InvoiceQty>", "<InvoiceQty>x"),
        ("<GoodsOrderNo>", "<GoodsOrderNo>-"),
        ("<CODExporter>", "<CODExporter extra=\"1\">"),
    ];
    let mut verdicts = [0, 0];
    for version in ["1.8.2", "1.8.3", "2.0.0", "4.1.0"] {
        let file = format!("cod_ver_{version}.xsd");
        let schema = Schema::load(Syntax::Xml, &path("aladi-cod/xsd"), &file).unwrap();
        for (old, new) in changes {
            let document = cod.replacen(old, new, 1);
            let valid = findings(&schema, Syntax::Xml, &document).is_empty();
            assert_eq!(valid, xmllint(&path("aladi-cod/xsd").join(&file), &document), "{file} on {new}");
            verdicts[usize::from(valid)] += 1;
        }
    }
    assert!(verdicts[0] > 0, "{verdicts:?}");
    println!("{} invalid, {} valid", verdicts[0], verdicts[1]);
}

#[test]
fn every_real_xml_schema_is_taken() {
    for (folder, files) in [
        (
            "aladi-cod/xsd",
            vec![
                "cod_ver_1.8.0.xsd",
                "cod_ver_1.8.2_exporter_unsigned.xsd",
                "cod_ver_1.8.2_exporter_signed.xsd",
            ],
        ),
        (
            "ru-fts",
            vec![
                "SertifST1Form.xsd",
                "SertifST2Form.xsd",
                "SertifST3Form.xsd",
                "SertifAForm.xsd",
                "SertifEAVForm.xsd",
            ],
        ),
    ] {
        for file in files {
            if corpus(&format!("{folder}/{file}")).is_none() {
                return;
            }
            Schema::load(Syntax::Xml, &path(folder), file).unwrap_or_else(|error| panic!("{file}: {error}"));
        }
    }
}

#[test]
fn the_edi3_sample_is_judged_by_its_own_schema() {
    let Some(sample) = corpus("edi3-coo/CertificateOfOrigin.sampleFull.json") else { return };
    let sample = String::from_utf8(sample).unwrap();
    // It refers to a list of country codes by its address; the operator puts a copy under that name.
    let folder = tempfile::tempdir().unwrap();
    let file = "CertificateOfOrigin.schema.json";
    fs::copy(path("edi3-coo").join(file), folder.path().join(file)).unwrap();
    let missing = Schema::load(Syntax::Json, folder.path(), file).unwrap_err().to_string();
    assert!(
        missing.contains("put a copy of https://edi3.org/shared/openapi/ISO/codes.json there"),
        "{missing}"
    );
    let codes = folder.path().join("edi3.org/shared/openapi/ISO");
    fs::create_dir_all(&codes).unwrap();
    let list =
        r#"{"components": {"schemas": {"ISO3166_Code": {"type": "string", "pattern": "^[A-Z]{2}$"}}}}"#;
    fs::write(codes.join("codes.json"), list).unwrap();
    let schema = Schema::load(Syntax::Json, folder.path(), file).unwrap();
    let said: Vec<_> = findings(&schema, Syntax::Json, &sample).iter().map(ToString::to_string).collect();
    assert_eq!(said, Vec::<String>::new());
    let broken = sample.replacen("\"isPreferential\": true", "\"isPreferential\": \"yes\"", 1);
    assert_ne!(broken, sample);
    assert_eq!(findings(&schema, Syntax::Json, &broken).len(), 1);
}
