//! What the chapters share: the state of one translation, its limits, and the small words of writing SQL.

use std::collections::{BTreeMap, BTreeSet};

use crate::sql::ast::{Expr, Ident};
use crate::warehouse::{EngineLimit, Error};

use super::context::{Context, Repairs};
use super::macros;
use super::places::Place;
use super::source::Source;

/// Boxed, because it travels through deep recursion.
pub(super) type Fault = Box<Error>;

/// A piece of DuckDB's SQL, or why there is none.
pub(super) type Written = Result<String, Fault>;

/// How deep expressions and queries may nest. The parser stops at 128; what it reads in loops (`a::b::c`) is caught here.
const MAX_DEPTH: usize = 200;

/// How large a statement may grow, in nodes after DuckDB has put the macros in place. Some macros use an argument more
/// than once, so that nesting them multiplies.
const MAX_COST: usize = 200_000;

/// Longest piece that holds a repeated value, in bytes.
const MAX_REPEATED: usize = 256 << 10;

/// Longest text handed to DuckDB, in bytes.
const MAX_TEXT: usize = 2 << 20;

/// One translation under way.
pub(super) struct Writer<'a> {
    pub(super) context: &'a Context,
    pub(super) source: Source,
    /// Names of the common table expressions in sight, innermost last; each level shadows the ones before.
    pub(super) with_names: Vec<String>,
    /// Columns known to hold VARIANT, by name: results of FLATTEN, aliases of VARIANT expressions. Taking a column for a
    /// VARIANT that is none does no harm, see `semi_structured`.
    pub(super) variants: BTreeSet<String>,
    /// Columns known to hold BINARY, by name. Taking a column for BINARY that is none is an error, never another answer.
    pub(super) binaries: BTreeSet<String>,
    /// Whether a VARIANT was made of a value whose type JSON does not keep, as a DATE.
    pub(super) hides_types: bool,
    /// What the FROM of the query being written offers, innermost last.
    pub(super) froms: Vec<From>,
    /// What DuckDB refused before, see `translate`.
    pub(super) repairs: &'a Repairs,
    /// Columns that are added up.
    pub(super) summands: BTreeSet<String>,
    /// Their expressions, in the SELECT being written; innermost last.
    pub(super) aliases: Vec<BTreeMap<String, Expr>>,
    /// Paths and roots of the CONNECT BY being written: their text and their column.
    pub(super) paths: Vec<(String, String)>,
    /// Tables of the WITH clauses in sight, as they were written.
    pub(super) with_texts: Vec<String>,
    /// Number of PIVOTs met so far whose values have to be asked for.
    pub(super) pivots: usize,
    /// A query whose rows are the values of a PIVOT; the translation ends there.
    pub(super) question: Option<String>,
    /// Columns of the result that hold a product, by name.
    pub(super) products: BTreeSet<String>,
    /// Of what types the results of expressions are, by what was written.
    pub(super) met_types: BTreeMap<String, BTreeSet<String>>,
    /// Places where columns met so far, and how.
    pub(super) places: BTreeMap<usize, Place>,
    /// Whether the set operation that follows makes a recursive query.
    pub(super) is_recursion: bool,
    /// Whether the call that follows may give up the zone of its result.
    pub(super) sheds_zone: bool,
    /// How many queries the one being written is inside of, itself among them.
    pub(super) queries: usize,
    depth: usize,
    cost: usize,
    /// Number of names given by [`Writer::once`].
    onces: usize,
}

/// What the FROM clause of a query offers beyond columns.
#[derive(Debug, Clone, Default)]
pub(super) struct From {
    /// Whether it is VALUES alone, whose columns can be called `$1`.
    pub(super) is_values: bool,
    /// Whether it has the columns of CONNECT BY.
    pub(super) is_hierarchy: bool,
    /// The names of its tables; `None` for one without.
    pub(super) sources: Vec<Option<String>>,
    /// Whether it is GENERATOR, whose rows are numbered for SEQ4.
    pub(super) is_generator: bool,
    /// Number of lateral FLATTENs: their SEQ is not told apart for equal rows.
    pub(super) has_lateral_flatten: bool,
}

