//! Officials, their authorities and revocation lists, and a region that names them.

use std::{collections::BTreeMap, fs, time::Duration};

use coohub::{
    decode::{
        self,
        document::Syntax,
        limit::Limits,
        proof::{Proof, Signer, SignerRole},
    },
    map,
    model::{
        envelope::Envelope,
        finding::Finding,
        id::{Digest, MemberId},
        judgement::Judgement,
        time::Timestamp,
        value::Date,
    },
    problem::Problems,
    region::{Region, load, member::Form},
    validate::{self, Case},
};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint,
    CrlIssuingDistributionPoint, CustomExtension, DnType, IsCa, Issuer, KeyIdMethod, KeyPair,
    KeyUsagePurpose, RevocationReason, RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};

use crate::support::region::TestRegion;

/// When the hub receives what the tests push, unless they say otherwise.
pub const RECEIVED: &str = "2026-06-01T12:00:00Z";
/// The policy of officials' leaves: 2.16.32.1.1 in DER.
const POLICY: [u8; 10] = [0x30, 0x08, 0x30, 0x06, 0x06, 0x04, 0x60, 0x20, 0x01, 0x01];

/// An authority that issues leaves and revocation lists.
pub struct Authority {
    params: CertificateParams,
    key: KeyPair,
    pub pem: String,
}

/// A leaf: its DER and PEM, and the serial number it has.
#[derive(Clone)]
pub struct Leaf {
    pub der: Vec<u8>,
    pub pem: String,
}

/// What a leaf is to say beside its serial number.
#[derive(Clone)]
pub struct Wanted<'a> {
    pub name: &'a str,
    pub organization: &'a str,
    /// A second organization in the same subject.
    pub beside: Option<&'a str>,
    pub san: Option<&'a str>,
    pub policy: bool,
    pub usage: Option<KeyUsagePurpose>,
    /// First and last second, RFC 3339.
    pub valid: (&'a str, &'a str),
}

/// A revocation list to be made.
#[derive(Clone)]
pub struct List<'a> {
    pub made: &'a str,
    pub next: &'a str,
    /// Serial number, revoked when, why, invalid since.
    pub revoked: &'a [(u64, &'a str, Option<RevocationReason>, Option<&'a str>)],
    pub partial: bool,
}

impl Default for Wanted<'_> {
    fn default() -> Self {
        Self {
            name: "Ana Official",
            organization: "Ministry of Trade",
            beside: None,
            san: None,
            policy: false,
            usage: Some(KeyUsagePurpose::DigitalSignature),
            valid: ("2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z"),
        }
    }
}

impl Default for List<'_> {
    fn default() -> Self {
        Self { made: "2026-05-30T00:00:00Z", next: "2026-06-30T00:00:00Z", revoked: &[], partial: false }
    }
}

pub fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// Time passed since the year 2000: a test has no other way to write an instant of X.509.
fn since(text: &str) -> Duration {
    at(text).since(at("2000-01-01T00:00:00Z"))
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { params, key, pem }
    }

    pub fn leaf(&self, serial: u64, wanted: &Wanted<'_>) -> Leaf {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::OrganizationName, wanted.organization);
        params.distinguished_name.push(DnType::CommonName, wanted.name);
        if let Some(beside) = wanted.beside {
            params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 10]), beside);
        }
        params.serial_number = Some(SerialNumber::from(serial));
        params.not_before = date_time_ymd(2000, 1, 1) + since(wanted.valid.0);
        params.not_after = date_time_ymd(2000, 1, 1) + since(wanted.valid.1);
        params.key_usages = wanted.usage.into_iter().collect();
        params.subject_alt_names =
            wanted.san.iter().map(|san| SanType::Rfc822Name((*san).try_into().unwrap())).collect();
        if wanted.policy {
            let policies = CustomExtension::from_oid_content(&[2, 5, 29, 32], POLICY.to_vec());
            params.custom_extensions.push(policies);
        }
        let made = params.signed_by(&key, &Issuer::from_params(&self.params, &self.key)).unwrap();
        Leaf { der: made.der().to_vec(), pem: made.pem() }
    }

    pub fn list(&self, list: &List<'_>) -> String {
        let revoked =
            |(serial, when, reason, invalid): &(u64, &str, Option<RevocationReason>, Option<&str>)| {
                RevokedCertParams {
                    serial_number: SerialNumber::from(*serial),
                    revocation_time: date_time_ymd(2000, 1, 1) + since(when),
                    reason_code: *reason,
                    invalidity_date: invalid.map(|invalid| date_time_ymd(2000, 1, 1) + since(invalid)),
                }
            };
        let point = CrlDistributionPoint { uris: vec!["http://lists.example/1".to_owned()] };
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2000, 1, 1) + since(list.made),
            next_update: date_time_ymd(2000, 1, 1) + since(list.next),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: list
                .partial
                .then_some(CrlIssuingDistributionPoint { distribution_point: point, scope: None }),
            revoked_certs: list.revoked.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&Issuer::from_params(&self.params, &self.key)).unwrap().pem().unwrap()
    }
}

/// The community of `mecta`, where every document needs an official's signature, with files of certificates.
pub struct World {
    region: TestRegion,
    certs: tempfile::TempDir,
}

