//! HTTPS in the process: what is shown, how it is changed while calls go on, and who is kept out.

mod authority;
mod clients;
mod handshakes;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::{ClientBuilder, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

use self::authority::{Authority, Pair, for_server, self_signed};
use crate::support::{KEY, Server, Signal, run};

/// What a certificate of a test is valid until, unless it is about that.
const YEAR: i32 = 2040;

/// A server whose files are in its folder.
async fn start(pair: &Pair, more: &[(&str, &str)]) -> Server {
    let folder = tempfile::tempdir().unwrap();
    pair.write(folder.path());
    start_in(folder, more).await
}

async fn start_in(folder: TempDir, more: &[(&str, &str)]) -> Server {
    let files = [
        ("TLS_CERT_FILE", "tls.crt"),
        ("TLS_KEY_FILE", "tls.key"),
        ("MANAGEMENT_PORT", "0"),
        ("API_KEY", KEY),
    ];
    let program = Path::new(env!("CARGO_BIN_EXE_snowflake-mcp"));
    Server::start_program(program, &[], &[&files, more].concat(), folder).await
}

/// A client that trusts this authority and no other.
fn trusting(authorities: &[&Authority]) -> ClientBuilder {
    let builder = reqwest::Client::builder()
        .use_rustls_tls()
        .tls_built_in_root_certs(false)
        .timeout(Duration::from_secs(30));
    let roots = authorities.iter().map(|authority| authority.root());
    roots.fold(builder, ClientBuilder::add_root_certificate)
}

fn call(client: &reqwest::Client, server: &Server) -> RequestBuilder {
    let arguments = json!({"name": "list_databases", "arguments": {}});
    client
        .post(format!("https://{}/mcp", server.address))
        .header("Accept", "application/json, text/event-stream")
        .header("MCP-Protocol-Version", "2025-06-18")
        .bearer_auth(KEY)
        .json(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": arguments}))
}

/// Whether a call was answered with rows.
async fn is_answered(request: RequestBuilder) -> Result<(), String> {
    let answer = request.send().await.map_err(|error| format!("{error:?}"))?;
    let status = answer.status();
    let text = answer.text().await.map_err(|error| format!("{error:?}"))?;
    let read: Value = serde_json::from_str(&text).unwrap_or_default();
    match read["result"]["isError"].as_bool() {
        Some(false) => Ok(()),
        _ => Err(format!("{status}: {text}")),
    }
}

async fn metric(server: &Server, name: &str) -> f64 {
    let (_, text) = server.get(&server.probe_url("/metrics")).await;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("no {name} in {text}"))
        .trim()
        .parse()
        .unwrap()
}

const ENDS: &str =
    r#"snowflake_mcp_credential_expiry_timestamp_seconds{credential="server_certificate"}"#;

fn reloads(outcome: &str) -> String {
    format!(r#"snowflake_mcp_tls_reload_total{{outcome="{outcome}"}}"#)
}

#[tokio::test]
async fn the_public_port_speaks_tls_and_the_other_does_not() {
    let authority = Authority::new("authority");
    let pair = authority.sign(&for_server("server", YEAR));
    let mut server = start(
        &pair,
        &[
            ("CORS_ORIGINS", "https://app.example.com"),
            ("ENVIRONMENT", "staging"),
            ("WAREHOUSE_BACKEND", "embedded"),
            ("CURSOR_SECRET", "0123456789abcdef0123456789abcdef"),
        ],
    )
    .await;
    let listening = server.event("listening").await;
    assert_eq!(listening["https"], true, "{listening}");

    let client = trusting(&[&authority]).build().unwrap();
    is_answered(call(&client, &server)).await.unwrap();
    let answer = call(&client, &server).send().await.unwrap();
    let header = answer.headers()["strict-transport-security"].to_str();
    assert_eq!(header.unwrap(), "max-age=31536000");
    // The key is asked for as ever.
    let stranger = call(&client, &server).bearer_auth("wrong").send().await;
    assert!(stranger.unwrap().status().is_client_error());

    for version in [
        reqwest::tls::Version::TLS_1_2,
        reqwest::tls::Version::TLS_1_3,
    ] {
        let only = trusting(&[&authority])
            .min_tls_version(version)
            .max_tls_version(version);
        let only = only.build().unwrap();
        is_answered(call(&only, &server)).await.unwrap();
    }
    // Who trusts another authority is told by its own library.
    let other = trusting(&[&Authority::new("other")]).build().unwrap();
    assert!(call(&other, &server).send().await.is_err());

    // Probes and metrics: no TLS, and nothing that would make a browser remember it.
    let probe = reqwest::get(server.probe_url("/livez")).await.unwrap();
    assert_eq!(probe.status(), 200);
    assert!(!probe.headers().contains_key("strict-transport-security"));
    let ends = metric(&server, ENDS).await;
    let expected: jiff::Timestamp = format!("{YEAR}-01-01T00:00:00Z").parse().unwrap();
    assert_eq!(ends, expected.as_second() as f64);

    // Whoever speaks plain HTTP gets no answer, and nobody minds.
    assert!(reqwest::get(server.url("/version")).await.is_err());
    is_answered(call(&client, &server)).await.unwrap();
    assert_eq!(server.stop().await.code(), Some(0));
}

#[tokio::test]
async fn in_development_browsers_are_not_told_to_come_by_https_only() {
    let authority = Authority::new("authority");
    let server = start(&authority.sign(&for_server("server", YEAR)), &[]).await;
    let client = trusting(&[&authority]).build().unwrap();
    let answer = call(&client, &server).send().await.unwrap();
    assert!(!answer.headers().contains_key("strict-transport-security"));
    let page = client.get(format!("https://{}/", server.address)).send();
    let page = page.await.unwrap().text().await.unwrap();
    assert!(
        page.contains(&format!("https://{}/mcp", server.address)),
        "{page}"
    );
}

#[tokio::test]
async fn the_health_check_finds_its_way_with_and_without_a_port_for_probes() {
    let authority = Authority::new("authority");
    let pair = authority.sign(&for_server("server", YEAR));
    let folder = tempfile::tempdir().unwrap();
    pair.write(folder.path());
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (certificate, key) = (path("tls.crt"), path("tls.key"));
    let files = [("TLS_CERT_FILE", &*certificate), ("TLS_KEY_FILE", &*key)];
    let both = start(&pair, &[]).await;
    let one = Server::start(&files).await;
    let (address, management) = (both.address.port(), both.management.unwrap().port());
    let (port, probes) = (address.to_string(), management.to_string());
    let alone = one.address.port().to_string();
    for vars in [
        &[("SERVER_PORT", &*port), ("MANAGEMENT_PORT", &*probes)][..],
        &[("SERVER_PORT", &*alone)],
    ] {
        let output = run(&["healthcheck"], &[&files, vars].concat());
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{vars:?}: {told}");
    }
}

#[test]
fn a_pair_that_cannot_be_shown_is_told_at_the_start_without_its_key() {
    let authority = Authority::new("authority");
    let good = authority.sign(&for_server("server", YEAR));
    let other = authority.sign(&for_server("server", YEAR));
    let ended = authority.sign(&for_server("server", 2020));
    let mut early = for_server("server", YEAR);
    early.not_before = rcgen::date_time_ymd(YEAR - 1, 1, 1);
    let early = authority.sign(&early);
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (certificate, key) = (path("tls.crt"), path("tls.key"));
    for (pair, setting, words) in [
        (
            (&*good.certificate, &*other.key),
            "TLS_CERT_FILE",
            "does not match the key",
        ),
        (
            (&ended.certificate, &ended.key),
            "TLS_CERT_FILE",
            "expired on 2020-01-01",
        ),
        (
            (&early.certificate, &early.key),
            "TLS_CERT_FILE",
            "not valid before",
        ),
        (("", &good.key), "TLS_CERT_FILE", "no certificate"),
        ((&good.key, &good.key), "TLS_CERT_FILE", "no certificate"),
        ((&good.certificate, ""), "TLS_KEY_FILE", "no private key"),
        (
            (&good.certificate, &good.certificate),
            "TLS_KEY_FILE",
            "no private key",
        ),
        ((&good.certificate, encrypted), "TLS_KEY_FILE", "encrypted"),
    ] {
        std::fs::write(&certificate, pair.0).unwrap();
        std::fs::write(&key, pair.1).unwrap();
        let files = [("TLS_CERT_FILE", &*certificate), ("TLS_KEY_FILE", &*key)];
        for command in [&[][..], &["check"]] {
            let output = run(command, &files);
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(64), "{words}: {told}");
            assert!(
                told.contains(setting) && told.contains(words),
                "{words}: {told}"
            );
            let secret = good.key.lines().nth(1).unwrap();
            assert!(!told.contains(secret), "{told}");
        }
    }
    for (vars, name) in [
        (&[("TLS_CERT_FILE", &*certificate)][..], "TLS_KEY_FILE"),
        (&[("TLS_KEY_FILE", &*key)], "TLS_CERT_FILE"),
        (&[("TLS_CLIENT_CA_FILE", &*certificate)], "TLS_CERT_FILE"),
        (&[("TLS_CLIENT_AUTH", "optional")], "TLS_CLIENT_CA_FILE"),
        (
            &[
                ("TLS_CERT_FILE", "/nowhere/tls.crt"),
                ("TLS_KEY_FILE", &*key),
            ],
            "/nowhere/tls.crt",
        ),
        (
            &[("TLS_CERT_FILE", "/"), ("TLS_KEY_FILE", &*key)],
            "no file",
        ),
    ] {
        let output = run(&["check"], vars);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(64), "{name}: {told}");
        assert!(told.contains(name), "{name}: {told}");
    }
    good.write(folder.path());
    let files = [
        ("TLS_CERT_FILE", &*certificate),
        ("TLS_KEY_FILE", &*key),
        ("PUBLIC_URL", "http://localhost:8000/mcp"),
    ];
    let output = run(&["check"], &files);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(64), "{told}");
    assert!(
        told.contains("PUBLIC_URL") && told.contains("https"),
        "{told}"
    );
}

