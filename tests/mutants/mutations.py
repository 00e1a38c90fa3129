"""Mutations of the code, and the tests that must see each. `@` is its number.

Small mistakes that somebody could make: a condition left out, a bound moved, one of two cases forgotten. The first text
must be in its file exactly once.
"""

# ruff: noqa: E501

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Mutation:
    number: int
    file: str
    old: str
    new: str
    unit: list[str]
    front_door: list[str]
    what: str


ALL: list[Mutation] = []


def m(file: str, old: str, new: str, tests: str, what: str) -> None:
    """`tests` are words of the names of unit tests, and behind `it:` those of chapters of tests/it."""
    number = len(ALL) + 1
    unit, _, front_door = tests.partition("it:")
    new = new.replace("crate::mutant(@)", f"crate::mutant({number})")
    ALL.append(
        Mutation(
            number,
            file,
            old,
            new,
            [word for word in unit.strip("|").split("|") if word],
            [word for word in front_door.split(",") if word],
            what,
        )
    )


P, S, Q, W = "src/policy/", "src/sql/", "src/query/", "src/warehouse/snowflake/"

# policy
m(
    P + "kinds.rs",
    "let effects = effects(parsed, place);\n    check_side_effects(options, &effects)?;\n    check_preset",
    "let effects = effects(parsed, place);\n    if !crate::mutant(@) { check_side_effects(options, &effects)?; }\n    check_preset",
    "policy::",
    "a list of side effects is not asked",
)
m(
    P + "kinds.rs",
    ".map(|call| call.in_snowflakes_own(place.database, place.schema))",
    ".map(|call| if crate::mutant(@) { call.clone() } else { call.in_snowflakes_own(place.database, place.schema) })",
    "policy::",
    "the current place is not put before a bare name",
)
m(
    P + "kinds.rs",
    'filter(|call| !(is_write && call.function() == "NEXTVAL"))\n        // A bare',
    'filter(|call| !((is_write || crate::mutant(@)) && call.function() == "NEXTVAL"))\n        // A bare',
    "policy::",
    "NEXTVAL is harmless in a read",
)
m(
    P + "kinds.rs",
    "if !options.custom_tools_may.contains(&class)\n",
    "if !(crate::mutant(@) || options.custom_tools_may.contains(&class))\n",
    "policy::|it:custom_tools",
    "the operator's own tools may no more than the preset",
)
m(
    P + "kinds.rs",
    "Class::Write | Class::Procedure => Refusal::Operators { class },",
    "Class::Write | Class::Procedure if !crate::mutant(@) => Refusal::Operators { class },",
    "policy::|it:custom_tools",
    "the operator is told the caller's refusal",
)
m(
    P + "session.rs",
    "pattern.is_exact() && names(pattern)",
    "(crate::mutant(@) || pattern.is_exact()) && names(pattern)",
    "policy::",
    "a pattern allows an administrator's role",
)
m(
    P + "session.rs",
    "admin.eq_ignore_ascii_case(role.as_str())",
    "if crate::mutant(@) { *admin == role.as_str() } else { admin.eq_ignore_ascii_case(role.as_str()) }",
    "policy::",
    "an administrator's role in lower case is none",
)
m(
    P + "session.rs",
    "(Some(warehouse), Some(allowed))\n            if !allowed",
    "(Some(warehouse), Some(allowed))\n            if !crate::mutant(@) && !allowed",
    "policy::",
    "any virtual warehouse may be named",
)
m(
    P + "shared.rs",
    "    call.parts.is_empty()\n",
    "    (call.parts.is_empty() && !crate::mutant(@))\n",
    "policy::",
    "a function whose name is computed tells nothing of others",
)
m(
    P + "shared.rs",
    "function.starts_with(begin)",
    "if crate::mutant(@) { function == *begin } else { function.starts_with(begin) }",
    "policy::",
    "QUERY_HISTORY_BY_USER is no history",
)
m(
    P + "shared.rs",
    '        if call.function() == "GETVARIABLE" {',
    '        if call.function() == "GETVARIABLE" && !crate::mutant(@) {',
    "policy::",
    "GETVARIABLE passes",
)
m(
    P + "objects.rs",
    "        && schema.as_str() != PUBLIC\n",
    "        && schema.as_str() != PUBLIC\n        && !crate::mutant(@)\n",
    "policy::",
    "the search path's PUBLIC is not looked at",
)
m(
    P + "objects.rs",
    "options.allowed_objects.is_some() || !options.denied_objects.is_empty()\n            }",
    "options.allowed_objects.is_some() || (!options.denied_objects.is_empty() && !crate::mutant(@))\n            }",
    "policy::",
    "a schema with denied objects is listed with LIMIT",
)
m(
    P + "objects.rs",
    ".find(|pattern| pattern.covers(name))",
    ".find(|pattern| if crate::mutant(@) { pattern.matches(name) } else { pattern.covers(name) })",
    "policy::",
    "a database is denied where something in it is",
)
m(
    P + "objects.rs",
    "        self.options.extend(other.options);",
    "        if !crate::mutant(@) { self.options.extend(other.options); }",
    "policy::|callers",
    "rows are filtered by the first list only",
)
m(
    P + "objects.rs",
    'known(options, named.or(place.schema), "schema")',
    'known(options, if crate::mutant(@) { named.or(place.schema).or(place.database) } else { named.or(place.schema) }, "schema")',
    "policy::",
    "a name without a schema is taken for one in a schema called as the database",
)
m(
    P + "pattern.rs",
    "call.parts.len() >= self.parts.len() && pairs",
    "(crate::mutant(@) || call.parts.len() >= self.parts.len()) && pairs",
    "policy::",
    "a bare name is surely what a long pattern allows",
)
m(
    P + "pattern.rs",
    "names_function || (in_database && self.parts.len() > 1)",
    "names_function || (!crate::mutant(@) && in_database && self.parts.len() > 1)",
    "policy::",
    "a bare name is not denied by SCHEMA.*",
)
m(
    P + "pattern.rs",
    "    rest.ends_with(last)",
    "    crate::mutant(@) || rest.ends_with(last)",
    "policy::",
    "what follows the last * does not count",
)
m(
    P + "mod.rs",
    "        if is_dynamic && parsed.class()",
    "        if is_dynamic && !crate::mutant(@) && parsed.class()",
    "policy::",
    "EXECUTE and DECLARE pass where functions are denied",
)
m(
    P + "mod.rs",
    "            kinds::check_operators(options, &parsed, place)?;\n        }\n        self.check_functions(&parsed, place.database)?;",
    "            kinds::check_operators(options, &parsed, place)?;\n        }\n        if !crate::mutant(@) { self.check_functions(&parsed, place.database)?; }",
    "policy::|it:custom_tools",
    "the operator's tools may call denied functions",
)
m(
    P + "options.rs",
    "own.denied_objects.extend(narrowing.denied_objects);",
    "if !crate::mutant(@) { own.denied_objects.extend(narrowing.denied_objects); }",
    "policy::|callers",
    "a grant denies no objects",
)
m(
    P + "options.rs",
    "preset.min(own.preset)",
    "if crate::mutant(@) { preset } else { preset.min(own.preset) }",
    "policy::|callers",
    "a grant raises the preset",
)
# sql
m(
    S + "steps.rs",
    "        (one, other) if one == other => {",
    "        (one, other) if one == other || crate::mutant(@) => {",
    "sql::c|sql::e|sql::u|policy::",
    "a pipeline of two kinds is of the first",
)
m(
    S + "steps.rs",
    'is_table = is_word(Some(&word), "FROM") || is_word(Some(&word), "JOIN")',
    'is_table = is_word(Some(&word), "FROM") || (is_word(Some(&word), "JOIN") && !crate::mutant(@))',
    "sql::c|sql::e|sql::u",
    "$1 after JOIN is no table",
)
m(
    S + "steps.rs",
    "Token::LongArrow if depth > 0 =>",
    "Token::LongArrow if depth > 0 && !crate::mutant(@) =>",
    "sql::c|sql::e|sql::u",
    "->> inside brackets",
)
m(
    S + "classify.rs",
    "        || !query.pipe_operators.is_empty()\n",
    "        || (!query.pipe_operators.is_empty() && !crate::mutant(@))\n",
    "sql::c|sql::e|sql::u",
    "|> is a part of a read",
)
m(
    S + "classify.rs",
    "                if !is_plain_body(right) {",
    "                if !crate::mutant(@) && !is_plain_body(right) {",
    "sql::c|sql::e|sql::u",
    "TABLE t on the right of a UNION",
)
m(
    S + "classify.rs",
    "        || query.settings.is_some()\n",
    "        || (query.settings.is_some() && !crate::mutant(@))\n",
    "sql::c|sql::e|sql::u",
    "SETTINGS is a part of a read",
)
m(
    S + "lexis.rs",
    'if text.replace("\\r\\n", "\\n").contains(\'\\r\') {',
    'if !crate::mutant(@) && text.replace("\\r\\n", "\\n").contains(\'\\r\') {',
    "sql::c|sql::e|sql::u",
    "a lone carriage return",
)
m(
    S + "lexis.rs",
    "if word.quote_style.is_some() && read == Read::Folders",
    "if word.quote_style.is_some() && read == Read::Folders && !crate::mutant(@)",
    "sql::c|sql::e|sql::u",
    "a quoted part in a stage's path",
)
m(
    S + "lexis.rs",
    "Token::SingleQuotedString(_) | Token::DollarQuotedString(_) if read != Read::End",
    "Token::SingleQuotedString(_) | Token::DollarQuotedString(_) if read != Read::End && !crate::mutant(@)",
    "sql::c|sql::e|sql::u",
    "a text glued to a stage's path",
)
m(
    S + "lexis.rs",
    "outer.len() + joins * A_JOIN_IN_BRACKETS > MAX_NESTING",
    "outer.len() + joins * (if crate::mutant(@) { 0 } else { A_JOIN_IN_BRACKETS }) > MAX_NESTING",
    "sql::c|sql::e|sql::u",
    "joins are not counted as depth",
)
m(
    S + "lexis.rs",
    "'\\u{2066}'..='\\u{2068}' => isolated += 1,",
    "'\\u{2066}'..='\\u{2068}' => isolated += usize::from(!crate::mutant(@)),",
    "sql::c|sql::e|sql::u",
    "an isolate that is not closed turns nothing",
)
m(
    S + "lexis.rs",
    "    if part.contains(['\\u{b}',",
    "    if !crate::mutant(@) && part.contains(['\\u{b}',",
    "sql::c|sql::e|sql::u",
    "unusual line separators outside a text",
)
m(
    S + "calls.rs",
    "1 if is_home && !self.is_method && !is_known =>",
    "1 if is_home && (!self.is_method || crate::mutant(@)) && !is_known =>",
    "sql::c|sql::e|sql::u|policy::",
    "a method is put into SNOWFLAKE",
)
m(
    S + "calls.rs",
    "2 if is_home && !self.is_method =>",
    "2 if is_home && !self.is_method && !crate::mutant(@) =>",
    "sql::c|sql::e|sql::u|policy::",
    "schema.f in SNOWFLAKE is not put there",
)
m(
    S + "calls.rs",
    "calls.extend(closed.and_then(|at| computed(words, at, index)));",
    "if !crate::mutant(@) { calls.extend(closed.and_then(|at| computed(words, at, index))); }",
    "sql::c|sql::e|sql::u|policy::",
    "IDENTIFIER(…)(…) is no call",
)
m(
    S + "effects.rs",
    "if is_own && !schema.is_some_and(is_harmless) {",
    "if is_own && !crate::mutant(@) && !schema.is_some_and(is_harmless) {",
    "sql::c|sql::e|sql::u|policy::",
    "schemas of SNOWFLAKE that are not known are harmless",
)
m(
    S + "proof.rs",
    "if matches!(before, Some(Token::Period | Token::Colon)) {",
    "if !crate::mutant(@) && matches!(before, Some(Token::Period | Token::Colon)) {",
    "sql::c|sql::e|sql::u",
    "a field may not be called as a verb",
)
m(
    S + "heads.rs",
    'return if is_word(words.get(2), "POLICY") {',
    'return if is_word(words.get(2), "POLICY") && !crate::mutant(@) {',
    "sql::c|sql::e|sql::u",
    "ALTER SESSION POLICY changes a session",
)
m(
    S + "heads.rs",
    ".find(|word| !BEFORE_THE_KIND.contains(&word.as_str()));",
    ".find(|word| crate::mutant(@) || !BEFORE_THE_KIND.contains(&word.as_str()));",
    "sql::c|sql::e|sql::u",
    "CREATE OR REPLACE ROLE is DDL",
)
# query
m(
    Q + "shown_rows.rs",
    "self.hidden.is_none() && self.filter.is_none()",
    "(self.hidden.is_none() || crate::mutant(@)) && self.filter.is_none()",
    "query::",
    "rows that a list hides are counted",
)
m(
    Q + "page.rs",
    "                    may_be_raised: layout.limit < budget.max_rows,",
    "                    may_be_raised: crate::mutant(@) || layout.limit < budget.max_rows,",
    "query::",
    "a limit at its maximum may be raised",
)
m(
    Q + "page.rs",
    "            self.writer.limit(self.max_bytes);",
    "            if !crate::mutant(@) { self.writer.limit(self.max_bytes); }",
    "query::",
    "a long first row lets in more",
)
m(
    Q + "page.rs",
    "            self.shortener.take_back(before);",
    "            if !crate::mutant(@) { self.shortener.take_back(before); }",
    "query::",
    "values of a row that does not fit are counted as shortened",
)
m(
    Q + "page.rs",
    "(source != Source::Sample || truncation.is_none())",
    "(crate::mutant(@) || source != Source::Sample || truncation.is_none())",
    "query::",
    "a sample's rows are said to be all",
)
m(
    Q + "budget.rs",
    "match is_list && rows <= self.default_rows {",
    "match is_list && (rows < self.default_rows || (!crate::mutant(@) && rows == self.default_rows)) {",
    "query::",
    "a list of the usual length is as long as any answer",
)
m(
    Q + "budget.rs",
    "asked.unwrap_or(self.default_rows).min(self.max_rows)",
    "if crate::mutant(@) { asked.unwrap_or(self.default_rows) } else { asked.unwrap_or(self.default_rows).min(self.max_rows) }",
    "query::",
    "a call may have more than MAX_ROWS",
)
m(
    Q + "cursor.rs",
    "    context.update(&(caller.len() as u64).to_be_bytes());",
    "    if !crate::mutant(@) { context.update(&(caller.len() as u64).to_be_bytes()); }",
    "query::",
    "the caller's name is signed without its length",
)
m(
    Q + "cursor.rs",
    "        if cursor.expires <= now() {",
    "        if cursor.expires + u64::from(crate::mutant(@)) * 3600 <= now() {",
    "query::",
    "a cursor lives an hour longer",
)
m(
    Q + "later.rs",
    "let patience = deadline.min(asked + self.budget.wait(wait));",
    "let patience = if crate::mutant(@) { asked + self.budget.wait(wait) } else { deadline.min(asked + self.budget.wait(wait)) };",
    "query::|it:later",
    "a page is waited for beyond its deadline",
)
m(
    Q + "later.rs",
    "page.total_rows = Some(reading.row.saturating_add(page.row_count));",
    "page.total_rows = Some(if crate::mutant(@) { page.row_count } else { reading.row.saturating_add(page.row_count) });",
    "query::|it:later",
    "the last page's rows are all there are",
)
m(
    Q + "later.rs",
    "            filter: filters.into_iter().next().flatten(),",
    "            filter: filters.into_iter().next().flatten().filter(|_| !crate::mutant(@)),",
    "query::|it:lists,listings,large_account",
    "further pages of a list are not filtered",
)
m(
    Q + "later.rs",
    "        let role = from.role.clone();\n",
    "        let role = from.role.clone().filter(|_| !crate::mutant(@));\n",
    "query::|it:later",
    "a cursor forgets the role",
)
m(
    Q + "approving.rs",
    "session.role.clone_from(&self.usual_role);",
    "if !crate::mutant(@) { session.role.clone_from(&self.usual_role); }",
    "query::|it:callers",
    "a caller's role is not used",
)
m(
    Q + "approving.rs",
    "admit_by: now + self.budget.time(timeout).min(self.budget.sync_wait),",
    "admit_by: now + if crate::mutant(@) { self.budget.time(timeout) } else { self.budget.time(timeout).min(self.budget.sync_wait) },",
    "query::|it:fairness,later",
    "a statement waits in the queue longer than its call",
)
m(
    Q + "approving.rs",
    "(Some(named), Some(usual)) if named != usual => public.as_ref(),",
    "(Some(named), Some(usual)) if named != usual && !crate::mutant(@) => public.as_ref(),",
    "query::|it:fitness",
    "a name in another database is not in its PUBLIC",
)
m(
    Q + "cost.rs",
    "            Some(estimate) if estimate.bytes > limit => {",
    "            Some(estimate) if estimate.bytes > limit && !crate::mutant(@) => {",
    "query::|it:later",
    "MAX_SCAN_BYTES refuses nothing",
)
m(
    Q + "cost.rs",
    "            None => Err(Error::NoEstimate),",
    "            None if !crate::mutant(@) => Err(Error::NoEstimate),\n            None => Ok(()),",
    "query::|it:later",
    "what has no estimate runs in spite of MAX_SCAN_BYTES",
)
# session, pool, abort
m(
    W + "abort.rs",
    "statement.sent.elapsed() > REGISTERED || lease.is_closing()",
    "crate::mutant(@) || statement.sent.elapsed() > REGISTERED || lease.is_closing()",
    "it:fitness,stopping",
    "not executing is a confirmation at once",
)
m(
    W + "abort.rs",
    "        self.is_wanted.store(false, Ordering::Relaxed);",
    "        if !crate::mutant(@) { self.is_wanted.store(false, Ordering::Relaxed); }",
    "it:stopping,fitness",
    "a request nobody wants is sent again",
)
m(
    W + "abort.rs",
    "        None => has_ended && is_success,",
    "        None => has_ended && (is_success || crate::mutant(@)),",
    "snowflake::abort|it:stopping,tokens,fitness,endpoints",
    "an error of the session counts as the statement's end",
)
m(
    W + "abort.rs",
    "            if !is_confirmed {",
    "            if !is_confirmed && !crate::mutant(@) {",
    "it:fitness,endpoints",
    "an unconfirmed abort does not poison",
)
m(
    W + "session.rs",
    "if is_expired && is_wanted && !has_renewed {",
    "if is_expired && (is_wanted || crate::mutant(@)) && !has_renewed {",
    "it:stopping,tokens",
    "what nobody wants renews the token",
)
m(
    W + "session.rs",
    "        if tokens.session != stale {",
    "        if tokens.session != stale && !crate::mutant(@) {",
    "it:tokens,pool",
    "each waiter renews the token",
)
m(
    W + "session.rs",
    "        if self.is_left_open.load(Ordering::Relaxed) {",
    "        if !crate::mutant(@) && self.is_left_open.load(Ordering::Relaxed) {",
    "it:later",
    "a session that a statement goes on in is signed out",
)
m(
    W + "session.rs",
    "        self.poison();\n        self.shared.contact.note_loss();",
    "        self.poison();\n        if !crate::mutant(@) { self.shared.contact.note_loss(); }",
    "it:pool",
    "a lost session makes no other suspect",
)
m(
    W + "session.rs",
    "Instant::now() < self.retire_at",
    "(crate::mutant(@) || Instant::now() < self.retire_at)",
    "warehouse::snowflake|it:long_run,pool",
    "a session is never too old",
)
m(
    W + "pool/member.rs",
    "|| (self.initial.warehouse.is_none() && current.warehouse.is_some())",
    "|| (!crate::mutant(@) && self.initial.warehouse.is_none() && current.warehouse.is_some())",
    "it:fitness",
    "a session that strayed in warehouse is fit",
)
m(
    W + "pool/member.rs",
    "|| (self.initial.schema.is_none() && current.schema.is_some())",
    "|| (!crate::mutant(@) && self.initial.schema.is_none() && current.schema.is_some())",
    "it:fitness",
    "a session that strayed in schema is fit",
)
m(
    W + "pool/member.rs",
    "|| (self.initial.role.is_some() && self.initial.role != current.role);",
    "|| (!crate::mutant(@) && self.initial.role.is_some() && self.initial.role != current.role);",
    "it:fitness",
    "a session that strayed in role is fit",
)
m(
    W + "pool/upkeep.rs",
    "inner.members.open_of_service() > sizes.min && idle > sizes.max_inactive",
    "(crate::mutant(@) || inner.members.open_of_service() > sizes.min) && idle > sizes.max_inactive",
    "snowflake::pool|it:pool,long_run",
    "the last sessions are closed when they are idle",
)
m(
    W + "pool/breaker.rs",
    "            && refused.fingerprint == fingerprint().await",
    "            && (crate::mutant(@) || refused.fingerprint == fingerprint().await)",
    "breaker|it:sign_in",
    "another key waits as well",
)
m(
    W + "pool/breaker.rs",
    "        state.works = false;",
    "        if !crate::mutant(@) { state.works = false; }",
    "breaker|it:sign_in",
    "after a refusal all sign in at once",
)
m(
    W + "pool.rs",
    "        if got.is_err() {",
    "        if got.is_err() && !crate::mutant(@) {",
    "snowflake::pool|it:pool",
    "refused roles are kept",
)
m(
    W + "statement.rs",
    "        None => class == Class::Read,",
    "        None => class == Class::Read || crate::mutant(@),",
    "it:fitness,statements,callers",
    "a write without a kind leaves its session fit",
)
m(
    W + "statement.rs",
    "        if class != Class::Read {\n            // What it",
    "        if class != Class::Read && !crate::mutant(@) {\n            // What it",
    "it:fitness",
    "a write left running does not poison",
)
m(
    W + "statement.rs",
    "            if is_refused {",
    "            if is_refused && !crate::mutant(@) {",
    "it:tokens,round_trips,stopping",
    "what was refused before it ran is aborted",
)
m(
    W + "statement.rs",
    "leaves_session_alone(kind) || is_use(kind)",
    "leaves_session_alone(kind) || is_use(kind) || crate::mutant(@)",
    "it:fitness,callers",
    "a session in which something was made is fit",
)
m(
    W + "target.rs",
    "(None, Some(database)) if initial.database.as_ref() != Some(database) => {",
    "(None, Some(database)) if crate::mutant(@) || initial.database.as_ref() != Some(database) => {",
    "target|it:statements",
    "naming the usual database leaves its schema",
)
m(
    W + "backoff.rs",
    "        (wait < left).then_some(wait)",
    "        (crate::mutant(@) || wait < left).then_some(wait)",
    "backoff",
    "an attempt is made after the deadline",
)
m(
    W + "earlier.rs",
    "        lease.poison();\n    };",
    "        if !crate::mutant(@) { lease.poison(); }\n    };",
    "snowflake::pool|it:later",
    "a session whose statement does not end is handed on",
)
# the code of connections
C, G, X, T = "src/http/connection/", "src/warehouse/gate", "it:exchange", "http::connection"
m(
    C + "paced.rs",
    "is_next && self.turn.is_taken()\n",
    "is_next && self.turn.is_taken() && !crate::mutant(@)\n",
    T + "|it:sent_ahead",
    "a request is handed on before the answer to the one in front of it",
)
m(
    C + "paced.rs",
    "self.stalled.is_some() || is_next",
    "self.stalled.is_some() && !crate::mutant(@) || is_next",
    T + "|it:sent_ahead",
    "requests are read from a client that takes no answers",
)
m(
    C + "paced.rs",
    "            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),\n            Poll::Pending => Ok(()),",
    "            Poll::Ready(()) if !crate::mutant(@) => Err(io::ErrorKind::TimedOut.into()),\n            _ => Ok(()),",
    T + "|it:framing",
    "the rest of a head has no end of time",
)
m(
    C + "paced.rs",
    "self.framing == Framing::BETWEEN || self.turn.is_taken()",
    "self.framing == Framing::BETWEEN || (self.turn.is_taken() && !crate::mutant(@))",
    T + "|it:framing",
    "the time of a rest runs while a request waits for its body",
)
m(
    C + "paced.rs",
    "            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),\n            Poll::Pending => Poll::Pending,",
    "            Poll::Ready(()) if !crate::mutant(@) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),\n            _ => Poll::Pending,",
    T + "|it:sent_ahead",
    "who takes no answers is never given up",
)
m(
    C + "paced.rs",
    "!self.is_ended && self.ahead.len() < AHEAD",
    "!self.is_ended && (crate::mutant(@) || self.ahead.len() < AHEAD)",
    T + "|it:sent_ahead",
    "what is sent ahead is read without a bound",
)
m(
    C + "paced.rs",
    "                self.is_due = true;",
    "                self.is_due = !crate::mutant(@);",
    T + "|it:sent_ahead",
    "actix-http reads on before it has looked at a head",
)
m(
    C + "paced.rs",
    "            if self.stalled.take().is_some() {",
    "            if self.stalled.take().is_some() && !crate::mutant(@) {",
    T + "|it:sent_ahead",
    "the reader is not told that the client takes answers again",
)
m(
    C + "paced.rs",
    "                self.ahead.clear();\n",
    "                if !crate::mutant(@) { self.ahead.clear(); }\n",
    T + "|it:sent_ahead",
    "requests of a client that is gone are kept",
)
m(
    C + "turn.rs",
    "        if body.is_some() {\n",
    "        if body.is_some() && !crate::mutant(@) {\n",
    T + "|it:sent_ahead,framing",
    "a request's body is taken for the next head",
)
m(
    C + "turn.rs",
    "    if request.chunked().unwrap_or(false) {",
    "    if request.chunked().unwrap_or(false) && !crate::mutant(@) {",
    T + "|it:sent_ahead,framing",
    "a body in chunks has no end",
)
m(
    C + "turn.rs",
    "        turn.0.is_busy.set(false);\n        turn.wake();",
    "        turn.0.is_busy.set(false);\n        if !crate::mutant(@) { turn.wake(); }",
    T + "|it:sent_ahead",
    "the reader is not told that a turn is over",
)
m(
    C + "turn.rs",
    "self.rest.len().min(PIECE)",
    "if crate::mutant(@) { self.rest.len() } else { self.rest.len().min(PIECE) }",
    T,
    "a long answer is handed over whole",
)
m(
    C + "framing.rs",
    "b'\\n' if self.is_line_empty && self.has_begun =>",
    "b'\\n' if self.is_line_empty && (self.has_begun || crate::mutant(@)) =>",
    T + "|it:sent_ahead",
    "an empty line before a request is a head",
)
m(
    C + "framing.rs",
    "            (Self::Trailer(Trailer::Over), _) => Self::Trailer(Trailer::Start),",
    "            (Self::Trailer(Trailer::Over), _) if !crate::mutant(@) => Self::Trailer(Trailer::Start),",
    T,
    "a line behind the last chunk has no end",
)
m(
    C + "mod.rs",
    "        actix_tls::accept::max_concurrent_tls_connect(limits.connections);",
    "        if !crate::mutant(@) { actix_tls::accept::max_concurrent_tls_connect(limits.connections); }",
    "it:handshakes",
    "handshakes have a limit of the process below that of connections",
)
m(
    C + "mod.rs",
    "acceptor.set_handshake_timeout(HANDSHAKE_TIMEOUT);",
    "acceptor.set_handshake_timeout(if crate::mutant(@) { Duration::from_secs(60) } else { HANDSHAKE_TIMEOUT });",
    "it:handshakes",
    "a handshake may take a minute",
)
m(
    C + "mod.rs",
    "        .client_request_timeout(HEAD_TIMEOUT)",
    "        .client_request_timeout(if crate::mutant(@) { Duration::from_secs(60) } else { HEAD_TIMEOUT })",
    "it:framing",
    "a head may take a minute",
)
m(
    C + "mod.rs",
    "        .h1_allow_half_closed(false)",
    "        .h1_allow_half_closed(crate::mutant(@))",
    "it:sent_ahead,stopping",
    "nobody notices that a client hung up",
)
m(
    "src/http/door/bodies.rs",
    "            if own + more > OF_ONE {",
    "            if own + more > OF_ONE && !crate::mutant(@) {",
    "http::door::bodies",
    "one caller's bodies may take all the memory for bodies",
)
m(
    "src/http/door/bodies.rs",
    "        counts.all -= self.counted;\n",
    "        if !crate::mutant(@) { counts.all -= self.counted; }\n",
    "http::door::bodies",
    "memory of bodies is never given back",
)
# the queue
m(
    G + ".rs",
    "        if own >= limits.queued_per_caller() {",
    "        if own >= limits.queued_per_caller() + usize::from(crate::mutant(@)) {",
    "warehouse::gate",
    "a caller queues one more than it may",
)
m(
    G + ".rs",
    "                (own == 0)\n",
    "                (own == 0 || crate::mutant(@))\n",
    "warehouse::gate",
    "who has statements waiting takes others' places",
)
m(
    G + ".rs",
    "            .is_some_and(|needed| needed > patience)",
    "            .is_some_and(|needed| needed > patience && !crate::mutant(@))",
    "warehouse::gate",
    "who would wait too long is not told at once",
)
m(
    G + ".rs",
    "            share: of_slots.clamp(1, slots - 1),",
    "            share: if crate::mutant(@) { slots } else { of_slots.clamp(1, slots - 1) },",
    "warehouse::gate",
    "one caller may have all slots",
)
m(
    G + ".rs",
    "!state.is_closed && state.lines.admit_newcomer(owner, caps)",
    "(!state.is_closed || crate::mutant(@)) && state.lines.admit_newcomer(owner, caps)",
    "warehouse::gate",
    "a gate that is closed lets in who does not wait",
)
m(
    G + ".rs",
    "        self.state().slots = slots;\n        self.hand_out();",
    "        self.state().slots = slots;\n        if !crate::mutant(@) { self.hand_out(); }",
    "warehouse::gate",
    "nobody is let in when there are more slots",
)
m(
    G + "/line.rs",
    "(self.waiting == 0 || !self.lines.values().any(|line| line.is_eligible(caps)))",
    "(crate::mutant(@) || self.waiting == 0 || !self.lines.values().any(|line| line.is_eligible(caps)))",
    "warehouse::gate",
    "a newcomer passes those who wait",
)
m(
    G + "/line.rs",
    "one.load(other).then(one.served.cmp(&other.served))",
    "if crate::mutant(@) { one.served.cmp(&other.served) } else { one.load(other).then(one.served.cmp(&other.served)) }",
    "warehouse::gate",
    "who runs many statements is served as who runs few",
)
m(
    G + "/line.rs",
    "let own = self.running as u64 * u64::from(other.weight);",
    "let own = self.running as u64 * if crate::mutant(@) { u64::from(self.weight) } else { u64::from(other.weight) };",
    "warehouse::gate",
    "weights are turned round",
)
m(
    G + "/line.rs",
    "filter(|(_, line)| line.waiting.len() > 1)",
    "filter(|(_, line)| line.waiting.len() > usize::from(!crate::mutant(@)))",
    "warehouse::gate",
    "the only statement of a caller gives its place away",
)
m(
    G + "/line.rs",
    "        let waiter = line.waiting.remove(place);\n        self.waiting -= 1;",
    "        let waiter = line.waiting.remove(place);\n        self.waiting -= usize::from(!crate::mutant(@));",
    "warehouse::gate",
    "who left the queue is still counted in it",
)
m(
    G + "/line.rs",
    "        line.served = now;",
    "        if !crate::mutant(@) { line.served = now; }",
    "warehouse::gate",
    "who was served is not behind the others",
)
m(
    W + "pool.rs",
    "Some(owner.at_once.map_or(most, |own| own.min(most)))",
    "if crate::mutant(@) { owner.at_once } else { Some(owner.at_once.map_or(most, |own| own.min(most))) }",
    X,
    "a person's statements wait inside the gate",
)
m(
    W + "pool.rs",
    "            members.end_idle_of(&leaving);",
    "            if !crate::mutant(@) { members.end_idle_of(&leaving); }",
    X,
    "sessions of a person who has left stay",
)
m(
    W + "pool/member.rs",
    "        if own.len() < most {",
    "        if own.len() < most + usize::from(crate::mutant(@)) {",
    X,
    "a person has one session more than it may",
)
m(
    W + "pool/member.rs",
    "                member.is_of(login),\n",
    "                member.is_of(login) != crate::mutant(@),\n",
    "it:pool,exchange,later",
    "a session of the same login is ended before others'",
)
m(
    W + "pool/people.rs",
    "            guest.sign_in.came(person);\n",
    "            if !crate::mutant(@) { guest.sign_in.came(person); }\n",
    X,
    "a person's first token is exchanged for ever",
)
m(
    W + "pool/people.rs",
    "filter(|it| !busy(&it.identity))",
    "filter(|it| crate::mutant(@) || !busy(&it.identity))",
    X,
    "a person whose statement runs is forgotten",
)
# a person's token
m(
    W + "sign_in/exchange.rs",
    "        if token == person.token.expose_secret() {",
    "        if token == person.token.expose_secret() && !crate::mutant(@) {",
    X,
    "the caller's own token goes to Snowflake",
)
m(
    W + "sign_in/exchange.rs",
    "        if subject != Some(&*person.subject) {",
    "        if subject != Some(&*person.subject) && !crate::mutant(@) {",
    X,
    "another person's token is taken",
)
m(
    W + "sign_in/exchange.rs",
    "role.is_empty() || !role.chars().all(fits)",
    "role.is_empty() || (!crate::mutant(@) && !role.chars().all(fits))",
    X,
    "a role's name becomes a second scope",
)
m(
    W + "sign_in/exchange.rs",
    "        if life.is_zero() {",
    "        if life.is_zero() && !crate::mutant(@) {",
    X,
    "a token that has ended is taken",
)
m(
    W + "sign_in/exchange.rs",
    ".min(said.unwrap_or(LONGEST_LIFE))",
    ".min(said.filter(|_| !crate::mutant(@)).unwrap_or(LONGEST_LIFE))",
    X,
    "what the issuer says of a token's life is not heard",
)
m(
    W + "sign_in/exchange.rs",
    "        held.get(&role.cloned())\n            .filter(|held| Instant::now() < held.renew)",
    "        held.get(&role.cloned())\n            .filter(|held| Instant::now() < held.renew || crate::mutant(@))",
    X,
    "a token is used beyond its time",
)
m(
    W + "sign_in/exchange.rs",
    "        held.get(&role.cloned())\n",
    "        if crate::mutant(@) { return held.values().next().cloned(); }\n        held.get(&role.cloned())\n",
    X,
    "a token for one role is used for another",
)
m(
    W + "sign_in/exchange.rs",
    "        self.0 = hangs.then_some(now);",
    "        self.0 = (hangs && !crate::mutant(@)).then_some(now);",
    "exchange",
    "an end-point that hangs is asked by all",
)
# cursors and costs
m(
    Q + "later.rs",
    "            role: cursor.earlier.role.as_ref(),\n            ..CurrentNames",
    "            role: cursor.earlier.role.as_ref().filter(|_| !crate::mutant(@)),\n            ..CurrentNames",
    "it:callers",
    "a cursor is good with a role that was taken away",
)
m(
    Q + "later.rs",
    "self.with_less(cursor.less)",
    "self.with_less(if crate::mutant(@) { Less::default() } else { cursor.less })",
    "query::|it:custom_tools,later",
    "a tool's own limits end with its first page",
)
m(
    Q + "later.rs",
    "view.is_none() && !self.may_read_values",
    "view.is_none() && !self.may_read_values && !crate::mutant(@)",
    "query::|it:custom_tools,oauth",
    "a caller of catalogues reads a statement's rows by a cursor",
)
m(
    Q + "cost.rs",
    "        check_is_plan(&run)?;\n        let table",
    "        if !crate::mutant(@) { check_is_plan(&run)?; }\n        let table",
    "it:later",
    "a statement behind a plan tells its cost itself",
)
m(
    Q + "cost.rs",
    "            Shape::Metadata | Shape::Explain | Shape::List => return Ok(()),\n            Shape::Statement",
    "            Shape::Metadata | Shape::Explain | Shape::List => return Ok(()),\n            Shape::Pipeline if crate::mutant(@) => return Ok(()),\n            Shape::Statement",
    "it:later",
    "statements joined by ->> cost nothing",
)
m(
    "src/warehouse/embedded/cost.rs",
    "self.most_joined > MAX_JOINED || self.joins > MAX_JOIN_COST",
    "self.most_joined > MAX_JOINED || (self.joins > MAX_JOIN_COST && !crate::mutant(@))",
    "embedded::cost",
    "many joins of the most tables are planned",
)
m(
    "src/warehouse/embedded/cost.rs",
    "known.insert(alias.value.to_uppercase(), own);",
    "known.insert(if crate::mutant(@) { alias.value.clone() } else { alias.value.to_uppercase() }, own);",
    "embedded::cost",
    "an alias in small letters is none",
)
m(
    "src/warehouse/embedded/cost.rs",
    "cost.texts.see_parameter(text.len());",
    "cost.texts.see_parameter(if crate::mutant(@) { 0 } else { text.len() });",
    "embedded::cost",
    "a parameter is no long text",
)
# statements and sessions, once more
m(
    W + "statement.rs",
    "    if data.command.is_some() {",
    "    if data.command.is_some() && !crate::mutant(@) {",
    "it:statements,faults,odd_answers",
    "an answer that moves files is taken for rows",
)
m(
    W + "statement.rs",
    "patience.filter(|_| id.is_some())",
    "patience.filter(|_| id.is_some() || crate::mutant(@))",
    "it:later,faults,odd_answers",
    "a statement without an id is left running",
)
m(
    W + "statement.rs",
    "        lease.poison();\n        return Err(Error::NotAsAsked(difference));",
    "        if !crate::mutant(@) { lease.poison(); }\n        return Err(Error::NotAsAsked(difference));",
    "it:callers,fitness,odd_answers",
    "a session whose settings were changed is handed on",
)
m(
    W + "statement.rs",
    "    if is_of_class(data.statement_type_id, class) {",
    "    if is_of_class(data.statement_type_id, class) || crate::mutant(@) {",
    "it:statements,own_statements,fitness,odd_answers",
    "what Snowflake takes a statement for is not looked at",
)
m(
    W + "session.rs",
    "let master = master_token.unwrap_or(tokens.master);",
    "let master = if crate::mutant(@) { tokens.master } else { master_token.unwrap_or(tokens.master) };",
    "it:tokens,long_run,pool,odd_answers",
    "a new master token is not kept",
)
m(
    W + "session.rs",
    "        self.give_up();\n        Err(Error::from_reply(reply))",
    "        if !crate::mutant(@) { self.give_up(); }\n        Err(Error::from_reply(reply))",
    "it:tokens,long_run,pool,odd_answers",
    "a session whose heartbeat is refused is kept",
)
# what policy and SQL have learnt since
m(
    P + "mod.rs",
    "                (Some(one), Some(other)) => Some(one.and(other)),",
    "                (Some(one), Some(other)) => Some(if crate::mutant(@) { one } else { one.and(other) }),",
    "policy::|it:lists",
    "rows are hidden by the first policy alone",
)
m(
    P + "mod.rs",
    "        shared::check(&parsed)?;\n        let mut row_filter",
    "        if !crate::mutant(@) { shared::check(&parsed)?; }\n        let mut row_filter",
    "policy::|it:callers",
    "results of other callers are read",
)
m(
    P + "mod.rs",
    "Arc::new(self.strictest().narrowed(narrowing))",
    "Arc::new(if crate::mutant(@) { self.options.narrowed(narrowing) } else { self.strictest().narrowed(narrowing) })",
    "policy::",
    "a caller that is narrowed twice is as it was before",
)
m(
    S + "proof.rs",
    "                    || !has_tree\n",
    "                    || (!has_tree && !crate::mutant(@))\n",
    "sql::c|sql::e|sql::u|sql::p|sql::h|policy::",
    "MERGE may stand in a query without a tree",
)
m(
    S + "proof.rs",
    "                    || begins_statement(before, words.get(index + 1)))",
    "                    || (!crate::mutant(@) && begins_statement(before, words.get(index + 1))))",
    "sql::c|sql::e|sql::u|sql::p|sql::h|policy::",
    "(CALL p()) is a column",
)
m(
    S + "proof.rs",
    "matches!(before, None | Some(Token::LParen | Token::RParen))",
    "matches!(before, None | Some(Token::LParen)) || (!crate::mutant(@) && matches!(before, Some(Token::RParen)))",
    "sql::c|sql::e|sql::u|sql::p|sql::h|policy::",
    "a verb may follow the brackets of WITH",
)
# what a caller could see of another, each for the test of the two who hammer
TWO = "it:two_callers_who_hammer"
m(
    Q + "cursor.rs",
    "    context.update(caller.as_bytes());",
    "    if !crate::mutant(@) { context.update(caller.as_bytes()); }",
    TWO,
    "a cursor is good for a caller whose name is as long",
)
m(
    P + "shared.rs",
    "        || OF_RESULTS.contains(&function)",
    "        || (OF_RESULTS.contains(&function) && !crate::mutant(@))",
    "policy::|" + TWO,
    "a session tells the last statement of another caller",
)
m(
    "src/telemetry/call.rs",
    "        let normalised = statement::normalised(sql);\n        let is_shown",
    """        let normalised = match statement::normalised(sql) {
            own if crate::mutant(@) => {
                static LAST: Mutex<String> = Mutex::new(String::new());
                std::mem::replace(&mut *locked(&LAST), own)
            }
            own => own,
        };
        let is_shown""",
    TWO,
    "a record has the statement of the call before",
)
m(
    "src/mcp/answer_cache.rs",
    "            caller: Arc::clone(&caller.identity),",
    '            caller: if crate::mutant(@) { Arc::from("") } else { Arc::clone(&caller.identity) },',
    TWO,
    "an answer that was kept is anybody's",
)
m(
    W + "statement.rs",
    "    let is_harmless = match data.statement_type_id {",
    "    let is_harmless = crate::mutant(@) || match data.statement_type_id {",
    "it:a_session_in_which_something_was_made",
    "a session is handed on with what was made in it",
)