impl World {
    pub fn new() -> Self {
        let region = TestRegion::mec().edit("agreements/mecta.toml", "\"connection\"", "\"official\"");
        Self { region, certs: tempfile::tempdir().unwrap() }
    }

    /// Adds a file to the certs folder.
    pub fn cert(self, name: &str, pem: &str) -> Self {
        fs::write(self.certs.path().join(name), pem).unwrap();
        self
    }

    /// Adds to the issuing body of a member.
    pub fn body(self, member: &str, more: &str) -> Self {
        let region =
            self.region.edit(&format!("members/{member}.toml"), "[takes]", &format!("{more}\n[takes]"));
        Self { region, ..self }
    }

    pub fn edit(self, file: &str, old: &str, new: &str) -> Self {
        Self { region: self.region.edit(file, old, new), ..self }
    }

    pub fn load(&self) -> Region {
        self.try_load().unwrap_or_else(|problems| panic!("{problems:#?}"))
    }

    pub fn try_load(&self) -> Result<Region, Vec<String>> {
        let problems = Problems::default();
        let region = load::load(self.region.write(), Some(self.certs.path()), &problems);
        let certs = self.certs.path().display().to_string();
        let plain = |problem: String| problem.replace(&certs, "certs");
        region.ok_or_else(|| problems.sorted().iter().map(|problem| plain(problem.to_string())).collect())
    }
}

/// One official listed by file.
pub fn listed(file: &str, more: &str) -> String {
    format!("[[body.signer]]\nname = \"Ana\"\nleaf = \"{file}\"\nfrom = \"2020-01-01\"\n{more}\n")
}

/// One authority of officials.
pub fn vouching(more: &str) -> String {
    format!(
        "[[body.signing_authority]]\nname = \"Ministry\"\nanchors = \"ca.pem\"\nfrom = \"2020-01-01\"\n{more}\n"
    )
}

/// A document of a body, its date, the leaves that signed it, and when it came.
#[derive(Clone, Copy)]
pub struct Pushed<'a> {
    pub member: &'a str,
    pub issuer: &'a str,
    pub date: &'a str,
    pub leaf: &'a Leaf,
    pub exporter: Option<&'a Leaf>,
    pub signed_at: Option<&'a str>,
    pub received: &'a str,
}

impl<'a> Pushed<'a> {
    /// By Almora, for its body.
    pub fn on(date: &'a str, leaf: &'a Leaf) -> Self {
        let (member, issuer) = ("almora", "XA1");
        Self { member, issuer, date, leaf, exporter: None, signed_at: None, received: RECEIVED }
    }

    pub fn judge(&self, region: &Region) -> Result<(Vec<Judgement>, Vec<Finding>), Vec<Finding>> {
        let document = format!(
            r#"{{"number": "A-1", "agreement": {{"code": "mecta"}}, "issueDate": "{}", "issuer": {{"id": "{}"}},
            "destinationCountry": "XC", "items": [{{"number": "1", "description": "tea", "hs": {{"code": "090230"}}}}]}}"#,
            self.date, self.issuer
        );
        let decoded = decode::decode(Syntax::Json, document.as_bytes(), &Limits::DEFAULT).unwrap();
        let signer = |role, leaf: &Leaf| Signer {
            role,
            leaf_der: leaf.der.clone(),
            leaf_digest: Digest::of(&leaf.der),
            subject: "CN=Ana Official".to_owned(),
            signed_at: self.signed_at.map(|date| Date::new(date).unwrap()),
        };
        let case = Case {
            region,
            source: &region.members[&MemberId::new(self.member).unwrap()],
            envelope: &Envelope::original(),
            draft: &map::canonical::map(&decoded.document),
            proof: &Proof {
                wrapped: None,
                exporter: self.exporter.map(|leaf| signer(SignerRole::Exporter, leaf)),
                official: Some(signer(SignerRole::Official, self.leaf)),
            },
            form: &Form::Canonical(Syntax::Json),
            today: &Date::new("2026-06-01").unwrap(),
            received: at(self.received),
        };
        validate::validate(&case).map(|judged| (judged.judgements, judged.findings))
    }

    /// `good`, or the code and the SCOD code of what spoke against it; warnings after a plus.
    pub fn verdict(&self, region: &Region) -> String {
        match self.judge(region) {
            Ok((judgements, findings)) => {
                let official = judgements.iter().find(|one| one.capacity.word() == "official").unwrap();
                let warned: Vec<_> = findings.iter().map(|finding| finding.reason.code()).collect();
                let warned =
                    if warned.is_empty() { String::new() } else { format!(" + {}", warned.join(" ")) };
                format!("{}{warned}", official.verdict.word())
            }
            Err(findings) => {
                let code = |finding: &Finding| {
                    let scod = finding
                        .advice
                        .rsplit_once("(SCOD ")
                        .map_or("--", |(_, code)| code.trim_end_matches(')'));
                    format!("{} {scod}", finding.reason.code())
                };
                findings.iter().map(code).collect::<Vec<_>>().join(", ")
            }
        }
    }
}

/// The verdicts of one leaf over dates.
pub fn verdicts(region: &Region, leaf: &Leaf, dates: &[&str]) -> BTreeMap<String, String> {
    dates.iter().map(|date| ((*date).to_owned(), Pushed::on(date, leaf).verdict(region))).collect()
}

pub fn later(text: &str, by: Duration) -> String {
    at(text).plus(by).to_string()
}
