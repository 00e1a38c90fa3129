//! What is offered: the tools that the settings choose, and the operator's own from `CUSTOM_TOOLS_FILE`, which is read again when
//! it has changed.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::reread::{self, Mark};
use super::{Error, policy};
use crate::config::{self, Problem, Settings};
use crate::mcp::Handler;
use crate::mcp::custom::{self, Custom, Rules};
use crate::mcp::offer::Offer;
use crate::mcp::tools::Registry;
use crate::policy::is_like;
use crate::sql::nearest;
use crate::telemetry::LIFECYCLE;
use crate::telemetry::metrics::Metrics;
use crate::warehouse::WarehouseKind;

/// How often the file is looked at.
const EVERY: Duration = Duration::from_secs(5);

/// Longest file.
const MOST_BYTES: u64 = 1 << 20;

/// Everything about tools in the settings, and in the file they name, that cannot be meant.
pub(super) fn problems(settings: &Settings) -> Vec<Problem> {
    let mut settings = settings.clone();
    // The process has not changed into its folder yet.
    if let (Some(folder), Some(path)) = (
        &settings.server.working_dir,
        &mut settings.limits.custom_tools_file,
    ) {
        *path = folder.join(&*path);
    }
    match build(&settings, bytes(&settings)) {
        Ok(_) => Vec::new(),
        Err(problems) => problems,
    }
}

/// What these settings offer, and the state of the file that it was made of.
///
/// # Errors
///
/// One of the problems, which were all told before.
pub(super) fn offer(settings: &Settings) -> Result<(Offer, Mark), Error> {
    let bytes = bytes(settings);
    let taken = bytes.as_ref().and_then(reread::mark);
    let offer = build(settings, bytes)
        .map_err(|mut problems| problems.pop().map_or(Error::Panicked, Error::Setting))?;
    Ok((offer, taken))
}

/// What the file holds, where one is named.
fn bytes(settings: &Settings) -> Option<io::Result<Vec<u8>>> {
    let path = settings.limits.custom_tools_file.as_ref()?;
    Some(reread::bytes(path, MOST_BYTES))
}

/// The tools and prompts of the settings and of their file, or every problem with them.
fn build(settings: &Settings, bytes: Option<io::Result<Vec<u8>>>) -> Result<Offer, Vec<Problem>> {
    // With problems in the file the settings are checked all the same, so that both are reported at
    // once.
    let (own, mut problems) = match read(settings, bytes) {
        Ok(own) => (own, Vec::new()),
        Err(problems) => (Custom::default(), problems),
    };
    for warning in &own.warnings {
        tracing::warn!(target: LIFECYCLE, "{warning}");
    }
    let limits = &settings.limits;
    let kind = match settings.warehouse.backend {
        config::Backend::Embedded => WarehouseKind::Embedded,
        config::Backend::Snowflake => WarehouseKind::Snowflake,
    };
    let mut registry = Registry::new(&limits.toolsets).on(kind);
    registry = match settings.policy.sql_policy {
        config::SqlPolicy::ReadOnly => registry,
        config::SqlPolicy::ReadWrite | config::SqlPolicy::Admin => registry.with_changes(),
    };
    if settings.policy.history_scope == config::HistoryScope::User {
        registry = registry.with_whole_history();
    }
    // All tools and not those of the chosen toolsets: naming a tool that is switched off anyway is
    // no mistake.
    let mut known: Vec<String> = Registry::names().collect();
    known.extend(
        own.tools
            .iter()
            .map(|entry| entry.description.name.to_string()),
    );
    // The names above count even without the toolset, for the same reason.
    if limits.toolsets.contains(&config::Toolset::Custom) {
        registry = registry.with(own.tools);
    }
    // After all tools are in: it marks each of them.
    registry = registry.with_answers_of(limits.max_result_bytes.as_usize());
    if limits.structured_output {
        registry = registry.with_output_schemas();
    }
    for (setting, names, is_choice) in [
        ("TOOLS", &limits.tools, true),
        ("DISABLED_TOOLS", &limits.disabled_tools, false),
    ] {
        let Some(patterns) = names else { continue };
        for pattern in patterns.iter() {
            if !known.iter().any(|name| is_like(pattern, name)) {
                let near = nearest(pattern, known.iter().map(String::as_str), 1);
                let near = near.first().map(|near| format!("; did you mean {near}?"));
                let reason = format!("there is no tool {pattern}{}", near.unwrap_or_default());
                problems.push(problem(setting, &reason));
            }
        }
        registry = registry
            .only(|name| patterns.iter().any(|pattern| is_like(pattern, name)) == is_choice);
    }
    if problems.is_empty() {
        Ok(Offer::from(registry).with_prompts(own.prompts))
    } else {
        Err(problems)
    }
}

fn problem(setting: &'static str, reason: &str) -> Problem {
    Problem::of_room(setting, format!("{setting}: {reason}"))
}

/// The operator's tools and prompts; none where no file is named.
fn read(settings: &Settings, bytes: Option<io::Result<Vec<u8>>>) -> Result<Custom, Vec<Problem>> {
    let (Some(path), Some(bytes)) = (&settings.limits.custom_tools_file, bytes) else {
        return Ok(Custom::default());
    };
    let of_file = |reason: String| problem("CUSTOM_TOOLS_FILE", &reason);
    let unreadable = |error: Error| vec![of_file(error.to_string())];
    let policy = policy::policy(settings).map_err(unreadable)?;
    let place = policy::Defaults::read(settings).map_err(unreadable)?;
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other));
    let text = text.map_err(|error| {
        vec![of_file(format!(
            "{} cannot be read: {error}",
            path.display()
        ))]
    })?;
    // An operator's tool must never stand in for a built-in one, not even for one that is switched
    // off.
    let taken: Vec<String> = Registry::names().collect();
    let rules = Rules {
        policy: &policy,
        database: place.database.as_ref(),
        schema: place.schema.as_ref(),
        taken: &taken,
    };
    custom::read(&path.display().to_string(), &text, &rules)
        .map_err(|found| found.iter().map(|it| of_file(it.to_string())).collect())
}

/// Looks at the file for as long as the runtime lives. A file with problems changes nothing.
pub(super) async fn watch(
    settings: Settings,
    taken: Mark,
    handler: Handler,
    metrics: Arc<Metrics>,
) {
    let Some(path) = settings.limits.custom_tools_file.clone() else {
        return;
    };
    let file = path.display().to_string();
    let read = move |bytes| build(&settings, Some(bytes));
    let take = |offer| match offer {
        Ok(offer) => {
            handler.offer(offer);
            tracing::info!(target: LIFECYCLE, event = "tools_changed", %file, "the tools have changed");
        }
        Err(problems) => {
            metrics.custom_tools_refused();
            for problem in problems {
                tracing::warn!(target: LIFECYCLE, event = "tools_not_changed", "the tools stay as they were: {problem}");
            }
        }
    };
    reread::follow(path, MOST_BYTES, EVERY, taken, read, take).await;
}
