//! An operator's own schema for a format: what violates it is refused on the way in, and not sent on the way out.

mod corpus;

use std::{fs, path::Path};

use coohub::{
    decode::{
        self,
        document::Syntax,
        limit::Limits,
        schema::{FILE_BYTES_MAX, FILES_MAX, Schema},
    },
    model::finding::{FINDINGS_MAX, Finding},
};
use proptest::test_runner::TestRunner;

use crate::{
    flow::story::{Sheet, Story, tea},
    support::hub::{Community, sample},
};

const OWN: [(&str, &str); 4] = [
    ("certificat.xsd", include_str!("schema/certificat.xsd")),
    ("types.xsd", include_str!("schema/types.xsd")),
    ("certificate.schema.json", include_str!("schema/certificate.schema.json")),
    ("types/number.json", include_str!("schema/types/number.json")),
];
const CORVANIAN: &str = "mec-origine-xml/samples/corvania-almora-quarante.xml";

fn put(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn findings(schema: &Schema, syntax: Syntax, text: &str) -> Vec<Finding> {
    let decoded = decode::decode(syntax, text.as_bytes(), &Limits::DEFAULT).unwrap();
    schema.check(&decoded, text.as_bytes())
}

fn own(syntax: Syntax) -> Schema {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), &OWN);
    let file = if syntax == Syntax::Xml { "certificat.xsd" } else { "certificate.schema.json" };
    Schema::load(syntax, folder.path(), file).unwrap()
}

/// Loads an XSD of these files, the first being the schema, and gives what is wrong.
fn refused(syntax: Syntax, files: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), files);
    match Schema::load(syntax, folder.path(), files[0].0) {
        Err(unusable) => unusable.to_string(),
        Ok(_) => panic!("a hostile schema was taken: {}", files[0].1),
    }
}

fn xsd(content: &str) -> String {
    format!(r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{content}</xs:schema>"#)
}

#[test]
fn a_violation_says_where_and_what_would_be_right_but_never_the_value() {
    let schema = own(Syntax::Xml);
    assert_eq!(findings(&schema, Syntax::Xml, &sample(CORVANIAN)), []);
    let wrong = sample(CORVANIAN).replacen("CVN/2026/000402", "SECRET-1", 1).replacen(
        "\n</CertificatOrigine>",
        "\n  <x:Pays xmlns:x=\"urn:other\"/></CertificatOrigine>",
        1,
    );
    let found = findings(&schema, Syntax::Xml, &wrong);
    let said: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "severe schema-invalid at /CertificatOrigine/Entete/NumeroCertificat (line 5, column 5): the schema of the \
             format: the value does not match pattern 'CVN/[0-9]{4}/[0-9]{6}'",
            "severe schema-invalid at /CertificatOrigine/Pays (line 553, column 3): the schema of the format: \
             unexpected element 'Pays' in sequence",
        ]
    );
}

#[test]
fn a_json_schema_speaks_the_same_way() {
    let schema = own(Syntax::Json);
    let good = r#"{"iD": "AL-1", "issueDateTime": "2026-01-01", "lines": [{"name": "tea"}]}"#;
    assert_eq!(findings(&schema, Syntax::Json, good), []);
    let bad = "{\"iD\": \"SECRET\",\n \"lines\": [{\"name\": \"tea\"},\n  {\"name\": \"SECRET\", \"kind\": \"SECRET\"}, {}]}";
    let said: Vec<_> = findings(&schema, Syntax::Json, bad).iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "severe schema-invalid at line 1, column 1: the schema of the format: \"issueDateTime\" is a required property",
            "severe schema-invalid at /iD (line 1, column 8): the schema of the format: the value does not match \"^AL-\"",
            "severe schema-invalid at /lines/1/name (line 3, column 12): the schema of the format: the value is longer than \
             5 characters",
            "severe schema-invalid at /lines/1/kind (line 3, column 30): the schema of the format: the value is not one of \
             \"tea\" or \"coffee\"",
            "severe schema-invalid at /lines/2 (line 3, column 41): the schema of the format: \"name\" is a required property",
        ]
    );
}

