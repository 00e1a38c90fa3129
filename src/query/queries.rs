//! All that a query needs besides its text: the caller, the warehouse, the policy and the limits.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::cursor::CursorSigner;
use super::name_cache::NameCache;
use super::owner_mark::owner_mark;
use super::{Allowance, Budget, Less, Rights};
use crate::policy::{Narrowing, Policy, Preset};
use crate::sql::Identifier;
use crate::telemetry::call::Notes;
use crate::telemetry::metrics::Metrics;
use crate::warehouse::{Owner, Person, Warehouse};

/// Runs queries on one warehouse for one caller, under its policy and budget. A cheap clone: there is one for each call.
#[derive(Clone)]
pub struct Queries {
    pub(super) common: Arc<Common>,
    /// The warehouse as the caller sees it: a person's statements run under the person's own sign-in.
    pub(super) warehouse: Arc<dyn Warehouse>,
    pub(super) budget: Budget,
    /// Identifies the caller. A cursor works only for the caller it was made for.
    pub(super) caller: Arc<str>,
    /// The caller's name, as logs and query tags show it.
    name: Cow<'static, str>,
    pub(super) policy: Policy,
    pub(super) tag: Option<String>,
    /// How far a tool lowers the budget below the caller's. Its cursors carry this to later pages.
    pub(super) less: Less,
    /// Whether the caller is a user of its own in the warehouse.
    is_person: bool,
    /// Whether the caller may be shown values of tables.
    pub(super) may_read_values: bool,
    /// Collects what happens to the statements, for the log, trace and audit record of the call.
    pub(super) notes: Notes,
    /// Whose place in the queue the statements take.
    pub(super) owner: Owner,
    /// The caller's own role, for calls that name none.
    pub(super) usual_role: Option<Identifier>,
}

/// What all callers share, and the limits and policies of callers that have none of their own.
#[derive(Clone)]
pub(super) struct Common {
    /// The warehouse under the service's own sign-in.
    warehouse: Arc<dyn Warehouse>,
    pub(super) signer: Arc<CursorSigner>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) name_cache: NameCache,
    pub(super) default_database: Option<Identifier>,
    pub(super) default_schema: Option<Identifier>,
    pub(super) is_structured: bool,
    /// Held while a long statement is parsed: one at a time.
    pub(super) reading: Arc<Semaphore>,
    budget: Budget,
    policy: Policy,
    /// The policy of callers that may only read.
    reading_policy: Policy,
    /// Limits of single callers, by their names.
    allowances: HashMap<String, Allowance>,
}

/// Who a call is made for.
#[derive(Debug, Clone)]
pub struct Behalf {
    /// The caller's name: its limits are found by it.
    pub name: Cow<'static, str>,
    /// Identifies the caller. A cursor works only for the caller it was made for.
    pub identity: Arc<str>,
    /// Whose place in the queue the call takes: callers without a key share an identity, but each address has its own place.
    pub account: Arc<str>,
    /// Marks every statement in the warehouse's own records (Snowflake's `QUERY_TAG`).
    pub tag: String,
    /// Collects what happens to the statements, for the log, trace and audit record of the call.
    pub notes: Notes,
    /// Whether the caller may do more than read, as far as the policy allows.
    pub may_change: bool,
    /// Whether the caller may be shown values of tables, and not only what the catalog says of them.
    pub may_read_values: bool,
    /// Limits and policies of the caller's own, if it has them.
    pub rights: Option<Arc<Rights>>,
    /// The person whose sign-in the statements run under, if it is not the service's.
    pub person: Option<Arc<Person>>,
}

impl Queries {
    /// Puts the parts together.
    #[must_use]
    pub fn new(
        warehouse: Arc<dyn Warehouse>,
        policy: Policy,
        budget: Budget,
        metrics: Arc<Metrics>,
    ) -> Self {
        let reading_policy = policy.narrowed(Narrowing {
            preset: Some(Preset::ReadOnly),
            ..Narrowing::default()
        });
        Self {
            warehouse: Arc::clone(&warehouse),
            budget: budget.clone(),
            policy: policy.clone(),
            // Nobody, until `on_behalf_of` says for whom: cursors of one caller never verify for
            // another.
            caller: Arc::from(""),
            name: Cow::Borrowed(""),
            tag: None,
            less: Less::default(),
            is_person: false,
            may_read_values: true,
            notes: Notes::default(),
            owner: Owner::default(),
            usual_role: None,
            common: Arc::new(Common {
                warehouse,
                signer: Arc::new(CursorSigner::random()),
                metrics,
                name_cache: NameCache::default(),
                default_database: None,
                default_schema: None,
                is_structured: false,
                // One long statement at a time; `judge_long` says why.
                reading: Arc::new(Semaphore::new(1)),
                budget,
                policy,
                reading_policy,
                allowances: HashMap::new(),
            }),
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Common)) -> Self {
        change(Arc::make_mut(&mut self.common));
        self
    }

