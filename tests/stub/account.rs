//! A generated account: more schemas, tables and columns than Snowflake lists at once. Nothing of it is kept: names are made
//! while a SHOW goes through them, in Snowflake's order (database, schema, name).

/// What tables are about, and the columns that only they have.
pub const ENTITIES: [(&str, [&str; 8]); 20] = [
    (
        "CAMPAIGN",
        [
            "CAMPAIGN_NAME",
            "CHANNEL",
            "BUDGET",
            "STARTS_ON",
            "ENDS_ON",
            "AUDIENCE",
            "OPEN_RATE",
            "SPEND",
        ],
    ),
    (
        "CLICK",
        [
            "PAGE_URL",
            "REFERRER",
            "CLICKED_AT",
            "BROWSER",
            "VISITOR_ID",
            "POSITION",
            "AD_GROUP",
            "COST_PER_CLICK",
        ],
    ),
    (
        "CONTRACT",
        [
            "CONTRACT_NO",
            "SIGNED_ON",
            "RENEWAL_DATE",
            "CONTRACT_VALUE",
            "LEGAL_ENTITY",
            "TERMS",
            "NOTICE_DAYS",
            "OWNER_ID",
        ],
    ),
    (
        "CUSTOMER",
        [
            "CUSTOMER_NAME",
            "EMAIL",
            "PHONE",
            "SEGMENT",
            "COUNTRY",
            "BIRTH_DATE",
            "LOYALTY_TIER",
            "SIGNUP_CHANNEL",
        ],
    ),
    (
        "EMPLOYEE",
        [
            "FIRST_NAME",
            "LAST_NAME",
            "HIRE_DATE",
            "JOB_TITLE",
            "MANAGER_ID",
            "DEPARTMENT",
            "OFFICE",
            "WORK_EMAIL",
        ],
    ),
    (
        "FORECAST",
        [
            "FORECAST_MONTH",
            "PREDICTED_UNITS",
            "PREDICTED_REVENUE",
            "MODEL_VERSION",
            "LOWER_BOUND",
            "UPPER_BOUND",
            "REGION",
            "RUN_ID",
        ],
    ),
    (
        "INVOICE",
        [
            "INVOICE_NO",
            "DUE_DATE",
            "INVOICE_AMOUNT",
            "TAX_AMOUNT",
            "PAID_AT",
            "BILLING_ADDRESS",
            "VAT_ID",
            "DUNNING_LEVEL",
        ],
    ),
    (
        "ORDER",
        [
            "ORDER_NO",
            "ORDER_DATE",
            "ORDER_AMOUNT",
            "CURRENCY",
            "STATUS",
            "CUSTOMER_ID",
            "DISCOUNT",
            "SHIPPING_COST",
        ],
    ),
    (
        "PAYMENT",
        [
            "PAYMENT_METHOD",
            "PAYMENT_AMOUNT",
            "CARD_TYPE",
            "AUTHORIZED_AT",
            "CAPTURED_AT",
            "GATEWAY",
            "DECLINE_REASON",
            "IBAN",
        ],
    ),
    (
        "PRODUCT",
        [
            "PRODUCT_NAME",
            "SKU",
            "CATEGORY",
            "BRAND",
            "LIST_PRICE",
            "WEIGHT",
            "COLOR",
            "IS_DISCONTINUED",
        ],
    ),
    (
        "REFUND",
        [
            "REFUND_REASON",
            "REFUND_AMOUNT",
            "REQUESTED_AT",
            "APPROVED_BY",
            "ORDER_ID",
            "RESTOCKED",
            "REFUND_NO",
            "IS_PARTIAL",
        ],
    ),
    (
        "REVIEW",
        [
            "STARS",
            "REVIEW_TEXT",
            "REVIEWER",
            "HELPFUL_VOTES",
            "VERIFIED_PURCHASE",
            "REVIEWED_AT",
            "LANGUAGE",
            "SENTIMENT",
        ],
    ),
    (
        "SALARY",
        [
            "BASE_PAY",
            "BONUS",
            "PAY_GRADE",
            "EFFECTIVE_FROM",
            "PENSION_RATE",
            "EMPLOYEE_ID",
            "PAY_CURRENCY",
            "OVERTIME_HOURS",
        ],
    ),
    (
        "SESSION",
        [
            "SESSION_START",
            "SESSION_END",
            "DEVICE",
            "OPERATING_SYSTEM",
            "ENTRY_PAGE",
            "EXIT_PAGE",
            "BOUNCED",
            "UTM_SOURCE",
        ],
    ),
    (
        "SHIPMENT",
        [
            "CARRIER",
            "TRACKING_NUMBER",
            "SHIPPED_AT",
            "DELIVERED_AT",
            "DESTINATION",
            "PARCELS",
            "FREIGHT_COST",
            "INCOTERM",
        ],
    ),
    (
        "STOCK",
        [
            "ON_HAND",
            "RESERVED",
            "REORDER_POINT",
            "BIN_LOCATION",
            "COUNTED_AT",
            "LOT_NUMBER",
            "EXPIRY_DATE",
            "UNIT_COST",
        ],
    ),
    (
        "STORE",
        [
            "STORE_NAME",
            "CITY",
            "SQUARE_METERS",
            "OPENED_ON",
            "FRANCHISEE",
            "LATITUDE",
            "LONGITUDE",
            "STORE_TYPE",
        ],
    ),
    (
        "SUBSCRIPTION",
        [
            "PLAN_NAME",
            "MRR",
            "TRIAL_ENDS",
            "CANCELLED_AT",
            "CHURN_REASON",
            "SEATS",
            "BILLING_CYCLE",
            "UPGRADED_FROM",
        ],
    ),
    (
        "SUPPLIER",
        [
            "SUPPLIER_NAME",
            "LEAD_TIME_DAYS",
            "PAYMENT_TERMS",
            "CONTACT_PERSON",
            "RATING",
            "SUPPLIER_COUNTRY",
            "DUNS",
            "IS_PREFERRED",
        ],
    ),
    (
        "TICKET",
        [
            "SUBJECT",
            "PRIORITY",
            "OPENED_AT",
            "RESOLVED_AT",
            "ASSIGNEE",
            "SATISFACTION",
            "ESCALATED",
            "TICKET_TYPE",
        ],
    ),
];

