//! The repetitions of a table.

use crate::{
    model::dictionary::Field,
    problem::{Spot, nearest},
};

use super::{
    super::{
        file::RawList,
        list::List,
        path::{self, National, Segment},
        plan::Repeat,
        row,
    },
    Builder,
};

impl Builder<'_> {
    pub(super) fn list(&mut self, raw: &RawList) {
        if !self.admits(&raw.only) {
            return;
        }
        let Some(field) = Field::named(&raw.is.value).filter(|field| field.kind().is_none()) else {
            let lists = Field::all().filter(|field| field.kind().is_none()).map(Field::path);
            let problem =
                raw.is.spot.problem(format!("\"{}\" is not a list of the dictionary", raw.is.value));
            let hint = nearest(&raw.is.value, lists);
            self.problems.add(crate::problem::Problem { hint, ..problem });
            return;
        };
        let at = self.here(&raw.at.value);
        let path = match National::parse(&at) {
            Ok(path) => path.steps().cloned().collect::<Vec<_>>(),
            Err(reason) => return self.problems.add(raw.at.spot.problem(reason)),
        };
        let link = raw.link.as_ref().and_then(|link| row::target(link, "", self.problems));
        let number = self.lists.len();
        if raw.name.is_some() {
            return self.pool(raw, field, &path);
        }
        self.repeat(raw, &path, field, number);
        let only_where = raw.only_where.as_ref().map(|(name, text)| (name.value.clone(), text.clone()));
        let several = link.is_some() && path.last().is_some_and(|step| step.repeats);
        let home = self.other_home(raw, field);
        let own = List {
            at: path::text(&path),
            link,
            several,
            home,
            only_where,
            required: raw.required,
            ..List::new(field)
        };
        self.lists.push(own);
    }

    /// A list with a name: said once, outside, and pointed to from the entries of its canonical list.
    fn pool(&mut self, raw: &RawList, field: Field, path: &[Segment]) {
        let Some(name) = &raw.name else { return };
        let wrong = |reason: String| self.problems.add(name.spot.problem(reason));
        if name.value.contains('[') || self.list_named(&name.value).is_some() {
            wrong(format!("\"{}\" is no name for it: it has no [] and stands for one list", name.value));
        }
        if raw.link.is_some() || raw.only_where.is_some() || !field.lists().is_empty() {
            let reason = "goes with a list outside of all others, without link and where";
            wrong(format!("name {reason}"));
        }
        let (last, above) = path.split_last().unzip();
        let alone = above.is_some_and(|above| above.iter().all(|step| !step.repeats));
        if !last.is_some_and(|step| step.repeats) || !alone {
            wrong("a list with a name ends in [], and nothing around it repeats".to_owned());
        }
        self.repeats.insert(path::text(path), Repeat::Pool(self.lists.len()));
        let (at, pool) = (path::text(path), Some(name.value.clone()));
        self.lists.push(List { at, pool, required: raw.required, ..List::new(field) });
    }

    /// The list that is the first home of this one, which becomes the second.
    fn other_home(&mut self, raw: &RawList, field: Field) -> Option<usize> {
        let number = self.lists.len();
        let other = self.lists.iter().position(|list| list.field == field && list.pool.is_none())?;
        let known = self.lists.get_mut(other)?;
        let reason = if known.home.is_some() || known.link.is_some() == raw.link.is_some() {
            format!("{field} is a [[list]] already; of its two homes one has link and the other has not")
        } else if !field.lists().is_empty() {
            format!("{field} stands in another list; only a list outside of all others can have two homes")
        } else {
            known.home = Some(number);
            return Some(other);
        };
        self.problems.add(raw.is.spot.problem(reason));
        None
    }

    /// The list of a canonical path; of two homes the one without link.
    pub(in crate::format) fn list_named(&self, path: &str) -> Option<usize> {
        let named = |list: &List| list.title() == path;
        let head = self.lists.iter().position(|list| named(list) && list.link.is_none());
        head.or_else(|| self.lists.iter().position(named))
    }

    /// Reports what cannot be said of a list with two homes, whose entries get their positions only at the end.
    pub(in crate::format) fn refuse_two_homes(&self, list: usize, spot: &Spot, what: &str) {
        if let Some(list) = self.lists.get(list).filter(|list| list.home.is_some()) {
            self.problems.add(spot.problem(format!("{} has two homes, so {what}", list.field)));
        }
    }

    /// Says which steps of a list's path repeat, and as what.
    fn repeat(&mut self, raw: &RawList, path: &[Segment], field: Field, number: usize) {
        let key = |at: usize| path::text(path.iter().take(at + 1));
        // The groups of a list around this one are no repetition of their own.
        let grouped = |at: usize| matches!(self.repeats.get(&key(at)), Some(Repeat::Group(_)));
        let repeating = path.iter().enumerate().filter(|(_, step)| step.repeats).map(|(at, _)| at);
        let repeating = repeating.filter(|at| !grouped(*at)).collect::<Vec<_>>();
        if raw.link.is_some() {
            self.repeats.insert(key(path.len().saturating_sub(1)), Repeat::Record(number));
            return;
        }
        // Groups of a list around this one are no groups of this one.
        let known = |at: &&usize| matches!(self.repeats.get(&key(**at)), Some(Repeat::Group(_)));
        let groups = repeating.iter().filter(known).count();
        let outer = field.lists().len() + groups;
        let (Some(last), true) = (repeating.last(), path.last().is_some_and(|step| step.repeats)) else {
            return self.problems.add(raw.at.spot.problem("a list ends in [], such as Goods[]"));
        };
        self.repeats.insert(key(*last), Repeat::Entry(number));
        match repeating.len() {
            n if n == outer + 1 => {}
            n if n == outer + 2 => {
                if let Some(group) = repeating.iter().rev().nth(1) {
                    self.repeats.insert(key(*group), Repeat::Group(number));
                }
            }
            n => {
                let outer = field.lists().len();
                let reason = format!("has {n} times [], but {field} stands in {outer} lists");
                self.problems.add(raw.at.spot.problem(reason));
            }
        }
    }
}
