//! Every kind of answer and of silence, row by row: what it does to its delivery, its lane, and who is to look.

use super::*;
use crate::deliver::lane::How;

/// What an answer does to its delivery, to the lane's breaker, and whether somebody is to look.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Row {
    /// The answer ends the delivery, so it closes the breaker.
    Ends(Means),
    /// It comes again and counts for the breaker; time may mend it.
    Passing(&'static str),
    /// It comes again and counts for the breaker; somebody must look.
    Alarm(&'static str),
}

/// The table of the design: every kind of answer, row by row.
#[test]
fn every_kind_of_answer_has_its_row() {
    use Row::{Alarm, Ends, Passing};
    let html = |status| with_body(status, "text/html", "<html>Log in</html>");
    let other = Answer { digest: Some(structured(b"other")), ..echo(409) };
    let seconds = Duration::from_secs(30);
    for (received, row) in [
        (Received::Answer(echo(202)), Ends(Means::Stored)),
        (Received::Answer(json_echo(200, SENT)), Ends(Means::Stored)),
        (Received::Answer(echo(409)), Ends(Means::Stored)),
        (Received::Answer(problem(422, "certificate-invalid")), Ends(Means::Refused("certificate-invalid"))),
        (Received::Answer(answer(200)), Alarm("echo-missing")),
        (Received::Answer(html(200)), Alarm("echo-missing")),
        (Received::Answer(json_echo(200, b"other")), Alarm("echo-mismatch")),
        (
            Received::Answer(Answer { cut: Some(Cut::Broken), ..answer(200) }),
            Passing("answer-cut: broken off"),
        ),
        (
            Received::Answer(Answer { cut: Some(Cut::Slow(seconds)), ..answer(200) }),
            Passing("answer-cut: no end of the answer within 30s"),
        ),
        (
            Received::Answer(Answer { cut: Some(Cut::Long(1024)), ..answer(200) }),
            Alarm("answer-cut: over 1 KiB"),
        ),
        (Received::Answer(other), Alarm("conflict-other-bytes")),
        (Received::Answer(answer(409)), Alarm("status-409")),
        (Received::Answer(answer(301)), Alarm("status-301")),
        (Received::Answer(answer(307)), Alarm("status-307")),
        (Received::Answer(answer(400)), Alarm("status-400")),
        (Received::Answer(answer(401)), Alarm("status-401")),
        (Received::Answer(answer(403)), Alarm("status-403")),
        (Received::Answer(answer(404)), Alarm("status-404")),
        (Received::Answer(answer(405)), Alarm("status-405")),
        (Received::Answer(answer(410)), Alarm("status-410")),
        (Received::Answer(html(404)), Alarm("status-404")),
        (Received::Answer(problem(422, "no-code-of-ours")), Alarm("status-422")),
        (Received::Answer(problem(401, "not-for-us")), Alarm("status-401")),
        (Received::Answer(answer(408)), Passing("status-408")),
        (Received::Answer(answer(425)), Passing("status-425")),
        (Received::Answer(answer(429)), Passing("status-429")),
        (Received::Answer(answer(500)), Passing("status-500")),
        (Received::Answer(html(502)), Passing("status-502")),
        (Received::Answer(answer(503)), Passing("status-503")),
    ] {
        check_row(&received, row);
    }
}

#[test]
fn every_kind_of_silence_has_its_row() {
    use Row::{Alarm, Passing};
    let seconds = Duration::from_secs(30);
    let nothing = Received::Nothing;
    for (received, row) in [
        (nothing(Silence::Unreachable("no such name".to_owned())), Passing("unreachable: no such name")),
        (nothing(Silence::Broken("reset".to_owned())), Passing("broken: reset")),
        (nothing(Silence::Tls("unknown issuer".to_owned())), Alarm("tls: unknown issuer")),
        (nothing(Silence::Elsewhere([10, 0, 0, 1].into())), Alarm("elsewhere: the name stands for 10.0.0.1")),
        (nothing(Silence::Timeout(Phase::Connect, seconds)), Passing("timeout: no connection within 30s")),
        (
            nothing(Silence::Timeout(Phase::Handshake, seconds)),
            Passing("timeout: no TLS handshake within 30s"),
        ),
        (
            nothing(Silence::Timeout(Phase::Turn, seconds)),
            Passing("timeout: no connection or stream free within 30s"),
        ),
        (
            nothing(Silence::Timeout(Phase::Send, seconds)),
            Passing("timeout: the delivery was not taken within 30s"),
        ),
        (nothing(Silence::Timeout(Phase::Head, seconds)), Passing("timeout: no answer within 30s")),
    ] {
        check_row(&received, row);
    }
}

fn check_row(received: &Received, row: Row) {
    let (means, alarm) = match row {
        Row::Ends(means) => (means, false),
        Row::Passing(detail) => (Means::Deferred(detail), false),
        Row::Alarm(detail) => (Means::Deferred(detail), true),
    };
    check_with(Acknowledge::Echo, received, means);
    let expected = Expected {
        delivery: sample::id(1),
        digest: Digest::of(SENT),
        acknowledge: Acknowledge::Echo,
        keys: &[],
    };
    let meaning = classify(&expected, received, NOW);
    assert_eq!(meaning.alarm, alarm, "{received:?}");
    assert_eq!(meaning.how() == How::PartnerFault, !matches!(row, Row::Ends(_)), "{received:?}");
}
