//! The mistakes that others made and their users paid for, each with the test that would catch it here.
//!
//! The list follows the collection of facts about peers in its own words. Where a mistake cannot be made by how the hub is
//! built, a sentence says why, beside the test of what is left of it.

use std::{fs, path::Path};

use crate::{
    support::need::skipped,
    traps::{has_test, source},
};

struct Mistake {
    number: &'static str,
    words: &'static str,
    /// `module::name` of this binary, or of the library behind `coohub::`.
    tests: &'static [&'static str],
    /// Why the rest of it does not apply.
    because: &'static str,
}

const fn mistake(
    number: &'static str,
    words: &'static str,
    tests: &'static [&'static str],
    because: &'static str,
) -> Mistake {
    Mistake { number, words, tests, because }
}

const MISTAKES: [Mistake; 30] = [
    mistake(
        "M1",
        "ACK before fsync",
        &[
            "coohub::store::sqlite::tests::durability_settings_are_what_the_promises_rest_on",
            "crash::points::a_hub_that_dies_at_any_labelled_point_resumes",
            "crash::a_hub_killed_in_a_storm_loses_nothing_and_repeats_only_what_it_must",
        ],
        "the power is cut by a script of its own, with a control without syncs that must lose: tests/powercut/run",
    ),
    mistake(
        "M2",
        "second broker beside the DB",
        &["crash::points::a_hub_that_dies_at_any_labelled_point_resumes"],
        "deliveries are rows of the one store, written by the route commit; there is no queue beside it",
    ),
    mistake(
        "M3",
        "dedup keyed on \"seen\" instead of \"completed\"",
        &[
            "store::accept::of_many_pushes_under_one_key_at_once_exactly_one_is_stored",
            "badinput::each_mistake_is_answered_with_its_code_and_changes_nothing",
            "flow::what_was_accepted_is_answered_again_and_nothing_else_takes_its_place",
        ],
        "",
    ),
    mistake(
        "M4",
        "duplicate answered by an error, silence, or a *new* receipt",
        &[
            "coohub::listen::respond::a_duplicate_answers_200_with_the_very_receipt",
            "crash::a_hub_killed_in_a_storm_loses_nothing_and_repeats_only_what_it_must",
        ],
        "",
    ),
    mistake(
        "M5",
        "global worker pool/FIFO",
        &[
            "deliver::a_partner_that_hangs_does_not_delay_another",
            "sim::a_sick_partner_changes_nothing_for_the_others",
        ],
        "",
    ),
    mistake(
        "M6",
        "limit checked after dequeue",
        &[
            "coohub::deliver::lane::tests::the_rate_says_when_to_ask_again_and_nothing_is_lost_by_waiting",
            "sim::nothing_is_lost_overtaken_flooded_or_forgotten_in_any_history",
        ],
        "",
    ),
    mistake(
        "M7",
        "sequential retry thread",
        &[
            "coohub::deliver::lane::tests::a_lane_begins_as_many_as_it_has_permits_and_one_more_when_one_ends",
            "store::order::retries_get_one_slot_in_four_beside_first_attempts_and_a_source_can_be_left_out",
        ],
        "",
    ),
    mistake(
        "M8",
        "retry without jitter, unit bug in schedule, all 4xx terminal",
        &[
            "coohub::model::retry::jitter_only_adds_and_stays_within_its_share",
            "config::every_broken_configuration_gets_its_exact_lines",
            "coohub::deliver::outcome::tests::table::every_kind_of_answer_has_its_row",
            "coohub::deliver::outcome::tests::table::every_kind_of_silence_has_its_row",
        ],
        "",
    ),
    mistake(
        "M9",
        "retry window of minutes",
        &[
            "deliver::schedule::a_partner_down_for_three_days_gets_everything_within_minutes_of_its_return",
            "deliver::schedule::after_seven_days_a_delivery_expires_its_source_is_told_and_nothing_is_sent_later",
        ],
        "",
    ),
    mistake(
        "M10",
        "lane stops on poison message",
        &[
            "deliver::a_delivery_without_bytes_leaves_the_lane_and_the_lane_lives",
            "coohub::deliver::lane::tests::obstacles::a_fault_of_ours_leaves_its_delivery_alone_for_a_while_and_the_lane_goes_on",
        ],
        "",
    ),
    mistake(
        "M11",
        "breaker-open/paused = failed/lost",
        &[
            "deliver::schedule::a_hold_and_an_open_breaker_outlast_a_restart",
            "coohub::deliver::lane::tests::obstacles::a_held_lane_begins_nothing_until_it_is_released",
            "deliver::schedule::nothing_is_sent_in_a_maintenance_window_and_everything_after_it",
        ],
        "",
    ),
    mistake(
        "M12",
        "locks without owner+expiry",
        &["deliver::mailbox::a_reservation_that_lapses_is_offered_again_with_the_same_bytes"],
        "a claim is memory of the one process that owns the folder; only a mailbox has leases",
    ),
    mistake(
        "M13",
        "worker loop that can end",
        &[
            "coohub::stop::a_panicking_task_stops_the_hub",
            "deliver::schedule::a_lane_that_does_not_turn_any_more_is_begun_anew",
        ],
        "",
    ),
    mistake(
        "M14",
        "no wake-up for a non-final row",
        &[
            "store::sqlite::a_chain_that_lost_its_head_is_found_and_gets_one",
            "sim::nothing_is_lost_overtaken_flooded_or_forgotten_in_any_history",
        ],
        "",
    ),
    mistake(
        "M15",
        "late receipt rejected",
        &[
            "store::order::a_late_success_is_taken_once_and_wakes_nobody_twice",
            "deliver::schedule::a_success_after_the_expiry_is_taken_and_its_source_told_the_better",
        ],
        "",
    ),
    mistake(
        "M16",
        "replay blocked by idempotency, or replay re-sends to everyone",
        &[
            "control::replay::a_message_is_repeated_to_those_who_miss_it_alone",
            "control::replay::a_replay_is_a_new_delivery_marked_as_one_and_goes_once",
        ],
        "",
    ),
    mistake(
        "M17",
        "purge of non-final rows",
        &[
            "store::attachments::removal_takes_the_oldest_first_and_so_many_at_once",
            "store::attachments::an_accepted_message_keeps_its_attachments_whatever_is_removed",
        ],
        "nothing but attachments that no message names is purged",
    ),
    mistake(
        "M18",
        "payload whole in RAM",
        &[
            "listen::limits::headers_over_their_limit_are_refused",
            "listen::limits::room_for_a_body_is_taken_before_it_is_read_and_always_given_back",
            "deliver::hostile::an_answer_without_end_is_neither_read_nor_kept",
        ],
        "a body is held whole, within a budget taken before it is read; there are no parts, archives or temporary files",
    ),
    mistake(
        "M19",
        "online OCSP in the request path",
        &["authenticate::a_revoked_leaf_is_nobody_and_an_uncovered_one_too"],
        "revocation lists are files; nothing is fetched, and a list that is late is the one member's matter",
    ),
    mistake(
        "M20",
        "cert/CA loaded once at start",
        &[
            "listen::a_new_server_leaf_is_shown_to_new_connections_only",
            "deliver::limits::a_reload_that_brings_new_leaves_with_the_same_region_reaches_the_lane",
        ],
        "",
    ),
    mistake(
        "M21",
        "clock-skew error without both timestamps",
        &[
            "deliver::schedule::after_a_step_of_the_clock_nothing_expires_until_it_is_confirmed",
            "control::a_clock_that_jumped_is_shown_and_confirmed",
            "listen::ping_shows_the_member_over_both_versions_of_http",
        ],
        "",
    ),
    mistake(
        "M22",
        "config applied half-way",
        &["flow::reload::a_broken_region_is_not_applied_and_the_hub_goes_on"],
        "",
    ),
    mistake(
        "M23",
        "in-memory breaker/rate state",
        &[
            "deliver::schedule::a_hold_and_an_open_breaker_outlast_a_restart",
            "coohub::deliver::limiter_tests::the_burst_has_to_be_earned_first",
            "coohub::deliver::limiter_tests::a_debt_outlives_its_limiter_and_a_new_rate",
        ],
        "",
    ),
    mistake(
        "M24",
        "message id missing in the error",
        &["coohub::listen::respond::a_rejection_is_a_problem_with_every_finding"],
        "the answer to a push goes back on its own request, which carries the id; each log line of it has the id as a field",
    ),
    mistake(
        "M25",
        "mapping error without source path/rule/value",
        &[
            "flow::corpus::an_exporters_unsigned_cod_is_not_issued_and_is_told_what_it_lacks",
            "coohub::listen::respond::a_rejection_is_a_problem_with_every_finding",
        ],
        "values are never repeated: path, line, column and rule are",
    ),
    mistake(
        "M26",
        "no sender-visible status per recipient",
        &[
            "flow::copies::the_state_of_a_message_is_its_sources_alone",
            "flow::outage::a_source_that_waits_is_told_of_a_change_and_of_none",
        ],
        "",
    ),
    mistake(
        "M27",
        "accepted-but-unattempted not alarmed",
        &[
            "deliver::schedule::a_lane_that_does_not_turn_any_more_is_begun_anew",
            "control::status_and_number_tell_where_everything_is",
        ],
        "",
    ),
    mistake(
        "M28",
        "API field accepted and ignored",
        &[
            "config::every_broken_configuration_gets_its_exact_lines",
            "config::shipped::the_readme_explains_every_key_the_shipped_files_use",
        ],
        "",
    ),
    mistake(
        "M29",
        "disk-full = corrupted or blocked forever",
        &[
            "overload::disk::below_the_bound_of_free_space_nothing_new_is_taken_and_everything_else_goes_on",
            "overload::shutdown::a_disk_full_in_a_commit_ends_it_with_74_and_a_start_with_room_has_everything",
        ],
        "",
    ),
    mistake(
        "M30",
        "success reported without persistence",
        &[
            "control::backlog::an_action_is_written_with_its_effect_or_not_at_all",
            "coohub::store::tests::after_a_failed_commit_nothing_is_taken_given_or_retried",
        ],
        "",
    ),
];

#[test]
fn every_mistake_has_a_test_that_is_there_and_runs() {
    let mut gone = Vec::new();
    for mistake in &MISTAKES {
        assert!(!mistake.tests.is_empty(), "{}", mistake.number);
        for test in mistake.tests {
            let (module, name) = test.rsplit_once("::").unwrap();
            if !source(module).is_some_and(|source| has_test(&source, name)) {
                gone.push(format!("{}: {test}", mistake.number));
            }
        }
    }
    assert_eq!(gone, Vec::<String>::new());
}

#[test]
fn the_list_is_whole() {
    let facts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/domain/peers.md");
    let Ok(facts) = fs::read_to_string(facts) else {
        skipped("../shared/domain/peers.md");
        return;
    };
    let list = facts.split("### 3g.").nth(1).unwrap().split("---").next().unwrap();
    for mistake in &MISTAKES {
        assert!(list.contains(&format!("{} {}", mistake.number, mistake.words)), "{}", mistake.number);
        assert!(mistake.because.is_empty() || mistake.because.len() > 30, "{}", mistake.number);
    }
    assert_eq!(list.matches(" M").count() + 1, MISTAKES.len());
}
