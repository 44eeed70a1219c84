//! CPU of the decode stage for one certificate of about 4.5 KB: guard alone, guard with tree and document, and the
//! verification of two signatures.
//!
//! Expected: two scans of 4.5 KB and some four hundred small allocations, so tens of microseconds; verification costs
//! two public-key operations, two digests and canonical forms on top; a hostile body stops within a millisecond.
//! Reads the real ALADI sample where it lies beside the project, else one made up of the same size.
#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;

use coohub::decode::{
    decode,
    document::Syntax,
    guard,
    limit::Limits,
    proof::{
        Profile,
        algorithm::Algorithm,
        jws::{self, sign::Official},
        sign::{SigningLeaf, sign_cod},
        verify,
    },
    xml::Tree,
};
use criterion::{Criterion, criterion_group, criterion_main};

fn certificate() -> String {
    let goods = "<Goods>\n        <GoodsOrderNo>1</GoodsOrderNo>\n        <GoodsItemCode>8408.90.90</GoodsItemCode>\n        \
         <GoodsItemName>Los demás motores de émbolo (pistón) de encendido por\n          compresión</GoodsItemName>\n        \
         <GoodsItemWeightAmount>4500.000000</GoodsItemWeightAmount>\n        <GoodsItemValue>66810.500000</GoodsItemValue>\n      </Goods>\n      ";
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<ns1:Envelope xmlns:ns1=\"http://www.w3.org/2001/12/soap-envelope\">\n  \
         <ns1:CertOrigin>\n    <CODEH id=\"CODEH\">\n      <CODExporter><COD id=\"COD\">\n      {}</COD></CODExporter>\n      \
         <EH><EHId>004</EHId></EH>\n      <CertificationEH><CertificateID>AR004A14260000000200</CertificateID>\
         </CertificationEH>\n    </CODEH>\n  </ns1:CertOrigin>\n</ns1:Envelope>",
        goods.repeat(12)
    )
}

fn leaf() -> SigningLeaf {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let leaf = rcgen::CertificateParams::default().self_signed(&key).unwrap();
    SigningLeaf { key_pkcs8_der: key.serialize_der(), leaf_der: leaf.der().to_vec() }
}

fn stages(criterion: &mut Criterion) {
    let limits = Limits::default();
    let xml = std::fs::read("../shared/corpus/aladi-cod/A14-FormA18-unsigned.xml");
    let xml = xml.unwrap_or_else(|_| certificate().into_bytes());
    let mut group = criterion.benchmark_group(format!("decode {} bytes", xml.len()));
    group.bench_function("guard", |b| b.iter(|| guard::checked(black_box(&xml), &limits).is_ok()));
    group.bench_function("guard and tree", |b| b.iter(|| Tree::parse(black_box(&xml), &limits).is_ok()));
    group.bench_function("guard, tree and document", |b| {
        b.iter(|| decode(Syntax::Xml, black_box(&xml), &limits).is_ok());
    });
    let key = leaf();
    let signed = sign_cod(&certificate(), &key, &key).unwrap();
    let tree = Tree::parse(signed.as_bytes(), &limits).unwrap();
    group.bench_function("two RSA signatures", |b| {
        b.iter(|| verify(Profile::XmldsigCod, black_box(&tree), &Algorithm::STRONG).is_ok());
    });
    let official = Official { chain: vec![key.leaf_der], key_pkcs8_der: key.key_pkcs8_der };
    let detached = jws::sign::sign(&xml, &official, None).unwrap();
    group.bench_function("one RSA signature beside", |b| {
        b.iter(|| jws::verify(black_box(&detached), &xml).is_ok());
    });
    let wrapped =
        std::fs::read("partners/formats/edi3-coo/samples/almora-corvania-tea-wrapped.json").unwrap();
    group.bench_function(format!("OpenAttestation wrapper of {} bytes", wrapped.len()), |b| {
        b.iter(|| decode(Syntax::Json, black_box(&wrapped), &limits).is_ok());
    });
    let flood: String = (0..20_000).map(|n| format!(" a{n}=''")).collect();
    let flood = format!("<a{flood}/>");
    group.bench_function("guard, 20,000 attributes", |b| {
        b.iter(|| guard::checked(black_box(flood.as_bytes()), &limits).is_err());
    });
    let deep = "<a>".repeat(200_000);
    group.bench_function("guard, 200,000 levels", |b| {
        b.iter(|| guard::checked(black_box(deep.as_bytes()), &limits).is_err());
    });
}

criterion_group!(benches, stages);
criterion_main!(benches);
