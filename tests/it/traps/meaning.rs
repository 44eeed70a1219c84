//! What a certificate means is carried over or named as lost, never turned into another meaning: criteria, shares and
//! parties.

use std::{collections::BTreeSet, fs, path::Path};

use coohub::{
    format::{compound::Cell, conversion::Form, plan::Does},
    model::{
        certificate::{Certificate, Index, Place},
        value::Kind,
    },
    render,
};

use super::{
    laws::{between, certificates, everywhere, field, rows, set, set_items},
    tables,
};
use crate::formats::{mapped, samples, table};

/// The codes of every list of criteria.
fn criteria() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("partners/formats/codes");
    let mut codes = BTreeSet::new();
    for file in fs::read_dir(folder).unwrap().map(|file| file.unwrap()) {
        if file.file_name().to_str().unwrap().starts_with("criteria-") {
            let list: toml::Table = fs::read_to_string(file.path()).unwrap().parse().unwrap();
            let rows = list["codes"].as_array().unwrap();
            codes.extend(rows.iter().map(|row| row["is"].as_str().unwrap().to_owned()));
        }
    }
    codes
}

/// One sample of each format and variant: nothing else of it matters here.
fn one_of_each() -> Vec<(String, Certificate)> {
    let mut sources = certificates();
    sources.dedup_by_key(|(name, certificate)| {
        (name.split(' ').next().unwrap().to_owned(), certificate.text("form"))
    });
    sources
}

#[test]
fn a_criterion_is_never_translated_into_another_agreements_code() {
    let criterion = field("items[].origin.criterion");
    let codes = criteria();
    assert!(codes.len() > 15 && codes.contains("PSR") && codes.contains("Y"), "{codes:?}");
    let mut targets: Vec<_> = tables().iter().collect();
    targets.retain(|table| {
        let compounds = table.plans.iter().flat_map(|plan| &plan.compounds);
        let mut fields = compounds.flat_map(|compound| &compound.is).map(|(target, _)| target.field);
        fields.any(|field| field == criterion) || rows(table).any(|row| row.target.field == criterion)
    });
    assert!(targets.len() > 10, "{}", targets.len());
    for code in codes {
        for (name, mut certificate) in one_of_each() {
            set_items(&mut certificate, "items[].origin.criterion", &code);
            for target in &targets {
                // That reading the rendering gives just this is a law of its own.
                let traced = render::trace(target, &certificate);
                for (index, _) in certificate.all(criterion) {
                    let arrives = traced.arrives.at(criterion, index).map(ToString::to_string);
                    let lost = traced.losses.contains(&Place { field: criterion, index });
                    let said = arrives.as_ref() == Some(&code) || (arrives.is_none() && lost);
                    assert!(said, "{name} to {}: {code} becomes {arrives:?}", target.id);
                }
            }
        }
    }
}

#[test]
fn no_table_spells_one_criterion_as_another() {
    let criterion = field("items[].origin.criterion");
    for table in tables() {
        for row in rows(table).filter(|row| row.target.field == criterion) {
            if let Form::Code(codes) | Form::Token(codes, _) = &row.form {
                for code in codes.known() {
                    assert_eq!(codes.national(code), Some(code), "{}", table.id);
                }
            }
        }
        for compound in table.plans.iter().flat_map(|plan| &plan.compounds) {
            let of = |at: &str| compound.at.iter().position(|leaf| leaf == at);
            let is = compound.is.iter().position(|(target, _)| target.field == criterion);
            let (Some(at), Some(is)) = (of("OriCriteria"), is) else { continue };
            for tuple in &compound.tuples {
                let (Cell::Text(said), Cell::Text(kept)) = (&tuple.at[at], &tuple.is[is]) else { continue };
                // "PSR ACU" is PSR with accumulation beside it.
                assert_eq!(said.split(' ').next(), Some(kept.as_str()), "{}: {said}", table.id);
            }
        }
    }
}

