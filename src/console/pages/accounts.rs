//! The accounts: who may sign in, with which role. Passwords are set on the hub's machine alone.

use std::sync::Arc;

use axum::{
    Extension,
    extract::State,
    response::{IntoResponse as _, Redirect},
};
use maud::{Markup, html};
use serde_json::Value;

use crate::{
    console::{
        Shared, acts,
        frame::{self, Part, token},
        gate::{Answered, Caller, Failure, Fields},
        shape::{Tone, act, table, text, time, toned},
        texts,
    },
    operate::{
        account::{Change, Role},
        asked,
    },
};

pub(in crate::console) async fn show(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
) -> Answered {
    let accounts = shared.operate.accounts().await?;
    let rows = html! { @for one in &accounts { (row(&caller, one)) } };
    let head = [texts::ACCOUNT, texts::ROLE, texts::SIGN_IN_ALLOWED, texts::CHANGED_AT, texts::ACT];
    let content = html! {
        div.head {
            h1 { (texts::ACCOUNTS) }
            p.sub { span { (texts::ACCOUNTS_HINT) " " code { "coohub account" } } }
        }
        (table(texts::ACCOUNTS, &head, 0..0, &rows))
    };
    Ok(frame::page(&caller, Part::Accounts, texts::ACCOUNTS, &content).into_response())
}

/// Gives an account another role.
pub(in crate::console) async fn role(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Extension(fields): Extension<Fields>,
) -> Answered {
    let role = Role::of(fields.text("role"));
    let role = role.ok_or_else(|| asked::malformed("a role is viewer, operator or administrator"))?;
    change((&shared, &caller, &fields), &Change::Role(role)).await?;
    Ok(Redirect::to("/accounts?did=role").into_response())
}

/// Disables an account, or enables it again.
pub(in crate::console) async fn disabled(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Extension(fields): Extension<Fields>,
) -> Answered {
    let disabled = fields.text("disabled").parse();
    let disabled = disabled.map_err(|_| asked::malformed("disabled is true or false"))?;
    change((&shared, &caller, &fields), &Change::Disabled(disabled)).await?;
    Ok(Redirect::to("/accounts?did=disabled").into_response())
}

async fn change(
    (shared, caller, fields): (&Shared, &Caller, &Fields),
    change: &Change,
) -> Result<(), Failure> {
    let (name, reason) = (fields.text("account"), acts::reason(fields)?);
    shared.operate.change_account(&caller.operator(), name, change, &reason).await??;
    Ok(())
}

fn row(caller: &Caller, one: &Value) -> Markup {
    let (name, role) = (text(one, "account"), text(one, "role"));
    let disabled = text(one, "disabled") == "true";
    let other = if disabled { "false" } else { "true" };
    let hidden = [("account", name.as_str()), ("disabled", other)];
    html! {
        tr {
            th scope="row" { (name) }
            td { (role) }
            td { @if disabled { (toned(Tone::Off, texts::DISABLED)) } @else { (toned(Tone::Good, texts::YES)) } }
            td { (time(&text(one, "changed"))) }
            td {
                @if name == caller.session.account { span.none { (texts::OWN_ACCOUNT) } }
                @else {
                    details.acts {
                        summary { (texts::ACT) }
                        div.controls {
                            (roles(caller, &name, &role))
                            (act(caller, "/accounts/disabled", &hidden, if disabled { texts::ENABLE } else { texts::DISABLE }))
                        }
                    }
                }
            }
        }
    }
}

fn roles(caller: &Caller, name: &str, now: &str) -> Markup {
    html! {
        form.act method="post" action="/accounts/role" {
            (token(caller))
            input type="hidden" name="account" value=(name);
            label for={ "role-" (name) } { (texts::ROLE) }
            select #{ "role-" (name) } name="role" {
                @for role in Role::ALL { option value=(role.word()) selected[role.word() == now] { (texts::role(role)) } }
            }
            label for={ "why-" (name) } { (texts::REASON) }
            input #{ "why-" (name) } name="reason" required maxlength="500" autocomplete="off" placeholder=(texts::REASON_HINT);
            button type="submit" { (texts::GIVE_ROLE) }
        }
    }
}
