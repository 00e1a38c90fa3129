//! What statements may do and touch.

use super::forms::{
    STATEMENTS, is_database, is_function, is_name_pattern, is_object_pattern, is_schema_pattern,
    is_statement,
};
use super::variable::{Quotes, Section, Variable};
use crate::config::policy::SqlPolicy;
use crate::config::shape::Shape;

pub(super) const VARIABLES: &[Variable] = &[
    Variable::new(
        "SQL_POLICY",
        Section::Policy,
        Shape::Choice(SqlPolicy::WORDS),
        "What statements may do. `read_only`: read. `read_write`: also INSERT, UPDATE, DELETE, MERGE and TRUNCATE. `admin`: also \
         objects, grants, COPY, procedures and functions with side effects. USE, SET, transactions, PUT and GET are refused under \
         each. The embedded engine runs queries only, whatever is set here.",
    )
    .default("read_only"),
    Variable::new(
        "SQL_POLICY_VERIFY",
        Section::Policy,
        Shape::Switch,
        "Has Snowflake compile every query and change of rows before it runs, and refuses what Snowflake takes for another kind of \
         statement than the policy did. One more request a statement.",
    )
    .default("false"),
    Variable::new(
        "ALLOWED_STATEMENTS",
        Section::Policy,
        Shape::Items(STATEMENTS, is_statement),
        "Of what `SQL_POLICY` accepts, the only kinds of statements that may run, as in `READ, CALL` or `SELECT, SHOW TABLES`.",
    )
    .unset("all that `SQL_POLICY` accepts"),
    Variable::new(
        "DENIED_STATEMENTS",
        Section::Policy,
        Shape::Items(STATEMENTS, is_statement),
        "Of what `SQL_POLICY` accepts, the kinds of statements that may not run, as in `TRUNCATE, SHOW USERS`.",
    )
    .unset("none are denied"),
    Variable::new(
        "ALLOWED_SIDE_EFFECTS",
        Section::Policy,
        Shape::Items("the name of a function, in which * stands for any letters", is_function),
        "The only functions with an effect, or billed by use, that statements may call, as in `AI_COMPLETE, \
         SNOWFLAKE.CORTEX.SENTIMENT`. Queries may call them under every `SQL_POLICY`.",
    )
    .unset("none, but all under `admin`"),
    Variable::new(
        "DENIED_FUNCTIONS",
        Section::Policy,
        Shape::Items("the name of a function, in which * stands for any letters", is_function),
        "Functions no statement may call, as in `GET_PRESIGNED_URL, SYSTEM$*, MYDB.UTIL.*`. What a view, function or procedure \
         does inside is not seen.",
    )
    .unset("none are denied"),
    Variable::new(
        "ALLOWED_DATABASES",
        Section::Policy,
        Shape::Items("the name of a database, in \"double quotes\" if it is not upper case", is_database),
        "The only databases statements may touch. Unqualified names belong to the call's database, else to the default one. What \
         the text does not tell (stages, IDENTIFIER(…), TABLE(…) of anything but FLATTEN and the like, names in texts) is \
         refused, and so are statements that are not queries, writes, SHOW or DESCRIBE. Lists of names leave out the others. What \
         a view or procedure does inside is up to the grants of its owner.",
    )
    .quotes(Quotes::OfNames)
    .unset("all that the role may use"),
    Variable::new(
        "ALLOWED_SCHEMAS",
        Section::Policy,
        Shape::Items("a name such as `SALES.PUBLIC`, in which * stands for any letters", is_schema_pattern),
        "The only schemas statements may touch; the rest is as for `ALLOWED_DATABASES`. A name without its schema must be allowed \
         both in the current one and in PUBLIC, where Snowflake looks next.",
    )
    .quotes(Quotes::OfNames)
    .unset("all that the role may use"),
    Variable::new(
        "ALLOWED_OBJECTS",
        Section::Policy,
        Shape::Items("a name such as `SALES.PUBLIC.ORDERS_*`, in which * stands for any letters", is_object_pattern),
        "The only tables, views, functions and other objects of schemas statements may touch; the rest is as for \
         `ALLOWED_SCHEMAS`.",
    )
    .quotes(Quotes::OfNames)
    .unset("all that the role may use"),
    Variable::new(
        "DENIED_OBJECTS",
        Section::Policy,
        Shape::Items("a name such as `SALES.HR.*`, in which * stands for any letters", is_object_pattern),
        "Tables, views, functions and other objects of schemas that no statement may touch; the rest is as for \
         `ALLOWED_SCHEMAS`. A view may show what is denied, so deny the view too.",
    )
    .quotes(Quotes::OfNames)
    .unset("none are denied"),
    Variable::new(
        "ALLOWED_ROLES",
        Section::Policy,
        Shape::Items("the name of a role, in which * stands for any letters", is_name_pattern),
        "The only roles a call may name; `SNOWFLAKE_ROLE` must be among them. ACCOUNTADMIN, SECURITYADMIN, SYSADMIN, USERADMIN, \
         ORGADMIN and GLOBALORGADMIN are refused, also as `SNOWFLAKE_ROLE`, unless they stand here by their full name.",
    )
    .quotes(Quotes::OfNames)
    .unset("all but those of administrators"),
    Variable::new(
        "ALLOWED_WAREHOUSES",
        Section::Policy,
        Shape::Items("the name of a virtual warehouse, in which * stands for any letters", is_name_pattern),
        "The only virtual warehouses a call may name; `SNOWFLAKE_WAREHOUSE` must be among them.",
    )
    .quotes(Quotes::OfNames)
    .unset("all that the role may use"),
];
