//! `coohub push FILE`: sends a document as a member and prints the receipt; `coohub push --bulk FOLDER`: many of them, as
//! what was issued before the link went live (`bulk`).

mod bulk;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use serde_json::Value;

use super::{
    document, exit,
    member::{Answer, Error, Member},
    output::Output,
};
use crate::{
    clock::Clock,
    config,
    decode::proof::jws::sign::{self, Official},
    message,
    model::id::Digest,
    problem::Problems,
    tls::{self, OwnLeaf},
};

/// Where development leaves are, in a hub's folder.
const DEVELOPMENT: &str = "certs/dev";

/// Arguments of `push`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The document (.xml, .json, .csv), or a hub message (.message.json).
    #[arg(required_unless_present = "bulk")]
    pub file: Option<PathBuf>,
    /// Instead of one document: every document of a folder, in the order of their names, as certificates issued before the
    /// link went live. They are delivered behind everything that is live. A second run repeats and never doubles.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["file", "id", "attach", "raw", "earlier", "sign_with"])]
    pub bulk: Option<PathBuf>,
    /// Where a bulk run writes what was refused, a line of JSON each; in the folder when left out.
    #[arg(long, value_name = "FILE", requires = "bulk")]
    pub refusals: Option<PathBuf>,
    /// Address of the hub, with its port; when left out, the one its coohub.toml says (listen.address), which is port 8443
    /// of this machine where there is no such file.
    #[arg(long, value_name = "URL")]
    pub hub: Option<String>,
    /// Folder the hub runs from, with coohub.toml, where --hub is left out.
    #[arg(long, value_name = "DIR", default_value = ".", conflicts_with = "hub")]
    pub dir: PathBuf,
    /// Member whose development leaf is shown: certs/dev/MEMBER below --dir.
    #[arg(long, conflicts_with_all = ["leaf", "key"])]
    pub member: Option<String>,
    /// PEM file of the leaf to show.
    #[arg(long, requires = "key")]
    pub leaf: Option<PathBuf>,
    /// PEM file of its private key.
    #[arg(long)]
    pub key: Option<PathBuf>,
    /// PEM file of the anchors of the hub's leaf; that of development when left out, below --dir.
    #[arg(long)]
    pub anchors: Option<PathBuf>,
    /// Message id; a new one when left out. The same id with the same document gives the same receipt.
    #[arg(long)]
    pub id: Option<String>,
    /// Character set of the document where it is not UTF-8 and does not say so itself, such as windows-1251.
    #[arg(long)]
    pub charset: Option<String>,
    /// What the document is to the certificate: original, amendment or replacement, or its code 9, 4 or 5.
    #[arg(long)]
    pub function: Option<String>,
    /// Agreement, where the document names none.
    #[arg(long)]
    pub agreement: Option<String>,
    /// Number of the certificate that a replacement replaces.
    #[arg(long)]
    pub earlier: Option<String>,
    /// A file that goes along, once for each: put first, then named by the document's push. All of them, also those whose
    /// digest the document itself names.
    #[arg(long, value_name = "FILE")]
    pub attach: Vec<PathBuf>,
    /// PEM file of an official's leaf, with those above it: the document is signed by it, in CoO-Signature.
    #[arg(long, value_name = "LEAF", requires = "sign_key")]
    pub sign_with: Option<PathBuf>,
    /// PEM file of that leaf's private key, in PKCS#8.
    #[arg(long, value_name = "KEY", requires = "sign_with")]
    pub sign_key: Option<PathBuf>,
    /// As test traffic.
    #[arg(long)]
    pub test: bool,
    /// Print the receipt as it came, a compact JWS, instead of what it says.
    #[arg(long)]
    pub raw: bool,
}

