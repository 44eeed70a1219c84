//! What a source is told of a bad document, whole lines: weight, reason, canonical field with its WCO id, path, line and
//! column in the source's own document, and what would be right.
//!
//! Method: a shipped sample with one fault, read as the hub reads it, and every line that comes of it.

use std::path::Path;

use coohub::{
    decode::{self, limit::Limits},
    map,
    model::finding::Finding,
    problem::Problems,
    region::{Region, load},
    validate,
};

use crate::{formats::table, support::hub::sample};

/// Everything found about a document, from the guard to the judge of codes.
fn found(region: &Region, id: &str, text: &str) -> Vec<Finding> {
    let table = table(id);
    let decoded = match decode::decode(table.syntax, text.as_bytes(), &Limits::DEFAULT) {
        Ok(decoded) => decoded,
        Err(finding) => return vec![finding],
    };
    let draft = map::map(&table, &decoded.document);
    let look = validate::look(&draft, region, region.agreement("mecta"));
    draft.findings.into_iter().chain(look).collect()
}

fn region() -> Region {
    let problems = Problems::default();
    let partners = Path::new(env!("CARGO_MANIFEST_DIR")).join("partners");
    load::load(&partners, None, &problems).unwrap_or_else(|| panic!("{:#?}", problems.sorted()))
}

const XML: (&str, &str) = ("mec-origine-xml", "mec-origine-xml/samples/corvania-dunmere.xml");
const COD: (&str, &str) = ("aladi-cod", "aladi-cod/samples/a14-forma18-motores.xml");
const JSON: (&str, &str) = ("edi3-coo", "edi3-coo/samples/almora-corvania-tea.json");
const CSV: (&str, &str) = ("mec-csv", "mec-csv/samples/dunmere-estalia.csv");

/// A fault: the sample, what is replaced, and the lines that come of it.
type Fault = ((&'static str, &'static str), (&'static str, &'static str), &'static [&'static str]);

