//! Leaves of the hub's that will soon keep it from a member's server, or already do: said by `check`.

use std::time::Duration;

use super::of_member;
use crate::{
    model::{time::Timestamp, value::Date},
    problem::Problem,
    region::{Region, member::Member, place::Place},
};

/// How long before its end a leaf of the hub's is pointed out.
pub const ENDS_SOON: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Every leaf a member's file names that has ended at an instant, or soon will, by file.
#[must_use]
pub fn notices(region: &Region, now: Timestamp) -> Vec<Problem> {
    let places = [(Place::Own, "push.leaf"), (Place::Sandbox, "sandbox.leaf")];
    let ends = |member| places.into_iter().filter_map(move |(place, key)| ends(member, (place, key), now));
    region.members.values().flat_map(ends).collect()
}

/// When a leaf ends, in words, where it has ended at an instant or soon will.
#[must_use]
pub fn near_end(ends: Timestamp, now: Timestamp) -> Option<String> {
    let word = if ends < now { "ended" } else { "ends" };
    (ends < now.plus(ENDS_SOON)).then(|| format!("{word} on {}", Date::of(ends).as_str()))
}

fn ends(member: &Member, (place, key): (Place, &str), now: Timestamp) -> Option<Problem> {
    let leaf = member.server(place)?.leaf.as_ref()?;
    let inherited = member.server(Place::Own).is_some_and(|own| own.leaf.as_ref() == Some(leaf));
    let near = near_end(leaf.ends, now).filter(|_| place == Place::Own || !inherited)?;
    let problem = of_member(member, key, format!("the leaf the hub shows to it {near}"));
    Some(problem.hint("name the next leaf, or leave leaf and key out for the hub's own"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_is_named_thirty_days_before_its_end_and_from_then_on() {
        let ends = Timestamp(1_800_000_000_000);
        let days = |days: u64| Timestamp(ends.0 - i64::try_from(days * 86_400_000).unwrap());
        assert_eq!(near_end(ends, days(30)), None);
        assert_eq!(near_end(ends, Timestamp(days(30).0 + 1)).as_deref(), Some("ends on 2027-01-15"));
        assert_eq!(near_end(ends, ends.plus(Duration::from_secs(1))).as_deref(), Some("ended on 2027-01-15"));
    }
}