/// The receipt, or the summary of a bulk run, to `out`; 0 accepted, 65 refused, 69 unreachable, 75 try later, 78 a wrong
/// `coohub.toml`.
pub fn run(
    arguments: &Args,
    environment: &BTreeMap<String, String>,
    out: &mut Output<'_>,
    err: &mut Output<'_>,
) -> u8 {
    let problems = Problems::default();
    let Some(hub) = hub(arguments, environment, &problems) else {
        problems.sorted().iter().for_each(|problem| err.line(problem.to_string()));
        return exit::CONFIGURATION;
    };
    let ran = tokio::runtime::Runtime::new()
        .map_err(|error| Error::Request(error.to_string()))
        .and_then(|runtime| runtime.block_on(pushed(arguments, &hub, out, err)));
    ran.unwrap_or_else(|error| {
        let hint =
            if is_of_anchor(&error) { "; name the anchor of the hub's leaf with --anchors" } else { "" };
        err.line(format!("{error}{hint}"));
        if matches!(error, Error::Unreachable(_)) { exit::UNREACHABLE } else { exit::USAGE }
    })
}

/// Whether the hub showed a leaf that none of the anchors vouches for, by the word of the TLS library.
fn is_of_anchor(error: &Error) -> bool {
    matches!(error, Error::Unreachable(why) if why.contains("UnknownIssuer"))
}

async fn pushed(
    arguments: &Args,
    hub: &str,
    out: &mut Output<'_>,
    err: &mut Output<'_>,
) -> Result<u8, Error> {
    let member = member(arguments, hub)?;
    match (&arguments.file, &arguments.bulk) {
        (Some(file), _) => {
            let answer = push(arguments, &member, file).await?;
            Ok(tell(arguments, &answer, out, err))
        }
        (None, Some(folder)) => bulk::bring(arguments, &member, folder, (out, err)).await,
        (None, None) => Err(Error::Request("name a document, or a folder with --bulk".into())),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| Error::Request(format!("{}: {error}", path.display())))
}

/// The hub's address: as stated, or where the hub of the folder listens. Where it listens on every address of this
/// machine, or on its loopback, it goes by the name that development leaves have.
fn hub(arguments: &Args, environment: &BTreeMap<String, String>, problems: &Problems) -> Option<String> {
    if let Some(hub) = &arguments.hub {
        return Some(hub.clone());
    }
    let address = config::load(&arguments.dir, environment, problems)?.listen.address;
    let host = match address.ip() {
        ip if ip.is_unspecified() || ip.is_loopback() => format!("localhost:{}", address.port()),
        _ => address.to_string(),
    };
    Some(format!("https://{host}"))
}

/// The member that the arguments name, as the hub sees it.
fn member(arguments: &Args, hub: &str) -> Result<Member, Error> {
    let (leaf, key) = match (&arguments.member, &arguments.leaf, &arguments.key) {
        (Some(member), ..) => {
            let folder = arguments.dir.join(DEVELOPMENT).join(member);
            (folder.join("leaf.pem"), folder.join("leaf.key"))
        }
        (None, Some(leaf), Some(key)) => (leaf.clone(), key.clone()),
        _ => {
            return Err(Error::Request(
                "name a member with --member, or a leaf with --leaf and --key".into(),
            ));
        }
    };
    let own = OwnLeaf::from_pem(&read(&leaf)?, &read(&key)?)?;
    let anchors = arguments.anchors.clone();
    let anchors = anchors.unwrap_or_else(|| arguments.dir.join(DEVELOPMENT).join("anchor.pem"));
    Member::new(hub, &own, &tls::anchors(&read(&anchors)?)?)
}

/// The media type of a file by its name; none for what is no document.
fn media_type(arguments: &Args, file: &Path) -> Option<String> {
    if file.to_string_lossy().ends_with(".message.json") {
        return Some(message::MEDIA_TYPE.to_owned());
    }
    let plain = document::syntax(file)?.media_type();
    Some(match &arguments.charset {
        Some(charset) => format!("{plain}; charset={charset}"),
        None => plain.to_owned(),
    })
}

