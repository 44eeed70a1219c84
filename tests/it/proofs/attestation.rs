//! OpenAttestation 2.0: wrapped documents open, and no change to one goes unnoticed.

use std::path::PathBuf;

use coohub::{
    decode::{
        Decoded, decode,
        document::{Node, Scalar, Syntax},
        limit::Limits,
        schema::Schema,
        wrapping::{HIDDEN_VALUES_MAX, PROOF_STEPS_MAX},
    },
    map,
    model::finding::{Finding, Level},
};
use serde_json::{Value, json};

use super::wrapper::{digest, keccak, target, wrapped};
use crate::{
    flow::story::{Sheet, Story, tea},
    formats,
    support::{hub::sample, need::corpus},
};

fn open(wrapper: &Value) -> Result<Decoded, Finding> {
    decode(Syntax::Json, wrapper.to_string().as_bytes(), &Limits::default())
}

fn code(wrapper: &Value) -> &'static str {
    open(wrapper).map_or_else(
        |finding| finding.reason.code(),
        |decoded| if decoded.wrapped.is_some() { "opened" } else { "not wrapped" },
    )
}

fn small() -> Value {
    json!({
        "iD": "AL-1", "note": "dos: \"líneas\"\n", "flag": true, "weight": -12.50, "gone": null, "empty": "",
        "items": [{"name": "tea"}, {"name": "silk", "boxes": [[1, 2], []]}], "none": [], "nothing": {},
    })
}

#[test]
fn a_wrapped_document_reads_as_the_document_inside_with_its_types() {
    let decoded = open(&wrapped(&small(), &[])).unwrap();
    let plain = decode(Syntax::Json, small().to_string().as_bytes(), &Limits::default()).unwrap();
    fn content(node: &Node) -> Node {
        let children = node.children.iter().map(content).collect();
        Node { children, line: 0, column: 0, ..node.clone() }
    }
    let inside = Node { name: String::new(), ..content(&decoded.document.root) };
    assert_eq!(inside, content(&plain.document.root));
    let leaf = |name: &str| {
        let node = decoded.document.root.child(name).unwrap();
        (node.scalar, node.text.as_str())
    };
    assert_eq!(leaf("note"), (Scalar::Text, "dos: \"líneas\"\n"));
    assert_eq!((leaf("flag"), leaf("weight")), ((Scalar::Bool, "true"), (Scalar::Number, "-12.5")));
    assert_eq!((leaf("gone"), leaf("empty")), ((Scalar::Null, ""), (Scalar::Text, "")));
    let inside: Value = serde_json::from_slice(&decoded.inside.unwrap()).unwrap();
    assert_eq!(inside, small());
    let wrapped = decoded.wrapped.unwrap();
    assert_eq!((wrapped.target_hash, wrapped.hidden, wrapped.did_signed), (wrapped.merkle_root, 0, false));
}

#[test]
fn an_operators_schema_judges_what_is_inside_and_points_into_the_original() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        r#"{"properties": {"weight": {"type": "number"}, "flag": {"type": "string"}}, "required": ["iD"]}"#;
    std::fs::write(folder.path().join("coo.json"), text).unwrap();
    let schema = Schema::load(Syntax::Json, folder.path(), "coo.json").unwrap();
    let bytes = wrapped(&small(), &[]).to_string();
    let decoded = decode(Syntax::Json, bytes.as_bytes(), &Limits::default()).unwrap();
    let found = schema.check(&decoded, bytes.as_bytes());
    let places: Vec<_> = found.iter().map(|finding| finding.position.clone().unwrap()).collect();
    assert_eq!(
        places.iter().map(|place| place.path.as_str()).collect::<Vec<_>>(),
        ["/data/flag"],
        "{found:?}"
    );
    assert_eq!(
        usize::try_from(places[0].column).unwrap(),
        bytes.split_once(":boolean:").unwrap().0.chars().count() - 36
    );
}

