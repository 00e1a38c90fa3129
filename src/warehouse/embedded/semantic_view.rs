//! The one semantic view of this engine, for trying the tools for such views. Snowflake's sample data has none, and its comment
//! says whose it is.
//!
//! Six tables, five joins from many rows to one, facts that count the rows of another table. `catalog` tells of it and
//! `dialect` answers it.

/// Where it is.
pub(super) const DATABASE: &str = "DEMO";
pub(super) const SCHEMA: &str = "PUBLIC";
pub(super) const NAME: &str = "TPCH_ANALYSIS";

pub(super) const COMMENT: &str =
    "Customers, orders, revenue and suppliers. Part of this server, not of Snowflake's sample data";

/// A logical table: a table of the sample data with its key and what its facts and dimensions are made of.
pub(super) struct LogicalTable {
    pub(super) name: &'static str,
    /// The table of the sample data.
    pub(super) base: &'static str,
    pub(super) key: &'static [&'static str],
    /// The key of the one row in another table that each row belongs to.
    pub(super) up: Option<Join>,
    /// Its rows with facts and dimensions as columns, as SQL.
    pub(super) rows: &'static str,
    pub(super) comment: &'static str,
}

/// A join from many rows to one.
pub(super) struct Join {
    pub(super) column: &'static str,
    pub(super) table: &'static str,
    pub(super) key: &'static str,
}

const fn joined(column: &'static str, table: &'static str, key: &'static str) -> Option<Join> {
    Some(Join { column, table, key })
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Dimension,
    Fact,
    Metric,
}

/// A dimension, a fact or a metric.
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) table: &'static str,
    pub(super) name: &'static str,
    pub(super) data_type: &'static str,
    /// As its owner would write it; of metrics this is what runs.
    pub(super) expression: &'static str,
    pub(super) comment: &'static str,
    /// A JSON list.
    pub(super) synonyms: &'static str,
}

pub(super) static TABLES: [LogicalTable; 6] = [
    LogicalTable {
        name: "REGION",
        base: "REGION",
        key: &["R_REGIONKEY"],
        up: None,
        rows: "SELECT r_regionkey, r_name AS region_name FROM snowflake_sample_data.tpch_sf1.region",
        comment: "Parts of the world",
    },
    LogicalTable {
        name: "NATION",
        base: "NATION",
        key: &["N_NATIONKEY"],
        up: joined("N_REGIONKEY", "REGION", "R_REGIONKEY"),
        rows: "SELECT n_nationkey, n_regionkey, n_name AS nation_name FROM snowflake_sample_data.tpch_sf1.nation",
        comment: "Nations",
    },
    LogicalTable {
        name: "CUSTOMER",
        base: "CUSTOMER",
        key: &["C_CUSTKEY"],
        up: joined("C_NATIONKEY", "NATION", "N_NATIONKEY"),
        rows: "SELECT c_custkey, c_nationkey, c_name AS customer_name, c_mktsegment AS segment, LEFT(c_phone, 2) AS country_code, \
               c_acctbal AS balance, COALESCE(o.n, 0) AS order_count FROM snowflake_sample_data.tpch_sf1.customer \
               LEFT JOIN (SELECT o_custkey, COUNT(*) AS n FROM snowflake_sample_data.tpch_sf1.orders GROUP BY o_custkey) AS o \
               ON o.o_custkey = c_custkey",
        comment: "Customers",
    },
    LogicalTable {
        name: "ORDERS",
        base: "ORDERS",
        key: &["O_ORDERKEY"],
        up: joined("O_CUSTKEY", "CUSTOMER", "C_CUSTKEY"),
        rows: "SELECT o_orderkey, o_custkey, o_orderdate AS order_date, o_orderpriority AS priority, o_totalprice AS price, \
               COALESCE(l.n, 0) AS line_count FROM snowflake_sample_data.tpch_sf1.orders \
               LEFT JOIN (SELECT l_orderkey, COUNT(*) AS n FROM snowflake_sample_data.tpch_sf1.lineitem GROUP BY l_orderkey) AS l \
               ON l.l_orderkey = o_orderkey",
        comment: "Orders",
    },
    LogicalTable {
        name: "LINE_ITEMS",
        base: "LINEITEM",
        key: &["L_ORDERKEY", "L_LINENUMBER"],
        up: joined("L_ORDERKEY", "ORDERS", "O_ORDERKEY"),
        rows: "SELECT l_orderkey, l_linenumber, l_shipmode AS ship_mode, l_extendedprice * (1 - l_discount) AS net_price \
               FROM snowflake_sample_data.tpch_sf1.lineitem",
        comment: "Positions of orders",
    },
    LogicalTable {
        name: "SUPPLIER",
        base: "SUPPLIER",
        key: &["S_SUPPKEY"],
        up: joined("S_NATIONKEY", "NATION", "N_NATIONKEY"),
        rows: "SELECT s_suppkey, s_nationkey, s_name AS supplier_name FROM snowflake_sample_data.tpch_sf1.supplier",
        comment: "Suppliers",
    },
];

