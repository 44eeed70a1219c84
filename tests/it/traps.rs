//! Every trap of real certificates of origin that is known to us, with the test that walks into it.
//!
//! The list follows the collection of domain facts in its own words. Tests of single formats stand beside those formats;
//! what none of them looks at is here, with the laws that hold between all of them.

mod border;
mod laws;
mod meaning;
mod printed;
mod single;

use std::{fs, path::Path, sync::LazyLock};

use coohub::format::Table;

use crate::{formats, support::need::skipped};

/// The shipped tables, read once for all tests here.
static TABLES: LazyLock<Vec<Table>> = LazyLock::new(formats::tables);

fn tables() -> &'static [Table] {
    &TABLES
}

/// Words of a trap, and the tests of it: `module::name` of this binary, or of the library behind `coohub::`.
type Trap = (&'static str, &'static [&'static str]);

const STRUCTURE: &[Trap] = &[
    (
        "two root elements live in a dead SOAP-1.2 draft namespace",
        &["traps::single::only_the_two_outer_elements_of_a_cod_stand_in_the_envelopes_namespace"],
    ),
    (
        "business elements live in the XMLDSig namespace",
        &["traps::single::chinas_elements_in_the_namespace_of_signatures_are_no_signatures"],
    ),
    ("album version inside the namespace", &["ru::traps::another_version_of_the_album_is_another_format"]),
    ("typo `CounryName` must be kept", &["ru::traps::the_misspelt_country_name_is_the_schemas_own"]),
    (
        "`GoodsArIssueDate` (XSD)",
        &["cod::traps::what_the_pdf_spells_otherwise_than_the_xsd_is_kept_but_not_mapped"],
    ),
    (
        "`TransportPortofLoading` (PDF)",
        &["cod::traps::what_the_pdf_spells_otherwise_than_the_xsd_is_kept_but_not_mapped"],
    ),
    (
        "COD element = Form + order (xs:sequence)",
        &[
            "cod::rows::every_element_of_every_form_has_its_row_in_order_demanded_and_as_long_as_the_xsd_says",
            "cod::valid::a_certificate_with_every_field_of_its_form_is_valid_in_every_version",
        ],
    ),
    (
        "changes name by version/agreement",
        &[
            "cod::traps::a_field_is_one_canonical_field_whatever_version_or_agreement_calls_it",
            "cod::traps::ace_6_has_both_operators_and_the_third_one_counts_first",
        ],
    ),
    ("A13, A14, A57 use FormA18", &["cod::traps::the_agreements_13_14_and_57_use_the_form_of_18"]),
    (
        "1.8.1 never existed",
        &[
            "cod::traps::a_version_is_read_by_its_own_table_and_1_8_1_which_never_was_by_none",
            "cod::traps::a_form_that_came_later_is_none_of_an_earlier_version",
        ],
    ),
    (
        "stage 3 (certified, not yet countersigned) has no XSD",
        &[
            "traps::single::a_cod_certified_and_not_yet_countersigned_is_read_and_says_who_has_not_signed",
            "signers::hub::an_agreement_that_says_nothing_takes_a_signed_format_from_officials_only",
            "flow::corpus::an_exporters_unsigned_cod_is_not_issued_and_is_told_what_it_lacks",
        ],
    ),
    ("Accept both", &["cod::traps::a_number_has_20_or_26_characters_and_its_last_two_count_rectifications"]),
    (
        "XSD `maxLength` 8 vs PDF 10",
        &["cod::rows::every_element_of_every_form_has_its_row_in_order_demanded_and_as_long_as_the_xsd_says"],
    ),
];

const SIGNATURES: &[Trap] = &[
    (
        "register it by hand and reject duplicates",
        &[
            "coohub::decode::tests::proof::attack::identifiers_given_twice_are_refused_whatever_their_name",
            "coohub::decode::tests::proof::attack::the_signed_element_moved_away_is_refused",
        ],
    ),
    (
        "Keep the original bytes",
        &[
            "flow::copies::the_original_is_for_whoever_has_the_full_view",
            "decode::a_real_aladi_certificate_with_byte_order_mark_is_read_as_written",
        ],
    ),
    ("rsa-sha1 is normal in production", &["decode::sha1_signatures_verify_only_where_they_are_taken"]),
    (
        "Signing a 2nd time or CODEH before COD is invalid",
        &[
            "coohub::decode::tests::proof::attack::an_official_signature_made_before_the_exporters_does_not_survive_it",
            "coohub::decode::tests::proof::attack::a_signature_at_another_place_or_twice_is_refused",
        ],
    ),
    (
        "hash is over the salted, flattened, sorted JSON",
        &[
            "proofs::attestation::the_wrapped_document_of_the_corpus_recomputes_and_maps",
            "proofs::attestation::values_that_are_not_salted_are_refused_where_they_stand",
        ],
    ),
    (
        "Number/boolean types are in the salt prefix",
        &["proofs::attestation::a_wrapped_document_reads_as_the_document_inside_with_its_types"],
    ),
    (
        "may be a JWS, a JPEG data-URI, or absent",
        &["jsonformats::traps::a_signature_may_be_a_token_a_picture_or_absent"],
    ),
    (
        "attach the original and a hub attestation",
        &[
            "jsonformats::samples::the_hub_writes_plain_data_and_no_credential",
            "coohub::deliver::headers::the_original_is_named_for_the_full_view_of_a_certificate_alone",
            "coohub::deliver::attestation::an_attestation_verifies_and_is_the_same_for_every_attempt",
        ],
    ),
];

const CODES: &[Trap] = &[
    (
        "ALADI closed list of 13",
        &["traps::single::countries_in_any_spelling_are_one_code_and_the_closed_list_of_aladi_stays_closed"],
    ),
    (
        "plain names (\"Mexico\", \"INDIA\", \"Australia\")",
        &[
            "jsonformats::traps::a_country_is_read_as_code_or_as_name_whatever_the_schema_says",
            "jsonformats::traps::a_country_is_written_as_its_own_schema_says",
            "codes::a_country_is_read_by_any_of_its_names",
        ],
    ),
    ("RU unit NAME 13 chars", &["ru::traps::a_unit_is_a_name_of_thirteen_characters"]),
    ("ALADI free text 16 (\"UNIDADES\")", &["cod::traps::a_unit_is_a_free_text_and_keeps_its_word"]),
    (
        "CN Chinese + English texts",
        &["traps::single::chinas_names_and_units_are_kept_in_both_languages_or_named"],
    ),
    ("edi3 \"450 Kg\" in one string", &["jsonformats::traps::a_weight_is_a_number_and_its_unit_in_one_text"]),
    (
        "Use UN Rec 20 inside, keep the source token",
        &[
            "ru::traps::a_unit_without_a_name_is_read_from_its_digits",
            "codes::units_of_mass_are_known_with_their_kilograms",
        ],
    ),
    (
        "bad LOCODE `SIN`",
        &[
            "jsonformats::traps::a_port_is_the_locode_behind_its_prefix_and_a_bare_word_is_none",
            "codes::a_place_is_judged_by_the_form_of_its_code_and_kept",
        ],
    ),
    (
        "parse only for display, never split silently",
        &[
            "traps::meaning::a_party_in_one_text_is_never_split_and_a_party_in_fields_never_joined",
            "ru::traps::a_signatory_of_three_words_is_never_split_into_names",
        ],
    ),
];

const GOODS: &[Trap] = &[
    (
        "HS dotted (COD, edi3) vs digits (CN, KR 6)",
        &[
            "traps::laws::a_tariff_code_has_the_same_digits_in_every_target",
            "traps::laws::a_dotted_format_reads_a_tariff_code_with_dots_and_without",
            "jsonformats::traps::hs_codes_have_dots_in_edi3_and_digits_in_the_others",
        ],
    ),
    (
        "RU CT-1/CT-2/Form A have no HS at all",
        &["ru::traps::the_code_of_the_goods_is_lost_by_name_where_a_form_has_no_place_for_it"],
    ),
    ("Edition almost never carried", &["codes::a_tariff_code_stands_in_a_chapter_and_an_edition_that_exist"]),
    (
        "CN ICompPrpr / GSP Y = NON-originating share",
        &[
            "traps::single::the_share_china_states_is_that_of_imported_content_and_stays_it",
            "traps::single::a_criterion_counts_only_in_the_kind_of_certificate_that_has_it",
        ],
    ),
    (
        "do not convert without the method (A33 VT/NO)",
        &[
            "traps::meaning::a_share_arrives_with_its_method_or_not_at_all",
            "ru::traps::a_share_of_foreign_materials_is_never_turned_into_a_regional_content",
            "cod::traps::a_regional_value_content_is_a_method_and_never_a_percentage",
        ],
    ),
    (
        "edi3 puts the criterion on a group of lines",
        &["jsonformats::traps::criterion_and_producer_of_a_group_hold_for_each_line_in_it"],
    ),
    (
        "COD invoice links are by order number",
        &[
            "cod::traps::items_name_invoices_by_order_number_whatever_numbers_those_are",
            "cod::traps::a_broken_link_and_an_order_number_given_twice_are_found_with_their_line",
            "map::order_numbers_are_followed_not_positions",
        ],
    ),
];

const NUMBERS: &[Trap] = &[
    (
        "real file `4500.000000` passes fractionDigits 4",
        &[
            "cod::traps::a_weight_with_six_zeros_has_no_decimals_and_one_with_five_digits_has_too_many",
            "traps::laws::a_number_keeps_its_digits_or_is_named_as_lost",
        ],
    ),
    (
        "RU 24.6; CN 19.5; no floats",
        &[
            "ru::traps::twenty_four_digits_arrive_and_no_more_are_taken",
            "traps::single::china_has_one_currency_for_all_items_and_numbers_of_nineteen_digits",
            "jsonformats::traps::a_number_keeps_its_digits_and_its_json_type",
        ],
    ),
    (
        "`-03:00` with 7 fractional digits in one document",
        &[
            "cod::traps::a_moment_keeps_its_offset_and_its_seven_digits_and_a_date_without_zone_its_day",
            "jsonformats::traps::a_date_keeps_its_milliseconds_its_zone_and_its_day",
        ],
    ),
    (
        "A date-only source must not become midnight UTC",
        &[
            "traps::laws::a_date_without_zone_is_the_same_day_in_every_target",
            "traps::laws::an_instant_with_zone_is_not_moved_to_another_day_either",
            "traps::laws::the_canonical_profile_keeps_a_date_without_zone_as_it_is",
            "ru::traps::a_day_stays_that_day_in_every_format",
            "jsonformats::traps::a_date_without_zone_is_read_as_it_is_and_cannot_be_written_where_a_zone_is_demanded",
            "coohub::render::tests::a_date_is_never_moved_and_never_given_a_zone",
        ],
    ),
    (
        "ALADI FOB is USD by rule",
        &["cod::traps::fob_is_in_us_dollars_by_rule_and_no_other_currency_can_be_written"],
    ),
    ("free text \"DOLARES ESTADOUNIDENSES\"", &["cod::traps::a_currency_is_a_free_text_and_keeps_its_words"]),
    (
        "CN one head currency for all items",
        &["traps::single::china_has_one_currency_for_all_items_and_numbers_of_nineteen_digits"],
    ),
];

const ENCODINGS: &[Trap] = &[
    (
        "starts with a BOM although ALADI forbids it",
        &[
            "cod::traps::a_byte_order_mark_changes_nothing_although_aladi_forbids_it",
            "ru::traps::a_byte_order_mark_changes_nothing",
        ],
    ),
    (
        "KR files are CP949; leeme.txt is Latin-1",
        &[
            "traps::single::bytes_of_another_encoding_are_refused_with_their_place_and_never_guessed",
            "coohub::decode::tests::guard::only_utf8_is_taken_with_or_without_byte_order_mark",
        ],
    ),
    (
        "Cyrillic/Chinese text must survive",
        &[
            "traps::laws::letters_of_any_script_arrive_and_none_becomes_a_question_mark",
            "ru::traps::cyrillic_survives_in_every_format",
            "coohub::deliver::headers::a_number_in_cyrillic_survives_a_header",
        ],
    ),
    (
        "collapse for mapping, not for signing",
        &[
            "cod::traps::newlines_and_padding_in_a_token_are_collapsed_in_the_certificate_only",
            "coohub::decode::tests::proof::a_changed_character_breaks_every_signature_that_covers_it",
        ],
    ),
    ("does not compile in libxml2 (bad regex)", &["schema::corpus::every_real_xml_schema_is_taken"]),
    ("import xmldsig over the network", &["schema::a_schema_stays_in_its_folder"]),
];

const LOSSES: &[Trap] = &[(
    "Round-trip losses to warn on",
    &[
        "traps::single::what_a_format_has_no_place_for_is_named_as_lost",
        "traps::single::what_only_china_and_the_cod_have_arrives_in_them_and_is_lost_by_name_elsewhere",
        "formats::what_the_real_edi3_document_loses_is_what_was_worked_out_by_hand",
    ],
)];

/// What else the mapping promises beside the traps.
const PROMISES: &[Trap] = &[
    (
        "fields marked drop-at-border are neither mapped nor kept",
        &[
            "traps::border::what_a_table_drops_is_nowhere_in_what_was_read",
            "traps::border::a_number_of_a_person_is_dropped_by_each_table_that_knows_one",
            "traps::border::a_dropped_value_is_in_the_source_s_original_and_nowhere_else",
        ],
    ),
    ("URIs are never fetched", &["traps::border::no_address_in_a_document_is_ever_fetched"]),
    (
        "a criterion is never translated between agreements",
        &[
            "traps::meaning::a_criterion_is_never_translated_into_another_agreements_code",
            "traps::meaning::no_table_spells_one_criterion_as_another",
            "codes::a_criterion_outside_the_agreement_is_a_warning_that_the_agreement_can_raise",
        ],
    ),
    (
        "a finding names place, field and remedy, and no value",
        &[
            "traps::printed::each_fault_is_told_with_place_field_and_remedy",
            "traps::border::no_finding_ever_says_a_value",
            "traps::border::the_log_says_no_value_of_a_document_whatever_becomes_of_it",
            "schema::a_violation_says_where_and_what_would_be_right_but_never_the_value",
        ],
    ),
];

/// The traps, without the promises.
fn traps() -> impl Iterator<Item = &'static Trap> {
    [STRUCTURE, SIGNATURES, CODES, GOODS, NUMBERS, ENCODINGS, LOSSES].into_iter().flatten()
}

/// The source of the module a test is in.
pub(crate) fn source(module: &str) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = match module.strip_prefix("coohub::") {
        Some(module) => root.join("src").join(module.replace("::", "/")),
        None => root.join("tests/it").join(module.replace("::", "/")),
    };
    [folder.with_extension("rs"), folder.join("mod.rs")].iter().find_map(|file| fs::read_to_string(file).ok())
}

