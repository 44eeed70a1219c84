//! A certificate: a tree over the dictionary, held as checked values at places.
//!
//! A place is a field and, for each list around it, a position. There is no Rust struct of parties and goods on
//! purpose: whatever the dictionary knows, a certificate can hold, and every loop over a certificate is a loop over
//! the dictionary.

use std::collections::BTreeMap;

use super::{
    dictionary::{Field, LIST_DEPTH_MAX},
    value::Value,
};

/// Positions in the lists around a field, outermost first, counted from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Index {
    depth: u8,
    at: [u16; LIST_DEPTH_MAX],
}

impl Index {
    /// Outside every list.
    pub const TOP: Self = Self { depth: 0, at: [0; LIST_DEPTH_MAX] };

    /// This index with one more position inside.
    ///
    /// `None` past [`LIST_DEPTH_MAX`] or when the position does not fit 16 bits.
    #[must_use]
    pub fn inside(self, position: usize) -> Option<Self> {
        let mut next = self;
        *next.at.get_mut(usize::from(self.depth))? = u16::try_from(position).ok()?;
        next.depth += 1;
        Some(next)
    }

    /// The first `depth` positions.
    #[must_use]
    pub fn outer(self, depth: usize) -> Self {
        self.positions()
            .take(depth)
            .fold(Self::TOP, |index, position| index.inside(position).unwrap_or(index))
    }

    /// The positions, outermost first.
    pub fn positions(self) -> impl Iterator<Item = usize> {
        self.at.into_iter().take(usize::from(self.depth)).map(usize::from)
    }

    /// This index with every further position of `field` set to `fill`.
    fn padded(self, fill: u16, field: Field) -> Self {
        (self.depth()..field.lists().len())
            .fold(self, |index, _| index.inside(usize::from(fill)).unwrap_or(index))
    }

    /// How many lists surround the place.
    #[must_use]
    pub fn depth(self) -> usize {
        usize::from(self.depth)
    }
}

/// Where a value stands: a field, and a position for each list around it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// The field.
    pub field: Field,
    /// Positions in its lists; as many as the field has lists.
    pub index: Index,
}

impl Place {
    /// The path with positions, such as `items[3].origin.criterion`, counted from 1 as people count lines.
    #[must_use]
    pub fn path(&self) -> String {
        let mut positions = self.index.positions();
        let mut out = String::new();
        for (i, part) in self.field.path().split("[]").enumerate() {
            if i > 0 {
                let position = positions.next().map_or_else(String::new, |p| (p + 1).to_string());
                out.push_str(&format!("[{position}]"));
            }
            out.push_str(part);
        }
        out
    }
}

/// The trade document in canonical form: checked values at places.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Certificate {
    values: BTreeMap<Place, Value>,
}

impl Certificate {
    /// Puts a value; the caller has checked it against the field's kind.
    pub fn set(&mut self, place: Place, value: Value) {
        self.values.insert(place, value);
    }

    /// Takes the value at a place away.
    pub fn take(&mut self, place: Place) -> Option<Value> {
        self.values.remove(&place)
    }

    /// The value at a place.
    #[must_use]
    pub fn at(&self, field: Field, index: Index) -> Option<&Value> {
        self.values.get(&Place { field, index })
    }

    /// The value of a field outside every list, by canonical path.
    #[must_use]
    pub fn top(&self, path: &str) -> Option<&Value> {
        self.at(Field::named(path)?, Index::TOP)
    }

    /// As [`Certificate::top`], in canonical spelling.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<String> {
        self.top(path).map(ToString::to_string)
    }

    /// Every value of one field, in order of position.
    pub fn all(&self, field: Field) -> impl Iterator<Item = (Index, &Value)> {
        let last = Index { depth: u8::MAX, at: [u16::MAX; LIST_DEPTH_MAX] };
        let range = Place { field, index: Index::TOP }..=Place { field, index: last };
        self.values.range(range).map(|(place, value)| (place.index, value))
    }

    /// Every value, in dictionary order.
    pub fn iter(&self) -> impl Iterator<Item = (Place, &Value)> {
        self.values.iter().map(|(place, value)| (*place, value))
    }

    /// How many elements a list has at `outer` (the positions of the lists around it): one past the last position at
    /// which any field of the list has a value.
    #[must_use]
    pub fn count(&self, list: Field, outer: Index) -> usize {
        let depth = list.lists().len();
        let members = Field::all().filter(|field| field.lists().get(depth) == Some(&list));
        let lasts = members.filter_map(|field| {
            let range = Place { field, index: outer.padded(0, field) }..=Place {
                field,
                index: outer.padded(u16::MAX, field),
            };
            let (place, _) = self.values.range(range).next_back()?;
            place.index.positions().nth(depth)
        });
        lasts.max().map_or(0, |last| last + 1)
    }

    /// The part of the certificate whose fields `keep` admits.
    #[must_use]
    pub fn only(&self, keep: impl Fn(Field) -> bool) -> Self {
        let values = self.values.iter().filter(|(place, _)| keep(place.field));
        Self { values: values.map(|(place, value)| (*place, value.clone())).collect() }
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(certificate: &mut Certificate, path: &str, positions: &[usize], text: &str) {
        let index = positions.iter().fold(Index::TOP, |i, p| i.inside(*p).unwrap());
        certificate.set(Place { field: Field::named(path).unwrap(), index }, Value::Text(text.into()));
    }

    #[test]
    fn lists_are_counted_where_they_stand() {
        let mut certificate = Certificate::default();
        put(&mut certificate, "items[].description", &[0], "wine");
        put(&mut certificate, "items[].packages[].marks", &[1, 2], "N/M");
        let items = Field::named("items[]").unwrap();
        let packages = Field::named("items[].packages[]").unwrap();
        assert_eq!(certificate.count(items, Index::TOP), 2);
        assert_eq!(certificate.count(packages, Index::TOP.inside(0).unwrap()), 0);
        assert_eq!(certificate.count(packages, Index::TOP.inside(1).unwrap()), 3);
    }

    #[test]
    fn places_are_named_as_people_count() {
        let index = Index::TOP.inside(2).unwrap().inside(0).unwrap();
        let place = Place { field: Field::named("items[].packages[].marks").unwrap(), index };
        assert_eq!(place.path(), "items[3].packages[1].marks");
    }
}