#[test]
fn a_proof_leads_from_one_document_to_its_batch_to_its_limit() {
    let step = |number: usize| keccak(&number.to_be_bytes());
    let steps = |count: usize| (0..count).map(step).collect::<Vec<_>>();
    assert_eq!(code(&wrapped(&small(), &steps(3))), "opened");
    assert_eq!(code(&wrapped(&small(), &steps(PROOF_STEPS_MAX))), "opened");
    assert_eq!(code(&wrapped(&small(), &steps(PROOF_STEPS_MAX + 1))), "proof-structure");
    let mut other = wrapped(&small(), &steps(3));
    other["signature"]["proof"].as_array_mut().unwrap().swap(0, 1);
    assert_eq!(code(&other), "proof-invalid");
    other["signature"]["proof"] = json!([]);
    assert_eq!(code(&other), "proof-invalid");
}

#[test]
fn a_value_changed_moved_added_or_taken_away_is_noticed() {
    let good = wrapped(&small(), &[]);
    let with = |change: &dyn Fn(&mut Value)| {
        let mut wrapper = good.clone();
        change(&mut wrapper["data"]);
        code(&wrapper)
    };
    let text = |data: &Value, name: &str| data[name].as_str().unwrap().to_owned();
    assert_eq!(with(&|_| ()), "opened");
    assert_eq!(with(&|data| data["iD"] = json!(text(data, "iD").replace("AL-1", "AL-2"))), "proof-invalid");
    assert_eq!(with(&|data| data["iD"] = json!(text(data, "iD").replace("4000", "4001"))), "proof-invalid");
    assert_eq!(
        with(&|data| data["weight"] = json!(text(data, "weight").replace("number", "string"))),
        "proof-invalid"
    );
    assert_eq!(with(&|data| data["items"].as_array_mut().unwrap().swap(0, 1)), "proof-invalid");
    assert_eq!(with(&|data| data["remark"] = data["iD"].take()), "proof-structure", "nothing is left at iD");
    assert_eq!(with(&|data| drop(data.as_object_mut().unwrap().remove("iD"))), "proof-invalid");
    assert_eq!(with(&|data| data["number"] = data["iD"].clone()), "proof-invalid");
    assert_eq!(with(&|data| data["items"][0]["extra"] = data["iD"].clone()), "proof-invalid");
    assert_eq!(with(&|data| data["none"] = json!({})), "proof-invalid");
    assert_eq!(with(&|data| drop(data.as_object_mut().unwrap().remove("none"))), "proof-invalid");
    // OpenAttestation itself passes over a member of this name.
    assert_eq!(with(&|data| data["undefined"] = data["iD"].clone()), "proof-invalid");
    // Another order of members is the same document.
    assert_eq!(with(&|data| data.as_object_mut().unwrap().sort_keys()), "opened");
}

#[test]
fn names_that_could_stand_for_another_place_are_refused() {
    for document in [
        json!({"items": {"0": {"name": "tea"}}}),
        json!({"items.0.name": "tea"}),
        json!({"items": {"": "tea"}}),
        json!({"items": [{"a.b": "tea"}]}),
    ] {
        assert_eq!(code(&wrapped(&document, &[])), "proof-structure", "{document}");
    }
    // The digests of a list and of an object with digits for names are the same: only the name tells them apart.
    let list = wrapped(&json!({"items": [{"name": "tea"}]}), &[]);
    let mut object = list.clone();
    object["data"]["items"] = json!({"0": list["data"]["items"][0]});
    assert_eq!(target(&list["data"], &[]), target(&object["data"], &[]));
    assert_eq!(code(&object), "proof-structure");
}

