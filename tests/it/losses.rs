//! What the real edi3 document loses in each format of the community and in CT-1, compared exactly.
//!
//! `losses/edi3-sample.<format>.txt` was written from the crosswalk of fields before anything was rendered. It names the
//! fields the format demands and the document cannot fill, then every place that does not arrive.

use std::collections::BTreeSet;

use coohub::{decode::document::Syntax, map, model::certificate::Place, render};

use crate::formats::{corpus, document, mapped, samples, table};

#[test]
fn the_real_edi3_document_loses_in_the_xml_profile_what_the_crosswalk_says() {
    loses("mec-origine-xml", include_str!("losses/edi3-sample.mec-origine-xml.txt"));
}

#[test]
fn the_real_edi3_document_loses_in_the_csv_profile_what_the_crosswalk_says() {
    loses("mec-csv", include_str!("losses/edi3-sample.mec-csv.txt"));
}

#[test]
fn the_real_edi3_document_cannot_be_a_russian_certificate_and_the_missing_fields_are_named() {
    loses("ru-ct1", include_str!("losses/edi3-sample.ru-ct1.txt"));
}

#[test]
fn both_data_profiles_take_what_edi3_and_cod_bring() {
    let mut refused = Vec::new();
    for source in ["edi3-coo", "aladi-cod"].map(table) {
        for sample in samples(&source) {
            let certificate = mapped(&source, &sample).certificate;
            let name = sample.file_name().unwrap().to_str().unwrap().to_owned();
            for target in ["mec-origine-xml", "mec-csv"].map(table) {
                let unfilled = render::trace(&target, &certificate).unfilled;
                refused.extend(unfilled.iter().map(|field| format!("{name} in {}: {}", target.id, field.at)));
            }
        }
    }
    // Form A14 of the COD may leave the country of destination out; a ministry of the community insists on it.
    let expected = [
        "a14-forma14-cafe.xml in mec-origine-xml: Pays/Importation",
        "a14-forma14-cafe.xml in mec-csv: row[]/destination_country",
    ];
    assert_eq!(refused, expected);
}

fn loses(format: &str, expected: &str) {
    let Some(bytes) = corpus("edi3-coo/CertificateOfOrigin.sampleFull.json") else { return };
    let certificate = map::map(&table("edi3-coo"), &document(Syntax::Json, &bytes)).certificate;
    let (unfilled, losses) = match render::render(&table(format), &certificate) {
        Ok(rendered) => (Vec::new(), rendered.losses),
        Err(unrenderable) => (unrenderable.fields, unrenderable.losses),
    };
    let unfilled = unfilled.iter().map(|field| {
        let place = field.place.map(|place| place.path()).unwrap_or_default();
        format!("unrenderable: {} {place}", field.at)
    });
    let found: BTreeSet<String> = unfilled.chain(losses.iter().map(Place::path)).collect();
    let expected: BTreeSet<String> = expected.lines().map(ToOwned::to_owned).collect();
    let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect::<Vec<_>>();
    let (surprising, absent) = (only(&found, &expected), only(&expected, &found));
    assert_eq!(
        (surprising, absent),
        (Vec::new(), Vec::new()),
        "towards {format}: lost unforeseen, foreseen but kept"
    );
}
