//! The service on a Snowflake account, as far as a stub of the driver protocol can be one: what works, what is broken on
//! purpose, and that nothing is left behind in either case.

mod browser;
mod callers;
mod endless;
mod endpoints;
mod exchange;
mod fairness;
mod faults;
mod fitness;
mod history;
mod imported;
mod later;
mod long_run;
mod mistakes;
mod odd_answers;
mod own_statements;
mod pieces;
mod pool;
mod round_trips;
mod semantic_views;
mod sign_in;
mod statements;
mod stopping;
pub mod support;
mod tokens;
mod traces;
