//! The OpenAPI 3.1 description: what the routes declare, and what holds for all of them.

use utoipa::openapi::{
    Components, Content, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required, ResponseBuilder, Schema,
    SecurityRequirement,
    header::HeaderBuilder,
    path::{Operation, Parameter},
    schema::{ObjectBuilder, SchemaType, Type},
    security::SecurityScheme,
    tag::TagBuilder,
};

use super::{api, respond::PROBLEM};

const DESCRIPTION: &str = "\
The members' door of a regional hub for electronic certificates of origin. Each issuing body pushes each issued \
certificate once, in its own national format; the hub delivers it to every party that must have it, in the form that \
party takes.

Connections are mutual TLS: your leaf says which member you are, and there is nothing else to log in with. Start with \
GET /v1/ping.

Every refusal is an RFC 9457 problem with a stable code. 429 and 503 carry Retry-After. No answer may be cached.";

/// Refusals that any route may answer: status, meaning, whether it says when to come back.
const COMMON: [(&str, &str, bool); 3] = [
    ("403", "You are not known as a member.", false),
    ("429", "More than your pace or your connections allow.", true),
    (
        "503",
        "The hub cannot do it now. Nothing was taken, unless the detail says that it may have been: send the very same again.",
        true,
    ),
];

/// Refusals that any route with a body may answer besides.
const OF_BODIES: [(&str, &str, bool); 3] = [
    ("400", "The body is missing, or not what the headers say of it.", false),
    ("408", "The body did not come in time.", false),
    ("413", "The body is too large.", false),
];

/// The OpenAPI 3.1 description of the members' door, as indented JSON with a line feed at its end.
#[must_use]
pub fn openapi() -> String {
    let mut description = api::declared().into_openapi();
    for path in description.paths.paths.values_mut() {
        path.get.iter_mut().chain(path.post.iter_mut()).chain(path.put.iter_mut()).for_each(complete);
    }
    let mut text = description.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// What holds whatever the route: title, security, tags.
pub(super) fn base() -> OpenApi {
    let info = InfoBuilder::new().title("coohub members' door").version("1").description(Some(DESCRIPTION));
    let mut components = Components::new();
    let description = Some("Your leaf is your identity.".into());
    let mutual = SecurityScheme::MutualTls { description, extensions: None, deprecated: None };
    components.add_security_scheme("mutualTls", mutual);
    let tag = |name, text| TagBuilder::new().name(name).description(Some(text)).build();
    OpenApiBuilder::new()
        .info(info)
        .components(Some(components))
        .security(Some([SecurityRequirement::new("mutualTls", Vec::<String>::new())]))
        .tags(Some([
            tag("messages", "Pushing, and asking what became of it."),
            tag("certificates", "One certificate by its number."),
            tag("reconciliation", "Comparing records, daily and after a restore."),
            tag("attachments", "Files beside a document."),
            tag("mailbox", "Collecting, for members without a server."),
            tag("hub", "The hub itself."),
        ]))
        .build()
}

/// Adds the common refusals where the route does not state them, and says of optional headers that they may be absent,
/// not null.
fn complete(operation: &mut Operation) {
    let of_bodies = OF_BODIES.iter().filter(|_| operation.request_body.is_some());
    for (status, meaning, later) in COMMON.iter().chain(of_bodies).copied() {
        let stated = operation.responses.responses.entry(status.to_owned());
        stated.or_insert_with(|| RefOr::T(refusal(meaning, later).build()));
    }
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(Parameter {
            required: Required::False,
            schema: Some(RefOr::T(Schema::Object(object))),
            ..
        }) = parameter
            && let SchemaType::Array(types) = &object.schema_type
            && let Some(first) = types.iter().find(|kind| **kind != Type::Null)
        {
            object.schema_type = SchemaType::Type(first.clone());
        }
    }
}

fn refusal(meaning: &str, later: bool) -> ResponseBuilder {
    let problem = Content::new(Some(Ref::from_schema_name("Problem")));
    let response = ResponseBuilder::new().description(meaning).content(PROBLEM, problem);
    if !later {
        return response;
    }
    let seconds = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Integer)).build();
    response.header(
        "Retry-After",
        HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds to wait.")).build(),
    )
}
