//! Certificates made from a plan: every field the form has, or only those it demands.

use coohub::{
    format::{
        codes::Codes,
        conversion::Form,
        path::Target,
        plan::{Does, FieldRow, Plan, Row},
    },
    model::{
        certificate::{Certificate, Index, Place},
        dictionary::Field,
        value::{Kind, Value},
    },
};

/// A certificate with a value in each field whose row is wanted, `entries` entries in every list.
pub(super) fn certificate(plan: &Plan, entries: usize, wanted: impl Fn(&Row) -> bool) -> Certificate {
    let mut made = Certificate::default();
    let form = plan.variant.clone().unwrap();
    for row in plan.rows.iter().filter(|row| wanted(row)) {
        let Does::Field(field) = &row.does else { continue };
        for index in positions(&field.target, entries) {
            let number = index.positions().next().unwrap_or(0) + 1;
            set(&mut made, &field.target, index, &text(field, row, &form, number));
        }
    }
    for implied in &plan.implied {
        let beside = implied.with.as_ref().map(|with| made.all(with.field).map(|(index, _)| index).collect());
        for index in beside.unwrap_or_else(|| vec![Index::TOP]) {
            set(&mut made, &implied.target, index, &implied.value.to_string());
        }
    }
    made
}

fn set(made: &mut Certificate, target: &Target, index: Index, text: &str) {
    let Place { field, index } = target.place(index).unwrap();
    let value = Value::parse(field.kind().unwrap(), text);
    made.set(Place { field, index }, value.unwrap_or_else(|misfit| panic!("{field}: {text:?} {misfit}")));
}

/// The positions of a field: one, or one for each entry of its list.
fn positions(target: &Target, entries: usize) -> Vec<Index> {
    match target.field.lists().len() {
        0 => vec![Index::TOP],
        1 => (0..entries).filter_map(|at| Index::TOP.inside(at)).collect(),
        depth => panic!("{} is in {depth} lists", target.field),
    }
}

/// A value the XSDs take, different from field to field where it can be.
fn text(field: &FieldRow, row: &Row, form: &str, number: usize) -> String {
    match &field.form {
        Form::Code(codes) | Form::Token(codes, _) => return code(codes).to_owned(),
        Form::Key(_) => return number.to_string(),
        _ if field.ordinal => return number.to_string(),
        _ => {}
    }
    match field.kind {
        Kind::Date => "2026-03-31T10:15:00".to_owned(),
        Kind::Flag => "true".to_owned(),
        Kind::Decimal(_, 0) => "7".to_owned(),
        Kind::Decimal(..) => format!("{number}2.5"),
        Kind::Text(_) | Kind::Code(_) => words(row.at.rsplit('/').next().unwrap(), field, form, number),
    }
}

fn words(leaf: &str, field: &FieldRow, form: &str, number: usize) -> String {
    let fixed = match leaf {
        "CertificateID" => "AR004A18260000000200",
        "EHId" => "004",
        "AgreementAcronym" if form == "FormR252" => "R04",
        "AgreementAcronym" => return format!("A{:0>2}", form.trim_start_matches("FormA")),
        "GoodsItemCode" => "84089090",
        "HSVer" => "2022",
        "GoodsItemOtherInstances[]" => "DMI\nACU",
        "DeclarationRequestNo" | "GoodsDeclarationNumber" => "4711",
        _ if leaf.ends_with("Telephone") => "+54 11 4000-1234",
        _ if leaf.ends_with("Fax") => "+54 11 4000-5678",
        _ if leaf.ends_with("Email") => "comercio@example.com",
        _ if leaf.ends_with("URL") => "http://www.example.com",
        _ => {
            return format!("{leaf} {number}")
                .chars()
                .rev()
                .take(most(field))
                .collect::<Vec<_>>()
                .iter()
                .rev()
                .collect();
        }
    };
    fixed.to_owned()
}

/// The longest text both sides take.
fn most(field: &FieldRow) -> usize {
    let (Kind::Text(size) | Kind::Code(size)) = field.kind else { return usize::MAX };
    field.max.map_or(size, |max| max.min(size))
}

/// A code of the list that the format can spell.
fn code(codes: &Codes) -> &str {
    let likely = ["AR", "USD", "C62", "EXP", "VT", "DMI"];
    let known = likely.into_iter().find(|code| codes.national(code).is_some());
    known.unwrap_or_else(|| panic!("none of {likely:?} is in {codes:?}"))
}

/// The fields of a list, by path.
pub(super) fn field(path: &str) -> Field {
    Field::named(path).unwrap_or_else(|| panic!("{path}"))
}
