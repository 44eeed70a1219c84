//! The partners: a line each.

use std::sync::Arc;

use axum::{Extension, extract::State, response::IntoResponse as _};
use maud::html;
use serde_json::Value;

use super::health;
use crate::{
    console::{
        Shared,
        frame::{self, Part},
        gate::{Answered, Caller},
        shape::{age, figure, grouped, table, text, toned},
        texts,
    },
    model::id::MemberId,
};

pub(in crate::console) async fn show(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
) -> Answered {
    let (region, lanes) = (shared.operate.region(), shared.operate.lanes(None).await?);
    let name = |lane: &Value| {
        let member = MemberId::new(&text(lane, "member")).and_then(|id| region.members.get(&id));
        member.map(|member| member.name.clone()).unwrap_or_default()
    };
    let rows = html! {
        @for lane in &lanes {
            @let (tone, words) = health::of(lane);
            tr {
                th scope="row" {
                    a href={ "/partners/" (text(lane, "member")) } { (text(lane, "member")) }
                    br; small { (name(lane)) }
                }
                td { (toned(tone, &words)) }
                td { (texts::reach(&text(lane, "reach"))) }
                td.num { (grouped(figure(lane, "open"))) }
                td.num { (grouped(figure(lane, "due"))) }
                td.num { (grouped(figure(lane, "held"))) }
                td.num { (grouped(figure(lane, "dead"))) }
                td.num { (lane.get("oldestSeconds").and_then(Value::as_u64).map_or("–".to_owned(), age)) }
            }
        }
    };
    let head = [
        texts::PARTNER,
        texts::STATE,
        texts::REACHED,
        texts::OPEN,
        texts::DUE,
        texts::HELD,
        texts::DEAD_SHORT,
        texts::OLDEST_IS,
    ];
    let content = html! {
        div.head { h1 { (texts::PARTNERS) } p.sub { (region.name) } }
        (table(texts::PARTNERS, &head, 3..8, &rows))
    };
    Ok(frame::page(&caller, Part::Partners, texts::PARTNERS, &content).into_response())
}
