//! The demo's account for the console: an administrator, with a password made on the spot.

use std::{collections::BTreeMap, path::Path};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::Error;
use crate::{
    cli::operator::{At, ask},
    control::wire::Command,
    operate::account::Role,
};

/// Bytes of randomness in the password.
const RANDOM_BYTES: usize = 15;

/// Makes the account as an operator does, over the hub's socket; gives its password.
pub(super) async fn make(folder: &Path) -> Result<String, Error> {
    let mut random = [0_u8; RANDOM_BYTES];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| Error::Story("the system has no randomness".into()))?;
    let password = URL_SAFE_NO_PAD.encode(random);
    let command = Command::NewAccount {
        name: "demo".to_owned(),
        role: Role::Administrator.word().to_owned(),
        password: password.clone(),
        reason: "the demo's own".to_owned(),
    };
    let at = At { dir: folder.to_owned(), json: false };
    let asked = tokio::task::spawn_blocking(move || ask(&at, &BTreeMap::new(), None, command)).await;
    match asked {
        Ok(Ok(_)) => Ok(password),
        Ok(Err(failed)) => Err(Error::Story(failed.words)),
        Err(_) => Err(Error::Story("the account could not be made".into())),
    }
}
