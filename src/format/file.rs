//! What `format.toml` says, row by row, before anything is checked against the dictionary.
//!
//! Every key is documented in `partners/formats/README.md`.

use crate::{
    decode::{
        document::Syntax,
        proof::{Profile, algorithm::Algorithm},
        wrapping::Wrapping,
    },
    problem::{Found, Spot, section::Section},
};

use super::{DateForm, Lengths, Repeated, Role};

/// Most characters a row may allow, and most repetitions of a field that carries one text.
const SIZE_MAX: u64 = 100_000;
/// Most goods items a format may state as its own limit.
const ITEMS_MAX: u64 = 65_535;

/// The head of the file and its rows.
#[derive(Debug)]
pub(super) struct File {
    pub title: String,
    pub source: String,
    pub reconstructed: bool,
    pub role: Role,
    pub syntax: Syntax,
    pub reads: bool,
    pub writes: bool,
    pub signature: Option<Profile>,
    pub algorithms: Vec<Algorithm>,
    pub wrapping: Vec<Wrapping>,
    pub lengths: Lengths,
    pub schema: Option<Found<String>>,
    pub charset: Option<Found<String>>,
    pub items_max: Option<u32>,
    pub delimiter: u8,
    pub namespaces: Vec<(String, Found<String>)>,
    pub recognise: RawRecognise,
    pub variants: Option<RawVariants>,
    pub identity: RawIdentity,
    pub code_lists: Vec<RawCodes>,
    pub lists: Vec<RawList>,
    pub shapes: Vec<RawShape>,
    pub compounds: Vec<RawCompound>,
    pub blocks: Vec<RawBlock>,
}

/// `[recognise]`.
#[derive(Debug, Default)]
pub(super) struct RawRecognise {
    pub root: Option<Found<String>>,
    pub has: Vec<Found<String>>,
    pub lacks: Vec<Found<String>>,
    pub version_at: Option<Found<String>>,
    pub versions: Vec<String>,
}

/// `[variants]`.
#[derive(Debug)]
pub(super) struct RawVariants {
    pub is: Found<String>,
    pub names: Vec<Found<String>>,
}

/// `[identity]`.
#[derive(Debug, Default)]
pub(super) struct RawIdentity {
    pub issuer: Vec<Found<String>>,
    pub number: Option<Found<String>>,
    pub earlier: Option<Found<String>>,
    pub lengths: Vec<Found<String>>,
    pub rectification: Option<u64>,
}

/// `[[code_list]]`.
#[derive(Debug)]
pub(super) struct RawCodes {
    pub name: String,
    pub entries: Vec<(String, Found<String>)>,
}

/// `[[list]]`.
#[derive(Debug)]
pub(super) struct RawList {
    pub name: Option<Found<String>>,
    pub is: Found<String>,
    pub at: Found<String>,
    pub only: Vec<Found<String>>,
    pub link: Option<Found<String>>,
    pub only_where: Option<(Found<String>, String)>,
    pub required: bool,
}

/// `[[shape]]`: rows that stand in several places.
#[derive(Debug)]
pub(super) struct RawShape {
    pub name: Found<String>,
    pub rows: Vec<RawRow>,
}

/// `[[compound]]`: leaves that only together mean something.
#[derive(Debug)]
pub(super) struct RawCompound {
    pub name: Found<String>,
    pub given: Option<Found<String>>,
    pub at: Vec<Found<String>>,
    pub is: Vec<Found<String>>,
    pub tuples: Vec<RawTuple>,
}

/// One line of a compound.
#[derive(Debug)]
pub(super) struct RawTuple {
    pub spot: Spot,
    pub given: Option<Found<String>>,
    pub at: Vec<Found<String>>,
    pub is: Vec<Found<String>>,
}

/// `[[block]]`: rows below one national element and one canonical group.
#[derive(Debug)]
pub(super) struct RawBlock {
    pub at: String,
    pub is: String,
    pub optional: bool,
    pub unless: Option<Found<String>>,
    pub beside: Option<Found<String>>,
    pub having: Option<Found<String>>,
    pub only: Vec<Found<String>>,
    pub rows: Vec<RawRow>,
    pub spot: Spot,
}

