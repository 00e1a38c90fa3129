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
        "What statements may do. `read_only`: read. `read_write`: also INSERT, UPDATE, DELETE, MERGE and TRUNCATE. \
         `admin`: also DDL, grants, COPY, procedures and functions with side effects. USE, SET, transactions, PUT and GET \
         are always refused. The embedded engine runs only queries, whatever this says.",
    )
    .default("read_only"),
    Variable::new(
        "SQL_POLICY_VERIFY",
        Section::Policy,
        Shape::Switch,
        "Lets Snowflake compile every query and every change of rows before it runs, and refuses the statement when \
         Snowflake classifies it differently than the policy did. Costs one more request for each statement.",
    )
    .default("false"),
    Variable::new(
        "ALLOWED_STATEMENTS",
        Section::Policy,
        Shape::Items(STATEMENTS, is_statement),
        "The only kinds of statements that may run, among those that `SQL_POLICY` accepts. Examples: `READ, CALL` or \
         `SELECT, SHOW TABLES`.",
    )
    .unset("all that `SQL_POLICY` accepts"),
    Variable::new(
        "DENIED_STATEMENTS",
        Section::Policy,
        Shape::Items(STATEMENTS, is_statement),
        "Kinds of statements that may not run although `SQL_POLICY` accepts them. Example: `TRUNCATE, SHOW USERS`.",
    )
    .unset("none are denied"),
    Variable::new(
        "ALLOWED_SIDE_EFFECTS",
        Section::Policy,
        Shape::Items("the name of a function, in which * stands for any letters", is_function),
        "The only functions with side effects, or billed by use, that statements may call. Example: `AI_COMPLETE, \
         SNOWFLAKE.CORTEX.SENTIMENT`. Queries may then call them under every `SQL_POLICY`.",
    )
    .unset("none, but all under `admin`"),
    Variable::new(
        "DENIED_FUNCTIONS",
        Section::Policy,
        Shape::Items("the name of a function, in which * stands for any letters", is_function),
        "Functions that no statement may call. Example: `GET_PRESIGNED_URL, SYSTEM$*, MYDB.UTIL.*`. Calls inside a view, \
         function or procedure are not checked.",
    )
    .unset("none are denied"),
    Variable::new(
        "ALLOWED_DATABASES",
        Section::Policy,
        Shape::Items("the name of a database, in \"double quotes\" if it is not upper case", is_database),
        "The only databases that statements may use. An unqualified name belongs to the call's database, or else to the \
         default one. Refused as well: names that the text does not show (stages, IDENTIFIER(…), TABLE(…) of anything but \
         FLATTEN and the like, names inside strings), and statements that are not queries, writes, SHOW or DESCRIBE. \
         Listings leave out other databases. What a view or procedure reads inside depends on its owner's grants.",
    )
    .quotes(Quotes::OfNames)
    .unset("all that the role may use"),
    Variable::new(
        "ALLOWED_SCHEMAS",
        Section::Policy,
        Shape::Items("a name such as `SALES.PUBLIC`, in which * stands for any letters", is_schema_pattern),
        "The only schemas that statements may use; otherwise as `ALLOWED_DATABASES`. A name without a schema must be \
         allowed both in the current schema and in PUBLIC, where Snowflake looks next.",
    )
    .quotes(Quotes::OfNames)
    .unset("all that the role may use"),
    Variable::new(
        "ALLOWED_OBJECTS",
        Section::Policy,
        Shape::Items("a name such as `SALES.PUBLIC.ORDERS_*`, in which * stands for any letters", is_object_pattern),
        "The only tables, views, functions and other schema objects that statements may use; otherwise as \
         `ALLOWED_SCHEMAS`.",
    )
    .quotes(Quotes::OfNames)
    .unset("all that the role may use"),
    Variable::new(
        "DENIED_OBJECTS",
        Section::Policy,
        Shape::Items("a name such as `SALES.HR.*`, in which * stands for any letters", is_object_pattern),
        "Tables, views, functions and other schema objects that no statement may use; otherwise as `ALLOWED_SCHEMAS`. A \
         view can show the rows of a denied table, so deny the view too.",
    )
    .quotes(Quotes::OfNames)
    .unset("none are denied"),
    Variable::new(
        "ALLOWED_ROLES",
        Section::Policy,
        Shape::Items("the name of a role, in which * stands for any letters", is_name_pattern),
        "The only roles that a call may name; `SNOWFLAKE_ROLE` must be one of them. ACCOUNTADMIN, SECURITYADMIN, \
         SYSADMIN, USERADMIN, ORGADMIN and GLOBALORGADMIN are refused, also as `SNOWFLAKE_ROLE`, unless this list \
         contains their full name.",
    )
    .quotes(Quotes::OfNames)
    .unset("all but those of administrators"),
    Variable::new(
        "ALLOWED_WAREHOUSES",
        Section::Policy,
        Shape::Items("the name of a virtual warehouse, in which * stands for any letters", is_name_pattern),
        "The only virtual warehouses that a call may name; `SNOWFLAKE_WAREHOUSE` must be one of them.",
    )
    .quotes(Quotes::OfNames)
    .unset("all that the role may use"),
];