/// Row 56 of the table of attacks, and its opposite.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_change_under_load_without_a_lost_call_and_a_bad_pair_changes_nothing() {
    let authorities = [Authority::new("first"), Authority::new("second")];
    let first = authorities[0].sign(&for_server("first", YEAR));
    let mut server = start(&first, &[]).await;
    let both: Vec<_> = authorities.iter().collect();
    let (stop, answered) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let mut loads = Vec::new();
    // Some connect anew for each call, some never.
    for connections in [0, 0, 1, 1] {
        let client = trusting(&both).pool_max_idle_per_host(connections);
        let request = call(&client.build().unwrap(), &server);
        let (stop, answered) = (Arc::clone(&stop), Arc::clone(&answered));
        loads.push(tokio::spawn(async move {
            let mut lost = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                match is_answered(request.try_clone().unwrap()).await {
                    Ok(()) => answered.fetch_add(1, Ordering::Relaxed),
                    Err(error) => {
                        lost.push(error);
                        0
                    }
                };
            }
            lost
        }));
    }
    let folder = server.folder.path().to_owned();
    let mut now = 0;
    for turn in 1..=6 {
        // The other authority's, so that a client can tell which one it was shown.
        now = turn % 2;
        let pair =
            authorities[now].sign(&for_server("next", YEAR + 1 + i32::try_from(turn).unwrap()));
        pair.write(&folder);
        server.signal(Signal::HUP);
        server.nth_event("certificates_read", turn).await;
        let only = trusting(&[&authorities[now]]).build().unwrap();
        is_answered(call(&only, &server)).await.unwrap();
        let before = trusting(&[&authorities[1 - now]]).build().unwrap();
        assert!(call(&before, &server).send().await.is_err(), "turn {turn}");
    }
    let expected: jiff::Timestamp = format!("{}-01-01T00:00:00Z", YEAR + 7).parse().unwrap();
    assert_eq!(metric(&server, ENDS).await, expected.as_second() as f64);
    assert_eq!(metric(&server, &reloads("ok")).await, 6.0);

    let other = authorities[now].sign(&for_server("other", YEAR));
    let ended = authorities[now].sign(&for_server("ended", 2020));
    let stranger = self_signed(&for_server("other", YEAR));
    let bad = [
        (&*other.certificate, &*stranger.key),
        (&*ended.certificate, &*ended.key),
        ("", &*other.key),
        (&*other.certificate, ""),
    ];
    for (nth, (certificate, key)) in (1..).zip(bad) {
        std::fs::write(folder.join("tls.crt"), certificate).unwrap();
        std::fs::write(folder.join("tls.key"), key).unwrap();
        server.signal(Signal::HUP);
        let told = server.nth_event("certificates_not_read", nth).await;
        assert_eq!(told["level"], "WARN", "{told}");
        let only = trusting(&[&authorities[now]]).build().unwrap();
        is_answered(call(&only, &server)).await.unwrap();
    }
    // A file that is away is told of each time somebody asks.
    std::fs::remove_file(folder.join("tls.key")).unwrap();
    for nth in [5, 6] {
        server.signal(Signal::HUP);
        server.nth_event("certificates_not_read", nth).await;
    }
    assert_eq!(metric(&server, &reloads("failed")).await, 6.0);
    assert_eq!(metric(&server, ENDS).await, expected.as_second() as f64);

    stop.store(true, Ordering::Relaxed);
    let mut lost = Vec::new();
    for load in loads {
        lost.extend(load.await.unwrap());
    }
    let answered = answered.load(Ordering::Relaxed);
    println!(
        "{answered} calls during twelve changes, {} lost",
        lost.len()
    );
    assert!(lost.is_empty(), "{lost:?}");
    assert!(answered > 50, "{answered}");
    assert!(!server.log().contains(stranger.key.lines().nth(1).unwrap()));
    assert_eq!(server.stop().await.code(), Some(0));
}