const FAULTS: &[Fault] = &[
    (
        XML,
        ("<CodeSH>901520</CodeSH>", "<CodeSH>90</CodeSH>"),
        &[
            "warning field-invalid items[1].hs.code (WCO 145) at /CertificatOrigine/Marchandises/Article[1]/CodeSH (line 72, column 7): a tariff code has 4 to 12 digits, with or without dots",
        ],
    ),
    (
        XML,
        ("<Importation>XD</Importation>", "<Importation>Dunmere</Importation>"),
        &[
            "severe code-unknown destinationCountry (WCO 465) at /CertificatOrigine/Pays/Importation (line 48, column 5): use a code of the format's list for destinationCountry",
        ],
    ),
    (
        XML,
        ("<DateDepart>2026-06-12T18:00:00Z<", "<DateDepart>12/06/2026<"),
        &[
            "warning field-invalid transport.departureDate (WCO 156) at /CertificatOrigine/Transport/DateDepart (line 51, column 5): this text is not a date such as 2026-03-31 or 2026-03-31T08:00:00Z",
        ],
    ),
    (
        XML,
        ("<NumeroCertificat>CVN/2026/000318</NumeroCertificat>", ""),
        &[
            "severe field-missing number (WCO D014) at /CertificatOrigine/Entete/NumeroCertificat (line 3, column 3): the format demands Entete/NumeroCertificat",
        ],
    ),
    (
        XML,
        ("<Facture>1</Facture>", "<Facture>7</Facture>"),
        &[
            "warning link-broken items[1].invoice at /CertificatOrigine/Marchandises/Article[1]/Facture (line 70, column 7): name the order number of one of invoices[]",
        ],
    ),
    (
        XML,
        ("<PaysOrigine>XC</PaysOrigine>", "<PaysOrigine>XC</PaysOrigine>\n<PaysOrigine>XA</PaysOrigine>"),
        &[
            "warning field-invalid items[1].origin.country (WCO 063) at /CertificatOrigine/Marchandises/Article[1]/PaysOrigine[2] (line 74, column 1): this stands here once; the first one counts",
        ],
    ),
    (
        XML,
        ("<Critere>PSR</Critere>", "<Critere>CTSH</Critere>"),
        &[
            "warning code-unknown items[1].origin.criterion (WCO 436) at /CertificatOrigine/Marchandises/Article[1]/Critere (line 74, column 7): the agreement's criteria are WO, WP, PE, PSR, CTC, RVC",
        ],
    ),
    (
        XML,
        ("<Code>XDDUN</Code>", "<Code>DUN</Code>"),
        &[
            "warning field-invalid transport.unloading.id (WCO L013) at /CertificatOrigine/Transport/LieuDechargement/Code (line 57, column 7): a UN/LOCODE has five characters, such as AUMEL: the country's two, and three for the place",
        ],
    ),
    (
        XML,
        ("</Transport>", "</Transprt>"),
        &[
            "severe xml-malformed at /CertificatOrigine/Transport (line 60, column 3): close every tag, comment, quotation and reference, in order of opening",
        ],
    ),
    (
        XML,
        ("<Factures>", "<!DOCTYPE a><Factures>"),
        &["severe xml-dtd at /CertificatOrigine (line 61, column 3): remove the document type declaration"],
    ),
    (
        COD,
        ("<GoodsQty>4</GoodsQty>", "<GoodsQty>5</GoodsQty>"),
        &[
            "warning count-mismatch at /Envelope/CertOrigin/CODEH/CODExporter/COD/FormA18/GoodsList/GoodsQty (line 41, column 15): the document has 4 of items[]; say the same here",
        ],
    ),
    (
        COD,
        ("<GoodsItemMeasureUnit>UNIDADES<", "<GoodsItemMeasureUnit>FARDOS<"),
        &[
            "warning code-unknown items[1].quantityUnit at /Envelope/CertOrigin/CODEH/CODExporter/COD/FormA18/GoodsList/Goods[1]/GoodsItemMeasureUnit (line 48, column 17): no code is known for this word; use one of the format's list for items[].quantityUnit; it is kept as text",
        ],
    ),
    (
        COD,
        ("<GoodsItemWeightAmount>48<", "<GoodsItemWeightAmount>4500.00001<"),
        &[
            "warning field-invalid items[1].quantity (WCO 130) at /Envelope/CertOrigin/CODEH/CODExporter/COD/FormA18/GoodsList/Goods[1]/GoodsItemWeightAmount (line 47, column 17): the format allows 16 digits, 4 of them after the point",
        ],
    ),
    (
        COD,
        ("AR004A14260000042100", "AR004A142600004210"),
        &[
            "severe field-invalid number (WCO D014) at /Envelope/CertOrigin/CODEH/CertificationEH/CertificateID (line 135, column 9): a number of this format has 20 or 26 characters",
        ],
    ),
    (
        JSON,
        ("\"2026-05-18T10:12:00+02:00\"", "\"18 May 2026\""),
        &[
            "severe field-invalid issueDate (WCO D011) at /issueDateTime (line 3, column 20): this text is not a date such as 2026-03-31 or 2026-03-31T08:00:00Z",
        ],
    ),
    (
        JSON,
        ("unece.un.org:locode:XAPAL", "XAPAL"),
        &[
            "warning field-invalid issuePlace.id (WCO D012) at /issueLocation/iD (line 20, column 11): this text does not have the form unece[.]un[.]org:locode:[A-Z]{2}[A-Z2-9]{3}",
        ],
    ),
    (
        JSON,
        ("\"code\": \"XC\"", "\"code\": \"Ruritania\""),
        &[
            "severe code-unknown destinationCountry (WCO 465) at /supplyChainConsignment/importCountry/code (line 55, column 15): use a code of the format's list for destinationCountry",
        ],
    ),
    (
        JSON,
        ("\"isPreferential\": true", "\"isPreferential\": \"perhaps\""),
        &[
            "warning field-invalid preferential at /isPreferential (line 34, column 21): this text is neither true nor false",
        ],
    ),
    (
        JSON,
        ("\"status\": \"issued\"", "\"iD\": \"x\""),
        &["severe json-duplicate-key at /iD (line 33, column 3): give each name once in an object"],
    ),
    (
        JSON,
        ("\"isPreferential\": true,", "\"isPreferential\": true"),
        &["severe json-malformed at line 35, column 3: separate values by commas and close what is opened"],
    ),
    (
        CSV,
        (",901520,", ",9O1520,"),
        &[
            "warning field-invalid items[1].hs.code (WCO 145) at row 1, column \"hs_code\" (line 2): a tariff code has 4 to 12 digits, with or without dots",
        ],
    ),
    (
        CSV,
        (",2026-07-02T09:00:00+02:00,", ",2 July 2026,"),
        &[
            "severe field-invalid issueDate (WCO D011) at row 1, column \"issue_date\" (line 2): this text is not a date such as 2026-03-31 or 2026-03-31T08:00:00Z",
        ],
    ),
    (
        CSV,
        (",yes,", ",oui,"),
        &[
            "warning field-invalid preferential at row 1, column \"preferential\" (line 2): this text is neither yes nor no",
        ],
    ),
    (
        CSV,
        ("D-26-0044,", ","),
        &[
            "severe field-missing number (WCO D014) at row 1, column \"certificate_number\" (line 2, column 1): the format demands row[]/certificate_number",
        ],
    ),
    (
        CSV,
        (",certified_by\r\n", "\r\n"),
        &["severe csv-malformed at row 1 (line 2): give every row the 77 cells of the header"],
    ),
    (
        CSV,
        ("certified_by\r\n", "certified_by\r\n\"x\"y,"),
        &[
            "severe csv-malformed at line 2, column 4: quote a whole cell and double each quotation mark in it",
        ],
    ),
];

#[test]
fn each_fault_is_told_with_place_field_and_remedy() {
    let region = region();
    let mut wrong = String::new();
    for ((id, file), (from, to), expected) in FAULTS {
        let text = sample(file);
        assert!(text.contains(from), "{file} has no {from}");
        let told: Vec<String> =
            found(&region, id, &text.replacen(from, to, 1)).iter().map(ToString::to_string).collect();
        if told != *expected {
            wrong += &format!("{id} {to:?}:\n    {}\n", told.join("\n    "));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn a_good_sample_says_nothing() {
    let region = region();
    for (id, file) in [XML, COD, JSON, CSV] {
        assert_eq!(found(&region, id, &sample(file)), Vec::new(), "{file}");
    }
}
