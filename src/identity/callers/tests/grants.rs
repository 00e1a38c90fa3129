//! Which rule a token matches, and what its grant leaves of the settings.

use super::*;

/// As the specification has it: a rule is for every issuer unless it names one.
#[test]
fn a_rule_without_an_issuer_is_for_all_of_them() {
    let file = json!({"version": 1, "issuers": [{"issuer": "https://partners.example.com"}], "grants": {"g": {}, "own": {}}, "rules": [
        {"issuer": "https://own.example.com", "claims": {"groups": ["staff"]}, "grant": "own"},
        {"grant": "g"},
    ]});
    let callers = read_value(&file).unwrap();
    let grant = |issuer: &str| {
        let claims = json!({"groups": ["staff"]});
        let grant = callers.grant_of(
            issuer,
            &std::collections::BTreeSet::new(),
            claims.as_object().unwrap(),
        );
        grant.unwrap().name.clone()
    };
    assert_eq!(grant("https://own.example.com"), "own");
    assert_eq!(
        grant("https://partners.example.com"),
        "g",
        "whatever its claims say"
    );
}

#[test]
fn the_first_rule_that_fits_decides() {
    let file = json!({"version": 1, "grants": {"analyst": {}, "admin": {}, "reader": {}}, "rules": [
        {"claims": {"groups": ["admins"], "email_verified": ["yes"]}, "grant": "admin"},
        {"claims": {"groups": ["analysts", "scientists"]}, "scopes": ["mcp:query"], "grant": "analyst"},
        {"issuer": "https://own.example.com", "grant": "reader"},
    ]});
    let callers = read_value(&file).unwrap();
    let grant = |issuer: &str, scopes: &str, claims: Value| {
        let scopes = scopes.split(' ').map(ToOwned::to_owned).collect();
        let claims = claims.as_object().unwrap();
        let grant = callers.grant_of(issuer, &scopes, claims);
        grant.map(|grant| grant.name.clone())
    };
    let own = "https://own.example.com";
    for (issuer, scopes, claims, expected) in [
        (
            own,
            "mcp:query",
            json!({"groups": ["x", "scientists"]}),
            Some("analyst"),
        ),
        (
            own,
            "mcp:query",
            json!({"groups": "analysts"}),
            Some("analyst"),
        ),
        (
            own,
            "mcp:catalog",
            json!({"groups": ["analysts"]}),
            Some("reader"),
        ),
        (
            own,
            "mcp:query",
            json!({"groups": ["Analysts"]}),
            Some("reader"),
        ),
        (
            own,
            "mcp:query",
            json!({"groups": {"analysts": 1}}),
            Some("reader"),
        ),
        (
            own,
            "mcp:query",
            json!({"groups": ["admins"]}),
            Some("reader"),
        ),
        (
            own,
            "mcp:query",
            json!({"groups": ["admins"], "email_verified": "yes"}),
            Some("admin"),
        ),
        ("https://other.example.com", "mcp:query", json!({}), None),
    ] {
        assert_eq!(
            grant(issuer, scopes, claims.clone()).as_deref(),
            expected,
            "{claims}"
        );
    }
}

/// Whatever a grant says, no more may run than the settings allow.
#[test]
fn a_grant_takes_away_and_never_gives() {
    let file = json!({"version": 1, "rules": [{"grant": "g"}], "grants": {"g": {
        "sql_policy": "admin", "allowed_databases": ["SALES"], "roles": ["ANALYST", "\"mcp read\""], "weight": 3,
        "limits": {"max_rows": 50, "max_concurrent_queries": 2, "query_timeout": "5s"},
    }}});
    let mut base = base();
    let sql = |text: &str| crate::sql::parse(text).unwrap();
    let grant = |base: &Base| {
        let callers = parse(file.to_string().as_bytes(), base).unwrap();
        let none = serde_json::Map::new();
        callers.grant_of("any", &Default::default(), &none).unwrap()
    };
    let place = crate::policy::CurrentNames::default();
    let rights = Arc::clone(&grant(&base).rights);
    assert_eq!(rights.policy.preset(), Preset::ReadWrite);
    assert_eq!(rights.reading_policy.preset(), Preset::ReadOnly);
    assert_eq!(rights.role.as_ref().unwrap().as_str(), "ANALYST");
    assert_eq!((rights.weight, rights.at_once), (3, Some(2)));
    assert_eq!(
        (rights.budget.max_rows, rights.budget.default_rows),
        (50, 50)
    );
    let may = |rights: &crate::query::Rights, text: &str| {
        rights.policy.approve(sql(text), &place).is_ok()
    };
    assert!(may(&rights, "SELECT * FROM SALES.A.B"));
    assert!(!may(&rights, "SELECT * FROM HR.A.B"));
    assert!(!may(&rights, "DROP TABLE SALES.A.B"));
    // The operator's own tools are no way around it: their statements may name what the caller says.
    let operators = |text: &str| rights.policy.approve_operators(sql(text), &place).is_ok();
    assert!(operators("SELECT * FROM SALES.A.B"));
    assert!(!operators("SELECT * FROM HR.A.B"));
    // The settings have the lists of their own: a name must be in both.
    base.policy = Policy::new(Options {
        allowed_databases: Some(vec!["HR".parse().unwrap(), "PUBLIC_DATA".parse().unwrap()]),
        ..Options::default()
    });
    let rights = Arc::clone(&grant(&base).rights);
    for text in ["SELECT * FROM SALES.A.B", "SELECT * FROM HR.A.B"] {
        assert!(!may(&rights, text), "{text}");
    }
    let role = |role: &str| {
        let role = role.parse().unwrap();
        let place = crate::policy::CurrentNames {
            role: Some(&role),
            ..place
        };
        rights.policy.admit_defaults(&place).is_ok()
    };
    assert!(role("ANALYST") && role("\"mcp read\""));
    assert!(!role("LOADER") && !role("SYSADMIN"));
}

#[test]
fn every_grant_names_its_roles_where_roles_are_who_they_are() {
    let base = Base {
        needs_roles: true,
        ..base()
    };
    let file = json!({"version": 1, "grants": {"a": {"roles": ["R"]}, "b": {}}});
    let told = parse(file.to_string().as_bytes(), &base).unwrap_err();
    assert!(told.to_string().starts_with("/grants/b: "), "{told}");
}
