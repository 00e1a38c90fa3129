//! What goes over the wire: the requests we write and the replies we read.
//!
//! Replies are read leniently, because the protocol is private and grows: unknown fields are ignored, every field may be
//! absent, and a `null` is the same as an absent one. All replies share one envelope, and the `data` of the endpoints we
//! use do not contradict each other, so one struct reads them all.
//!
//! What holds tokens, keys or rows cannot be printed: no `Debug`, so that no log line ever has them by mistake.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::memory::Growing;

/// Every reply.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Reply {
    pub(super) success: Option<bool>,
    #[serde(deserialize_with = "text_or_number")]
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) data: Option<Data>,
    /// How often its request was sent before the one that this answers. Not Snowflake's: the transport counts.
    #[serde(skip)]
    pub(super) repeated: u32,
}

/// What a reply carries; which fields are there depends on the endpoint and on how far a statement has come.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Data {
    // Signing in and renewing.
    pub(super) token: Option<String>,
    pub(super) master_token: Option<String>,
    pub(super) id_token: Option<String>,
    pub(super) session_token: Option<String>,
    pub(super) validity_in_seconds: Option<u64>,
    pub(super) master_validity_in_seconds: Option<u64>,
    #[serde(rename = "validityInSecondsST")]
    pub(super) validity_in_seconds_st: Option<u64>,
    #[serde(rename = "validityInSecondsMT")]
    pub(super) validity_in_seconds_mt: Option<u64>,
    pub(super) session_id: Option<i64>,
    pub(super) session_info: Option<SessionInfo>,
    // Statements.
    pub(super) parameters: Option<Vec<SessionParameter>>,
    pub(super) rowtype: Option<Vec<RowType>>,
    pub(super) rowset: Option<Vec<Vec<Option<String>>>>,
    pub(super) rowset_base64: Option<String>,
    pub(super) query_result_format: Option<String>,
    pub(super) total: Option<u64>,
    pub(super) chunks: Option<Vec<Chunk>>,
    pub(super) chunk_headers: Option<std::collections::BTreeMap<String, String>>,
    pub(super) qrmk: Option<String>,
    pub(super) query_id: Option<String>,
    pub(super) sql_state: Option<String>,
    pub(super) statement_type_id: Option<i64>,
    pub(super) final_database_name: Option<String>,
    pub(super) final_schema_name: Option<String>,
    pub(super) final_warehouse_name: Option<String>,
    pub(super) final_role_name: Option<String>,
    pub(super) get_result_url: Option<String>,
    /// `UPLOAD` or `DOWNLOAD`: the service asks us to move files. It is always refused.
    pub(super) command: Option<String>,
    // What the monitoring endpoint knows of a statement.
    pub(super) queries: Option<Vec<QueryStatus>>,
    // Failures.
    pub(super) line: Option<i64>,
    pub(super) pos: Option<i64>,
    /// The memory that all this was counted for. Not Snowflake's: the transport counts.
    #[serde(skip)]
    pub(super) held: Option<Growing>,
}

/// A statement as the monitoring endpoint tells of it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct QueryStatus {
    pub(super) status: Option<String>,
    pub(super) error_message: Option<String>,
    pub(super) sql_text: Option<String>,
    /// Milliseconds.
    pub(super) total_duration: Option<u64>,
    pub(super) stats: Option<QueryStats>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct QueryStats {
    pub(super) scan_bytes: Option<u64>,
    pub(super) produced_rows: Option<u64>,
}

/// What a session was really given.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct SessionInfo {
    pub(super) database_name: Option<String>,
    pub(super) schema_name: Option<String>,
    pub(super) warehouse_name: Option<String>,
    pub(super) role_name: Option<String>,
}

/// One of a session's parameters, as a reply lists them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SessionParameter {
    pub(super) name: String,
    pub(super) value: Value,
}

/// One column of a result.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RowType {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) nullable: bool,
    pub(super) length: Option<i64>,
    pub(super) precision: Option<i64>,
    pub(super) scale: Option<i64>,
    pub(super) ext_type_name: Option<String>,
    pub(super) vector_dimension: Option<i64>,
    pub(super) fields: Option<Vec<Self>>,
}

/// A chunk of a result that lies in cloud storage.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Chunk {
    pub(super) url: String,
    pub(super) row_count: u64,
    pub(super) uncompressed_size: u64,
    pub(super) compressed_size: Option<u64>,
}

/// The body of a sign-in.
#[derive(Serialize)]
pub(super) struct LoginRequest {
    pub(super) data: Map<String, Value>,
}

/// The body of a statement.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueryRequest {
    pub(super) sql_text: String,
    pub(super) async_exec: bool,
    pub(super) sequence_id: u64,
    pub(super) query_submission_time: u64,
    pub(super) is_internal: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) describe_only: bool,
    pub(super) parameters: Map<String, Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(super) bindings: Map<String, Value>,
    #[serde(rename = "queryContextDTO")]
    pub(super) query_context: Map<String, Value>,
}

/// Codes are texts with leading zeros; some replies write numbers.
fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

impl Reply {
    /// The code as a number; 0 when there is none.
    pub(super) fn code(&self) -> u32 {
        self.code
            .as_deref()
            .and_then(|code| code.trim().parse().ok())
            .unwrap_or(0)
    }

    /// Whether the request was carried out, or is being carried out.
    pub(super) fn is_success(&self) -> bool {
        self.success == Some(true)
    }
}

impl Data {
    /// Whether the statement is still running: its result is to be asked for at [`Self::get_result_url`].
    ///
    /// Told by what is there and not by the code alone, as the official drivers do.
    pub(super) fn is_in_progress(&self) -> bool {
        self.get_result_url.is_some()
            && self.rowset.is_none()
            && self.rowset_base64.is_none()
            && self.chunks.is_none()
    }
}
