//! The columns of every SHOW, in Snowflake's order, from its reference of the SHOW commands.

use super::listing::Listing;
use crate::warehouse::DataType;

/// Kinds of objects and the columns SHOW gives for them.
///
/// Those the engine can have none of are here too: an empty answer of the right shape is the true answer.
const KINDS: [(&str, &str); 50] = [
    (
        "DATABASES",
        "created_on name is_default is_current origin owner comment options retention_time kind owner_role_type",
    ),
    (
        "SCHEMAS",
        "created_on name is_default is_current database_name owner comment options retention_time owner_role_type",
    ),
    (
        "TABLES",
        "created_on name database_name schema_name kind comment cluster_by rows bytes owner retention_time automatic_clustering change_tracking search_optimization search_optimization_progress search_optimization_bytes is_external enable_schema_evolution owner_role_type is_event budget is_hybrid is_iceberg is_dynamic is_immutable",
    ),
    (
        "VIEWS",
        "created_on name reserved database_name schema_name owner comment text is_secure is_materialized owner_role_type change_tracking",
    ),
    (
        "OBJECTS",
        "created_on name database_name schema_name kind comment cluster_by rows bytes owner retention_time owner_role_type budget is_hybrid is_iceberg is_dynamic",
    ),
    (
        "COLUMNS",
        "table_name schema_name column_name data_type null? default kind expression comment database_name autoincrement schema_evolution_record",
    ),
    (
        "PRIMARY KEYS",
        "created_on database_name schema_name table_name column_name key_sequence constraint_name rely comment",
    ),
    (
        "UNIQUE KEYS",
        "created_on database_name schema_name table_name column_name key_sequence constraint_name rely comment",
    ),
    (
        "IMPORTED KEYS",
        "created_on pk_database_name pk_schema_name pk_table_name pk_column_name fk_database_name fk_schema_name fk_table_name fk_column_name key_sequence update_rule delete_rule fk_name pk_name deferrability rely comment",
    ),
    (
        "EXPORTED KEYS",
        "created_on pk_database_name pk_schema_name pk_table_name pk_column_name fk_database_name fk_schema_name fk_table_name fk_column_name key_sequence update_rule delete_rule fk_name pk_name deferrability rely comment",
    ),
    (
        "WAREHOUSES",
        "name state type size min_cluster_count max_cluster_count started_clusters running queued is_default is_current auto_suspend auto_resume available provisioning quiescing other created_on resumed_on updated_on owner comment enable_query_acceleration query_acceleration_max_scale_factor resource_monitor actives pendings failed suspended uuid scaling_policy budget owner_role_type resource_constraint",
    ),
    (
        "ROLES",
        "created_on name is_default is_current is_inherited assigned_to_users granted_to_roles granted_roles owner comment",
    ),
    (
        "DATABASE ROLES",
        "created_on name is_default is_current is_inherited granted_to_roles granted_to_database_roles granted_database_roles owner comment owner_role_type",
    ),
    (
        "USERS",
        "name created_on login_name display_name first_name last_name email mins_to_unlock days_to_expiry comment disabled must_change_password snowflake_lock default_warehouse default_namespace default_role default_secondary_roles ext_authn_duo ext_authn_uid mins_to_bypass_mfa owner last_success_login expires_at_time locked_until_time has_password has_rsa_public_key type has_mfa",
    ),
    (
        "GRANTS",
        "created_on privilege granted_on name granted_to grantee_name grant_option granted_by",
    ),
    (
        "ROLE GRANTS",
        "created_on role granted_to grantee_name granted_by",
    ),
    ("PARAMETERS", "key value default level description type"),
    (
        "VARIABLES",
        "session_id created_on updated_on name value type comment",
    ),
    ("FUNCTIONS", FUNCTIONS),
    ("USER FUNCTIONS", FUNCTIONS),
    ("EXTERNAL FUNCTIONS", FUNCTIONS),
    ("PROCEDURES", FUNCTIONS),
    ("USER PROCEDURES", FUNCTIONS),
    (
        "SEQUENCES",
        "name database_name schema_name next_value interval created_on owner comment owner_role_type ordered",
    ),
    (
        "STAGES",
        "created_on name database_name schema_name url has_credentials has_encryption_key owner comment region type cloud notification_channel storage_integration endpoint owner_role_type directory_enabled",
    ),
    (
        "FILE FORMATS",
        "created_on name database_name schema_name type owner comment format_options owner_role_type",
    ),
    (
        "TASKS",
        "created_on name id database_name schema_name owner comment warehouse schedule predecessors state definition condition allow_overlapping_execution error_integration last_committed_on last_suspended_on owner_role_type config budget task_relations last_suspended_reason",
    ),
    (
        "STREAMS",
        "created_on name database_name schema_name owner comment table_name source_type base_tables type stale mode stale_after invalid_reason owner_role_type",
    ),
    (
        "PIPES",
        "created_on name database_name schema_name definition owner notification_channel comment integration pattern error_integration owner_role_type invalid_reason kind",
    ),
    (
        "MATERIALIZED VIEWS",
        "created_on name reserved database_name schema_name cluster_by rows bytes source_database_name source_schema_name source_table_name refreshed_on compacted_on owner invalid invalid_reason behind_by comment text is_secure automatic_clustering owner_role_type budget",
    ),
    (
        "DYNAMIC TABLES",
        "created_on name database_name schema_name cluster_by rows bytes owner target_lag refresh_mode refresh_mode_reason warehouse comment text automatic_clustering scheduling_state last_suspended_on is_clone is_replica is_iceberg data_timestamp owner_role_type",
    ),
    (
        "EXTERNAL TABLES",
        "created_on name database_name schema_name invalid invalid_reason owner comment stage location file_format_name file_format_type cloud region notification_channel last_refreshed_on table_format last_refresh_details owner_role_type",
    ),
    (
        "EVENT TABLES",
        "created_on name database_name schema_name owner comment owner_role_type",
    ),
    (
        "SEMANTIC VIEWS",
        "created_on name database_name schema_name comment owner owner_role_type extension",
    ),
    ("SEMANTIC DIMENSIONS", SEMANTIC_ITEMS),
    ("SEMANTIC FACTS", SEMANTIC_ITEMS),
    ("SEMANTIC METRICS", SEMANTIC_ITEMS),
    (
        "CORTEX SEARCH SERVICES",
        "created_on name database_name schema_name target_lag warehouse search_column attribute_columns columns definition comment",
    ),
    (
        "TAGS",
        "created_on name database_name schema_name owner comment allowed_values owner_role_type",
    ),
    ("MASKING POLICIES", POLICIES),
    ("ROW ACCESS POLICIES", POLICIES),
    (
        "ALERTS",
        "created_on name database_name schema_name owner comment warehouse schedule state condition action owner_role_type",
    ),
    (
        "SECRETS",
        "created_on name schema_name database_name owner comment secret_type oauth_scopes owner_role_type",
    ),
    (
        "MODELS",
        "created_on name model_type database_name schema_name comment owner default_version_name versions aliases",
    ),
    (
        "STREAMLITS",
        "created_on name database_name schema_name title owner comment query_warehouse url_id owner_role_type",
    ),
    (
        "SHARES",
        "created_on kind owner_account name database_name to owner comment listing_global_name",
    ),
    (
        "INTEGRATIONS",
        "name type category enabled comment created_on",
    ),
    (
        "NETWORK POLICIES",
        "created_on name comment entries_in_allowed_ip_list entries_in_blocked_ip_list entries_in_allowed_network_rules entries_in_blocked_network_rules",
    ),
    (
        "TRANSACTIONS",
        "id user session name started_on state scope",
    ),
    (
        "LOCKS",
        "resource type transaction transaction_started_on status acquired_on query_id session",
    ),
];

