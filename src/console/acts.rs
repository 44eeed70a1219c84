//! What operators do: one function per act, for the form on a page and for the interface alike.

use std::sync::Arc;

use axum::{
    Extension,
    extract::State,
    response::{IntoResponse as _, Redirect},
};
use serde_json::{Value, json};

use super::{
    Shared,
    gate::{Answered, Caller, Failure, Fields},
};
use crate::{
    model::id::MessageId,
    operate::{
        Progress, What,
        asked::{self, Missed},
    },
};

/// What an act came to, as JSON.
type Done = Result<Value, Failure>;
/// What an act is given.
type Given<'a> = (&'a Shared, &'a Caller, &'a Fields);

/// A page's form: does it and goes back to where it stood.
macro_rules! page {
    ($name:ident, $act:ident) => {
        pub(super) async fn $name(
            State(shared): State<Arc<Shared>>,
            Extension(caller): Extension<Caller>,
            Extension(fields): Extension<Fields>,
        ) -> Answered {
            $act((&shared, &caller, &fields)).await?;
            Ok(Redirect::to(&back(&fields, stringify!($act))).into_response())
        }
    };
}

page!(hold_page, hold);
page!(release_page, release);
page!(cancel_page, cancel);
page!(replay_page, replay);
page!(address_page, address);
page!(try_page, attempt);

/// Keeps a lane or a delivery from going on.
pub(super) async fn hold((shared, caller, fields): Given<'_>) -> Done {
    let (what, reason) = (what(fields)?, reason(fields)?);
    Ok(shared.operate.hold(&caller.operator(), &what, &reason).await??)
}

/// Lets it go on.
pub(super) async fn release((shared, caller, fields): Given<'_>) -> Done {
    let (what, reason) = (what(fields)?, reason(fields)?);
    Ok(shared.operate.release(&caller.operator(), &what, &reason).await??)
}

/// Ends a delivery.
pub(super) async fn cancel((shared, caller, fields): Given<'_>) -> Done {
    let (id, reason) = (asked::delivery(fields.text("delivery"))?, reason(fields)?);
    Ok(shared.operate.cancel(&caller.operator(), id, &reason).await??)
}

/// Delivers again what is missed.
pub(super) async fn replay((shared, caller, fields): Given<'_>) -> Done {
    let (message, member) = (given(fields, "message"), given(fields, "member"));
    let lost = is_set(fields, "lost");
    // A member beside a message is whom it is for, alone it is who misses something.
    let (to, target) = if message.is_some() { (member, None) } else { (None, member) };
    let (delivery, since) = (given(fields, "delivery"), given(fields, "since"));
    let again = asked::again(&Missed { delivery, message, to, target, since, lost })?;
    let reason = reason(fields)?;
    let made =
        shared.operate.replay(&caller.operator(), (&again, lost), &reason, &Progress::default()).await??;
    Ok(json!({"did": "replay", "items": made}))
}

/// Sends a certificate that names no importing country to a member.
pub(super) async fn address((shared, caller, fields): Given<'_>) -> Done {
    let (id, to, reason) = (message(fields)?, asked::member(fields.text("member"))?, reason(fields)?);
    let also = is_set(fields, "also");
    Ok(shared.operate.address(&caller.operator(), id, (&to, also), &reason).await??)
}

/// Has an attempt at once at a member that is spared.
pub(super) async fn attempt((shared, caller, fields): Given<'_>) -> Done {
    let (member, reason) = (asked::member(fields.text("member"))?, reason(fields)?);
    Ok(shared.operate.try_now(&caller.operator(), &member, &reason).await??)
}

/// The reason an operator states, which every act takes.
pub(super) fn reason(fields: &Fields) -> Result<String, Failure> {
    let reason = fields.text("reason");
    asked::reason(reason)?;
    Ok(reason.to_owned())
}

/// The message that a form is about.
pub(super) fn message(fields: &Fields) -> Result<MessageId, Failure> {
    Ok(asked::message(fields.text("message"))?)
}

/// Whether a box is ticked, or a member of an object true.
fn is_set(fields: &Fields, name: &str) -> bool {
    matches!(fields.text(name), "true" | "on")
}

fn what(fields: &Fields) -> Result<What, Failure> {
    Ok(asked::what(given(fields, "member"), given(fields, "delivery"))?)
}

/// A field, if something stands in it.
fn given<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    Some(fields.text(name)).filter(|text| !text.is_empty())
}

/// The page a form stood on, which must be one of the console's.
fn back(fields: &Fields, did: &str) -> String {
    let page = local(fields.text("back")).unwrap_or("/");
    let sign = if page.contains('?') { '&' } else { '?' };
    format!("{page}{sign}did={did}")
}

/// A path of the console's own, so that no form leads elsewhere.
pub(super) fn local(path: &str) -> Option<&str> {
    let own = path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && !path.contains(char::is_control);
    own.then_some(path)
}
