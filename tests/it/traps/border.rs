//! What a document holds and the hub must not pass on, keep, tell or follow: fields a format drops at the border,
//! values in findings and in the log, and addresses inside documents.

use std::{
    fs,
    io::ErrorKind,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

use bytes::Bytes;
use coohub::{
    cli::member::Answer,
    decode::document::{Document, Node, Scalar},
    format::plan::{Does, Element, Plan, Repeat},
    map,
    problem::Problems,
    region::load,
    render, validate,
};
use rusqlite::types::ValueRef;

use super::tables;
use crate::{
    crash::process::Process,
    formats::{document, mapped, samples},
    support::hub::{Community, sample},
};

/// A text that stands nowhere else.
const MARK: &str = "Zq7731-never-to-be-seen";

/// Leaves that are dropped, by their way down from the document element.
fn dropped<'p>(
    plan: &'p Plan,
    element: &'p Element,
    way: &mut Vec<&'p Element>,
    found: &mut Vec<Vec<&'p Element>>,
) {
    for child in &element.children {
        way.push(child);
        let row = child.leaf.and_then(|(row, _)| plan.rows.get(row));
        if row.is_some_and(|row| matches!(row.does, Does::Drop)) {
            found.push(way.clone());
        }
        dropped(plan, child, way, found);
        way.pop();
    }
}

/// Puts the mark at the end of a way; elements on it that are not there are made.
fn put(node: &mut Node, way: &[&Element]) {
    let Some((next, rest)) = way.split_first() else {
        (node.scalar, node.text) = (Scalar::Text, MARK.to_owned());
        node.children.clear();
        return;
    };
    if next.attribute {
        return node.attributes.push((next.name.clone(), MARK.to_owned()));
    }
    let listed = next.repeat != Repeat::Once || next.position.is_some();
    let at = node.children.iter().position(|child| child.name == next.name && child.space == next.space);
    let at = at.unwrap_or_else(|| {
        let new = Node { space: next.space.clone(), listed, ..Node::branch(&next.name) };
        node.children.push(new);
        node.children.len() - 1
    });
    put(&mut node.children[at], rest);
}

