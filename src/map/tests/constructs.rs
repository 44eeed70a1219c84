//! What the constructs of tables give, read.

use super::*;

#[test]
fn a_refused_text_is_not_replaced_by_a_repetition() {
    let table = rows(
        "{ at = \"ToName\", is = \"destinationCountry\", codes = \"countries.en\", again = true },\n\
         { at = \"To\", is = \"destinationCountry\", codes = \"countries\" },",
    );
    let draft = read(&table, "<Coo><Number>7</Number><ToName>Brazil</ToName><To>ZZ</To></Coo>");
    assert_eq!(at(&draft, "destinationCountry"), None);
    assert_eq!(
        draft.findings.iter().map(|finding| finding.reason).collect::<Vec<_>>(),
        [Reason::CodeUnknown]
    );
    let kept = [("/Coo/To", "ZZ"), ("/Coo/ToName", "Brazil")];
    assert_eq!(draft.remainder, kept.map(|(path, text)| (path.to_owned(), text.to_owned())));
}

#[test]
fn a_repetition_may_say_less_than_the_first_row_without_contradicting_it() {
    let table = rows(
        "{ at = \"Day\", is = \"issueDate\", date = \"day\", again = true },\n\
         { at = \"Moment\", is = \"issueDate\", date = \"any\" },",
    );
    let moment = "2026-03-31T23:30:00Z";
    let xml = |day: &str| format!("<Coo><Number>7</Number><Day>{day}</Day><Moment>{moment}</Moment></Coo>");
    assert_eq!(read(&table, &xml("2026-03-31")).remainder, []);
    assert_eq!(read(&table, &xml("2026-04-01")).remainder.len(), 1);
}

#[test]
fn what_stands_beside_an_element_says_whose_it_is() {
    let table = table(
        "[[shape]]\nname = \"party\"\nrows = [{ at = \"Name\", is = \"name\", required = true }]\n\
         [[block]]\nrows = [{ at = \"Number\", is = \"number\" }]\n\
         [[block]]\nat = \"Sender\"\nis = \"exporter\"\nunless = \"Exporter\"\nrows = [{ shape = \"party\" }]\n\
         [[block]]\nat = \"Sender\"\nis = \"producer\"\nbeside = \"Exporter\"\nrows = [{ shape = \"party\" }]\n\
         [[block]]\nat = \"Exporter\"\nis = \"exporter\"\nhaving = \"producer\"\nrows = [{ shape = \"party\" }]\n",
    );
    let sender = "<Sender><Name>a</Name></Sender>";
    let draft = read(&table, &format!("<Coo><Number>7</Number>{sender}<Exporter/></Coo>"));
    assert_eq!((at(&draft, "exporter.name").as_deref(), at(&draft, "producer.name")), (Some("a"), None));
    let draft =
        read(&table, &format!("<Coo><Number>7</Number>{sender}<Exporter><Name>b</Name></Exporter></Coo>"));
    assert_eq!(at(&draft, "exporter.name").as_deref(), Some("b"));
    assert_eq!(at(&draft, "producer.name").as_deref(), Some("a"));
    assert_eq!(draft.findings, []);
    let draft = read(&table, "<Coo><Number>7</Number></Coo>");
    let missing = draft.findings.iter().filter_map(|finding| finding.position.as_ref());
    let missing = missing.map(|position| position.path.as_str()).collect::<Vec<_>>();
    assert_eq!(missing, ["/Coo/Sender/Name", "/Coo/Exporter/Name"]);
}

#[test]
fn a_position_says_which_element_of_a_name_is_meant_and_the_others_stay_unmapped() {
    let table = rows("{ at = \"P[2]/Name\", is = \"title\" },\n{ at = \"P[3]\", is = \"status\" },");
    let draft = read(
        &table,
        "<Coo><Number>7</Number><P><Name>a</Name></P><P><Name>b</Name></P><P>c</P><P>d</P></Coo>",
    );
    assert_eq!((at(&draft, "title").as_deref(), at(&draft, "status").as_deref()), (Some("b"), Some("c")));
    let kept = [("/Coo/P[1]/Name", "a"), ("/Coo/P[4]", "d")];
    let kept = kept.map(|(path, text)| (path.replace("[1]", ""), text.to_owned()));
    assert_eq!(draft.remainder, kept);
    assert_eq!(draft.findings, []);
    assert_eq!(draft.sources.values().filter(|position| position.path.ends_with("/P[3]")).count(), 1);
}

