//! Certificates of clients.

use reqwest::{Identity, RequestBuilder};
use serde_json::Value;

use super::authority::{Authority, Pair, for_client, for_server, self_signed};
use super::{YEAR, call, is_answered, metric, start_in, trusting};
use crate::support::{Server, Signal};

struct World {
    authority: Authority,
    /// Of the clients.
    clients: Authority,
    server: Server,
}

async fn start(more: &[(&str, &str)]) -> World {
    let (authority, clients) = (Authority::new("authority"), Authority::new("clients"));
    let folder = tempfile::tempdir().unwrap();
    authority
        .sign(&for_server("server", YEAR))
        .write(folder.path());
    std::fs::write(folder.path().join("ca.crt"), clients.pem()).unwrap();
    let files = [
        ("TLS_CLIENT_CA_FILE", "ca.crt"),
        ("AUDIT_LOG_FILE", "audit.jsonl"),
    ];
    let server = start_in(folder, &[&files, more].concat()).await;
    World {
        authority,
        clients,
        server,
    }
}

impl World {
    fn client(&self, identity: Option<Identity>) -> reqwest::Client {
        let client = trusting(&[&self.authority]);
        match identity {
            Some(identity) => client.identity(identity),
            None => client,
        }
        .build()
        .unwrap()
    }

    fn call(&self, pair: &Pair) -> RequestBuilder {
        call(&self.client(Some(pair.identity())), &self.server)
    }

    fn audit(&self) -> Vec<Value> {
        let path = self.server.folder.path().join("audit.jsonl");
        let text = std::fs::read_to_string(path).unwrap();
        let lines = text.lines().map(serde_json::from_str);
        lines.map(Result::unwrap).collect()
    }