/// One row, as written.
#[derive(Debug, Default)]
pub(super) struct RawRow {
    pub spot: Spot,
    pub at: Option<Found<String>>,
    pub is: Option<Found<String>>,
    pub value: Option<Found<String>>,
    pub with: Option<Found<String>>,
    pub required: bool,
    pub required_in: Vec<Found<String>>,
    pub min: Option<usize>,
    pub max: Option<usize>,
    pub pattern: Option<Found<String>>,
    pub date: Option<DateForm>,
    pub absent: Option<Found<String>>,
    pub digits: Option<Found<String>>,
    pub number: bool,
    pub comma: bool,
    pub codes: Option<Found<String>>,
    pub text: Option<Found<String>>,
    pub unit: Option<Found<String>>,
    pub also: Option<Found<String>>,
    pub weight: Option<Found<String>>,
    pub prefix: Option<Found<String>>,
    pub uri: Option<Found<String>>,
    pub hs: Option<()>,
    pub token: bool,
    pub words: Option<(String, String)>,
    pub count: Option<Found<String>>,
    pub key: Option<Found<String>>,
    pub ordinal: bool,
    pub again: bool,
    pub written: bool,
    pub shared: bool,
    pub repeated: bool,
    pub join: Option<()>,
    pub repeat: Option<Repeated>,
    pub times: Option<usize>,
    pub drop: Option<Found<String>>,
    pub shape: Option<Found<String>>,
    pub compound: Option<Found<String>>,
    pub only: Vec<Found<String>>,
}

/// Reads the whole file.
pub(super) fn read(file: &Section<'_>) -> File {
    let syntaxes = [("xml", Syntax::Xml), ("json", Syntax::Json), ("csv", Syntax::Csv)];
    let need = |key: &str| {
        if !file.has(key) {
            file.missing(key);
        }
    };
    for key in ["role", "syntax", "reads", "writes"] {
        need(key);
    }
    File {
        title: file.need_text("title").value,
        source: file.need_text("source").value,
        reconstructed: file.flag("reconstructed").unwrap_or(false),
        role: file.choice("role", &Role::WORDS).unwrap_or(Role::Data),
        syntax: file.choice("syntax", &syntaxes).unwrap_or(Syntax::Xml),
        reads: file.flag("reads").unwrap_or(true),
        writes: file.flag("writes").unwrap_or(false),
        signature: file.choice("signature", &[(Profile::XmldsigCod.word(), Profile::XmldsigCod)]),
        algorithms: file.choices("algorithms", &Algorithm::ALL.map(|known| (known.word(), known))),
        wrapping: file.choices("wrapping", &Wrapping::ALL.map(|known| (known.word(), known))),
        lengths: file
            .choice("lengths", &[("characters", Lengths::Characters), ("bytes", Lengths::Bytes)])
            .unwrap_or(Lengths::Characters),
        schema: file.text("schema"),
        charset: file.text("charset"),
        items_max: file
            .table("limits", |limits| limits.count("items_max", 1..=ITEMS_MAX))
            .flatten()
            .and_then(|n| u32::try_from(n).ok()),
        delimiter: file.choice("delimiter", &[(",", b','), (";", b';'), ("\t", b'\t')]).unwrap_or(b','),
        namespaces: file.entries("namespaces"),
        recognise: file.table("recognise", recognise).unwrap_or_default(),
        variants: file.table("variants", |variants| RawVariants {
            is: variants.need_text("is"),
            names: variants.texts("names").unwrap_or_default(),
        }),
        identity: file.table("identity", identity).unwrap_or_default(),
        code_lists: file.tables("code_list", |list| RawCodes {
            name: list.need_text("name").value,
            entries: list.entries("entries"),
        }),
        lists: file.tables("list", list),
        shapes: file.tables("shape", |shape| RawShape {
            name: shape.need_text("name"),
            rows: shape.tables("rows", row),
        }),
        compounds: file.tables("compound", compound),
        blocks: file.tables("block", block),
    }
}

fn recognise(section: &Section<'_>) -> RawRecognise {
    let versions = section.texts("versions").unwrap_or_default();
    RawRecognise {
        root: section.text("root"),
        has: section.texts("has").unwrap_or_default(),
        lacks: section.texts("lacks").unwrap_or_default(),
        version_at: section.text("version_at"),
        versions: versions.into_iter().map(|found| found.value).collect(),
    }
}

