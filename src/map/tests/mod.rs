//! What mapping gives for small tables; real formats are tested over their samples in `tests/it/formats.rs`.

mod constructs;

use std::path::Path;

use crate::{
    decode::{self, document::Syntax, limit::Limits},
    format::Table,
    model::{finding::Level, id::FormatId, reason::Reason},
    problem::Problems,
};

use super::*;

const HEAD: &str = "title = \"t\"\nsource = \"s\"\nrole = \"data\"\nsyntax = \"xml\"\nreads = true\nwrites = true\n\
                    [recognise]\nroot = \"Coo\"\n[identity]\nnumber = \"number\"\n";

fn table(text: &str) -> Table {
    let problems = Problems::default();
    let codes = Path::new(env!("CARGO_MANIFEST_DIR")).join("partners/formats/codes");
    let table = Table::read(
        &FormatId::new("test").unwrap(),
        &format!("{HEAD}{text}"),
        &codes,
        "format.toml",
        &problems,
    );
    let problems = problems.sorted();
    table.unwrap_or_else(|| panic!("{problems:#?}"))
}

fn rows(rows: &str) -> Table {
    table(&format!("[[block]]\nrows = [\n{{ at = \"Number\", is = \"number\" }},\n{rows}\n]\n"))
}

fn read(table: &Table, xml: &str) -> Draft {
    let decoded = decode::decode(Syntax::Xml, xml.as_bytes(), &Limits::default()).unwrap();
    assert!(table.recognises(&decoded.document));
    map(table, &decoded.document)
}

fn at(draft: &Draft, path: &str) -> Option<String> {
    draft.certificate.iter().find(|(place, _)| place.path() == path).map(|(_, value)| value.to_string())
}