/// What a share can be of, as any table says it.
fn methods() -> BTreeSet<String> {
    let method = field("items[].origin.contentMethod");
    let mut methods = BTreeSet::from(["build-down".to_owned(), "import-content".to_owned()]);
    for table in tables() {
        for plan in &table.plans {
            let implied = plan.implied.iter().filter(|implied| implied.target.field == method);
            methods.extend(implied.map(|implied| implied.value.to_string()));
            for compound in &plan.compounds {
                let Some(is) = compound.is.iter().position(|(target, _)| target.field == method) else {
                    continue;
                };
                methods.extend(compound.tuples.iter().filter_map(|tuple| match &tuple.is[is] {
                    Cell::Text(method) => Some(method.clone()),
                    _ => None,
                }));
            }
            for row in &plan.rows {
                let Does::Field(row) = &row.does else { continue };
                if let (Some((target, value)), true) = (&row.implies, row.kind != Kind::Flag)
                    && target.field == method
                {
                    methods.insert(value.to_string());
                }
                if let (Form::Code(codes), true) = (&row.form, row.target.field == method) {
                    methods.extend(codes.known().map(ToOwned::to_owned));
                }
            }
        }
    }
    methods
}

#[test]
fn a_share_arrives_with_its_method_or_not_at_all() {
    let (percent, method) = (field("items[].origin.contentPercent"), field("items[].origin.contentMethod"));
    let (methods, targets) = (methods(), tables().iter().collect::<Vec<_>>());
    for wanted in ["non-originating-share", "value-added-share"] {
        assert!(methods.contains(wanted), "{methods:?}");
    }
    for wanted in methods.iter().map(Some).chain([None]) {
        let share = |certificate: &mut Certificate| {
            *certificate = certificate.only(|field| field != method);
            set_items(certificate, "items[].origin.contentPercent", "41.37");
            if let Some(wanted) = wanted {
                set_items(certificate, "items[].origin.contentMethod", wanted);
            }
        };
        between(&one_of_each(), &targets, share, |name, certificate, traced, text, arrives| {
            assert!(!text.contains("58.63"), "{name}: the rest of a hundred is another statement");
            for (index, _) in certificate.all(percent) {
                let Some(found) = arrives.at(percent, index) else {
                    assert!(traced.losses.contains(&Place { field: percent, index }), "{name}");
                    continue;
                };
                assert_eq!(found.to_string(), "41.37", "{name}");
                let beside = arrives.at(method, index).map(ToString::to_string);
                assert_eq!(beside.as_ref(), wanted, "{name}: a share of something else");
            }
        });
    }
}

#[test]
fn a_party_in_one_text_is_never_split_and_a_party_in_fields_never_joined() {
    let parties = ["exporter", "importer", "consignee", "producer"];
    let text = "HARBOUR LAMPS LTD, 7 QUAY ROAD, PORT ALMORA";
    let of = |party: &str, place: Place| place.field.path().starts_with(&format!("{party}."));
    let one = |certificate: &mut Certificate| {
        *certificate = certificate
            .only(|field| !parties.iter().any(|party| field.path().starts_with(&format!("{party}."))));
        parties.iter().for_each(|party| set(certificate, &format!("{party}.text"), text));
    };
    let mut arrived = BTreeSet::new();
    everywhere(one, |name, _, traced, _, arrives| {
        for party in parties {
            let whole = Place { field: field(&format!("{party}.text")), index: Index::TOP };
            match arrives.at(whole.field, Index::TOP) {
                Some(found) => {
                    assert_eq!(found.to_string(), text, "{name}");
                    arrived.insert(name.rsplit(' ').next().unwrap().to_owned());
                }
                None => assert!(traced.losses.contains(&whole), "{name}: {party}"),
            }
            for (place, found) in arrives.iter().filter(|(place, _)| of(party, *place) && *place != whole) {
                assert!(!text.contains(&found.to_string()), "{name}: {} = {found}", place.path());
            }
        }
    });
    assert!(arrived.contains("cn-singlewindow"), "{arrived:?}");
    // The other way round: no text is made up of name and address.
    let cod = table("aladi-cod");
    for sample in samples(&cod) {
        let certificate = mapped(&cod, &sample).certificate;
        let china = render::trace(&table("cn-singlewindow"), &certificate);
        assert_eq!(china.arrives.text("exporter.text"), None);
        assert!(china.losses.iter().any(|place| place.path() == "exporter.name"));
    }
}
