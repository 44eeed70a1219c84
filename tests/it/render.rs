//! Laws of rendering, over generated certificates and every shipped table.

use std::{path::Path, sync::LazyLock};

use coohub::{
    decode::{self, document::Syntax, limit::Limits},
    format::{self, Table},
    map,
    model::{
        certificate::{Certificate, Index, Place},
        dictionary::Field,
        id::FormatId,
        value::{Decimal, Kind, Value},
    },
    problem::Problems,
    render,
};
use proptest::prelude::*;

use crate::formats::{document, lines, tables};

/// Texts that are hard on a syntax: quotes, markup, line ends, other scripts, spaces at the ends.
const TEXTS: [&str; 12] = [
    "plain",
    "a\nb",
    " spaced  out ",
    "\"quoted\", 'so'",
    "<b>&amp;</b>",
    "]]>",
    "Ñandú čšž Ελλάδα Россия 中文",
    "tab\there",
    "cr\rlf\r\n",
    "back\\slash",
    "a:b",
    "2",
];

/// A small generator of its own, so that a failing case is one number.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % u64::try_from(sides.max(1)).unwrap()).unwrap()
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.roll(from.len())]
    }

    fn value(&mut self, field: Field, kind: Kind) -> Value {
        let text = match (kind, field.row().codes) {
            (Kind::Text(most), _) => self.pick(&TEXTS).chars().take(most).collect::<String>(),
            (Kind::Code(_), "countries") => self.pick(&["AR", "BR", "UY", "AU", "CN", "XA", "RU"]).to_owned(),
            (Kind::Code(_), "currencies") => self.pick(&["USD", "EUR", "ARS", "JPY"]).to_owned(),
            (Kind::Code(_), "units") => self.pick(&["KGM", "C62", "LTR", "MTQ", "ONZ"]).to_owned(),
            (Kind::Code(_), "packages") => self.pick(&["CT", "PX", "BX"]).to_owned(),
            (Kind::Code(most), _) => self.pick(&["WO", "PSR", "AB123"]).chars().take(most).collect(),
            (Kind::Decimal(_, 0), _) => (self.roll(900) + 1).to_string(),
            (Kind::Decimal(_, 4), _) => self.pick(&["1", "40.5000", "0.5"]).to_owned(),
            (Kind::Decimal(..), _) => self.pick(&["1", "4500.000000", "0.5", "12.345678", "100"]).to_owned(),
            (Kind::Date, _) => self
                .pick(&[
                    "2026-03-31",
                    "2018-09-12T00:00:00",
                    "2026-03-31T23:30:00Z",
                    "2018-09-14T09:24:33.2592964-03:00",
                ])
                .to_owned(),
            (Kind::Flag, _) => self.pick(&["true", "false"]).to_owned(),
        };
        let text = if field.path().ends_with("hs.code") { "220421".to_owned() } else { text };
        Value::parse(kind, &text).unwrap_or_else(|misfit| panic!("{field}: {text:?} {misfit}"))
    }

    /// A certificate in which about `density` of a hundred fields have a value; lists have up to three entries.
    fn certificate(&mut self, density: usize) -> Certificate {
        let mut certificate = Certificate::default();
        for field in Field::all() {
            let Some(kind) = field.kind() else { continue };
            let sizes = field.lists().iter().map(|_| 3).collect::<Vec<usize>>();
            for index in positions(&sizes) {
                if self.roll(100) < density {
                    certificate.set(Place { field, index }, self.value(field, kind));
                }
            }
        }
        self.links(&mut certificate);
        certificate
    }

    /// Items point to invoices that are there.
    fn links(&mut self, certificate: &mut Certificate) {
        let link = Field::named("items[].invoice").unwrap();
        let invoices = certificate.count(Field::named("invoices[]").unwrap(), Index::TOP);
        let linked: Vec<Index> = certificate.all(link).map(|(index, _)| index).collect();
        *certificate = certificate.only(|field| field != link);
        for index in linked.into_iter().filter(|_| invoices > 0) {
            let number = Decimal::new(&(self.roll(invoices) + 1).to_string()).unwrap();
            certificate.set(Place { field: link, index }, Value::Decimal(number));
        }
    }
}

fn positions(sizes: &[usize]) -> Vec<Index> {
    sizes.iter().fold(vec![Index::TOP], |outer, size| {
        outer.into_iter().flat_map(|index| (0..*size).filter_map(move |at| index.inside(at))).collect()
    })
}

