//! What a hub starts under: the folder, once a rollback the hub died in is finished there; or, where it takes two
//! operators to let the folder's configuration in, the one that ran before.

use std::{collections::BTreeSet, path::Path};

use super::{
    By, Change, Readiness, Refused, folder, head,
    history::numbered,
    journal::Note,
    kept::{self, Configuration, Head, NAME},
    plan::demands_second,
    words,
};
use crate::{
    files::{Files, Kept},
    model::{id::MemberId, reason::Reason},
    operate::{Ledger, Operator, Order, Refusal},
    problem::{Problem, Problems, unit::noun},
    region::{self, CERTS, Region, difference::difference},
    store::{
        Fault, Store,
        action::{About, Verb},
        register::Book,
    },
};

/// Why the first configuration of a hub is its configuration.
const START: &str = "the hub started";

/// A rollback that was finished at the start: who had asked for it, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finished {
    operator: Operator,
    reason: String,
}

/// A configuration of the history that is to run, read again.
pub struct Before {
    /// The region.
    pub region: Region,
    /// Its files.
    pub files: Kept,
}

/// Finishes writing the folder, where the hub died while it wrote it; `read` reads what is there.
///
/// # Errors
/// A fault of the store; the refusal when the folder cannot be written: half of it is another configuration.
pub async fn finish(
    (ledger, store): (&Ledger, &Store),
    root: &Path,
    read: impl FnOnce(&Files),
) -> Result<Result<Option<Finished>, Refusal>, Fault> {
    let Some(note) = Note::standing(store).await? else { return Ok(Ok(None)) };
    let number = note.number;
    let Some(files) = numbered(store, number).await?.ok().and_then(|found| found.files) else {
        tracing::error!(
            number,
            "the folder may be half of this configuration, which is not kept any more: compare it"
        );
        return Ok(Ok(None));
    };
    let there = Files::at(root);
    read(&there);
    if let Err(why) = folder::put(root, &files, &there.kept(), number) {
        let why = format!(
            "the hub ended while it put configuration {number} back into {}, and it cannot be finished: {why}",
            root.display()
        );
        return Ok(Err(Refusal::new(Reason::FolderNotWritten, why)));
    }
    tracing::warn!(number, "the hub ended while the region's folder was written; it is finished now");
    let (operator, reason) = (note.operator(), note.reason);
    let order =
        Order { operator: &operator, verb: Verb::Configure, about: About::Configuration, reason: &reason };
    let outcome = format!("finished: the folder is configuration {number}");
    Note::end((ledger, store), &order, &outcome).await?;
    Ok(Ok(Some(Finished { operator, reason })))
}

/// The configuration that ran before, where it demands that two operators let the folder's in; `read` reads its files
/// with the anchors, leaves and lists of today.
///
/// `None`: the folder's may run. It is what ran before, nothing was applied yet, or one operator may make the change.
///
/// # Errors
/// A fault of the store; the refusal where two operators are demanded and what ran before was not kept, or cannot be
/// read, and every problem of it, when it is no right one today.
pub async fn before(
    store: &Store,
    (folder, files): (&Region, &Kept),
    read: impl FnOnce(&Files) -> Result<Region, Vec<Problem>>,
) -> Result<Result<Option<Before>, Refused>, Fault> {
    let Some(entry) = store.entry(Book::Configuration, NAME).await? else {
        return Ok(keepable(None, folder, files).map(|()| None));
    };
    let Some(newest) = kept::read(&entry) else {
        let (digest, operators) = kept::glimpse(&entry, folder.operators);
        let runs = operators <= 1 || digest == Some(folder.digest.hex());
        return Ok(if runs { Ok(None) } else { Err(unreadable(entry.number).into()) });
    };
    let demanded = newest.head.operators.unwrap_or(folder.operators) > 1;
    if newest.head.digest == folder.digest.hex() {
        return Ok(Ok(None));
    }
    if !demanded {
        return Ok(keepable(Some(&newest.head), folder, files).map(|()| None));
    }
    let Some(before) = &newest.files else {
        // Not kept then, the same files cannot be kept now; they are what ran.
        return Ok(others(&newest, folder).map_or(Ok(None), |refusal| Err(refusal.into())));
    };
    match read(&Files::of(before.clone())) {
        Ok(region) => {
            if demands_second(&region, &difference(&region, folder)) {
                return Ok(Ok(Some(Before { region, files: before.clone() })));
            }
            Ok(keepable(Some(&newest.head), folder, files).map(|()| None))
        }
        Err(_) if may_leave(before, files) => Ok(keepable(Some(&newest.head), folder, files).map(|()| None)),
        Err(problems) => {
            let why = format!("configuration {}, which ran before, is not right today", newest.number);
            Ok(Err(Refused { refusal: Refusal::new(Reason::ConfigurationWrong, why), problems }))
        }
    }
}

