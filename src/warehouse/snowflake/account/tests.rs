use super::*;

fn usual(account: &str) -> Result<Endpoint, AccountError> {
    Endpoint::resolve(account, None, None, false, false)
}

#[test]
fn an_account_leads_to_its_host_and_its_names() {
    #[rustfmt::skip]
    let table = [
        // written                                    host                                                  login        token
        ("myorg-acc",                                 "myorg-acc.snowflakecomputing.com",                   "myorg-acc", "MYORG-ACC"),
        ("MyOrg-My_Acc",                              "myorg-my-acc.snowflakecomputing.com",                "MyOrg-My_Acc", "MYORG-MY_ACC"),
        ("xy12345",                                   "xy12345.snowflakecomputing.com",                     "xy12345",   "XY12345"),
        ("xy12345.eu-central-1",                      "xy12345.eu-central-1.snowflakecomputing.com",        "xy12345",   "XY12345"),
        ("xy12345.west-europe.azure",                 "xy12345.west-europe.azure.snowflakecomputing.com",   "xy12345",   "XY12345"),
        ("xy12345.us-west-2",                         "xy12345.snowflakecomputing.com",                     "xy12345",   "XY12345"),
        ("xy12345.us-west-2.privatelink",             "xy12345.us-west-2.privatelink.snowflakecomputing.com", "xy12345", "XY12345"),
        ("myorg-acc.privatelink",                     "myorg-acc.privatelink.snowflakecomputing.com",       "myorg-acc", "MYORG-ACC"),
        ("xy12345.cn-northwest-1.aws",                "xy12345.cn-northwest-1.aws.snowflakecomputing.cn",   "xy12345",   "XY12345"),
        ("acc-two-99.global",                         "acc-two-99.global.snowflakecomputing.com",           "acc-two",   "ACC"),
        ("https://MyOrg-Acc.snowflakecomputing.com/", "myorg-acc.snowflakecomputing.com",                   "MyOrg-Acc", "MYORG-ACC"),
        ("myorg-acc.snowflakecomputing.com:443",      "myorg-acc.snowflakecomputing.com",                   "myorg-acc", "MYORG-ACC"),
        ("acc.snowflakecomputing.mil",                "acc.snowflakecomputing.mil",                         "acc",       "ACC"),
        ("https://app.snowflake.com/myorg/acc/#/x",   "myorg-acc.snowflakecomputing.com",                   "myorg-acc", "MYORG-ACC"),
        ("https://app.snowflake.com/us-east-1/xy1",   "xy1.us-east-1.snowflakecomputing.com",               "xy1",       "XY1"),
        ("https://app.snowflake.com/MYORG/ACC/#/homepage?x=1", "myorg-acc.snowflakecomputing.com",          "MYORG-ACC", "MYORG-ACC"),
        ("https://app.snowflake.com/west-europe.azure/xy1/w", "xy1.west-europe.azure.snowflakecomputing.com", "xy1",     "XY1"),
        ("https://app.snowflake.cn/myorg/acc",        "myorg-acc.snowflakecomputing.cn",                    "myorg-acc", "MYORG-ACC"),
        ("https://app.us-east-1.privatelink.snowflakecomputing.com/us-east-1/xy1/", "xy1.us-east-1.privatelink.snowflakecomputing.com", "xy1", "XY1"),
        ("https://app-myorg-acc.privatelink.snowflakecomputing.com/", "myorg-acc.privatelink.snowflakecomputing.com", "myorg-acc", "MYORG-ACC"),
        ("https://xy1.eu-central-1.snowflakecomputing.com/console/login#/", "xy1.eu-central-1.snowflakecomputing.com", "xy1", "XY1"),
        ("HTTPS://XY1.East-US-2.Azure.SnowflakeComputing.com/", "xy1.east-us-2.azure.snowflakecomputing.com", "XY1",   "XY1"),
        ("MYORG.ACC",                                 "myorg-acc.snowflakecomputing.com",                   "MYORG-ACC", "MYORG-ACC"),
        ("myorg.my_acc",                              "myorg-my-acc.snowflakecomputing.com",                "myorg-my_acc", "MYORG-MY_ACC"),
        ("myorg-acc/",                                "myorg-acc.snowflakecomputing.com",                   "myorg-acc", "MYORG-ACC"),
        ("xy12345.us-central1.gcp",                   "xy12345.us-central1.gcp.snowflakecomputing.com",     "xy12345",   "XY12345"),
        ("  myorg-acc  ",                             "myorg-acc.snowflakecomputing.com",                   "myorg-acc", "MYORG-ACC"),
    ];
    for (written, host, login, token) in table {
        let endpoint = usual(written).unwrap_or_else(|error| panic!("{written}: {error}"));
        assert_eq!(
            endpoint.base.as_str(),
            format!("https://{host}/"),
            "{written}"
        );
        assert_eq!(endpoint.account_name, login, "{written}");
        assert_eq!(endpoint.jwt_account, token, "{written}");
        assert!(endpoint.is_snowflake_domain() && !endpoint.is_loopback());
    }
}

