-- The least an account has to give to snowflake-mcp in production: one role, one user that is a service, one small virtual
-- warehouse with a cap on its credits, and the right to read what agents may read. Put your own in the place of ANALYTICS (a
-- database), ANALYTICS.PUBLIC (a schema), the public key, the addresses and the numbers.
--
-- Run it as a person with the roles named in each part. Run nothing of it through the service itself.

-- 1. The role. It is granted to nobody but the service's user, and owns nothing.
USE ROLE USERADMIN;
CREATE ROLE IF NOT EXISTS MCP_READER
  COMMENT = 'Reads for AI agents through snowflake-mcp';

-- 2. The user: a service, so it has no password and no way to sign in but its key. Two keys can be there at once, for rotation.
--    Without secondary roles, what the role may do is all a session may do.
CREATE USER IF NOT EXISTS MCP_SERVICE
  TYPE = SERVICE
  DEFAULT_ROLE = MCP_READER
  DEFAULT_WAREHOUSE = MCP_WH
  DEFAULT_SECONDARY_ROLES = ()
  RSA_PUBLIC_KEY = 'MIIBIjANBgkq...'
  COMMENT = 'snowflake-mcp';
GRANT ROLE MCP_READER TO USER MCP_SERVICE;

-- 3. The virtual warehouse: small, asleep when nobody asks, with limits that hold whatever the service asks for.
USE ROLE SYSADMIN;
CREATE WAREHOUSE IF NOT EXISTS MCP_WH
  WAREHOUSE_SIZE = XSMALL
  AUTO_SUSPEND = 60
  AUTO_RESUME = TRUE
  INITIALLY_SUSPENDED = TRUE
  STATEMENT_TIMEOUT_IN_SECONDS = 300
  STATEMENT_QUEUED_TIMEOUT_IN_SECONDS = 60
  COMMENT = 'Queries of AI agents';
GRANT USAGE ON WAREHOUSE MCP_WH TO ROLE MCP_READER;

-- 4. A cap on what all of it may cost in a month. Only ACCOUNTADMIN can make one.
USE ROLE ACCOUNTADMIN;
CREATE RESOURCE MONITOR IF NOT EXISTS MCP_MONITOR
  WITH CREDIT_QUOTA = 50
  FREQUENCY = MONTHLY
  START_TIMESTAMP = IMMEDIATELY
  TRIGGERS ON 80 PERCENT DO NOTIFY
           ON 100 PERCENT DO SUSPEND
           ON 110 PERCENT DO SUSPEND_IMMEDIATE;
ALTER WAREHOUSE MCP_WH SET RESOURCE_MONITOR = MCP_MONITOR;

-- 5. Where the service may come from: the addresses of its cluster and nothing else.
USE ROLE SECURITYADMIN;
CREATE NETWORK POLICY IF NOT EXISTS MCP_NETWORK
  ALLOWED_IP_LIST = ('203.0.113.10/32')
  COMMENT = 'snowflake-mcp';
ALTER USER MCP_SERVICE SET NETWORK_POLICY = MCP_NETWORK;

-- 6. What agents may read. SELECT and nothing else: no USAGE on procedures or stages, no CREATE, no OPERATE or MONITOR on the
--    warehouse. Secure views in a schema of their own are better still than tables: they can leave out columns and rows.
GRANT USAGE ON DATABASE ANALYTICS TO ROLE MCP_READER;
GRANT USAGE ON SCHEMA ANALYTICS.PUBLIC TO ROLE MCP_READER;
GRANT SELECT ON ALL TABLES IN SCHEMA ANALYTICS.PUBLIC TO ROLE MCP_READER;
GRANT SELECT ON ALL VIEWS IN SCHEMA ANALYTICS.PUBLIC TO ROLE MCP_READER;
GRANT SELECT ON FUTURE TABLES IN SCHEMA ANALYTICS.PUBLIC TO ROLE MCP_READER;
GRANT SELECT ON FUTURE VIEWS IN SCHEMA ANALYTICS.PUBLIC TO ROLE MCP_READER;

-- A database that somebody shared is granted as a whole.
GRANT IMPORTED PRIVILEGES ON DATABASE SNOWFLAKE_SAMPLE_DATA TO ROLE MCP_READER;

-- 7. Keep PUBLIC, which every role has, from giving more: functions billed by use are granted to it in every account.
USE ROLE ACCOUNTADMIN;
REVOKE DATABASE ROLE SNOWFLAKE.CORTEX_USER FROM ROLE PUBLIC;

-- 8. Limits of the user's sessions, also where the service asks for none.
ALTER USER MCP_SERVICE SET
  STATEMENT_TIMEOUT_IN_SECONDS = 300
  STATEMENT_QUEUED_TIMEOUT_IN_SECONDS = 60
  MULTI_STATEMENT_COUNT = 1;

-- 9. See that this is all.
SHOW GRANTS TO ROLE MCP_READER;
SHOW GRANTS TO USER MCP_SERVICE;
SHOW GRANTS TO ROLE PUBLIC;
