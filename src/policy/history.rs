//! How much of the history of a user of Snowflake a caller may see.

use super::{Options, Policy};

/// Which of the user's statements a caller may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// Its own.
    OfCaller,
    /// All of them, from any sender.
    OfUser {
        /// Whether the texts of others are shown: they name tables.
        with_texts: bool,
    },
}

impl Policy {
    /// What a caller may see of the history. Who may not see every table, or not be every role, is shown no text of others: it
    /// could be about what is kept from this caller.
    #[must_use]
    pub fn history(&self) -> History {
        if !self.options.shares_history {
            return History::OfCaller;
        }
        let is_limited = |options: &Options| {
            options.allowed_databases.is_some()
                || options.allowed_schemas.is_some()
                || options.allowed_objects.is_some()
                || !options.denied_objects.is_empty()
                || options.allowed_roles != self.options.allowed_roles
        };
        History::OfUser {
            with_texts: !self.all().any(|options| is_limited(options)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Narrowing;
    use super::*;

    #[test]
    fn texts_of_others_are_for_those_who_may_see_all_that_they_name() {
        assert_eq!(Policy::default().history(), History::OfCaller);
        let shared = || Options {
            shares_history: true,
            allowed_roles: Some(vec!["ANALYST*".parse().unwrap()]),
            ..Options::default()
        };
        let all = Policy::new(shared());
        let with_texts = |with_texts| History::OfUser { with_texts };
        assert_eq!(all.history(), with_texts(true));
        let preset = Narrowing {
            preset: Some(super::super::Preset::ReadOnly),
            ..Narrowing::default()
        };
        assert_eq!(all.narrowed(preset).history(), with_texts(true));
        let object = || vec!["SALES.HR.*".parse().unwrap()];
        for narrowing in [
            Narrowing {
                databases: Some(vec!["SALES".parse().unwrap()]),
                ..Narrowing::default()
            },
            Narrowing {
                schemas: Some(vec!["SALES.PUBLIC".parse().unwrap()]),
                ..Narrowing::default()
            },
            Narrowing {
                objects: Some(object()),
                ..Narrowing::default()
            },
            Narrowing {
                denied_objects: object(),
                ..Narrowing::default()
            },
            Narrowing {
                roles: Some(vec!["ANALYST".parse().unwrap()]),
                ..Narrowing::default()
            },
        ] {
            let told = format!("{narrowing:?}");
            assert_eq!(
                all.narrowed(narrowing).history(),
                with_texts(false),
                "{told}"
            );
        }
        let listed = Policy::new(Options {
            denied_objects: object(),
            ..shared()
        });
        assert_eq!(listed.history(), with_texts(false));
    }
}
