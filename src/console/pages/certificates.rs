//! Finding a certificate: by its number, with or without its issuing body, or by an id of the hub's.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension,
    extract::{Query, State},
    response::{IntoResponse as _, Redirect},
};
use maud::{Markup, html};
use serde_json::Value;

use crate::{
    console::{
        Shared,
        frame::{self, Part},
        gate::{Answered, Caller},
        shape::{counted, list, state, table, text, time},
        texts,
    },
    operate::{Which, is_too_short},
};

pub(in crate::console) async fn show(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Answered {
    let given = |name: &str| asked.get(name).map(|text| text.trim()).unwrap_or_default();
    let (wanted, issuer) = (given("q"), given("issuer"));
    if let Ok(id) = uuid::Uuid::try_parse(wanted) {
        return Ok(Redirect::to(&format!("/certificates/{id}")).into_response());
    }
    let found = match wanted {
        "" => None,
        number => {
            let issuer = Some(issuer.to_owned()).filter(|issuer| !issuer.is_empty());
            let which = Which::Number { issuer, number: number.to_owned() };
            Some(shared.operate.show(&which).await?.unwrap_or_default())
        }
    };
    let content = html! {
        div.head { h1 { (texts::CERTIFICATES) } p.sub { (texts::CERTIFICATES_HINT) } }
        (search(wanted, issuer))
        @if let Some(found) = found { (results(wanted, &found)) }
    };
    Ok(frame::page(&caller, Part::Certificates, texts::CERTIFICATES, &content).into_response())
}

fn search(wanted: &str, issuer: &str) -> Markup {
    html! {
        form.search role="search" method="get" action="/certificates" {
            div {
                label for="q" { (texts::NUMBER_OR_ID) }
                input #q name="q" type="search" required maxlength="200" value=(wanted) autocomplete="off" spellcheck="false";
            }
            div {
                label for="issuer" { (texts::ISSUER_OPTIONAL) }
                input #issuer name="issuer" maxlength="200" value=(issuer) autocomplete="off" spellcheck="false";
            }
            button.main type="submit" { (texts::FIND) }
        }
    }
}

fn results(wanted: &str, found: &[Value]) -> Markup {
    if found.is_empty() && is_too_short(wanted) {
        return html! { p.empty role="status" { (texts::NUMBER_SHORT) } };
    }
    if found.is_empty() {
        return html! { p.empty role="status" { (texts::NOT_FOUND) " " b { (wanted) } } };
    }
    let rows = html! {
        @for message in found {
            tr {
                td { (time(&text(message, "received"))) }
                th scope="row" { a href={ "/certificates/" (text(message, "message")) } { (text(message, "number")) } }
                td { (texts::function(&text(message, "function"))) @if text(message, "test") == "true" { " " span.tag { (texts::TEST) } } }
                td.num { (text(message, "version")) }
                td { (text(message, "issuer")) }
                td { (text(message, "source")) }
                td { @for one in list(message, "deliveries") { span.line { (text(one, "target")) " " (state(&text(one, "state"))) } } }
            }
        }
    };
    let head = [
        texts::RECEIVED,
        texts::NUMBER,
        texts::FUNCTION,
        texts::VERSION,
        texts::ISSUER,
        texts::SOURCE,
        texts::TO,
    ];
    html! {
        p.count role="status" { (counted(found.len(), texts::MESSAGES)) ", " (texts::NEWEST_FIRST) }
        (table(texts::CERTIFICATES, &head, 3..4, &rows))
    }
}
