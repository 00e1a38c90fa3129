//! Scopes, and keys beside tokens.

use super::*;

/// Rows 27 and 29: scopes.
#[tokio::test]
async fn a_token_reaches_as_far_as_its_scopes() {
    let (access, _keys) = access(options(), &[&RSA]);
    for (changes, reach) in [
        (json!({"scope": ""}), Reach::Nothing),
        (json!({"scope": "mcp:queryx MCP:QUERY"}), Reach::Nothing),
        (json!({"scope": "mcp:catalog,mcp:query"}), Reach::Nothing),
        (json!({"scope": "mcp:write"}), Reach::Write),
        (
            json!({"scope": null, "scp": ["mcp:catalog"]}),
            Reach::Catalog,
        ),
        (
            json!({"scope": null, "scp": "mcp:query openid"}),
            Reach::Query,
        ),
        (json!({"scope": ["mcp:query"]}), Reach::Query),
        (
            json!({"scope": null, "roles": ["mcp:query"]}),
            Reach::Nothing,
        ),
    ] {
        let caller = judge(&access, &RSA.token(&with(changes.clone()))).await;
        assert_eq!(caller.unwrap().reach, reach, "{changes}");
    }
    let (issuer, _more) = issuer(options(), &[&RSA]);
    let needed = Scopes {
        needed: vec!["company".into()],
        ..scopes()
    };
    let strict = accepting(KnownKeys::default(), vec![issuer], needed);
    let lacking = judge(&strict, &RSA.token(&claims())).await;
    assert_eq!(lacking.err(), Some(Refused::Scopes(vec!["company".into()])));
    let having = with(json!({"scope": "mcp:query company"}));
    assert!(judge(&strict, &RSA.token(&having)).await.is_ok());
}

/// Keys and tokens beside each other: what is a key is never read as a token.
#[tokio::test]
async fn keys_are_looked_for_first() {
    let key = ApiKey::new("a-key-0123456789.with.dots".into());
    let (issuer, _keys) = issuer(options(), &[&RSA]);
    let keys = KnownKeys::new(std::iter::once(&key));
    let access = accepting(keys, vec![issuer], scopes());
    let caller = judge(&access, "a-key-0123456789.with.dots").await.unwrap();
    assert_eq!(
        (caller.name.as_ref(), caller.reach),
        (key.name(), Reach::Write)
    );
    assert_eq!(
        judge(&access, "a-key-012345678").await.err(),
        Some(Refused::UnknownKey)
    );
    let good = RSA.token(&claims());
    assert!(judge(&access, &good).await.is_ok());
    // A token is shown in one way only.
    let as_key = access.judge(Credential::Key(good.as_bytes())).await;
    assert_eq!(as_key.err(), Some(Refused::UnknownKey));
    let nothing = access.judge(Credential::None).await;
    assert_eq!(nothing.err(), Some(Refused::Missing));
}
