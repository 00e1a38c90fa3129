//! What the official conformance suite of MCP asks for by name and no operator could add: images, sounds, addresses of `test://`,
//! calls that ask the client back. Only in builds with the feature `conformance-fixtures`, which no image and no package has.
//!
//! They stand beside what this server offers, so that the suite tries the same transport, handler and serializers.

use std::sync::OnceLock;

use ring::hmac;
use rmcp::ErrorData;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ErrorCode, GetPromptRequestParams,
    GetPromptResponse, GetPromptResult, InputRequiredResult, ProgressNotificationParam, Prompt,
    ReadResourceResponse, ReadResourceResult, Resource, ResourceTemplate, Tool,
};
use rmcp::service::{RequestContext, RoleServer};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A red pixel.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";

/// A sound without samples.
const WAV: &str = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAAAAA==";

/// The tools without arguments.
const PLAIN: [&str; 15] = [
    "test_image_content",
    "test_audio_content",
    "test_embedded_resource",
    "test_multiple_content_types",
    "test_tool_with_progress",
    "test_missing_capability",
    "test_streaming_elicitation",
    "test_logging_tool",
    "test_input_required_result_elicitation",
    "test_input_required_result_sampling",
    "test_input_required_result_list_roots",
    "test_input_required_result_request_state",
    "test_input_required_result_multiple_inputs",
    "test_input_required_result_multi_round",
    "test_input_required_result_tampered_state",
];

/// The tool whose answer depends on the client's capabilities.
const BY_CAPABILITIES: &str = "test_input_required_result_capabilities";

/// The tool whose schema uses all of JSON Schema.
const SCHEMA: &str = "json_schema_2020_12_tool";

/// The tool with an argument that is also sent as a header.
const HEADERS: &str = "test_custom_headers";

const PROMPT: &str = "test_input_required_result_prompt";

fn read<T: DeserializeOwned>(value: Value) -> Result<T, ErrorData> {
    serde_json::from_value(value)
        .map_err(|error| ErrorData::internal_error(error.to_string(), None))
}

/// Those that can be read, which are all: the suite would miss them.
fn all<T: DeserializeOwned>(values: impl IntoIterator<Item = Value>) -> Vec<T> {
    values.into_iter().filter_map(|it| read(it).ok()).collect()
}

pub(super) fn tools() -> Vec<Tool> {
    let description = "For the conformance suite only.";
    let nothing = json!({ "type": "object", "properties": {} });
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {"address": {"$anchor": "addressDef", "type": "object", "properties": {
            "street": {"type": "string"}, "city": {"type": "string"}}}},
        "properties": {
            "name": {"type": "string"}, "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": {"type": "string"}, "email": {"type": "string"},
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": false,
    });
    let headers = json!({
        "type": "object", "required": ["region"],
        "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
    });
    let plain = PLAIN.iter().chain([&BY_CAPABILITIES]);
    let named = plain.map(|name| (*name, nothing.clone()));
    let named = named.chain([(SCHEMA, schema), (HEADERS, headers)]);
    all(named.map(
        |(name, schema)| json!({ "name": name, "description": description, "inputSchema": schema }),
    ))
}

pub(super) fn resources() -> Vec<Resource> {
    all([
        json!({ "uri": "test://static-text", "name": "static-text", "mimeType": "text/plain" }),
        json!({ "uri": "test://static-binary", "name": "static-binary", "mimeType": "image/png" }),
    ])
}

pub(super) fn templates() -> Vec<ResourceTemplate> {
    all([json!({ "uriTemplate": "test://template/{id}/data", "name": "template" })])
}

pub(super) fn prompts() -> Vec<Prompt> {
    let description = "For the conformance suite only.";
    let argument =
        json!([{ "name": "resourceUri", "description": "An address", "required": true }]);
    all([
        json!({ "name": "test_prompt_with_embedded_resource", "description": description, "arguments": argument }),
        json!({ "name": "test_prompt_with_image", "description": description }),
        json!({ "name": PROMPT, "description": description }),
    ])
}

