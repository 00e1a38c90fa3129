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
        .credentials()
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
    let error = sign_in.credentials().await.unwrap_err().to_string();
    assert!(error.contains("SNOWFLAKE_TOKEN_PATH"), "{error}");
    for token in ["first", "second"] {
        std::fs::write(&path, format!("{token}\n")).unwrap();
        let fields = sign_in.credentials().await.unwrap().fields;
        let expected =
            serde_json::json!({"AUTHENTICATOR": "PROGRAMMATIC_ACCESS_TOKEN", "TOKEN": token});
        assert_eq!(Value::Object(fields), expected);
    }
    std::fs::write(&path, "two\nlines").unwrap();
    assert!(sign_in.credentials().await.is_err());
}

#[tokio::test]
async fn nothing_secret_is_shown() {
    let method = Method::Password {
        user: "ME".to_owned(),
        password: secret("hunter2"),
        passcode: Some(secret("123456")),
    };
    let sign_in = SignIn::new(method.clone(), endpoint()).unwrap();
    let shown = format!("{method:?} {sign_in:?} {:?}", sign_in.credentials().await);
    assert!(
        !shown.contains("hunter2") && !shown.contains("123456"),
        "{shown}"
    );
}
