//! From a command to the lines of its answer: ids and times are read, the use case is called, nothing is decided.

use serde_json::{Value, json};

use super::{
    Asked,
    wire::{Command, Examine, Line, Queue, Replay, Which, problem},
};
use crate::{
    change::Change,
    model::reason::Reason,
    operate::{
        self, Cursor, Operate, Operator, Progress, Query, Refusal,
        account::{self, Role},
        asked::{self, Missed, malformed, member},
        checklist::{Checklist, Examination},
    },
    store::Fault,
};

/// Items and what the last line says.
pub(super) type Told = (Vec<Value>, Value);

/// The lines of the answer to a command.
pub(super) async fn answer(
    (operate, change, checklist): &Asked,
    operator: &Operator,
    command: Command,
    progress: &Progress,
) -> Vec<Line> {
    let command = match command {
        Command::Configuration(ask) => return super::change::answer(change, operator, ask, progress).await,
        command => command,
    };
    let answered = match command {
        Command::Status {} => status(operate, change).await,
        Command::Examine(examine) => examined(checklist, operator, examine).await,
        Command::Replay(replay) => replayed(operate, operator, &replay, progress).await,
        command => told(operate, operator, command).await,
    };
    match answered {
        Ok(Ok((items, end))) => items.into_iter().map(Line::Item).chain([Line::End(end)]).collect(),
        Ok(Err(Refusal { reason, why })) => vec![problem(reason, &why)],
        Err(error) => vec![fault(&error)],
    }
}

/// The line of a command that ended through a fault of ours.
pub(super) fn fault(fault: &Fault) -> Line {
    match fault {
        Fault::Contended => problem(Reason::Busy, &fault.to_string()),
        fault => {
            tracing::error!(%fault, "a command of an operator ended through a fault of ours");
            problem(Reason::Fault, &fault.to_string())
        }
    }
}

/// The lanes, and the hub as a whole.
async fn status(operate: &Operate, change: &Change) -> operate::Answer<Told> {
    Ok(Ok((operate.lanes(None).await?, change.status(operate).await?)))
}

async fn told(operate: &Operate, operator: &Operator, command: Command) -> operate::Answer<Told> {
    match command {
        Command::Lanes { target } => match optional(target, member) {
            Ok(target) => Ok(Ok((operate.lanes(target.as_ref()).await?, Value::Null))),
            Err(refusal) => Ok(Err(refusal)),
        },
        Command::Queue(queue) => match query(queue) {
            Ok(query) => {
                let (parked, unaddressed) = operate.aside().await?;
                Ok(operate.queue(&query).await?.map(|(items, next)| {
                    let next = next.as_ref().map(Cursor::text);
                    (items, json!({"next": next, "parked": parked, "unaddressed": unaddressed}))
                }))
            }
            Err(refusal) => Ok(Err(refusal)),
        },
        Command::Show { id, issuer, number } => match which(id, issuer, number) {
            Ok(which) => Ok(operate.show(&which).await?.map(|items| (items, Value::Null))),
            Err(refusal) => Ok(Err(refusal)),
        },
        Command::Actions { before, limit } => {
            let items = operate.actions(None, before, limit).await?;
            let next = items.last().and_then(|last| last.get("action")).cloned();
            Ok(Ok((items, json!({"next": next}))))
        }
        Command::Accounts {} => Ok(Ok((operate.accounts().await?, Value::Null))),
        acting => acted(operate, operator, acting).await,
    }
}

