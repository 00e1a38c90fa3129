//! SHOW, DESCRIBE and `INFORMATION_SCHEMA` in Snowflake's shapes.

use super::super::catalog::Catalog;
use super::{Read, answer, engine, read, refusal, run};
use crate::sql::Identifier;
use crate::warehouse::{DataType, Error, Warehouse};

async fn names(statement: &str) -> Vec<String> {
    let found = answer(statement).await;
    found
        .column("name")
        .into_iter()
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn databases_and_schemas_are_listed_in_snowflakes_columns() {
    let found = answer("SHOW DATABASES").await;
    assert_eq!(
        found.names(),
        [
            "created_on",
            "name",
            "is_default",
            "is_current",
            "origin",
            "owner",
            "comment",
            "options",
            "retention_time",
            "kind",
            "owner_role_type"
        ]
    );
    assert_eq!(found.columns[0].data_type, DataType::TimestampLtz(3));
    assert_eq!(found.column("name"), ["DEMO", "SNOWFLAKE_SAMPLE_DATA"]);
    assert_eq!(found.column("is_current"), ["N", "Y"]);

    assert_eq!(
        names("SHOW SCHEMAS IN DATABASE SNOWFLAKE_SAMPLE_DATA").await,
        ["INFORMATION_SCHEMA", "TPCH_SF1"]
    );
    assert_eq!(names("SHOW SCHEMAS").await.len(), 2);
    assert_eq!(
        names("SHOW SCHEMAS IN demo").await,
        ["INFORMATION_SCHEMA", "PUBLIC"]
    );
    assert_eq!(names("SHOW SCHEMAS IN ACCOUNT").await.len(), 4);
}

#[tokio::test]
async fn tables_are_narrowed_by_every_clause() {
    let all = [
        "CUSTOMER", "LINEITEM", "NATION", "ORDERS", "PART", "PARTSUPP", "REGION", "SUPPLIER",
    ];
    assert_eq!(names("SHOW TABLES").await, all);
    assert_eq!(names("SHOW TABLES IN TPCH_SF1").await, all);
    assert_eq!(
        names("SHOW TABLES IN snowflake_sample_data.tpch_sf1").await,
        all
    );
    assert_eq!(names("SHOW TABLES IN SNOWFLAKE_SAMPLE_DATA").await, all);
    assert_eq!(names("SHOW TABLES IN DATABASE").await, all);
    assert_eq!(names("SHOW TABLES IN DATABASE demo").await, ["Mixed Case"]);
    assert_eq!(names("SHOW TABLES IN ACCOUNT").await.len(), 9);
    assert_eq!(
        names("SHOW TABLES LIKE 'part%'").await,
        ["PART", "PARTSUPP"]
    );
    assert_eq!(names("SHOW TABLES LIKE '_art'").await, ["PART"]);
    assert_eq!(
        names("SHOW TABLES STARTS WITH 'PA'").await,
        ["PART", "PARTSUPP"]
    );
    assert!(names("SHOW TABLES STARTS WITH 'pa'").await.is_empty());
    assert_eq!(names("SHOW TABLES LIMIT 2").await, ["CUSTOMER", "LINEITEM"]);
    assert_eq!(
        names("SHOW TABLES LIMIT 2 FROM 'LINEITEM'").await,
        ["NATION", "ORDERS"],
        "a page starts after the row it is asked from"
    );

    let terse =
        answer("SHOW TERSE TABLES LIKE '%ORDER%' IN SNOWFLAKE_SAMPLE_DATA.TPCH_SF1 LIMIT 5").await;
    assert_eq!(
        terse.names(),
        ["created_on", "name", "kind", "database_name", "schema_name"]
    );
    assert_eq!(
        terse.rows[0][1..],
        ["ORDERS", "TABLE", "SNOWFLAKE_SAMPLE_DATA", "TPCH_SF1"]
    );
    for statement in [
        "SHOW TERSE DATABASES",
        "SHOW TERSE SCHEMAS",
        "SHOW TERSE VIEWS",
        "SHOW TERSE OBJECTS",
    ] {
        assert_eq!(
            answer(statement).await.names(),
            terse.names(),
            "{statement}"
        );
    }

    let found = answer("SHOW TABLES").await;
    assert_eq!(found.column("rows")[3], "1500");
    assert!(found.column("bytes").iter().all(|bytes| *bytes != "0"));
    assert_eq!(
        found.column("comment")[0],
        "Customer data as defined by TPC-H"
    );
}

#[tokio::test]
async fn views_and_objects_are_told_apart() {
    assert_eq!(
        names("SHOW VIEWS IN SCHEMA SNOWFLAKE_SAMPLE_DATA.TPCH_SF1").await,
        ["CUSTOMER_REVENUE", "MONTHLY_REVENUE"]
    );
    let found = answer("SHOW VIEWS").await;
    assert!(
        found.column("text")[1].starts_with("create or replace view MONTHLY_REVENUE("),
        "{found:?}"
    );
    let found = answer("SHOW OBJECTS").await;
    assert_eq!(found.rows.len(), 10);
    assert_eq!(found.column("kind")[..2], ["TABLE", "VIEW"]);
    assert!(
        names("SHOW VIEWS IN SCHEMA INFORMATION_SCHEMA")
            .await
            .contains(&"TABLES".to_owned())
    );
}

#[tokio::test]
async fn columns_tell_their_type_as_json() {
    let found = answer("SHOW COLUMNS IN TABLE orders").await;
    assert_eq!(found.rows.len(), 9);
    assert_eq!(
        found.rows[1][..6],
        [
            "ORDERS",
            "TPCH_SF1",
            "O_CUSTKEY",
            r#"{"type":"FIXED","precision":38,"scale":0,"nullable":false}"#,
            "NOT_NULL",
            ""
        ]
    );
    assert_eq!(
        found.column("data_type")[8],
        r#"{"type":"TEXT","length":79,"byteLength":316,"nullable":false,"fixed":false}"#
    );
    assert_eq!(answer("SHOW COLUMNS IN orders").await.rows.len(), 9);
    assert_eq!(
        answer("SHOW COLUMNS LIKE '%key' IN orders")
            .await
            .rows
            .len(),
        2
    );
    assert_eq!(answer("SHOW COLUMNS").await.rows.len(), 61 + 9);
    for found in found.column("data_type") {
        assert!(
            serde_json::from_str::<serde_json::Value>(found).is_ok(),
            "{found}"
        );
    }
}

#[tokio::test]
async fn keys_are_known_in_both_directions() {
    let found = answer("SHOW PRIMARY KEYS IN TABLE partsupp").await;
    assert_eq!(found.column("column_name"), ["PS_PARTKEY", "PS_SUPPKEY"]);
    assert_eq!(found.column("key_sequence"), ["1", "2"]);
    let found = answer("SHOW IMPORTED KEYS IN TABLE orders").await;
    assert_eq!(found.column("pk_table_name"), ["CUSTOMER"]);
    assert_eq!(found.column("fk_column_name"), ["O_CUSTKEY"]);
    let found = answer("SHOW EXPORTED KEYS IN TABLE orders").await;
    assert_eq!(found.column("fk_table_name"), ["LINEITEM"]);
    assert!(
        answer("SHOW UNIQUE KEYS IN TABLE orders")
            .await
            .rows
            .is_empty()
    );
    assert_eq!(answer("SHOW PRIMARY KEYS").await.rows.len(), 10);
}

#[tokio::test]
async fn kinds_the_engine_has_none_of_are_empty_and_well_shaped() {
    for kind in [
        "FUNCTIONS",
        "PROCEDURES",
        "SEQUENCES",
        "STAGES",
        "FILE FORMATS",
        "TASKS",
        "STREAMS",
        "PIPES",
        "MATERIALIZED VIEWS",
        "DYNAMIC TABLES",
        "SEMANTIC VIEWS",
        "CORTEX SEARCH SERVICES",
        "USER FUNCTIONS",
    ] {
        let found = answer(&format!("SHOW {kind}")).await;
        assert!(found.rows.is_empty(), "{kind}");
        assert!(found.names().contains(&"name"), "{kind}");
        assert!(found.names().contains(&"created_on"), "{kind}");
    }
    let error = refusal("SHOW STAGES IN SCHEMA nowhere").await;
    assert!(matches!(error, Error::ObjectNotFound { .. }));
    let error = refusal("SHOW UNICORNS").await;
    assert!(matches!(error, Error::EngineLimit(_)), "{error:?}");
    assert!(error.to_string().contains("SHOW UNICORNS"));
}

#[tokio::test]
async fn account_objects_are_the_one_of_each_there_is() {
    assert_eq!(names("SHOW WAREHOUSES").await, ["EMBEDDED"]);
    assert_eq!(names("SHOW ROLES").await, ["ANALYST"]);
    assert_eq!(names("SHOW USERS").await, ["AGENT"]);
    let found = answer("SHOW GRANTS TO ROLE ANALYST").await;
    assert_eq!(
        found.names(),
        [
            "created_on",
            "privilege",
            "granted_on",
            "name",
            "granted_to",
            "grantee_name",
            "grant_option",
            "granted_by"
        ]
    );
    assert!(
        found.column("name").contains(&"DEMO.PUBLIC.\"Mixed Case\""),
        "{found:?}"
    );
    assert!(answer("SHOW GRANTS TO ROLE NOBODY").await.rows.is_empty());
    assert_eq!(answer("SHOW GRANTS").await.column("role"), ["ANALYST"]);
    assert_eq!(answer("SHOW PARAMETERS LIKE 'time%'").await.rows.len(), 2);
}

#[tokio::test]
async fn describe_gives_snowflakes_columns_and_types() {
    let found = answer("DESCRIBE TABLE SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.ORDERS").await;
    assert_eq!(
        found.names(),
        [
            "name",
            "type",
            "kind",
            "null?",
            "default",
            "primary key",
            "unique key",
            "check",
            "expression",
            "comment",
            "policy name",
            "privacy domain"
        ]
    );
    let written = |found: &Read| {
        found
            .rows
            .iter()
            .map(|row| format!("{} {} {} {}", row[0], row[1], row[3], row[5]))
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(
        written(&found),
        "O_ORDERKEY NUMBER(38,0) N Y\n\
         O_CUSTKEY NUMBER(38,0) N N\n\
         O_ORDERSTATUS VARCHAR(1) N N\n\
         O_TOTALPRICE NUMBER(12,2) N N\n\
         O_ORDERDATE DATE N N\n\
         O_ORDERPRIORITY VARCHAR(15) N N\n\
         O_CLERK VARCHAR(15) N N\n\
         O_SHIPPRIORITY NUMBER(38,0) N N\n\
         O_COMMENT VARCHAR(79) N N"
    );
    assert_eq!(written(&answer("DESC TABLE orders").await), written(&found));
    assert_eq!(
        written(&answer("DESC TABLE orders TYPE = COLUMNS").await),
        written(&found)
    );
    assert_eq!(
        written(&answer("DESC VIEW monthly_revenue").await),
        "MONTH DATE Y N\nORDER_COUNT NUMBER(38,0) Y N\nREVENUE NUMBER(38,4) Y N"
    );
    assert_eq!(
        answer("DESC TABLE \"DEMO\".\"PUBLIC\".\"Mixed Case\"")
            .await
            .column("name"),
        ["id", "größe", "a.b"]
    );
    assert_eq!(answer("DESC SCHEMA tpch_sf1").await.rows.len(), 10);
    assert_eq!(
        answer("DESC DATABASE demo").await.column("name"),
        ["INFORMATION_SCHEMA", "PUBLIC"]
    );
    assert!(
        answer("DESC VIEW INFORMATION_SCHEMA.TABLES")
            .await
            .column("name")
            .contains(&"ROW_COUNT")
    );
}

#[tokio::test]
async fn what_does_not_exist_is_said_in_snowflakes_words() {
    for (statement, expected) in [
        (
            "DESC TABLE nope",
            "SQL compilation error:\nObject 'NOPE' does not exist or not authorized.",
        ),
        (
            "DESC TABLE \"orders\"",
            "SQL compilation error:\nObject '\"orders\"' does not exist or not authorized.",
        ),
        (
            "SHOW TABLES IN DATABASE x",
            "SQL compilation error:\nDatabase 'X' does not exist or not authorized.",
        ),
        (
            "SHOW TABLES IN SCHEMA x",
            "SQL compilation error:\nSchema 'SNOWFLAKE_SAMPLE_DATA.X' does not exist or not authorized.",
        ),
        (
            "SHOW COLUMNS IN TABLE x",
            "SQL compilation error:\nObject 'X' does not exist or not authorized.",
        ),
        (
            "DESC STAGE s",
            "SQL compilation error:\nStage 'S' does not exist or not authorized.",
        ),
    ] {
        let error = refusal(statement).await;
        assert!(
            matches!(error, Error::ObjectNotFound { .. }),
            "{statement}: {error:?}"
        );
        assert_eq!(error.to_string(), expected, "{statement}");
    }
}

#[tokio::test]
async fn the_information_schema_agrees_with_show() {
    let found = answer("SELECT COLUMN_NAME, DATA_TYPE, IS_NULLABLE, ORDINAL_POSITION, NUMERIC_PRECISION, NUMERIC_SCALE, CHARACTER_MAXIMUM_LENGTH FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = 'TPCH_SF1' AND TABLE_NAME = 'CUSTOMER' ORDER BY ORDINAL_POSITION").await;
    assert_eq!(
        found.rows[0],
        ["C_CUSTKEY", "NUMBER", "NO", "1", "38", "0", "∅"]
    );
    assert_eq!(
        found.rows[5],
        ["C_ACCTBAL", "NUMBER", "NO", "6", "12", "2", "∅"]
    );
    assert_eq!(
        found.rows[7],
        ["C_COMMENT", "TEXT", "YES", "8", "∅", "∅", "117"]
    );

    let found = answer("SELECT TABLE_NAME, TABLE_TYPE, ROW_COUNT, COMMENT FROM SNOWFLAKE_SAMPLE_DATA.INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'TPCH_SF1' ORDER BY TABLE_NAME").await;
    assert_eq!(found.rows.len(), 10);
    assert_eq!(found.rows[0][..3], ["CUSTOMER", "BASE TABLE", "150"]);
    assert_eq!(found.rows[1][..3], ["CUSTOMER_REVENUE", "VIEW", "∅"]);

    let found = answer("SELECT SCHEMA_NAME FROM DEMO.INFORMATION_SCHEMA.SCHEMATA ORDER BY 1").await;
    assert_eq!(found.rows, [["INFORMATION_SCHEMA"], ["PUBLIC"]]);
    let found = answer("SELECT COUNT(*) FROM INFORMATION_SCHEMA.DATABASES").await;
    assert_eq!(found.rows, [["2"]]);
    let found = answer("SELECT CREATED FROM INFORMATION_SCHEMA.TABLES LIMIT 1").await;
    assert_eq!(found.columns[0].data_type, DataType::TimestampLtz(9));
}

#[tokio::test]
async fn every_view_of_the_information_schema_can_be_read() {
    for (database, schema, view) in Catalog::new().tables() {
        if schema.name == "INFORMATION_SCHEMA" {
            let found = answer(&format!(
                "SELECT * FROM {}.INFORMATION_SCHEMA.{}",
                database.name, view.name
            ))
            .await;
            let expected: Vec<&str> = view.columns.iter().map(|column| column.name).collect();
            assert_eq!(found.names(), expected, "{}", view.name);
        }
    }
}

#[tokio::test]
async fn ddl_is_what_would_make_the_object_in_snowflake() {
    let catalog = Catalog::new();
    let ddl = |wanted: &str| {
        catalog
            .tables()
            .find(|(_, _, table)| table.name == wanted)
            .unwrap()
            .2
            .ddl()
    };
    assert_eq!(
        ddl("NATION"),
        "create or replace TABLE NATION (\n\
         \tN_NATIONKEY NUMBER(38,0) NOT NULL COMMENT 'Nation number',\n\
         \tN_NAME VARCHAR(25) NOT NULL COMMENT 'Nation name',\n\
         \tN_REGIONKEY NUMBER(38,0) NOT NULL COMMENT 'Region the nation lies in',\n\
         \tN_COMMENT VARCHAR(152) COMMENT 'Free text',\n\
         \tprimary key (N_NATIONKEY),\n\
         \tforeign key (N_REGIONKEY) references REGION (R_REGIONKEY)\n\
         )COMMENT='Nation data as defined by TPC-H';"
    );
    assert!(ddl("Mixed Case").contains("\t\"a.b\" VARCHAR(20) COMMENT 'A name with a dot',"));
    let view = ddl("MONTHLY_REVENUE");
    assert!(
        view.starts_with(
            "create or replace view MONTHLY_REVENUE(\n\tMONTH COMMENT 'First day of the month',\n"
        ),
        "{view}"
    );
}

#[tokio::test]
async fn show_looks_from_the_callers_session() {
    let mut asked = run("SHOW TABLES");
    asked.session.database = Some(Identifier::exact("DEMO").unwrap());
    let found = read(engine().run(asked).await.unwrap()).await.unwrap();
    assert_eq!(found.column("name"), ["Mixed Case"]);
}