/// Refuses a folder that must be kept and cannot be, before anybody can connect.
fn keepable(newest: Option<&Head>, folder: &Region, files: &Kept) -> Result<(), Refused> {
    let operators = newest.and_then(|newest| newest.operators).unwrap_or(1).max(folder.operators);
    let unlisted = newest.map(|newest| newest.unlisted.clone()).unwrap_or_default();
    let head = Head { unlisted, ..head(By::Start, folder, START) };
    kept::unwatched(operators, &head, files).map_or(Ok(()), |refusal| Err(refusal.into()))
}

/// Whether one operator may make this change, told without the certs folder, from which a member that left may have
/// taken its files along.
///
/// Without it, officials and anchors that a member's file names do not show, so each member that stays must be written
/// as before.
fn may_leave(before: &Kept, folder: &Kept) -> bool {
    let members = folder.iter().filter(|(name, _)| name.starts_with("members/"));
    if members.into_iter().any(|(name, bytes)| before.get(name) != Some(bytes)) {
        return false;
    }
    let load = |files: &Kept| region::load::load(Files::of(files.clone()), None, &Problems::default());
    let (Some(before), Some(folder)) = (load(before), load(folder)) else { return false };
    !demands_second(&before, &difference(&before, &folder))
}

/// The refusal where the folder is another configuration than one that was not kept; what is in the certs folder counts
/// as it is.
fn others(newest: &Configuration, folder: &Region) -> Option<Refusal> {
    let own = |name: &str| !name.starts_with(CERTS);
    let mut then = newest.head.digests.clone();
    let mut now = kept::digests(folder);
    then.retain(|name, _| own(name));
    now.retain(|name, _| own(name));
    let names: BTreeSet<_> = then.keys().chain(now.keys()).collect();
    let differ: Vec<_> = names.into_iter().filter(|name| then.get(*name) != now.get(*name)).collect();
    let first = differ.first()?;
    let why = format!(
        "the folder is not configuration {}, which ran before and demands two operators, and whose files were not kept, so \
         what changed cannot be told. Put the folder back as it was ({} {} to put back, first: {first}), start, and apply \
         what you want; see \"The hub runs another configuration than the folder's\" in docs/incidents.md",
        newest.number,
        differ.len(),
        noun(differ.len(), "file", "files"),
    );
    Some(Refusal::new(Reason::ConfigurationNotKept, why))
}

fn unreadable(number: i64) -> Refusal {
    let why = format!(
        "configuration {number}, which ran before, was written by another version of coohub and cannot be read, so whether \
         the folder takes two operators cannot be told. Start the version that wrote it; see \"The hub runs another \
         configuration than the folder's\" in docs/incidents.md"
    );
    Refusal::new(Reason::ConfigurationNotKept, why)
}