#[test]
fn at_most_a_hundred_violations_are_listed() {
    let schema = own(Syntax::Json);
    let lines = vec![r#"{"name": "far too long"}"#; FINDINGS_MAX + 1].join(",");
    let text = format!(r#"{{"iD": "AL-1", "issueDateTime": "", "lines": [{lines}]}}"#);
    assert_eq!(findings(&schema, Syntax::Json, &text).len(), FINDINGS_MAX);

    let folder = tempfile::tempdir().unwrap();
    let list = r#"<xs:element name="l"><xs:complexType><xs:sequence><xs:element name="n" type="xs:int"
        maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>"#;
    put(folder.path(), &[("l.xsd", &xsd(list))]);
    let schema = Schema::load(Syntax::Xml, folder.path(), "l.xsd").unwrap();
    for (count, positioned) in [(FINDINGS_MAX - 1, true), (FINDINGS_MAX + 1, true), (40_000, false)] {
        let text = format!("<l>{}</l>", "<n>x</n>".repeat(count));
        let found = findings(&schema, Syntax::Xml, &text);
        assert_eq!(found.len(), count.min(FINDINGS_MAX));
        let position = found.last().unwrap().position.clone().unwrap();
        assert_eq!(position.line > 0, positioned, "the lines of {count} violations");
    }
}

#[test]
fn a_schema_stays_in_its_folder() {
    let outside = tempfile::tempdir().unwrap();
    put(outside.path(), &[("types.xsd", &xsd(""))]);
    let absolute = outside.path().join("types.xsd").display().to_string();
    for (location, words) in [
        ("/etc/passwd", "leads out of the schema's folder"),
        ("../../../../../../etc/passwd", "leads out of the schema's folder"),
        ("sub/../../x.xsd", "leads out of the schema's folder"),
        (absolute.as_str(), "leads out of the schema's folder"),
        ("file:///etc/passwd", "nothing is fetched"),
        ("http://127.0.0.1:9/x.xsd", "nothing is fetched"),
        ("https://example.org/x.xsd", "nothing is fetched"),
        ("missing.xsd", "cannot be read"),
        ("sub", "is no file"),
    ] {
        for kind in ["import namespace=\"urn:x\"", "include", "redefine"] {
            let main = xsd(&format!(r#"<xs:{kind} schemaLocation="{location}"/><xs:element name="a"/>"#));
            let said = refused(Syntax::Xml, &[("main.xsd", &main), ("sub/y.xsd", "")]);
            assert!(said.contains(words), "{kind} of {location}: {said}");
        }
    }
    for (reference, words) in [
        ("/etc/passwd", "cannot be read"),
        ("../../../../../../etc/passwd", "cannot be read"),
        ("file:///etc/passwd", "nothing is fetched"),
        ("http://127.0.0.1:9/x.json", "nothing is fetched"),
        ("missing.json", "cannot be read"),
        ("#/nowhere", "nowhere"),
    ] {
        let main = format!(r#"{{"properties": {{"a": {{"$ref": "{reference}"}}}}}}"#);
        let said = refused(Syntax::Json, &[("main.json", &main)]);
        assert!(said.contains(words), "{reference}: {said}");
    }
}

#[test]
fn a_symbolic_link_is_not_followed() {
    let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    put(outside.path(), &[("types.xsd", &xsd("")), ("x.json", "{}")]);
    put(
        folder.path(),
        &[
            ("main.xsd", &xsd(r#"<xs:include schemaLocation="types.xsd"/><xs:element name="a"/>"#)),
            ("main.json", r#"{"$ref": "sub/x.json"}"#),
        ],
    );
    std::os::unix::fs::symlink(outside.path().join("types.xsd"), folder.path().join("types.xsd")).unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("sub")).unwrap();
    for (syntax, file) in [(Syntax::Xml, "main.xsd"), (Syntax::Json, "main.json"), (Syntax::Xml, "types.xsd")]
    {
        let said = Schema::load(syntax, folder.path(), file).unwrap_err().to_string();
        assert!(said.contains("symbolic link"), "{said}");
    }
}

#[test]
fn what_is_no_schema_is_refused_when_it_is_loaded() {
    let element = r#"<xs:element name="a"/>"#;
    let recursive = |inner: &str| xsd(&format!("{inner}{element}"));
    let cases = [
        ("<a/>".to_owned(), "must be xs:schema"),
        ("<a>".to_owned(), "not well-formed"),
        (xsd(r#"<xs:element name="a" type="Missing"/>"#), "type \"Missing\" is used and declared nowhere"),
        (xsd(r#"<xs:element name="a" type="xs:strnig"/>"#), "type \"strnig\" is used and declared nowhere"),
        (xsd(r#"<xs:include/>"#), "names no file"),
        (
            recursive(
                r#"<xs:simpleType name="t"><xs:restriction base="xs:token"><xs:pattern value="[a"/></xs:restriction></xs:simpleType>"#,
            ),
            "pattern \"[a\" cannot be used",
        ),
        (
            recursive(r#"<xs:group name="g"><xs:sequence><xs:group ref="g"/></xs:sequence></xs:group>"#),
            "group \"g\" is defined by itself",
        ),
        (
            recursive(
                r#"<xs:attributeGroup name="g"><xs:attributeGroup ref="h"/></xs:attributeGroup>
                   <xs:attributeGroup name="h"><xs:attributeGroup ref="g"/></xs:attributeGroup>"#,
            ),
            "attribute group \"g\" is defined by itself",
        ),
        (
            recursive(r#"<xs:simpleType name="t"><xs:restriction base="t"/></xs:simpleType>"#),
            "type \"t\" is defined by itself",
        ),
        (
            recursive(
                r#"<xs:complexType name="t"><xs:complexContent><xs:extension base="u"/></xs:complexContent></xs:complexType>
                   <xs:complexType name="u"><xs:complexContent><xs:extension base="t"/></xs:complexContent></xs:complexType>"#,
            ),
            "type \"t\" is defined by itself",
        ),
    ];
    for (text, words) in &cases {
        let said = refused(Syntax::Xml, &[("main.xsd", text)]);
        assert!(said.contains(words), "{text}: {said}");
    }
    for (text, words) in [
        ("{", "is not JSON"),
        (r#"{"type": "nothing"}"#, "is not a JSON Schema"),
        (r#"{"pattern": "["}"#, "is not a JSON Schema"),
        (r#"{"$schema": "https://example.org/own", "type": "object"}"#, "is not a JSON Schema"),
    ] {
        let said = refused(Syntax::Json, &[("main.json", text)]);
        assert!(said.contains(words), "{text}: {said}");
    }
    assert!(refused(Syntax::Csv, &[("main.xsd", "")]).contains("a CSV format has no schema"));
}

#[test]
fn a_json_schema_that_only_refers_to_itself_says_nothing_and_ends() {
    for text in [
        r##"{"$ref": "#"}"##,
        r##"{"$ref": "#/$defs/a", "$defs": {"a": {"allOf": [{"$ref": "#/$defs/b"}]}, "b": {"anyOf": [{"$ref": "#/$defs/a"}]}}}"##,
        r##"{"$schema": "https://json-schema.org/draft/2020-12/schema", "$dynamicAnchor": "n", "allOf": [{"$dynamicRef": "#n"}]}"##,
        r##"{"$schema": "https://json-schema.org/draft/2019-09/schema", "$recursiveAnchor": true, "allOf": [{"$recursiveRef": "#"}]}"##,
    ] {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), &[("main.json", text)]);
        let schema = Schema::load(Syntax::Json, folder.path(), "main.json").unwrap();
        assert_eq!(findings(&schema, Syntax::Json, r#"{"a": [{"b": 1}]}"#), [], "{text}");
    }
}

#[test]
fn elements_may_hold_themselves_and_files_include_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let tree = r#"<xs:include schemaLocation="b.xsd"/><xs:element name="a"><xs:complexType><xs:sequence>
        <xs:element ref="a" minOccurs="0"/><xs:element name="n" type="N" minOccurs="0"/></xs:sequence></xs:complexType></xs:element>"#;
    let back = r#"<xs:include schemaLocation="a.xsd"/><xs:simpleType name="N"><xs:restriction base="xs:int"/></xs:simpleType>"#;
    put(folder.path(), &[("a.xsd", &xsd(tree)), ("b.xsd", &xsd(back))]);
    let schema = Schema::load(Syntax::Xml, folder.path(), "a.xsd").unwrap();
    let deep = format!("{}<n>1</n>{}", "<a>".repeat(60), "</a>".repeat(60));
    assert_eq!(findings(&schema, Syntax::Xml, &deep), []);
    assert_eq!(findings(&schema, Syntax::Xml, &deep.replace('1', "x")).len(), 1);
    let list = r##"{"type": "object", "properties": {"next": {"$ref": "#"}, "n": {"type": "integer"}}}"##;
    put(folder.path(), &[("l.json", list)]);
    let schema = Schema::load(Syntax::Json, folder.path(), "l.json").unwrap();
    assert_eq!(findings(&schema, Syntax::Json, r#"{"next": {"next": {"n": "x"}}}"#).len(), 1);
}

#[test]
fn a_schema_has_so_many_files_of_so_many_bytes_and_no_more() {
    let chain = |files: usize| {
        let folder = tempfile::tempdir().unwrap();
        let includes =
            (1..files).map(|n| format!(r#"<xs:include schemaLocation="{n}.xsd"/>"#)).collect::<String>();
        put(folder.path(), &[("0.xsd", &xsd(&format!(r#"{includes}<xs:element name="a"/>"#)))]);
        (1..files).for_each(|n| put(folder.path(), &[(&format!("{n}.xsd"), &xsd(""))]));
        Schema::load(Syntax::Xml, folder.path(), "0.xsd").map(drop)
    };
    assert_eq!(chain(FILES_MAX), Ok(()));
    assert!(chain(FILES_MAX + 1).unwrap_err().0.contains("one file too many"));
    let sized = |bytes: u64| {
        let folder = tempfile::tempdir().unwrap();
        let text = xsd(r#"<xs:element name="a"/><!---->"#);
        let padding = "x".repeat(usize::try_from(bytes).unwrap() - text.len());
        put(folder.path(), &[("a.xsd", &text.replace("<!--", &format!("<!--{padding}")))]);
        Schema::load(Syntax::Xml, folder.path(), "a.xsd").map(drop)
    };
    assert_eq!(sized(FILE_BYTES_MAX), Ok(()));
    assert!(sized(FILE_BYTES_MAX + 1).unwrap_err().0.contains("bytes, at most"));
}

#[test]
fn a_pattern_that_never_ends_ends() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), &[("p.json", r#"{"properties": {"a": {"pattern": "^(?=x)(a|a?)+$"}}}"#)]);
    let schema = Schema::load(Syntax::Json, folder.path(), "p.json").unwrap();
    let text = format!(r#"{{"a": "{}"}}"#, "a".repeat(50_000));
    assert_eq!(findings(&schema, Syntax::Json, &text).len(), 1);
}

#[test]
fn no_document_makes_a_schema_panic() {
    let (xml, json) = (own(Syntax::Xml), own(Syntax::Json));
    let mut runner = TestRunner::default();
    let strategy = "[<>a-z/\"{}\\[\\]:,=0-9 \\\\]{0,80}";
    runner
        .run(&strategy, |text| {
            for (syntax, schema) in [(Syntax::Xml, &xml), (Syntax::Json, &json)] {
                if let Ok(decoded) = decode::decode(syntax, text.as_bytes(), &Limits::DEFAULT) {
                    let _ = schema.check(&decoded, text.as_bytes());
                }
            }
            Ok(())
        })
        .unwrap();
}

/// The shipped community whose operator has given Corvania's format a schema.
async fn with_schema() -> Community {
    let at = Community::shipped().await;
    put(&at.path("partners/formats/mec-origine-xml"), &OWN);
    at.edit(
        "formats/mec-origine-xml/format.toml",
        "lengths = \"characters\"",
        "lengths = \"characters\"\nschema = \"certificat.xsd\"",
    );
    at
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_against_its_schema_is_rejected_with_all_else_that_is_wrong() {
    let mut at = with_schema().await;
    at.start().await;
    let push = async |key: &str, text: String| {
        at.member("corvania").push(key, "application/xml", Vec::new(), text.into()).await.unwrap()
    };
    assert_eq!(push("right", sample(CORVANIAN)).await.status, 202);
    let wrong = sample(CORVANIAN).replacen("CVN/2026/000402", "SECRET", 1).replacen(
        "<Pays>XC</Pays>",
        "<Pays>SECRET</Pays>",
        1,
    );
    let answer = push("wrong", wrong).await;
    assert_eq!(answer.status, 422);
    let problem = answer.json();
    let codes: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["code-unknown", "schema-invalid"], "{problem:#}");
    assert!(!problem.to_string().contains("SECRET"), "{problem:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rendering_against_the_schema_is_not_sent_and_the_source_knows_it_at_once() {
    let mut at = with_schema().await;
    at.start().await;
    let mut story = Story::of(at);
    story.deliver("almora", "tea", Sheet::json(&tea("AL-7"))).await;
    story.reads(
        r#"
        almora tea: 202 m1, function 9, edi3-coo, AL-7 v1
          warning unrenderable
          delivered
          d1 to corvania (importing party by destinationCountry; its form demands /CertificatOrigine/Entete/NumeroCertificat: the schema of the format: the value does not match pattern 'CVN/[0-9]{4}/[0-9]{6}'): canonical-xml, 0 lost, delivered
          corvania gets d1 certificate full AL-7 v1, application/xml
        "#,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn check_names_the_line_that_asks_for_a_schema_that_is_none() {
    let at = with_schema().await;
    at.edit("formats/mec-origine-xml/types.xsd", "name=\"Numero\"", "name=\"Nombre\"");
    let problems = coohub::problem::Problems::default();
    let region = coohub::region::load::load(&at.path("partners"), None, &problems);
    let said: Vec<_> = problems.sorted().iter().map(ToString::to_string).collect();
    assert!(region.is_none());
    assert!(
        said.iter().any(|line| line.starts_with("formats/mec-origine-xml/format.toml:10:")
            && line.contains("schema: the type \"Numero\" is used and declared nowhere")),
        "{said:#?}"
    );
}
