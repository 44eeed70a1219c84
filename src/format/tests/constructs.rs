//! What loading reports of the constructs of tables.

use super::*;

fn blocks(blocks: &str) -> Vec<String> {
    problems(&format!("[[block]]\nrows = [\n{{ at = \"Number\", is = \"number\" }},\n]\n{blocks}"))
}

#[test]
fn a_shape_is_known_used_and_flat() {
    let shape = "[[shape]]\nname = \"party\"\nrows = [{ at = \"Name\", is = \"name\" }]\n";
    let using = |row: &str| format!("[[block]]\nrows = [\n{row}\n]\n{shape}");
    let good = "{ at = \"A\", is = \"exporter\", shape = \"party\" },\n{ at = \"B\", is = \"importer\", shape = \"party\" },";
    assert_eq!(blocks(&using(good)), Vec::<String>::new());
    for (row, reason) in [
        ("{ at = \"A\", is = \"exporter\", shape = \"partie\" },", "did you mean \"party\"?"),
        ("{ at = \"A\", is = \"title\" },", "no row uses the shape \"party\""),
        ("{ at = \"A\", is = \"exporter\", shape = \"party\", max = 3 },", "is not a known key"),
        ("{ at = \"A\", is = \"items[]\", shape = \"party\" },", "\"items[].name\" is not a field"),
        (
            "{ at = \"A\", is = \"exporter\", shape = \"party\" },\n{ at = \"B\", is = \"exporter\", shape = \"party\" },",
            "exporter.name is already read",
        ),
    ] {
        let found = blocks(&using(row));
        assert!(found.iter().any(|problem| problem.contains(reason)), "{row}: {found:?}");
    }
    let nested = "[[shape]]\nname = \"outer\"\nrows = [{ shape = \"party\" }]\n";
    let found = blocks(&format!("{}{nested}", using(&good.replacen("party", "outer", 1))));
    assert!(found.iter().any(|problem| problem.contains("a shape does not hold another shape")), "{found:?}");
}

#[test]
fn elements_of_one_name_are_told_apart_by_position_or_by_what_stands_beside_them() {
    let found = row("{ at = \"T[1]\", is = \"title\" },\n{ at = \"T[2]\", is = \"status\" },");
    assert_eq!(found, Vec::<String>::new());
    let found = row("{ at = \"T[1]\", is = \"title\" },\n{ at = \"T\", is = \"status\" },");
    assert!(found[0].contains("T is used both with and without a position"), "{found:?}");
    let block = |at: &str, is: &str, rest: &str| {
        format!(
            "[[block]]\nat = \"{at}\"\nis = \"{is}\"\n{rest}\nrows = [{{ at = \"Name\", is = \"name\" }}]\n"
        )
    };
    let good = [
        block("S", "exporter", "unless = \"E\""),
        block("S", "producer", "beside = \"E\""),
        block("E", "exporter", "having = \"producer\""),
    ];
    assert_eq!(blocks(&good.concat()), Vec::<String>::new());
    for (text, reason) in [
        (
            block("S", "exporter", "unless = \"E\"") + &block("S", "producer", ""),
            "S stands in several blocks",
        ),
        (
            block("S", "exporter", "unless = \"E\"") + &block("F", "exporter", ""),
            "exporter.name is already read",
        ),
        (block("S", "exporter", "unless = \"E\"\nbeside = \"E\""), "unless or beside, not both"),
        (block("S", "exporter", "unless = \"E\"\nhaving = \"producer\""), "or having, not both"),
        (block("S", "exporter", "unless = \"a/E\""), "names one element beside this one"),
        (block("S", "exporter", "having = \"produser\""), "did you mean \"producer\"?"),
    ] {
        let found = blocks(&text);
        assert!(found.iter().any(|problem| problem.contains(reason)), "{text}: {found:?}");
    }
}

#[test]
fn a_list_has_two_homes_only_where_one_is_pointed_to() {
    let list = |at: &str, rest: &str| format!("[[list]]\nis = \"invoices[]\"\nat = \"{at}\"\n{rest}\n");
    let items = "[[list]]\nis = \"items[]\"\nat = \"Goods[]\"\n";
    let linked = list("Goods[]/Invoice[]", "link = \"items[].invoice\"");
    let rows = |row: &str| format!("[[block]]\nrows = [\n{row}\n]\n");
    let good = format!(
        "{items}{linked}{}{}",
        list("Invoice[]", ""),
        rows(
            "{ at = \"Invoice[]/Id\", is = \"invoices[].id\" },\n{ at = \"Goods[]/Invoice[]/Id\", is = \"invoices[].id\" },"
        )
    );
    assert_eq!(blocks(&good), Vec::<String>::new());
    for (text, reason) in [
        (list("Invoice[]", "") + &list("Bill[]", ""), "one has link and the other has not"),
        (good.clone() + &linked.replace("Invoice", "Bill"), "one has link and the other has not"),
        (
            good.clone() + &rows("{ at = \"Invoice[]/No\", ordinal = true },"),
            "its entries have no order numbers",
        ),
        (
            good.clone() + &rows("{ at = \"Goods[]/No\", is = \"items[].invoice\", key = \"invoices[]\" },"),
            "nothing points to it by order number",
        ),
        (
            good.clone()
                + &rows(
                    "{ at = \"Curr\", is = \"invoices[].currency\", codes = \"currencies\", shared = true },",
                ),
            "no field outside of it is shared",
        ),
    ] {
        let found = blocks(&text);
        assert!(found.iter().any(|problem| problem.contains(reason)), "{text}: {found:?}");
    }
}

