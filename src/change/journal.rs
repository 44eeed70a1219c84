//! What is written down before the folder is written, so that a hub that dies in the middle finishes it when it starts.
//!
//! A note counts until another configuration was applied, or until it is taken back.

use serde::{Deserialize, Serialize};

use super::kept::NAME;
use crate::{
    operate::{Ledger, Operator, Order},
    store::{
        Fault, Store,
        action::{Acted, Effect},
        register::{Book, NewEntry},
    },
};

/// The folder is being written to a configuration of the history.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Note {
    /// Its number.
    pub(super) number: i64,
    user: String,
    #[serde(rename = "as")]
    named: Option<String>,
    pub(super) reason: String,
    /// Number of the newest configuration when it was begun.
    after: Option<i64>,
}

impl Note {
    /// Who asked for it.
    pub(super) fn operator(&self) -> Operator {
        Operator { user: self.user.clone(), named: self.named.clone() }
    }

    /// The note that counts, if one does.
    pub(super) async fn standing(store: &Store) -> Result<Option<Self>, Fault> {
        let Some(entry) = store.entry(Book::Journal, NAME).await? else { return Ok(None) };
        let note = serde_json::from_slice::<Option<Self>>(&entry.bytes).ok().flatten();
        let newest = newest(store).await?;
        Ok(note.filter(|note| note.after == newest))
    }

    /// Writes down that the folder is about to be written.
    pub(super) async fn begin(
        (ledger, store): (&Ledger, &Store),
        order: &Order<'_>,
        number: i64,
    ) -> Result<(), Fault> {
        let Operator { user, named } = order.operator.clone();
        let (reason, after) = (order.reason.to_owned(), newest(store).await?);
        let note = Self { number, user, named, reason, after };
        keep(
            (ledger, store),
            order,
            Some(&note),
            &format!("begun: the folder becomes configuration {number}"),
        )
        .await
    }

    /// Takes back what was written down: the folder is not being written any more.
    pub(super) async fn end(
        (ledger, store): (&Ledger, &Store),
        order: &Order<'_>,
        outcome: &str,
    ) -> Result<(), Fault> {
        keep((ledger, store), order, None, outcome).await
    }
}

async fn newest(store: &Store) -> Result<Option<i64>, Fault> {
    Ok(store.entry(Book::Configuration, NAME).await?.map(|entry| entry.number))
}

async fn keep(
    (ledger, store): (&Ledger, &Store),
    order: &Order<'_>,
    note: Option<&Note>,
    outcome: &str,
) -> Result<(), Fault> {
    let seen = store.entry(Book::Journal, NAME).await?.map(|entry| entry.number);
    let bytes = serde_json::to_vec(&note).unwrap_or_default();
    let entry = NewEntry { book: Book::Journal, name: NAME.to_owned(), bytes, seen };
    match ledger.commit(order, Effect::Keep(Box::new(entry)), outcome).await? {
        Acted::Done => Ok(()),
        Acted::Unchanged => Err(Fault::Contended),
    }
}
