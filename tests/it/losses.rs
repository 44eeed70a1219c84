//! What the community's data profiles can take. (What the real edi3 document loses is compared in `formats`.)

use coohub::render;

use crate::formats::{mapped, samples, table};

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
    // Form A14 of the COD may leave the country of destination out, form A33 has no place for it; a ministry of the
    // community insists on it.
    let expected = [
        "a14-forma14-cafe.xml in mec-origine-xml: Pays/Importation",
        "a14-forma14-cafe.xml in mec-csv: row[]/destination_country",
        "a33-forma33-botellas.xml in mec-origine-xml: Pays/Importation",
        "a33-forma33-botellas.xml in mec-csv: row[]/destination_country",
    ];
    assert_eq!(refused, expected);
}