#[test]
fn what_could_lead_to_another_host_is_refused() {
    let long = "a".repeat(64);
    for written in [
        "",
        " ",
        "a..b",
        ".a",
        "-a",
        "a-",
        "a b",
        "a@evil.example",
        "evil.example\\",
        "a%2e",
        "ä",
        "a\nb",
        "*.a",
        "user:pass@evil.example",
        "_a",
        "evil.example/x",
        "https://evil.example/myorg/acc",
        "https://app.snowflake.com.evil.example/myorg/acc",
        "https://app.snowflake.com/../evil",
        "https://app.snowflake.com/myorg/..",
        "https://app.snowflake.com/",
        "https://app.snowflake.com/myorg",
        "../myorg-acc",
        "myorg-acc/../x",
        &long,
    ] {
        assert!(usual(written).is_err(), "{written:?}");
    }
    // Whatever looks like another host ends up below Snowflake's own.
    let endpoint = usual("evil.example").unwrap();
    assert_eq!(
        endpoint.base.host_str(),
        Some("evil-example.snowflakecomputing.com")
    );
}

#[test]
fn an_explicit_host_wins() {
    let endpoint =
        Endpoint::resolve("myorg-acc", Some("Proxy.example"), Some(8443), false, false).unwrap();
    assert_eq!(endpoint.base.as_str(), "https://proxy.example:8443/");
    assert_eq!(endpoint.account_name, "myorg-acc");
    assert!(!endpoint.is_snowflake_domain());
    for host in [
        "https://proxy.example",
        "proxy.example:1",
        "a/b",
        "a@b",
        "a b",
    ] {
        assert!(
            Endpoint::resolve("a", Some(host), None, false, false).is_err(),
            "{host}"
        );
    }
    let endpoint =
        Endpoint::resolve("", Some("acc.snowflakecomputing.com"), None, false, false).unwrap();
    assert_eq!(endpoint.account_name, "acc");
}

#[test]
fn clear_text_stays_on_this_machine_unless_allowed() {
    let http = |host, allowed| Endpoint::resolve("acc", Some(host), Some(80), true, allowed);
    for host in ["localhost", "127.0.0.1", "::1", "[::1]"] {
        assert!(http(host, false).unwrap().is_loopback(), "{host}");
    }
    for host in ["fake", "localhost.example", "10.0.0.1"] {
        let error = http(host, false).unwrap_err().to_string();
        assert!(error.contains("SNOWFLAKE_ALLOW_INSECURE"), "{error}");
        assert!(http(host, true).is_ok());
    }
}

#[test]
fn an_attestation_goes_to_snowflake_only() {
    let at = |host, http| Endpoint::resolve("acc", Some(host), None, http, true).unwrap();
    assert!(at("acc.snowflakecomputing.cn", false).is_snowflake_domain());
    for host in [
        "snowflakecomputing.com",
        "evilsnowflakecomputing.com",
        "acc.snowflakecomputing.com.evil.example",
    ] {
        assert!(!at(host, false).is_snowflake_domain(), "{host}");
    }
    assert!(!at("acc.snowflakecomputing.com", true).is_snowflake_domain());
}
