//! Code lists: the shipped ones whole, a code judged on the day of issue, a bad one named where it stands.

use std::{collections::BTreeSet, path::Path};

use coohub::{
    decode::{self, document::Syntax, limit::Limits},
    format::codes::list::Library,
    map::{self, Draft},
    model::{dictionary::Field, finding::Finding, value::Date},
    problem::Problems,
    region::{Region, country, load},
    validate,
};

use crate::support::region::TestRegion;

fn partners() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("partners")
}

fn shipped() -> Region {
    let problems = Problems::default();
    load::load(&partners(), None, &problems).unwrap_or_else(|| panic!("{:#?}", problems.sorted()))
}

fn draft(text: &str) -> Draft {
    let decoded = decode::decode(Syntax::Json, text.as_bytes(), &Limits::DEFAULT).unwrap();
    map::canonical::map(&decoded.document)
}

/// What is said of a document under the shipped region's lists.
fn said(text: &str) -> Vec<String> {
    let region = shipped();
    let look = validate::look(&draft(text), &region, region.agreement("mecta"));
    look.iter().map(ToString::to_string).collect()
}

/// A good document, with more fields before its end.
fn document(date: &str, more: &str) -> String {
    format!(
        "{{\"number\": \"1\", \"issueDate\": \"{date}\",\n\"items\": [{{\"description\": \"tea\"}}]{more}}}"
    )
}

