//! The demo's story, act by act.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::stage::{Error, Stage};
use crate::{
    cli::{
        member::{Answer, Ask, Member},
        output::Output,
    },
    decode::proof::sign::sign_cod,
    message,
    model::id::MemberId,
};

/// Longest wait for something that must happen.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(100);
/// Most losses printed by name.
const LOSSES_SHOWN_MAX: usize = 4;

/// What the audience should know.
pub(super) fn prologue(stage: &Stage, out: &mut Output<'_>) {
    out.line("coohub demo: the Meridian Economic Community, five member states, all of it fictional.");
    out.line(&format!(
        "One hub on https://localhost:{}, mutual TLS, an embedded store in {}.",
        stage.address().port(),
        stage.path().display()
    ));
    for (member, server) in &stage.servers {
        out.line(&format!("  {member:<9} has a server of its own, on port {}", server.port()));
    }
    let mailboxes = stage.members.keys().filter(|member| !stage.servers.contains_key(*member));
    for member in mailboxes {
        out.line(&format!("  {member:<9} has none and collects from its mailbox"));
    }
}

/// Act one: one certificate of each sender.
pub(super) async fn crossings(stage: &Stage, out: &mut Output<'_>) -> Result<(), Error> {
    act(out, "Act one: certificates cross borders, each in the format of its country");
    let cod = Stage::sample("aladi-cod/samples/mecta-brisca-almora.xml")?;
    let cod = sign_cod(&cod, &stage.signer("brisca", "exporter")?, &stage.signer("brisca", "official")?)
        .map_err(|error| Error::Story(error.to_string()))?;
    let pushes = [
        ("almora", "application/json", Stage::sample(WINE)?, "JSON as edi3 and UN/CEFACT shape it"),
        ("brisca", "application/xml", cod, "an ALADI COD with the exporter's and the official's signature"),
        (
            "corvania",
            "application/xml",
            Stage::sample("mec-origine-xml/samples/corvania-dunmere.xml")?,
            "its own XML, in French",
        ),
        (
            "dunmere",
            "text/csv",
            Stage::sample("mec-csv/samples/dunmere-estalia.csv")?,
            "its own CSV, one row per item",
        ),
    ];
    for (source, media_type, document, words) in pushes {
        let member = member(stage, source)?;
        let key = format!("demo-{source}-1");
        out.line("");
        out.line(&format!("> {source} pushes {words} ({} bytes)", document.len()));
        let answer = member.push(&key, media_type, Vec::new(), Bytes::from(document)).await?;
        let id = accepted(&answer, out)?;
        let state = settled(stage, member, &id).await?;
        tell(&state, out);
    }
    for collector in ["dunmere", "estalia"] {
        collect(stage, collector, out).await?;
    }
    Ok(())
}

/// The sample the outage is told with.
const WINE: &str = "edi3-coo/samples/almora-corvania-tea.json";

/// Act two: a member goes down, the hub is restarted, the member comes back.
pub(super) async fn outage(stage: &mut Stage, out: &mut Output<'_>) -> Result<(), Error> {
    act(out, "Act two: corvania's system goes down for a while");
    let corvania = id("corvania")?;
    server(stage, &corvania)?.switch_off();
    let mut wine: Value = serde_json::from_str(&Stage::sample(WINE)?).unwrap_or_default();
    let almora = member(stage, "almora")?.clone();
    let before = server(stage, &corvania)?.taken().len();

    let number = renumber(&mut wine, "2001");
    let first = push(&almora, "demo-out-1", Vec::new(), &wine, out).await?;
    out.line(&format!("  almora issues {number}"));
    reword(&mut wine, "one pallet fewer than declared before");
    push(&almora, "demo-out-2", vec![("coo-function", "4".into())], &wine, out).await?;
    out.line(&format!("  almora amends {number}"));
    let other = renumber(&mut wine, "2002");
    push(&almora, "demo-out-3", Vec::new(), &wine, out).await?;
    out.line(&format!("  almora issues {other}"));
    let receipt = state_of(&almora, &first).await?;
    let cancellation = json!({
        "function": "cancellation", "agreement": receipt["agreement"], "issuer": receipt["issuer"], "number": number,
        "reason": {"code": "issued-in-error", "text": "the goods were not shipped"}, "decided": "2026-11-20",
    });
    let body = Bytes::from(cancellation.to_string());
    accepted(&almora.push("demo-out-4", message::MEDIA_TYPE, Vec::new(), body).await?, out)?;
    out.line(&format!("  almora cancels {number}"));
    out.line("");
    out.line("  All four have their signed receipts; corvania has none of them:");
    tell(&state_of(&almora, &first).await?, out);

    out.line("");
    out.line("  The hub itself is stopped and started again; what waits is on disk.");
    stage.stop_hub().await;
    stage.start_hub().await?;
    out.line("  Corvania's system comes back.");
    let tasks = stage.tasks.clone();
    match stage.servers.get_mut(&corvania) {
        Some(server) => server.switch_on(&tasks).await?,
        None => return Err(Error::Story("corvania has no server".into())),
    }
    let arrived = until(|| {
        let taken: Vec<_> =
            stage.servers.get(&corvania).map(super::server::Server::taken).unwrap_or_default();
        let new: Vec<_> = taken.into_iter().skip(before).filter(|taken| taken.cargo != "notice").collect();
        (new.len() >= 4).then_some(new)
    })
    .await?;
    out.line(
        "  It arrives, for each certificate in the order in which it was issued, amended and cancelled:",
    );
    for taken in &arrived {
        out.line(&format!(
            "    {:<13} {} version {} ({} bytes, {})",
            taken.cargo,
            taken.number,
            taken.version,
            taken.body.len(),
            taken.media_type
        ));
    }
    let order: Vec<_> = arrived
        .iter()
        .filter(|t| t.number == number)
        .map(|t| (t.cargo.as_str(), t.version.as_str()))
        .collect();
    if order != [("certificate", "1"), ("certificate", "2"), ("cancellation", "2")] {
        return Err(Error::Story(format!("out of order: {order:?}")));
    }
    Ok(())
}

