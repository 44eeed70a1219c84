//! How a member's server has been since a breaker opened: whether it answers at all, and what. Pure.
//!
//! A breaker opens for silence and for answers that are none the hub can use; who is to be asked differs. What is known
//! ends with the breaker, and where nothing waits or may go, for then nobody asks the server.

use crate::model::time::Timestamp;

/// Attempts at a member by what came of them, since the last look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Came {
    /// Nothing.
    pub silent: u64,
    /// A 2xx or 409 that does not say what was taken.
    pub no_echo: u64,
    /// Any other answer that is none the hub can use.
    pub other: u64,
    /// An answer that closes a breaker: of another source's delivery, or of one that has just closed it.
    pub taken: u64,
}

/// What a server that answers says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Says {
    /// That it took something, but not what.
    NoEcho,
    /// Something else.
    Other,
}

/// What is known of a server behind an open breaker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reached {
    /// Since when the breaker is open.
    pub open_since: Timestamp,
    /// Since when nothing came back.
    pub silent_since: Option<Timestamp>,
    /// What came back last.
    pub says: Option<Says>,
}

/// What is known after a look; `asked`: a breaker is open, and the server is tried from time to time.
#[must_use]
pub fn next(before: Option<Reached>, asked: bool, came: Came, now: Timestamp) -> Option<Reached> {
    if !asked {
        return None;
    }
    let before = before.unwrap_or(Reached { open_since: now, silent_since: None, says: None });
    Some(match came {
        Came { no_echo: 1.., .. } => Reached { silent_since: None, says: Some(Says::NoEcho), ..before },
        Came { other: 1.., .. } => Reached { silent_since: None, says: Some(Says::Other), ..before },
        Came { taken: 1.., .. } => {
            let says = before.says.filter(|_| before.silent_since.is_none());
            Reached { silent_since: None, says, ..before }
        }
        Came { silent: 1.., .. } => Reached { silent_since: before.silent_since.or(Some(now)), ..before },
        Came { silent: 0, no_echo: 0, other: 0, taken: 0 } => before,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SILENT: Came = Came { silent: 1, no_echo: 0, other: 0, taken: 0 };
    const NO_ECHO: Came = Came { no_echo: 1, ..SILENT };
    const OTHER: Came = Came { other: 1, taken: 1, ..SILENT };
    const TAKEN: Came = Came { taken: 1, ..SILENT };

    fn after(looks: &[(bool, Came)]) -> Option<Reached> {
        let looks = looks.iter().zip(0..);
        looks.fold(None, |before, ((asked, came), at)| next(before, *asked, *came, Timestamp(at)))
    }

    #[test]
    fn silence_lasts_until_any_answer_and_all_of_it_until_the_breaker_closes() {
        let of = |looks: &[(bool, Came)]| {
            after(looks).map(|found| (found.open_since.0, found.silent_since.map(|at| at.0), found.says))
        };
        let none = Came::default();
        assert_eq!(of(&[(true, SILENT), (true, none), (true, SILENT)]), Some((0, Some(0), None)));
        assert_eq!(of(&[(true, SILENT), (true, OTHER)]), Some((0, None, Some(Says::Other))));
        assert_eq!(of(&[(true, SILENT), (true, NO_ECHO)]), Some((0, None, Some(Says::NoEcho))));
        assert_eq!(of(&[(true, OTHER), (true, SILENT)]), Some((0, Some(1), Some(Says::Other))));
        assert_eq!(
            of(&[(true, OTHER), (true, TAKEN)]),
            Some((0, None, Some(Says::Other))),
            "another source's"
        );
        assert_eq!(of(&[(true, OTHER), (true, SILENT), (true, TAKEN)]), Some((0, None, None)), "it is back");
        assert_eq!(of(&[(true, SILENT), (false, none)]), None);
        assert_eq!(of(&[(true, SILENT), (false, none), (true, none)]), Some((2, None, None)));
    }
}