const TWO_HOMES: &str = "[[list]]\nis = \"items[]\"\nat = \"Goods[]\"\n\
    [[list]]\nis = \"invoices[]\"\nat = \"Goods[]/Invoice[]\"\nlink = \"items[].invoice\"\n\
    [[list]]\nis = \"invoices[]\"\nat = \"Invoice[]\"\n\
    [[block]]\nrows = [\n{ at = \"Number\", is = \"number\" },\n{ at = \"Goods[]/Invoice[]/Id\", is = \"invoices[].id\" },\n\
    { at = \"Goods[]/Name\", is = \"items[].description\" },\n{ at = \"Invoice[]/Id\", is = \"invoices[].id\" },\n]\n";

#[test]
fn entries_of_the_head_come_before_those_that_an_entry_points_to() {
    let draft = read(
        &table(TWO_HOMES),
        "<Coo><Number>7</Number><Goods><Invoice><Id>A</Id></Invoice><Invoice><Id>B</Id></Invoice></Goods>\
         <Goods><Invoice/><Invoice><Id>C</Id></Invoice></Goods><Goods><Invoice><Id>A</Id></Invoice></Goods>\
         <Invoice><Id>X</Id></Invoice><Invoice><Id>Y</Id></Invoice></Coo>",
    );
    let ids = (1..=5).map(|n| at(&draft, &format!("invoices[{n}].id")));
    let ids = ids.map(|id| id.unwrap_or_default()).collect::<Vec<_>>();
    assert_eq!(ids, ["X", "Y", "A", "C", ""]);
    let links = (1..=3).filter_map(|n| at(&draft, &format!("items[{n}].invoice"))).collect::<Vec<_>>();
    assert_eq!(links, ["3", "4", "3"]);
    assert_eq!(draft.findings, []);
    assert_eq!(draft.remainder, [("/Coo/Goods[1]/Invoice[2]/Id".to_owned(), "B".to_owned())]);
}

const GOODS: &str = "[[list]]\nis = \"items[]\"\nat = \"Goods[]\"\n\
    [[block]]\nrows = [\n{ at = \"Number\", is = \"number\" },\n]\n[[block]]\nat = \"Goods[]\"\nis = \"items[]\"\nrows = [\n";

#[test]
fn an_amount_in_a_unit_of_mass_is_the_weight() {
    let table = table(&format!(
        "{GOODS}{{ at = \"Qty\", is = \"quantity\", weight = \"netWeight\" }},\n\
         {{ at = \"Unit\", is = \"quantityUnit\", weight = \"netWeightUnit\", codes = \"units.es\", text = \"quantityUnitText\" }},\n]\n"
    ));
    let goods = |unit: &str| format!("<Coo><Number>7</Number><Goods><Qty>5</Qty>{unit}</Goods></Coo>");
    let draft = read(&table, &goods("<Unit>KILOS</Unit>"));
    let found = draft.certificate.iter().map(|(place, value)| format!("{} = {value}", place.path()));
    let wanted = ["number = 7", "items[1].netWeight = 5", "items[1].netWeightUnit = KGM"];
    assert_eq!(found.collect::<Vec<_>>(), wanted);
    assert_eq!(draft.sources.values().filter(|position| position.path.ends_with("Qty")).count(), 1);
    for (unit, code) in [("<Unit>UNIDADES</Unit>", Some("C62")), ("<Unit>CAJONES</Unit>", None), ("", None)] {
        let draft = read(&table, &goods(unit));
        assert_eq!(at(&draft, "items[1].quantity").as_deref(), Some("5"), "{unit}");
        assert_eq!(at(&draft, "items[1].quantityUnit").as_deref(), code);
        assert_eq!(at(&draft, "items[1].netWeight"), None);
    }
}

