use serde_json::Value;

use super::*;

fn secret(text: &str) -> Secret {
    text.parse().unwrap()
}

fn endpoint() -> Endpoint {
    Endpoint::resolve("myorg-acc", None, None, false, false).unwrap()
}

async fn fields(method: Method) -> Value {
    let credentials = SignIn::new(method, endpoint())
        .unwrap()
        .credentials(None)
        .await
        .unwrap();
    Value::Object(credentials.fields)
}

#[tokio::test]
async fn a_password_goes_with_its_passcode() {
    let method = |passcode| Method::Password {
        user: "ME".to_owned(),
        password: secret("hunter2"),
        passcode,
    };
    let expected = serde_json::json!({"LOGIN_NAME": "ME", "PASSWORD": "hunter2"});
    assert_eq!(fields(method(None)).await, expected);
    let expected = serde_json::json!({
        "LOGIN_NAME": "ME", "PASSWORD": "hunter2", "PASSCODE": "123456", "EXT_AUTHN_DUO_METHOD": "passcode",
    });
    assert_eq!(fields(method(Some(secret("123456")))).await, expected);
}

#[tokio::test]
async fn a_token_file_is_read_at_each_sign_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let method = Method::ProgrammaticAccessToken {
        user: None,
        token: TokenSource::File(path.clone()),
    };
    let sign_in = SignIn::new(method, endpoint()).unwrap();
    let error = sign_in.credentials(None).await.unwrap_err().to_string();
    assert!(error.contains("SNOWFLAKE_TOKEN_PATH"), "{error}");
    for token in ["first", "second"] {
        std::fs::write(&path, format!("{token}\n")).unwrap();
        let fields = sign_in.credentials(None).await.unwrap().fields;
        let expected =
            serde_json::json!({"AUTHENTICATOR": "PROGRAMMATIC_ACCESS_TOKEN", "TOKEN": token});
        assert_eq!(Value::Object(fields), expected);
    }
    std::fs::write(&path, "two\nlines").unwrap();
    assert!(sign_in.credentials(None).await.is_err());
}

#[tokio::test]
async fn nothing_secret_is_shown() {
    let method = Method::Password {
        user: "ME".to_owned(),
        password: secret("hunter2"),
        passcode: Some(secret("123456")),
    };
    let sign_in = SignIn::new(method.clone(), endpoint()).unwrap();
    let shown = format!(
        "{method:?} {sign_in:?} {:?}",
        sign_in.credentials(None).await
    );
    assert!(
        !shown.contains("hunter2") && !shown.contains("123456"),
        "{shown}"
    );
}

/// An issuer that answers each request with the next of these, and says how many there were.
async fn issuer(
    answers: &'static [(&'static str, &'static str)],
) -> (String, tokio::task::JoinHandle<Vec<String>>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/token", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let mut requests = Vec::new();
        for (status, body) in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 8192];
            let mut request = String::new();
            while !request.contains("client_credentials") {
                let length = stream.read(&mut buffer).await.unwrap();
                request.push_str(&String::from_utf8_lossy(&buffer[..length]));
            }
            requests.push(request);
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        requests
    });
    (url, served)
}

fn oauth_client(token_url: String) -> Method {
    Method::OauthClientCredentials {
        user: None,
        client: OauthClient {
            id: "id".to_owned(),
            secret: secret("hunter2"),
            token_url,
            scope: Some("session:role:READER".to_owned()),
        },
    }
}

#[tokio::test]
async fn a_fetched_token_is_kept_until_it_is_forgotten() {
    let (url, served) = issuer(&[
        ("200 OK", r#"{"access_token":"one","expires_in":3600}"#),
        ("200 OK", r#"{"access_token":"two","expires_in":3600}"#),
    ])
    .await;
    let sign_in = SignIn::new(oauth_client(url), endpoint()).unwrap();
    let (first, second) = tokio::join!(sign_in.credentials(None), sign_in.credentials(None));
    assert_eq!(first.unwrap().fields["TOKEN"], "one");
    assert_eq!(second.unwrap().fields["TOKEN"], "one");
    assert!(sign_in.forget() && !sign_in.forget());
    assert_eq!(
        sign_in.credentials(None).await.unwrap().fields["TOKEN"],
        "two"
    );
    let requests = served.await.unwrap();
    // base64 of `id:hunter2`
    assert!(requests[0].contains("authorization: Basic aWQ6aHVudGVyMg=="));
}

#[tokio::test]
async fn an_issuer_that_refuses_is_told_from_one_in_trouble() {
    let (url, _served) = issuer(&[
        (
            "401 Unauthorized",
            r#"{"error":"invalid_client","error_description":"hunter2"}"#,
        ),
        ("503 Service Unavailable", ""),
    ])
    .await;
    let sign_in = SignIn::new(oauth_client(url), endpoint()).unwrap();
    let refused = sign_in.credentials(None).await.unwrap_err();
    assert!(
        refused.is_refusal() && !refused.to_string().contains("hunter2"),
        "{refused}"
    );
    assert!(
        refused
            .to_string()
            .contains("SNOWFLAKE_OAUTH_CLIENT_SECRET"),
        "{refused}"
    );
    assert!(sign_in.credentials(None).await.unwrap_err().is_transient());
    assert!(
        SignIn::new(
            oauth_client("http://issuer.example/".to_owned()),
            endpoint()
        )
        .is_err()
    );
}

#[tokio::test]
async fn an_attestation_goes_to_snowflake_only() {
    let method = Method::WorkloadIdentity {
        attestor: Attestor::Oidc(TokenSource::Text(secret("jwt"))),
    };
    let expected = serde_json::json!({"AUTHENTICATOR": "WORKLOAD_IDENTITY", "PROVIDER": "OIDC", "TOKEN": "jwt"});
    assert_eq!(fields(method.clone()).await, expected);
    let foreign = Endpoint::resolve("acc", Some("proxy.example"), None, false, false).unwrap();
    assert!(matches!(
        SignIn::new(method, foreign),
        Err(Error::ForeignHost { .. })
    ));
}
