//! From the rows of a file to the plans of a table, with every check that needs the dictionary.

mod builder;
mod list;

use crate::{
    decode::{charset::Charset, document::Syntax, proof::algorithm::Algorithm},
    files::Files,
    model::{
        dictionary::Field,
        id::{Digest, FormatId},
    },
    problem::{Found, Problems, Spot},
};

pub(super) use self::builder::{Builder, Reader};
use super::{
    Role, Table,
    codes::Lists,
    file::{File, RawBlock, RawIdentity},
    path::{self, National, Segment},
    plan::Plan,
    recognise::{IdentityRule, Recognise, Steps, steps},
    row,
};

/// The part of a path that stands for the variant's element.
const VARIANT: &str = "{form}";

/// Builds the table; problems are recorded, and what is returned then is only good for further checks.
pub(super) fn table(
    id: &FormatId,
    text: &str,
    file: File,
    codes: Files,
    problems: &Problems,
) -> Option<Table> {
    let mut lists = Lists::new(codes, problems);
    for list in &file.code_lists {
        lists.define(&list.name, &list.entries);
    }
    let names: Vec<Option<String>> = match &file.variants {
        None => vec![None],
        Some(variants) => variants.names.iter().map(|name| Some(name.value.clone())).collect(),
    };
    let plans = names
        .iter()
        .map(|name| Builder::new(&file, &lists, problems, name.clone()).plan())
        .collect::<Vec<_>>();
    check_roles(&file, problems);
    check_fields(&file, &plans, problems);
    check_shapes(&file, problems);
    let charset = charset(&file, problems);
    let recognise = recognise(&file, problems);
    let identity = identity(&file.identity, problems);
    let digest = Digest::of(
        [text].into_iter().chain(lists.texts().iter().map(String::as_str)).collect::<String>().as_bytes(),
    );
    Some(Table {
        id: id.clone(),
        title: file.title,
        source: file.source,
        reconstructed: file.reconstructed,
        role: file.role,
        syntax: file.syntax,
        reads: file.reads,
        writes: file.writes,
        signature: file.signature,
        algorithms: file.algorithms,
        wrapping: file.wrapping,
        lengths: file.lengths,
        schema_file: file.schema,
        schema: None,
        charset,
        items_max: file.items_max,
        delimiter: file.delimiter,
        digest,
        namespaces: file
            .namespaces
            .into_iter()
            .map(|(prefix, uri)| (prefix_name(prefix), uri.value))
            .collect(),
        recognise,
        identity,
        plans,
    })
}

/// The default namespace is written under the key `default`.
fn prefix_name(key: String) -> String {
    if key == "default" { String::new() } else { key }
}

/// What holds for a format as a whole.
fn check_roles(file: &File, problems: &Problems) {
    let here = file.blocks.first().map(|block| Spot {
        line: 1,
        column: 1,
        key: String::new(),
        ..block.spot.clone()
    });
    let Some(here) = here else { return };
    if file.writes && file.signature.is_some() {
        let reason = "writes = true, but the hub holds no key for the format's signature";
        problems.add(here.problem(reason).hint("set writes = false; it still renders for trace and matrix"));
    }
    if file.writes && file.role == Role::Application {
        problems.add(here.problem("writes = true, but the hub never writes an application"));
    }
    if file.signature.is_some() && file.syntax != Syntax::Xml {
        problems.add(here.problem("a signature needs syntax = \"xml\""));
    }
    if file.signature.is_some() == file.algorithms.is_empty() {
        let words = Algorithm::ALL.map(Algorithm::word).join(", ");
        let reason = "\"signature\" and \"algorithms\" go together";
        problems.add(here.problem(reason).hint(format!("list those the format takes of: {words}")));
    }
    if !file.wrapping.is_empty() && file.syntax != Syntax::Json {
        problems.add(here.problem("\"wrapping\" needs syntax = \"json\""));
    }
    if file.recognise.root.is_none() && file.recognise.has.is_empty() {
        problems.add(
            here.problem("nothing says how its documents are recognised")
                .hint("add [recognise] with root or has"),
        );
    }
}

/// Mandatory fields of the dictionary that no row reads.
fn check_fields(file: &File, plans: &[Plan], problems: &Problems) {
    let Some(block) = file.blocks.first().filter(|_| file.reads) else { return };
    for plan in plans {
        let mapped = |field: Field| {
            (0..plan.rows.len()).any(|row| plan.field_row(row).is_some_and(|row| row.target.field == field))
                || plan.implied.iter().any(|implied| implied.target.field == field)
        };
        for field in Field::all().filter(|field| field.row().mandatory && !mapped(*field)) {
            let spot = Spot { line: 1, column: 1, key: String::new(), ..block.spot.clone() };
            problems.add(spot.problem(format!("no row reads the mandatory field {field}")));
        }
    }
}