impl<'a> Writer<'a> {
    pub(super) fn new(source: &str, context: &'a Context, repairs: &'a Repairs) -> Self {
        Self {
            repairs,
            summands: BTreeSet::new(),
            aliases: Vec::new(),
            paths: Vec::new(),
            with_texts: Vec::new(),
            pivots: 0,
            question: None,
            context,
            source: Source::new(source),
            with_names: Vec::new(),
            variants: BTreeSet::new(),
            binaries: BTreeSet::new(),
            hides_types: false,
            products: BTreeSet::new(),
            met_types: BTreeMap::new(),
            places: BTreeMap::new(),
            is_recursion: false,
            sheds_zone: false,
            froms: Vec::new(),
            queries: 0,
            depth: 0,
            cost: 0,
            onces: 0,
        }
    }

    /// Whether DuckDB would not use this alias.
    pub(super) fn is_inlined(&self, alias: &str) -> bool {
        self.repairs.inlined.contains(alias)
    }

    /// Runs one step of the descent, or refuses to go deeper.
    pub(super) fn deeper(&mut self, write: impl FnOnce(&mut Self) -> Written) -> Written {
        if self.depth >= MAX_DEPTH {
            return limit("does not translate statements nested this deeply");
        }
        self.depth += 1;
        let written = write(self);
        self.depth -= 1;
        self.cost += 1;
        let written = written?;
        if self.cost > MAX_COST || written.len() > MAX_TEXT {
            return limit("does not run statements whose translation is this large");
        }
        Ok(written)
    }

    /// Writes something that names a value as often as it likes, among parts that are written meanwhile.
    ///
    /// A long value is bound as [`bound`] does it. The parts may then hold columns and aggregates, but no query, and no
    /// column of an outer one; where that could be, the value is repeated, and the cost of the statement is counted.
    pub(super) fn once(
        &mut self,
        value: &str,
        write: impl FnOnce(&mut Self, &str) -> Written,
    ) -> Written {
        if is_short(value) || is_constant(value) || self.froms.len() > 1 {
            return self.repeated_text(value, write);
        }
        // A name of its own: a part may bind something as well, and look at this value from inside.
        let name = format!("sf_once{}", self.onces);
        self.onces += 1;
        let body = write(self, &name)?;
        if body.contains("SELECT ") {
            return limit_with_hint(
                "does not compare a long expression with the results of queries in CASE or DECODE",
                "name the expression in a subquery or a WITH clause",
            );
        }
        Ok(format!(
            "list_transform([{value}], lambda {name}: {body})[1]"
        ))
    }

    fn repeated_text(
        &mut self,
        value: &str,
        write: impl FnOnce(&mut Self, &str) -> Written,
    ) -> Written {
        let written = write(self, value)?;
        if written.len() > MAX_REPEATED {
            return limit("does not run statements whose translation is this large");
        }
        Ok(written)
    }

    /// Writes something whose parts will each appear up to `times` times in what DuckDB sees.
    pub(super) fn repeated<T>(
        &mut self,
        times: usize,
        write: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let before = self.cost;
        let written = write(self)?;
        let own = self.cost - before;
        self.cost = before.saturating_add(own.saturating_mul(times));
        Ok(written)
    }

    pub(super) fn expressions(&mut self, list: &[Expr]) -> Result<Vec<String>, Fault> {
        list.iter().map(|expr| self.expression(expr)).collect()
    }

    pub(super) fn comma_separated(&mut self, list: &[Expr]) -> Written {
        Ok(self.expressions(list)?.join(", "))
    }
}

/// The call of one of our macros.
pub(super) fn macro_call(name: &str, arguments: &[&str]) -> String {
    let repeated = macros::repeated(name, arguments.len());
    bound_where(arguments, &repeated, |names| {
        format!("memory.main.sf_{name}({})", names.join(", "))
    })
}

/// Text that may stand in a translation several times, in bytes. Whatever is nested grows beyond it soon.
const SHORT: usize = 64;

/// Writes something that may name its arguments several times, each argument standing in the translation once.
///
/// DuckDB has no LET, and a macro puts its arguments where its parameters stand, so that nested calls would double again
/// and again: four nested REPLACE never came to an end. A list of one element, transformed, is a LET: its lambda names
/// the element as often as it likes. Every argument that is no constant goes into it, because a lambda cannot look at the
/// columns of an outer query. The test `nested_calls_grow_by_the_same_amount_at_each_level` walks all functions.
pub(super) fn bound(arguments: &[&str], write: impl FnOnce(&[&str]) -> String) -> String {
    bound_where(arguments, &vec![true; arguments.len()], write)
}