/// The columns that every table has.
const COMMON: [&str; 8] = [
    "BATCH_ID",
    "CHANGED_BY",
    "CREATED_AT",
    "ID",
    "IS_DELETED",
    "LOAD_DATE",
    "SOURCE_SYSTEM",
    "UPDATED_AT",
];

/// Names of the tables that nobody means, around what they are about.
const NOISE: [(&str, &str); 5] = [
    ("BAK_", ""),
    ("RAW_", ""),
    ("STG_", ""),
    ("TMP_", "_20240131"),
    ("", "_HIST"),
];

/// The database in whose schema MART there is one good table about each entity, among copies of it elsewhere.
pub const CURATED: &str = "SALES";
/// A schema with more tables than Snowflake lists at once.
pub const WIDE: (&str, &str, usize) = ("EVENTS", "RAW", 25_000);
/// A database with more schemas than Snowflake lists at once.
pub const DEEP: (&str, usize) = ("LAKE", 10_500);
/// Other databases, and their schemas.
const OTHERS: (usize, usize) = (14, 100);

/// One table; the text is its name.
pub struct Table {
    pub name: String,
    entity: usize,
}

impl Table {
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        let own = ENTITIES[self.entity % ENTITIES.len()].1;
        own.into_iter().chain(COMMON)
    }
}

/// Names of databases, in order.
pub fn databases() -> Vec<String> {
    let mut all = vec![CURATED.to_owned(), WIDE.0.to_owned(), DEEP.0.to_owned()];
    all.extend((1..=OTHERS.0).map(|number| format!("BIZ_{number:02}")));
    all.sort();
    all
}

/// Names of a database's schemas, in order.
pub fn schemas(database: &str) -> Box<dyn Iterator<Item = String> + '_> {
    if database == WIDE.0 {
        return Box::new(std::iter::once(WIDE.1.to_owned()));
    }
    if database == DEEP.0 {
        return Box::new((0..DEEP.1).map(|number| format!("TENANT_{number:05}")));
    }
    let first = (database == CURATED).then(|| "MART".to_owned());
    let rest = (1..=OTHERS.1).map(|number| format!("WORK_{number:03}"));
    Box::new(first.into_iter().chain(rest))
}

/// A database's schemas, each with its tables.
pub type Schemas = Vec<(String, Vec<Table>)>;

/// Everything there is, made once: a search asks for all of it several times.
pub fn all() -> &'static [(String, Schemas)] {
    static ALL: std::sync::OnceLock<Vec<(String, Schemas)>> = std::sync::OnceLock::new();
    ALL.get_or_init(|| {
        let of = |database: String| {
            let names = schemas(&database);
            let with_tables = names.map(|schema| {
                let tables = tables(&database, &schema);
                (schema, tables)
            });
            let with_tables = with_tables.collect();
            (database, with_tables)
        };
        databases().into_iter().map(of).collect()
    })
}

/// The tables of a schema, in order.
pub fn tables(database: &str, schema: &str) -> Vec<Table> {
    let number = || {
        schema
            .rsplit('_')
            .next()
            .and_then(|text| text.parse::<usize>().ok())
            .unwrap_or(0)
    };
    let noise = |first: usize, count: usize| {
        let one = |entity: usize| {
            let (before, after) = NOISE[(entity / ENTITIES.len() + entity) % NOISE.len()];
            let name = ENTITIES[entity % ENTITIES.len()].0;
            Table {
                name: format!("{before}{name}{after}"),
                entity,
            }
        };
        (first..first + count).map(one).collect::<Vec<_>>()
    };
    let mut all = match (database, schema) {
        (_, "RAW") if database == WIDE.0 => {
            let one = |number| Table {
                name: format!("EVENT_{number:05}"),
                entity: number,
            };
            (0..WIDE.2).map(one).collect()
        }
        (CURATED, "MART") => {
            let fact = |name: &str| {
                matches!(
                    name,
                    "CLICK" | "ORDER" | "PAYMENT" | "REFUND" | "SESSION" | "SHIPMENT"
                )
            };
            let one = |(entity, (name, _)): (usize, &(&str, _))| {
                let kind = if fact(name) { "FCT" } else { "DIM" };
                Table {
                    name: format!("{kind}_{name}"),
                    entity,
                }
            };
            ENTITIES.iter().enumerate().map(one).collect()
        }
        _ if database == DEEP.0 => noise(number() * 3, 3),
        _ => noise(number() * 5, 5),
    };
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}