#[test]
fn a_unit_for_two_weights_is_read_for_the_second_only_where_that_one_is_there() {
    let table = table(&format!(
        "{GOODS}{{ at = \"Unit\", is = \"grossWeightUnit\", also = \"netWeightUnit\", with = \"netWeight\", codes = \"units\" }},\n\
         {{ at = \"Gross\", is = \"grossWeight\" }},\n{{ at = \"Net\", is = \"netWeight\" }},\n]\n"
    ));
    let draft = read(
        &table,
        "<Coo><Number>7</Number><Goods><Gross>6</Gross><Net>5</Net><Unit>KGM</Unit></Goods>\
         <Goods><Gross>6</Gross><Unit>KGM</Unit></Goods></Coo>",
    );
    assert_eq!(at(&draft, "items[1].netWeightUnit").as_deref(), Some("KGM"));
    assert_eq!(at(&draft, "items[2].netWeightUnit"), None);
    assert_eq!(at(&draft, "items[2].grossWeightUnit").as_deref(), Some("KGM"));
}

#[test]
fn a_text_of_another_form_is_reported_and_kept() {
    let table = rows(
        "{ at = \"Hs\", is = \"documentId\", pattern = \"[0-9]{4}(\\\\.[0-9]{2})?\" },\n\
         { at = \"Mark[]\", is = \"marks\", repeat = \"lines\", min = 2 },",
    );
    let draft = read(&table, "<Coo><Number>7</Number><Hs>8408.90</Hs><Mark>ab</Mark><Mark>cd</Mark></Coo>");
    assert_eq!(
        (at(&draft, "documentId").as_deref(), at(&draft, "marks").as_deref()),
        (Some("8408.90"), Some("ab\ncd"))
    );
    let draft = read(&table, "<Coo><Number>7</Number><Hs>8408.9</Hs><Mark>ab</Mark><Mark>c</Mark></Coo>");
    assert_eq!(
        findings(&draft),
        [
            "warning field-invalid documentId (WCO D026) at /Coo/Hs (line 1, column 24): this text does not have the form [0-9]{4}(\\.[0-9]{2})?",
            "warning field-invalid marks (WCO 142) at /Coo/Mark[1] (line 1, column 39): this text is shorter than 2",
        ]
    );
    assert_eq!((at(&draft, "documentId"), at(&draft, "marks"), draft.remainder.len()), (None, None, 2));
}

#[test]
fn leaves_that_belong_together_are_read_together() {
    let table = table(&format!(
        "[[compound]]\nname = \"rule\"\ngiven = \"form\"\nat = [\"Code\", \"Ref\"]\n\
         is = [\"items[].origin.criterion\", \"items[].origin.contentPercent\", \"items[].origin.contentMethod\"]\n\
         tuples = [\n{{ given = \"G\", at = [\"Y\", \"*\"], is = [\"Y\", \"*\", \"non-originating-share\"] }},\n\
         {{ at = [\"WO\", \"\"], is = [\"WO\", \"\", \"\"] }},\n]\n{GOODS}\
         {{ at = \"Code\", compound = \"rule\" }},\n{{ at = \"Ref\", compound = \"rule\" }},\n]\n\
         [[block]]\nrows = [{{ at = \"Kind\", is = \"form\" }}]\n"
    ));
    let goods = |kind: &str, goods: &str| {
        read(&table, &format!("<Coo><Number>7</Number><Goods>{goods}</Goods><Kind>{kind}</Kind></Coo>"))
    };
    let draft = goods("G", "<Ref>40</Ref><Code>Y</Code>");
    assert_eq!(at(&draft, "items[1].origin.contentPercent").as_deref(), Some("40"));
    assert_eq!(at(&draft, "items[1].origin.contentMethod").as_deref(), Some("non-originating-share"));
    assert_eq!((draft.findings.len(), draft.remainder.len()), (0, 0));
    for (kind, leaves, kept) in [
        ("E", "<Ref>40</Ref><Code>Y</Code>", 2),
        ("G", "<Ref>many</Ref><Code>Y</Code>", 2),
        ("G", "<Code>Y</Code>", 1),
    ] {
        let draft = goods(kind, leaves);
        assert_eq!(at(&draft, "items[1].origin.criterion"), None);
        assert_eq!((draft.findings.len(), draft.remainder.len()), (1, kept), "{leaves}");
        let finding = &draft.findings[0];
        assert_eq!((finding.reason, finding.level), (Reason::FieldInvalid, Level::Warning));
        assert_eq!(finding.position.as_ref().unwrap().line, 1);
    }
}