    async fn until_audited(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..500 {
            if let Some(record) = self.audit().into_iter().find(&is_it) {
                return record;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("no {what} in {:?}", self.audit());
    }
}

const REFUSED: &str = "snowflake_mcp_client_certificates_refused_total";

#[tokio::test]
async fn only_a_good_certificate_opens_the_lock_and_the_key_is_asked_for_behind_it() {
    let world = start(&[]).await;
    let good = world.clients.sign(&for_client("agent", 1));
    is_answered(world.call(&good)).await.unwrap();
    let called = |record: &Value| record["tool"] == "list_databases";
    let record = world.until_audited("call", called).await;
    let certificate = record["identity"]["certificate"].as_str().unwrap();
    assert_eq!(certificate.len(), 32, "{record}");
    assert_eq!(record["identity"]["kind"], "key", "{record}");

    // None at all: said in words, to whom.
    let answer = call(&world.client(None), &world.server)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 403);
    assert!(answer.headers().get("www-authenticate").is_none());
    let told: Value = answer.json().await.unwrap();
    assert_eq!(told["code"], "certificate_required", "{told}");
    let none = |record: &Value| record["reason"] == "no certificate of the client";
    let record = world.until_audited("no certificate", none).await;
    assert_eq!(record["address"], "127.0.0.1", "{record}");

    // A certificate is no key.
    let keyless = world.call(&good).header("Authorization", "").build();
    let mut keyless = keyless.unwrap();
    keyless.headers_mut().remove("authorization");
    let client = world.client(Some(good.identity()));
    let answer = client.execute(keyless).await.unwrap();
    assert_eq!(answer.status(), 401);

    let mut expired = for_client("agent", 2);
    expired.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let mut early = for_client("agent", 3);
    early.not_before = rcgen::date_time_ymd(YEAR, 1, 1);
    let foreign = Authority::new("clients");
    for (pair, reason) in [
        (world.clients.sign(&expired), "expired"),
        (world.clients.sign(&early), "not valid yet"),
        // The same name, another key.
        (foreign.sign(&for_client("agent", 1)), "not accepted"),
        (
            Authority::new("other").sign(&for_client("agent", 1)),
            "another authority",
        ),
        (self_signed(&for_client("agent", 1)), "another authority"),
        (
            world.clients.sign(&for_server("agent", YEAR)),
            "not meant for clients",
        ),
    ] {
        let answer = world.call(&pair).send().await;
        assert!(answer.is_err(), "{reason}: {answer:?}");
        let told = |record: &Value| {
            record["reason"]
                .as_str()
                .is_some_and(|it| it.contains(reason))
        };
        let record = world.until_audited(reason, told).await;
        assert_eq!(record["outcome"], "unauthorized", "{record}");
        assert_eq!(
            record["identity"]["certificate"].as_str().unwrap().len(),
            32
        );
        let secret = pair.key.lines().nth(1).unwrap();
        assert!(!world.server.log().contains(secret));
    }
    // With the one that had none.
    assert_eq!(metric(&world.server, REFUSED).await, 7.0);

    // The lock is on every door.
    for path in [
        "/",
        "/version",
        "/.well-known/oauth-protected-resource",
        "/nowhere",
    ] {
        let url = format!("https://{}{path}", world.server.address);
        let answer = world.client(None).get(url).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{path}");
    }
}

#[tokio::test]
async fn an_optional_certificate_may_be_missing_and_not_be_wrong() {
    let world = start(&[("TLS_CLIENT_AUTH", "optional")]).await;
    is_answered(call(&world.client(None), &world.server))
        .await
        .unwrap();
    let good = world.clients.sign(&for_client("agent", 1));
    is_answered(world.call(&good)).await.unwrap();
    let wrong = self_signed(&for_client("agent", 1));
    assert!(world.call(&wrong).send().await.is_err());
}

#[tokio::test]
async fn a_certificate_that_was_taken_back_opens_nothing_on_a_connection_that_is_open() {
    let mut world = start(&[]).await;
    let (kept, lost) = (
        world.clients.sign(&for_client("kept", 1)),
        world.clients.sign(&for_client("lost", 2)),
    );
    let (kept, lost) = (
        world.client(Some(kept.identity())),
        world.client(Some(lost.identity())),
    );
    for client in [&kept, &lost] {
        is_answered(call(client, &world.server)).await.unwrap();
    }
    let file = world.server.folder.path().join("ca.crt");
    let list = world.clients.revoking(&[2]);
    std::fs::write(&file, world.clients.pem() + &list).unwrap();
    world.server.signal(Signal::HUP);
    world.server.nth_event("certificates_read", 1).await;
    is_answered(call(&kept, &world.server)).await.unwrap();
    let answer = call(&lost, &world.server).send().await.unwrap();
    assert_eq!(answer.status(), 403);
    let told: Value = answer.json().await.unwrap();
    assert_eq!(told["code"], "certificate_not_accepted", "{told}");
    // And none that is new.
    assert!(call(&lost, &world.server).send().await.is_err());
    let revoked = |record: &Value| record["reason"] == "the client's certificate is revoked";
    world.until_audited("revocation", revoked).await;

    // A file that says nothing leaves the one before in force.
    std::fs::write(&file, "").unwrap();
    world.server.signal(Signal::HUP);
    world.server.event("certificates_not_read").await;
    is_answered(call(&kept, &world.server)).await.unwrap();
    assert!(call(&lost, &world.server).send().await.is_err());

    // Another authority: nobody of before is let in.
    std::fs::write(&file, Authority::new("next").pem()).unwrap();
    world.server.signal(Signal::HUP);
    world.server.nth_event("certificates_read", 2).await;
    let answer = call(&kept, &world.server).send().await.unwrap();
    assert_eq!(answer.status(), 403);
}

#[tokio::test]
async fn probes_need_no_certificate_where_they_have_no_port_of_their_own() {
    let (authority, clients) = (Authority::new("authority"), Authority::new("clients"));
    let folder = tempfile::tempdir().unwrap();
    let pair = authority.sign(&for_server("server", YEAR));
    pair.write(folder.path());
    std::fs::write(folder.path().join("ca.crt"), clients.pem()).unwrap();
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_snowflake-mcp"));
    let files = [
        ("TLS_CERT_FILE", "tls.crt"),
        ("TLS_KEY_FILE", "tls.key"),
        ("TLS_CLIENT_CA_FILE", "ca.crt"),
    ];
    let server = Server::start_program(program, &[], &files, folder).await;
    let client = trusting(&[&authority]).build().unwrap();
    for (path, status) in [("/livez", 200), ("/metrics", 403), ("/mcp", 403)] {
        let url = format!("https://{}{path}", server.address);
        let answer = client.get(url).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
    }
}
