//! A small DuckDB with the sample tables, and tests of single rules against it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::{Mutex, MutexGuard, OnceLock};

use duckdb::Connection;
use tpchgen::distribution::Distributions;
use tpchgen::generators::{
    CustomerGenerator, LineItemGenerator, NationGenerator, OrderGenerator, PartGenerator,
    PartSuppGenerator, RegionGenerator, SupplierGenerator,
};
use tpchgen::text::TextPool;

use super::{Context, install, translate};
use crate::policy::Policy;
use crate::sql::{Identifier, Tree, parse};
use crate::warehouse::{Error, Parameter};

/// The tables of TPC-H, with the types Snowflake's copy has.
const TABLES: &str = r#"
ATTACH ':memory:' AS "SNOWFLAKE_SAMPLE_DATA";
CREATE SCHEMA "SNOWFLAKE_SAMPLE_DATA"."TPCH_SF1";
CREATE SCHEMA "SNOWFLAKE_SAMPLE_DATA"."_INFORMATION_SCHEMA";
USE "SNOWFLAKE_SAMPLE_DATA"."TPCH_SF1";
CREATE TABLE "REGION"("R_REGIONKEY" DECIMAL(38,0), "R_NAME" VARCHAR, "R_COMMENT" VARCHAR);
CREATE TABLE "NATION"("N_NATIONKEY" DECIMAL(38,0), "N_NAME" VARCHAR, "N_REGIONKEY" DECIMAL(38,0), "N_COMMENT" VARCHAR);
CREATE TABLE "PART"("P_PARTKEY" DECIMAL(38,0), "P_NAME" VARCHAR, "P_MFGR" VARCHAR, "P_BRAND" VARCHAR, "P_TYPE" VARCHAR, "P_SIZE" DECIMAL(38,0), "P_CONTAINER" VARCHAR, "P_RETAILPRICE" DECIMAL(12,2), "P_COMMENT" VARCHAR);
CREATE TABLE "SUPPLIER"("S_SUPPKEY" DECIMAL(38,0), "S_NAME" VARCHAR, "S_ADDRESS" VARCHAR, "S_NATIONKEY" DECIMAL(38,0), "S_PHONE" VARCHAR, "S_ACCTBAL" DECIMAL(12,2), "S_COMMENT" VARCHAR);
CREATE TABLE "CUSTOMER"("C_CUSTKEY" DECIMAL(38,0), "C_NAME" VARCHAR, "C_ADDRESS" VARCHAR, "C_NATIONKEY" DECIMAL(38,0), "C_PHONE" VARCHAR, "C_ACCTBAL" DECIMAL(12,2), "C_MKTSEGMENT" VARCHAR, "C_COMMENT" VARCHAR);
CREATE TABLE "PARTSUPP"("PS_PARTKEY" DECIMAL(38,0), "PS_SUPPKEY" DECIMAL(38,0), "PS_AVAILQTY" DECIMAL(38,0), "PS_SUPPLYCOST" DECIMAL(12,2), "PS_COMMENT" VARCHAR);
CREATE TABLE "ORDERS"("O_ORDERKEY" DECIMAL(38,0), "O_CUSTKEY" DECIMAL(38,0), "O_ORDERSTATUS" VARCHAR, "O_TOTALPRICE" DECIMAL(12,2), "O_ORDERDATE" DATE, "O_ORDERPRIORITY" VARCHAR, "O_CLERK" VARCHAR, "O_SHIPPRIORITY" DECIMAL(38,0), "O_COMMENT" VARCHAR);
CREATE TABLE "LINEITEM"("L_ORDERKEY" DECIMAL(38,0), "L_PARTKEY" DECIMAL(38,0), "L_SUPPKEY" DECIMAL(38,0), "L_LINENUMBER" DECIMAL(38,0), "L_QUANTITY" DECIMAL(12,2), "L_EXTENDEDPRICE" DECIMAL(12,2), "L_DISCOUNT" DECIMAL(12,2), "L_TAX" DECIMAL(12,2), "L_RETURNFLAG" VARCHAR, "L_LINESTATUS" VARCHAR, "L_SHIPDATE" DATE, "L_COMMITDATE" DATE, "L_RECEIPTDATE" DATE, "L_SHIPINSTRUCT" VARCHAR, "L_SHIPMODE" VARCHAR, "L_COMMENT" VARCHAR);
CREATE VIEW "_INFORMATION_SCHEMA_COLUMNS" AS SELECT 1 AS one;
DROP VIEW "_INFORMATION_SCHEMA_COLUMNS";
CREATE VIEW "SNOWFLAKE_SAMPLE_DATA"."_INFORMATION_SCHEMA"."SCHEMATA" AS SELECT 'TPCH_SF1' AS "SCHEMA_NAME";
USE memory.main;
"#;

/// Answers of a statement, as texts; `None` is NULL.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<Option<String>>>,
}

