//! What the constructs of tables give, written.

use super::*;

#[test]
fn a_repetition_is_not_written_for_a_value_that_the_first_row_cannot_spell() {
    let table = rows(
        "{ at = \"Name\", is = \"destinationCountry\", codes = \"countries.en\", again = true },\n\
         { at = \"To\", is = \"destinationCountry\", codes = \"countries\", max = 1 },",
    );
    let certificate = certificate(&[("destinationCountry", "BR")]);
    assert_eq!(losses(&table, &certificate), ["destinationCountry"]);
    assert!(!text(&table, &certificate).contains("Name"));
}

#[test]
fn an_element_before_a_position_is_written_empty_where_it_has_nothing_to_say() {
    let rows = "[[block]]\nrows = [\n{ at = \"Number\", is = \"number\" },\n{ at = \"P[3]\", is = \"title\" },\n\
                { at = \"P[2]/Q\", is = \"status\" },\n{ at = \"T[1]\", value = \"x\" },\n]\n";
    let certificate = certificate(&[("title", "t")]);
    let xml = text(&table("xml", rows), &certificate);
    assert!(xml.contains("  <P/>\n  <P/>\n  <P>t</P>\n  <T>x</T>\n"), "{xml}");
    let json = text(&table("json", rows), &certificate);
    assert_eq!(json, "{\"Number\":\"7\",\"P\":[null,null,\"t\"],\"T\":[\"x\"]}");
}

#[test]
fn the_certificate_decides_which_of_two_parties_an_element_is() {
    let block = |at: &str, is: &str, rest: &str| {
        format!(
            "[[block]]\nat = \"{at}\"\nis = \"{is}\"\n{rest}\nrows = [{{ at = \"N\", is = \"name\", required = true }}]\n"
        )
    };
    let table = table(
        "xml",
        &["[[block]]\nrows = [{ at = \"Number\", is = \"number\" }]\n".to_owned()]
            .into_iter()
            .chain([
                block("S", "exporter", "unless = \"E\""),
                block("S", "producer", "beside = \"E\""),
                block("E", "exporter", "having = \"producer\""),
            ])
            .collect::<String>(),
    );
    let plain = |certificate: &Certificate| text(&table, certificate).replace(['\n', ' '], "");
    let one = certificate(&[("exporter.name", "a")]);
    assert!(plain(&one).contains("<S><N>a</N></S></Coo>"));
    let two = certificate(&[("exporter.name", "a"), ("producer.name", "b")]);
    assert!(plain(&two).contains("<S><N>b</N></S><E><N>a</N></E></Coo>"));
    // Without an exporter the producer must not be taken for one.
    let producer = certificate(&[("producer.name", "b")]);
    let refused = ["E/N (exporter.name): no value", "S/N (exporter.name): no value"];
    assert_eq!(unfilled(&table, &producer), refused);
}

#[test]
fn an_entry_stands_where_it_is_pointed_to_or_in_the_head_and_pointers_follow() {
    let table = table(
        "xml",
        "[[list]]\nis = \"items[]\"\nat = \"Goods[]\"\n\
         [[list]]\nis = \"invoices[]\"\nat = \"Goods[]/Invoice\"\nlink = \"items[].invoice\"\n\
         [[list]]\nis = \"invoices[]\"\nat = \"Invoice[]\"\n\
         [[block]]\nrows = [\n{ at = \"Number\", is = \"number\" },\n{ at = \"Goods[]/Invoice/Id\", is = \"invoices[].id\" },\n\
         { at = \"Invoice[]/Id\", is = \"invoices[].id\" },\n]\n",
    );
    let certificate = certificate(&[
        ("invoices[1].id", "A"),
        ("invoices[2].id", "B"),
        ("invoices[3].id", "C"),
        ("items[1].invoice", "1"),
    ]);
    let plain = text(&table, &certificate).replace(['\n', ' '], "");
    assert!(plain.contains(
        "<Goods><Invoice><Id>A</Id></Invoice></Goods><Invoice><Id>B</Id></Invoice><Invoice><Id>C</Id></Invoice></Coo>"
    ));
    let arrives = project(&table, &certificate);
    let lines =
        arrives.iter().map(|(place, value)| format!("{} = {value}", place.path())).collect::<Vec<_>>();
    let wanted = [
        "number = 7",
        "invoices[1].id = B",
        "invoices[2].id = C",
        "invoices[3].id = A",
        "items[1].invoice = 3",
    ];
    assert_eq!(lines, wanted);
    assert_eq!(losses(&table, &certificate), Vec::<String>::new());
}