#[test]
fn an_entry_is_pointed_to_by_what_it_says() {
    let table = table(
        "[[list]]\nis = \"items[]\"\nat = \"Goods[]\"\n[[list]]\nis = \"invoices[]\"\nat = \"Invoice[]\"\n\
         [[block]]\nrows = [\n{ at = \"Number\", is = \"number\" },\n{ at = \"First\", is = \"invoices[1].id\", again = true },\n\
         { at = \"Goods[]/Invoice\", is = \"items[].invoice\", key = \"invoices[].id\" },\n\
         { at = \"Invoice[]/Id\", is = \"invoices[].id\" },\n]\n",
    );
    let goods = "<Goods><Invoice>B</Invoice></Goods><Goods><Invoice>C</Invoice></Goods>";
    let draft = read(
        &table,
        &format!(
            "<Coo><Number>7</Number>{goods}<Invoice><Id>A</Id></Invoice><Invoice><Id>B</Id></Invoice></Coo>"
        ),
    );
    assert_eq!(at(&draft, "items[1].invoice").as_deref(), Some("2"));
    assert_eq!(at(&draft, "items[2].invoice"), None);
    assert_eq!(draft.findings.iter().map(|finding| finding.reason).collect::<Vec<_>>(), [Reason::LinkBroken]);
    let draft = read(&table, &format!("<Coo><Number>7</Number><First>B</First>{goods}</Coo>"));
    assert_eq!(at(&draft, "invoices[1].id").as_deref(), Some("B"));
    assert_eq!(at(&draft, "items[1].invoice").as_deref(), Some("1"));
}

#[test]
fn what_each_entry_must_have_is_missed_with_its_line() {
    let table = table(
        "[[list]]\nis = \"items[]\"\nat = \"Goods[]\"\n\
         [[list]]\nis = \"invoices[]\"\nat = \"Goods[]/Invoice\"\nlink = \"items[].invoice\"\nrequired = true\n\
         [[block]]\nrows = [\n{ at = \"Number\", is = \"number\" },\n{ at = \"Goods[]/Invoice/Id\", is = \"invoices[].id\" },\n\
         { at = \"Signer/{First,Last}\", is = \"declaration.signatory\", join = \"words\", required = true },\n]\n",
    );
    let good = "<Coo><Number>7</Number>\n<Goods><Invoice><Id>A</Id></Invoice></Goods>\n<Goods><Invoice><Id>A</Id></Invoice></Goods>\n\
                <Signer><First>F</First><Last>L</Last></Signer></Coo>";
    assert_eq!(findings(&read(&table, good)), Vec::<String>::new());
    let second = "</Goods>\n<Goods><Invoice><Id>A</Id></Invoice>";
    let bad =
        good.replace(second, "</Goods>\n<Goods><Invoice><Id> </Id></Invoice>").replace("<Last>L</Last>", "");
    let draft = read(&table, &bad);
    let said = draft.findings.iter().map(|finding| {
        let position = finding.position.as_ref().unwrap();
        (position.path.as_str(), position.line, finding.advice.as_str())
    });
    let said = said.collect::<Vec<_>>();
    assert_eq!(said[0].0, "/Coo/Goods[2]/Invoice");
    assert_eq!((said[0].1, said[0].2), (3, "the format demands one of invoices[] here"));
    assert_eq!((said[1].0, said[1].1), ("/Coo/Signer/Last", 4));
    assert_eq!(said.len(), 2);
}