    /// The same, told which database and schema the warehouse uses when a call names none, so that the policy knows what
    /// unqualified names belong to.
    #[must_use]
    pub fn with_default_names(
        self,
        database: Option<Identifier>,
        schema: Option<Identifier>,
    ) -> Self {
        self.with(|common| {
            common.default_database = database;
            common.default_schema = schema;
        })
    }

    /// The same, with cursors that other processes with the same secrets understand.
    #[must_use]
    pub fn with_signer(self, signer: CursorSigner) -> Self {
        self.with(|common| common.signer = Arc::new(signer))
    }

    /// The same, with the rows of every answer as JSON values too (`STRUCTURED_OUTPUT`).
    #[must_use]
    pub fn with_structured_output(self, is_structured: bool) -> Self {
        self.with(|common| common.is_structured = is_structured)
    }

    /// The same, with less for some callers, by their names.
    #[must_use]
    pub fn with_allowances(self, allowances: HashMap<String, Allowance>) -> Self {
        self.with(|common| common.allowances = allowances)
    }

    /// The same for one caller within what it may have.
    #[must_use]
    pub fn on_behalf_of(&self, behalf: Behalf) -> Self {
        let own = behalf.rights.as_deref();
        let allowance = self.common.allowances.get(&*behalf.name);
        // A grant replaces all limits that are configured for the name.
        let (budget, at_once, weight) = match (own, allowance) {
            (Some(own), _) => (&own.budget, own.at_once, own.weight),
            (None, Some(allowance)) => (&allowance.budget, allowance.at_once, 1),
            (None, None) => (&self.common.budget, None, 1),
        };
        let policy = match own {
            Some(own) if behalf.may_change => &own.policy,
            // The grant would allow changes, but the token lacks the scope for them.
            Some(own) => &own.reading_policy,
            None => self.policy_of(behalf.may_change),
        };
        Self {
            budget: budget.clone(),
            owner: Owner {
                key: behalf.account,
                at_once,
                weight,
            },
            policy: policy.clone(),
            warehouse: self.seen_by(behalf.person.as_ref()),
            usual_role: own.and_then(|own| own.role.clone()),
            caller: behalf.identity,
            name: behalf.name,
            tag: Some(behalf.tag),
            less: self.less,
            is_person: behalf.person.is_some(),
            may_read_values: behalf.may_read_values,
            notes: behalf.notes,
            common: Arc::clone(&self.common),
        }
    }

    /// The warehouse under a person's sign-in, or else the service's.
    fn seen_by(&self, person: Option<&Arc<Person>>) -> Arc<dyn Warehouse> {
        let warehouse = &self.common.warehouse;
        person
            .and_then(|person| warehouse.of(person))
            .unwrap_or_else(|| Arc::clone(warehouse))
    }

    /// The policy of callers that have none of their own.
    #[must_use]
    pub fn policy_of(&self, may_change: bool) -> &Policy {
        if may_change {
            &self.common.policy
        } else {
            &self.common.reading_policy
        }
    }

    /// The same with a lower budget.
    #[must_use]
    pub fn with_less(&self, less: Less) -> Self {
        let mut own = self.clone();
        own.less = less;
        own.tag = own.tag.map(|tag| less.marked(tag));
        if let Some(rows) = less.rows {
            own.budget.max_rows = own.budget.max_rows.min(rows);
            own.budget.default_rows = own.budget.default_rows.min(rows);
        }
        if let Some(bytes) = less.bytes {
            own.budget.max_bytes = own.budget.max_bytes.min(bytes);
        }
        own
    }

    /// Whether every answer has its rows as JSON values too (`STRUCTURED_OUTPUT`).
    #[must_use]
    pub fn is_structured(&self) -> bool {
        self.common.is_structured
    }

    /// The caller's name, as logs and query tags show it.
    #[must_use]
    pub fn caller(&self) -> &str {
        &self.name
    }

    /// Whether the caller is a user of its own in the warehouse, and not the one that all callers share.
    #[must_use]
    pub fn is_person(&self) -> bool {
        self.is_person
    }

    /// The mark in the query tags of the caller's statements, by which they are found again.
    #[must_use]
    pub fn owner_mark(&self) -> String {
        owner_mark(&self.caller)
    }

    /// The database of names that name none, if it is known.
    #[must_use]
    pub fn default_database(&self) -> Option<&Identifier> {
        self.common.default_database.as_ref()
    }

    /// The schema of names that name none, with its database, if both are known.
    #[must_use]
    pub fn default_place(&self) -> Option<String> {
        let (database, schema) = (
            self.common.default_database.as_ref()?,
            self.common.default_schema.as_ref()?,
        );
        Some(format!("{}.{}", database.quoted(), schema.quoted()))
    }

    /// The warehouse as the caller sees it.
    #[must_use]
    pub fn warehouse(&self) -> &dyn Warehouse {
        &*self.warehouse
    }

    /// The policy in force for the caller.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The limits in force for the caller.
    #[must_use]
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// The limits of a caller without a grant, by its name.
    #[must_use]
    pub fn budget_of(&self, caller: &str) -> &Budget {
        let own = self.common.allowances.get(caller);
        own.map_or(&self.common.budget, |own| &own.budget)
    }
}
