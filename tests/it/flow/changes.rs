//! What becomes of a certificate after it was issued: it is amended, replaced, cancelled, sent elsewhere.

use super::story::{Sheet, Story, amended, bound_for, cancellation, tea};

#[tokio::test(flavor = "multi_thread")]
async fn amendment_replacement_and_cancellation_follow_in_order() {
    let mut story = Story::begin().await;
    let first = tea("AL-1");
    story.deliver("almora", "issue", Sheet::json(&first)).await;
    story.deliver("almora", "amend", amended(&first, "two pallets")).await;
    let replacement = Sheet::json(&tea("AL-2")).with("coo-function", "5").with("coo-earlier", "AL-1");
    story.deliver("almora", "replace", replacement).await;
    story.deliver("almora", "cancel", cancellation("AL-2")).await;
    story.deliver("almora", "cancel-again", cancellation("AL-2")).await;
    story.push("almora", "late", amended(&tea("AL-2"), "too late")).await;
    story.reads(
        r#"
        almora issue: 202 m1, function 9, edi3-coo, AL-1 v1
          delivered
          d1 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          corvania gets d1 certificate full AL-1 v1, application/xml
        almora amend: 202 m2, function 4, edi3-coo, AL-1 v2
          delivered
          d2 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          corvania gets d2 certificate full AL-1 v2, application/xml
        almora replace: 202 m3, function 5, edi3-coo, AL-2 v1
          delivered
          d3 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          corvania gets d3 certificate full AL-2 v1, application/xml
        almora cancel: 202 m4, function 1, hub message, AL-2 v1
          delivered
          d4 to corvania (it was sent the certificate that is cancelled): hub-message, 0 lost, delivered
          corvania gets d4 cancellation full AL-2 v1, cancellation
        almora cancel-again: 202 m5, function 1, hub message, AL-2 v1
          the same as m4
          duplicate
        almora late: 409 certificate-cancelled: the certificate was cancelled; issue a new one
        "#,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amendment_to_another_country_withdraws_the_copy_of_the_first() {
    let mut story = Story::begin().await;
    let first = tea("AL-1");
    story.deliver("almora", "issue", Sheet::json(&first)).await;
    let amended = Sheet::json(&bound_for(&first, "XB")).with("coo-function", "4");
    story.deliver("almora", "amend", amended).await;
    story.note("what is cancelled now is only brisca's to know:");
    story.deliver("almora", "cancel", cancellation("AL-1")).await;
    story.reads(
        r#"
        almora issue: 202 m1, function 9, edi3-coo, AL-1 v1
          delivered
          d1 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          corvania gets d1 certificate full AL-1 v1, application/xml
        almora amend: 202 m2, function 4, edi3-coo, AL-1 v2
          delivered
          d2 to brisca (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          d3 to corvania (a later version no longer names this target): hub-message, 0 lost, delivered
          brisca gets d2 certificate full AL-1 v2, application/xml, unseen: target
          corvania gets d3 cancellation full AL-1 v1, withdrawal
        what is cancelled now is only brisca's to know:
        almora cancel: 202 m3, function 1, hub message, AL-1 v2
          delivered
          d4 to brisca (it was sent the certificate that is cancelled): hub-message, 0 lost, delivered
          brisca gets d4 cancellation full AL-1 v2, cancellation
        "#,
    );
}