pub(super) fn context() -> Context {
    let name = |text| Identifier::exact(text).unwrap();
    Context {
        database: name("SNOWFLAKE_SAMPLE_DATA"),
        schema: name("TPCH_SF1"),
        role: name("ANALYST"),
        warehouse: name("COMPUTE_WH"),
        user: name("AGENT"),
        query_id: "01b2c3d4-0000-0000-0000-000000000000".into(),
        parameters: vec![
            Parameter::Integer(7),
            Parameter::Text("it's".into()),
            Parameter::Null,
        ],
    }
}

/// The fixture, made once: generating the tables takes longer than all tests together.
fn database() -> MutexGuard<'static, Connection> {
    static DATABASE: OnceLock<Mutex<Connection>> = OnceLock::new();
    let database = DATABASE.get_or_init(|| {
        let connection = Connection::open_in_memory().unwrap();
        install(&connection).unwrap();
        connection.execute_batch(TABLES).unwrap();
        load(&connection);
        Mutex::new(connection)
    });
    database
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Scale factor 0.01, through the text form of dbgen.
fn load(connection: &Connection) {
    let distributions = Distributions::static_default();
    let pool = TextPool::new(4 << 20, distributions);
    let sf = 0.01;
    macro_rules! fill {
        ($table:literal, $rows:expr) => {{
            let mut file = tempfile::NamedTempFile::new().unwrap();
            let mut text = String::new();
            for row in $rows {
                // A line of dbgen ends with a separator, which would be one more column.
                let line = row.to_string();
                writeln!(text, "{}", line.trim_end_matches('|')).unwrap();
            }
            file.write_all(text.as_bytes()).unwrap();
            let path = file.path().display();
            connection
                .execute_batch(&format!(
                    "COPY \"SNOWFLAKE_SAMPLE_DATA\".\"TPCH_SF1\".\"{}\" FROM '{path}' (DELIMITER '|', HEADER false, QUOTE '')",
                    $table
                ))
                .unwrap();
        }};
    }
    fill!(
        "REGION",
        RegionGenerator::new_with_distributions_and_text_pool(distributions, &pool).iter()
    );
    fill!(
        "NATION",
        NationGenerator::new_with_distributions_and_text_pool(distributions, &pool).iter()
    );
    fill!(
        "PART",
        PartGenerator::new_with_distributions_and_text_pool(sf, 1, 1, distributions, &pool).iter()
    );
    fill!(
        "SUPPLIER",
        SupplierGenerator::new_with_distributions_and_text_pool(sf, 1, 1, distributions, &pool)
            .iter()
    );
    fill!(
        "CUSTOMER",
        CustomerGenerator::new_with_distributions_and_text_pool(sf, 1, 1, distributions, &pool)
            .iter()
    );
    fill!(
        "PARTSUPP",
        PartSuppGenerator::new_with_text_pool(sf, 1, 1, &pool).iter()
    );
    fill!(
        "ORDERS",
        OrderGenerator::new_with_distributions_and_text_pool(sf, 1, 1, distributions, &pool).iter()
    );
    fill!(
        "LINEITEM",
        LineItemGenerator::new_with_distributions_and_text_pool(sf, 1, 1, distributions, &pool)
            .iter()
    );
}

/// Why a statement was not answered.
#[derive(Debug)]
pub(super) enum Failure {
    /// It did not parse, or the policy refused it.
    Refused(String),
    /// The translation refused it.
    Translation(Error),
    /// DuckDB refused what the translation made, which is shown.
    DuckDb(String, String),
}

pub(super) fn translated(sql: &str) -> Result<String, Failure> {
    let parsed = parse(sql).map_err(|error| Failure::Refused(error.to_string()))?;
    let approved = Policy::default()
        .approve(parsed)
        .map_err(|refusal| Failure::Refused(refusal.to_string()))?;
    let Tree::Statement(statement) = approved.parsed().tree() else {
        return Err(Failure::Refused("not a query".into()));
    };
    translate(statement, approved.text(), &context())
        .map(|translation| translation.sql)
        .map_err(Failure::Translation)
}

pub(super) fn run(sql: &str) -> Result<Answer, Failure> {
    let translated = translated(sql)?;
    let connection = database();
    answer(&connection, &translated).map_err(|error| Failure::DuckDb(error.to_string(), translated))
}

fn answer(connection: &Connection, sql: &str) -> duckdb::Result<Answer> {
    let columns = {
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        rows.next()?;
        rows.as_ref()
            .map(|statement| statement.column_names())
            .unwrap_or_default()
    };
    // Every value as DuckDB's text for it: the driver's own value types lose digits of wide decimals.
    let mut statement =
        connection.prepare(&format!("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ({sql})"))?;
    let mut found = statement.query([])?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        rows.push(
            (0..columns.len())
                .map(|index| row.get::<_, Option<String>>(index))
                .collect::<duckdb::Result<_>>()?,
        );
    }
    Ok(Answer { columns, rows })
}
