//! What the hub saw of a member's own test traffic. Pure.

use super::item::{Item, Line, Outcome};
use crate::{
    decode::document::Syntax,
    model::{envelope::Function, time::Timestamp},
    problem::unit::noun,
    region::member::{Form, Member, Reach},
    store::record::{Attempt, Cargo, Delivery, Message, Rejection},
};

/// What was seen since a time, oldest first.
pub(super) struct Observed {
    /// Test messages it pushed.
    pub(super) pushed: Vec<Message>,
    /// Test pushes of it that were rejected.
    pub(super) rejected: Vec<Rejection>,
    /// Test deliveries to it, each with its attempts.
    pub(super) sent: Vec<(Delivery, Vec<Attempt>)>,
    /// When it asked whether it is known, repeated a push, put an attachment.
    pub(super) ping: Option<Timestamp>,
    pub(super) repeat: Option<Timestamp>,
    pub(super) attachment: Option<Timestamp>,
}

/// Every item that the member's own traffic shows; those of taking at a server that the hub tries itself are left out.
pub(super) fn lines(member: &Member, seen: &Observed) -> Vec<Line> {
    let mut lines = match member.reach {
        Reach::Push(_) => Vec::new(),
        Reach::Mailbox { .. } => mailbox(member, seen),
    };
    lines.push(down(member, seen));
    lines.push(found(Item::Resend, seen.sent.iter().find(|sent| times_delivered(sent) > 1).map(delivery)));
    lines.push(Line::new(Item::Rollover, Outcome::Open, "to be confirmed by hand"));
    lines.extend(sending(member, seen));
    lines
}

/// What a member that collects has collected.
fn mailbox(member: &Member, seen: &Observed) -> Vec<Line> {
    let done = |fits: &dyn Fn(&Delivery) -> bool| {
        seen.sent.iter().find(|sent| fits(&sent.0) && times_delivered(sent) > 0).map(delivery)
    };
    let certificate = |delivery: &Delivery| delivery.cargo == Cargo::Certificate;
    let mut lines: Vec<Line> = forms(member)
        .into_iter()
        .map(|form| {
            let of = |sent: &Delivery| {
                certificate(sent) && sent.rendered.as_ref().is_some_and(|(name, ..)| name == form.name())
            };
            found(Item::Sample, done(&of)).of(form.name())
        })
        .collect();
    let amended = |sent: &Delivery| certificate(sent) && sent.function == Function::Amendment;
    let cancelled =
        |sent: &Delivery| sent.cargo == Cargo::Cancellation && sent.function == Function::Cancellation;
    let withdrawn =
        |sent: &Delivery| sent.cargo == Cargo::Cancellation && sent.function != Function::Cancellation;
    lines.push(found(Item::Amendment, done(&amended)));
    lines.push(found(Item::Cancellation, done(&cancelled)));
    lines.push(found(Item::Withdrawal, done(&withdrawn)));
    for item in [Item::Duplicate, Item::Names, Item::Largest] {
        lines.push(Line::new(item, Outcome::Open, "to be confirmed by hand"));
    }
    for item in [Item::Tls, Item::Identity, Item::Clock, Item::Receipt, Item::Refusal, Item::Pace] {
        lines.push(Line::new(item, Outcome::Skipped, "it collects from its mailbox"));
    }
    lines
}

/// A delivery that found nobody and arrived later.
fn down(member: &Member, seen: &Observed) -> Line {
    if matches!(member.reach, Reach::Mailbox { .. }) {
        return Line::new(Item::Down, Outcome::Skipped, "it collects from its mailbox");
    }
    let was_down = |sent: &&(Delivery, Vec<Attempt>)| {
        let silent =
            sent.1.iter().position(|attempt| attempt.status.is_none() && attempt.outcome == "deferred");
        silent.is_some_and(|at| sent.1.iter().skip(at).any(|attempt| attempt.outcome == "delivered"))
    };
    found(Item::Down, seen.sent.iter().find(was_down).map(delivery))
}

fn sending(member: &Member, seen: &Observed) -> Vec<Line> {
    let pushes =
        [Item::Repeats, Item::Rejection, Item::Amends, Item::Cancels, Item::Attaches, Item::Verifies];
    let mut lines = vec![found(Item::Ping, seen.ping.map(|at| format!("at {at}")))];
    if member.sends.is_empty() {
        let skipped = pushes.into_iter().chain([Item::Sends]);
        lines.extend(skipped.map(|item| Line::new(item, Outcome::Skipped, "it sends nothing")));
        return lines;
    }
    let first = |fits: &dyn Fn(&Message) -> bool| {
        let message = seen.pushed.iter().find(|message| fits(message));
        message.map(|message| format!("message {} at {}", message.id, message.received))
    };
    for form in &member.sends {
        lines.push(found(Item::Sends, first(&|message| is_in(message, form))).of(form.name()));
    }
    lines.push(found(Item::Repeats, seen.repeat.map(|at| format!("at {at}"))));
    let mended = seen.rejected.iter().find_map(|rejected| {
        let after = seen.pushed.iter().find(|message| message.received > rejected.at)?;
        Some(format!("{} at {}, then message {}", rejected.reason.code(), rejected.at, after.id))
    });
    lines.push(found(Item::Rejection, mended));
    let function = |function: Function| first(&|message| message.function == function);
    lines.push(found(Item::Amends, function(Function::Amendment)));
    lines.push(found(Item::Cancels, function(Function::Cancellation)));
    lines.push(found(Item::Attaches, seen.attachment.map(|at| format!("at {at}"))));
    lines.push(Line::new(Item::Verifies, Outcome::Open, "to be confirmed by hand"));
    lines
}

fn found(item: Item, evidence: Option<String>) -> Line {
    match evidence {
        Some(evidence) => Line::new(item, Outcome::Green, evidence),
        None => Line::new(item, Outcome::Open, "not seen yet"),
    }
}

/// Its forms, each once.
fn forms(member: &Member) -> Vec<&Form> {
    let mut forms: Vec<_> =
        [&member.takes.form].into_iter().chain(member.takes.per_agreement.values()).collect();
    forms.sort();
    forms.dedup();
    forms
}

fn is_in(message: &Message, form: &Form) -> bool {
    message.function.has_document()
        && match form {
            Form::Table(id) => message.format.as_ref() == Some(id),
            Form::Canonical(syntax) => {
                let json = message.media_type.starts_with(Syntax::Json.media_type());
                message.format.as_ref().is_none_or(|format| format.as_str() == form.name())
                    && json == (*syntax == Syntax::Json)
            }
        }
}

fn times_delivered((_, attempts): &(Delivery, Vec<Attempt>)) -> usize {
    attempts.iter().filter(|attempt| ["delivered", "collected"].contains(&attempt.outcome.as_str())).count()
}

fn delivery((delivery, attempts): &(Delivery, Vec<Attempt>)) -> String {
    let tries = attempts.len();
    format!("delivery {}, {tries} {}", delivery.id, noun(tries, "attempt", "attempts"))
}
