//! Rows to values: columns are taken in the order of the views in the schema, and checked as they are taken.

use rusqlite::{Row, types::FromSql};

use crate::{
    model::{
        delivery::{Life, State},
        envelope::{Answer, Function},
        id::{DeliveryId, Digest, MessageId, MessageKey, Name},
        key::Key,
        reason::Reason,
        time::Timestamp,
    },
    store::{
        Fault,
        record::{Attempt, Cargo, Delivery, Message, Stage, View},
        sent::Gap,
        word::state,
    },
};

/// Takes the columns of a row from left to right.
pub(super) struct Columns<'a> {
    row: &'a Row<'a>,
    next: usize,
}

impl<'a> Columns<'a> {
    pub(super) fn of(row: &'a Row<'a>) -> Self {
        Self { row, next: 0 }
    }

    pub(super) fn take<T: FromSql>(&mut self) -> Result<T, Fault> {
        let value = self.row.get(self.next)?;
        self.next += 1;
        Ok(value)
    }

    /// Takes a column and reads it; `what` names it in a fault.
    pub(super) fn read<T: FromSql, V>(
        &mut self,
        what: &str,
        read: impl FnOnce(T) -> Option<V>,
    ) -> Result<V, Fault> {
        read(self.take()?).ok_or_else(|| Fault::corrupt(what))
    }

    pub(super) fn name<Of>(&mut self) -> Result<Name<Of>, Fault> {
        self.read("name", |text: String| Name::new(&text))
    }

    pub(super) fn message_id(&mut self) -> Result<MessageId, Fault> {
        Ok(MessageId(uuid::Uuid::from_bytes(self.take()?)))
    }

    pub(super) fn delivery_id(&mut self) -> Result<DeliveryId, Fault> {
        Ok(DeliveryId(uuid::Uuid::from_bytes(self.take()?)))
    }

    pub(super) fn digest(&mut self) -> Result<Digest, Fault> {
        Ok(Digest(self.take()?))
    }

    pub(super) fn timestamp(&mut self) -> Result<Timestamp, Fault> {
        Ok(Timestamp(self.take()?))
    }

    pub(super) fn state(&mut self) -> Result<State, Fault> {
        let (word, reason, due) =
            (self.take::<String>()?, self.take::<Option<String>>()?, self.take::<Option<i64>>()?);
        state(&word, reason.as_deref().and_then(Reason::of), due.map(Timestamp))
    }

    /// Until when a message is parked, and whether it was given up, of the markers it has.
    pub(super) fn stage(&mut self) -> Result<Stage, Fault> {
        let (until, given_up) = (self.take::<Option<i64>>()?, self.take::<Option<bool>>()?);
        Ok(match (until, given_up) {
            (Some(until), _) => Stage::Parked(Timestamp(until)),
            (None, Some(given_up)) => Stage::Unrouted { given_up },
            (None, None) => Stage::Routed,
        })
    }

    /// Text that was kept as one line per entry.
    pub(super) fn lines(&mut self) -> Result<Vec<String>, Fault> {
        Ok(self.take::<String>()?.lines().map(str::to_owned).collect())
    }

    pub(super) fn key(&mut self) -> Result<Key, Fault> {
        Ok(Key {
            agreement: self.name()?,
            issuer: self.take()?,
            number: self.take()?,
            lineage: self.take()?,
            version: self.take()?,
        })
    }
}

/// Entries to one line each; an entry never holds a line break of its own.
pub(super) fn lines(entries: &[String]) -> String {
    entries.iter().map(|entry| entry.replace(['\n', '\r'], " ")).collect::<Vec<_>>().join("\n")
}

/// A row of `message_whole`.
pub(super) fn message(row: &Row<'_>) -> Result<Message, Fault> {
    let mut c = Columns::of(row);
    let mut message = Message {
        sequence: c.take()?,
        id: c.message_id()?,
        source: c.name()?,
        key: c.read("message key", |text: String| MessageKey::new(&text))?,
        digest: c.digest()?,
        received: c.timestamp()?,
        function: c.read("function", Function::of)?,
        subject: c.key()?,
        chain: c.take()?,
        format: c.take::<Option<String>>()?.and_then(|text| Name::new(&text)),
        media_type: c.take()?,
        test: c.take()?,
        bulk: c.take()?,
        answer: None,
        duplicate_of: c.take::<Option<[u8; 16]>>()?.map(|bytes| MessageId(uuid::Uuid::from_bytes(bytes))),
        stage: c.stage()?,
        receipt: c.take::<Option<Vec<u8>>>()?.unwrap_or_default(),
    };
    if let Some(delivery) = c.take::<Option<[u8; 16]>>()? {
        let answer = c.read("answer", |word: String| Answer::of(&word))?;
        message.answer = Some((DeliveryId(uuid::Uuid::from_bytes(delivery)), answer, c.take()?));
    }
    Ok(message)
}

/// A row of `delivery_whole`; answers and last attempt are in tables of their own.
pub(super) fn delivery(row: &Row<'_>) -> Result<Delivery, Fault> {
    let mut c = Columns::of(row);
    let (sequence, chain) = (c.take()?, c.take()?);
    let id = c.delivery_id()?;
    let message = c.message_id()?;
    let source = c.name()?;
    let function = c.read("function", Function::of)?;
    let subject = c.key()?;
    let target = c.name()?;
    let cargo = c.read("cargo", |word: String| Cargo::of(&word))?;
    let view = c.read("view", |word: String| View::of(&word))?;
    let state = c.state()?;
    let life = Life { state, created: c.timestamp()?, failures: c.take()? };
    let (attempts, weight, test) = (c.take()?, c.take()?, c.take()?);
    let (format, media_type, digest) =
        (c.take::<Option<String>>()?, c.take::<Option<String>>()?, c.take::<Option<[u8; 32]>>()?);
    let rendered = match (format, media_type, digest) {
        (Some(format), Some(media_type), Some(digest)) => Some((format, media_type, Digest(digest))),
        _ => None,
    };
    Ok(Delivery {
        id,
        sequence,
        chain,
        message,
        source,
        function,
        subject,
        target,
        cargo,
        view,
        life,
        attempts,
        weight,
        test,
        rendered,
        losses: c.lines()?,
        because: c.take()?,
        config: c.take::<Option<[u8; 32]>>()?.map(Digest),
        gap: c.take::<Option<String>>()?.and_then(|word| Gap::of(&word)),
        replay_of: c.take::<Option<[u8; 16]>>()?.map(|bytes| DeliveryId(uuid::Uuid::from_bytes(bytes))),
        answers: Vec::new(),
        answer_until: None,
        last: None,
        asked: None,
    })
}

/// A row of `attempt`, without its delivery.
pub(super) fn attempt(row: &Row<'_>) -> Result<Attempt, Fault> {
    let mut c = Columns::of(row);
    Ok(Attempt {
        number: c.take()?,
        started: c.timestamp()?,
        finished: c.timestamp()?,
        outcome: c.take()?,
        status: c.take()?,
        detail: c.take()?,
        answer: c.take::<Option<[u8; 32]>>()?.map(Digest),
        grade: c.take::<Option<String>>()?.and_then(|text| text.chars().next()),
        receipt: c.take()?,
    })
}
