//! The databases there are: Snowflake's sample data, and a small one with names that need quotes.
//!
//! Columns, types, lengths, NOT NULL and table comments of `TPCH_SF1` are those of Snowflake's own share. Keys are
//! declared nowhere there; they are here because TPC-H defines them and an agent joins better when it is told. The
//! comments of columns are ours.

use super::columns::{date, field, key, money, text};
use super::{
    Database, Field, ForeignKey, SAMPLE_DATABASE, SAMPLE_SCHEMA, Schema, Table, TableKind,
};
use crate::warehouse::DataType;

/// The rows of the table with the odd names.
pub(in super::super) const DEMO_ROWS: &str = r#"INSERT INTO "DEMO"."PUBLIC"."Mixed Case" VALUES (1, 'klein', 'dot'), (2, 'groß', NULL), (3, NULL, 'x')"#;
/// How many rows that are, and their bytes.
pub(in super::super) const DEMO_SIZE: (u64, u64) = (3, 38);

pub(super) fn databases() -> Vec<Database> {
    vec![
        Database {
            name: "DEMO",
            comment: "A small database with names that need quotes",
            schemas: vec![Schema {
                name: "PUBLIC",
                comment: "",
                tables: vec![mixed_case()],
            }],
        },
        Database {
            name: SAMPLE_DATABASE,
            comment: "Sample data as Snowflake provides it, generated in this process",
            schemas: vec![Schema {
                name: SAMPLE_SCHEMA,
                comment: "TPC-H, scaled down; see EMBEDDED_SCALE_FACTOR",
                tables: sample_tables(),
            }],
        },
    ]
}

/// In the order of their names, as SHOW lists them.
fn sample_tables() -> Vec<Table> {
    vec![
        customer(),
        customer_revenue(),
        lineitem(),
        monthly_revenue(),
        nation(),
        orders(),
        part(),
        partsupp(),
        region(),
        supplier(),
    ]
}

