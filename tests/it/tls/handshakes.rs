//! Handshakes that are slow, old or none: nobody else waits for them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use super::authority::{Authority, for_server};
use super::{YEAR, call, is_answered, metric, start, trusting};

/// A `ClientHello` of TLS 1.1 that has all else that is asked for.
fn old_hello() -> Vec<u8> {
    let mut hello = vec![3, 2];
    hello.extend([0x11; 32]);
    // No session, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, no compression.
    hello.extend([0, 0, 2, 0xc0, 0x2b, 1, 0]);
    // ecdsa_secp256r1_sha256.
    hello.extend([0, 8, 0, 13, 0, 4, 0, 2, 4, 3]);
    let length = u8::try_from(hello.len()).unwrap();
    let mut record = vec![22, 3, 1, 0, length + 4, 1, 0, 0, length];
    record.extend(hello);
    record
}

/// A client that trusts this authority.
fn session(pem: &str) -> ClientConnection {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    ClientConnection::new(Arc::new(config), name).unwrap()
}

#[tokio::test]
async fn old_versions_and_other_protocols_are_refused() {
    let authority = Authority::new("authority");
    let server = start(&authority.sign(&for_server("server", YEAR)), &[]).await;
    let address = server.address;
    let alert = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(&old_hello()).unwrap();
        let mut alert = Vec::new();
        stream.read_to_end(&mut alert).unwrap();
        alert
    });
    let alert = alert.await.unwrap();
    // A fatal alert: protocol_version.
    assert_eq!(alert.first(), Some(&21), "{alert:?}");
    assert_eq!(alert.last(), Some(&70), "{alert:?}");

    let pem = authority.pem();
    let spoken = tokio::task::spawn_blocking(move || {
        let mut session = session(&pem);
        let mut stream = TcpStream::connect(address).unwrap();
        session.complete_io(&mut stream).unwrap();
        session.alpn_protocol().map(<[u8]>::to_vec)
    });
    assert_eq!(spoken.await.unwrap().unwrap(), b"http/1.1");
}

/// As `requests_without_end_and_without_a_reader_cost_little` in `sent_ahead.rs`.
#[tokio::test]
async fn requests_without_end_cost_little_in_tls_too() {
    const CONNECTIONS: usize = 8;
    let authority = Authority::new("authority");
    let mut server = start(&authority.sign(&for_server("server", YEAR)), &[]).await;
    // The engine takes its memory before.
    server.event("ready").await;
    let memory = "process_resident_memory_bytes";
    let before = metric(&server, memory).await;
    let (address, pem) = (server.address, authority.pem());
    let held = tokio::task::spawn_blocking(move || {
        let fill = || {
            let mut session = session(&pem);
            let mut socket = TcpStream::connect(address).unwrap();
            let patience = Some(Duration::from_secs(2));
            socket.set_write_timeout(patience).unwrap();
            session.complete_io(&mut socket).unwrap();
            let mut stream = rustls::StreamOwned::new(session, socket);
            let requests = "GET /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100);
            while stream.write_all(requests.as_bytes()).is_ok() {}
            stream
        };
        std::thread::scope(|scope| {
            let filling: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(fill)).collect();
            let filled = filling.into_iter().map(|it| it.join().unwrap());
            filled.collect::<Vec<_>>()
        })
    });
    let held = held.await.unwrap();
    let each = (metric(&server, memory).await - before) / CONNECTIONS as f64 / 1024.0;
    assert!(each < 512.0, "{each} KiB for each connection");
    drop(held);
}

/// Row 49 of the table of attacks, its part about TLS.
#[tokio::test]
async fn a_thousand_half_handshakes_keep_nobody_waiting_and_are_cut() {
    const HALF: usize = 1000;
    let authority = Authority::new("authority");
    let vars = [("MAX_CONNECTIONS", "2000"), ("SERVER_WORKERS", "1")];
    let server = start(&authority.sign(&for_server("server", YEAR)), &vars).await;
    let memory = "process_resident_memory_bytes";
    let before = metric(&server, memory).await;
    let client = trusting(&[&authority]).build().unwrap();
    is_answered(call(&client, &server)).await.unwrap();
    let address = server.address;
    let began = Instant::now();
    let half = tokio::task::spawn_blocking(move || {
        let connect = |_| {
            let mut stream = TcpStream::connect(address).unwrap();
            // The head of a record that never comes.
            stream.write_all(&[22, 3, 1, 2, 0, 1, 0]).unwrap();
            stream
        };
        (0..HALF).map(connect).collect::<Vec<_>>()
    });
    let half = half.await.unwrap();
    let connected = began.elapsed();
    let asked = Instant::now();
    let newcomer = trusting(&[&authority]).build().unwrap();
    is_answered(call(&newcomer, &server)).await.unwrap();
    let answered = asked.elapsed();
    let grown = metric(&server, memory).await - before;
    let cut = tokio::task::spawn_blocking(move || {
        for mut stream in half {
            stream
                .set_read_timeout(Some(Duration::from_secs(20)))
                .unwrap();
            // The end, or an alert before it; a reset is an end too.
            let mut rest = Vec::new();
            if let Err(error) = stream.read_to_end(&mut rest) {
                assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
            }
        }
        began.elapsed()
    });
    let cut = cut.await.unwrap();
    println!(
        "{HALF} half handshakes in {connected:?}; a newcomer was answered in {answered:?}; all cut after {cut:?}; {} KiB more",
        grown / 1024.0
    );
    // Before the first of them was cut.
    assert!(answered < Duration::from_secs(2), "{answered:?}");
    assert!(cut < connected + Duration::from_secs(8), "{cut:?}");
    assert!(grown < 64.0 * 1024.0 * 1024.0, "{grown}");
    is_answered(call(&newcomer, &server)).await.unwrap();
}
