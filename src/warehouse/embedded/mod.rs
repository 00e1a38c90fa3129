//! The engine inside this process: DuckDB behind Snowflake's SQL, with a copy of Snowflake's sample data.
