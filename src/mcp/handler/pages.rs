//! Resources and completions. Both are made from a tool's answer, with the caller's rights.

use std::time::Instant;

use rmcp::ErrorData;
use rmcp::model::{
    CallToolResult, CompleteRequestParams, CompletionInfo, JsonObject, ReadResourceResult, Resource,
};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::Value;

use super::{Handler, instructions, terms};
use crate::mcp::asked::Asked;
use crate::mcp::completion::{self, Question};

use crate::mcp::resources::{self, Wanted};

impl Handler {
    /// The resources that are listed: two pages about this server, and the tables of the default schema if they can be
    /// listed.
    pub(super) async fn resources(&self, context: RequestContext<RoleServer>) -> Vec<Resource> {
        let mut listed = resources::fixed();
        let offer = self.services.offered.now();
        let home = self.services.queries.default_place();
        let (Some(place), Some(_)) = (home, offer.tools.get("list_tables")) else {
            return listed;
        };
        let arguments = serde_json::json!({
            "schema": place, "limit": resources::MOST_TABLES, "format": "json",
        });
        if let Ok(tables) = self.ask_tool("list_tables", arguments, context).await {
            listed.extend(resources::tables(&tables));
        }
        listed
    }

    /// Reads a resource.
    pub(super) async fn page(
        &self,
        uri: &str,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResult, ErrorData> {
        let offer = self.services.offered.now();
        match resources::wanted(uri, &offer.tools)? {
            Wanted::Guide => {
                let caller = self.caller(&context);
                let instructions = instructions(&self.services, &caller);
                Ok(resources::page(
                    uri,
                    resources::guide(&instructions, &offer.tools, &caller),
                ))
            }
            Wanted::Policy => {
                let caller = self.caller(&context);
                let (policy, budget) = terms(&self.services, &caller);
                Ok(resources::page(
                    uri,
                    resources::policy(&policy.in_words(), budget),
                ))
            }
            Wanted::Answer {
                tool,
                arguments,
                sample,
            } => {
                let mut result = self
                    .ask_tool(tool, Value::Object(arguments), context.clone())
                    .await?;
                if let Some(sample) = sample.filter(|_| result.is_error != Some(true)) {
                    let rows = self.ask_tool(resources::SAMPLE, Value::Object(sample), context);
                    result = resources::with_rows(result, rows.await?);
                }
                resources::page_of(uri, result)
            }
        }
    }

    /// The values to offer for an argument; none if they do not come at once.
    pub(super) async fn completed(
        &self,
        request: &CompleteRequestParams,
        mut context: RequestContext<RoleServer>,
    ) -> Result<CompletionInfo, ErrorData> {
        let caller = self.caller(&context);
        let question = completion::question(request, &self.services.offered.now(), &caller);
        let question = question.map_err(|problem| ErrorData::invalid_params(problem, None))?;
        let (tool, arguments, names, typed, before) = match question {
            Question::Words(words) => return Ok(completion::info(words)),
            Question::Tool {
                tool,
                arguments,
                names,
                typed,
                before,
            } => (tool, arguments, names, typed, before),
        };
        // A client asks at every letter. The limit is apart from that of calls, which must not be
        // used up by typing.
        if self.completions.admit(&caller, Instant::now()).is_err() {
            return Ok(CompletionInfo::default());
        }
        // Cancelled and not just dropped, so that its end is in the log and the metrics.
        let gone = context.ct.child_token();
        context.ct = gone.clone();
        let answer = self.ask_tool(tool, Value::Object(arguments), context);
        tokio::pin!(answer);
        let answered = match tokio::time::timeout(completion::PATIENCE, &mut answer).await {
            Ok(answered) => answered,
            Err(_) => {
                gone.cancel();
                answer.await
            }
        };
        Ok(match answered {
            // The tool filtered already; here the names are matched with what was typed and sorted.
            Ok(result) => completion::names(&result, names, &typed, &before),
            // Not an error: the person continues to type, and the client asks again.
            Err(_) => CompletionInfo::default(),
        })
    }

    /// A call of one of our own tools for a request that is not a tool call. It counts as one of the caller's calls.
    async fn ask_tool(
        &self,
        tool: &'static str,
        arguments: Value,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResult, ErrorData> {
        let arguments = match arguments {
            Value::Object(arguments) => arguments,
            _ => JsonObject::new(),
        };
        let exchange = (self.services.exchange)(&context.extensions);
        let asked = Asked::of(&context, self.caller(&context), exchange);
        Ok(match self.run(tool, Some(arguments), asked).await? {
            Ok(reply) => reply.into_result(),
            Err(failure) => failure.into_result(self.is_structured()),
        })
    }
}