/// As Kubernetes does: the files are links, and what they lead through is replaced. Nobody sends a signal.
#[tokio::test]
async fn a_change_is_noticed_without_a_signal_and_through_links() {
    let authorities = [Authority::new("first"), Authority::new("second")];
    let folder = tempfile::tempdir().unwrap();
    for (name, authority) in ["one", "two"].iter().zip(&authorities) {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        let pair = authority.sign(&for_server(name, YEAR));
        pair.write(&folder.path().join(name));
    }
    let link = |to: &str| {
        let new = folder.path().join("..new");
        std::os::unix::fs::symlink(to, &new).unwrap();
        std::fs::rename(new, folder.path().join("..data")).unwrap();
    };
    link("one");
    for name in ["tls.crt", "tls.key"] {
        let target = format!("..data/{name}");
        std::os::unix::fs::symlink(target, folder.path().join(name)).unwrap();
    }
    let path = folder.path().to_owned();
    let link = |to: &str| {
        let new = path.join("..new");
        std::os::unix::fs::symlink(to, &new).unwrap();
        std::fs::rename(new, path.join("..data")).unwrap();
    };
    let mut server = start_in(folder, &[]).await;
    link("two");
    let changed = Instant::now();
    server.event("certificates_read").await;
    assert!(changed.elapsed() < Duration::from_secs(15));
    let client = trusting(&[&authorities[1]]).build().unwrap();
    is_answered(call(&client, &server)).await.unwrap();
}
