//! The two kinds of path in a row: the document's own (`Invoices/Invoice[]/InvoiceNo`, `@id`, `{line1,line2}`) and the
//! canonical one (`items[].packages[1].marks`).

use std::{borrow::Cow, fmt};

use crate::{
    decode::document::Syntax,
    model::{
        certificate::{Index, Place},
        dictionary::Field,
    },
    problem::nearest,
};

/// Highest position a path may name: those before it are written empty where they have nothing.
const POSITION_MAX: usize = 99;
/// Before the name of a JSON member that begins with `@`, where an attribute has one `@`.
const MEMBER: &str = "@@";

/// One step of a path in the document's own names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Segment {
    /// Prefix of the namespace, from the table's `[namespaces]`.
    pub prefix: Option<String>,
    /// Local name.
    pub name: String,
    /// Whether it is an attribute (`@id`).
    pub attribute: bool,
    /// Whether it repeats (`Goods[]`).
    pub repeats: bool,
    /// Which one of its name it is, counted from 0 (`type[1]` is the first).
    pub position: Option<usize>,
}

/// A path in the document's own names. Several last segments stand for the parts of one text.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct National {
    /// Steps to the parent.
    pub parents: Vec<Segment>,
    /// The last step, or the parts of `{line1,line2}`.
    pub parts: Vec<Segment>,
}

impl National {
    /// Reads `a/b[]/c`, `a/@id`, `a/{line1,line2}`.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (parents, last) = match text.rsplit_once('/') {
            Some((parents, last)) => (parents.split('/').map(segment).collect::<Result<_, _>>()?, last),
            None => (Vec::new(), text),
        };
        let parts = match last.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(names) => names.split(',').map(|name| segment(name.trim())).collect::<Result<_, _>>()?,
            None => vec![segment(last)?],
        };
        Ok(Self { parents, parts })
    }

    /// Every step to the first part.
    pub fn steps(&self) -> impl Iterator<Item = &Segment> {
        self.parents.iter().chain(self.parts.first())
    }
}

/// A path as its syntax means it: JSON has no attributes, so there `@context` is a member.
#[must_use]
pub fn meant(syntax: Syntax, text: &str) -> Cow<'_, str> {
    if syntax == Syntax::Json && text.contains('@') && !text.contains(MEMBER) {
        return Cow::Owned(text.replace('@', MEMBER));
    }
    Cow::Borrowed(text)
}

fn segment(text: &str) -> Result<Segment, String> {
    let (text, position) = positioned(text)?;
    let (text, repeats) = text.strip_suffix("[]").map_or((text, false), |name| (name, true));
    if let Some(name) = text.strip_prefix(MEMBER).filter(|name| !name.contains(['[', ']', '{', '}', '@'])) {
        let name = format!("@{name}");
        return Ok(Segment { prefix: None, name, attribute: false, repeats, position });
    }
    let (text, attribute) = text.strip_prefix('@').map_or((text, false), |name| (name, true));
    let (prefix, name) = match text.split_once(':') {
        Some((prefix, name)) => (Some(prefix.to_owned()), name),
        None => (None, text),
    };
    if name.is_empty() || name.contains(['[', ']', '{', '}', '@', ':']) || (attribute && position.is_some()) {
        return Err(format!("\"{text}\" is not a name; write a/b, a[]/b, a[1]/b, a/@id or a/{{b,c}}"));
    }
    Ok(Segment { prefix, name: name.to_owned(), attribute, repeats, position })
}

/// Takes `[2]` from the end of a step.
fn positioned(text: &str) -> Result<(&str, Option<usize>), String> {
    let Some((name, number)) = text.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) else {
        return Ok((text, None));
    };
    match number.parse::<usize>() {
        _ if number.is_empty() => Ok((text, None)),
        Ok(number) if (1..=POSITION_MAX).contains(&number) => Ok((name, Some(number - 1))),
        _ => Err(format!("\"[{number}]\" is not a position from 1 to {POSITION_MAX}")),
    }
}

/// The text of some steps, as a table writes them.
#[must_use]
pub fn text<'a>(steps: impl IntoIterator<Item = &'a Segment>) -> String {
    let mut out = String::new();
    for step in steps {
        if !out.is_empty() {
            out.push('/');
        }
        if step.attribute {
            out.push('@');
        }
        if let Some(prefix) = &step.prefix {
            out.push_str(prefix);
            out.push(':');
        }
        out.push_str(&step.name);
        if step.repeats {
            out.push_str("[]");
        }
        if let Some(position) = step.position {
            out.push_str(&format!("[{}]", position + 1));
        }
    }
    out
}

/// A canonical field, and for each list around it either every position or a fixed one (`attachments[1].uri`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Target {
    /// The field.
    pub field: Field,
    /// Per list, outermost first: `None` for every position, otherwise the position counted from 0.
    slots: Vec<Option<usize>>,
}

