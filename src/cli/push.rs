//! `coohub push FILE`: sends a document as a member and prints the receipt.

use std::{
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
    decode::proof::jws::sign::{self, Official},
    message,
    model::id::Digest,
    tls::{self, OwnLeaf},
};

/// Arguments of `push`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The document (.xml, .json, .csv), or a hub message (.message.json).
    pub file: PathBuf,
    /// Address of the hub.
    #[arg(long, default_value = "https://localhost:8443")]
    pub hub: String,
    /// Member whose development leaf is shown: certs/dev/MEMBER.
    #[arg(long, conflicts_with_all = ["leaf", "key"])]
    pub member: Option<String>,
    /// PEM file of the leaf to show.
    #[arg(long, requires = "key")]
    pub leaf: Option<PathBuf>,
    /// PEM file of its private key.
    #[arg(long)]
    pub key: Option<PathBuf>,
    /// PEM file of the anchors of the hub's leaf.
    #[arg(long, default_value = "certs/dev/anchor.pem")]
    pub anchors: PathBuf,
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

/// The receipt to `out`; 0 accepted, 65 refused, 69 unreachable, 75 try later.
pub fn run(arguments: &Args, out: &mut Output<'_>, err: &mut Output<'_>) -> u8 {
    let pushed = tokio::runtime::Runtime::new()
        .map_err(|error| Error::Request(error.to_string()))
        .and_then(|runtime| runtime.block_on(push(arguments)));
    match pushed {
        Ok(answer) => tell(arguments, &answer, out, err),
        Err(error) => {
            err.line(error.to_string());
            if matches!(error, Error::Unreachable(_)) { exit::UNREACHABLE } else { exit::USAGE }
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| Error::Request(format!("{}: {}", path.display(), error.kind())))
}

async fn push(arguments: &Args) -> Result<Answer, Error> {
    let (leaf, key) = match (&arguments.member, &arguments.leaf, &arguments.key) {
        (Some(member), ..) => {
            let folder = PathBuf::from("certs/dev").join(member);
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
    let member = Member::new(&arguments.hub, &own, &tls::anchors(&read(&arguments.anchors)?)?)?;
    let is_message = arguments.file.to_string_lossy().ends_with(".message.json");
    let media_type = match document::syntax(&arguments.file) {
        _ if is_message => message::MEDIA_TYPE,
        Some(syntax) => syntax.media_type(),
        None => return Err(Error::Request("name the file .xml, .json or .csv after what it holds".into())),
    };
    let media_type = match &arguments.charset {
        Some(charset) => format!("{media_type}; charset={charset}"),
        None => media_type.to_owned(),
    };
    let id = arguments.id.clone().unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
    let body = read(&arguments.file)?;
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