fn table(
    name: &'static str,
    comment: &'static str,
    primary_key: &[&'static str],
    foreign_keys: Vec<ForeignKey>,
    columns: Vec<Field>,
) -> Table {
    Table {
        name,
        comment,
        columns,
        kind: TableKind::Table {
            rows: Some(0),
            bytes: 0,
            primary_key: primary_key.to_vec(),
            foreign_keys,
        },
    }
}

fn refers(
    columns: &[&'static str],
    table: &'static str,
    referenced: &[&'static str],
) -> ForeignKey {
    ForeignKey {
        columns: columns.to_vec(),
        table,
        referenced: referenced.to_vec(),
    }
}

fn customer() -> Table {
    table(
        "CUSTOMER",
        "Customer data as defined by TPC-H",
        &["C_CUSTKEY"],
        vec![refers(&["C_NATIONKEY"], "NATION", &["N_NATIONKEY"])],
        vec![
            key("C_CUSTKEY", "Customer number"),
            text("C_NAME", 25, "Customer name"),
            text("C_ADDRESS", 40, "Street address"),
            key("C_NATIONKEY", "Nation the customer lives in"),
            text("C_PHONE", 15, "Telephone number"),
            money("C_ACCTBAL", "Account balance"),
            text("C_MKTSEGMENT", 10, "Market segment").or_null(),
            text("C_COMMENT", 117, "Free text").or_null(),
        ],
    )
}

fn lineitem() -> Table {
    table(
        "LINEITEM",
        "Lineitem data as defined by TPC-H",
        &["L_ORDERKEY", "L_LINENUMBER"],
        vec![
            refers(&["L_ORDERKEY"], "ORDERS", &["O_ORDERKEY"]),
            refers(
                &["L_PARTKEY", "L_SUPPKEY"],
                "PARTSUPP",
                &["PS_PARTKEY", "PS_SUPPKEY"],
            ),
        ],
        vec![
            key("L_ORDERKEY", "Order the line belongs to"),
            key("L_PARTKEY", "Part sold"),
            key("L_SUPPKEY", "Supplier of the part"),
            key("L_LINENUMBER", "Line number within the order"),
            money("L_QUANTITY", "Pieces sold"),
            money("L_EXTENDEDPRICE", "Price of all pieces before discount"),
            money("L_DISCOUNT", "Discount as a fraction, 0.00 to 0.10"),
            money("L_TAX", "Tax as a fraction, 0.00 to 0.08"),
            text("L_RETURNFLAG", 1, "R returned, A accepted, N not yet known"),
            text("L_LINESTATUS", 1, "O open, F shipped"),
            date("L_SHIPDATE", "Day of shipment"),
            date("L_COMMITDATE", "Day promised"),
            date("L_RECEIPTDATE", "Day of receipt"),
            text("L_SHIPINSTRUCT", 25, "Shipping instructions"),
            text("L_SHIPMODE", 10, "Means of transport"),
            text("L_COMMENT", 44, "Free text"),
        ],
    )
}

fn nation() -> Table {
    table(
        "NATION",
        "Nation data as defined by TPC-H",
        &["N_NATIONKEY"],
        vec![refers(&["N_REGIONKEY"], "REGION", &["R_REGIONKEY"])],
        vec![
            key("N_NATIONKEY", "Nation number"),
            text("N_NAME", 25, "Nation name"),
            key("N_REGIONKEY", "Region the nation lies in"),
            text("N_COMMENT", 152, "Free text").or_null(),
        ],
    )
}

fn orders() -> Table {
    table(
        "ORDERS",
        "Orders data as defined by TPC-H",
        &["O_ORDERKEY"],
        vec![refers(&["O_CUSTKEY"], "CUSTOMER", &["C_CUSTKEY"])],
        vec![
            key("O_ORDERKEY", "Order number"),
            key("O_CUSTKEY", "Customer who ordered"),
            text("O_ORDERSTATUS", 1, "O open, F fulfilled, P partly"),
            money("O_TOTALPRICE", "Price of all lines with discount and tax"),
            date("O_ORDERDATE", "Day of the order"),
            text("O_ORDERPRIORITY", 15, "1-URGENT to 5-LOW"),
            text("O_CLERK", 15, "Clerk who took the order"),
            key("O_SHIPPRIORITY", "Shipping priority"),
            text("O_COMMENT", 79, "Free text"),
        ],
    )
}

fn part() -> Table {
    table(
        "PART",
        "Part data as defined by TPC-H",
        &["P_PARTKEY"],
        vec![],
        vec![
            key("P_PARTKEY", "Part number"),
            text("P_NAME", 55, "Part name, five colours"),
            text("P_MFGR", 25, "Manufacturer"),
            text("P_BRAND", 10, "Brand"),
            text("P_TYPE", 25, "Kind of part, three words"),
            key("P_SIZE", "Size, 1 to 50"),
            text("P_CONTAINER", 10, "Container it comes in"),
            money("P_RETAILPRICE", "Retail price of one piece"),
            text("P_COMMENT", 23, "Free text").or_null(),
        ],
    )
}

fn partsupp() -> Table {
    table(
        "PARTSUPP",
        "Partsupp data as defined by TPC-H",
        &["PS_PARTKEY", "PS_SUPPKEY"],
        vec![
            refers(&["PS_PARTKEY"], "PART", &["P_PARTKEY"]),
            refers(&["PS_SUPPKEY"], "SUPPLIER", &["S_SUPPKEY"]),
        ],
        vec![
            key("PS_PARTKEY", "Part"),
            key("PS_SUPPKEY", "Supplier who offers it"),
            key("PS_AVAILQTY", "Pieces available"),
            money("PS_SUPPLYCOST", "Price the supplier asks for one piece"),
            text("PS_COMMENT", 199, "Free text").or_null(),
        ],
    )
}

fn region() -> Table {
    table(
        "REGION",
        "Region data as defined by TPC-H",
        &["R_REGIONKEY"],
        vec![],
        vec![
            key("R_REGIONKEY", "Region number"),
            text("R_NAME", 25, "Region name"),
            text("R_COMMENT", 152, "Free text").or_null(),
        ],
    )
}

fn supplier() -> Table {
    table(
        "SUPPLIER",
        "Supplier data as defined by TPC-H",
        &["S_SUPPKEY"],
        vec![refers(&["S_NATIONKEY"], "NATION", &["N_NATIONKEY"])],
        vec![
            key("S_SUPPKEY", "Supplier number"),
            text("S_NAME", 25, "Supplier name"),
            text("S_ADDRESS", 40, "Street address"),
            key("S_NATIONKEY", "Nation the supplier lives in"),
            text("S_PHONE", 15, "Telephone number"),
            money("S_ACCTBAL", "Account balance"),
            text("S_COMMENT", 101, "Free text").or_null(),
        ],
    )
}

/// Revenue after discount; a sum of `NUMBER(12,2)` with two factors of scale 2 has scale 4.
fn revenue() -> Field {
    let sum = DataType::Number {
        precision: 38,
        scale: 4,
    };
    field(
        "REVENUE",
        sum,
        "Price of all lines after discount, before tax",
    )
    .or_null()
}

fn customer_revenue() -> Table {
    Table {
        name: "CUSTOMER_REVENUE",
        comment: "Orders and revenue of every customer who ordered",
        columns: vec![
            key("C_CUSTKEY", "Customer number").or_null(),
            text("C_NAME", 25, "Customer name").or_null(),
            text("N_NAME", 25, "Nation the customer lives in").or_null(),
            text("C_MKTSEGMENT", 10, "Market segment").or_null(),
            key("ORDER_COUNT", "Number of orders").or_null(),
            revenue(),
        ],
        kind: TableKind::View {
            query: r#"SELECT c.C_CUSTKEY, c.C_NAME, n.N_NAME, c.C_MKTSEGMENT, CAST(COUNT(DISTINCT o.O_ORDERKEY) AS DECIMAL(38,0)), CAST(SUM(l.L_EXTENDEDPRICE * (1 - l.L_DISCOUNT)) AS DECIMAL(38,4)) FROM "SNOWFLAKE_SAMPLE_DATA"."TPCH_SF1"."CUSTOMER" c JOIN "SNOWFLAKE_SAMPLE_DATA"."TPCH_SF1"."NATION" n ON n.N_NATIONKEY = c.C_NATIONKEY JOIN "SNOWFLAKE_SAMPLE_DATA"."TPCH_SF1"."ORDERS" o ON o.O_CUSTKEY = c.C_CUSTKEY JOIN "SNOWFLAKE_SAMPLE_DATA"."TPCH_SF1"."LINEITEM" l ON l.L_ORDERKEY = o.O_ORDERKEY GROUP BY c.C_CUSTKEY, c.C_NAME, n.N_NAME, c.C_MKTSEGMENT"#,
        },
    }
}

fn monthly_revenue() -> Table {
    Table {
        name: "MONTHLY_REVENUE",
        comment: "Orders and revenue by month of the order",
        columns: vec![
            date("MONTH", "First day of the month").or_null(),
            key("ORDER_COUNT", "Number of orders").or_null(),
            revenue(),
        ],
        kind: TableKind::View {
            query: r#"SELECT CAST(DATE_TRUNC('month', o.O_ORDERDATE) AS DATE), CAST(COUNT(DISTINCT o.O_ORDERKEY) AS DECIMAL(38,0)), CAST(SUM(l.L_EXTENDEDPRICE * (1 - l.L_DISCOUNT)) AS DECIMAL(38,4)) FROM "SNOWFLAKE_SAMPLE_DATA"."TPCH_SF1"."ORDERS" o JOIN "SNOWFLAKE_SAMPLE_DATA"."TPCH_SF1"."LINEITEM" l ON l.L_ORDERKEY = o.O_ORDERKEY GROUP BY DATE_TRUNC('month', o.O_ORDERDATE)"#,
        },
    }
}

fn mixed_case() -> Table {
    table(
        "Mixed Case",
        "Names that need quotes",
        &["id"],
        vec![],
        vec![
            key("id", "Row number"),
            text("größe", 20, "A name beyond ASCII").or_null(),
            text("a.b", 20, "A name with a dot").or_null(),
        ],
    )
}