impl Target {
    /// Reads a canonical path; positions count from 1 as people count.
    ///
    /// # Errors
    /// What is wrong, and the nearest field.
    pub fn parse(text: &str) -> Result<Self, (String, Option<String>)> {
        let mut path = String::new();
        let mut slots = Vec::new();
        let mut pieces = text.split('[');
        path.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            let (position, rest) = piece.split_once(']').unwrap_or((piece, ""));
            slots.push(match position {
                "" => None,
                number => match number.parse::<usize>() {
                    Ok(number) if number > 0 => Some(number - 1),
                    _ => return Err((format!("\"[{number}]\" is not a position counted from 1"), None)),
                },
            });
            path.push_str("[]");
            path.push_str(rest);
        }
        match Field::named(&path) {
            Some(field) => {
                slots.truncate(field.lists().len());
                Ok(Self { field, slots })
            }
            None => Err((
                format!("\"{path}\" is not a field of the dictionary"),
                nearest(&path, Field::all().map(Field::path)),
            )),
        }
    }

    /// Every position of a field.
    #[must_use]
    pub fn every(field: Field) -> Self {
        Self { field, slots: vec![None; field.lists().len()] }
    }

    /// Whether every place of that target is a place of this one.
    #[must_use]
    pub fn covers(&self, that: &Self) -> bool {
        let slot = |(own, other): (&Option<usize>, &Option<usize>)| own.is_none() || own == other;
        self.field == that.field && self.slots.iter().zip(&that.slots).all(slot)
    }

    /// The lists it runs through, outermost first; those with a fixed position left out.
    #[must_use]
    pub fn loops(&self) -> Vec<Field> {
        let lists = self.field.lists().iter().zip(&self.slots);
        lists.filter(|(_, slot)| slot.is_none()).map(|(list, _)| *list).collect()
    }

    /// The place for the positions of the lists it runs through; further positions are not looked at.
    ///
    /// `None` when there are too few.
    #[must_use]
    pub fn place(&self, positions: Index) -> Option<Place> {
        let mut given = positions.positions();
        let mut index = Index::TOP;
        for slot in &self.slots {
            index = index.inside(match slot {
                Some(fixed) => *fixed,
                None => given.next()?,
            })?;
        }
        Some(Place { field: self.field, index })
    }

    /// The positions of the lists it runs through, when `index` is a place of this target.
    #[must_use]
    pub fn positions(&self, index: Index) -> Option<Index> {
        let mut out = Index::TOP;
        for (slot, position) in self.slots.iter().zip(index.positions()) {
            match slot {
                Some(fixed) if *fixed == position => {}
                Some(_) => return None,
                None => out = out.inside(position)?,
            }
        }
        Some(out)
    }
}

impl fmt::Display for Target {
    /// The path as tables write it, fixed positions counted from 1.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, part) in self.field.path().split("[]").enumerate() {
            match number.checked_sub(1).and_then(|before| self.slots.get(before)) {
                Some(Some(fixed)) => write!(f, "[{}]{part}", fixed + 1)?,
                Some(None) => write!(f, "[]{part}")?,
                None => f.write_str(part)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_national_path_prints_as_it_was_read() {
        for path in ["a", "a/b[]/c", "soap:Envelope/a/@id", "x:a[]/y:b[]", "a[2]/b[99]"] {
            assert_eq!(text(National::parse(path).unwrap().steps()), path);
        }
        for bad in ["", "a//b", "a/[]", "a/{b", "a/b]", "a[0]", "a[100]", "a[x]", "@a[1]"] {
            assert!(National::parse(bad).is_err(), "{bad}");
        }
        let lines = National::parse("address/{line1, line2}").unwrap();
        assert_eq!(lines.parts.iter().map(|part| part.name.as_str()).collect::<Vec<_>>(), ["line1", "line2"]);
    }

    #[test]
    fn a_name_with_an_at_sign_is_an_attribute_except_in_json() {
        let last = |syntax| {
            let path = National::parse(&meant(syntax, "a/@context[2]")).ok()?;
            path.parts.into_iter().next()
        };
        assert_eq!(last(Syntax::Xml), None);
        let member = last(Syntax::Json).unwrap();
        assert_eq!((member.name.as_str(), member.attribute, member.position), ("@context", false, Some(1)));
        let attribute = National::parse(&meant(Syntax::Xml, "a/@id")).unwrap();
        assert!(attribute.parts[0].attribute);
    }

    #[test]
    fn a_position_counts_from_one() {
        let marks = Target::parse("items[].packages[1].marks").unwrap();
        assert_eq!(marks.loops(), [Field::named("items[]").unwrap()]);
        let place = marks.place(Index::TOP.inside(4).unwrap()).unwrap();
        assert_eq!(place.path(), "items[5].packages[1].marks");
        assert_eq!(marks.positions(place.index), Index::TOP.inside(4));
        assert!(Target::parse("attachments[0].uri").is_err());
    }

    #[test]
    fn an_unknown_field_is_answered_with_the_nearest() {
        let (_, hint) = Target::parse("exporter.nam").unwrap_err();
        assert_eq!(hint.as_deref(), Some("did you mean \"exporter.name\"?"));
    }
}
