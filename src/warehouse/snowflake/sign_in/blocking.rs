//! Work that would keep a thread of the runtime from serving requests.

use super::error::Error;

/// Runs what reads files or derives keys away from the threads that serve requests.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|source| Error::Internal {
            message: "a task ended early",
            source: Some(source.into()),
        })?
}
