//! The region in `partners/` and what its README says of it.

use super::*;

/// The shipped region with files added, or its problems.
fn shipped(more: &[(&str, String)]) -> Result<Region, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    copy(&partners(), folder.path());
    for (name, text) in more {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let problems = Problems::default();
    let region = load::load(folder.path(), None, &problems);
    region.ok_or_else(|| problems.sorted().iter().map(ToString::to_string).collect())
}

#[test]
fn the_shipped_region_loads() {
    let region = shipped(&[]).unwrap();
    // The one notice is there because this test reads no leaves.
    let notices = notice::notices(&region);
    assert!(notices.iter().all(|notice| notice.reason.contains("has no signer")), "{notices:?}");
    assert_eq!(region.members.len(), 5);
    let mecta = region.agreement("mecta").unwrap();
    let cod = Form::Table(FormatId::new("aladi-cod").unwrap());
    assert_eq!(region.proof_demanded(mecta, &cod), ProofDemand::ExporterAndOfficial);
    assert_eq!(
        region.proof_demanded(mecta, &Form::named("canonical-json").unwrap()),
        ProofDemand::Connection
    );
    assert!(matches!(mecta.copies[0].view, CopyView::Minimised(_)));
    let ids: Vec<_> = region.members.keys().collect();
    assert!(ids.iter().all(|id| mecta.link(ids[0], id) == Some(LinkState::Live)));
    let pushed = region.members.values().filter(|member| matches!(member.reach, Reach::Push(_))).count();
    assert_eq!((pushed, region.members.len() - pushed), (3, 2));
}

/// The fenced block of the README that begins with a comment naming a file.
fn readme_example(file: &str) -> String {
    let readme = fs::read_to_string(partners().join("README.md")).unwrap();
    let start = format!("```toml\n# {file}\n");
    let (_, rest) = readme.split_once(&start).unwrap_or_else(|| panic!("README.md has no example of {file}"));
    rest.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_readme_shows_files_that_load() {
    let agreement = fs::read_to_string(partners().join("agreements/mecta.toml")).unwrap();
    let party = readme_example("added to agreements/mecta.toml");
    let more = [
        ("members/florin.toml", readme_example("members/florin.toml")),
        ("agreements/mecta.toml", format!("{agreement}\n{party}")),
    ];
    let region = shipped(&more).unwrap();
    assert!(region.customs_of("XF").is_some());
}

#[test]
fn the_readme_explains_every_key_the_shipped_files_use() {
    let readme = fs::read_to_string(partners().join("README.md")).unwrap();
    let mut keys = BTreeSet::new();
    for folder in [".", "members", "agreements"] {
        for entry in fs::read_dir(partners().join(folder)).unwrap().map(Result::unwrap) {
            if entry.path().extension().is_some_and(|extension| extension == "toml") {
                let table: toml::Table = fs::read_to_string(entry.path()).unwrap().parse().unwrap();
                collect_keys(&table, &mut keys);
            }
        }
    }
    let missing: Vec<_> = keys.iter().filter(|key| !readme.contains(&format!("`{key}`"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn collect_keys(table: &toml::Table, keys: &mut BTreeSet<String>) {
    for (key, value) in table {
        match value {
            toml::Value::Table(inner) if key == "proof_by_format" => drop((inner, keys.insert(key.clone()))),
            toml::Value::Table(inner) => collect_keys(inner, keys),
            toml::Value::Array(list) if list.iter().all(toml::Value::is_table) => {
                list.iter().for_each(|entry| collect_keys(entry.as_table().unwrap(), keys));
            }
            _ => drop(keys.insert(key.clone())),
        }
    }
}