#[test]
fn a_weight_is_written_where_there_is_no_other_amount_and_a_quantity_of_mass_arrives_as_one() {
    let table = table(
        "xml",
        "[[list]]\nis = \"items[]\"\nat = \"Goods[]\"\n[[block]]\nrows = [\n{ at = \"Number\", is = \"number\" },\n\
         { at = \"Goods[]/Qty\", is = \"items[].quantity\", weight = \"netWeight\" },\n\
         { at = \"Goods[]/Unit\", is = \"items[].quantityUnit\", weight = \"netWeightUnit\", codes = \"units.es\", text = \"quantityUnitText\" },\n]\n",
    );
    let item = |amount: &str, unit: &str, weight: Option<&str>| {
        let mut lines = vec![("items[1].quantity", amount), ("items[1].quantityUnit", unit)];
        lines.retain(|(_, text)| !text.is_empty());
        lines.extend(
            weight.into_iter().flat_map(|n| [("items[1].netWeight", n), ("items[1].netWeightUnit", "KGM")]),
        );
        certificate(&lines)
    };
    let written = |certificate: &Certificate| {
        let text = text(&table, certificate).replace(['\n', ' '], "");
        let (_, goods) = text.split_once("<Goods>").unwrap();
        (goods.split_once("</Goods>").unwrap().0.to_owned(), losses(&table, certificate))
    };
    let both = |goods: &str, lost: &[&str]| {
        (goods.to_owned(), lost.iter().map(|l| (*l).to_owned()).collect::<Vec<_>>())
    };
    let pieces = "<Qty>3</Qty><Unit>UNIDADES</Unit>";
    let kilos = "<Qty>5</Qty><Unit>KILOGRAMOS</Unit>";
    let weight_lost = ["items[1].netWeight", "items[1].netWeightUnit"];
    assert_eq!(written(&item("3", "C62", Some("5"))), both(pieces, &weight_lost));
    assert_eq!(written(&item("", "", Some("5"))), both(kilos, &[]));
    // The quantity moves: it arrives as net weight, so it is not lost.
    assert_eq!(written(&item("5", "KGM", None)), both(kilos, &[]));
    let arrives = project(&table, &item("5", "KGM", None));
    assert_eq!(
        arrives.at(Field::named("items[].quantity").unwrap(), arrives.iter().nth(1).unwrap().0.index),
        None
    );
    // A quantity in kilograms beside another net weight would be read as that: the weight is written.
    let quantity_lost = ["items[1].quantity", "items[1].quantityUnit"];
    assert_eq!(written(&item("6", "KGM", Some("5"))), both(kilos, &quantity_lost));
}

#[test]
fn one_unit_for_two_weights_is_written_where_they_agree() {
    let table = rows(
        "{ at = \"Unit\", is = \"packages[1].grossWeightUnit\", also = \"volumeUnit\", with = \"volume\", codes = \"units\" },\n\
         { at = \"Gross\", is = \"packages[1].grossWeight\" },\n{ at = \"Volume\", is = \"packages[1].volume\" },",
    );
    let units = |gross: &str, second: &str| {
        let mut lines = vec![("packages[1].grossWeightUnit", gross), ("packages[1].volumeUnit", second)];
        lines.retain(|(_, text)| !text.is_empty());
        lines.extend([("packages[1].grossWeight", "6"), ("packages[1].volume", "5")]);
        losses(&table, &certificate(&lines))
    };
    let lost = ["packages[1].volume", "packages[1].volumeUnit"];
    assert_eq!(units("KGM", "KGM"), Vec::<String>::new());
    assert_eq!(units("KGM", "GRM"), lost);
    assert_eq!(units("KGM", ""), &lost[..1]);
    assert_eq!(units("", "GRM"), lost);
}

