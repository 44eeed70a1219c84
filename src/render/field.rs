//! One leaf: the value at a place becomes text, and what reading that text gives is what arrives.

use crate::{
    decode::document::{Node, Scalar},
    format::{
        conversion::{self, Form, Unfit, Written},
        path::Target,
        plan::{self, Does, FieldRow, Parts, Row, Scope, Weight},
    },
    model::{
        certificate::{Index, Place},
        value::Value,
    },
};

use super::{
    Unfilled,
    walk::{Here, Walk},
};

impl Walk<'_> {
    /// The nodes of a leaf, nameless yet; `None` when it has nothing to say.
    pub(super) fn leaf(&mut self, (row, part): (usize, usize), here: Here) -> Option<Vec<Node>> {
        let plan = self.plan;
        let row = plan.rows.get(row)?;
        match &row.does {
            Does::Drop => None,
            Does::Fixed(texts) => Some(vec![Node::leaf("", texts.first()?)]),
            Does::Cell(compound, column) => self.cell(row, (*compound, *column), here),
            Does::Count(list) => {
                let entries = self.written.get(&(*list, here.index)).copied().unwrap_or(0);
                if entries == 0 && row.required {
                    let list = plan.lists.get(*list)?.title();
                    let why = Some(format!("counts no entry of {list}"));
                    self.unfilled.push(Unfilled { at: row.at.clone(), place: None, why });
                }
                (entries > 0).then(|| vec![number(&entries.to_string())])
            }
            Does::Pointer(list) => self.pointer(row, *list, here),
            Does::Ordinal(_) => {
                let last = here.pool.map(|(_, number)| number).or_else(|| here.index.positions().last())?;
                Some(vec![number(&(last + 1).to_string())])
            }
            Does::Field(field) => match self.field(row, field, part, here) {
                Ok(nodes) => nodes,
                Err(why) => {
                    self.cannot(row, field, here, Some(why));
                    None
                }
            },
        }
    }

    fn field(
        &mut self,
        row: &Row,
        field: &FieldRow,
        part: usize,
        here: Here,
    ) -> Result<Option<Vec<Node>>, Unfit> {
        let index = self.index_of(field, here).filter(|_| field.written);
        let Some(index) = index else { return Ok(None) };
        let weight = field.weight.as_ref().filter(|weight| self.is_weight(weight, index));
        let main = match field.scope {
            Scope::Shared => self.shared(field, here)?,
            _ => self.value(weight.unwrap_or(&field.target), index),
        };
        let side = field.form.side().filter(|_| weight.is_none()).and_then(|side| self.value(side, index));
        if main.is_none() && (side.is_none() || !matches!(field.form, Form::Token(..))) {
            if field.ordinal {
                return Ok(self.as_ordinal(field, here.index));
            }
            if let Some(absent) = &field.absent {
                return Ok(Some(vec![Node::leaf("", absent)]));
            }
            if part == 0 {
                self.cannot(row, field, here, None);
            }
            return Ok(None);
        }
        self.means_what_is_implied(field, index)?;
        self.first_row_would_say_it(field, index)?;
        if field.parts != Parts::One {
            return self.parts(field, part, main, here);
        }
        let main_value = main.as_ref().map(|(_, value)| value);
        let written = match &field.form {
            Form::Key(list) => self.key(*list, main_value)?,
            Form::Named(by) => self.named(by, main_value)?,
            _ => {
                self.points_somewhere(field, main_value)?;
                field.form.write(field.kind, main_value, side.as_ref().map(|(_, value)| value))?
            }
        };
        self.fits(field, &written.text)?;
        let node = Node { scalar: written.scalar, ..Node::leaf("", &written.text) };
        self.arrives(field, written, (main.map(|(place, _)| place), side.map(|(place, _)| place)), here);
        Ok(Some(vec![node]))
    }

    /// The positions of a field's lists where the walk is; `None` where it has none.
    fn index_of(&self, field: &FieldRow, here: Here) -> Option<Index> {
        match field.scope {
            Scope::Same | Scope::Repeated => Some(here.index),
            Scope::Shared => here.index.inside(0),
            Scope::Group => here.index.inside(here.run?.0),
            Scope::Record => Index::TOP.inside(here.record?),
            Scope::Pool => Index::TOP.inside(*self.pointing(here).first()?),
        }
    }

    /// The value every entry of the innermost list has.
    fn shared(&self, field: &FieldRow, here: Here) -> Result<Option<(Place, Value)>, Unfit> {
        let list = field.target.loops().pop();
        let entries = list.map_or(0, |list| self.count(list, here.index));
        let values = (0..entries).filter_map(|entry| here.index.inside(entry));
        let mut values = values.map(|index| self.value(&field.target, index));
        let Some(first) = values.next() else { return Ok(None) };
        let same = |other: Option<(Place, Value)>| {
            other.as_ref().map(|(_, value)| value) == first.as_ref().map(|(_, value)| value)
        };
        if values.all(same) { Ok(first) } else { Err(Unfit::Differs) }
    }

    fn as_ordinal(&mut self, field: &FieldRow, index: Index) -> Option<Vec<Node>> {
        let last = index.positions().last()?;
        let (list, outer) = (field.target.loops().pop()?, index.outer(index.depth().checked_sub(1)?));
        // The row a delimited format writes for a certificate without entries is no entry.
        if last >= self.count(list, outer) {
            return None;
        }
        let value = conversion::ordinal(last)?;
        let text = value.to_string();
        self.fits(field, &text).ok()?;
        self.keep(None, field.target.place(index), value);
        Some(vec![number(&text)])
    }

    /// A field beside which the format implies a unit means nothing in another one.
    fn means_what_is_implied(&self, field: &FieldRow, index: Index) -> Result<(), Unfit> {
        if let Some((second, main)) = &field.agree {
            let text = |target: &Target| self.value(target, index).map(|(_, value)| value);
            if text(second) != text(main) {
                return Err(Unfit::OtherUnit);
            }
        }
        let Some((target, value)) = &field.implies else { return Ok(()) };
        match self.value(target, index) {
            Some((_, says)) if says == *value => Ok(()),
            _ => Err(Unfit::OtherUnit),
        }
    }

    /// A row that only repeats a field must not bring a value past the row that reads the field.
    fn first_row_would_say_it(&self, field: &FieldRow, index: Index) -> Result<(), Unfit> {
        let Some(rows) = &field.again else { return Ok(()) };
        let place = field.target.place(index).ok_or(Unfit::Spelling)?;
        let mut firsts = rows.iter().filter_map(|row| self.plan.field_row(*row));
        // The first row may be that of every entry, this one that of a certain entry.
        let says = |first: &FieldRow| {
            first.target.positions(place.index).is_some_and(|index| self.would_arrive(first, index))
        };
        if firsts.any(says) { Ok(()) } else { Err(Unfit::Spelling) }
    }

    fn key(&self, list: usize, value: Option<&Value>) -> Result<Written, Unfit> {
        let value = value.ok_or(Unfit::NoEntry)?;
        let position = conversion::position(value).filter(|position| self.says_anything(list, *position));
        let position = position.ok_or(Unfit::NoEntry)?;
        let number = conversion::ordinal(position).ok_or(Unfit::NoEntry)?;
        let gives = conversion::Read { main: Some(number.clone()), ..conversion::Read::default() };
        Ok(Written { text: number.to_string(), scalar: Scalar::Number, gives })
    }

    /// Where a table has no list of invoices, only the first few: a number of one that is not among them says nothing.
    fn points_somewhere(&self, field: &FieldRow, value: Option<&Value>) -> Result<(), Unfit> {
        let Some(list) = field.target.field.points_to() else { return Ok(()) };
        if self.plan.lists.iter().any(|known| known.field == list) {
            return Ok(());
        }
        let index = value.and_then(conversion::position).and_then(|position| Index::TOP.inside(position));
        let here = |row: &FieldRow| {
            row.target.field.lists() == [list]
                && row.target.place(Index::TOP).is_some_and(|place| Some(place.index) == index)
                && self.would_arrive(row, Index::TOP)
        };
        let mut rows = (0..self.plan.rows.len()).filter_map(|row| self.plan.field_row(row));
        if rows.any(here) { Ok(()) } else { Err(Unfit::NoEntry) }
    }

    /// What the entry pointed to says in a field of its own, where that arrives and no entry before it says the same.
    fn named(&self, by: &Target, value: Option<&Value>) -> Result<Written, Unfit> {
        let position = value.and_then(conversion::position).ok_or(Unfit::NoEntry)?;
        let name = |value: &Value| value.to_string().trim().to_owned();
        let index = Index::TOP.inside(position).ok_or(Unfit::NoEntry)?;
        let text = self.value(by, index).map(|(_, value)| name(&value)).ok_or(Unfit::NoEntry)?;
        let mut reads = (0..self.plan.rows.len()).filter_map(|row| self.plan.field_row(row));
        let arrives = reads.any(|row| row.target == *by && self.would_arrive(row, index));
        let first = self.certificate.all(by.field).find(|(_, value)| name(value) == text);
        if !arrives || first.is_none_or(|(first, _)| first != index) {
            return Err(Unfit::NoEntry);
        }
        let gives = conversion::Read { main: conversion::ordinal(position), ..conversion::Read::default() };
        Ok(Written { text, scalar: Scalar::Text, gives })
    }

    fn fits(&self, field: &FieldRow, text: &str) -> Result<(), Unfit> {
        match field.max {
            _ if text.trim().is_empty() || field.absent.as_deref() == Some(text.trim()) => {
                Err(Unfit::Spelling)
            }
            _ if !self.table.charset.holds(text) => Err(Unfit::Charset(self.table.charset.name())),
            Some(max) if self.table.lengths.of(text) > max => Err(Unfit::TooLong(max)),
            _ => field.formed(self.table.lengths, text),
        }
    }

    /// One text over several leaves; the first part decides, the others follow.
    fn parts(
        &mut self,
        field: &FieldRow,
        part: usize,
        main: Option<(Place, Value)>,
        here: Here,
    ) -> Result<Option<Vec<Node>>, Unfit> {
        let Some((place, value)) = main else { return Ok(None) };
        let pieces = self.pieces(field, &value.to_string())?;
        if part == 0 {
            let written = field.form.write(field.kind, Some(&value), None)?;
            self.arrives(field, written, (Some(place), None), here);
        }
        let node = |piece: String| Node::leaf("", &piece);
        Ok(match field.parts {
            Parts::Fields(_) | Parts::Words(_) => {
                pieces.into_iter().nth(part).flatten().map(|piece| vec![node(piece)])
            }
            _ => Some(pieces.into_iter().flatten().map(node).collect()),
        })
    }

    /// The pieces of a text, each of which fits, and which joined are the text again.
    fn pieces(&self, field: &FieldRow, text: &str) -> Result<Vec<Option<String>>, Unfit> {
        let pieces = split(field.parts, text);
        for piece in pieces.iter().flatten() {
            self.fits(field, piece)?;
            field.form.read(field.kind, piece)?;
        }
        let joined =
            pieces.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(field.parts.joiner());
        if joined == text { Ok(pieces) } else { Err(Unfit::Spelling) }
    }

    /// Whether the weight is written at a position, rather than the amount that shares its leaf: where there is no such
    /// amount, or one that is itself in a unit of mass and would be read as the weight.
    fn is_weight(&self, to: &Target, index: Index) -> bool {
        let known = |weight: &&Weight| weight.to_amount == *to || weight.to_unit == *to;
        let Some(weight) = self.plan.weights.iter().find(known) else { return false };
        let at = |target: &Target| self.value(target, index).map(|(_, value)| value);
        let unit = at(&weight.to_unit).filter(plan::is_mass).filter(|unit| {
            let row = self.plan.field_row(weight.row);
            row.is_some_and(|row| {
                let written = row.form.write(row.kind, Some(unit), None);
                written.is_ok_and(|written| self.fits(row, &written.text).is_ok())
            })
        });
        let said = at(&weight.unit);
        match (at(&weight.amount), at(&weight.to_amount)) {
            (Some(_), None) => false,
            (Some(_), Some(_)) => unit.is_some() && said.as_ref().is_some_and(plan::is_mass),
            (None, Some(_)) => unit.is_some(),
            (None, None) => {
                let words = weight.text.as_ref().and_then(at);
                unit.is_some() && said.is_none() && words.is_none()
            }
        }
    }

    /// Whether the value at a position could be written, wherever in the document that is.
    pub(super) fn would_arrive(&self, field: &FieldRow, index: Index) -> bool {
        let main = self.value(&field.target, index);
        let side = field.form.side().and_then(|side| self.value(side, index));
        let (main, side) = (main.as_ref().map(|(_, value)| value), side.as_ref().map(|(_, value)| value));
        let Some(value) = main.or(side) else { return false };
        let written = || match field.parts {
            Parts::One => self.fits(field, &field.form.write(field.kind, main, side)?.text),
            _ => self.pieces(field, &value.to_string()).map(|_| ()),
        };
        self.means_what_is_implied(field, index).is_ok() && written().is_ok()
    }

    /// Records what arrives of a row: on a group, at every entry of it.
    fn arrives(
        &mut self,
        field: &FieldRow,
        written: Written,
        (main, side): (Option<Place>, Option<Place>),
        here: Here,
    ) {
        let before = self.kept.len();
        let mut gives = Some(written.gives);
        let mut places = self.places(field, here).into_iter().peekable();
        while let Some(index) = places.next() {
            let gives = if places.peek().is_some() { gives.clone() } else { gives.take() };
            let conversion::Read { main: value, side: second, .. } = gives.unwrap_or_default();
            self.arrives_at((&field.target, main), value, index);
            if let Some(target) = field.form.side() {
                self.arrives_at((target, side), second, index);
            }
            if let Some((target, value)) = &field.implies {
                let place = target.place(index);
                self.keep(place, place, value.clone());
            }
        }
        if field.again.is_some() {
            let place = self.index_of(field, here).and_then(|index| field.target.place(index));
            self.kept.iter_mut().skip(before).for_each(|kept| kept.again = place);
        }
    }

    fn arrives_at(&mut self, (target, from): (&Target, Option<Place>), value: Option<Value>, index: Index) {
        let (Some(value), Some(place)) = (value, target.place(index)) else { return };
        // On a group and for one value for all, each entry has its own place; it arrives where it stood.
        let here = from.filter(|from| from.field != place.field || from.index == place.index);
        let stood = || self.certificate.at(place.field, place.index).is_some().then_some(place);
        self.keep(here.or_else(|| from.and_then(|_| stood())), Some(place), value);
    }

    fn places(&self, field: &FieldRow, here: Here) -> Vec<Index> {
        let entries = |first: usize, end: usize| {
            (first..end).filter_map(|entry| here.index.inside(entry)).collect::<Vec<_>>()
        };
        match field.scope {
            Scope::Group => here.run.map_or_else(Vec::new, |(first, end)| entries(first, end)),
            Scope::Pool => {
                self.pointing(here).iter().filter_map(|position| Index::TOP.inside(*position)).collect()
            }
            Scope::Shared => {
                let list = field.target.loops().pop();
                entries(0, list.map_or(0, |list| self.count(list, here.index)))
            }
            _ => self.index_of(field, here).into_iter().collect(),
        }
    }

    /// A field that cannot be filled: it matters only where the format demands it.
    fn cannot(&mut self, row: &Row, field: &FieldRow, here: Here, why: Option<Unfit>) {
        if !row.required {
            return;
        }
        let place = self.index_of(field, here).and_then(|index| field.target.place(index));
        let unfilled = Unfilled { at: row.at.clone(), place, why: why.map(|why| why.to_string()) };
        if !self.unfilled.contains(&unfilled) {
            self.unfilled.push(unfilled);
        }
    }
}

