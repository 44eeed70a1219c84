//! Two states of the format tables and of the code lists they share.

use std::collections::BTreeSet;

use super::{About, Effect, Told, pairs};
use crate::region::Region;

pub(super) fn compare(told: &mut Told, old: &Region, new: &Region) {
    for (id, before, after) in pairs(&old.tables, &new.tables) {
        told.about(About::Format(id.clone()));
        match (before, after) {
            (None, Some(table)) => told.say(Effect::Form, "", format!("comes: {}", table.title)),
            (Some(_), None) => told.say(Effect::Form, "", "goes"),
            (Some(before), Some(after)) if before.digest != after.digest => {
                let file = format!("formats/{id}/format.toml");
                let own = old.files.get(&file) != new.files.get(&file);
                let what = if own { "its table" } else { "a code list or schema it uses" };
                told.say(
                    Effect::Form,
                    "",
                    format!("{what} is another one: documents may be read or written otherwise"),
                );
                let may = |does: &bool| if *does { "yes" } else { "no" }.to_owned();
                told.rank(("reads", "may be sent"), (&before.reads, &after.reads), |may| *may, may);
                told.rank(("writes", "may be delivered"), (&before.writes, &after.writes), |may| *may, may);
            }
            _ => {}
        }
    }
    let names: BTreeSet<&str> = old.codes.names().chain(new.codes.names()).collect();
    for name in names {
        told.about(About::Codes(name.to_owned()));
        match (old.codes.list(name), new.codes.list(name)) {
            (None, Some(_)) => told.say(Effect::Form, "", "comes"),
            (Some(_), None) => told.say(Effect::Form, "", "goes"),
            (Some(before), Some(after)) if before.text != after.text => {
                told.say(Effect::Form, "", "is another one");
            }
            _ => {}
        }
    }
}