#[test]
fn values_that_are_not_salted_are_refused_where_they_stand() {
    let salt = "12345678-1234-4234-8234-123456789abc";
    for value in [
        json!("tea"),
        json!(12),
        json!(true),
        json!(null),
        json!(""),
        json!(salt),
        json!(format!("{salt}:string")),
        json!(format!("{salt}:text:tea")),
        json!(format!("{salt}:object:tea")),
        json!(format!("{salt}:number:12,5")),
        json!(format!("{salt}:number:NaN")),
        json!(format!("{salt}:number: 1")),
        json!(format!("{salt}:number:")),
        json!(format!("{salt}:boolean:yes")),
        json!(format!("{salt}:null:")),
        json!(format!("{salt}string:tea")),
        json!(format!("g{}:string:tea", &salt[1..])),
        json!(format!("{}é:string:tea", &salt[2..])),
        json!("12345678123442348234123456789abc1234:string:tea"),
    ] {
        let data = json!({"a": {"b": [value]}});
        let mut wrapper = wrapped(&json!({}), &[]);
        wrapper["signature"]["targetHash"] = json!(target(&data, &[]));
        wrapper["signature"]["merkleRoot"] = json!(target(&data, &[]));
        wrapper["data"] = data;
        let finding = open(&wrapper).err().unwrap_or_else(|| panic!("{value} was opened"));
        assert_eq!(finding.reason.code(), "proof-structure", "{value}");
        assert_eq!(finding.position.unwrap().path, "/data/a/b/0", "{value}");
    }
}

#[test]
fn a_wrapper_that_is_not_of_its_form_is_refused() {
    let refused = |pointer: &str, value: Option<Value>| {
        let mut wrapper = wrapped(&small(), &[keccak(b"x")]);
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = wrapper.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Some(value) => drop(parent.insert(name.to_owned(), value)),
            None => drop(parent.remove(name)),
        }
        assert_eq!(code(&wrapper), "proof-structure", "{pointer}");
    };
    let hash = keccak(b"x");
    for pointer in
        ["/signature", "/signature/type", "/signature/targetHash", "/signature/merkleRoot", "/data"]
    {
        refused(pointer, None);
    }
    refused("/data", Some(json!("x")));
    refused("/data", Some(json!([{}])));
    refused("/signature", Some(json!("x")));
    refused("/signature/type", Some(json!("SHA256MerkleProof")));
    for bad in [
        json!(&hash[1..]),
        json!(format!("{hash}0")),
        json!(format!("0x{}", &hash[2..])),
        json!(hash.to_uppercase()),
        json!(1),
        json!(null),
        json!([hash]),
    ] {
        refused("/signature/targetHash", Some(bad.clone()));
        refused("/signature/merkleRoot", Some(bad.clone()));
        refused("/signature/proof", Some(json!([hash, bad])));
        refused("/privacy", Some(json!({"obfuscatedData": [bad]})));
    }
    refused("/signature/proof", Some(json!(hash)));
    refused("/privacy", Some(json!({"obfuscatedData": hash})));
    refused("/supplyChainConsignment", Some(json!({"information": "not covered"})));
    refused("/issuers", Some(json!({})));
}

#[test]
fn hidden_values_count_by_their_digests_and_are_told() {
    let mut wrapper = wrapped(&small(), &[]);
    let note = wrapper["data"].as_object_mut().unwrap().remove("note").unwrap();
    assert_eq!(code(&wrapper), "proof-invalid");
    wrapper["privacy"] = json!({"obfuscatedData": [digest("note", &note)]});
    let wrapped = open(&wrapper).unwrap().wrapped.unwrap();
    assert_eq!(wrapped.hidden, 1);
    let levels: Vec<Level> = wrapped.findings().iter().map(|finding| finding.level).collect();
    assert_eq!(levels, [Level::Info, Level::Warning]);
    wrapper["privacy"]["obfuscatedData"] = json!([digest("note", &note), digest("more", &note)]);
    assert_eq!(code(&wrapper), "proof-invalid", "nothing can be added as hidden");
    let many = |count: usize| {
        let hidden: Vec<String> = (0..count).map(|number| keccak(&number.to_be_bytes())).collect();
        let target = target(&wrapper["data"], &hidden);
        let mut wrapper = wrapper.clone();
        wrapper["privacy"]["obfuscatedData"] = json!(hidden);
        wrapper["signature"]["targetHash"] = json!(target);
        wrapper["signature"]["merkleRoot"] = json!(target);
        code(&wrapper)
    };
    assert_eq!(many(HIDDEN_VALUES_MAX), "opened");
    assert_eq!(many(HIDDEN_VALUES_MAX + 1), "proof-structure");
}

