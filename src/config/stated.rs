//! Every setting with its value and where it comes from, as an operator reads it.

use std::fmt;

use super::{DEFAULT, FILE, merge::Variable};

/// Where a value comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// It is the built-in one.
    Default,
    /// The operator's file.
    File,
    /// A variable of the environment, by its name.
    Environment(String),
}

/// One setting.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stated {
    /// Section and key.
    pub key: String,
    /// Its value as a file states it; of a secret, that there is one.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// Every setting, by section and key. How settings were written is no part of what they are: two are equal
/// whatever they say here.
#[derive(Clone, Default, Debug)]
pub struct StatedAll(pub Vec<Stated>);

impl PartialEq for StatedAll {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for StatedAll {}

/// Ends of keys whose values are secrets.
const SECRETS: [&str; 4] = ["password", "passphrase", "secret", "token"];
/// Ends of keys whose values are addresses, of which the path may be the secret.
const ADDRESSES: [&str; 1] = ["webhook_url"];
/// What stands for a secret.
const REDACTED: &str = "(set, not shown)";

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File => f.write_str(FILE),
            Self::Environment(name) => f.write_str(name),
        }
    }
}

/// The settings of layers that were found right.
pub(super) fn stated(file: &str, variables: &[Variable]) -> StatedAll {
    let (defaults, file) = (table(DEFAULT), table(file));
    let mut all = Vec::new();
    for (section, keys) in &defaults {
        for (key, default) in keys.as_table().into_iter().flatten() {
            let variable = variables.iter().find(|one| one.section == *section && one.key == *key);
            let of_file = file.get(section).and_then(|keys| keys.get(key));
            let (value, origin) = match (variable, of_file) {
                (Some(variable), _) => (&variable.value, Origin::Environment(variable.name.clone())),
                (None, Some(value)) => (value, Origin::File),
                (None, None) => (default, Origin::Default),
            };
            let value = shown(key, value);
            all.push(Stated { key: format!("{section}.{key}"), value, origin });
        }
    }
    StatedAll(all)
}

fn shown(key: &str, value: &toml::Value) -> String {
    let is = |ends: &[&str]| ends.iter().any(|end| key.ends_with(end));
    match value.as_str() {
        _ if is(&SECRETS) => REDACTED.to_owned(),
        Some(url) if is(&ADDRESSES) && !url.is_empty() => format!("{:?}", place(url)),
        _ => value.to_string(),
    }
}

/// Scheme, host and port of an address; what follows is left out.
fn place(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let host = host.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}/…")
        }
        None => REDACTED.to_owned(),
    }
}

fn table(text: &str) -> toml::Table {
    text.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        let value = toml::Value::String("hunter2".to_owned());
        assert_eq!(shown("mail_password", &value), REDACTED);
        assert_eq!(shown("receipt_key", &value), "\"hunter2\"");
        let url =
            toml::Value::String("https://maria:hunter2@hooks.example:8443/services/T0/secret?x=1".to_owned());
        assert_eq!(shown("webhook_url", &url), "\"https://hooks.example:8443/…\"");
        assert_eq!(shown("webhook_url", &toml::Value::String(String::new())), "\"\"");
    }
}