#[test]
fn what_a_table_drops_is_nowhere_in_what_was_read() {
    let mut tried = 0;
    for table in tables() {
        for plan in &table.plans {
            let mut ways = Vec::new();
            dropped(plan, &plan.root, &mut Vec::new(), &mut ways);
            for sample in samples(table) {
                let read = document(table.syntax, &fs::read(&sample).unwrap());
                if table.plan_of(&read).is_none_or(|known| known.variant != plan.variant) {
                    continue;
                }
                for way in &ways {
                    let mut marked = read.clone();
                    put(&mut marked.root, way);
                    assert!(format!("{marked:?}").contains(MARK));
                    let draft = map::map(table, &marked);
                    let names: Vec<_> = way.iter().map(|element| element.name.as_str()).collect();
                    assert!(!format!("{draft:?}").contains(MARK), "{}: {}", table.id, names.join("/"));
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 100, "{tried}");
}

#[test]
fn a_number_of_a_person_is_dropped_by_each_table_that_knows_one() {
    let dropping = |id: &str, part: &str| {
        let table = crate::formats::table(id);
        let rows = table.plans.iter().flat_map(|plan| &plan.rows);
        let found = rows.filter(|row| matches!(row.does, Does::Drop)).any(|row| row.at.contains(part));
        assert!(found, "{id} has no row that drops {part}");
    };
    dropping("cn-singlewindow", "Applicant");
    for id in ["ru-ct1", "ru-ct2", "ru-ct3", "ru-eav", "ru-form-a"] {
        for part in ["IIN", "RBIdentificationNumber", "SocialServiceNumber", "INNSign"] {
            dropping(id, part);
        }
    }
}

/// Leaves of one sample that are tried; the forty lines of the longest samples are alike.
const LEAVES_MAX: usize = 120;

/// Every leaf of a document, as a way of positions.
fn leaves(node: &Node, way: &mut Vec<usize>, found: &mut Vec<Vec<usize>>) {
    if node.scalar != Scalar::Branch {
        found.push(way.clone());
    }
    for (at, child) in node.children.iter().enumerate() {
        way.push(at);
        leaves(child, way, found);
        way.pop();
    }
}

fn leaf<'n>(root: &'n mut Node, way: &[usize]) -> &'n mut Node {
    way.iter().fold(root, |node, at| &mut node.children[*at])
}

#[test]
fn no_finding_ever_says_a_value() {
    let problems = Problems::default();
    let partners = Path::new(env!("CARGO_MANIFEST_DIR")).join("partners");
    let region = load::load(&partners, None, &problems).unwrap();
    let agreement = region.agreement("mecta");
    let mut findings = 0;
    for table in tables() {
        for sample in samples(table) {
            let read = document(table.syntax, &fs::read(&sample).unwrap());
            let mut ways = Vec::new();
            leaves(&read.root, &mut Vec::new(), &mut ways);
            ways.truncate(LEAVES_MAX);
            for (number, way) in ways.iter().enumerate() {
                let wrong =
                    [MARK, "77319.7731977319", "data:text/plain;base64,WnE3NzMx", "7731-99-99"][number % 4];
                let mut marked = Document { syntax: read.syntax, root: read.root.clone() };
                wrong.clone_into(&mut leaf(&mut marked.root, way).text);
                let draft = map::map(table, &marked);
                for finding in draft.findings.iter().chain(&validate::look(&draft, &region, agreement)) {
                    let said = finding.to_string();
                    let told = ["Zq7731", "7731977319", "WnE3NzMx", "7731-99"]
                        .iter()
                        .any(|part| said.contains(part));
                    assert!(!told, "{}: {said}", sample.display());
                    findings += 1;
                }
            }
        }
    }
    assert!(findings > 500, "{findings}");
}

/// The shipped community; corvania's form has one more field, which it drops, and the log says all it ever says.
async fn community() -> (Community, Process) {
    let mut at = Community::shipped().await;
    let row = "rows = [\n  { at = \"PieceIdentite\", drop = \"national identity number of a person\" },\n";
    let table = at.read("formats/mec-origine-xml/format.toml");
    let declaration = table.find("\nat = \"Declaration\"\n").unwrap();
    let (head, block) = table.split_at(declaration);
    at.write(
        "formats/mec-origine-xml/format.toml",
        &(head.to_owned() + &block.replacen("rows = [\n", row, 1)),
    );
    let node = at.path("coohub.toml");
    let text = fs::read_to_string(&node).unwrap();
    fs::write(&node, text + "\n[log]\nlevel = \"trace\"\n").unwrap();
    let process = Process::start(&at).await;
    at.port = process.port;
    (at, process)
}

/// Corvania's certificate for Dunmere with a dropped value, and something else changed.
fn certificate(change: (&str, &str)) -> String {
    let text = sample("mec-origine-xml/samples/corvania-dunmere.xml");
    assert!(text.contains(change.0), "{}", change.0);
    let text = text.replacen(change.0, change.1, 1);
    text.replacen("<Declaration>\n", &format!("<Declaration>\n<PieceIdentite>{MARK}</PieceIdentite>\n"), 1)
}

/// The same certificate under a number of its own.
fn numbered(text: &str, number: usize) -> String {
    let text = text.replace("CVN/2026/000318", &format!("CVN/2026/{number}"));
    text.replace("AL-2026-004711", &format!("AL-2026-{number}"))
        .replace("D-26-0044", &format!("D-26-{number}"))
}

async fn push(at: &Community, member: &str, key: &str, (media_type, body): (&'static str, String)) -> Answer {
    at.member(member).push(key, media_type, Vec::new(), Bytes::from(body)).await.unwrap()
}

/// Every value of every table of the store, bodies unpacked, with the name of its table and the role of a body.
fn stored(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|file| fs::read(file).is_ok_and(|bytes| bytes.starts_with(b"SQLite format 3")));
    assert_eq!(files.len(), 1, "one database in {}", folder.display());
    let store = rusqlite::Connection::open(&files[0]).unwrap();
    let mut names = store.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").unwrap();
    let names: Vec<String> =
        names.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    let mut values = Vec::new();
    for name in names {
        let mut rows = store.prepare(&format!("SELECT * FROM {name}")).unwrap();
        let columns = rows.column_count();
        let role = rows.column_names().position(|column| column == "role").filter(|_| name == "body");
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let role = role.map_or(String::new(), |at| row.get::<_, String>(at).unwrap());
            for column in 0..columns {
                let bytes = match row.get_ref(column).unwrap() {
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.to_vec(),
                    _ => continue,
                };
                let plain = zstd::bulk::decompress(&bytes, 1 << 25).unwrap_or(bytes);
                values.push((format!("{name} {role}").trim().to_owned(), plain));
            }
        }
    }
    values
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// What the process said, at the level that says most.
fn log(at: &Community) -> String {
    let log = fs::read_to_string(at.path("log.txt")).unwrap();
    assert!(log.contains("message accepted") && log.contains("message rejected"), "{log}");
    log
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_value_is_in_the_source_s_original_and_nowhere_else() {
    let (at, process) = community().await;
    let good = certificate(("", ""));
    let accepted = push(&at, "corvania", "good", ("application/xml", good)).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    assert!(!holds(&accepted.body, MARK), "the receipt");
    let delivered = at.collect("dunmere").await;
    assert!(!delivered[0].to_string().contains(MARK), "{delivered:?}");
    let number = ("<NumeroCertificat>CVN/2026/000318</NumeroCertificat>", "");
    let rejected = push(&at, "corvania", "bad", ("application/xml", certificate(number))).await;
    assert_eq!((rejected.status, holds(&rejected.body, MARK)), (422, false), "{rejected:?}");
    let id = accepted.header("coo-message-id").unwrap();
    let state = at.member("corvania").get(&format!("/v1/messages/{id}")).await.unwrap();
    assert!(!holds(&state.body, MARK), "{state:?}");
    drop(process);
    assert!(!log(&at).contains(MARK));
    let stored = stored(&at.path("data"));
    let holding: Vec<&str> =
        stored.iter().filter(|(_, bytes)| holds(bytes, MARK)).map(|(what, _)| what.as_str()).collect();
    // The original is kept byte for byte, for those who have the full view.
    assert_eq!(holding, ["body original"]);
    assert!(
        stored.iter().any(|(what, _)| what == "body canonical")
            && stored.iter().any(|(what, _)| what == "rejection")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_no_value_of_a_document_whatever_becomes_of_it() {
    let (at, process) = community().await;
    let words =
        ["Harbour Instruments", "Quay 7", "901520", "Theodolites", "3300717234", "harbour.example:invoice"];
    let edi3 = sample("edi3-coo/samples/almora-corvania-tea.json");
    let csv = sample("mec-csv/samples/dunmere-estalia.csv");
    let bodies = [
        ("corvania", ("application/xml", certificate(("", ""))), 202),
        ("corvania", ("application/xml", certificate(("<Importation>XD<", "<Importation>Zq7731<"))), 422),
        (
            "corvania",
            ("application/xml", certificate(("<CodeSH>901520<", "<CodeSH>Zq7731</CodeSH><CodeSH>901520<"))),
            202,
        ),
        ("corvania", ("application/xml", certificate(("</Transport>", "Zq7731"))), 400),
        ("almora", ("application/json", edi3.clone()), 202),
        ("almora", ("application/json", edi3.replace("\"XC\"", "\"Zq7731\"")), 422),
        (
            "almora",
            ("application/json", edi3.replace("\"isPreferential\": true", "\"isPreferential\": Zq7731")),
            400,
        ),
        ("dunmere", ("text/csv", csv.clone()), 202),
        ("dunmere", ("text/csv", csv.replace("\n", "\nZq7731,")), 400),
    ];
    for (number, (member, body, status)) in bodies.into_iter().enumerate() {
        let body = (body.0, numbered(&body.1, number));
        let answer = push(&at, member, &format!("key-{number}"), body).await;
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        let same = if status == 400 { (400..=422).contains(&answer.status) } else { answer.status == status };
        assert!(same, "{number} {member}: {said}");
        assert!(!said.contains("Zq7731"), "{said}");
    }
    at.collect("dunmere").await;
    at.collect("estalia").await;
    drop(process);
    let log = log(&at);
    for word in words.into_iter().chain(["Zq7731", "High Terrace", "Café Núñez", "Dunmere Survey"]) {
        let line = log.lines().find(|line| line.contains(word));
        assert_eq!(line, None, "the log says {word}");
    }
}

/// Documents full of addresses of a server that must not hear of them.
fn pointing(url: &str) -> Vec<(&'static str, &'static str, String)> {
    let xml = certificate(("", ""));
    let root = "<CertificatOrigine xmlns=\"urn:mec:certificat-origine:1\"";
    let hint = format!(
        "{root} xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"urn:mec:certificat-origine:1 {url}/a.xsd\""
    );
    let include = format!(
        "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"{url}/b.xml\"/><Declaration>"
    );
    let entity = format!("?>\n<!DOCTYPE a [<!ENTITY e SYSTEM \"{url}/c\"> %e;]>");
    let style = format!("?>\n<?xml-stylesheet type=\"text/xsl\" href=\"{url}/d.xsl\"?>");
    let signature = format!(
        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo><ds:Reference URI=\"{url}/e\"/></ds:SignedInfo><ds:KeyInfo><ds:RetrievalMethod URI=\"{url}/f\"/></ds:KeyInfo></ds:Signature></CertificatOrigine>"
    );
    let edi3 = sample("edi3-coo/samples/almora-corvania-tea.json")
        .replace("https://coo.chamber.almora.example", url)
        .replacen('{', &format!("{{\"@context\": \"{url}/g\", \"credentialSchema\": {{\"id\": \"{url}/h\"}}, \"$schema\": \"{url}/i\", \"$ref\": \"{url}/j\",\"attachedBinaryFile\": {{\"uRI\": \"{url}/k\"}},"), 1);
    let wrapped = sample("edi3-coo/samples/almora-corvania-tea-wrapped.json");
    let cod = sample("aladi-cod/samples/mecta-brisca-almora.xml").replacen(
        "</COD>",
        &format!("</COD>{}", signature.replace("</CertificatOrigine>", "")),
        1,
    );
    vec![
        ("corvania", "application/xml", xml.replacen(root, &hint, 1)),
        ("corvania", "application/xml", xml.replacen("<Declaration>", &include, 1)),
        ("corvania", "application/xml", xml.replacen("?>", &entity, 1)),
        ("corvania", "application/xml", xml.replacen("?>", &style, 1)),
        ("corvania", "application/xml", xml.replacen("</CertificatOrigine>", &signature, 1)),
        ("almora", "application/json", edi3),
        ("almora", "application/json", wrapped.replace("https://", &format!("{url}/https/"))),
        ("brisca", "application/xml", cod),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_address_in_a_document_is_ever_fetched() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let url = format!("http://{}", server.local_addr().unwrap());
    let (at, process) = community().await;
    let mut accepted = 0;
    for (number, (member, media_type, body)) in pointing(&url).into_iter().enumerate() {
        assert!(body.contains(&url), "{number}");
        let answer = push(&at, member, &format!("key-{number}"), (media_type, numbered(&body, number))).await;
        accepted += usize::from(answer.status == 202);
        let file = at.path(&format!("{number}.{}", media_type.rsplit('/').next().unwrap()));
        fs::write(&file, body).unwrap();
        let said = Command::new(env!("CARGO_BIN_EXE_coohub"))
            .args(["map", "--to", "canonical", "--region"])
            .arg(at.path("partners"))
            .arg(file)
            .output()
            .unwrap();
        assert!(said.status.code().is_some());
    }
    assert!(accepted >= 3, "an address by itself is no fault: {accepted}");
    at.collect("dunmere").await;
    drop(process);
    assert_eq!(server.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "somebody called");
}

#[test]
fn a_rendering_names_no_file_of_the_hub() {
    for table in tables() {
        for sample in samples(table) {
            let traced = render::trace(table, &mapped(table, &sample).certificate);
            let text = String::from_utf8(render::bytes(table, &traced.document)).unwrap();
            assert!(!text.contains("file://") && !text.contains(env!("CARGO_MANIFEST_DIR")), "{}", table.id);
        }
    }
}