#[test]
fn the_shipped_lists_are_whole() {
    let problems = Problems::default();
    let lists = Library::load(&partners().join("formats/codes"), &problems);
    let problems = problems.sorted();
    assert_eq!(problems, Vec::new());
    let countries = lists.list("countries").unwrap();
    let today = Date::new("2026-11-23").unwrap();
    let live = |name: &str| {
        let rows = lists.list(name).unwrap().rows().iter();
        rows.filter(|row| row.counts_on(&today) && !row.user)
            .map(|row| row.code.clone())
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(live("countries").len(), 249, "ISO 3166-1 has 249 countries");
    assert!(live("countries").iter().all(|code| country::is_country(code)));
    for column in ["alpha3", "numeric", "en", "es", "fr", "pt", "ru", "zh"] {
        let column = countries.column(column).unwrap();
        assert_eq!(live("countries").iter().find(|code| column.national(code).is_none()), None);
    }
    assert!(live("currencies").len() > 170 && live("units").len() > 1800 && live("packages").len() > 400);
    for name in lists.names() {
        let list = lists.list(name).unwrap();
        assert!(!list.title.is_empty() && !list.source.is_empty() && !list.rows().is_empty(), "{name}");
    }
}

#[test]
fn a_country_is_read_by_any_of_its_names() {
    let problems = Problems::default();
    let lists = Library::load(&partners().join("formats/codes"), &problems);
    let countries = lists.list("countries").unwrap();
    for (column, token, code) in [
        ("en", "Australia", "AU"),
        ("es", "MEXICO", "MX"),
        ("fr", "Côte d'Ivoire", "CI"),
        ("pt", "Brasil", "BR"),
        ("ru", "Российская Федерация", "RU"),
        ("zh", "中国", "CN"),
        ("alpha3", "DZA", "DZ"),
        ("numeric", "076", "BR"),
    ] {
        assert_eq!(countries.column(column).unwrap().canonical(token), Some(code), "{token}");
    }
}

#[test]
fn units_of_mass_are_known_with_their_kilograms() {
    let lists = Library::load(&partners().join("formats/codes"), &Problems::default());
    let units = lists.list("units").unwrap();
    let kilograms = |code: &str| units.row(code).unwrap().factor.as_ref().map(|f| f.as_str().to_owned());
    for (unit, factor) in [
        ("KGM", "1"),
        ("GRM", "0.001"),
        ("MGM", "0.000001"),
        ("TNE", "1000"),
        ("DTN", "100"),
        ("LBR", "0.45359237"),
    ] {
        assert!(units.row(unit).unwrap().mass, "{unit}");
        assert_eq!(kilograms(unit).as_deref(), Some(factor), "{unit}");
    }
    for unit in ["LTR", "C62", "MTR", "GM", "KGS", "K64"] {
        assert!(!units.row(unit).unwrap().mass, "{unit} is no unit of mass");
    }
}

#[test]
fn a_code_that_has_gone_is_mapped_and_named_with_its_last_day() {
    let gone = document("2015-03-01", ",\n\"originCountry\": \"AN\"");
    assert_eq!(
        said(&gone),
        [
            "warning code-out-of-dates originCountry (WCO 063) at /originCountry (line 3, column 18): this code counted until \
          2010-12-15, before the certificate's issue"
        ]
    );
    assert_eq!(draft(&gone).certificate.text("originCountry").as_deref(), Some("AN"));
    assert_eq!(said(&document("2010-12-15", ",\n\"originCountry\": \"AN\"")), Vec::<String>::new());
    let early = said(&document("2010-06-01", ",\n\"originCountry\": \"SS\""));
    assert!(early[0].contains("counts since 2011-08-09"), "{early:?}");
}

#[test]
fn a_code_in_no_list_is_named_and_kept() {
    let unknown = document("2026-03-01", ",\n\"currency\": \"ABC\", \"originCountry\": \"QX\"");
    let said = said(&unknown);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(
        said[0].starts_with("warning code-unknown originCountry (WCO 063) at /originCountry (line 3,"),
        "{said:?}"
    );
    assert!(said[1].contains("this is in no row of the list of currencies"), "{said:?}");
    assert_eq!(draft(&unknown).certificate.text("currency").as_deref(), Some("ABC"));
}

#[test]
fn a_place_is_judged_by_the_form_of_its_code_and_kept() {
    let at = |code: &str| {
        document("2026-03-01", &format!(",\n\"transport\": {{\"unloading\": {{\"id\": \"{code}\"}}}}"))
    };
    for good in ["AUMEL", "XAPAL", "US22A"] {
        assert_eq!(said(&at(good)), Vec::<String>::new(), "{good}");
    }
    for (bad, why) in [
        ("SIN", "has five characters"),
        ("QQMEL", "two letters of a country"),
        ("AUM1L", "digits 2 to 9"),
        ("aumel", "capital letters"),
        ("AUMÉL", "has five characters"),
    ] {
        let said = said(&at(bad));
        assert!(
            said.len() == 1 && said[0].starts_with("warning field-invalid transport.unloading.id"),
            "{said:?}"
        );
        assert!(said[0].contains(why), "{bad}: {said:?}");
        assert_eq!(draft(&at(bad)).certificate.text("transport.unloading.id").as_deref(), Some(bad));
    }
}

#[test]
fn a_tariff_code_stands_in_a_chapter_and_an_edition_that_exist() {
    let goods = |hs: &str| {
        format!("{{\"issueDate\": \"2026-03-01\", \"items\": [{{\"description\": \"x\", \"hs\": {hs}}}]}}")
    };
    let code = |found: Vec<String>| {
        found.iter().map(|f| f.split(' ').nth(1).unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (hs, wanted) in [
        ("{\"code\": \"090230\", \"edition\": \"2022\"}", &[] as &[&str]),
        ("{\"code\": \"990230\"}", &[]),
        ("{\"code\": \"0902\"}", &[]),
        ("{\"code\": \"0902\", \"edition\": \"2022\"}", &["field-invalid"]),
        ("{\"code\": \"770230\"}", &["field-invalid"]),
        ("{\"code\": \"090230\", \"edition\": \"2021\"}", &["code-unknown"]),
    ] {
        assert_eq!(code(said(&goods(hs))), *wanted, "{hs}");
    }
    let early = goods("{\"code\": \"090230\", \"edition\": \"2022\"}").replace("2026-", "2021-");
    assert_eq!(code(said(&early)), ["code-out-of-dates"]);
}

#[test]
fn a_criterion_outside_the_agreement_is_a_warning_that_the_agreement_can_raise() {
    let text = r#"{"number": "A-1", "agreement": {"code": "mecta"}, "issueDate": "2026-03-01",
        "items": [{"description": "tea", "origin": {"criterion": "CTSH"}}, {"description": "x", "origin": {"criterion": "WO"}}]}"#;
    let field = Field::named("items[].origin.criterion");
    let criteria = "title = \"t\"\nsource = \"s\"\ncodes = [{ is = \"WO\" }, { is = \"PE\" }]\n";
    let region = |more: &str| {
        TestRegion::mec()
            .file("formats/codes/criteria-mecta.toml", criteria)
            .edit("agreements/mecta.toml", "proof =", &format!("{more}\nproof ="))
            .load()
    };
    let named = region("criteria = \"criteria-mecta\"");
    let found: Vec<Finding> = validate::look(&draft(text), &named, named.agreement("mecta"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].place.map(|place| place.field), found[0].reason.code()), (field, "code-unknown"));
    assert!(found[0].to_string().contains("the agreement's criteria are WO, PE"), "{}", found[0]);
    let unnamed = region("");
    assert_eq!(validate::look(&draft(text), &unnamed, unnamed.agreement("mecta")), Vec::new());
}

#[test]
fn an_agreement_names_lists_and_editions_that_are_there() {
    let problems = |line: &str| {
        let region = TestRegion::mec()
            .file(
                "formats/codes/criteria-mecta.toml",
                "title = \"t\"\nsource = \"s\"\ncodes = [{ is = \"WO\" }]\n",
            )
            .file(
                "formats/codes/hs-editions.toml",
                "title = \"t\"\nsource = \"s\"\ncodes = [{ is = \"2022\" }]\n",
            )
            .edit("agreements/mecta.toml", "proof =", &format!("{line}\nproof ="));
        region.problems()
    };
    assert_eq!(problems("criteria = \"criteria-mecta\"\nhs_edition = \"2022\""), Vec::<String>::new());
    let found = problems("criteria = \"criteria-mect\"");
    assert!(
        found[0].contains("there is no code list \"criteria-mect\"; did you mean \"criteria-mecta\"?"),
        "{found:?}"
    );
    let found = problems("hs_edition = \"2021\"");
    assert!(found[0].contains("there is no HS edition \"2021\""), "{found:?}");
}
