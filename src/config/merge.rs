//! Layers of settings: the environment as a layer, the merge, and the place a merged value came from.

use std::collections::BTreeMap;

use super::{Config, DEFAULT, FILE, VARIABLE_PREFIX, schema};
use crate::problem::{Problem, Problems, Spot, section::Source};

/// A setting that came from the environment.
#[derive(Debug)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) section: String,
    pub(super) key: String,
    pub(super) value: toml::Value,
}

/// The settings in the environment, each checked by itself; problems carry the variable's name.
pub(super) fn variables(environment: &BTreeMap<String, String>, problems: &Problems) -> Vec<Variable> {
    let defaults = DEFAULT.parse::<toml::Table>().unwrap_or_default();
    let mut variables = Vec::new();
    for (name, text) in environment {
        let Some(rest) = name.strip_prefix(VARIABLE_PREFIX) else { continue };
        let Some((section, key)) = rest.split_once("__") else {
            let problem = Spot::file(name).problem("names no setting");
            problems.add(problem.hint(format!("write {VARIABLE_PREFIX}SECTION__KEY")));
            continue;
        };
        let (section, key) = (section.to_lowercase(), key.to_lowercase());
        let like = defaults.get(&section).and_then(|table| table.get(&key));
        let variable = Variable { name: name.clone(), section, key, value: value(text, like) };
        check(&variable, problems);
        variables.push(variable);
    }
    variables
}

/// The layers as one, read with the schema; `None` only where a problem was recorded.
pub(super) fn merge(file: &str, variables: &[Variable], problems: &Problems) -> Option<Config> {
    let layer = |text: &str| config::File::from_str(text, config::FileFormat::Toml);
    let environment = variables.iter().map(Variable::as_toml).collect::<Vec<_>>();
    let merged = [DEFAULT, file]
        .into_iter()
        .chain(environment.iter().map(String::as_str))
        .fold(config::Config::builder(), |builder, text| builder.add_source(layer(text)))
        .build()
        .and_then(config::Config::try_deserialize::<toml::Table>);
    match merged {
        Ok(merged) => {
            let text = Source::new("merged settings", merged.to_string());
            Some(text.read(problems, |file| schema::read(&Config::default(), file)))
        }
        Err(error) => {
            problems.add(Spot::file(FILE).problem(error.to_string()));
            None
        }
    }
}

/// The place of a setting that is set nowhere: the file, where it could be.
pub(super) fn unset((section, key): (&str, &str)) -> Spot {
    Spot { key: format!("{section}.{key}"), ..Spot::file(FILE) }
}

/// Where a merged value came from: a variable or a line of the file; `None`: the defaults.
pub(super) fn spot(file: &Source, variables: &[Variable], (section, key): (&str, &str)) -> Option<Spot> {
    let path = format!("{section}.{key}");
    if let Some(variable) = variables.iter().find(|v| v.section == section && v.key == key) {
        return Some(Spot { key: path, ..Spot::file(&variable.name) });
    }
    file.read(&Problems::default(), |file| {
        file.table(section, |table| table.has(key).then(|| table.spot_of(key))).flatten()
    })
}

impl Variable {
    fn as_toml(&self) -> String {
        let section = toml::Table::from_iter([(self.key.clone(), self.value.clone())]);
        toml::Table::from_iter([(self.section.clone(), toml::Value::Table(section))]).to_string()
    }
}

fn check(variable: &Variable, problems: &Problems) {
    let found = Problems::default();
    let source = Source::new(&variable.name, variable.as_toml());
    let _ = source.read(&found, |file| schema::read(&Config::default(), file));
    for problem in found.sorted() {
        problems.add(Problem { line: 0, column: 0, ..problem });
    }
}

/// A variable's text as a value of the kind the default has: a path named `123` stays a text.
fn value(text: &str, like: Option<&toml::Value>) -> toml::Value {
    let plain = || toml::Value::String(text.to_owned());
    match like {
        Some(toml::Value::Integer(_)) => text.parse().map_or_else(|_| plain(), toml::Value::Integer),
        Some(toml::Value::Boolean(_)) => text.parse().map_or_else(|_| plain(), toml::Value::Boolean),
        _ => plain(),
    }
}