impl Change {
    /// Writes down what the hub starts under, before anybody can ask for a change, unless the history's newest entry is
    /// that very configuration.
    ///
    /// # Errors
    /// A fault of the store, or the refusal where two operators are demanded and its files cannot be kept: then nothing
    /// should run.
    pub async fn begin(
        &self,
        region: &Region,
        files: &Kept,
        finished: Option<&Finished>,
    ) -> Result<Result<(), Refusal>, Fault> {
        let newest = self.newest().await?;
        let unlisted = newest.iter().flat_map(|newest| &newest.head.unlisted);
        *self.unlisted() = unlisted.filter_map(|id| MemberId::new(id)).collect();
        let unlisted = self.unlisted_with(region, &Readiness::default());
        self.unlisted().clone_from(&unlisted);
        if newest.as_ref().is_some_and(|newest| newest.head.digest == region.digest.hex()) {
            return Ok(Ok(()));
        }
        let start = By::Start.operator();
        let (operator, reason) =
            finished.map_or((&start, START), |finished| (&finished.operator, finished.reason.as_str()));
        let order = Order { operator, verb: Verb::Configure, about: About::Configuration, reason };
        let head = match finished {
            None => head(By::Start, region, reason),
            Some(_) => Head { how: "rollback".to_owned(), ..head(By::Operator(operator), region, reason) },
        };
        let head = Head { unlisted: words(&unlisted), ..head };
        let ran =
            newest.as_ref().is_some_and(|newest| newest.files.is_none() && others(newest, region).is_none());
        let before = newest.and_then(|newest| newest.head.operators).unwrap_or(1);
        match kept::unwatched(before.max(region.operators), &head, files).filter(|_| !ran) {
            Some(refusal) => Ok(Err(refusal)),
            None => self.keep(&order, head, files).await.map(Ok),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Clock,
        deliver::sample,
        model::id::Digest,
        region::agreement::LinkState,
        store::{
            self,
            action::{Acted, Effect},
            register::NewEntry,
        },
    };

    /// What a start makes of a folder, where this is the newest entry of the history.
    async fn over(bytes: Vec<u8>, folder: &Region) -> Result<bool, Refusal> {
        let at = tempfile::tempdir().unwrap();
        let settings = store::Config { folder: at.path().to_owned(), ..store::Config::default() };
        let store = Store::open(&settings).unwrap();
        let ledger = Ledger::new(store.clone(), Clock::Real);
        let operator = By::Start.operator();
        let order =
            Order { operator: &operator, verb: Verb::Configure, about: About::Configuration, reason: START };
        let entry = NewEntry { book: Book::Configuration, name: NAME.to_owned(), bytes, seen: None };
        let kept = ledger.commit(&order, Effect::Keep(Box::new(entry)), "done").await.unwrap();
        assert_eq!(kept, Acted::Done);
        let read = |_: &Files| -> Result<Region, Vec<Problem>> { panic!("there is nothing to read") };
        let found = before(&store, (folder, &Kept::new()), read).await.unwrap();
        found.map(|before| before.is_some()).map_err(|refused| refused.refusal)
    }

    fn line(head: &Head) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(head).unwrap();
        bytes.push(b'\n');
        bytes
    }

    #[tokio::test]
    async fn what_was_not_kept_or_cannot_be_read_lets_no_other_folder_run_where_two_are_demanded() {
        let mut folder = sample::region(LinkState::Live);
        folder.files = [("region.toml".to_owned(), Digest::of(b"one"))].into();
        let same = Head { operators: Some(2), ..head(By::Start, &folder, START) };
        let other = Head {
            digest: "d".repeat(64),
            digests: [("region.toml".to_owned(), "e".repeat(64))].into(),
            ..same.clone()
        };
        assert_eq!(over(line(&same), &folder).await, Ok(false), "it is what ran");
        let renewed = Head { digest: "d".repeat(64), ..same };
        assert_eq!(over(line(&renewed), &folder).await, Ok(false), "only the certs folder is another");
        let refused = over(line(&other), &folder).await.unwrap_err();
        assert_eq!(refused.reason, Reason::ConfigurationNotKept);
        assert!(refused.why.contains("1 file to put back, first: region.toml"), "{}", refused.why);
        // Its files are listed, and their bytes do not follow.
        let short = Head { files: Some(vec![("region.toml".to_owned(), 9)]), ..other.clone() };
        over(line(&short), &folder).await.unwrap_err();
        let refused = over(b"another version\n".to_vec(), &folder).await.unwrap_err();
        assert!(refused.why.contains("Start the version that wrote it"), "{}", refused.why);
        let alone = Head { operators: Some(1), ..other };
        assert_eq!(over(line(&alone), &folder).await, Ok(false), "one operator may");
    }
}
