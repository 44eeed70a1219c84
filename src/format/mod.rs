//! A format as data: `partners/formats/<id>/format.toml` read, checked and compiled to a plan that runs both ways.
//!
//! A table pairs each field of a national format with a canonical one, a row each; `map` reads along it, `render` writes
//! along it. The file's grammar is `partners/formats/README.md`. Loading reports every problem at once, with its line and the
//! nearest valid name; a table that loads has no unknown field, no row that can never be reached, no conversion that does
//! not fit its field.
//!
//! **Invariant:** a [`Table`] is immutable and complete: walking its plans needs neither its text nor the code list files.
//!
//! It does not judge documents and knows no member. `region` loads tables; `map` and `render` walk them.

pub mod canonical;
pub mod codes;
mod compile;
pub mod compound;
pub mod conversion;
mod file;
mod fit;
pub mod list;
pub mod path;
pub mod plan;
pub mod recognise;
mod row;
mod uri;

use crate::{
    decode::{
        Decoded,
        charset::Charset,
        document::{Document, Syntax},
        proof::{Profile, algorithm::Algorithm},
        schema::Schema,
        wrapping::Wrapping,
    },
    files::Files,
    model::id::{Digest, FormatId},
    problem::{Found, Problems, Spot, section::Source},
};

use self::{
    plan::Plan,
    recognise::{IdentityRule, Recognise},
};

/// File name of a table inside its folder.
pub const FILE_NAME: &str = "format.toml";
/// Largest file of a format folder, in bytes: a list of all UN/LOCODEs fits.
pub const FILE_BYTES_MAX: u64 = 16 << 20;

/// A format, both ways.
#[derive(Clone, Debug)]
pub struct Table {
    /// Id, the folder's name.
    pub id: FormatId,
    /// Name in words.
    pub title: String,
    /// What the names in it come from.
    pub source: String,
    /// Whether the format is known from third parties only.
    pub reconstructed: bool,
    /// What its documents are.
    pub role: Role,
    /// How they are written.
    pub syntax: Syntax,
    /// Whether members may send it.
    pub reads: bool,
    /// Whether the hub may send it; otherwise it renders for trace and matrix only.
    pub writes: bool,
    /// The signatures its documents carry.
    pub signature: Option<Profile>,
    /// The algorithms those signatures may be made with.
    pub algorithms: Vec<Algorithm>,
    /// What parts the cells of a row when CSV is written; reading goes by the header line.
    pub delimiter: u8,
    /// The wrappers its documents may come in.
    pub wrapping: Vec<Wrapping>,
    /// Unit its lengths count in.
    pub lengths: Lengths,
    /// The operator's schema, which documents and renderings must obey.
    pub schema: Option<Schema>,
    schema_file: Option<Found<String>>,
    /// Character set of its documents besides UTF-8, and the one it is written in.
    pub charset: Charset,
    /// Most goods items it takes.
    pub items_max: Option<u32>,
    /// Digest over the table and every shared code list it reads.
    pub digest: Digest,
    /// Prefix and address of each namespace; the empty prefix is the default.
    pub namespaces: Vec<(String, String)>,
    /// How its documents are told from others.
    pub recognise: Recognise,
    /// Where a certificate's identity stands.
    pub identity: IdentityRule,
    /// One plan per variant, the one written by default first.
    pub plans: Vec<Plan>,
}

/// What the documents of a format are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Certificates as issued.
    Issued,
    /// Applications for a certificate; never written by the hub.
    Application,
    /// What an importing side keeps of a certificate.
    ImportRecord,
    /// Data between systems, without legal form.
    Data,
}

/// What a format's lengths count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lengths {
    /// Unicode characters.
    Characters,
    /// Bytes of UTF-8.
    Bytes,
}

/// How a format spells dates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DateForm {
    /// `2026-03-31`.
    Day,
    /// `2026-03-31T08:00:00`, zone or not.
    Datetime,
    /// `20260331`.
    Compact,
    /// `31/03/2026`, day before month.
    Slashed,
    /// `31.03.2026`, day before month.
    Dotted,
    /// `2026-03-31T08:00:00Z`, never without zone.
    Zoned,
    /// As it came: the canonical spelling.
    Any,
}

/// How several repetitions of a leaf carry one text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Repeated {
    /// A line each.
    Lines,
    /// So many characters each.
    Chunks,
}

