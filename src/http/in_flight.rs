//! How many requests of one caller are worked on at once.
//!
//! The queue in front of the warehouse bounds statements. This bounds whatever else a request holds: its body, its place in
//! a list, its open stream. Whoever sends more is told so before its body is read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::Next;
use actix_web::web;
use actix_web::{Error, HttpMessage};

use super::answer::Refusal;
use super::observe;
use crate::identity::Caller;

/// Seconds until one of so many requests has probably ended.
const COME_BACK: &str = "1";

const TOO_MANY: Refusal = Refusal {
    code: "too_many_requests",
    message: "this caller has too many requests in flight",
    hint: "send it again after the seconds in Retry-After, and send fewer at once; the server's MAX_IN_FLIGHT_PER_CALLER is the limit",
};

/// The requests under way. A cheap clone of one count.
#[derive(Debug, Clone)]
pub struct InFlight(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// `MAX_IN_FLIGHT_PER_CALLER`.
    limit: usize,
    /// Only callers that have some.
    by_caller: Mutex<HashMap<Arc<str>, usize>>,
}

impl InFlight {
    /// None yet, and at most so many of one caller.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self(Arc::new(Inner {
            limit,
            by_caller: Mutex::default(),
        }))
    }

    /// Counts a request; `None` when its caller has as many as it may.
    fn begin(&self, who: Arc<str>) -> Option<Held> {
        let mut counts = self.counts();
        let own = counts.entry(Arc::clone(&who)).or_default();
        if *own >= self.0.limit {
            return None;
        }
        *own += 1;
        drop(counts);
        Some(Held {
            in_flight: self.clone(),
            who,
        })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Arc<str>, usize>> {
        // The counts are right after every statement, so they are right after a panic too.
        self.0
            .by_caller
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request under way, until it is dropped.
#[derive(Debug)]
struct Held {
    in_flight: InFlight,
    who: Arc<str>,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut counts = self.in_flight.counts();
        let left = counts.get_mut(&self.who).map(|own| {
            *own -= 1;
            *own
        });
        // Removed at zero, so that callers who come once do not fill the memory.
        if left == Some(0) {
            counts.remove(&self.who);
        }
    }
}

/// The middleware of the `/mcp` scope, within the one that finds out who calls.
pub(super) async fn bound(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let in_flight = request.app_data::<web::Data<InFlight>>().cloned();
    // By address where callers have no name; else one of them could take the places of all.
    let who = request.extensions().get::<Caller>().map(Caller::account);
    // Without a caller the next layer lets nobody in.
    let (Some(in_flight), Some(who)) = (in_flight, who) else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let Some(held) = in_flight.begin(who) else {
        let answer = TOO_MANY.answer(StatusCode::TOO_MANY_REQUESTS, |answer| {
            answer.insert_header((header::RETRY_AFTER, COME_BACK));
        });
        return Ok(request.into_response(answer));
    };
    // An answer may be a stream, which takes its time.
    observe::keep_until_sent(&request, held);
    Ok(next.call(request).await?.map_into_boxed_body())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Kind;
    use crate::telemetry::metrics::Metrics;

    fn key(name: &'static str) -> Caller {
        Caller::new(Kind::Key, name, name)
    }

    #[test]
    fn each_caller_has_so_many_and_gives_them_back() {
        let in_flight = InFlight::new(2);
        let (one, other) = (key("one"), key("other"));
        let first = in_flight.begin(one.account()).unwrap();
        let second = in_flight.begin(one.account()).unwrap();
        assert!(in_flight.begin(one.account()).is_none());
        let of_other = in_flight.begin(other.account()).unwrap();
        drop(first);
        let third = in_flight.begin(one.account()).unwrap();
        assert!(in_flight.begin(one.account()).is_none());
        drop((second, third, of_other));
        assert!(in_flight.counts().is_empty(), "nobody is remembered");
    }

    #[test]
    fn callers_without_a_key_are_told_apart_by_their_addresses() {
        let in_flight = InFlight::new(1);
        let at = |address: &str| Caller::anonymous(Some(address.parse().unwrap())).account();
        let _held = in_flight.begin(at("192.0.2.1")).unwrap();
        assert!(in_flight.begin(at("192.0.2.1")).is_none());
        assert!(in_flight.begin(at("192.0.2.2")).is_some());
    }

    /// Says who calls, as the layer outside does.
    async fn as_one(
        request: ServiceRequest,
        next: Next<impl MessageBody + 'static>,
    ) -> Result<ServiceResponse<impl MessageBody>, Error> {
        request.extensions_mut().insert(key("one"));
        next.call(request).await
    }

    #[actix_web::test]
    async fn a_request_counts_until_the_last_of_its_answer_is_sent() {
        use actix_web::middleware::from_fn;
        use actix_web::test::{TestRequest, call_service, init_service};
        use actix_web::{App, HttpResponse};
        let endless = || async {
            let pieces = futures::stream::pending::<Result<web::Bytes, Error>>();
            HttpResponse::Ok().streaming(pieces)
        };
        let app = App::new()
            .app_data(web::Data::new(InFlight::new(1)))
            .app_data(web::Data::new(Metrics::new().unwrap()))
            .wrap(from_fn(bound))
            .wrap(from_fn(as_one))
            .wrap(from_fn(observe::requests))
            .route("/", web::get().to(endless));
        let app = init_service(app).await;
        let ask = || TestRequest::get().uri("/").to_request();
        let sending = call_service(&app, ask()).await;
        assert_eq!(sending.status(), StatusCode::OK);
        let second = call_service(&app, ask()).await;
        assert_eq!(second.status(), StatusCode::TOO_MANY_REQUESTS);
        drop(sending);
        assert_eq!(call_service(&app, ask()).await.status(), StatusCode::OK);
    }
}
