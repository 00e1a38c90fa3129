//! What statements may do, and what they may touch.

use envconfig::Envconfig;

use super::forms::{
    STATEMENTS, is_database, is_function, is_name_pattern, is_object_pattern, is_schema_pattern,
    is_statement,
};
use super::section::Section;
use super::shape::Shape;
use super::types::{List, words};
use super::variable::{Quotes, settings};

words! {
    /// What statements may do.
    SqlPolicy {
        /// Read.
        ReadOnly = "read_only",
        /// Read and change data; not objects, users or grants.
        ReadWrite = "read_write",
        /// All but what would outlast the call in a shared session.
        Admin = "admin",
    }
}

words! {
    /// What tools of `CUSTOM_TOOLS_FILE` may do.
    CustomToolsMay {
        /// Read.
        Read = "read",
        /// Change rows.
        Write = "write",
        /// Call procedures.
        Call = "call",
    }
}

words! {
    /// Whose statements `query_history` and `query_profile` show.
    HistoryScope {
        /// Those that the caller sent through this server.
        Caller = "caller",
        /// All of the user of Snowflake.
        User = "user",
    }
}

settings! {
    /// What may run. Names and patterns are read by the rooms they are for; here they are texts of the right form.
    pub struct Policy in Section::Policy;

    // Reading only, because nobody should find out afterwards what a default allowed.
    /// What statements may do. `read_only`: read. `read_write`: also INSERT, UPDATE, DELETE, MERGE and TRUNCATE. `admin`:
    /// also DDL, grants, COPY, procedures and functions with side effects. USE, SET, transactions, PUT and GET are always
    /// refused. The embedded engine runs only queries, whatever this says.
    pub sql_policy: SqlPolicy = "SQL_POLICY", Shape::Choice(SqlPolicy::WORDS), default "read_only";

    /// Lets Snowflake compile every query and every change of rows before it runs, and refuses the statement when Snowflake
    /// classifies it differently than the policy did. Costs one more request for each statement.
    pub sql_policy_verify: bool = "SQL_POLICY_VERIFY", Shape::Switch, default "false";

    /// The only kinds of statements that may run, among those that `SQL_POLICY` accepts. Examples: `READ, CALL` or `SELECT,
    /// SHOW TABLES`.
    pub allowed_statements: Option<List> = "ALLOWED_STATEMENTS", Shape::Items(STATEMENTS, is_statement),
        unset "all that `SQL_POLICY` accepts";

    /// Kinds of statements that may not run although `SQL_POLICY` accepts them. Example: `TRUNCATE, SHOW USERS`.
    pub denied_statements: Option<List> = "DENIED_STATEMENTS", Shape::Items(STATEMENTS, is_statement), unset "none are denied";

    /// The only functions with side effects, or billed by use, that statements may call. Example: `AI_COMPLETE,
    /// SNOWFLAKE.CORTEX.SENTIMENT`. Queries may then call them under every `SQL_POLICY`.
    pub allowed_side_effects: Option<List> = "ALLOWED_SIDE_EFFECTS",
        Shape::Items("the name of a function, in which * stands for any letters", is_function),
        unset "none, but all under `admin`";

    /// What the tools of `CUSTOM_TOOLS_FILE` may do, even if callers may not send such statements themselves: `read`; `write`
    /// changes rows; `call` runs procedures. All other rules apply to them as well.
    pub custom_tools_may: List<CustomToolsMay> = "CUSTOM_TOOLS_MAY", Shape::Choices(CustomToolsMay::WORDS), default "read";

    /// Functions that no statement may call. Example: `GET_PRESIGNED_URL, SYSTEM$*, MYDB.UTIL.*`. Calls inside a view,
    /// function or procedure are not checked.
    pub denied_functions: Option<List> = "DENIED_FUNCTIONS",
        Shape::Items("the name of a function, in which * stands for any letters", is_function),
        unset "none are denied";

    // If a statement's text does not say which database it uses, the statement is refused.
    /// The only databases that statements may use. An unqualified name belongs to the call's database, or else to the
    /// default one. Refused as well: names that the text does not show (stages, IDENTIFIER(…), TABLE(…) of anything but
    /// FLATTEN and the like, names inside strings), and statements that are not queries, writes, SHOW or DESCRIBE. Listings
    /// leave out other databases. What a view or procedure reads inside depends on its owner's grants.
    pub allowed_databases: Option<List> = "ALLOWED_DATABASES",
        Shape::Items("the name of a database, in \"double quotes\" if it is not upper case", is_database),
        unset "all that the role may use" [quotes(Quotes::OfNames)];

    /// The only schemas that statements may use; otherwise as `ALLOWED_DATABASES`. A name without a schema must be allowed
    /// both in the current schema and in PUBLIC, where Snowflake looks next.
    pub allowed_schemas: Option<List> = "ALLOWED_SCHEMAS",
        Shape::Items("a name such as `SALES.PUBLIC`, in which * stands for any letters", is_schema_pattern),
        unset "all that the role may use" [quotes(Quotes::OfNames)];

    /// The only tables, views, functions and other schema objects that statements may use; otherwise as `ALLOWED_SCHEMAS`.
    pub allowed_objects: Option<List> = "ALLOWED_OBJECTS",
        Shape::Items("a name such as `SALES.PUBLIC.ORDERS_*`, in which * stands for any letters", is_object_pattern),
        unset "all that the role may use" [quotes(Quotes::OfNames)];

    /// Tables, views, functions and other schema objects that no statement may use; otherwise as `ALLOWED_SCHEMAS`. A view
    /// can show the rows of a denied table, so deny the view too.
    pub denied_objects: Option<List> = "DENIED_OBJECTS",
        Shape::Items("a name such as `SALES.HR.*`, in which * stands for any letters", is_object_pattern),
        unset "none are denied" [quotes(Quotes::OfNames)];

    // Unset, all but those of administrators: nobody should hand an agent the account by forgetting a setting.
    /// The only roles that a call may name; `SNOWFLAKE_ROLE` must be one of them. ACCOUNTADMIN, SECURITYADMIN, SYSADMIN,
    /// USERADMIN, ORGADMIN and GLOBALORGADMIN are refused, also as `SNOWFLAKE_ROLE`, unless this list contains their full
    /// name.
    pub allowed_roles: Option<List> = "ALLOWED_ROLES",
        Shape::Items("the name of a role, in which * stands for any letters", is_name_pattern),
        unset "all but those of administrators" [quotes(Quotes::OfNames)];

    /// The only virtual warehouses that a call may name; `SNOWFLAKE_WAREHOUSE` must be one of them.
    pub allowed_warehouses: Option<List> = "ALLOWED_WAREHOUSES",
        Shape::Items("the name of a virtual warehouse, in which * stands for any letters", is_name_pattern),
        unset "all that the role may use" [quotes(Quotes::OfNames)];

    // All callers share one user of Snowflake, unless they are exchanged: what others asked is nobody's business by default.
    /// Whose statements `query_history` and `query_profile` show. `caller`: those that the caller sent through this
    /// server. `user`: all statements that the Snowflake user sent in the last seven days, through this server or not.
    /// Callers whose objects or roles are limited see neither text nor profile of statements that are not theirs. A
    /// caller can fetch or stop only its own statements.
    pub history_scope: HistoryScope = "HISTORY_SCOPE", Shape::Choice(HistoryScope::WORDS), default "caller";
}
