//! Just enough of an MCP client: revision 2025-06-18, one POST per request, no session.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

/// Talks to one `/mcp`. A cheap clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    key: Option<String>,
}

impl Client {
    pub(super) fn new(http: reqwest::Client, url: String) -> Self {
        Self {
            http,
            url,
            key: None,
        }
    }

    /// The same with a bearer key.
    pub fn key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    /// A POST with all headers an MCP client sends, for the test to change and send.
    pub fn post(&self) -> RequestBuilder {
        let post = self
            .http
            .post(&self.url)
            .header("Content-Type", "application/json")
            .header("Accept", "application/json, text/event-stream")
            .header("MCP-Protocol-Version", "2025-06-18");
        match &self.key {
            Some(key) => post.bearer_auth(key),
            None => post,
        }
    }

    /// One request; the whole JSON-RPC answer.
    pub async fn request(&self, method: &str, params: Value) -> Value {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let response = self.post().json(&body).send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        // A call that reports progress answers with a stream of events, the last of which is the answer.
        let answer = text
            .lines()
            .filter_map(|line| line.strip_prefix("data:"))
            .next_back()
            .unwrap_or(&text);
        serde_json::from_str(answer).unwrap_or_else(|_| panic!("{status}: {text}"))
    }

    /// A tool's result: `content`, `structuredContent`, `isError`.
    pub async fn call_tool(&self, name: &str, arguments: Value) -> Value {
        let answer = self
            .request("tools/call", json!({"name": name, "arguments": arguments}))
            .await;
        match answer.get("result") {
            Some(result) => result.clone(),
            None => panic!("{name} is no tool result: {answer}"),
        }
    }
}
