//! The interface description is the one that is published: a change to it is a change that someone sees.

use std::{fs, path::Path};

use coohub::listen::Config;
use serde_json::Value;

use crate::support::{
    door::open,
    need::python,
    page::copy,
    serve::{Hub, certs},
};

#[test]
fn the_interface_description_is_the_published_one() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/openapi.json");
    let written = coohub::listen::openapi().into_bytes();
    if std::env::var_os("COOHUB_BLESS").is_some() {
        fs::write(&golden, &written).unwrap();
    }
    let published = fs::read(&golden).unwrap();
    assert!(written == published, "the description changed: look at it, then run with COOHUB_BLESS=1");
}

#[test]
fn the_description_names_every_route_and_the_problem() {
    let description: Value = serde_json::from_str(&coohub::listen::openapi()).unwrap();
    assert_eq!(description["openapi"], "3.1.0");
    let paths: Vec<_> = description["paths"].as_object().unwrap().keys().cloned().collect();
    let expected = [
        "/v1/attachments/{digest}",
        "/v1/certificates/{issuer}/{number}",
        "/v1/certificates/{issuer}/{number}/resend",
        "/v1/deliveries/{id}/original",
        "/v1/inbox",
        "/v1/inbox/{id}/ack",
        "/v1/keys",
        "/v1/messages",
        "/v1/messages/{id}",
        "/v1/ping",
        "/v1/reconciliation",
    ];
    assert_eq!(paths, expected);
    let push = &description["paths"]["/v1/messages"]["post"];
    assert!(push["responses"]["422"]["content"]["application/problem+json"].is_object());
    assert!(push["responses"]["202"]["content"]["application/jose"].is_object());
    assert!(push["requestBody"]["content"]["application/vnd.coohub.message+json"].is_object());
    let problem = &description["components"]["schemas"]["Problem"]["properties"];
    assert!(problem["code"].is_object() && problem["errors"].is_object());
}

#[tokio::test]
async fn answers_have_the_shape_that_is_described() {
    let description: Value = serde_json::from_str(&coohub::listen::openapi()).unwrap();
    let fits = |schema: &str, answer: &Value| {
        let schema = &description["components"]["schemas"][schema];
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let (given, described) = (names(answer), names(&schema["properties"]));
        assert!(given.iter().all(|name| described.contains(name)), "{given:?} within {described:?}");
        let required = schema["required"].as_array().unwrap();
        assert!(
            required.iter().all(|name| answer.get(name.as_str().unwrap()).is_some()),
            "{required:?} in {given:?}"
        );
    };
    let door = open(Config::default()).await;
    let mut client = door.connect(&door.aa).await;
    fits("Ping", &client.get("/v1/ping").await.unwrap().json());
    fits("Leaf", &client.get("/v1/ping").await.unwrap().json()["leaf"]);
    fits("KeySet", &client.get("/v1/keys").await.unwrap().json());
    let problem = client.push("not a key", b"<a/>").await.unwrap().json();
    fits("Problem", &problem);
    fits("Finding", &problem["errors"][0]);
}

#[tokio::test]
async fn an_idempotency_key_is_what_is_described() {
    let description: Value = serde_json::from_str(&coohub::listen::openapi()).unwrap();
    let parameters = description["paths"]["/v1/messages"]["post"]["parameters"].as_array().unwrap().clone();
    let key = parameters.iter().find(|parameter| parameter["name"] == "Idempotency-Key").unwrap();
    let described = jsonschema::validator_for(&key["schema"]).unwrap();
    let door = open(Config::default()).await;
    let mut client = door.connect(&door.aa).await;
    let longest = "k".repeat(128);
    let (quoted, longer) = (format!("\"{longest}\""), format!("{longest}k"));
    for (key, good) in [
        ("A-z0.9_~", true),
        ("\"A-z0.9_~\"", true),
        (&longest, true),
        (&quoted, true),
        (&longer, false),
        ("\"half", false),
        ("half\"", false),
        ("\"\"", false),
        ("no space", false),
    ] {
        assert_eq!(described.is_valid(&Value::from(key)), good, "{key}");
        let answer = client.push(key, b"<a/>").await.unwrap();
        assert_eq!(answer.code() != "header-invalid", good, "{key}: {answer:?}");
    }
}

/// Thousands of requests drawn from the description, valid and not: each answer must be one that it names, of the shape it
/// names, and what the description forbids must be refused. Not asked: that what fits the description is taken, for digests
/// and ids fit it that belong to nothing.
#[test]
fn the_server_answers_as_it_is_described() {
    let Some(mut schemathesis) = python("schemathesis") else { return };
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    copy(&root.join("partners"), &folder.path().join("partners"));
    let member = folder.path().join("partners/members/dunmere.toml");
    let text = fs::read_to_string(&member).unwrap();
    fs::write(&member, format!("{text}\n[inbound]\nper_second = 100000\nburst = 100000\n")).unwrap();
    fs::write(
        folder.path().join("coohub.toml"),
        "[listen]\naddress = \"127.0.0.1:0\"\n[console]\naddress = \"\"\n[telemetry]\naddress = \"\"\n",
    )
    .unwrap();
    fs::write(folder.path().join("openapi.json"), coohub::listen::openapi()).unwrap();
    certs(folder.path());
    let hub = Hub::start(folder.path());
    let found = schemathesis
        .args([
            "-c",
            "import schemathesis.cli; schemathesis.cli.schemathesis()",
            "run",
            "openapi.json",
            "--no-color",
            "--seed",
            "1",
            "-n",
            "20",
        ])
        .args(["--phases", "coverage,fuzzing", "--exclude-checks", "positive_data_acceptance"])
        .args(["--url", &format!("https://localhost:{}", hub.port), "--tls-verify", "certs/dev/anchor.pem"])
        .args([
            "--request-cert",
            "certs/dev/dunmere/leaf.pem",
            "--request-cert-key",
            "certs/dev/dunmere/leaf.key",
        ])
        // How fast either of them is, is not asked.
        .args(["--request-timeout", "300", "--suppress-health-check", "all"])
        .env("NO_PROXY", "localhost")
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&found.stdout);
    assert!(found.status.success(), "{said}{}", String::from_utf8_lossy(&found.stderr));
    assert!(said.contains("Tested: 13"), "{said}");
}