/// The character set, which must be able to spell what the table itself writes.
fn charset(file: &File, problems: &Problems) -> Charset {
    let Some(found) = &file.charset else { return Charset::UTF_8 };
    let Some(charset) = Charset::named(&found.value) else {
        let reason = format!("\"{}\" is not a character set a document can be in", found.value);
        let hint =
            "use a label of the Encoding Standard, such as windows-1251, gb18030, euc-kr; UTF-16 is none";
        problems.add(found.spot.problem(reason).hint(hint));
        return Charset::UTF_8;
    };
    if file.syntax == Syntax::Json && !charset.is_utf8() {
        problems.add(found.spot.problem("JSON is always UTF-8").hint("take charset away"));
    }
    let rows = file.blocks.iter().flat_map(|block| &block.rows);
    let names = rows.clone().filter_map(|row| row.at.as_ref());
    for text in rows.filter_map(|row| row.value.as_ref()).chain(names) {
        if !charset.holds(&text.value) {
            problems.add(text.spot.problem(format!("has characters that {} has not", charset.name())));
        }
    }
    charset
}

/// A shape has a name of its own and a row that uses it.
fn check_shapes(file: &File, problems: &Problems) {
    let rows = file.blocks.iter().flat_map(|block| &block.rows);
    let used = rows.filter_map(|row| row.shape.as_ref().map(|name| &name.value)).collect::<Vec<_>>();
    for (number, shape) in file.shapes.iter().enumerate() {
        let name = &shape.name.value;
        if file.shapes.iter().take(number).any(|other| other.name.value == *name) {
            problems.add(shape.name.spot.problem(format!("another [[shape]] is named \"{name}\" already")));
        }
        if !used.contains(&name) {
            problems.add(shape.name.spot.problem(format!("no row uses the shape \"{name}\"")));
        }
    }
}

fn recognise(file: &File, problems: &Problems) -> Recognise {
    let raw = &file.recognise;
    let space = |segment: &Segment| namespace(&file.namespaces, segment, file.syntax);
    let read = |found: &Found<String>| -> Steps {
        match National::parse(&path::meant(file.syntax, &found.value)) {
            Ok(path) => steps(&path.steps().cloned().collect::<Vec<_>>(), space),
            Err(reason) => {
                problems.add(found.spot.problem(reason));
                Steps::new()
            }
        }
    };
    let below = |block: &RawBlock| {
        block.at.split_once(VARIANT).map(|(before, _)| before.trim_end_matches('/').to_owned())
    };
    let variant_below =
        file.blocks.iter().find_map(below).filter(|_| file.variants.is_some()).map(|before| {
            let path = National::parse(&before).unwrap_or_default();
            steps(&path.steps().cloned().collect::<Vec<_>>(), space)
        });
    Recognise {
        root: raw.root.as_ref().and_then(|root| read(root).pop()).map(|step| (step.name, step.space)),
        has: raw.has.iter().map(read).collect(),
        lacks: raw.lacks.iter().map(read).collect(),
        version: raw.version_at.as_ref().map(|at| (read(at), raw.versions.clone())),
        variant_below,
    }
}

fn identity(raw: &RawIdentity, problems: &Problems) -> IdentityRule {
    let field = |found: &Found<String>| row::target(found, "", problems).map(|target| target.field);
    let length = |found: &Found<String>| {
        let length = found.value.parse().ok();
        if length.is_none() {
            problems.add(found.spot.problem("must be a number of characters in quotes"));
        }
        length
    };
    IdentityRule {
        issuer: raw.issuer.iter().filter_map(field).collect(),
        number: raw.number.as_ref().and_then(field),
        earlier: raw.earlier.as_ref().and_then(field),
        lengths: raw.lengths.iter().filter_map(length).collect(),
        rectification: raw.rectification.and_then(|n| usize::try_from(n).ok()),
    }
}

fn namespace(spaces: &[(String, Found<String>)], segment: &Segment, syntax: Syntax) -> Option<String> {
    let prefix = match &segment.prefix {
        Some(prefix) => prefix.as_str(),
        None if segment.attribute || syntax != Syntax::Xml => return None,
        None => "default",
    };
    spaces.iter().find(|(key, _)| key == prefix).map(|(_, uri)| uri.value.clone())
}
