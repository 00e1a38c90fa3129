//! `GET /metrics` for Prometheus.

use actix_web::http::header;
use actix_web::{HttpResponse, web};

use crate::telemetry::metrics::Metrics;

/// All metrics in the text format. Labels contain no statement and no name of an object, so the route needs no key; if
/// even the counts must not be public, `MANAGEMENT_PORT` moves it to a port of its own.
pub(super) async fn metrics(metrics: web::Data<Metrics>) -> HttpResponse {
    match metrics.render() {
        Ok(text) => HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, Metrics::CONTENT_TYPE))
            .body(text),
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}