#[test]
fn second_fields_and_forms_are_checked() {
    let fields = "{ at = \"W\", is = \"totals.grossWeight\" },\n";
    for (text, reason) in [
        (
            "{ at = \"U\", is = \"totals.grossWeightUnit\", also = \"totals.currency\", with = \"totals.grossWeight\", codes = \"units\" },",
            "not of the same kind",
        ),
        (
            "{ at = \"U\", is = \"currency\", also = \"totals.currency\", codes = \"currencies\" },",
            "also needs with",
        ),
        (
            "{ at = \"U\", is = \"currency\", also = \"totals.currency\", with = \"totals.amount\", codes = \"currencies\" },",
            "no row reads totals.amount",
        ),
        ("{ at = \"Q\", is = \"totals.amount\", weight = \"totals.packages\" },", "not of the same kind"),
        ("{ at = \"Q\", is = \"totals.amount\", weight = \"totals.grossWeight\" },", "already read in line"),
        ("{ at = \"T\", is = \"title\", min = 5, max = 4 },", "min is more than max"),
        ("{ at = \"T\", is = \"title\", pattern = \"[0-9\" },", "is no pattern"),
    ] {
        let found = row(&format!("{fields}{text}"));
        assert!(found.iter().any(|problem| problem.contains(reason)), "{text}: {found:?}");
    }
    let found = row("{ at = \"Q\", is = \"totals.amount\", weight = \"totals.grossWeight\" },");
    assert!(found[0].contains("totals.grossWeight has no row for its other half"), "{found:?}");
}

#[test]
fn compounds_are_checked() {
    let compound = |tuples: &str| {
        format!(
            "[[compound]]\nname = \"rule\"\nat = [\"Code\", \"Ref\"]\nis = [\"title\", \"totals.amount\"]\ntuples = [\n{tuples}\n]\n"
        )
    };
    let rows = "[[block]]\nrows = [\n{ at = \"Code\", compound = \"rule\" },\n{ at = \"Ref\", compound = \"rule\" },\n]\n";
    let good = "{ at = [\"a\", \"*\"], is = [\"A\", \"*\"] },";
    assert_eq!(blocks(&(compound(good) + rows)), Vec::<String>::new());
    for (text, reason) in [
        (compound("{ at = [\"a\"], is = [\"A\", \"\"] },") + rows, "at has 1 cells, the compound has 2"),
        (
            compound("{ at = [\"a\", \"*\"], is = [\"A\", \"\"] },") + rows,
            "each * of at passes to one * of is",
        ),
        (compound("{ at = [\"a\", \"\"], is = [\"A\", \"x\"] },") + rows, "is not a decimal number"),
        (compound("{ at = [\"\", \"\"], is = [\"A\", \"\"] },") + rows, "a tuple of nothing"),
        (
            compound("{ given = \"x\", at = [\"a\", \"\"], is = [\"A\", \"\"] },") + rows,
            "names no given field",
        ),
        (
            compound(&format!("{good}\n{{ at = [\"a\", \"7\"], is = [\"A\", \"\"] }},")) + rows,
            "can never be reached",
        ),
        (compound(good) + &rows.replace("Ref", "Reference"), "has no leaf Reference"),
        (compound(good) + &rows.replace("\"rule\"", "\"rules\""), "there is no [[compound]] named"),
        (compound(good), "no row is the leaf Code"),
    ] {
        let found = blocks(&text);
        assert!(found.iter().any(|problem| problem.contains(reason)), "{text}: {found:?}");
    }
}

#[test]
fn a_character_set_is_known_and_holds_what_the_table_writes() {
    let of = |charset: &str, row: &str| {
        let head = HEAD.replacen("reads", &format!("charset = \"{charset}\"\nreads"), 1);
        let text = format!("{head}[[block]]\nrows = [\n{{ at = \"Number\", is = \"number\" }},\n{row}\n]\n");
        let problems = Problems::default();
        let id = FormatId::new("test").unwrap();
        let table = Table::read(&id, &text, &folder().join("codes"), "format.toml", &problems);
        (
            table.map(|table| table.media_type()),
            problems.sorted().iter().map(ToString::to_string).collect::<Vec<_>>(),
        )
    };
    let (media_type, found) = of("cp1251", "{ at = \"Вид\", value = \"№ 1\" },");
    assert_eq!((media_type.as_deref(), found), (Some("application/xml; charset=windows-1251"), Vec::new()));
    assert_eq!(of("utf-8", "").0.as_deref(), Some("application/xml"));
    for (charset, row, reason) in [
        ("utf-16", "", "is not a character set a document can be in"),
        ("windows-1252", "{ at = \"T\", value = \"Россия\" },", "has characters that windows-1252 has not"),
    ] {
        let (table, found) = of(charset, row);
        assert!(table.is_none() && found[0].contains(reason), "{found:?}");
    }
}

