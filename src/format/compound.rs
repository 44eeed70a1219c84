//! Leaves that only together mean something: tuples of national texts, each with the tuple of canonical values it is.

use crate::model::value::{Kind, Value};

use super::path::Target;

/// A table of tuples, both ways.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compound {
    /// A field outside of all lists that is read elsewhere; a tuple may count for some of its values only.
    pub given: Option<Target>,
    /// Names of the leaves.
    pub at: Vec<String>,
    /// The fields.
    pub is: Vec<(Target, Kind)>,
    /// The tuples; the first that fits a document counts.
    pub tuples: Vec<Tuple>,
}

/// One combination.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tuple {
    /// Values of the given field it counts for; empty: any.
    pub given: Vec<String>,
    /// A cell per leaf.
    pub at: Vec<Cell>,
    /// A cell per field.
    pub is: Vec<Cell>,
}

/// One cell of a tuple.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cell {
    /// Nothing.
    Absent,
    /// This text, in canonical spelling on the canonical side.
    Text(String),
    /// Any text, which stands in this cell of the other side.
    Any(usize),
}

impl Compound {
    /// The first tuple that texts are; an absent text is `None`.
    #[must_use]
    pub fn read(&self, given: Option<&str>, texts: &[Option<String>]) -> Option<&Tuple> {
        let fits = |cell: &Cell, text: &Option<String>| match (cell, text.as_deref().map(str::trim)) {
            (Cell::Absent, None) | (Cell::Any(_), Some(_)) => true,
            (Cell::Text(wanted), Some(text)) => wanted == text,
            _ => false,
        };
        self.tuples.iter().filter(|tuple| tuple.counts(given)).find(|tuple| {
            tuple.at.len() == texts.len() && tuple.at.iter().zip(texts).all(|(cell, text)| fits(cell, text))
        })
    }

    /// The texts of the tuple that carries most of these values and is read as itself, and which of the values it carries.
    #[must_use]
    pub fn write(
        &self,
        given: Option<&str>,
        values: &[Option<Value>],
    ) -> Option<(Vec<Option<String>>, Vec<bool>)> {
        let mut best: Option<(Vec<Option<String>>, Vec<bool>)> = None;
        for tuple in self.tuples.iter().filter(|tuple| tuple.counts(given)) {
            let Some(texts) = self.texts(tuple, values) else { continue };
            if self.read(given, &texts) != Some(tuple) {
                continue;
            }
            let carries = tuple.is.iter().map(|cell| *cell != Cell::Absent).collect::<Vec<_>>();
            let number = |carries: &[bool]| carries.iter().filter(|carries| **carries).count();
            if number(&carries) > best.as_ref().map_or(0, |(_, best)| number(best)) {
                best = Some((texts, carries));
            }
        }
        best
    }

    /// What a tuple says for these values; `None` when they are not what it means, or would not be read again.
    fn texts(&self, tuple: &Tuple, values: &[Option<Value>]) -> Option<Vec<Option<String>>> {
        let fits = |(cell, value): (&Cell, &Option<Value>)| match (cell, value) {
            (Cell::Absent, _) => true,
            (Cell::Text(text), Some(value)) => value.to_string() == *text,
            (Cell::Any(_), Some(_)) => true,
            _ => false,
        };
        if !tuple.is.iter().zip(values).all(fits) {
            return None;
        }
        let text = |cell: &Cell| match cell {
            Cell::Absent => Some(None),
            Cell::Text(text) => Some(Some(text.clone())),
            Cell::Any(other) => {
                let value = values.get(*other)?.as_ref()?;
                let text = value.to_string();
                let (_, kind) = self.is.get(*other)?;
                (text.trim() == text && read(*kind, &text).as_ref() == Some(value)).then_some(Some(text))
            }
        };
        tuple.at.iter().map(text).collect()
    }
}

impl Tuple {
    fn counts(&self, given: Option<&str>) -> bool {
        self.given.is_empty() || given.is_some_and(|given| self.given.iter().any(|known| known == given))
    }

    /// The values that texts are, by field; `Err` with the leaf whose text is no value of its field.
    ///
    /// # Errors
    /// The number of the leaf.
    pub fn values(
        &self,
        is: &[(Target, Kind)],
        texts: &[Option<String>],
    ) -> Result<Vec<Option<Value>>, usize> {
        let value = |(cell, (_, kind)): (&Cell, &(Target, Kind))| match cell {
            Cell::Absent => Ok(None),
            Cell::Text(text) => Ok(read(*kind, text)),
            Cell::Any(leaf) => {
                let text = texts.get(*leaf).and_then(Option::as_deref).unwrap_or_default();
                read(*kind, text.trim()).map(Some).ok_or(*leaf)
            }
        };
        self.is.iter().zip(is).map(value).collect()
    }
}

fn read(kind: Kind, text: &str) -> Option<Value> {
    let whole = !text.is_empty() && !text.chars().any(super::conversion::is_control);
    Value::parse(kind, text).ok().filter(|_| whole)
}