const FUNCTIONS: &str = "created_on name schema_name is_builtin is_aggregate is_ansi min_num_arguments max_num_arguments arguments description catalog_name is_table_function valid_for_clustering is_secure secrets external_access_integrations is_external_function language is_memoizable is_data_metric";
const SEMANTIC_ITEMS: &str =
    "database_name schema_name semantic_view_name table_name name data_type synonyms comment";
const POLICIES: &str =
    "created_on name database_name schema_name kind owner comment owner_role_type options";

/// Columns of every SHOW TERSE.
pub(super) const TERSE: [&str; 5] = ["created_on", "name", "kind", "database_name", "schema_name"];

/// An empty listing for a kind, or `None` for a kind Snowflake may know and this table does not.
pub(super) fn listing(kind: &str) -> Option<Listing> {
    KINDS
        .iter()
        .find(|(name, _)| *name == kind)
        .map(|(_, columns)| Listing::new(columns.split(' ').map(|name| (name, data_type(name)))))
}

/// Snowflake gives a column of SHOW the same type wherever its name occurs.
fn data_type(column: &str) -> DataType {
    match column {
        "created_on"
        | "resumed_on"
        | "updated_on"
        | "last_success_login"
        | "expires_at_time"
        | "locked_until_time"
        | "last_committed_on"
        | "last_suspended_on"
        | "refreshed_on"
        | "compacted_on"
        | "data_timestamp"
        | "stale_after"
        | "last_refreshed_on"
        | "started_on"
        | "transaction_started_on"
        | "acquired_on" => DataType::TimestampLtz(3),
        "rows"
        | "bytes"
        | "key_sequence"
        | "min_cluster_count"
        | "max_cluster_count"
        | "started_clusters"
        | "running"
        | "queued"
        | "auto_suspend"
        | "assigned_to_users"
        | "granted_to_roles"
        | "granted_roles"
        | "search_optimization_bytes"
        | "next_value"
        | "interval"
        | "min_num_arguments"
        | "max_num_arguments"
        | "query_acceleration_max_scale_factor" => DataType::Number {
            precision: 38,
            scale: 0,
        },
        _ => DataType::Varchar(None),
    }
}
