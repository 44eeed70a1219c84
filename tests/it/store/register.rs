//! Books of named entries: written with their action, on what was seen, the newest of each name kept.

use coohub::store::{
    Fault, Store,
    action::{About, Acted, Action, Effect, Verb},
    register::{Book, ENTRY_BYTES_MAX, NAME_BYTES_MAX, NewEntry},
};

use super::support::{NOW, fixture};

async fn keep(store: &Store, book: Book, name: &str, says: &[u8], seen: Option<i64>) -> Result<Acted, Fault> {
    let entry = NewEntry { book, name: name.to_owned(), bytes: says.to_vec(), seen };
    let action = Action {
        at: NOW,
        user: "root".to_owned(),
        named: None,
        verb: Verb::Account,
        about: About::Account(name.to_owned()).to_string(),
        reason: "a test".to_owned(),
        outcome: "done".to_owned(),
    };
    store.act(action, Effect::Keep(Box::new(entry))).await
}

#[tokio::test]
async fn an_entry_is_written_on_what_was_seen_or_not_at_all() {
    let world = fixture();
    let store = &world.store;
    assert_eq!(store.entry(Book::Account, "maria").await.unwrap(), None);
    assert_eq!(keep(store, Book::Account, "maria", b"one", Some(1)).await.unwrap(), Acted::Unchanged);
    assert_eq!(keep(store, Book::Account, "maria", b"one", None).await.unwrap(), Acted::Done);
    assert_eq!(keep(store, Book::Account, "maria", b"two", None).await.unwrap(), Acted::Unchanged);
    let first = store.entry(Book::Account, "maria").await.unwrap().unwrap();
    assert_eq!((first.name.as_str(), first.at, first.bytes.as_slice()), ("maria", NOW, b"one".as_slice()));
    assert_eq!(keep(store, Book::Account, "maria", b"two", Some(first.number)).await.unwrap(), Acted::Done);
    let second = store.entry(Book::Account, "maria").await.unwrap().unwrap();
    assert_eq!(second.bytes, b"two");
    assert!(second.number > first.number);
    let about = About::Account("maria".to_owned());
    assert_eq!(store.actions(Some(&about), None, 9).await.unwrap().len(), 2, "what was not done is not told");
    assert!(store.entries(Book::Report, None, None, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn pages_go_from_the_newest_to_the_oldest_of_a_book_or_of_a_name() {
    let world = fixture();
    let store = &world.store;
    let mut seen = std::collections::BTreeMap::new();
    for (name, says) in [("b", "1"), ("a", "2"), ("b", "3"), ("a", "4"), ("b", "5")] {
        let acted = keep(store, Book::Report, name, says.as_bytes(), seen.get(name).copied()).await.unwrap();
        assert_eq!(acted, Acted::Done);
        seen.insert(name, store.entry(Book::Report, name).await.unwrap().unwrap().number);
    }
    for limit in [1, 2, 9] {
        for (name, all) in [(None, "54321"), (Some("b"), "531"), (Some("a"), "42"), (Some("c"), "")] {
            let (mut found, mut before) = (String::new(), None);
            loop {
                let page = store.entries(Book::Report, name, before, limit).await.unwrap();
                assert!(page.len() <= limit);
                let Some(last) = page.last() else { break };
                before = Some(last.number);
                page.iter().for_each(|entry| found.push_str(std::str::from_utf8(&entry.bytes).unwrap()));
            }
            assert_eq!(found, all, "{name:?} by {limit}");
        }
    }
}

#[tokio::test]
async fn of_each_name_the_newest_are_kept_and_no_number_comes_twice() {
    let world = fixture();
    let store = &world.store;
    let most = usize::try_from(Book::Report.kept_max()).unwrap();
    let (mut seen, mut numbers) = (None, Vec::new());
    for n in 0..=most {
        keep(store, Book::Report, "ke", &[u8::try_from(n).unwrap()], seen).await.unwrap();
        let newest = store.entry(Book::Report, "ke").await.unwrap().unwrap().number;
        (seen, _) = (Some(newest), numbers.push(newest));
    }
    assert!(numbers.is_sorted_by(|a, b| a < b));
    let kept = store.entries(Book::Report, Some("ke"), None, most + 9).await.unwrap();
    assert_eq!(
        kept.iter().map(|entry| entry.number).collect::<Vec<_>>(),
        numbers.into_iter().skip(1).rev().collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn the_longest_entry_and_name_are_taken_and_one_byte_more_is_not() {
    let world = fixture();
    let (store, longest) = (&world.store, "n".repeat(NAME_BYTES_MAX));
    assert_eq!(
        keep(store, Book::Report, &longest, &vec![0; ENTRY_BYTES_MAX], None).await.unwrap(),
        Acted::Done
    );
    let kept = store.entry(Book::Report, &longest).await.unwrap().unwrap();
    assert_eq!(kept.bytes.len(), ENTRY_BYTES_MAX);
    for (name, bytes) in [("ke", ENTRY_BYTES_MAX + 1), (format!("{longest}n").as_str(), 1)] {
        let refused = keep(store, Book::Report, name, &vec![0; bytes], None).await;
        assert!(matches!(refused, Err(Fault::BodyTooLarge { .. })), "{refused:?}");
    }
}