fn identity(section: &Section<'_>) -> RawIdentity {
    RawIdentity {
        issuer: section.texts("issuer").unwrap_or_default(),
        number: section.text("number"),
        earlier: section.text("earlier"),
        lengths: section.texts("number_lengths").unwrap_or_default(),
        rectification: section.count("rectification_digits", 1..=9),
    }
}

fn list(section: &Section<'_>) -> RawList {
    let only_where = section.text("where");
    let equals = section.text("equals");
    if only_where.is_some() != equals.is_some() {
        section.wrong("where", "\"where\" and \"equals\" go together");
    }
    RawList {
        name: section.text("name"),
        is: section.need_text("is"),
        at: section.need_text("at"),
        only: section.texts("only").unwrap_or_default(),
        link: section.text("link"),
        only_where: only_where.zip(equals.map(|found| found.value)),
        required: section.flag("required").unwrap_or(false),
    }
}

fn compound(section: &Section<'_>) -> RawCompound {
    let texts = |section: &Section<'_>, key: &str| section.texts(key).unwrap_or_default();
    RawCompound {
        name: section.need_text("name"),
        given: section.text("given"),
        at: texts(section, "at"),
        is: texts(section, "is"),
        tuples: section.tables("tuples", |tuple| RawTuple {
            spot: tuple.spot(),
            given: tuple.text("given"),
            at: texts(tuple, "at"),
            is: texts(tuple, "is"),
        }),
    }
}

fn block(section: &Section<'_>) -> RawBlock {
    let text = |key: &str| section.text(key).map(|found| found.value).unwrap_or_default();
    RawBlock {
        at: text("at"),
        is: text("is"),
        optional: section.flag("optional").unwrap_or(false),
        unless: section.text("unless"),
        beside: section.text("beside"),
        having: section.text("having"),
        only: section.texts("only").unwrap_or_default(),
        rows: section.tables("rows", row),
        spot: section.spot(),
    }
}

fn row(section: &Section<'_>) -> RawRow {
    let only = section.texts("only").unwrap_or_default();
    if let Some(shape) = section.text("shape") {
        let (at, is, spot) = (section.text("at"), section.text("is"), section.spot());
        return RawRow { spot, at, is, shape: Some(shape), only, ..RawRow::default() };
    }
    let size = |key: &str| section.count(key, 1..=SIZE_MAX).and_then(|n| usize::try_from(n).ok());
    let flag = |key: &str| section.flag(key).unwrap_or(false);
    let (yes, no) = (section.text("yes"), section.text("no"));
    if yes.is_some() != no.is_some() {
        section.wrong("yes", "\"yes\" and \"no\" go together");
    }
    let (lines, chunks) = (("lines", Repeated::Lines), ("chunks", Repeated::Chunks));
    RawRow {
        spot: section.spot(),
        at: section.text("at"),
        is: section.text("is"),
        value: section.text("value"),
        with: section.text("with"),
        required: flag("required"),
        required_in: section.texts("required_in").unwrap_or_default(),
        min: size("min"),
        max: size("max"),
        pattern: section.text("pattern"),
        date: section.choice("date", &DateForm::WORDS),
        absent: section.text("absent"),
        digits: section.text("digits"),
        number: flag("number"),
        comma: flag("comma"),
        codes: section.text("codes"),
        text: section.text("text"),
        unit: section.text("unit"),
        also: section.text("also"),
        weight: section.text("weight"),
        prefix: section.text("prefix"),
        uri: section.text("uri"),
        hs: section.choice("hs", &[("dotted", ())]),
        token: flag("token"),
        words: yes.zip(no).map(|(yes, no)| (yes.value, no.value)),
        count: section.text("count"),
        key: section.text("key"),
        ordinal: flag("ordinal"),
        again: flag("again"),
        written: section.flag("written").unwrap_or(true),
        shared: flag("shared"),
        repeated: flag("repeated"),
        join: section.choice("join", &[("words", ())]),
        repeat: section.choice("repeat", &[lines, chunks]),
        times: size("times"),
        drop: section.text("drop"),
        shape: None,
        compound: section.text("compound"),
        only,
    }
}