/// Act three: the importing customs answers.
pub(super) async fn answers(stage: &Stage, out: &mut Output<'_>) -> Result<(), Error> {
    act(out, "Act three: corvania's customs answers, and almora reads it");
    let corvania = id("corvania")?;
    let taken = server(stage, &corvania)?.taken();
    let delivery =
        taken.iter().find(|t| t.cargo == "certificate").map(|t| t.delivery.clone()).unwrap_or_default();
    for (number, answer) in ["received", "rejected"].into_iter().enumerate() {
        let mut response = json!({"function": "response", "delivery": delivery, "answer": answer});
        if answer == "rejected" {
            response["reason"] =
                json!({"code": "criterion-not-met", "text": "see the findings sent by letter"});
        }
        let key = format!("demo-answer-{number}");
        let body = Bytes::from(response.to_string());
        accepted(&member(stage, "corvania")?.push(&key, message::MEDIA_TYPE, Vec::new(), body).await?, out)?;
        out.line(&format!("  corvania answers \"{answer}\" about delivery {delivery}"));
    }
    let almora = id("almora")?;
    let back = until(|| {
        let taken = stage.servers.get(&almora).map(super::server::Server::taken).unwrap_or_default();
        let answers: Vec<_> = taken.into_iter().filter(|t| t.cargo == "response").collect();
        (answers.len() >= 2).then_some(answers)
    })
    .await?;
    for answer in back {
        out.line(&format!("  almora's system gets: {}", String::from_utf8_lossy(&answer.body)));
    }
    Ok(())
}

/// The moral.
pub(super) fn epilogue(out: &mut Output<'_>) {
    out.line("");
    out.line("Everything accepted was delivered, in order, and every step has its evidence.");
}

/// What one can do while the hub stays up.
pub(super) fn encore(stage: &Stage, out: &mut Output<'_>) {
    let dev = stage.path().join("certs/dev");
    out.line("");
    out.line("The hub stays up until Ctrl-C. From another terminal, as the member almora:");
    out.line(&format!(
        "  curl --cacert {dev}/anchor.pem --cert {dev}/almora/leaf.pem --key {dev}/almora/leaf.key https://localhost:{port}/v1/ping",
        dev = dev.display(),
        port = stage.address().port()
    ));
}

fn act(out: &mut Output<'_>, title: &str) {
    out.line("");
    out.line(title);
    out.line(&"-".repeat(title.chars().count()));
}

fn id(name: &str) -> Result<MemberId, Error> {
    MemberId::new(name).ok_or_else(|| Error::Story(format!("{name} is no member id")))
}

fn member<'a>(stage: &'a Stage, name: &str) -> Result<&'a Member, Error> {
    stage.members.get(&id(name)?).ok_or_else(|| Error::Story(format!("{name} is no member")))
}

fn server<'a>(stage: &'a Stage, member: &MemberId) -> Result<&'a super::server::Server, Error> {
    stage.servers.get(member).ok_or_else(|| Error::Story(format!("{member} has no server")))
}

