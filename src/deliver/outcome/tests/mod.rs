//! What targets answer, and what each answer means.

mod table;

use super::*;
use crate::deliver::sample;

const NOW: Timestamp = Timestamp(784_111_777_000); // Sun, 06 Nov 1994 08:49:37 GMT
const SENT: &[u8] = b"<cod/>";

/// What a row expects.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Means {
    Stored,
    Refused(&'static str),
    Deferred(&'static str),
    /// Deferred, with a wait of so many seconds asked for.
    Wait(u64),
}

fn id() -> String {
    sample::id(1).to_string()
}

fn structured(bytes: &[u8]) -> String {
    crate::deliver::headers::content_digest(Digest::of(bytes))
}

fn plain(bytes: &[u8]) -> String {
    format!("sha-256:{}", Digest::of(bytes).hex())
}

fn answer(status: u16) -> Answer {
    Answer { status, ..Answer::default() }
}

/// An answer with the echo in headers.
fn echo(status: u16) -> Answer {
    Answer { delivery: Some(id()), digest: Some(structured(SENT)), ..answer(status) }
}

fn with_body(status: u16, media_type: &str, body: &str) -> Answer {
    Answer { media_type: Some(media_type.to_owned()), body: body.as_bytes().to_vec(), ..answer(status) }
}

fn json_echo(status: u16, bytes: &[u8]) -> Answer {
    let body = format!(r#"{{"delivery":"{}","digest":"{}"}}"#, id(), plain(bytes));
    with_body(status, "application/json; charset=utf-8", &body)
}

fn problem(status: u16, code: &str) -> Answer {
    with_body(status, "application/problem+json", &format!(r#"{{"title":"no","code":"{code}"}}"#))
}

fn later(status: u16, retry_after: &str) -> Answer {
    Answer { retry_after: Some(retry_after.to_owned()), ..answer(status) }
}

fn check_with(acknowledge: Acknowledge, received: &Received, means: Means) {
    let expected = Expected { delivery: sample::id(1), digest: Digest::of(SENT), acknowledge, keys: &[] };
    let meaning = classify(&expected, received, NOW);
    let found = match &meaning.event {
        Event::Succeeded => means == Means::Stored,
        Event::Refused { reason: Reason::Refused } => {
            matches!(means, Means::Refused(code) if code == meaning.detail)
        }
        Event::Deferred { retry_after: None } => {
            matches!(means, Means::Deferred(detail) if meaning.detail.starts_with(detail))
        }
        Event::Deferred { retry_after: Some(wait) } => means == Means::Wait(wait.as_secs()),
        _ => false,
    };
    assert!(found, "{received:?} should mean {means:?}, found {meaning:?}");
}

fn check(answer: Answer, means: Means) {
    check_with(Acknowledge::Echo, &Received::Answer(answer), means);
}

#[test]
fn only_an_echo_of_id_and_digest_is_stored() {
    use Means::{Deferred, Stored};
    for status in [200, 201, 202, 204] {
        check(echo(status), Stored);
    }
    check(json_echo(200, SENT), Stored);
    check(json_echo(202, SENT), Stored);
    check(
        Answer { digest: Some(structured(SENT)), delivery: Some(format!(" {} ", id())), ..answer(200) },
        Stored,
    );
    // The id in a header, the digest in the body.
    check(Answer { delivery: Some(id()), ..json_echo(200, SENT) }, Stored);
    // Further algorithms beside ours.
    let both = format!("sha-512=:AAAA:, {}", structured(SENT));
    check(Answer { digest: Some(both), ..echo(200) }, Stored);
    // The body broke off, the head had it all.
    check(Answer { cut: Some(Cut::Broken), ..echo(200) }, Stored);

    check(answer(200), Deferred("echo-missing"));
    check(answer(204), Deferred("echo-missing"));
    check(Answer { cut: Some(Cut::Broken), ..json_echo(200, SENT) }, Deferred("answer-cut: broken off"));
    check(Answer { digest: None, ..echo(200) }, Deferred("echo-missing"));
    check(Answer { delivery: None, ..echo(200) }, Deferred("echo-missing"));
    check(Answer { digest: Some(structured(b"other")), ..echo(200) }, Deferred("echo-mismatch"));
    check(Answer { delivery: Some(sample::id(2).to_string()), ..echo(200) }, Deferred("echo-mismatch"));
    check(Answer { digest: Some("sha-256=:???:".to_owned()), ..echo(200) }, Deferred("echo-mismatch"));
    check(Answer { digest: Some(String::new()), ..echo(200) }, Deferred("echo-mismatch"));
    // Said twice, as of two deliveries or of one.
    for other in [id(), sample::id(2).to_string()] {
        let twice = format!("{}, {other}", id());
        check(Answer { delivery: Some(twice), ..echo(200) }, Deferred("echo-mismatch"));
    }
    let twice = format!("{}, {}", structured(SENT), structured(b"other"));
    check(Answer { digest: Some(twice), ..echo(200) }, Deferred("echo-mismatch"));
    check(json_echo(200, b"other"), Deferred("echo-mismatch"));
    // Header and body disagree.
    check(Answer { digest: Some(structured(SENT)), ..json_echo(200, b"other") }, Deferred("echo-mismatch"));
    check(with_body(200, "text/html", "<html>Welcome</html>"), Deferred("echo-missing"));
    check(with_body(200, "application/json", "{"), Deferred("echo-missing"));
    check(with_body(200, "application/json", r#"{"status":"ok"}"#), Deferred("echo-missing"));
}

#[test]
fn a_conflict_about_the_same_bytes_is_stored() {
    use Means::{Deferred, Stored};
    check(echo(409), Stored);
    check(Answer { digest: Some(structured(SENT)), ..answer(409) }, Stored);
    check(json_echo(409, SENT), Stored);
    let known = format!(r#"{{"code":"duplicate","digest":"{}"}}"#, plain(SENT));
    check(with_body(409, "application/problem+json", &known), Stored);
    check(answer(409), Deferred("status-409"));
    check(Answer { delivery: Some(id()), ..answer(409) }, Deferred("status-409"));
    check(Answer { digest: Some(structured(b"other")), ..echo(409) }, Deferred("conflict-other-bytes"));
    check(
        Answer { delivery: Some(sample::id(2).to_string()), ..echo(409) },
        Deferred("conflict-other-bytes"),
    );
    check(Answer { delivery: Some("x".to_owned()), ..echo(409) }, Deferred("conflict-other-bytes"));
}

#[test]
fn only_a_problem_with_a_listed_code_refuses() {
    use Means::{Deferred, Refused};
    for (code, _) in REFUSALS {
        check(problem(422, code), Refused(code));
    }
    check(problem(400, "certificate-invalid"), Refused("certificate-invalid"));
    check(problem(403, "not-for-us"), Refused("not-for-us"));
    check(problem(404, "certificate-unknown"), Refused("certificate-unknown"));
    check(problem(409, "certificate-invalid"), Refused("certificate-invalid"));
    check(
        Answer {
            media_type: Some("Application/Problem+JSON; charset=utf-8".to_owned()),
            ..problem(413, "too-large")
        },
        Refused("too-large"),
    );
    check(problem(422, "something-else"), Deferred("status-422"));
    check(problem(422, ""), Deferred("status-422"));
    check(Answer { cut: Some(Cut::Broken), ..problem(422, "not-for-us") }, Deferred("status-422"));
    check(Answer { media_type: None, ..problem(422, "not-for-us") }, Deferred("status-422"));
    check(with_body(422, "application/json", r#"{"code":"not-for-us"}"#), Deferred("status-422"));
    check(with_body(422, "application/problem+json", r#"{"code":7}"#), Deferred("status-422"));
    check(with_body(422, "application/problem+json", "not-for-us"), Deferred("status-422"));
    check(with_body(422, "text/html", "not-for-us"), Deferred("status-422"));
    for status in NEVER_REFUSALS {
        check(problem(status, "not-for-us"), Deferred("status-"));
    }
    check(problem(500, "not-for-us"), Deferred("status-500"));
    check(problem(503, "not-for-us"), Deferred("status-503"));
    check(problem(301, "not-for-us"), Deferred("status-301"));
}

#[test]
fn every_other_answer_is_a_fault_of_the_partner() {
    for status in [
        100, 101, 300, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 410, 411,
        412, 413, 414, 415, 418, 421, 422, 423, 425, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 507,
        511, 599, 600, 999,
    ] {
        check(answer(status), Means::Deferred("status-"));
        // Not even with the right echo.
        check(echo(status), Means::Deferred("status-"));
        check(with_body(status, "text/html", "<html>login</html>"), Means::Deferred("status-"));
    }
}

#[test]
fn no_answer_is_a_fault_of_the_partner() {
    for (silence, detail) in [
        (Silence::Unreachable("connection refused".to_owned()), "unreachable: connection refused"),
        (Silence::Tls("unknown issuer".to_owned()), "tls: unknown issuer"),
        (Silence::Timeout(Phase::Head, Duration::from_secs(30)), "timeout: no answer within 30s"),
        (Silence::Elsewhere([127, 0, 0, 1].into()), "elsewhere: the name stands for 127.0.0.1"),
        (Silence::Broken("connection reset\r\nby peer".to_owned()), "broken: connection resetby peer"),
    ] {
        for acknowledge in [Acknowledge::Echo, Acknowledge::Status] {
            check_with(acknowledge, &Received::Nothing(silence.clone()), Means::Deferred(detail));
        }
    }
    let long = Received::Nothing(Silence::Tls("x".repeat(10_000)));
    let expected = Expected {
        delivery: sample::id(1),
        digest: Digest::of(SENT),
        acknowledge: Acknowledge::Echo,
        keys: &[],
    };
    assert_eq!(classify(&expected, &long, NOW).detail.len(), DETAIL_CHARACTERS_MAX);
}

#[test]
fn a_member_known_not_to_echo_is_believed_its_2xx_and_nothing_more() {
    let check = |answer, means| check_with(Acknowledge::Status, &Received::Answer(answer), means);
    check(answer(200), Means::Stored);
    check(answer(204), Means::Stored);
    check(with_body(200, "text/html", "<html>Thanks</html>"), Means::Stored);
    check(answer(302), Means::Deferred("status-302"));
    check(answer(404), Means::Deferred("status-404"));
    check(answer(500), Means::Deferred("status-500"));
    check(problem(422, "not-for-us"), Means::Refused("not-for-us"));
}

#[test]
fn a_member_that_signs_is_believed_its_receipt_and_no_echo() {
    let key = sample::key();
    let keys = [key.public()];
    let signed = |digest: Digest| {
        let text = format!(r#"{{"delivery":"{}","digest":"sha-256:{}"}}"#, id(), digest.hex());
        key.sign(delivered::DELIVERED, text.as_bytes())
    };
    let jose = |status, jws: &str| with_body(status, "application/jose", jws);
    let acknowledge = Acknowledge::Signed;
    let (good, other) = (signed(Digest::of(SENT)), signed(Digest::of(b"other")));
    for (answer, grade, detail) in [
        (jose(200, &good), Some('A'), "receipt"),
        (jose(202, &format!("{good}\n")), Some('A'), "receipt"),
        (jose(409, &good), Some('A'), "receipt"),
        (jose(200, &other), None, "receipt-mismatch"),
        (jose(200, "a.b.c"), None, "receipt-unverified: not a compact JWS"),
        (jose(200, &"x".repeat(delivered::RECEIPT_BYTES_MAX + 1)), None, "receipt-too-long"),
        (Answer { cut: Some(Cut::Broken), ..jose(200, &good) }, None, "answer-cut: broken off"),
        (with_body(200, "text/plain", &good), None, "receipt-missing"),
        (echo(200), None, "receipt-missing"),
        (echo(409), None, "receipt-missing"),
        (answer(409), None, "status-409"),
        (jose(500, &good), None, "status-500"),
    ] {
        let expected =
            Expected { delivery: sample::id(1), digest: Digest::of(SENT), acknowledge, keys: &keys };
        let meaning = classify(&expected, &Received::Answer(answer.clone()), NOW);
        assert_eq!((meaning.grade(), meaning.detail.as_str()), (grade, detail), "{answer:?}");
        assert_eq!(meaning.receipt, grade.map(|_| good.clone()));
    }
    // From any other member a receipt is an answer without echo.
    check(jose(200, &good), Means::Deferred("echo-missing"));
}

#[test]
fn a_target_may_say_when_to_come_again() {
    use Means::{Deferred, Wait};
    check(later(429, "120"), Wait(120));
    check(later(503, " 3 "), Wait(3));
    check(later(503, "Sun, 06 Nov 1994 08:50:37 GMT"), Wait(60));
    check(later(503, "Sun, 06 Nov 1994 08:00:00 GMT"), Wait(0));
    check(later(429, "99999999999999999999999"), Wait(u64::from(u32::MAX)));
    check(later(429, "-5"), Deferred("status-429"));
    check(later(429, "soon"), Deferred("status-429"));
    check(later(429, ""), Deferred("status-429"));
    check(later(404, "120"), Deferred("status-404"));
    check(later(500, "120"), Deferred("status-500"));
}

#[test]
fn a_path_that_is_gone_for_two_hours_loses_nothing() {
    use crate::model::{delivery::step, retry::Policy};
    let policy = Policy::default();
    let mut life = sample::delivery(1).life;
    let expected = Expected {
        delivery: sample::id(1),
        digest: Digest::of(SENT),
        acknowledge: Acknowledge::Echo,
        keys: &[],
    };
    let back = Timestamp(0).plus(Duration::from_secs(7200));
    let mut tries = 0;
    while let Some(now) = life.state.due() {
        let received = Received::Answer(if now < back { answer(404) } else { echo(200) });
        life = step(&life, &classify(&expected, &received, now).event, now, &policy, 255).unwrap();
        tries += 1;
    }
    assert_eq!(life.state, crate::model::delivery::State::Delivered);
    assert!(tries > 3, "it was tried {tries} times");
}

#[test]
fn the_answer_is_kept_as_status_and_digest_only() {
    let expected = Expected {
        delivery: sample::id(1),
        digest: Digest::of(SENT),
        acknowledge: Acknowledge::Echo,
        keys: &[],
    };
    let meaning = classify(&expected, &Received::Answer(problem(422, "not-for-us")), NOW);
    assert_eq!((meaning.status, meaning.word()), (Some(422), "refused"));
    assert_eq!(meaning.answer, Some(Digest::of(br#"{"title":"no","code":"not-for-us"}"#)));
    assert_eq!(classify(&expected, &Received::Answer(answer(500)), NOW).answer, None);
}