async fn push(arguments: &Args, member: &Member, file: &Path) -> Result<Answer, Error> {
    let media_type = media_type(arguments, file)
        .ok_or_else(|| Error::Request("name the file .xml, .json or .csv after what it holds".into()))?;
    let id = arguments.id.clone().unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
    let body = read(file)?;
    let mut headers = headers(arguments);
    headers.extend(signature(arguments, &body)?.map(|detached| ("coo-signature", detached)));
    let mut digests = Vec::new();
    for file in &arguments.attach {
        let bytes = Bytes::from(read(file)?);
        digests.push(format!("sha-256:{}", Digest::of(&bytes).hex()));
        let answer = member.put(document::media_type(file), bytes).await?;
        if !matches!(answer.status, 200 | 201) {
            return Ok(answer);
        }
    }
    if !digests.is_empty() {
        headers.push(("coo-attachment", digests.join(", ")));
    }
    member.push(&id, &media_type, headers, Bytes::from(body)).await
}

/// The official's signature over the body, made now, where one is asked for.
fn signature(arguments: &Args, body: &[u8]) -> Result<Option<String>, Error> {
    let (Some(leaf), Some(key)) = (&arguments.sign_with, &arguments.sign_key) else { return Ok(None) };
    let official = Official { chain: tls::anchors(&read(leaf)?)?, key_pkcs8_der: tls::pkcs8(&read(key)?)? };
    let detached = sign::sign(body, &official, Some(Clock::Real.now()));
    detached.map(Some).map_err(|error| Error::Request(error.to_string()))
}

fn headers(arguments: &Args) -> Vec<(&'static str, String)> {
    let mut headers = Vec::new();
    headers.extend(arguments.function.clone().map(|function| ("coo-function", function)));
    headers.extend(arguments.agreement.clone().map(|name| ("coo-agreement", name)));
    headers.extend(arguments.earlier.clone().map(|number| ("coo-earlier", number)));
    headers.extend(arguments.test.then(|| ("coo-test", "?1".to_owned())));
    headers
}

fn tell(arguments: &Args, answer: &Answer, out: &mut Output<'_>, err: &mut Output<'_>) -> u8 {
    if !matches!(answer.status, 200 | 202) {
        err.line(format!("refused with {}", answer.status));
        err.line(format!("{:#}", answer.json()));
        return if matches!(answer.status, 429 | 503) { exit::TRY_LATER } else { exit::REFUSED_INPUT };
    }
    if answer.header("coo-duplicate").is_some() {
        err.line("accepted before; this is the receipt of the first time");
    }
    let jws = String::from_utf8_lossy(&answer.body);
    if arguments.raw {
        out.line(jws);
        return exit::CLEAN;
    }
    let payload =
        jws.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok()).unwrap_or_default();
    out.line(format!("{:#}", serde_json::from_slice::<Value>(&payload).unwrap_or_default()));
    exit::CLEAN
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Command};

    fn hub_of(arguments: &[&str], listen: Option<&str>) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        if let Some(address) = listen {
            let text = format!("[listen]\naddress = \"{address}\"\n");
            fs::write(folder.path().join(config::FILE), text).unwrap();
        }
        let at = ["--dir", folder.path().to_str().unwrap()];
        let at = if arguments.is_empty() { at.as_slice() } else { arguments };
        let words = ["coohub", "push", "tea.json"].iter().chain(at);
        let Command::Push(arguments) = Cli::try_parse_from(words).unwrap().command else { panic!() };
        hub(&arguments, &BTreeMap::new(), &Problems::default())
    }

    #[test]
    fn the_hub_is_where_its_settings_say_unless_it_is_named() {
        let told = |listen| hub_of(&[], listen);
        assert_eq!(told(None).as_deref(), Some("https://localhost:8443"));
        assert_eq!(told(Some("0.0.0.0:443")).as_deref(), Some("https://localhost:443"));
        assert_eq!(told(Some("192.0.2.7:8444")).as_deref(), Some("https://192.0.2.7:8444"));
        assert_eq!(told(Some("[2001:db8::7]:8444")).as_deref(), Some("https://[2001:db8::7]:8444"));
        assert_eq!(told(Some("nowhere")), None);
        let named = hub_of(&["--hub", "https://hub.example"], Some("0.0.0.0:443"));
        assert_eq!(named.as_deref(), Some("https://hub.example"));
    }
}