impl Role {
    const WORDS: [(&'static str, Self); 4] = [
        ("issued", Self::Issued),
        ("application", Self::Application),
        ("import-record", Self::ImportRecord),
        ("data", Self::Data),
    ];
}

impl DateForm {
    const WORDS: [(&'static str, Self); 7] = [
        ("day", Self::Day),
        ("datetime", Self::Datetime),
        ("compact", Self::Compact),
        ("slashed", Self::Slashed),
        ("dotted", Self::Dotted),
        ("zoned", Self::Zoned),
        ("any", Self::Any),
    ];
}

impl Lengths {
    /// The length of a text in this unit.
    #[must_use]
    pub fn of(self, text: &str) -> usize {
        match self {
            Self::Characters => text.chars().count(),
            Self::Bytes => text.len(),
        }
    }
}

impl Table {
    /// Loads `folder/format.toml`; `codes` is the folder of shared code lists, `file_label` how problems name the file.
    ///
    /// `None` when the file cannot be read or anything in it is wrong; every problem is recorded.
    #[must_use]
    pub fn load(
        id: &FormatId,
        folder: impl Into<Files>,
        codes: impl Into<Files>,
        file_label: &str,
        problems: &Problems,
    ) -> Option<Self> {
        let folder = folder.into();
        match folder.text(FILE_NAME, FILE_BYTES_MAX) {
            Ok(text) => Self::read(id, &text, codes, file_label, problems)?.with_schema(&folder, problems),
            Err(reason) => {
                problems.add(Spot::file(file_label).problem(reason));
                None
            }
        }
    }

    /// Loads the schema the table names, which then counts for its digest too.
    fn with_schema(mut self, folder: &Files, problems: &Problems) -> Option<Self> {
        let Some(file) = &self.schema_file else { return Some(self) };
        match Schema::load(self.syntax, folder, &file.value) {
            Ok(schema) => {
                self.digest = Digest::of(&[self.digest.0, schema.digest().0].concat());
                self.schema = Some(schema);
                Some(self)
            }
            Err(unusable) => {
                problems.add(file.spot.problem(unusable.to_string()));
                None
            }
        }
    }

    /// As [`Table::load`], of a text; a schema that it names is not loaded.
    #[must_use]
    pub fn read(
        id: &FormatId,
        text: &str,
        codes: impl Into<Files>,
        file_label: &str,
        problems: &Problems,
    ) -> Option<Self> {
        let found = Problems::default();
        let file = Source::new(file_label, text).read(&found, file::read);
        let table = compile::table(id, text, file, codes.into(), &found);
        let clean = found.is_empty();
        for problem in found.sorted() {
            problems.add(problem);
        }
        table.filter(|_| clean)
    }

    /// The media type of what is written in it.
    #[must_use]
    pub fn media_type(&self) -> String {
        let plain = self.syntax.media_type();
        if self.charset.is_utf8() {
            plain.to_owned()
        } else {
            format!("{plain}; charset={}", self.charset.name())
        }
    }

    /// Whether a document is of this format.
    #[must_use]
    pub fn recognises(&self, document: &Document) -> bool {
        document.syntax == self.syntax && self.recognise.fits(&document.root)
    }

    /// Whether a document is of this format, and comes bare or in a wrapper this format takes.
    #[must_use]
    pub fn takes(&self, decoded: &Decoded) -> bool {
        let wrapped = decoded.wrapped.as_ref();
        self.recognises(&decoded.document)
            && wrapped.is_none_or(|wrapped| self.wrapping.contains(&wrapped.wrapping))
    }

    /// The plan for a document: that of the variant it is written in.
    #[must_use]
    pub fn plan_of(&self, document: &Document) -> Option<&Plan> {
        match &self.recognise.variant_below {
            None => self.plans.first(),
            Some(below) => {
                let parent = recognise::find(&document.root, below)?;
                self.plans.iter().find(|plan| {
                    plan.variant.as_deref().is_some_and(|variant| parent.child(variant).is_some())
                })
            }
        }
    }

    /// The plan to write a variant with: the first one when the name is none of this format's.
    #[must_use]
    pub fn plan_for(&self, variant: Option<&str>) -> Option<&Plan> {
        let named = self.plans.iter().find(|plan| variant.is_some() && plan.variant.as_deref() == variant);
        named.or(self.plans.first())
    }
}

#[cfg(test)]
mod tests;