/// Whether a source has a test of this name, one that runs.
pub(crate) fn has_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let declared = [format!("fn {name}("), format!("async fn {name}(")];
    let at = lines.iter().position(|line| declared.iter().any(|declared| line.starts_with(declared)));
    let Some(at) = at else { return false };
    let marks: Vec<&&str> = lines[..at].iter().rev().take_while(|line| line.starts_with("#[")).collect();
    marks.iter().any(|mark| mark.ends_with("test]") || mark.starts_with("#[tokio::test"))
        && !marks.iter().any(|mark| mark.starts_with("#[ignore"))
}

#[test]
fn every_test_of_a_trap_is_there() {
    let mut gone = Vec::new();
    for (trap, tests) in traps().chain(PROMISES) {
        assert!(!tests.is_empty(), "{trap}");
        for test in *tests {
            let (module, name) = test.rsplit_once("::").unwrap();
            if !source(module).is_some_and(|source| has_test(&source, name)) {
                gone.push(format!("{trap}: {test}"));
            }
        }
    }
    assert_eq!(gone, Vec::<String>::new());
}

#[test]
fn a_test_that_is_gone_or_does_not_run_is_noticed() {
    let source = "#[test]\nfn a() {}\n#[tokio::test(flavor = \"x\")]\nasync fn b() {}\nfn c() {}\n#[test]\n#[ignore]\nfn d() {}";
    assert_eq!(
        ["a", "b", "c", "d", "e"].map(|name| has_test(source, name)),
        [true, true, false, false, false]
    );
}

#[test]
fn every_trap_that_is_written_down_has_a_test() {
    let facts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/domain/formats.md");
    let Ok(facts) = fs::read_to_string(facts) else {
        skipped("../shared/domain/formats.md");
        return;
    };
    let written = facts.split("## 5. Traps").nth(1).unwrap();
    for (trap, _) in traps() {
        assert!(written.contains(trap), "{trap:?} is not written there");
    }
    let lines = written.lines().filter(|line| line.starts_with("- ") || line.starts_with("Round-trip"));
    let untested: Vec<&str> = lines.filter(|line| !traps().any(|(trap, _)| line.contains(trap))).collect();
    assert_eq!(untested, Vec::<&str>::new());
}