/// The contents of an address of ours.
pub(super) fn resource(uri: &str) -> Option<Result<ReadResourceResponse, ErrorData>> {
    let contents = match uri.strip_prefix("test://")? {
        "static-text" => {
            json!({ "uri": uri, "mimeType": "text/plain", "text": "A text that never changes." })
        }
        "static-binary" => json!({ "uri": uri, "mimeType": "image/png", "blob": PNG }),
        other => {
            let id = other.strip_prefix("template/")?.strip_suffix("/data")?;
            json!({ "uri": uri, "mimeType": "application/json", "text": json!({ "id": id }).to_string() })
        }
    };
    // With the fields that results of the newest revision must have.
    let result = json!({ "resultType": "complete", "contents": [contents], "ttlMs": 0, "cacheScope": "private" });
    Some(read::<ReadResourceResult>(result).map(Into::into))
}

pub(super) fn prompt(
    request: &GetPromptRequestParams,
) -> Option<Result<GetPromptResponse, ErrorData>> {
    let content = match request.name.as_str() {
        "test_prompt_with_embedded_resource" => {
            let uri = request.arguments.as_ref()?.get("resourceUri")?;
            json!({ "type": "resource", "resource": {"uri": uri, "mimeType": "text/plain", "text": "The text of it."} })
        }
        "test_prompt_with_image" => {
            json!({ "type": "image", "data": PNG, "mimeType": "image/png" })
        }
        PROMPT => {
            let answers = answers(&request.input_responses);
            if answers.get("user_context").is_none() {
                let asked = json!({ "user_context": question("What context should the prompt use?", "context") });
                return Some(input_required(asked, None).map(Into::into));
            }
            json!({ "type": "text", "text": "With the context that was given." })
        }
        _ => return None,
    };
    let result =
        json!({ "resultType": "complete", "messages": [{ "role": "user", "content": content }] });
    Some(read::<GetPromptResult>(result).map(Into::into))
}

