//! The name of a user of this machine.

use std::fs;

/// Where the system keeps its users.
const USERS: &str = "/etc/passwd";

/// The name of a user id, or the id itself where the system's list does not have it.
pub(super) fn name(id: u32) -> String {
    let users = fs::read_to_string(USERS).unwrap_or_default();
    named(&users, id).map_or_else(|| format!("uid {id}"), str::to_owned)
}

/// The name in a list of lines `name:password:id:…`.
fn named(users: &str, id: u32) -> Option<&str> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(id) && !name.is_empty()).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_named_by_the_systems_list() {
        let users = "# users\nroot:x:0:0:root:/root:/bin/sh\nbroken\nhub:x:991:991::/:/bin/false\n";
        assert_eq!(named(users, 0), Some("root"));
        assert_eq!(named(users, 991), Some("hub"));
        assert_eq!(named(users, 1), None);
    }
}