#[test]
fn a_text_of_another_form_is_lost_or_refused() {
    let value = certificate(&[("title", "4a")]);
    let optional = rows("{ at = \"T\", is = \"title\", pattern = \"[0-9]+\" },");
    assert_eq!(losses(&optional, &value), ["title"]);
    let required = rows("{ at = \"T\", is = \"title\", min = 3, required = true },");
    assert_eq!(unfilled(&required, &value), ["T (title): is shorter than 3"]);
}

#[test]
fn the_combination_that_carries_most_is_written_and_the_rest_is_lost() {
    let table = table(
        "xml",
        "[[compound]]\nname = \"rule\"\nat = [\"Code\", \"Ref\"]\nis = [\"title\", \"totals.amount\", \"status\"]\n\
         tuples = [\n{ at = [\"P\", \"\"], is = [\"PSR\", \"\", \"\"] },\n{ at = [\"P\", \"*\"], is = [\"PSR\", \"*\", \"\"] },\n]\n\
         [[block]]\nrows = [\n{ at = \"Number\", is = \"number\" },\n{ at = \"Ref\", compound = \"rule\" },\n\
         { at = \"Code\", compound = \"rule\" },\n]\n",
    );
    let share = certificate(&[("title", "PSR"), ("totals.amount", "40")]);
    assert!(text(&table, &share).contains("<Ref>40</Ref>\n  <Code>P</Code>"));
    assert_eq!(losses(&table, &share), Vec::<String>::new());
    assert_eq!(losses(&table, &certificate(&[("title", "PSR"), ("status", "x")])), ["status"]);
    assert_eq!(
        losses(&table, &certificate(&[("title", "WO"), ("totals.amount", "40")])),
        ["title", "totals.amount"]
    );
}

#[test]
fn days_come_before_months_and_commas_before_decimals_both_ways() {
    let table = rows(
        "{ at = \"Day\", is = \"issueDate\", date = \"slashed\" },\n\
         { at = \"Left\", is = \"transport.departureDate\", date = \"dotted\" },\n\
         { at = \"Sum\", is = \"totals.amount\", comma = true },\n\
         { at = \"Net\", is = \"totals.grossWeight\", comma = true, digits = \"9,2\" },",
    );
    let certificate = certificate(&[
        ("issueDate", "2026-03-31"),
        ("transport.departureDate", "2026-04-02T10:00:00Z"),
        ("totals.amount", "-1234.50"),
        ("totals.grossWeight", "0.125"),
    ]);
    let plain = text(&table, &certificate);
    for wanted in ["<Day>31/03/2026</Day>", "<Left>02.04.2026</Left>", "<Sum>-1234,50</Sum>"] {
        assert!(plain.contains(wanted), "{plain}");
    }
    let arrives = project(&table, &certificate);
    assert_eq!(arrives.text("issueDate").as_deref(), Some("2026-03-31"));
    assert_eq!(arrives.text("totals.amount").as_deref(), Some("-1234.50"));
    let lost = losses(&table, &certificate);
    assert_eq!(lost, ["transport.departureDate", "totals.grossWeight"], "a time of day; three decimals");
}

#[test]
fn a_number_of_an_invoice_that_has_no_room_is_lost_with_it() {
    let table = table(
        "xml",
        "[[list]]\nis = \"items[]\"\nat = \"Goods[]\"\n[[block]]\nrows = [\n{ at = \"Number\", is = \"number\" },\n\
         { at = \"First\", is = \"invoices[1].id\" },\n{ at = \"Second\", is = \"invoices[2].id\", max = 3 },\n\
         { at = \"Goods[]/Name\", is = \"items[].description\" },\n\
         { at = \"Goods[]/Invoice\", is = \"items[].invoice\" },\n]\n",
    );
    let losses = |pointer: &str| {
        let lines = [
            ("invoices[1].id", "A"),
            ("invoices[2].id", "too long"),
            ("invoices[3].id", "C"),
            ("items[1].description", "tea"),
            ("items[1].invoice", pointer),
        ];
        losses(&table, &certificate(&lines))
    };
    assert_eq!(losses("1"), ["invoices[2].id", "invoices[3].id"]);
    for lost in ["2", "3", "9"] {
        assert_eq!(losses(lost), ["invoices[2].id", "invoices[3].id", "items[1].invoice"], "{lost}");
    }
}