/// The same where only some of the arguments are `repeated`.
pub(super) fn bound_where(
    arguments: &[&str],
    repeated: &[bool],
    write: impl FnOnce(&[&str]) -> String,
) -> String {
    let mut given = arguments.iter().zip(repeated);
    if given
        .all(|(argument, is_repeated)| !is_repeated || is_short(argument) || is_constant(argument))
    {
        return write(arguments);
    }
    let constants: Vec<bool> = arguments.iter().map(|text| is_constant(text)).collect();
    let values: Vec<&str> = arguments
        .iter()
        .zip(&constants)
        .filter(|(_, is_constant)| !**is_constant)
        .map(|(argument, _)| *argument)
        .collect();
    if let [value] = values.as_slice() {
        let names: Vec<&str> = arguments
            .iter()
            .zip(&constants)
            .map(|(text, is_constant)| if *is_constant { *text } else { "sf_v" })
            .collect();
        return format!(
            "list_transform([{value}], lambda sf_v: {})[1]",
            write(&names)
        );
    }
    let mut fields = Vec::with_capacity(values.len());
    let mut names = Vec::with_capacity(arguments.len());
    for (argument, is_constant) in arguments.iter().zip(&constants) {
        if *is_constant {
            names.push((*argument).to_owned());
        } else {
            let field = format!("a{}", fields.len());
            fields.push(format!("'{field}': {argument}"));
            // In brackets: with a dot, HAVING takes the field for a column that is not grouped by.
            names.push(format!("sf_v['{field}']"));
        }
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    format!(
        "list_transform([{{{}}}], lambda sf_v: {})[1]",
        fields.join(", "),
        write(&names)
    )
}

/// Values of one type made into one, two at a time, by something that may name each several times.
///
/// A list that is reduced costs half of what [`bound`] does. All values get one type.
pub(super) fn folded_list(values: &[&str], write: impl Fn(&str, &str) -> String) -> String {
    if let [one, other] = values
        && is_short(one)
        && is_short(other)
    {
        return write(one, other);
    }
    format!(
        "list_reduce([{}], lambda sf_a, sf_b: {})",
        values.join(", "),
        write("sf_a", "sf_b")
    )
}

/// Whether a piece may be repeated: it is short, and no call, which could give another value each time.
pub(super) fn is_short(text: &str) -> bool {
    is_literal_text(text) || (text.len() <= SHORT && !has_call(text))
}

/// Whether a piece has the same value in every row.
fn is_constant(text: &str) -> bool {
    is_literal_text(text) || !(text.contains('"') || has_call(text) || text.contains("sf_"))
}

/// Whether a piece is one text in quotes.
fn is_literal_text(text: &str) -> bool {
    text.strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''))
        .is_some_and(|inside| !inside.replace("''", "").contains('\''))
}

/// Whether a piece calls a function; CAST, in capitals, is none.
fn has_call(text: &str) -> bool {
    text.contains("SELECT")
        || text
            .as_bytes()
            .windows(2)
            .any(|pair| matches!(pair, [b'a'..=b'z' | b'0'..=b'9' | b'_', b'(']))
}

/// A text as a literal. A NUL ends a statement for DuckDB, so it is made by a function.
pub(super) fn quote_text(text: &str) -> String {
    let quoted = |part: &str| format!("'{}'", part.replace('\'', "''"));
    if text.contains('\0') {
        let parts: Vec<String> = text.split('\0').map(quoted).collect();
        return format!("({})", parts.join(" || chr(0) || "));
    }
    quoted(text)
}

/// A name in double quotes.
pub(super) fn quote_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The exact name an identifier stands for: without quotes it folds to upper case.
pub(super) fn folded(ident: &Ident) -> String {
    if ident.quote_style.is_some() {
        ident.value.clone()
    } else {
        ident.value.to_uppercase()
    }
}

/// An identifier ready for DuckDB.
pub(super) fn name(ident: &Ident) -> String {
    quote_name(&folded(ident))
}

/// "The embedded engine …".
pub(super) fn limit<T>(what: impl Into<String>) -> Result<T, Fault> {
    Err(Box::new(EngineLimit::new(what).into()))
}

/// "The embedded engine …", and what to write instead.
pub(super) fn limit_with_hint<T>(
    what: impl Into<String>,
    hint: impl Into<String>,
) -> Result<T, Fault> {
    Err(Box::new(
        EngineLimit {
            what: what.into(),
            hint: Some(hint.into()),
        }
        .into(),
    ))
}

/// What Snowflake refuses as well.
pub(super) fn refuse<T>(message: impl Into<String>) -> Result<T, Fault> {
    Err(Box::new(Error::Sql {
        message: message.into(),
        position: None,
        query_id: None,
    }))
}