/// Gives the certificate another number, and says which.
fn renumber(wine: &mut Value, tail: &str) -> String {
    let number = wine["iD"].as_str().unwrap_or_default();
    let stem = number.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = format!("{stem}{tail}");
    wine["iD"] = json!(number);
    number
}

fn reword(wine: &mut Value, words: &str) {
    wine["supplyChainConsignment"]["information"] = json!(words);
}

async fn push(
    from: &Member,
    key: &str,
    headers: Vec<(&str, String)>,
    document: &Value,
    out: &mut Output<'_>,
) -> Result<String, Error> {
    accepted(&from.push(key, "application/json", headers, Bytes::from(document.to_string())).await?, out)
}

/// The message id of an accepted push; anything else ends the demo.
fn accepted(answer: &Answer, out: &mut Output<'_>) -> Result<String, Error> {
    match answer.header("coo-message-id") {
        Some(id) if answer.status == 202 => Ok(id.to_owned()),
        _ => {
            out.line(&String::from_utf8_lossy(&answer.body));
            Err(Error::Story(format!("the hub answered {}", answer.status)))
        }
    }
}

async fn state_of(member: &Member, id: &str) -> Result<Value, Error> {
    Ok(member.get(&format!("/v1/messages/{id}")).await?.json())
}

/// The state once it is routed and every target with a server has its copy.
async fn settled(stage: &Stage, member: &Member, id: &str) -> Result<Value, Error> {
    let start = tokio::time::Instant::now();
    loop {
        let state = state_of(member, id).await?;
        let waits = |delivery: &Value| {
            let target = delivery["target"].as_str().and_then(MemberId::new);
            target.is_some_and(|target| stage.servers.contains_key(&target)) && delivery["state"] == "pending"
        };
        let deliveries = state["deliveries"].as_array().map(Vec::as_slice).unwrap_or_default();
        if state["state"] != "accepted" && !deliveries.iter().any(waits) {
            return Ok(state);
        }
        if start.elapsed() > PATIENCE {
            return Err(Error::Story(format!("message {id} is not delivered: {state}")));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Waits until `look` sees something.
async fn until<T>(mut look: impl FnMut() -> Option<T>) -> Result<T, Error> {
    let start = tokio::time::Instant::now();
    loop {
        if let Some(seen) = look() {
            return Ok(seen);
        }
        if start.elapsed() > PATIENCE {
            return Err(Error::Story("what must arrive did not arrive".into()));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Prints a message's way.
fn tell(state: &Value, out: &mut Output<'_>) {
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    out.line(&format!(
        "  received   certificate {} version {} under {}, message {}",
        word(&state["number"]),
        state["version"],
        word(&state["agreement"]),
        word(&state["id"])
    ));
    for delivery in state["deliveries"].as_array().into_iter().flatten() {
        out.line(&format!("  to {:<9} because of {}", word(&delivery["target"]), word(&delivery["because"])));
        out.line(&format!(
            "     as {}, {} view: {} after {} attempts",
            word(&delivery["format"]),
            word(&delivery["view"]),
            word(&delivery["state"]),
            delivery["attempts"]
        ));
        let losses: Vec<String> = delivery["losses"].as_array().into_iter().flatten().map(word).collect();
        if !losses.is_empty() {
            let shown = losses.iter().take(LOSSES_SHOWN_MAX).cloned().collect::<Vec<_>>().join(", ");
            let more = losses.len().saturating_sub(LOSSES_SHOWN_MAX);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            out.line(&format!("     this form has no place for {shown}{more}"));
        }
    }
}

/// Collects a member's mailbox and acknowledges each entry.
async fn collect(stage: &Stage, name: &str, out: &mut Output<'_>) -> Result<(), Error> {
    let member = member(stage, name)?;
    out.line("");
    out.line(&format!("> {name} looks into its mailbox"));
    loop {
        let entries = member.get("/v1/inbox?limit=10").await?.json();
        let entries = entries["entries"].as_array().or(entries.as_array()).cloned().unwrap_or_default();
        if entries.is_empty() {
            return Ok(());
        }
        for entry in entries {
            let delivery = entry["delivery"].as_str().unwrap_or_default().to_owned();
            let body = json!({"digest": entry["digest"]}).to_string();
            let path = format!("/v1/inbox/{delivery}/ack");
            let headers = vec![("content-type", "application/json".to_owned())];
            let ack =
                member.ask(Ask { method: "POST", path: &path, headers, body: Bytes::from(body) }).await?;
            out.line(&format!(
                "  collects   delivery {delivery} ({}), acknowledged with {}",
                entry["mediaType"].as_str().unwrap_or("-"),
                ack.status
            ));
        }
    }
}
