//! What was applied, by whom and why; and what each configuration changed of the one before it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    Answer, Change,
    kept::{self, Configuration, NAME},
};
use crate::{
    files::Kept,
    model::reason::Reason,
    operate::Refusal,
    store::{
        Fault, Store,
        register::{Book, Entry},
    },
};

/// Most configurations of one page.
pub const PAGE_MAX: usize = 50;

impl Change {
    /// A page of what was applied, newest first, each with the files it changed; from the one before the number `before`.
    ///
    /// **Bounds:** [`PAGE_MAX`].
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn history(&self, before: Option<i64>, limit: usize) -> Result<Vec<Value>, Fault> {
        let mut shown = Vec::new();
        // One entry at a time, and the one before it: each may be megabytes.
        let mut next = self.one(before).await?.map(opened);
        while let Some((entry, found)) = next.take_if(|_| shown.len() < limit.min(PAGE_MAX)) {
            next = self.one(Some(entry.number)).await?.map(opened);
            let earlier = next.as_ref().and_then(|(_, earlier)| earlier.as_ref());
            shown.push(match found {
                Some(configuration) => compared(&configuration, earlier),
                None => json!({"number": entry.number, "at": entry.at.to_string()}),
            });
        }
        Ok(shown)
    }

    /// One configuration: who applied it, its files, and which of them are others than in the one before.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn configuration(&self, number: i64) -> Answer<Value> {
        let found = match self.numbered(number).await? {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        let before = self.one(Some(number)).await?.as_ref().and_then(kept::read);
        let mut shown = compared(&found, before.as_ref());
        if let Value::Object(members) = &mut shown {
            members.insert("digests".to_owned(), json!(found.head.digests));
        }
        Ok(Ok(shown))
    }

    /// The files of a configuration, by name, as `text`; as `base64` where they are none. With them, of the one that runs,
    /// the anchors, leaves and lists it runs with, whatever the certs folder holds by now.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn files_of(&self, number: i64) -> Answer<Vec<Value>> {
        let kept = match self.numbered(number).await? {
            Ok(found) => found.files.ok_or_else(not_kept).map(|files| {
                let running = self.region.borrow().clone();
                let runs = found.head.digest == running.digest.hex();
                files.into_iter().chain(running.certs.clone().into_iter().filter(|_| runs)).collect::<Kept>()
            }),
            Err(refusal) => Err(refusal),
        };
        let file = |(name, bytes): (String, Arc<[u8]>)| match std::str::from_utf8(&bytes) {
            Ok(text) => json!({"file": name, "text": text}),
            Err(_) => json!({"file": name, "base64": STANDARD.encode(&bytes)}),
        };
        Ok(kept.map(|files| files.into_iter().map(file).collect()).map_err(Into::into))
    }

    /// The configuration of a number.
    pub(super) async fn numbered(&self, number: i64) -> Result<Result<Configuration, Refusal>, Fault> {
        numbered(&self.store, number).await
    }

    /// The newest configuration before a number.
    pub(super) async fn one(&self, before: Option<i64>) -> Result<Option<Entry>, Fault> {
        one(&self.store, before).await
    }
}

/// The configuration of a number.
pub(super) async fn numbered(store: &Store, number: i64) -> Result<Result<Configuration, Refusal>, Fault> {
    let entry = one(store, number.checked_add(1)).await?.filter(|entry| entry.number == number);
    Ok(match entry {
        None => {
            let why = format!("there is no configuration {number} in the history");
            Err(Refusal::new(Reason::ConfigurationUnknown, why))
        }
        Some(entry) => kept::read(&entry).ok_or_else(not_kept),
    })
}

async fn one(store: &Store, before: Option<i64>) -> Result<Option<Entry>, Fault> {
    Ok(store.entries(Book::Configuration, Some(NAME), before, 1).await?.pop())
}

pub(super) fn not_kept() -> Refusal {
    Refusal::new(Reason::ConfigurationNotKept, "the files of this configuration were not kept")
}

fn opened(entry: Entry) -> (Entry, Option<Configuration>) {
    let found = kept::read(&entry);
    (entry, found)
}

/// A configuration in a line, with the files that are others than in the one before it.
fn compared(configuration: &Configuration, before: Option<&Configuration>) -> Value {
    let Configuration { number, at, head, files } = configuration;
    let changed = files_changed(before.map(|before| &before.head.digests), &head.digests);
    json!({
        "number": number,
        "at": at.to_string(),
        "configuration": head.digest,
        "how": head.how,
        "user": head.user,
        "as": head.named,
        "confirmedBy": head.confirmed,
        "reason": head.reason,
        "files": head.digests.len(),
        "kept": files.is_some(),
        "previous": before.map(|before| before.number),
        "changed": changed,
    })
}

/// What became of which file. Pure.
pub(super) fn files_changed(
    before: Option<&BTreeMap<String, String>>,
    after: &BTreeMap<String, String>,
) -> Value {
    let nothing = BTreeMap::new();
    let before = before.unwrap_or(&nothing);
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let told = names.into_iter().filter_map(|name| {
        let what = match (before.get(name), after.get(name)) {
            (None, _) => "added",
            (_, None) => "removed",
            (Some(old), Some(new)) if old != new => "changed",
            _ => return None,
        };
        Some(json!({"file": name, "what": what}))
    });
    told.collect()
}
