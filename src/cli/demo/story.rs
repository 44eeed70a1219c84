//! The demo's story, act by act.

#![expect(clippy::indexing_slicing, reason = "a JSON value indexed by a name gives null where it is absent")]

use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    look::{accepted, collect, delivered, receipt, settled, state_of, tell, until},
    stage::{Error, Stage},
};
use crate::{
    cli::{member::Member, output::Output},
    decode::proof::sign::sign_cod,
    message,
};

/// The samples of act one; act two goes on with the first.
const TEA: &str = "edi3-coo/samples/almora-corvania-tea.json";
const LATE: &str = "edi3-coo/samples/almora-dunmere-late.json";
const COD: &str = "aladi-cod/samples/mecta-brisca-almora.xml";
const WINE: &str = "mec-origine-xml/samples/corvania-estalia-vins.xml";
const CSV: &str = "mec-csv/samples/dunmere-brisca-late.csv";

/// What the audience should know.
pub(super) fn prologue(stage: &Stage, out: &mut Output<'_>) {
    out.line("coohub demo: the Meridian Economic Community, five member states, all of it fictional.");
    out.line(format!(
        "One hub on https://localhost:{}, mutual TLS, an embedded store in {}.",
        stage.address().port(),
        stage.path().display()
    ));
    for (member, server) in &stage.servers {
        out.line(format!("  {member:<9} has a server of its own, on port {}", server.port()));
    }
    let mailboxes = stage.members.keys().filter(|member| !stage.servers.contains_key(*member));
    for member in mailboxes {
        out.line(format!("  {member:<9} has none and collects from its mailbox"));
    }
}

/// Act one: one certificate of each sender.
pub(super) async fn crossings(stage: &Stage, out: &mut Output<'_>) -> Result<(), Error> {
    act(out, "Act one: certificates cross borders, each in the format of its country");
    let cod = Stage::sample(COD)?;
    let cod = sign_cod(&cod, &stage.signer("brisca", "exporter")?, &stage.signer("brisca", "official")?)
        .map_err(|error| Error::Story(error.to_string()))?;
    let pushes = [
        ("almora", "application/json", Stage::sample(TEA)?, "tea, as JSON in the edi3 shape"),
        ("almora", "application/json", Stage::sample(LATE)?, "instruments, issued late"),
        ("brisca", "application/xml", cod, "ceramics, as an ALADI COD signed by exporter and official"),
        ("corvania", "application/xml", Stage::sample(WINE)?, "wine, in its own XML, in French"),
        ("dunmere", "text/csv", Stage::sample(CSV)?, "a table of its own, one row per item"),
    ];
    let mut pushed = Vec::new();
    for (source, media_type, document, words) in pushes {
        let member = stage.member(source)?;
        let key = format!("demo-{}", pushed.len() + 1);
        out.line("");
        out.line(format!("> {source} pushes {words} ({} bytes)", document.len()));
        let answer = member.push(&key, media_type, Vec::new(), Bytes::from(document)).await?;
        let id = accepted(&answer, out)?;
        let state = settled(stage, member, &id).await?;
        tell(&state, out);
        receipt(member, &answer, out).await?;
        pushed.push((source, id));
    }
    for collector in [("dunmere", 1), ("estalia", 1)] {
        collect(stage, collector, out).await?;
    }
    for (source, id) in pushed {
        delivered(stage.member(source)?, &id).await?;
    }
    Ok(())
}

