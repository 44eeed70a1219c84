//! Which conversion a row asks for, and whether it fits the field's kind.

use crate::{model::value::Kind, problem::Found};

use super::{compile::Builder, conversion::Form, file::RawRow, path::Target, plan::SharedCodes, row};

/// Dictionary code lists that a row may carry without a list of its own: they are per agreement, or too long to ship.
const OPEN_LISTS: [&str; 2] = ["criteria", "locodes"];

/// The conversion of a row.
pub(super) fn form(builder: &Builder<'_>, raw: &RawRow, field: &Target, kind: Kind) -> Option<Form> {
    refuse_strangers(builder, raw, field, kind);
    match kind {
        Kind::Text(_) | Kind::Code(_) => text(builder, raw, field, kind),
        Kind::Decimal(..) => decimal(builder, raw, field),
        Kind::Date => match raw.date {
            Some(form) => Some(Form::Date(form)),
            None => {
                let hint = "say date = \"day\", \"datetime\", \"compact\", \"slashed\", \"dotted\", \"zoned\" or \"any\"";
                builder.problems.add(raw.spot.problem(format!("{} is a date", field.field)).hint(hint));
                None
            }
        },
        Kind::Flag => Some(Form::Flag(raw.words.clone())),
    }
}

/// Options that mean nothing for this kind of field.
fn refuse_strangers(builder: &Builder<'_>, raw: &RawRow, field: &Target, kind: Kind) {
    let textual = matches!(kind, Kind::Text(_) | Kind::Code(_));
    let decimal = matches!(kind, Kind::Decimal(..));
    let options = [
        ("date", raw.date.is_some(), kind == Kind::Date),
        ("yes", raw.words.is_some(), kind == Kind::Flag),
        ("digits", raw.digits.is_some(), decimal),
        ("number", raw.number, decimal),
        ("comma", raw.comma, decimal),
        ("unit", raw.unit.is_some(), decimal),
        ("key", raw.key.is_some(), decimal),
        ("ordinal", raw.ordinal, decimal),
        ("token", raw.token, textual),
        ("prefix", raw.prefix.is_some(), textual),
        ("uri", raw.uri.is_some(), textual),
        ("hs", raw.hs.is_some(), textual),
        ("text", raw.text.is_some(), textual),
        ("codes", raw.codes.is_some(), textual || raw.unit.is_some()),
        ("max", raw.max.is_some(), textual),
        ("also", raw.also.is_some(), true),
        ("weight", raw.weight.is_some(), decimal || matches!(kind, Kind::Code(_))),
        ("with", raw.with.is_some(), raw.also.is_some()),
        ("value", raw.value.is_some(), false),
    ];
    for (option, _, _) in options.into_iter().filter(|(_, said, fits)| *said && !fits) {
        let reason = format!("\"{option}\" does not fit {}, which is {}", field.field, word(kind));
        builder.problems.add(raw.spot.problem(reason));
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Text(_) => "a text",
        Kind::Code(_) => "a code",
        Kind::Decimal(..) => "a number",
        Kind::Date => "a date",
        Kind::Flag => "a yes or no",
    }
}

fn text(builder: &Builder<'_>, raw: &RawRow, field: &Target, kind: Kind) -> Option<Form> {
    let several = [raw.prefix.is_some(), raw.uri.is_some(), raw.hs.is_some(), raw.codes.is_some()];
    if several.iter().filter(|said| **said).count() > 1 {
        builder.problems.add(raw.spot.problem("has more than one of prefix, uri, hs and codes"));
    }
    if let Some(codes) = &raw.codes {
        let list = known_codes(builder, codes, field)?;
        return match &raw.text {
            None => Some(Form::Code(list)),
            Some(text) => Some(Form::Token(list, side(builder, text, field)?)),
        };
    }
    if let Some(prefix) = &raw.prefix {
        return Some(Form::Prefixed(prefix.value.clone()));
    }
    if let Some(scheme) = &raw.uri {
        return Some(Form::Uri(scheme.value.clone()));
    }
    if raw.hs.is_some() {
        return Some(Form::HsDotted);
    }
    let list = field.field.row().codes;
    if matches!(kind, Kind::Code(_)) && list != "-" && !OPEN_LISTS.contains(&list) {
        let hint = format!("say codes = \"{list}\", or a list of the table");
        builder.problems.add(raw.spot.problem(format!("{} is a code", field.field)).hint(hint));
        return None;
    }
    Some(Form::Text(raw.token))
}