pub(super) async fn call(
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Option<Result<CallToolResponse, ErrorData>> {
    let name = &*request.name;
    if !tools().iter().any(|tool| tool.name == name) {
        return None;
    }
    let text = |text: &str| json!({ "type": "text", "text": text });
    let image = json!({ "type": "image", "data": PNG, "mimeType": "image/png" });
    let resource = json!({ "type": "resource", "resource": {
        "uri": "test://embedded-resource", "mimeType": "text/plain", "text": "The text of a resource."}});
    let content = match name {
        "test_image_content" => json!([image]),
        "test_audio_content" => json!([{ "type": "audio", "data": WAV, "mimeType": "audio/wav" }]),
        "test_embedded_resource" => json!([resource]),
        "test_multiple_content_types" => json!([text("A text."), image, resource]),
        "test_tool_with_progress" => {
            if let Some(token) = context.meta.get_progress_token() {
                for step in [0.0, 50.0, 100.0] {
                    let progress = ProgressNotificationParam::new(token.clone(), step);
                    let progress = progress.with_total(100.0);
                    // A client that does not listen is noticed by the transport.
                    let _ = context.peer.notify_progress(progress).await;
                }
            }
            json!([text("Done.")])
        }
        "test_missing_capability" if !can(context, "sampling") => {
            let needs = json!({ "requiredCapabilities": {"sampling": {}} });
            return Some(Err(ErrorData::new(
                ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY,
                "this tool needs a client that can sample",
                Some(needs),
            )));
        }
        name if name.starts_with("test_input_required_result_") => {
            return Some(ask_back(name, request, context));
        }
        _ => json!([text("Nothing was asked and nothing was logged.")]),
    };
    Some(
        read::<CallToolResult>(json!({ "resultType": "complete", "content": content }))
            .map(Into::into),
    )
}

/// Whether the client declares this capability.
fn can(context: &RequestContext<RoleServer>, what: &str) -> bool {
    let meta = serde_json::to_value(&context.meta).unwrap_or_default();
    let capabilities = meta.get("io.modelcontextprotocol/clientCapabilities");
    capabilities.is_some_and(|all| all.get(what).is_some())
}

/// A call that needs an answer of the client first.
fn ask_back(
    name: &str,
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let answers = answers(&request.input_responses);
    let state = match &request.request_state {
        None => None,
        Some(state) => Some(opened(state).ok_or_else(|| {
            ErrorData::invalid_params("the request state is not the one that was sent", None)
        })?),
    };
    let sample = json!({ "method": "sampling/createMessage", "params": {"maxTokens": 100, "messages": [
        {"role": "user", "content": {"type": "text", "text": "What is the capital of France?"}}]}});
    let roots = json!({ "method": "roots/list", "params": {} });
    let name_question = question("What is your name?", "name");
    let (asked, next) = match name
        .strip_prefix("test_input_required_result_")
        .unwrap_or(name)
    {
        "elicitation" => (json!({ "user_name": name_question }), None),
        "sampling" => (json!({ "capital_question": sample }), None),
        "list_roots" => (json!({ "client_roots": roots }), None),
        "request_state" | "tampered_state" => (
            json!({ "confirm": question("Please confirm", "ok") }),
            Some("asked"),
        ),
        "multiple_inputs" => (
            json!({ "user_name": name_question, "greeting": sample, "client_roots": roots }),
            Some("asked"),
        ),
        "multi_round" => match state.as_deref() {
            None => (
                json!({ "step1": question("Step 1: What is your name?", "name") }),
                Some("first"),
            ),
            Some("first") => {
                let color = question("Step 2: What is your favorite color?", "color");
                (json!({ "step2": color }), Some("second"))
            }
            Some(_) => (json!({}), None),
        },
        _ => {
            let mut asked = json!({});
            for (what, key, question) in [
                ("elicitation", "user_name", name_question),
                ("sampling", "greeting", sample),
                ("roots", "client_roots", roots),
            ] {
                if let (true, Some(asked)) = (can(context, what), asked.as_object_mut()) {
                    asked.insert(key.to_owned(), question);
                }
            }
            (asked, None)
        }
    };
    let keys = asked.as_object().into_iter().flat_map(|all| all.keys());
    let is_answered = keys
        .clone()
        .all(|key| answers.get(key).is_some_and(Value::is_object));
    if is_answered && (keys.count() > 0 || state.is_some()) {
        let text = json!({ "resultType": "complete", "content": [{ "type": "text", "text": "Answered, state-ok." }] });
        return read::<CallToolResult>(text).map(Into::into);
    }
    input_required(asked, next.map(sealed)).map(Into::into)
}

fn input_required(asked: Value, state: Option<String>) -> Result<InputRequiredResult, ErrorData> {
    let mut result = json!({ "resultType": "input_required", "inputRequests": asked });
    if let (Some(state), Some(result)) = (state, result.as_object_mut()) {
        result.insert("requestState".to_owned(), state.into());
    }
    read(result)
}

fn question(message: &str, field: &str) -> Value {
    let kind = if field == "ok" { "boolean" } else { "string" };
    let schema =
        json!({ "type": "object", "properties": {field: {"type": kind}}, "required": [field] });
    json!({ "method": "elicitation/create", "params": {"message": message, "requestedSchema": schema} })
}

fn answers<T: serde::Serialize>(given: &Option<T>) -> Value {
    serde_json::to_value(given).unwrap_or_default()
}

fn key() -> &'static hmac::Key {
    static KEY: OnceLock<hmac::Key> = OnceLock::new();
    KEY.get_or_init(|| hmac::Key::new(hmac::HMAC_SHA256, &rand::random::<[u8; 32]>()))
}

/// A state that nobody else can write, because it is signed.
fn sealed(state: &str) -> String {
    let tag = hmac::sign(key(), state.as_bytes());
    let tag: String = tag
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{state}.{tag}")
}

fn opened(state: &str) -> Option<String> {
    let (content, _) = state.split_once('.')?;
    (sealed(content) == state).then(|| content.to_owned())
}
