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
fn a_day_before_its_month_and_a_comma_are_read_as_they_are_declared_and_nothing_is_guessed() {
    let table = table(
        "[[block]]\nrows = [\n{ at = \"Number\", is = \"number\" },\n\
         { at = \"Day\", is = \"issueDate\", date = \"slashed\" },\n{ at = \"Left\", is = \"transport.departureDate\", date = \"dotted\" },\n\
         { at = \"Sum\", is = \"totals.amount\", comma = true },\n]\n",
    );
    let read = |name: &str, text: &str| {
        let draft = read(&table, &format!("<Coo><Number>7</Number><{name}>{text}</{name}></Coo>"));
        let paths = ["issueDate", "transport.departureDate", "totals.amount"];
        let value = paths.into_iter().find_map(|path| at(&draft, path));
        assert_eq!(value.is_none(), draft.findings.len() == 1 && draft.remainder.len() == 1, "{text}");
        value
    };
    assert_eq!(read("Day", "02/03/2026").as_deref(), Some("2026-03-02"));
    assert_eq!(read("Left", " 31.12.2026 ").as_deref(), Some("2026-12-31"));
    assert_eq!(read("Sum", "1234,50").as_deref(), Some("1234.50"));
    assert_eq!(read("Sum", "-7").as_deref(), Some("-7"));
    for (name, bad) in [
        ("Day", "03/31/2026"),
        ("Day", "31.03.2026"),
        ("Day", "1/3/2026"),
        ("Day", "2026-03-31"),
        ("Left", "31.03.26"),
        ("Left", "31.0é.2026"),
        ("Sum", "1234.50"),
        ("Sum", "1.234,50"),
        ("Sum", "1,234,50"),
    ] {
        assert_eq!(read(name, bad), None, "{bad}");
    }
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

const MAKERS: &str = "[[list]]\nis = \"items[]\"\nat = \"Goods[]\"\n\
                      [[list]]\nname = \"makers\"\nis = \"items[]\"\nat = \"Maker[]\"\n\
                      [[block]]\nrows = [\n{ at = \"Number\", is = \"number\" },\n{ at = \"Makers\", count = \"makers\" },\n\
                      { at = \"Maker[]/No\", ordinal = true },\n{ at = \"Maker[]/Name\", is = \"items[].producer.name\" },\n\
                      { at = \"Goods[]/Name\", is = \"items[].description\" },\n{ at = \"Goods[]/By\", key = \"makers\" },\n]\n";

#[test]
fn what_is_said_once_holds_for_each_entry_that_points_to_it() {
    let table = table(MAKERS);
    let maker = |no: &str, name: &str| format!("<Maker><No>{no}</No><Name>{name}</Name></Maker>\n");
    let goods = |by: &str| format!("<Goods><Name>x</Name><By>{by}</By></Goods>\n");
    let coo = |inside: &[String]| format!("<Coo><Number>7</Number>\n{}</Coo>", inside.concat());
    let makers = |draft: &Draft| {
        (1..=3)
            .map(|item| at(draft, &format!("items[{item}].producer.name")).unwrap_or_default())
            .collect::<Vec<_>>()
    };
    let (a, b) = (maker("1", "A"), maker("2", "B"));
    let both = read(
        &table,
        &coo(&["<Makers>2</Makers>".to_owned(), a.clone(), b.clone(), goods("2"), goods(" 1 "), goods("2")]),
    );
    assert_eq!(
        (makers(&both), findings(&both)),
        (vec!["B".to_owned(), "A".to_owned(), "B".to_owned()], Vec::new())
    );
    let source = |draft: &Draft, path: &str| {
        let found = draft.sources.iter().find(|(place, _)| place.path() == path);
        found.map(|(_, position)| position.path.clone())
    };
    assert_eq!(source(&both, "items[1].producer.name").as_deref(), Some("/Coo/Maker[2]/Name"));
    // Numbers need not be in order, nor must the makers come first.
    let late = read(&table, &coo(&[goods("9"), goods("8"), maker("8", "A"), maker("9", "B")]));
    assert_eq!(makers(&late), ["B", "A", ""]);
    // The only one is everybody's where nobody points anywhere.
    let only = read(&table, &coo(&[a.clone(), goods(""), goods("")]));
    assert_eq!(
        (makers(&only), findings(&only)),
        (vec!["A".to_owned(), "A".to_owned(), String::new()], Vec::new())
    );
    let some = read(&table, &coo(&[a.clone(), goods("1"), goods("")]));
    assert_eq!(makers(&some), ["A", "", ""]);
}

#[test]
fn a_pointer_to_nothing_and_an_entry_nobody_points_to_are_found_with_their_lines() {
    let table = table(MAKERS);
    let text = "<Coo><Number>7</Number>\n<Maker><No>1</No><Name>A</Name></Maker>\n<Maker><No>2</No><Name>B</Name></Maker>\n\
                <Goods><Name>x</Name><By>1</By></Goods>\n<Goods><Name>y</Name>\n<By>3</By></Goods></Coo>";
    let draft = read(&table, text);
    let said = draft.findings.iter().map(|finding| {
        let position = finding.position.clone().unwrap();
        (finding.reason, position.path, position.line)
    });
    let broken = |path: &str, line| (Reason::LinkBroken, path.to_owned(), line);
    assert_eq!(said.collect::<Vec<_>>(), [broken("/Coo/Goods[2]/By", 6), broken("/Coo/Maker[2]", 3)]);
    let kept = [("/Coo/Goods[2]/By", "3"), ("/Coo/Maker[2]/Name", "B")];
    assert_eq!(draft.remainder, kept.map(|(path, text)| (path.to_owned(), text.to_owned())));
    let counted = read(&table, &text.replace("<Maker><No>1", "<Makers>3</Makers><Maker><No>1"));
    assert!(findings(&counted).iter().any(|finding| finding.contains("the document has 2 of makers")));
    // One that is pointed to wrongly is nobody's.
    let wrong = "<Coo><Number>7</Number><Maker><No>1</No><Name>A</Name></Maker><Goods><Name>x</Name><By>2</By></Goods></Coo>";
    assert_eq!(at(&read(&table, wrong), "items[1].producer.name"), None);
}

#[test]
fn a_flag_is_read_in_every_spelling_xml_has_for_it() {
    let table = rows("{ at = \"F\", is = \"producerConfidential\" },");
    let flag = |text: &str| {
        let draft = read(&table, &format!("<Coo><Number>7</Number><F>{text}</F></Coo>"));
        (at(&draft, "producerConfidential").unwrap_or_default(), draft.findings.len())
    };
    let spelled = |value: &str, findings| (value.to_owned(), findings);
    for (text, value) in [("1", "true"), (" true ", "true"), ("0", "false"), ("false", "false")] {
        assert_eq!(flag(text), spelled(value, 0), "{text}");
    }
    for text in ["yes", "2", "TRUE"] {
        assert_eq!(flag(text), spelled("", 1), "{text}");
    }
}

#[test]
fn the_word_for_no_value_is_none_and_missing_it_is_still_a_finding() {
    let table = rows("{ at = \"R\", is = \"registrationNumber\", absent = \"б/н\", required = true },");
    let draft = read(&table, "<Coo><Number>7</Number><R> б/н </R></Coo>");
    assert_eq!((at(&draft, "registrationNumber"), draft.findings.len(), draft.remainder.len()), (None, 0, 0));
    assert_eq!(read(&table, "<Coo><Number>7</Number></Coo>").findings.len(), 1);
}