fn findings(draft: &Draft) -> Vec<String> {
    draft.findings.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_dropped_is_not_kept_where_its_element_is_not_read_either() {
    let list = "[[list]]\nis = \"items[]\"\nat = \"Goods[]\"\nwhere = \"Flag\"\nequals = \"N\"\n";
    let block = "[[block]]\nrows = [\n{ at = \"Head/Number\", is = \"number\" },\n{ at = \"Head/Person\", drop = \"id\" },\n\
                 { at = \"Head/@person\", drop = \"id\" },\n{ at = \"Goods[]/Name\", is = \"items[].description\" },\n\
                 { at = \"Goods[]/Packer\", drop = \"id\" },\n]\n";
    let draft = read(
        &table(&format!("{list}{block}")),
        "<Coo><Head><Number>7</Number><Person>secret</Person></Head>\
         <Head person='secret'><Number>8</Number><Person>secret</Person></Head>\
         <Goods><Flag>Y</Flag><Name>box</Name><Packer><Id>secret</Id></Packer></Goods></Coo>",
    );
    assert!(!format!("{:?}", draft.remainder).contains("secret"), "{:?}", draft.remainder);
    assert!(draft.remainder.contains(&("/Coo/Head[2]/Number".to_owned(), "8".to_owned())));
}

#[test]
fn what_no_row_maps_is_kept_with_its_path_and_what_is_dropped_is_not() {
    let table = rows("{ at = \"Person\", drop = \"a person's id number\" },");
    let draft = read(
        &table,
        "<Coo a='1'><Number>7</Number><Number>8</Number><Person><Id>secret</Id></Person><Person>too</Person><X><Y>z</Y></X></Coo>",
    );
    let kept = [("/Coo/@a", "1"), ("/Coo/Number[2]", "8"), ("/Coo/X/Y", "z")];
    assert_eq!(draft.remainder, kept.map(|(path, text)| (path.to_owned(), text.to_owned())));
    assert_eq!(at(&draft, "number").as_deref(), Some("7"));
    assert_eq!(draft.identity.number.as_deref(), Some("7"));
}

#[test]
fn a_second_element_where_there_is_one_is_told_and_severe_where_it_could_be_taken_for_the_identity() {
    let table = rows("{ at = \"Note\", is = \"remarks\" },");
    let draft = read(&table, "<Coo><Number>7</Number><Note>a</Note><Note>b</Note><Number>8</Number></Coo>");
    let told = draft.findings.iter().map(|finding| (finding.reason, finding.level));
    let again = Reason::FieldInvalid;
    assert_eq!(told.collect::<Vec<_>>(), [(again, Level::Warning), (again, Level::Severe)]);
}

#[test]
fn a_text_that_is_no_value_is_reported_where_it_stands_and_kept() {
    let table = rows(
        "{ at = \"Weight\", is = \"totals.grossWeight\" },\n{ at = \"To\", is = \"destinationCountry\", codes = \"countries\" },",
    );
    let draft = read(&table, "<Coo>\n<Number>7</Number>\n<Weight>1,5</Weight><To>ZZ</To></Coo>");
    assert_eq!(
        findings(&draft),
        [
            "warning field-invalid totals.grossWeight (WCO 131) at /Coo/Weight (line 3, column 1): this text is not a decimal number such as 1250.75",
            "severe code-unknown destinationCountry (WCO 465) at /Coo/To (line 3, column 21): use a code of the format's list for destinationCountry",
        ]
    );
    assert_eq!(draft.remainder.len(), 2);
}

#[test]
fn a_count_that_does_not_agree_and_a_broken_link_are_reported() {
    let table = table(
        "[[list]]\nis = \"invoices[]\"\nat = \"Invoice[]\"\n[[list]]\nis = \"items[]\"\nat = \"Goods[]\"\n\
         [[block]]\nrows = [\n{ at = \"Number\", is = \"number\" },\n{ at = \"Count\", count = \"items[]\" },\n\
         { at = \"Invoice[]/No\", ordinal = true },\n{ at = \"Invoice[]/Id\", is = \"invoices[].id\" },\n\
         { at = \"Goods[]/Invoice\", is = \"items[].invoice\", key = \"invoices[]\" },\n\
         { at = \"Goods[]/Name\", is = \"items[].description\" },\n]\n",
    );
    let draft = read(
        &table,
        "<Coo><Number>7</Number><Count>3</Count>\
         <Goods><Invoice>20</Invoice><Name>a</Name></Goods><Goods><Invoice>30</Invoice><Name>b</Name></Goods>\
         <Invoice><No>10</No><Id>A</Id></Invoice><Invoice><No>20</No><Id>B</Id></Invoice></Coo>",
    );
    assert_eq!(at(&draft, "items[1].invoice").as_deref(), Some("2"));
    assert_eq!(at(&draft, "items[2].invoice"), None);
    let reasons = draft.findings.iter().map(|finding| finding.reason).collect::<Vec<_>>();
    assert_eq!(reasons, [Reason::CountMismatch, Reason::LinkBroken]);
}

#[test]
fn a_missing_field_counts_only_where_its_optional_element_is_there() {
    let table = table(
        "[[block]]\nrows = [\n{ at = \"Number\", is = \"number\", required = true },\n]\n\
         [[block]]\nat = \"Third\"\nis = \"thirdParty\"\noptional = true\nrows = [\n\
         { at = \"Name\", is = \"name\", required = true },\n{ at = \"Text\", is = \"text\" },\n]\n",
    );
    assert_eq!(findings(&read(&table, "<Coo><Number>7</Number></Coo>")), Vec::<String>::new());
    let draft = read(&table, "<Coo><Number> </Number><Third><Text>x</Text></Third></Coo>");
    let levels = draft.findings.iter().map(|finding| (finding.reason, finding.level)).collect::<Vec<_>>();
    assert_eq!(levels, [(Reason::FieldMissing, Level::Warning), (Reason::FieldMissing, Level::Severe)]);
}

#[test]
fn pieces_of_one_text_are_joined_in_order() {
    let table = table(
        "[[block]]\nrows = [\n{ at = \"Number\", is = \"number\" },\n\
         { at = \"Address/{line1,line2}\", is = \"exporter.address.line\" },\n\
         { at = \"Route[]\", is = \"transport.route\", repeat = \"lines\" },\n\
         { at = \"Text[]\", is = \"remarks\", repeat = \"chunks\", max = 3 },\n]\n",
    );
    let draft = read(
        &table,
        "<Coo><Number>7</Number><Address><line2>b</line2><line1>a</line1></Address>\
         <Route>by road</Route><Route>by sea</Route><Text>abc</Text><Text>def</Text></Coo>",
    );
    assert_eq!(at(&draft, "exporter.address.line").as_deref(), Some("a\nb"));
    assert_eq!(at(&draft, "transport.route").as_deref(), Some("by road\nby sea"));
    assert_eq!(at(&draft, "remarks").as_deref(), Some("abcdef"));
}

#[test]
fn one_value_for_all_reaches_every_entry_and_implied_values_stand_beside_their_field() {
    let table = table(
        "[[list]]\nis = \"items[]\"\nat = \"Goods[]\"\n[[block]]\nrows = [\n{ at = \"Number\", is = \"number\" },\n\
         { at = \"Curr\", is = \"items[].currency\", codes = \"currencies\", shared = true },\n\
         { at = \"Goods[]/Name\", is = \"items[].description\" },\n\
         { at = \"Goods[]/Kg\", is = \"items[].grossWeight\" },\n\
         { is = \"items[].grossWeightUnit\", value = \"KGM\", with = \"items[].grossWeight\" },\n]\n",
    );
    let draft = read(
        &table,
        "<Coo><Number>7</Number><Curr>EUR</Curr><Goods><Name>a</Name></Goods><Goods><Kg>5</Kg></Goods></Coo>",
    );
    assert_eq!(at(&draft, "items[1].currency").as_deref(), Some("EUR"));
    assert_eq!(at(&draft, "items[2].currency").as_deref(), Some("EUR"));
    assert_eq!(at(&draft, "items[1].grossWeightUnit"), None);
    assert_eq!(at(&draft, "items[2].grossWeightUnit").as_deref(), Some("KGM"));
}

#[test]
fn a_repeated_field_is_read_once_and_a_second_opinion_is_kept() {
    let table = rows(
        "{ at = \"ToName\", is = \"destinationCountry\", codes = \"countries.en\", again = true },\n\
         { at = \"To\", is = \"destinationCountry\", codes = \"countries\" },",
    );
    let draft = read(&table, "<Coo><Number>7</Number><ToName>Brazil</ToName><To>BR</To></Coo>");
    assert_eq!((at(&draft, "destinationCountry").as_deref(), draft.remainder.len()), (Some("BR"), 0));
    let draft = read(&table, "<Coo><Number>7</Number><ToName>Peru</ToName><To>BR</To></Coo>");
    assert_eq!((at(&draft, "destinationCountry").as_deref(), draft.remainder.len()), (Some("BR"), 1));
    let draft = read(&table, "<Coo><Number>7</Number><ToName>Peru</ToName></Coo>");
    assert_eq!(at(&draft, "destinationCountry").as_deref(), Some("PE"));
}

#[test]
fn a_control_character_never_enters_a_certificate() {
    let json = br#"{"number":"A\u0001","exporter":{"name":"ok"}}"#;
    let document = decode::decode(Syntax::Json, json, &Limits::default()).unwrap().document;
    assert!(canonical::recognises(Syntax::Json, &document));
    let draft = canonical::map(&document);
    assert_eq!(at(&draft, "number"), None);
    assert_eq!(draft.findings[0].reason, Reason::FieldInvalid);
    assert_eq!(draft.remainder[0].0, "/number");
}

#[test]
fn a_misspelt_name_of_the_canonical_profile_is_told_with_the_nearest() {
    let json = b"{\"number\":\"7\",\"exporter\":{\"nam\":\"x\",\n\"name\":\"y\"},\"zzzz\":{\"a\":1,\"b\":2}}";
    let document = decode::decode(Syntax::Json, json, &Limits::default()).unwrap().document;
    let draft = canonical::map(&document);
    let told = findings(&draft);
    assert!(told[0].starts_with("warning unmapped at /exporter/nam (line 1"), "{told:?}");
    assert!(told[0].ends_with("no field of this name here; did you mean \"name\"?"), "{told:?}");
    assert!(told[1].ends_with("no field of this name here"), "{told:?}");
    assert_eq!((told.len(), draft.remainder.len()), (2, 3));
}
