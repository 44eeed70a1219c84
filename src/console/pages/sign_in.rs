//! Signing in and out.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{AppendHeaders, IntoResponse as _, Redirect, Response},
};
use maud::{Markup, html};

use crate::{
    console::{
        Shared, acts, frame,
        gate::{Answered, Caller, Failure, Fields, counted, set_cookie},
        lockout::{Meaning, Who},
        serve::From as Peer,
        texts,
    },
    model::reason::Reason,
    operate::{
        Refusal,
        account::{ACCOUNT_CHARACTERS_MAX, PASSWORD_CHARACTERS_MAX, Role, SignIn},
    },
};

/// The form.
pub(in crate::console) async fn show(Query(asked): Query<BTreeMap<String, String>>) -> Response {
    let next = asked.get("next").map(String::as_str).unwrap_or_default();
    frame::bare(texts::SIGN_IN, &form(next, "", None)).into_response()
}

/// Lets in, or shows the form again with why not.
pub(in crate::console) async fn enter(
    State(shared): State<Arc<Shared>>,
    caller: Option<Extension<Caller>>,
    Extension(peer): Extension<Peer>,
    Extension(fields): Extension<Fields>,
) -> Answered {
    let next = acts::local(fields.text("next")).unwrap_or("/");
    match admitted(&shared, &fields, peer).await {
        Ok((secret, _)) => {
            if let Some(Extension(before)) = caller {
                shared.sessions.end(&before.secret);
            }
            let cookie = [(header::SET_COOKIE, set_cookie(Some(&secret), shared.secure))];
            Ok((AppendHeaders(cookie), Redirect::to(next)).into_response())
        }
        Err(failure) if failure.refusal.reason != Reason::Fault => {
            let refusal = &failure.refusal;
            let status = StatusCode::from_u16(refusal.reason.status()).unwrap_or(StatusCode::UNAUTHORIZED);
            let page = frame::bare(texts::SIGN_IN, &form(next, fields.text("name"), Some(refusal)));
            Ok((status, failure.headers(false), page).into_response())
        }
        Err(failure) => Err(failure),
    }
}

/// Ends the session.
pub(in crate::console) async fn leave(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
) -> Answered {
    end(&shared, &caller).await?;
    let cookie = [(header::SET_COOKIE, set_cookie(None, shared.secure))];
    Ok((AppendHeaders(cookie), Redirect::to("/sign-in")).into_response())
}

/// Ends a session, and records it.
pub(in crate::console) async fn end(shared: &Shared, caller: &Caller) -> Result<(), Failure> {
    shared.sessions.end(&caller.secret);
    Ok(shared.operate.record_sign_in(Some(&caller.session.account), "the console", SignIn::Ended).await?)
}

/// The secret of a new session, for a name and its password.
///
/// What failed is recorded once, and once more when it is locked: an attack must not fill the disk.
pub(in crate::console) async fn admitted(
    shared: &Shared,
    fields: &Fields,
    peer: Peer,
) -> Result<(String, Role), Failure> {
    let name: String = fields.text("name").chars().take(ACCOUNT_CHARACTERS_MAX + 1).collect();
    let account = shared.operate.account(&name).await?;
    let known = account.as_ref().map(|account| account.name.clone());
    let who = Who { name, known: known.is_some(), address: counted(peer) };
    let now = || shared.clock.steady();
    let attempt = shared.lockout.begin(who, now()).map_err(|wait| {
        let why = format!("too many sign-ins failed; the next is listened to in {} s", wait.as_secs() + 1);
        Failure { refusal: Refusal::new(Reason::SignInLocked, why), wait: Some(wait) }
    })?;
    let address = peer.0.to_string();
    let judged = account.filter(|_| attempt.is_judged());
    let proved = match shared.operate.proved(judged, fields.whole("password")).await {
        Ok(proved) => proved,
        Err(refusal) => {
            attempt.given_back();
            return Err(refusal.into());
        }
    };
    if let Some(proved) = proved {
        attempt.succeeded();
        let secret = shared.sessions.begin(&proved, now()).ok_or(Reason::Fault)?;
        shared.operate.record_sign_in(Some(&proved.name), &address, SignIn::Done).await?;
        return Ok((secret, proved.role));
    }
    // A name that nobody has is the attacker's choice: of it only that an address is locked out is kept.
    let told = match attempt.failed(now()) {
        Meaning::First => Some(SignIn::Failed),
        Meaning::Locked => Some(SignIn::Locked),
        Meaning::More => None,
    };
    if let Some(what) = told {
        shared.operate.record_sign_in(known.as_deref(), &address, what).await?;
    }
    Err(Reason::SignInRefused.into())
}

fn form(next: &str, name: &str, refusal: Option<&Refusal>) -> Markup {
    html! {
        section.card.signin {
            div.logo { span.mark aria-hidden="true" {} (texts::BRAND) }
            h1 { (texts::SIGN_IN) }
            @if let Some(refusal) = refusal {
                p.notice.bad role="alert" { (refusal.why) }
            }
            form method="post" action="/sign-in" {
                input type="hidden" name="next" value=(next);
                label for="name" { (texts::ACCOUNT) }
                input #name name="name" required maxlength=(ACCOUNT_CHARACTERS_MAX) autocomplete="username"
                    autocapitalize="none" spellcheck="false" value=(name) autofocus[name.is_empty()];
                label for="password" { (texts::PASSWORD) }
                input #password name="password" type="password" required maxlength=(PASSWORD_CHARACTERS_MAX)
                    autocomplete="current-password" autofocus[!name.is_empty()];
                button.main type="submit" { (texts::SIGN_IN) }
            }
            p.hint { (texts::FIRST_ACCOUNT) " " code { "coohub account new NAME --role administrator --reason TEXT" } }
        }
    }
}
