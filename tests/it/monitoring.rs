//! The files for those who watch elsewhere, as far as they can be proved without Prometheus and Grafana.
//!
//! Method: what they name is compared with the closed list of metrics, what they have to look like with a few rules.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use coohub::telemetry::known;
use serde_json::Value;

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/monitoring").join(name)).unwrap()
}

/// The labels of a series, by the name it has in an expression.
fn labels_of(series: &str) -> Option<BTreeSet<&'static str>> {
    let ending = ["_bucket", "_sum", "_count"].iter().find_map(|end| series.strip_suffix(end));
    let find = |name: &str| known::ALL.iter().find(|known| known.name == name);
    let known = find(series).or_else(|| find(ending?))?;
    let mut labels: BTreeSet<&str> = known.labels.iter().copied().collect();
    labels.extend(series.ends_with("_bucket").then_some("le"));
    Some(labels)
}

/// The series of an expression, each with what is asked of its labels.
fn series(expression: &str) -> Vec<(&str, &str)> {
    let at = expression.match_indices("coohub_").map(|(at, _)| at);
    at.map(|at| {
        let rest = &expression[at..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        let asked = rest.strip_prefix('{').and_then(|rest| rest.split('}').next()).unwrap_or_default();
        (name, asked)
    })
    .collect()
}

/// What is wrong with an expression.
fn wrong(expression: &str, words: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let found = series(expression);
    for (name, asked) in &found {
        let Some(labels) = labels_of(name) else {
            wrong.push(format!("there is no {name}"));
            continue;
        };
        for matcher in asked.split(',').filter(|matcher| !matcher.is_empty()) {
            let (label, values) = matcher.split_once('=').unwrap();
            let label = label.trim_end_matches('!');
            if !labels.contains(label) {
                wrong.push(format!("{name} has no label {label}"));
            }
            for value in values.trim_start_matches('~').trim_matches('"').split('|') {
                if !words.contains(&format!("`{value}`")) {
                    wrong.push(format!("{label} is never {value}"));
                }
            }
        }
    }
    let mut depth = Vec::new();
    for c in expression.chars() {
        match c {
            '(' | '{' | '[' => depth.push(c),
            ')' | '}' | ']' => {
                let open = match c {
                    ')' => '(',
                    '}' => '{',
                    _ => '[',
                };
                if depth.pop() != Some(open) {
                    wrong.push(format!("{c} closes nothing"));
                }
            }
            _ => {}
        }
    }
    if !depth.is_empty() {
        wrong.push("a bracket stays open".to_owned());
    }
    wrong
}

/// Labels that are named as `{{label}}` or `$labels.label`.
fn shown(text: &str) -> BTreeSet<&str> {
    let inside = text.split("{{").skip(1).filter_map(|rest| rest.split("}}").next());
    inside
        .map(|inside| inside.trim().trim_start_matches("$labels."))
        .filter(|inside| !inside.starts_with("$value"))
        .collect()
}

/// The labels that some of the series of an expression have.
fn labels(expression: &str) -> BTreeSet<&'static str> {
    series(expression).into_iter().filter_map(|(name, _)| labels_of(name)).flatten().collect()
}

/// The words of the table of labels.
fn words() -> String {
    let readme = read("README.md");
    readme.split("## Labels").nth(1).unwrap().split("## ").next().unwrap().to_owned()
}