#[test]
fn a_character_that_the_set_has_not_is_lost_or_refused_and_never_replaced() {
    let cyrillic = |row: &str| {
        table("xml", &format!("[[block]]\nrows = [\n{{ at = \"Number\", is = \"number\" }},\n{row}\n]\n"))
    };
    let in_set = |row: &str| {
        let mut table = cyrillic(row);
        table.charset = crate::decode::charset::Charset::named("windows-1251").unwrap();
        table
    };
    let russian = certificate(&[("title", "Россия"), ("status", "中文")]);
    let optional = in_set("{ at = \"T\", is = \"title\" },\n{ at = \"S\", is = \"status\" },");
    let rendered = render(&optional, &russian).unwrap();
    let bytes = b"<?xml version=\"1.0\" encoding=\"windows-1251\"?>\n<Coo>\n  <Number>7</Number>\n  <T>\xd0\xee\xf1\xf1\xe8\xff</T>\n</Coo>\n";
    assert_eq!(rendered.bytes, bytes);
    assert_eq!(rendered.media_type, "application/xml; charset=windows-1251");
    assert_eq!(losses(&optional, &russian), ["status"]);
    let required = in_set("{ at = \"S\", is = \"status\", required = true },");
    assert_eq!(unfilled(&required, &russian), ["S (status): has characters that windows-1251 has not"]);
}

const GOODS: &str = "[[list]]\nis = \"items[]\"\nat = \"Goods[]\"\n\
                     [[list]]\nis = \"invoices[]\"\nat = \"Invoices/Invoice[]\"\n";

#[test]
fn a_count_that_is_demanded_needs_something_to_count() {
    let rows = |block: &str| {
        format!(
            "{GOODS}[[block]]\nrows = [{{ at = \"Number\", is = \"number\" }}]\n[[block]]\nat = \"Invoices\"\n{block}\n\
             rows = [\n{{ at = \"Qty\", count = \"invoices[]\", required = true }},\n{{ at = \"Invoice[]/Id\", is = \"invoices[].id\" }},\n]\n"
        )
    };
    let none = certificate(&[]);
    assert_eq!(unfilled(&table("xml", &rows("")), &none), ["Invoices/Qty: counts no entry of invoices[]"]);
    assert!(!text(&table("xml", &rows("optional = true")), &none).contains("Invoices"));
    let one = certificate(&[("invoices[1].id", "A")]);
    assert!(text(&table("xml", &rows("")), &one).contains("<Qty>1</Qty>"));
}

#[test]
fn a_record_that_is_demanded_stands_in_each_entry_or_nothing_is_written() {
    let table = table(
        "xml",
        "[[list]]\nis = \"items[]\"\nat = \"Goods[]\"\n\
         [[list]]\nis = \"invoices[]\"\nat = \"Goods[]/Invoice\"\nlink = \"items[].invoice\"\nrequired = true\n\
         [[block]]\nrows = [\n{ at = \"Number\", is = \"number\" },\n{ at = \"Goods[]/Name\", is = \"items[].description\" },\n\
         { at = \"Goods[]/Invoice/Id\", is = \"invoices[].id\" },\n]\n",
    );
    let mut lines = vec![("items[1].description", "x"), ("items[2].description", "y")];
    lines.extend([("invoices[1].id", "A"), ("items[2].invoice", "1")]);
    let refused = ["Goods[]/Invoice (items[1].invoice): needs an entry of invoices[]"];
    assert_eq!(unfilled(&table, &certificate(&lines)), refused);
    lines.push(("items[1].invoice", "1"));
    assert_eq!(text(&table, &certificate(&lines)).matches("<Id>A</Id>").count(), 2);
    let nothing = certificate(&[]);
    assert!(
        text(&table, &nothing).contains("<Number>7</Number>"),
        "without entries there is nothing to demand"
    );
}

