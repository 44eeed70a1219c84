//! Certificates made from a table: one with everything it carries, as long as it may be, and one with no more than it
//! demands.

use coohub::{
    format::{
        Table,
        conversion::Form,
        plan::{FieldRow, Parts, Plan},
    },
    model::{
        certificate::{Certificate, Index, Place},
        dictionary::Field,
        value::{Kind, Value},
    },
    render,
};

/// Cyrillic with what is hard on it: ё, quotation marks, a dash, a number sign, a letter outside Russian.
const LETTERS: &str = "Съешь же ещё этих «мягких» французских булок № 5 — да выпей чаю, Өнеркәсіп; ";

/// Every field the table carries. Of the three ways form A names a consignee only one may stand, so `toOrder` is left out.
pub(super) fn full(table: &Table) -> Certificate {
    let plan = &table.plans[0];
    let mut certificate = Certificate::default();
    for row in rows(plan).filter(|row| row.target.field.path() != "consignee.toOrder") {
        for index in positions(plan, row) {
            set(&mut certificate, row, index);
        }
    }
    for link in plan.lists.iter().filter_map(|list| list.link.as_ref()) {
        for item in 0..2 {
            // Invoices of the whole certificate come first in the numbering.
            let invoice = item + 1 + usize::from(plain(plan));
            let number = Value::parse(link.field.kind().unwrap(), &invoice.to_string()).unwrap();
            certificate.set(link.place(Index::TOP.inside(item).unwrap()).unwrap(), number);
        }
    }
    imply(plan, &mut certificate);
    certificate
}

/// What the table demands and no more.
///
/// Two demands of the schemas cannot be said in a table and are met here: that each item has an invoice, where no other
/// home for invoices is, and that the place of the EAV's declaration is there, if only empty.
pub(super) fn least(table: &Table) -> Certificate {
    let plan = &table.plans[0];
    let mut certificate = Certificate::default();
    let mut wanted = vec!["number", "items[1].description"];
    if plan.lists.iter().any(|list| list.link.is_some()) && !plain(plan) {
        wanted.push("invoices[1].id");
        let link = Field::named("items[].invoice").unwrap();
        let first = Value::parse(link.kind().unwrap(), "1").unwrap();
        certificate.set(Place { field: link, index: Index::TOP.inside(0).unwrap() }, first);
    }
    if table.id.as_str() == "ru-eav" {
        wanted.push("declaration.place");
    }
    for path in wanted {
        demand(plan, &mut certificate, |place| place.path() == path);
    }
    loop {
        imply(plan, &mut certificate);
        let unfilled = render::trace(table, &certificate).unfilled;
        if unfilled.is_empty() {
            return certificate;
        }
        let before = certificate.iter().count();
        for unfilled in &unfilled {
            let at = unfilled.place.unwrap_or_else(|| panic!("{unfilled}"));
            demand(plan, &mut certificate, |place| place == at);
        }
        assert!(certificate.iter().count() > before, "{}: {unfilled:#?}", table.id);
    }
}

fn demand(plan: &Plan, certificate: &mut Certificate, wanted: impl Fn(Place) -> bool) {
    for row in rows(plan) {
        for index in
            positions(plan, row).into_iter().filter(|index| row.target.place(*index).is_some_and(&wanted))
        {
            set(certificate, row, index);
        }
    }
}

/// The rows that read a field for the first time.
fn rows(plan: &Plan) -> impl Iterator<Item = &FieldRow> {
    (0..plan.rows.len()).filter_map(|row| plan.field_row(row)).filter(|row| row.again.is_none())
}

/// Whether the invoices have a home of their own.
fn plain(plan: &Plan) -> bool {
    plan.lists.iter().any(|list| list.field.path() == "invoices[]" && list.link.is_none())
}

