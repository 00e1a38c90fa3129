use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::policy::Policy;
use crate::warehouse::GateLimits;
use crate::warehouse::snowflake::account::Endpoint;
use crate::warehouse::snowflake::sign_in::{Method, SignIn};
use crate::warehouse::snowflake::{Defaults, Options, Snowflake, earlier};

/// An account that grants what it is asked for, but no role called NOBODY.
async fn account() -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(answer(stream));
        }
    });
    Endpoint::resolve("myorg-acc", Some("127.0.0.1"), Some(port), true, false).unwrap()
}

async fn answer(mut stream: TcpStream) {
    let mut request = Vec::new();
    while !is_whole(&request) {
        // Who leaves in the middle of a request gets no answer.
        if !matches!(stream.read_buf(&mut request).await, Ok(1..)) {
            return;
        }
    }
    let body = if String::from_utf8_lossy(&request).contains("roleName=NOBODY") {
        r#"{"success":false,"code":"390189","message":"No such role."}"#
    } else {
        r#"{"success":true,"data":{"token":"t","masterToken":"m"}}"#
    };
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
}

fn is_whole(request: &[u8]) -> bool {
    let Some(end) = request.windows(4).position(|it| it == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    request.len() >= end + 4 + length.unwrap_or(0)
}

/// One session, which is looked after all the time, and idle too long after a moment.
async fn pool() -> Pool {
    let endpoint = account().await;
    let method = Method::Password {
        user: "ME".to_owned(),
        password: "hunter2".parse().unwrap(),
        passcode: None,
    };
    let moment = Duration::from_millis(20);
    let options = Options {
        sign_in: SignIn::new(method, endpoint.clone()).unwrap(),
        endpoint,
        exchange: None,
        defaults: Defaults::default(),
        sizes: Sizes {
            min: 1,
            max: 1,
            gate: GateLimits::new(1, "SNOWFLAKE_POOL_MAX_SIZE"),
            max_inactive: moment,
            health_check: Duration::from_secs(3600),
            wait: Duration::from_secs(20),
            of_persons: PersonSizes {
                max: 1,
                people: 1,
                max_inactive: moment,
            },
        },
        retries: 0,
        policy: Policy::default(),
        verify: false,
        download_memory_bytes: 1 << 20,
    };
    let metrics = Arc::new(Metrics::new().unwrap());
    Snowflake::start(options, metrics).unwrap().pool
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// The session that a caller gets now.
async fn next_session(pool: &Pool) -> Arc<Session> {
    pool.lease_for_us(None, soon()).await.unwrap().session()
}

#[tokio::test]
async fn the_last_sessions_stay_however_long_nobody_uses_them() {
    let pool = pool().await;
    let before = next_session(&pool).await;
    // It is looked at again and again meanwhile.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(Arc::ptr_eq(&before, &next_session(&pool).await));
}

#[tokio::test]
async fn nothing_is_kept_of_roles_that_are_refused() {
    let pool = pool().await;
    next_session(&pool).await;
    for number in 0..3 {
        let role = Identifier::exact(format!("NOBODY_{number}")).unwrap();
        let refused = pool.lease_for_us(Some(&role), soon()).await;
        assert!(refused.is_err(), "{role}");
    }
    assert_eq!(pool.by_login().len(), 1, "the configured role's");
}

#[tokio::test]
async fn a_session_whose_statement_does_not_end_in_its_time_is_not_handed_on() {
    let pool = pool().await;
    for (is_late, is_same) in [(false, true), (true, false)] {
        let lease = pool.lease_for_us(None, soon()).await.unwrap();
        let before = lease.session();
        if is_late {
            let deadline = Instant::now().checked_sub(Duration::from_secs(60)).unwrap();
            // Snowflake has never said that it has ended.
            earlier::watch_over(lease, "q".to_owned(), deadline, |_| ());
        } else {
            drop(lease);
        }
        let after = next_session(&pool).await;
        assert_eq!(Arc::ptr_eq(&before, &after), is_same, "late: {is_late}");
    }
}