/// The shipped tables, the canonical profile, and small tables that use every construct.
static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| {
    let canonical = [format::canonical::json(), format::canonical::xml()].into_iter().flatten().cloned();
    tables().into_iter().chain(canonical).chain(constructs()).collect()
});

/// Small tables that use every construct.
fn constructs() -> [Table; 5] {
    [
        read("every-construct", include_str!("render/every-construct.toml")),
        read("flat", include_str!("render/flat.toml")),
        read("credential", include_str!("render/credential.toml")),
        read("cyrillic", include_str!("render/cyrillic.toml")),
        read("hangul", include_str!("render/hangul.toml")),
    ]
}

fn read(name: &str, text: &str) -> Table {
    let problems = Problems::default();
    let codes = Path::new(env!("CARGO_MANIFEST_DIR")).join("partners/formats/codes");
    let table = Table::read(&FormatId::new(name).unwrap(), text, &codes, name, &problems);
    let problems = problems.sorted();
    table.unwrap_or_else(|| panic!("{problems:#?}"))
}

/// What arrives is what reading the rendering gives, and each loss is absent from it or changed.
fn check(table: &Table, certificate: &Certificate) {
    let traced = render::trace(table, certificate);
    let bytes = render::bytes(table, &traced.document);
    let decoded = decode::decode_in(table.charset, table.syntax, &bytes, &Limits::default());
    let read = decoded.map(|decoded| decoded.document).unwrap_or_else(|finding| panic!("{finding}"));
    if table.plan_of(&read).is_none() {
        assert!(!traced.unfilled.is_empty(), "{}", table.id);
        return;
    }
    let again = map::map(table, &read);
    let text = String::from_utf8_lossy(&bytes);
    let (read, promised) = (lines(&again.certificate), lines(&traced.arrives));
    let only =
        |a: &[String], b: &[String]| a.iter().filter(|line| !b.contains(line)).cloned().collect::<Vec<_>>();
    assert_eq!(only(&read, &promised), only(&promised, &read), "{}: read, but promised\n{text}", table.id);
    assert_eq!(again.remainder, Vec::new(), "{}\n{text}", table.id);
    let renumbers = |list: Field| {
        table
            .plans
            .iter()
            .flat_map(|plan| &plan.lists)
            .any(|known| known.field == list && known.link.is_some())
    };
    let weighs = |field: Field| {
        let weights = table.plans.iter().flat_map(|plan| &plan.weights);
        weights
            .into_iter()
            .any(|weight| [&weight.amount, &weight.unit].iter().any(|target| target.field == field))
    };
    for (place, value) in certificate.iter() {
        let arrives = traced.arrives.at(place.field, place.index);
        let lost = traced.losses.contains(&place);
        let moves = place.field.lists().iter().any(|list| renumbers(*list)) || weighs(place.field);
        assert!(
            lost || arrives.is_some()
                || weighs(place.field)
                || (moves && traced.arrives.all(place.field).next().is_some()),
            "{}: {} is neither lost nor kept",
            table.id,
            place.path()
        );
        assert!(
            !lost || arrives != Some(value) || moves || place.field.path() == "items[].invoice",
            "{}: {} is kept, not lost",
            table.id,
            place.path()
        );
    }
    let projected = render::project(table, &traced.arrives);
    assert_eq!(lines(&projected), lines(&traced.arrives), "{}: projecting twice", table.id);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn reading_a_rendering_gives_what_the_projection_says(seed in any::<u64>(), density in 5_usize..100) {
        let certificate = Dice(seed).certificate(density);
        for table in TABLES.iter() {
            check(table, &certificate);
        }
    }

    #[test]
    fn the_canonical_profile_loses_nothing(seed in any::<u64>(), density in 5_usize..100) {
        let certificate = Dice(seed).certificate(density);
        for (syntax, bytes) in [
            (Syntax::Json, render::canonical::to_json(&certificate)),
            (Syntax::Xml, render::canonical::to_xml(&certificate)),
        ] {
            let draft = map::canonical::map(&document(syntax, &bytes));
            prop_assert_eq!(lines(&draft.certificate), lines(&certificate));
            prop_assert_eq!(&draft.certificate, &certificate);
            prop_assert_eq!(draft.findings, Vec::new());
        }
    }
}