fn decimal(builder: &Builder<'_>, raw: &RawRow, field: &Target) -> Option<Form> {
    let elsewhere = raw.key.is_some() || raw.unit.is_some() || raw.number || raw.ordinal;
    if raw.comma && elsewhere {
        builder.problems.add(raw.spot.problem("comma does not go with number, ordinal, unit and key"));
    }
    if let Some(key) = &raw.key {
        if !key.value.ends_with("[]") {
            return named(builder, key).map(Form::Named);
        }
        let number = builder.list_named(&key.value);
        if let Some(number) = number {
            builder.refuse_two_homes(number, &key.spot, "nothing points to it by order number");
        }
        if number.is_none() {
            let reason = format!("\"{}\" is not a [[list]] of this table", key.value);
            builder.problems.add(key.spot.problem(reason));
        }
        return number.map(Form::Key);
    }
    if let Some(unit) = &raw.unit {
        let Some(codes) = &raw.codes else {
            builder.problems.add(raw.spot.problem("a unit needs codes, such as codes = \"units\""));
            return None;
        };
        let side = side(builder, unit, field)?;
        return Some(Form::Measure(known_codes(builder, codes, &side)?, side));
    }
    let digits = raw.digits.as_ref().and_then(|digits| {
        let read = || {
            let (total, fraction) = digits.value.split_once(',')?;
            Some((total.trim().parse().ok()?, fraction.trim().parse().ok()?))
        };
        let size = read();
        if size.is_none() {
            builder.problems.add(digits.spot.problem("must be \"digits in all,digits after the point\""));
        }
        size
    });
    Some(Form::Decimal { digits, number: raw.number, comma: raw.comma })
}

/// The field by whose text entries are pointed to.
fn named(builder: &Builder<'_>, key: &Found<String>) -> Option<Target> {
    let target = row::target(key, "", builder.problems)?;
    let list = target.loops().first().and_then(|list| builder.list_named(list.path()));
    let Some(list) = list.filter(|_| target.loops().len() == 1) else {
        let reason = format!("{target} is not in a [[list]] of this table that stands outside of all others");
        builder.problems.add(key.spot.problem(reason));
        return None;
    };
    builder.refuse_two_homes(list, &key.spot, "nothing points to it by name");
    if !matches!(target.field.kind(), Some(Kind::Text(_))) {
        builder.problems.add(key.spot.problem(format!("{target} is not a text")));
    }
    Some(target)
}

/// A code list whose every canonical code the field's own list has.
fn known_codes(builder: &Builder<'_>, name: &Found<String>, field: &Target) -> Option<SharedCodes> {
    let codes = builder.codes.named(name)?;
    let list = field.field.row().codes;
    if list != "-" && !OPEN_LISTS.contains(&list) {
        for code in builder.codes.strangers(list, &name.value, &codes) {
            let reason = format!("its code \"{code}\" is not in formats/codes/{list}.toml");
            builder.problems.add(name.spot.problem(reason));
        }
    }
    Some(codes)
}

/// A second field, beside the row's own: in the same lists.
pub(super) fn side(builder: &Builder<'_>, found: &Found<String>, field: &Target) -> Option<Target> {
    let path = field.to_string();
    let beside = path.rsplit_once('.').map_or("", |(group, _)| group);
    let prefix = if found.value.contains('.') || found.value.starts_with('/') { "" } else { beside };
    let side = row::target(found, prefix, builder.problems)?;
    if side.loops() != field.loops() {
        builder.problems.add(found.spot.problem(format!("must stand in the same lists as {}", field.field)));
        return None;
    }
    Some(side)
}
