//! What a file of codes says, and what is wrong with it.

use super::*;

fn list(rows: &str) -> (Arc<List>, Vec<String>) {
    let problems = Problems::default();
    let list = read("test", &format!("title = \"t\"\nsource = \"s\"\ncodes = [\n{rows}\n]\n"), &problems);
    (list, problems.sorted().iter().map(ToString::to_string).collect())
}

fn day(text: &str) -> Date {
    Date::new(text).unwrap()
}

#[test]
fn a_code_counts_from_its_first_day_to_its_last() {
    let (list, problems) =
        list("{ is = \"AN\", from = \"1974-12-15\", until = \"2010-12-15\", en = \"Antilles\" },");
    assert_eq!(problems, Vec::<String>::new());
    let row = list.row("AN").unwrap();
    assert!(row.counts_on(&day("2010-12-15")) && row.counts_on(&day("1974-12-15")));
    assert!(!row.counts_on(&day("2010-12-16")) && !row.counts_on(&day("1974-12-14")));
    assert_eq!(list.column("en").unwrap().canonical("antilles"), Some("AN"), "read at any time");
    assert!(list.column("until").is_none(), "dates are no spellings");
}

#[test]
fn every_mistake_is_named_with_its_line() {
    let (_, problems) = list(
        "{ is = \"AA\", en = \"one\" },\n{ is = \"AA\" },\n{ is = \"BB\", en = \"two|one\" },\n\
         { is = \"CC\", until = \"soon\" },\n{ is = \"DD\", from = \"2020-02-02\", until = \"2019-01-01\" },\n\
         { en = \"nothing\" },\n{ is = \"EE\", factor = \"2\" },\n{ is = \"FF\", mass = true, factor = \"two\" },\n\
         { is = \"GG\", en = \"a||b\" },\n{ is = \"HH\", until = \"2019-01-01T10:00:00\" },",
    );
    let wanted = [
        (5, "codes[2].is: the code \"AA\" stands in line 4 already"),
        (6, "codes[3].en: \"one\" stands for \"AA\" in line 4 already; leave it to one of the two"),
        (7, "codes[4].until: is not a day; write it as \"2010-12-15\""),
        (8, "codes[5].until: is before \"from\""),
        (9, "codes[6].is: is missing"),
        (10, "codes[7].factor: says how many kilograms"),
        (11, "codes[8].factor: is not a decimal number"),
        (12, "codes[9].en: has an empty spelling"),
        (13, "codes[10].until: is not a day"),
    ];
    assert_eq!(problems.len(), wanted.len(), "{problems:#?}");
    for (problem, (line, reason)) in problems.iter().zip(wanted) {
        assert!(problem.starts_with(&format!("formats/codes/test.toml:{line}:")), "{problem}, not {line}");
        assert!(problem.contains(reason), "{problem}, not {reason}");
    }
}

#[test]
fn a_text_read_again_gives_the_same_list_and_the_same_problems() {
    let text = "title = \"t\"\ncodes = []\n";
    let mut shelf = Shelf::default();
    let mut read = || {
        let problems = Problems::default();
        (shelf.read("test", text, &problems), problems.sorted())
    };
    let (first, again) = (read(), read());
    assert!(Arc::ptr_eq(&first.0, &again.0));
    assert_eq!((first.1.len(), first.1), (1, again.1));
}

#[test]
fn lists_kept_are_bounded() {
    let mut shelf = Shelf::default();
    for number in 0..LISTS_KEPT_MAX {
        let _ = shelf.read("test", &format!("title = \"{number}\""), &Problems::default());
    }
    assert_eq!(shelf.0.len(), LISTS_KEPT_MAX);
    let _ = shelf.read("test", "title = \"0\"", &Problems::default());
    let _ = shelf.read("test", "title = \"one more\"", &Problems::default());
    assert_eq!(shelf.0.len(), LISTS_KEPT_MAX);
    assert!(shelf.0.iter().any(|kept| kept.list.title == "0"), "what is used stays");
    assert!(shelf.0.iter().all(|kept| kept.list.title != "1"), "what is not goes");
}

#[test]
fn a_unit_of_mass_says_how_many_kilograms_it_is() {
    let (list, _) = list("{ is = \"LBR\", mass = true, factor = \"0.45359237\" },\n{ is = \"LTR\" },");
    let pound = list.row("LBR").unwrap();
    assert_eq!((pound.mass, pound.factor.as_ref().map(Decimal::as_str)), (true, Some("0.45359237")));
    assert!(!list.row("LTR").unwrap().mass);
}