pub(super) static ITEMS: [Item; 21] = [
    dimension(
        "REGION",
        "REGION_NAME",
        "VARCHAR(25)",
        "R_NAME",
        "Name of the region",
    ),
    dimension(
        "NATION",
        "NATION_NAME",
        "VARCHAR(25)",
        "N_NAME",
        "Name of the nation",
    ),
    dimension(
        "CUSTOMER",
        "CUSTOMER_NAME",
        "VARCHAR(25)",
        "C_NAME",
        "Name of the customer",
    ),
    Item {
        synonyms: "[\"market segment\"]",
        ..dimension(
            "CUSTOMER",
            "SEGMENT",
            "VARCHAR(10)",
            "C_MKTSEGMENT",
            "What the customer trades in",
        )
    },
    dimension(
        "CUSTOMER",
        "COUNTRY_CODE",
        "VARCHAR(15)",
        "LEFT(C_PHONE, 2)",
        "How phone numbers of the country begin",
    ),
    dimension(
        "ORDERS",
        "ORDER_DATE",
        "DATE",
        "O_ORDERDATE",
        "Day of the order",
    ),
    dimension(
        "ORDERS",
        "PRIORITY",
        "VARCHAR(15)",
        "O_ORDERPRIORITY",
        "From 1-URGENT to 5-LOW",
    ),
    dimension(
        "LINE_ITEMS",
        "SHIP_MODE",
        "VARCHAR(10)",
        "L_SHIPMODE",
        "How the position was sent",
    ),
    dimension(
        "SUPPLIER",
        "SUPPLIER_NAME",
        "VARCHAR(25)",
        "S_NAME",
        "Name of the supplier",
    ),
    fact(
        "CUSTOMER",
        "BALANCE",
        "NUMBER(12,2)",
        "C_ACCTBAL",
        "Balance of the customer's account",
    ),
    fact(
        "CUSTOMER",
        "ORDER_COUNT",
        "NUMBER(38,0)",
        "COUNT(ORDERS.O_ORDERKEY)",
        "Orders of the customer",
    ),
    fact(
        "ORDERS",
        "PRICE",
        "NUMBER(12,2)",
        "O_TOTALPRICE",
        "Price of the order",
    ),
    fact(
        "ORDERS",
        "LINE_COUNT",
        "NUMBER(38,0)",
        "COUNT(LINE_ITEMS.L_LINENUMBER)",
        "Positions of the order",
    ),
    fact(
        "LINE_ITEMS",
        "NET_PRICE",
        "NUMBER(38,4)",
        "L_EXTENDEDPRICE * (1 - L_DISCOUNT)",
        "Price of the position after discount",
    ),
    metric(
        "CUSTOMER",
        "CUSTOMERS",
        "NUMBER(38,0)",
        "COUNT(CUSTOMER.C_CUSTKEY)",
        "Number of customers",
    ),
    metric(
        "CUSTOMER",
        "ORDERS_PER_CUSTOMER",
        "NUMBER(38,6)",
        "AVG(CUSTOMER.ORDER_COUNT)",
        "Orders of a customer on average, with those that have none",
    ),
    metric(
        "ORDERS",
        "ORDERS_PLACED",
        "NUMBER(38,0)",
        "COUNT(ORDERS.O_ORDERKEY)",
        "Number of orders",
    ),
    metric(
        "ORDERS",
        "AVERAGE_PRICE",
        "NUMBER(38,8)",
        "AVG(ORDERS.PRICE)",
        "Price of an order on average",
    ),
    metric(
        "ORDERS",
        "LINES_PER_ORDER",
        "NUMBER(38,6)",
        "AVG(ORDERS.LINE_COUNT)",
        "Positions of an order on average",
    ),
    Item {
        synonyms: "[\"sales\",\"turnover\"]",
        ..metric(
            "LINE_ITEMS",
            "REVENUE",
            "NUMBER(38,4)",
            "SUM(LINE_ITEMS.NET_PRICE)",
            "Net prices added up",
        )
    },
    metric(
        "SUPPLIER",
        "SUPPLIERS",
        "NUMBER(38,0)",
        "COUNT(SUPPLIER.S_SUPPKEY)",
        "Number of suppliers",
    ),
];