#[test]
fn a_list_that_is_demanded_inside_another_has_an_entry_in_each() {
    let table = table(
        "xml",
        "[[list]]\nis = \"items[]\"\nat = \"Goods[]\"\n\
         [[list]]\nis = \"items[].packages[]\"\nat = \"Goods[]/Pack[]\"\nrequired = true\n\
         [[block]]\nrows = [\n{ at = \"Number\", is = \"number\" },\n{ at = \"Goods[]/Name\", is = \"items[].description\" },\n\
         { at = \"Goods[]/Pack[]/Marks\", is = \"items[].packages[].marks\" },\n]\n",
    );
    let mut lines = vec![("items[1].description", "x"), ("items[2].packages[1].marks", "m")];
    assert_eq!(
        unfilled(&table, &certificate(&lines)),
        ["Goods[]/Pack[]: needs an entry of items[].packages[]"]
    );
    lines.push(("items[1].packages[1].marks", "n"));
    assert!(render(&table, &certificate(&lines)).is_ok());
}

#[test]
fn what_entries_have_in_common_is_written_once_and_pointed_to() {
    let rows = |name: &str, optional: &str| {
        table(
            "xml",
            &format!(
                "[[list]]\nis = \"items[]\"\nat = \"Goods[]\"\n[[list]]\nname = \"makers\"\nis = \"items[]\"\nat = \"Makers/Maker[]\"\n\
                 [[block]]\nrows = [{{ at = \"Number\", is = \"number\" }}]\n[[block]]\nat = \"Makers\"\n{optional}\nrows = [\n\
                 {{ at = \"Count\", count = \"makers\", required = true }},\n{{ at = \"Maker[]/No\", ordinal = true }},\n\
                 {{ at = \"Maker[]/Name\", is = \"items[].producer.name\"{name} }},\n\
                 {{ at = \"Maker[]/City\", is = \"items[].producer.address.city\" }},\n]\n\
                 [[block]]\nrows = [\n{{ at = \"Goods[]/By\", key = \"makers\" }},\n]\n"
            ),
        )
    };
    let plain = |table: &Table, certificate: &Certificate| text(table, certificate).replace(['\n', ' '], "");
    let table = rows(", max = 3", "");
    let two = certificate(&[("items[1].producer.name", "A"), ("items[2].producer.name", "A")]);
    let once = "<Makers><Count>1</Count><Maker><No>1</No><Name>A</Name></Maker></Makers><Goods><By>1</By></Goods><Goods><By>1</By></Goods>";
    assert!(plain(&table, &two).contains(once), "{}", plain(&table, &two));
    assert_eq!(losses(&table, &two), Vec::<String>::new());
    // One whose name is too long leaves no empty maker behind, and the numbers close up.
    let long = certificate(&[("items[1].producer.name", "long"), ("items[2].producer.name", "B")]);
    assert!(
        plain(&table, &long)
            .contains("<Maker><No>1</No><Name>B</Name></Maker></Makers><Goods/><Goods><By>1</By></Goods>")
    );
    assert_eq!(losses(&table, &long), ["items[1].producer.name"]);
    assert_eq!(unfilled(&table, &certificate(&[])), ["Makers/Count: counts no entry of makers"]);
    // Makers that cannot be completed are left out with the pointers to them.
    let strict = rows(", required = true", "optional = true");
    let city = certificate(&[("items[1].producer.address.city", "C"), ("items[2].producer.name", "B")]);
    assert!(!plain(&strict, &city).contains("By"));
    assert_eq!(losses(&strict, &city).len(), 2);
}

#[test]
fn the_word_for_no_value_is_written_for_none_and_never_for_a_value() {
    let table =
        rows("{ at = \"R\", is = \"registrationNumber\", absent = \"б/н\", max = 5, required = true },");
    assert!(text(&table, &certificate(&[])).contains("<R>б/н</R>"));
    assert!(text(&table, &certificate(&[("registrationNumber", "17")])).contains("<R>17</R>"));
    for value in ["too long", "б/н"] {
        let refused = unfilled(&table, &certificate(&[("registrationNumber", value)]));
        assert!(refused.len() == 1 && refused[0].starts_with("R (registrationNumber)"), "{refused:?}");
    }
}