#[test]
fn what_is_said_once_and_pointed_to_is_checked() {
    let list = "[[list]]\nis = \"items[]\"\nat = \"Goods[]\"\n[[list]]\nname = \"makers\"\nis = \"items[]\"\nat = \"Maker[]\"\n";
    let number = "{ at = \"Maker[]/No\", ordinal = true },\n";
    let name = "{ at = \"Maker[]/Name\", is = \"items[].producer.name\" },\n";
    let key = "{ at = \"Goods[]/By\", key = \"makers\" },\n";
    let rows = |rows: &str| format!("{list}[[block]]\nrows = [\n{rows}]\n");
    let block = |rest: &str, row: &str| format!("[[block]]\n{rest}\nrows = [{row}]\n");
    let good = rows(&[number, name, key].concat());
    assert_eq!(blocks(&good), Vec::<String>::new());
    for (text, reason) in [
        (rows(&[name, key].concat()), "stands before the order numbers of makers"),
        (rows(&[key, number, name].concat()), "stands before the order numbers of makers"),
        (rows(&[number, name].concat()), "nothing points to makers"),
        (good.replace("key = \"makers\"", "key = \"maker\""), "\"maker\" is not a [[list]] with this name"),
        (good.replace("Goods[]/By", "By"), "stands in an entry of items[] itself"),
        (good.replace("items[].producer.name", "title"), "title is not a plain field of items[]"),
        (good.replace("at = \"Maker[]\"", "at = \"Maker\""), "a list with a name ends in []"),
        (good.replace("name = \"makers\"", "name = \"items[]\""), "is no name for it"),
        (
            good.replace("name = \"makers\"", "name = \"makers\"\nlink = \"items[].invoice\""),
            "without link and where",
        ),
        (
            rows(&[number, name].concat())
                + &block("at = \"Goods[]\"\noptional = true", &key.replace("Goods[]/", "")),
            "a pointer cannot stand in a block with optional",
        ),
    ] {
        let found = blocks(&text);
        assert!(found.iter().any(|problem| problem.contains(reason)), "{text}: {found:?}");
    }
}

#[test]
fn variants_say_which_lists_and_demands_are_theirs() {
    let variants = "[variants]\nis = \"form\"\nnames = [\"A\", \"B\"]\n[[list]]\nis = \"items[]\"\nat = \"{form}/Goods[]\"\nonly = [\"A\"]\n\
                    [[block]]\nrows = [{ at = \"Number\", is = \"number\" }]\n[[block]]\nat = \"{form}\"\n";
    let text = |rows: &str| format!("{variants}rows = [\n{rows}\n]\n");
    let good = "{ at = \"Title\", is = \"title\", required_in = [\"B\"] },\n\
                { at = \"Goods[]/Name\", is = \"items[].description\", only = [\"A\"], required_in = [\"A\"] },";
    assert_eq!(problems(&text(good)), Vec::<String>::new());
    for (from, to, reason) in [
        ("required_in = [\"B\"]", "required_in = [\"C\"]", "\"C\" is not a variant"),
        ("required_in = [\"B\"]", "required_in = [\"B\"], required = true", "say one of them"),
        ("required_in = [\"A\"]", "required_in = [\"B\"]", "is demanded, but only leaves it out"),
        ("only = [\"A\"], ", "", "Goods[] repeats, but nothing says what it is"),
    ] {
        let found = problems(&text(&good.replace(from, to)));
        assert!(found.iter().any(|problem| problem.contains(reason)), "{to}: {found:?}");
    }
    let codes = folder().join("codes");
    let id = FormatId::new("test").unwrap();
    let table =
        Table::read(&id, &format!("{HEAD}{}", text(good)), &codes, "f", &Problems::default()).unwrap();
    let title =
        |plan: usize| table.plans[plan].rows.iter().find(|row| row.at.ends_with("Title")).unwrap().required;
    assert_eq!((title(0), title(1)), (false, true));
    assert_eq!((table.plans[0].lists.len(), table.plans[1].lists.len()), (1, 0));
}

#[test]
fn the_word_for_no_value_is_a_plain_text_on_a_plain_row() {
    for (text, reason) in [
        ("absent = \" \"", "without white space around it"),
        ("absent = \"-\", repeat = \"lines\"", "absent does not go with"),
        ("absent = \"-\", again = true", "absent does not go with"),
    ] {
        let at = if text.contains("repeat") { "T[]" } else { "T" };
        let found = row(&format!("{{ at = \"{at}\", is = \"title\", {text} }},"));
        assert!(found.iter().any(|problem| problem.contains(reason)), "{text}: {found:?}");
    }
}