const fn item(
    kind: Kind,
    [table, name, data_type, expression, comment]: [&'static str; 5],
) -> Item {
    Item {
        kind,
        table,
        name,
        data_type,
        expression,
        comment,
        synonyms: "",
    }
}

const fn dimension(
    table: &'static str,
    name: &'static str,
    data_type: &'static str,
    expression: &'static str,
    comment: &'static str,
) -> Item {
    item(
        Kind::Dimension,
        [table, name, data_type, expression, comment],
    )
}

const fn fact(
    table: &'static str,
    name: &'static str,
    data_type: &'static str,
    expression: &'static str,
    comment: &'static str,
) -> Item {
    item(Kind::Fact, [table, name, data_type, expression, comment])
}

const fn metric(
    table: &'static str,
    name: &'static str,
    data_type: &'static str,
    expression: &'static str,
    comment: &'static str,
) -> Item {
    item(Kind::Metric, [table, name, data_type, expression, comment])
}

impl Kind {
    /// As DESCRIBE calls it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Dimension => "DIMENSION",
            Self::Fact => "FACT",
            Self::Metric => "METRIC",
        }
    }
}

impl Item {
    /// `TABLE.NAME`
    pub(super) fn path(&self) -> String {
        format!("{}.{}", self.table, self.name)
    }
}

/// The item of exact names; without a table the name must be the only one, and here every name is.
pub(super) fn find(table: Option<&str>, name: &str) -> Option<&'static Item> {
    ITEMS
        .iter()
        .find(|item| item.name == name && table.is_none_or(|table| table == item.table))
}

/// The logical table of that name.
pub(super) fn table(name: &str) -> Option<&'static LogicalTable> {
    TABLES.iter().find(|table| table.name == name)
}

/// The table and those that each of its rows has one row in, the nearest first.
pub(super) fn reach(table: &str) -> Vec<&'static LogicalTable> {
    let mut reached = Vec::new();
    let mut next = self::table(table);
    while let Some(found) = next {
        reached.push(found);
        next = found.up.as_ref().and_then(|up| self::table(up.table));
    }
    reached
}

/// Whether a dimension of one table can be asked for with a metric of another: it is of no finer grain.
pub(super) fn goes_with(dimension: &Item, metric: &Item) -> bool {
    reach(metric.table)
        .iter()
        .any(|table| table.name == dimension.table)
}

/// The statement that would make it in Snowflake.
pub(super) fn ddl() -> String {
    let tables = TABLES.iter().map(|table| {
        format!(
            "\t\t{} as SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.{} primary key ({}) comment='{}'",
            table.name,
            table.base,
            table.key.join(", "),
            table.comment
        )
    });
    let joins = TABLES.iter().filter_map(|table| {
        let up = table.up.as_ref()?;
        Some(format!(
            "\t\t{0}_{1} as {0}({2}) references {1}({3})",
            table.name, up.table, up.column, up.key
        ))
    });
    let items = |kind: Kind| {
        let own = ITEMS.iter().filter(move |item| item.kind == kind);
        let lines = own.map(|item| {
            let comment = item.comment.replace('\'', "''");
            format!(
                "\t\t{} as {} comment='{comment}'",
                item.path(),
                item.expression
            )
        });
        lines.collect::<Vec<_>>().join(",\n")
    };
    format!(
        "create or replace semantic view {NAME}\n\ttables (\n{}\n\t)\n\trelationships (\n{}\n\t)\n\tfacts (\n{}\n\t)\n\tdimensions (\n{}\n\t)\n\
         \tmetrics (\n{}\n\t)\n\tcomment='{}';",
        tables.collect::<Vec<_>>().join(",\n"),
        joins.collect::<Vec<_>>().join(",\n"),
        items(Kind::Fact),
        items(Kind::Dimension),
        items(Kind::Metric),
        COMMENT.replace('\'', "''"),
    )
}
