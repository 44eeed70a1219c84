//! Who may do what: the one table that pages and interface are judged by.

use crate::operate::account::Role;

/// What a route takes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Right {
    /// Nothing: whoever reaches the address.
    Open,
    /// A session.
    Look,
    /// To hold, release, end, repeat or address.
    Act,
    /// To read what documents say, for a stated reason.
    Read,
    /// To change the hub.
    Administer,
}

impl Right {
    /// Every right.
    pub const ALL: [Self; 5] = [Self::Open, Self::Look, Self::Act, Self::Read, Self::Administer];
}

/// Whether a role, or nobody, has a right. Pure.
#[must_use]
pub fn may(role: Option<Role>, right: Right) -> bool {
    let least = match right {
        Right::Open => return true,
        Right::Look => Role::Viewer,
        Right::Act | Right::Read => Role::Operator,
        Right::Administer => Role::Administrator,
    };
    role.is_some_and(|role| role >= least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_what_the_one_before_it_has_and_nobody_has_nothing() {
        let allowed = |role| Right::ALL.map(|right| may(role, right));
        assert_eq!(allowed(None), [true, false, false, false, false]);
        assert_eq!(allowed(Some(Role::Viewer)), [true, true, false, false, false]);
        assert_eq!(allowed(Some(Role::Operator)), [true, true, true, true, false]);
        assert_eq!(allowed(Some(Role::Administrator)), [true; 5]);
    }
}
