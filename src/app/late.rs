//! Stands in for a warehouse that is still starting.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use tokio::sync::SetOnce;

use crate::warehouse::{Answer, Earlier, Error, Run, Started, Status, Warehouse, WarehouseKind};

/// A warehouse that is still starting. Calls wait for it.
pub(super) struct Late {
    kind: WarehouseKind,
    started: SetOnce<Arc<dyn Warehouse>>,
}

impl Late {
    pub(super) fn new(kind: WarehouseKind) -> Self {
        Self {
            kind,
            started: SetOnce::new(),
        }
    }

    /// The warehouse has started.
    pub(super) fn set(&self, warehouse: Arc<dyn Warehouse>) {
        // Called once.
        let _ = self.started.set(warehouse);
    }

    /// The warehouse, waited for until `deadline`.
    async fn by(&self, deadline: Instant) -> Result<&Arc<dyn Warehouse>, Error> {
        if let Some(warehouse) = self.started.get() {
            return Ok(warehouse);
        }
        tokio::time::timeout_at(deadline.into(), self.started.wait())
            .await
            .map_err(|_| Error::Busy {
                message: format!("the {} warehouse is still starting", self.kind),
                retry_after: None,
            })
    }
}

#[async_trait]
impl Warehouse for Late {
    fn kind(&self) -> WarehouseKind {
        self.kind
    }

    async fn run(&self, run: Run) -> Result<Answer, Error> {
        self.by(run.deadline).await?.run(run).await
    }

    async fn start(&self, run: Run, patience: Instant) -> Result<Started, Error> {
        self.by(run.deadline).await?.start(run, patience).await
    }

    async fn status(&self, earlier: &Earlier) -> Result<Status, Error> {
        self.by(Instant::now()).await?.status(earlier).await
    }

    async fn result(
        &self,
        earlier: &Earlier,
        skip: u64,
        patience: Instant,
        deadline: Instant,
    ) -> Result<Started, Error> {
        let warehouse = self.by(deadline).await?;
        warehouse.result(earlier, skip, patience, deadline).await
    }

    async fn cancel(&self, earlier: &Earlier) -> Result<bool, Error> {
        self.by(Instant::now()).await?.cancel(earlier).await
    }

    async fn ready(&self) -> Result<(), Error> {
        self.started.wait().await.ready().await
    }

    async fn close(&self) {
        // One that is not there yet ends with the process.
        if let Some(warehouse) = self.started.get() {
            warehouse.close().await;
        }
    }
}