async fn acted(operate: &Operate, operator: &Operator, command: Command) -> operate::Answer<Told> {
    let done = |answer: operate::Answer<Value>| Ok(answer?.map(|end| (Vec::new(), end)));
    match command {
        Command::Hold(Which { member, delivery, reason }) => {
            match asked::what(member.as_deref(), delivery.as_deref()) {
                Ok(what) => done(operate.hold(operator, &what, &reason).await),
                Err(refusal) => Ok(Err(refusal)),
            }
        }
        Command::Release(Which { member, delivery, reason }) => {
            match asked::what(member.as_deref(), delivery.as_deref()) {
                Ok(what) => done(operate.release(operator, &what, &reason).await),
                Err(refusal) => Ok(Err(refusal)),
            }
        }
        Command::Cancel { delivery, reason } => match asked::delivery(&delivery) {
            Ok(id) => done(operate.cancel(operator, id, &reason).await),
            Err(refusal) => Ok(Err(refusal)),
        },
        Command::Address { message, to, also, reason } => {
            match asked::message(&message).and_then(|id| Ok((id, member(&to)?))) {
                Ok((id, to)) => done(operate.address(operator, id, (&to, also), &reason).await),
                Err(refusal) => Ok(Err(refusal)),
            }
        }
        Command::Try { member, reason } => match self::member(&member) {
            Ok(member) => done(operate.try_now(operator, &member, &reason).await),
            Err(refusal) => Ok(Err(refusal)),
        },
        Command::ConfirmClock { reason } => done(operate.confirm_clock(operator, &reason).await),
        Command::NewAccount { name, role, password, reason } => match self::role(&role) {
            Ok(role) => done(operate.new_account(operator, &name, (role, &password), &reason).await),
            Err(refusal) => Ok(Err(refusal)),
        },
        Command::Account { name, role, disabled, password, reason } => match change(role, disabled, password)
        {
            Ok(change) => done(operate.change_account(operator, &name, &change, &reason).await),
            Err(refusal) => Ok(Err(refusal)),
        },
        _ => Ok(Err(malformed("the command is none that does anything"))),
    }
}

async fn replayed(
    operate: &Operate,
    operator: &Operator,
    replay: &Replay,
    progress: &Progress,
) -> operate::Answer<Told> {
    match asked::again(&missed(replay)) {
        Ok(again) => {
            let made = operate.replay(operator, (&again, replay.lost), &replay.reason, progress).await?;
            Ok(made.map(|items| (items, json!({"did": "replay"}))))
        }
        Err(refusal) => Ok(Err(refusal)),
    }
}

async fn examined(checklist: &Checklist, operator: &Operator, of: Examine) -> operate::Answer<Told> {
    let Examine { member: name, against, since, confirm, reason } = of;
    let examination = member(&name).and_then(|member| {
        Ok(Examination { member, against, since: optional(since, asked::since)?, confirm })
    });
    match examination {
        Ok(examination) => {
            let report = checklist.examine(operator, &examination, &reason).await?;
            Ok(report.map(|report| (report.items(), report.end())))
        }
        Err(refusal) => Ok(Err(refusal)),
    }
}

fn query(queue: Queue) -> Result<Query, Refusal> {
    let Queue { target, source, state, issuer, number, after, limit } = queue;
    let cursor =
        |text: &str| Cursor::parse(text).ok_or_else(|| malformed("after is not what a page before said"));
    Ok(Query {
        target: optional(target, member)?,
        source: optional(source, member)?,
        state,
        issuer,
        number,
        after: optional(after, cursor)?,
        limit,
    })
}

fn which(
    id: Option<String>,
    issuer: Option<String>,
    number: Option<String>,
) -> Result<operate::Which, Refusal> {
    match (id, number) {
        (Some(id), None) => uuid::Uuid::try_parse(&id)
            .map(operate::Which::Id)
            .map_err(|_| malformed("an id is 36 characters, as the hub prints it")),
        (None, Some(number)) => Ok(operate::Which::Number { issuer, number }),
        _ => Err(malformed("name an id, or a certificate number")),
    }
}

fn missed(replay: &Replay) -> Missed<'_> {
    let Replay { delivery, message, to, target, since, lost, reason: _ } = replay;
    Missed {
        delivery: delivery.as_deref(),
        message: message.as_deref(),
        to: to.as_deref(),
        target: target.as_deref(),
        since: since.as_deref(),
        lost: *lost,
    }
}

fn role(word: &str) -> Result<Role, Refusal> {
    Role::of(word).ok_or_else(|| malformed("a role is viewer, operator or administrator"))
}

fn change(
    role: Option<String>,
    disabled: Option<bool>,
    password: Option<String>,
) -> Result<account::Change, Refusal> {
    match (role, disabled, password) {
        (Some(role), None, None) => Ok(account::Change::Role(self::role(&role)?)),
        (None, Some(disabled), None) => Ok(account::Change::Disabled(disabled)),
        (None, None, Some(password)) => Ok(account::Change::Password(password)),
        _ => Err(malformed("change the role, the password, or whether the account is disabled")),
    }
}

fn optional<T>(
    text: Option<String>,
    read: impl FnOnce(&str) -> Result<T, Refusal>,
) -> Result<Option<T>, Refusal> {
    text.map(|text| read(&text)).transpose()
}