#[test]
fn a_did_signature_is_said_to_be_unverified() {
    let mut wrapper = wrapped(&small(), &[]);
    wrapper["proof"] = json!([{
        "type": "OpenAttestationSignature2018", "proofPurpose": "assertionMethod",
        "verificationMethod": "did:ethr:0x1245e5B64D785b25057f7438F715f4aA5D965733#controller", "signature": "0x00",
    }]);
    let findings = open(&wrapper).unwrap().wrapped.unwrap().findings();
    assert!(findings[0].advice.ends_with("its signature under a DID was not verified"), "{}", findings[0]);
}

#[test]
fn a_mutated_wrapper_opens_to_the_same_document_or_not_at_all() {
    let good = wrapped(&small(), &[keccak(b"x")]).to_string();
    let inside = |text: &[u8]| {
        let decoded = decode(Syntax::Json, text, &Limits::default()).ok()?;
        fn content(node: &Node) -> String {
            let children: String = node.children.iter().map(content).collect();
            format!("({} {:?} {:?} {} {children})", node.name, node.scalar, node.text, node.listed)
        }
        decoded.wrapped.map(|_| content(&decoded.document.root))
    };
    let original = inside(good.as_bytes()).unwrap();
    for at in 0..good.len() {
        for byte in [b'0', b'.'] {
            let mut bytes = good.clone().into_bytes();
            bytes[at] = byte;
            if let Some(found) = inside(&bytes) {
                assert_eq!(found, original, "byte {at} made {:?}", char::from(byte));
            }
            bytes.remove(at);
            if let Some(found) = inside(&bytes) {
                assert_eq!(found, original, "byte {at} taken away");
            }
        }
    }
}

#[test]
fn the_wrapped_document_of_the_corpus_recomputes_and_maps() {
    let Some(bytes) = corpus("edi3-coo/OA-Sample-minimal-pdf.json") else { return };
    let decoded = decode(Syntax::Json, &bytes, &Limits::default()).unwrap();
    let wrapped = decoded.wrapped.clone().unwrap();
    assert_eq!(
        (wrapped.target_hash.to_string().as_str(), wrapped.merkle_root.to_string().as_str()),
        (
            "7f876dd0f655debb7ba0f2d0e79247e61a03c1fd60c12a04a7e46af09e3101cf",
            "bbf657112762671d5f86420ecdc89d74f98d5f3b4f0f97c131e40710dc47383b"
        )
    );
    let table = formats::table("tradetrust-coo");
    assert!(table.takes(&decoded));
    let draft = map::map(&table, &decoded.document);
    assert_eq!(draft.identity.number.as_deref(), Some("wfa.org.au:coo:WBC208897"));
    let lines = formats::lines(&draft.certificate);
    // A boolean and a number: their types stand in the salt alone.
    for line in ["preferential = true", "items[3].number = 3", "items[3].origin.criterion = PSR"] {
        assert!(lines.iter().any(|found| found == line), "{line} is missing in {lines:#?}");
    }
    assert!(draft.remainder.iter().all(|(path, _)| path.starts_with("/data/")));
    // Positions are those of the original.
    let (_, position) = draft.sources.iter().find(|(place, _)| place.path() == "number").unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let line = text.lines().nth(usize::try_from(position.line).unwrap() - 1).unwrap();
    assert!(line.contains("WBC208897") && position.path == "/data/iD", "{position}: {line}");
}