pub(super) fn number(text: &str) -> Node {
    Node { scalar: Scalar::Number, ..Node::leaf("", text) }
}

/// The pieces of a text; a named leaf without a piece is `None`.
fn split(parts: Parts, text: &str) -> Vec<Option<String>> {
    match parts {
        Parts::One => vec![Some(text.to_owned())],
        Parts::Fields(number) => {
            let mut pieces = text.splitn(number, '\n').map(|line| Some(line.to_owned())).collect::<Vec<_>>();
            pieces.resize(number, None);
            pieces
        }
        // Which words of a longer name belong together is not for us to say.
        Parts::Words(number) => {
            let words = text.split(' ').map(|word| Some(word.to_owned())).collect::<Vec<_>>();
            if words.len() == number { words } else { Vec::new() }
        }
        Parts::Lines { times } => {
            let lines = text.split('\n').map(|line| Some(line.to_owned())).collect::<Vec<_>>();
            if lines.len() > times { Vec::new() } else { lines }
        }
        Parts::Chunks { size, times } => {
            let letters = text.chars().collect::<Vec<_>>();
            let chunks = letters.chunks(size).map(|chunk| Some(chunk.iter().collect())).collect::<Vec<_>>();
            if chunks.len() > times { Vec::new() } else { chunks }
        }
    }
}