/// Act two: a member goes down, the hub is restarted, the member comes back.
pub(super) async fn outage(stage: &mut Stage, out: &mut Output<'_>) -> Result<(), Error> {
    act(out, "Act two: corvania's system goes down for a while");
    stage.server("corvania")?.switch_off();
    let mut tea: Value = serde_json::from_str(&Stage::sample(TEA)?).unwrap_or_default();
    let almora = stage.member("almora")?.clone();
    let before = stage.server("corvania")?.taken().len();

    let number = renumber(&mut tea, "2001");
    let first = push(&almora, "demo-out-1", Vec::new(), &tea, out).await?;
    out.line(format!("  almora issues {number}"));
    reword(&mut tea, "one pallet fewer than declared before");
    push(&almora, "demo-out-2", vec![("coo-function", "4".into())], &tea, out).await?;
    out.line(format!("  almora amends {number}"));
    let other = renumber(&mut tea, "2002");
    push(&almora, "demo-out-3", Vec::new(), &tea, out).await?;
    out.line(format!("  almora issues {other}"));
    let receipt = state_of(&almora, &first).await?;
    let cancellation = json!({
        "function": "cancellation", "agreement": receipt["agreement"], "issuer": receipt["issuer"], "number": number,
        "reason": {"code": "issued-in-error", "text": "the goods were not shipped"}, "decided": "2026-11-20",
    });
    let body = Bytes::from(cancellation.to_string());
    accepted(&almora.push("demo-out-4", message::MEDIA_TYPE, Vec::new(), body).await?, out)?;
    out.line(format!("  almora cancels {number}"));
    out.line("");
    out.line("  All four have their signed receipts; corvania has none of them:");
    tell(&state_of(&almora, &first).await?, out);

    out.line("");
    out.line("  The hub itself is stopped and started again; what waits is on disk.");
    stage.stop_hub().await;
    stage.start_hub().await?;
    out.line("  Corvania's system comes back.");
    let tasks = stage.tasks.clone();
    stage.server_mut("corvania")?.switch_on(&tasks).await?;
    let arrived = until(|| {
        let taken = stage.taken("corvania");
        let new: Vec<_> = taken.into_iter().skip(before).filter(|taken| taken.cargo != "notice").collect();
        (new.len() >= 4).then_some(new)
    })
    .await?;
    out.line(
        "  It arrives, for each certificate in the order in which it was issued, amended and cancelled:",
    );
    for taken in &arrived {
        out.line(format!(
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
    let taken = stage.server("corvania")?.taken();
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
        accepted(&stage.member("corvania")?.push(&key, message::MEDIA_TYPE, Vec::new(), body).await?, out)?;
        out.line(format!("  corvania answers \"{answer}\" about delivery {delivery}"));
    }
    let back = until(|| {
        let taken = stage.taken("almora");
        let answers: Vec<_> = taken.into_iter().filter(|t| t.cargo == "response").collect();
        (answers.len() >= 2).then_some(answers)
    })
    .await?;
    for answer in back {
        out.line(format!("  almora's system gets: {}", String::from_utf8_lossy(&answer.body)));
    }
    Ok(())
}

/// The moral.
pub(super) fn epilogue(out: &mut Output<'_>) {
    out.line("");
    out.line("Everything accepted was delivered, in order, and every step has its evidence.");
}

/// What one can do while the hub stays up.
pub(super) fn encore(stage: &Stage, password: &str, out: &mut Output<'_>) {
    let dev = stage.path().join("certs/dev");
    out.line("");
    if let Some(console) = stage.console() {
        out.line(format!("The console is at http://{console}/"));
        out.line(format!("  account demo, password {password} (told here alone; it goes with the demo)"));
    }
    out.line("");
    out.line("The hub stays up until Ctrl-C. From another terminal, as the member almora:");
    out.line(format!(
        "  curl --cacert {dev}/anchor.pem --cert {dev}/almora/leaf.pem --key {dev}/almora/leaf.key https://localhost:{port}/v1/ping",
        dev = dev.display(),
        port = stage.address().port()
    ));
}

fn act(out: &mut Output<'_>, title: &str) {
    out.line("");
    out.line(title);
    out.line("-".repeat(title.chars().count()));
}

/// Gives the certificate another number, and says which.
fn renumber(tea: &mut Value, tail: &str) -> String {
    let number = tea["iD"].as_str().unwrap_or_default();
    let stem = number.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = format!("{stem}{tail}");
    tea["iD"] = json!(number);
    number
}

fn reword(tea: &mut Value, words: &str) {
    tea["supplyChainConsignment"]["information"] = json!(words);
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
