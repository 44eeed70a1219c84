//! Real documents, read from the corpus beside the project where it is present.

use std::ffi::OsString;

use super::story::{Sheet, Story};
use crate::support::{command, hub::Community, need::corpus, region::TestRegion};

const UNSIGNED_COD: &str = "aladi-cod/A14-FormA18-unsigned.xml";

/// Argentina sends COD, which must be signed by exporter and official.
fn a14() -> TestRegion {
    TestRegion::a14()
        .edit("members/argentina.toml", "sends = [\"canonical-json\"]", "sends = [\"aladi-cod\"]")
        .edit(
            "agreements/a14.toml",
            "proof = \"connection\"",
            "aliases = [\"A14\"]\nproof = \"exporter-and-official\"",
        )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exporters_unsigned_cod_is_not_issued_and_is_told_what_it_lacks() {
    let Some(cod) = corpus(UNSIGNED_COD) else { return };
    let mut at = Community::of(a14().write()).await;
    at.start().await;
    let mut story = Story::of(at);
    story.push("argentina", "unsigned", Sheet::xml(cod)).await;
    story.reads(
        r#"
        argentina unsigned: 422 not-issued: this is not an issued certificate: it lacks the issuing body, the certificate number, the issue date, the exporter's signature, the official's signature; send it once it is issued
        "#,
    );
    assert_eq!(story.at.hub().store().counts().await.unwrap().messages, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_cod_is_mapped_whole_on_the_command_line() {
    if corpus(UNSIGNED_COD).is_none() {
        return;
    }
    let at = Community::of(a14().write()).await;
    let file = format!("{}/../shared/corpus/{UNSIGNED_COD}", env!("CARGO_MANIFEST_DIR"));
    let region = at.path("partners").into_os_string();
    let arguments = ["map", &file, "--to", "canonical", "--region"].map(OsString::from);
    let (code, out, err) = command::coohub(arguments.into_iter().chain([region]));
    assert_eq!(code, 0, "{err}");
    assert!(
        err.contains("not issued: it lacks the issuing body, the certificate number, the issue date"),
        "{err}"
    );
    for text in ["IVECO ARGENTINA SA", "0200-00002657", "84089090", "CNH INDUSTRIAL BRASIL", "66810.500000"] {
        assert!(out.contains(text), "{text} is missing in\n{out}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_edi3_sample_goes_in_and_comes_out_as_canonical_and_as_original() {
    let Some(document) = corpus("edi3-coo/CertificateOfOrigin.sampleFull.json") else { return };
    let region = TestRegion::chafta()
        .edit("members/australia.toml", "sends = [\"canonical-json\"]", "sends = [\"edi3-coo\"]")
        .edit("members/australia.toml", "id = \"AU1\"", "id = \"id:wfa.org.au\"");
    let mut at = Community::of(region.write()).await;
    at.start().await;
    let mut story = Story::of(at);
    let wine = Sheet::new("application/json", document.clone());
    story.deliver("australia", "wine", wine).await;
    let bodies = story.collect("china").await;
    story.reads(
        r#"
        australia wine: 202 m1, function 9, edi3-coo, wfa.org.au:coo:WBC208897 v1
          warning field-invalid
          routed
          d1 to china (importing party by destinationCountry): canonical-json, 0 lost, pending
          china collects d1 certificate full wfa.org.au:coo:WBC208897 v1, application/json, acknowledged: 200
        "#,
    );
    let canonical = String::from_utf8(bodies[0].clone()).unwrap();
    for text in ["wfa.org.au:coo:WBC208897", "East meets west fine wines", "Australian Grape and Wine"] {
        assert!(canonical.contains(text), "{text} is missing in\n{canonical}");
    }
    let path = format!("/v1/deliveries/{}/original", story.id("d1"));
    let original = story.at.member("china").get(&path).await.unwrap();
    assert_eq!((original.status, original.body.as_ref()), (200, document.as_slice()));
}