#[test]
fn every_panel_has_a_title_a_unit_and_expressions_that_can_be_evaluated() {
    let dashboard: Value = serde_json::from_str(&read("dashboard.json")).unwrap();
    let (words, mut ids, mut titles) = (words(), BTreeSet::new(), BTreeSet::new());
    for panel in dashboard["panels"].as_array().unwrap() {
        let title = panel["title"].as_str().unwrap();
        assert!(!title.is_empty() && titles.insert(title), "{title}");
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}: its id is another's");
        if panel["type"] == "row" {
            continue;
        }
        let unit = panel["fieldConfig"]["defaults"]["unit"].as_str().unwrap_or_default();
        assert!(["short", "s", "bytes", "reqps", "d"].contains(&unit), "{title}: {unit}");
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        let place = &panel["gridPos"];
        assert!(place["x"].as_u64().unwrap() + place["w"].as_u64().unwrap() <= 24, "{title}: off the grid");
        let targets = panel["targets"].as_array().unwrap();
        let refs: BTreeSet<&str> = targets.iter().map(|target| target["refId"].as_str().unwrap()).collect();
        assert!(!refs.is_empty() && refs.len() == targets.len(), "{title}: {refs:?}");
        for target in targets {
            let expression = target["expr"].as_str().unwrap();
            assert_eq!(wrong(expression, &words), Vec::<String>::new(), "{title}: {expression}");
            let legend = shown(target["legendFormat"].as_str().unwrap());
            assert!(legend.is_subset(&labels(expression)), "{title}: {legend:?}");
        }
    }
    assert!(titles.len() > 30);
}

/// The rules of the file: the name of each with its keys.
///
/// It reads the part of YAML that the file is written in, and panics at anything else: two spaces a level, a list of
/// rules, `key: value`, folded values, and labels and annotations of one level.
fn rules(text: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let mut rules: Vec<(String, BTreeMap<String, String>)> = Vec::new();
    let mut folded: Option<String> = None;
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
        assert!(!line.contains('\t') && line == line.trim_end(), "{line:?}");
        let indent = line.len() - line.trim_start().len();
        let line = line.trim_start();
        if let Some(name) = line.strip_prefix("- alert: ") {
            assert_eq!(indent, 6, "{line}");
            rules.push((name.to_owned(), BTreeMap::new()));
            folded = None;
            continue;
        }
        let Some((_, keys)) = rules.last_mut() else {
            assert!(["groups:", "- name: coohub", "rules:"].contains(&line), "{line}");
            continue;
        };
        if let Some(key) = folded.as_ref().filter(|_| indent > 8 && line.split(": ").count() < 2) {
            let value = keys.get_mut(key).unwrap();
            value.push(' ');
            value.push_str(line);
            continue;
        }
        let (key, value) = line.split_once(':').unwrap_or_else(|| panic!("{line}"));
        assert!(indent == 8 || indent == 10, "{line}");
        let quoted = value.trim();
        let plain = quoted.strip_prefix('"').map_or(quoted, |rest| rest.strip_suffix('"').unwrap());
        // A colon would begin a value, a hash a comment.
        let misread = plain.contains(" #") || plain.contains(": ") && !plain.starts_with('{');
        assert!(plain != quoted || !misread, "{line}");
        folded = (quoted == ">-").then(|| key.to_owned());
        let value = if folded.is_some() { String::new() } else { plain.to_owned() };
        assert!(keys.insert(key.to_owned(), value).is_none(), "{line}: twice");
    }
    rules
}

#[test]
fn every_rule_says_what_when_how_much_it_matters_and_what_to_do() {
    let (words, rules) = (words(), rules(&read("alert-rules.yml")));
    let names: BTreeSet<&str> = rules.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.len() == rules.len() && names.len() > 10, "{names:?}");
    for (name, keys) in &rules {
        let of = |key: &str| keys.get(key).unwrap_or_else(|| panic!("{name} has no {key}"));
        assert!(name.starts_with("Coohub"), "{name}");
        let severity = ["{severity: warning}", "{severity: critical}"].contains(&of("labels").as_str());
        assert!(severity && !of("summary").is_empty() && !of("todo").is_empty(), "{name}");
        let expression = of("expr");
        if name != "CoohubGone" {
            assert!(!series(expression).is_empty(), "{name}: {expression}");
        }
        assert_eq!(wrong(expression, &words), Vec::<String>::new(), "{name}: {expression}");
        for text in ["summary", "todo"] {
            let shown: BTreeSet<&str> = shown(of(text));
            assert!(shown.is_subset(&labels(expression)), "{name}: {shown:?}");
        }
        let every = ["alert", "expr", "for", "labels", "annotations", "summary", "todo"];
        assert!(keys.keys().all(|key| every.contains(&key.as_str())), "{name}: {keys:?}");
    }
}