/// Two entries of each list; a third invoice where one may belong to no item.
fn positions(plan: &Plan, row: &FieldRow) -> Vec<Index> {
    let entries = |list: &Field| if list.path() == "invoices[]" && plain(plan) { 3 } else { 2 };
    row.target.loops().iter().map(entries).fold(vec![Index::TOP], |outer, size| {
        outer.into_iter().flat_map(|index| (0..size).filter_map(move |at| index.inside(at))).collect()
    })
}

fn set(certificate: &mut Certificate, row: &FieldRow, index: Index) {
    let place = row.target.place(index).unwrap();
    let text = text(row, index);
    certificate.set(
        place,
        Value::parse(row.kind, &text).unwrap_or_else(|misfit| panic!("{}: {misfit}", place.path())),
    );
    if let Form::Token(codes, side) = &row.form {
        let token = codes.national(&text).unwrap();
        certificate.set(side.place(index).unwrap(), Value::Text(token.to_owned()));
    }
}

/// Units and the like, beside the fields that imply them.
fn imply(plan: &Plan, certificate: &mut Certificate) {
    for implied in &plan.implied {
        let Some(with) = &implied.with else {
            certificate.set(implied.target.place(Index::TOP).unwrap(), implied.value.clone());
            continue;
        };
        let beside =
            certificate.all(with.field).filter_map(|(index, _)| with.positions(index)).collect::<Vec<_>>();
        for index in beside {
            certificate.set(implied.target.place(index).unwrap(), implied.value.clone());
        }
    }
}

/// The longest value the row takes; entries of a list begin with different characters.
fn text(row: &FieldRow, index: Index) -> String {
    let path = row.target.field.path();
    match (&row.form, row.kind) {
        (_, Kind::Date) => "2026-12-31".to_owned(),
        (_, Kind::Flag) => "true".to_owned(),
        (Form::Code(codes) | Form::Token(codes, _), _) => {
            let known = |wanted: &&str| codes.national(wanted).is_some();
            ["RU", "KGM"].into_iter().find(known).or(codes.known().next()).unwrap().to_owned()
        }
        _ if path.ends_with("origin.contentPercent") => "99.99".to_owned(),
        _ if path.ends_with("hs.code") => "6404110000".to_owned(),
        (Form::Decimal { digits, .. }, Kind::Decimal(total, fraction)) => {
            nines(digits.unwrap(), (total, fraction))
        }
        (_, Kind::Text(limit) | Kind::Code(limit)) => {
            let first = index.positions().fold(1, |number, position| number * 3 + position);
            letters(row, limit, first)
        }
        (form, kind) => panic!("{path}: {form:?} {kind:?}"),
    }
}

/// As many nines as format and dictionary both take.
fn nines((total, fraction): (usize, usize), (most, decimals): (usize, usize)) -> String {
    let decimals = fraction.min(decimals);
    let whole = (total - fraction).min(most - decimals);
    let point = if decimals == 0 { "" } else { "." };
    format!("{}{point}{}", "9".repeat(whole), "9".repeat(decimals))
}

fn letters(row: &FieldRow, limit: usize, first: usize) -> String {
    let max = row.max.unwrap_or(limit);
    let lines = match row.parts {
        Parts::One => return line(max.min(limit), first),
        Parts::Chunks { size, times } => return line((size * times).min(limit), first),
        Parts::Fields(number) => number,
        Parts::Words(number) => return vec!["Өнеркәсіпова-Ёлкина"; number].join(" "),
        Parts::Lines { .. } => 2,
    };
    let mut text = line(max.min(limit), first);
    for number in 1..lines {
        let room = limit.saturating_sub(text.chars().count() + 1).min(max);
        if room > 0 {
            text = format!("{text}\n{}", line(room, first + number));
        }
    }
    text
}

fn line(length: usize, first: usize) -> String {
    let mut letters =
        first.to_string().chars().chain(LETTERS.chars().cycle()).take(length).collect::<Vec<_>>();
    if let Some(last) = letters.last_mut().filter(|last| **last == ' ') {
        *last = 'я';
    }
    letters.into_iter().collect()
}
