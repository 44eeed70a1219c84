//! CPU of mapping, judging and rendering one certificate of about 4.5 KB. The guard and the parser are excluded: see
//! `benches/decode.rs`.
//!
//! Expected: some sixty values, each with a path of its own and a place in a tree, so tens of microseconds each way.
//! Reads the real ALADI sample where it lies beside the project, else the shipped one that is most like it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::{fs, hint::black_box, path::Path};

use coohub::{
    decode::{decode, document::Document, document::Syntax, limit::Limits, proof::Proof},
    format::Table,
    map,
    model::{
        envelope::Envelope,
        id::{FormatId, MemberId},
        time::Timestamp,
        value::Date,
    },
    problem::Problems,
    region::{load::load, member::Form},
    render,
    validate::{Case, validate},
};
use criterion::{Criterion, criterion_group, criterion_main};

fn table(name: &str) -> Table {
    let formats = Path::new(env!("CARGO_MANIFEST_DIR")).join("partners/formats");
    let id = FormatId::new(name).unwrap();
    Table::load(&id, &formats.join(name), &formats.join("codes"), name, &Problems::default()).unwrap()
}

fn document(syntax: Syntax, bytes: &[u8]) -> Document {
    decode(syntax, bytes, &Limits::default()).map_err(|finding| finding.to_string()).unwrap().document
}

fn stages(criterion: &mut Criterion) {
    let real = fs::read("../shared/corpus/aladi-cod/A14-FormA18-unsigned.xml");
    let xml = real
        .unwrap_or_else(|_| fs::read("partners/formats/aladi-cod/samples/a18-forma18-lanas.xml").unwrap());
    let json = fs::read("partners/formats/edi3-coo/samples/almora-corvania-tea.json").unwrap();
    for (name, syntax, bytes) in [("aladi-cod", Syntax::Xml, xml), ("edi3-coo", Syntax::Json, json)] {
        let table = table(name);
        let document = document(syntax, &bytes);
        let certificate = map::map(&table, &document).certificate;
        let mut group = criterion.benchmark_group(format!("{name} {} bytes", bytes.len()));
        group.bench_function("recognise", |b| b.iter(|| table.recognises(black_box(&document))));
        group.bench_function("map", |b| b.iter(|| map::map(&table, black_box(&document))));
        group.bench_function("render", |b| b.iter(|| render::trace(&table, black_box(&certificate))));
        group.bench_function("render with bytes", |b| {
            b.iter(|| render::bytes(&table, &render::trace(&table, black_box(&certificate)).document));
        });
        group.bench_function("canonical JSON", |b| {
            b.iter(|| render::canonical::to_json(black_box(&certificate)))
        });
        group.bench_function("canonical XML", |b| {
            b.iter(|| render::canonical::to_xml(black_box(&certificate)))
        });
    }
}

/// The shipped region's judgement of a shipped sample. The COD is the unsigned sample: everything is looked at, and it is
/// not issued.
fn judgements(criterion: &mut Criterion) {
    let partners = Path::new(env!("CARGO_MANIFEST_DIR")).join("partners");
    let region = load(&partners, None, &Problems::default()).unwrap();
    let (envelope, today) = (Envelope::original(), Date::new("2026-11-23").unwrap());
    let mut group = criterion.benchmark_group("validate");
    for (format, member, sample) in [
        ("aladi-cod", "brisca", "mecta-brisca-almora.xml"),
        ("edi3-coo", "almora", "almora-corvania-tea.json"),
    ] {
        let table = &region.tables[&FormatId::new(format).unwrap()];
        let bytes = fs::read(partners.join("formats").join(format).join("samples").join(sample)).unwrap();
        let draft = map::map(table, &document(table.syntax, &bytes));
        let case = Case {
            region: &region,
            source: &region.members[&MemberId::new(member).unwrap()],
            envelope: &envelope,
            draft: &draft,
            proof: &Proof::default(),
            form: &Form::Table(table.id.clone()),
            today: &today,
            received: Timestamp::parse("2026-11-23T12:00:00Z").unwrap(),
        };
        let name = format!("{format} {} bytes", bytes.len());
        group.bench_function(name, |b| b.iter(|| validate(black_box(&case)).is_ok()));
    }
}

criterion_group!(benches, stages, judgements);
criterion_main!(benches);
