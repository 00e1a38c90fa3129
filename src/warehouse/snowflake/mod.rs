//! The driver for a Snowflake account.

mod account;
mod sign_in;

pub use account::{AccountError, Endpoint};
pub use sign_in::{
    Attestor, CloudEnvironment, Error as SignInError, KeySource, Method, OauthClient, SignIn,
    TokenSource,
};