#[test]
fn the_bare_documents_of_the_corpus_wrap_and_open() {
    for file in [
        "edi3-coo/CertificateOfOrigin.sampleFull.json",
        "chafta/sampleV2.ChaftaCooSampleV2.json",
        "openattestation/sample-data.sampleDocument.json",
    ] {
        let Some(bytes) = corpus(file) else { return };
        let document: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(code(&document), "not wrapped", "{file}");
        assert_eq!(code(&wrapped(&document, &[keccak(file.as_bytes())])), "opened", "{file}");
    }
}

#[test]
fn the_shipped_wrapped_sample_is_the_shipped_sample_wrapped() {
    let tea: Value = serde_json::from_str(&sample("edi3-coo/samples/almora-corvania-tea.json")).unwrap();
    let made =
        serde_json::to_string_pretty(&wrapped(&tea, &[keccak(b"the rest of the batch")])).unwrap() + "\n";
    let file = "edi3-coo/samples/almora-corvania-tea-wrapped.json";
    if std::env::var_os("COOHUB_BLESS").is_some() {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("partners/formats").join(file);
        std::fs::write(path, &made).unwrap();
    }
    assert_eq!(sample(file), made);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrapped_certificate_is_accepted_as_what_is_inside_and_its_receipt_says_so() {
    let mut story = Story::begin().await;
    let wrapper = wrapped(&tea("AL-1"), &[]);
    story.deliver("almora", "wrapped", Sheet::json(&wrapper)).await;
    story.push("almora", "bare", Sheet::json(&tea("AL-1"))).await;
    let mut changed = wrapped(&tea("AL-2"), &[]);
    changed["data"]["status"] = wrapper["data"]["iD"].clone();
    story.push("almora", "changed", Sheet::json(&changed)).await;
    let mut newer = wrapped(&tea("AL-3"), &[]);
    newer["version"] = json!("https://schema.openattestation.com/3.0/schema.json");
    story.push("almora", "newer", Sheet::json(&newer)).await;
    let credential =
        json!({"@context": ["https://www.w3.org/2018/credentials/v1"], "credentialSubject": tea("AL-4")});
    story.push("almora", "credential", Sheet::json(&credential)).await;
    story.push("corvania", "not-theirs", Sheet::json(&wrapper)).await;
    story.reads(
        r#"
        almora wrapped: 202 m1, function 9, edi3-coo, AL-1 v1
          info wrapped
          delivered
          d1 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          corvania gets d1 certificate full AL-1 v1, application/xml
        almora bare: 202 m2, function 9, edi3-coo, AL-1 v1
          the same as m1
        almora changed: 422 proof-invalid: targetHash is not that of data: a value, its salt or its place was changed after wrapping
        almora newer: 422 format-unknown: the document is in no format this member sends: edi3-coo; of the OpenAttestation wrappers only 2.0 is taken; wrap by that, or send what is inside
        almora credential: 422 format-unknown: the document is in no format this member sends: edi3-coo; a W3C credential is taken only where a format reads it; send what is inside
        corvania not-theirs: 422 format-not-allowed: the document is in the format edi3-coo, which this member does not send; it sends: mec-origine-xml
        "#,
    );
    let original = story.at.hub().store().counts().await.unwrap();
    assert_eq!(original.messages, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrapper_is_no_officials_signature() {
    let mut story = Story::begin().await;
    story.at.stop().await;
    story.at.edit("agreements/mecta.toml", "proof = \"connection\"", "proof = \"official\"");
    story.at.start().await;
    story.push("almora", "wrapped", Sheet::json(&wrapped(&tea("AL-1"), &[]))).await;
    story.reads(
        r#"
        almora wrapped: 422 not-issued: this is not an issued certificate: it lacks the official's signature; send it once it is issued
        "#,
    );
}
