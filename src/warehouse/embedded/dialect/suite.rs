//! The suite of statements, run through translation and DuckDB.
