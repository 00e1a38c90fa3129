//! One statement, or several joined by `->>`: each is read into a tree where the parser can, and judged.

use sqlparser::ast::Statement;
use sqlparser::dialect::SnowflakeDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::class::Class;
use super::classify::{self, Verdict};
use super::error::{Error, MAX_DEPTH};
use super::heads::{self, Head};
use super::kinds::StatementKind;
use super::lexis::{self, is_word};
use super::tree::{ExplainFormat, Tree};
use super::{FunctionCall, calls, places, proof, semantic_views, show_reader};

/// What the tokens of a statement were read into.
pub(super) struct Step {
    pub(super) tree: Tree,
    pub(super) verdict: Verdict,
    /// The verdict if its functions did nothing but compute.
    pub(super) without_calls: Verdict,
    pub(super) kinds: Vec<StatementKind>,
    pub(super) calls: Vec<FunctionCall>,
}

/// Reads the tokens of one statement or pipeline.
pub(super) fn read(tokens: &[TokenWithSpan]) -> Result<Step, Error> {
    let mut trees = Vec::new();
    let mut calls = Vec::new();
    let mut kinds = Vec::new();
    let mut verdict = Verdict::read();
    let mut without_calls = Verdict::read();
    for (index, step) in split(tokens)?.into_iter().enumerate() {
        let found = if index == 0 {
            read_one(step)?
        } else {
            // In later steps `$1` is the result of the step before, which the parser would take for a bind variable.
            read_one(&with_results_named(step))?
        };
        trees.push(found.tree);
        calls.extend(found.calls);
        kinds.extend(found.kinds);
        verdict = joined(verdict, found.verdict);
        without_calls = joined(without_calls, found.without_calls);
    }
    // A pipeline only where there are several: all later code treats a single statement as itself.
    let tree = match (trees.pop(), trees.is_empty()) {
        (None, _) => return Err(Error::Empty),
        (Some(tree), true) => tree,
        (Some(tree), false) => {
            trees.push(tree);
            Tree::Pipeline(trees)
        }
    };
    Ok(Step {
        tree,
        verdict,
        without_calls,
        kinds,
        calls,
    })
}

/// The tokens with `$1` as a word where a table is expected: the result of the step before, which the parser crate takes
/// for a value.
fn with_results_named(tokens: &[TokenWithSpan]) -> Vec<TokenWithSpan> {
    let mut tokens = tokens.to_vec();
    let mut is_table = false;
    for token in &mut tokens {
        match &token.token {
            Token::Whitespace(_) => continue,
            Token::Placeholder(name) if is_table && name.starts_with('$') => {
                token.token = Token::make_word(name, None);
                is_table = false;
            }
            word => is_table = is_word(Some(&word), "FROM") || is_word(Some(&word), "JOIN"),
        }
    }
    tokens
}

/// The verdict on two steps. What is more than a read must be of one kind, or a write that is allowed would take along
/// a grant that is not.
fn joined(first: Verdict, second: Verdict) -> Verdict {
    match (first.class, second.class) {
        (_, Class::Read) => first,
        (Class::Read, _) => second,
        (one, other) if one == other => {
            Verdict::new(one, format!("{} ->> {}", first.found, second.found))
        }
        _ => Verdict::new(
            Class::Unknown,
            format!("{} ->> {}", first.found, second.found),
        ),
    }
}

/// The statements between the `->>`. One inside brackets belongs to no statement of Snowflake's.
fn split(tokens: &[TokenWithSpan]) -> Result<Vec<&[TokenWithSpan]>, Error> {
    let mut depth = 0_usize;
    for token in tokens {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            Token::LongArrow if depth > 0 => {
                return Err(Error::Ambiguous {
                    what: "the flow operator ->> inside brackets",
                    instead: "put it between whole statements",
                });
            }
            _ => {}
        }
    }
    let steps: Vec<_> = tokens
        .split(|token| matches!(token.token, Token::LongArrow))
        .collect();
    if steps.iter().any(|step| lexis::words(step).is_empty()) {
        return Err(Error::Syntax(
            "->> expects a statement on both sides".into(),
        ));
    }
    Ok(steps)
}

fn read_one(tokens: &[TokenWithSpan]) -> Result<Step, Error> {
    let words = lexis::words(tokens);
    let mut kinds = Vec::new();
    let (tree, verdict) = match heads::head(&words) {
        Head::Query => query(tokens, &words)?,
        Head::Metadata => {
            let (tree, verdict) = metadata(tokens, &words)?;
            // What looks like a call in a DESCRIBE names the function to describe.
            // No form of SHOW that is known has a call, so one that is found must not slip through.
            let names_function = !is_word(words.first(), "SHOW");
            let calls = if names_function {
                Vec::new()
            } else {
                calls::find(&words)
            };
            return Ok(Step {
                tree,
                kinds: vec![StatementKind::new(&words, &verdict)],
                verdict: verdict.clone().with_calls(&calls),
                without_calls: verdict,
                calls,
            });
        }
        Head::Explain => {
            let (tree, explained) = explain(tokens, &words)?;
            kinds = explained.kinds;
            // The calls are found below, in the words of the whole statement.
            (tree, explained.without_calls)
        }
        Head::Known(class) => {
            // Its class is known by its first word, so a missing tree changes nothing: the parser
            // lacks many of these forms.
            let verb = lexis::bare(words.first()).unwrap_or_default();
            (tree_if_any(tokens)?, Verdict::new(class, verb))
        }
        // The parser knows statements of other databases; none of them is a read here.
        Head::Unknown => {
            let verb = lexis::bare(words.first()).unwrap_or_default();
            let statement = statement(tokens)?;
            (
                Tree::Statement(Box::new(statement)),
                Verdict::new(Class::Unknown, verb),
            )
        }
    };
    let calls = calls::find(&words);
    kinds.insert(0, StatementKind::new(&words, &verdict));
    Ok(Step {
        tree,
        verdict: verdict.clone().with_calls(&calls),
        without_calls: verdict,
        kinds,
        calls,
    })
}

fn query(tokens: &[TokenWithSpan], words: &[&Token]) -> Result<(Tree, Verdict), Error> {
    match statement(tokens) {
        Ok(statement) => {
            let mut verdict = classify::of_query(&statement);
            // The parser takes (VALUE (1)) for a list of values.
            if verdict.class == Class::Read && !heads::leads_with_query(words) {
                verdict = Verdict::new(Class::Unknown, "a bracket that begins no query");
            }
            if verdict.class == Class::Read
                && let Some(objection) = proof::objection(words)
            {
                verdict = objection;
            }
            Ok((Tree::Statement(Box::new(statement)), verdict))
        }
        Err(Error::Syntax(reason)) if !heads::leads_with_query(words) => Err(Error::Syntax(reason)),
        // The parser does not know every form of Snowflake's queries. Its failure is no reason to
        // refuse, but then the words alone must prove the read.
        Err(Error::Syntax(reason)) => match proof::prove(words) {
            Ok(verdict) => Ok((
                Tree::Unread { reason },
                verdict.unwrap_or_else(Verdict::read),
            )),
            Err(_) => Err(Error::Syntax(reason)),
        },
        Err(error) => Err(error),
    }
}

/// SHOW, DESCRIBE and LIST only ever read, in whatever form.
fn metadata(tokens: &[TokenWithSpan], words: &[&Token]) -> Result<(Tree, Verdict), Error> {
    // Otherwise a bare SHOW would reach the warehouse and come back as its error.
    if words.len() < 2 {
        let verb = lexis::bare(words.first()).unwrap_or_default();
        return Err(Error::Syntax(format!("{verb} expects what to show")));
    }
    // Whatever follows, no column of a SHOW bears a reserved word.
    if let Some(objection) = proof::objection(words.get(1..).unwrap_or_default()) {
        return Ok((tree_if_any(tokens)?, objection));
    }
    match show_reader::read(words) {
        Ok(Some(tree)) => return Ok((tree, Verdict::read())),
        Ok(None) => {}
        Err(Error::Syntax(reason)) => {
            // A form the reader does not know. A word too few is the warehouse's to complain about, a verb too many ours.
            return if proof::prove(words.get(2..).unwrap_or_default()) != Ok(None) {
                Err(Error::Syntax(reason))
            } else {
                Ok((Tree::Unread { reason }, Verdict::read()))
            };
        }
        Err(error) => return Err(error),
    }
    // LIST and LS take a stage and a pattern.
    if !matches!(
        words.get(1),
        Some(Token::AtSign | Token::SingleQuotedString(_))
    ) {
        return Err(Error::Syntax(
            "LIST expects a stage, as in LIST @stage".into(),
        ));
    }
    // One word after another is PATTERN, or the begin of something else.
    let has_tail = words.windows(2).skip(1).any(|pair| {
        matches!(pair, [Token::Word(_), Token::Word(_)]) && !is_word(pair.get(1), "PATTERN")
    });
    if has_tail {
        return Err(Error::Syntax("LIST expects a stage and a PATTERN".into()));
    }
    match proof::prove(words) {
        Ok(None) => Ok((tree_if_any(tokens)?, Verdict::read())),
        Ok(Some(verdict)) => Ok((tree_if_any(tokens)?, verdict)),
        Err(found) => Err(Error::Syntax(format!("LIST does not expect {found}"))),
    }
}

/// `EXPLAIN [USING format] statement`: as harmless as the statement. Its tree, and what was read of the statement.
fn explain(tokens: &[TokenWithSpan], words: &[&Token]) -> Result<(Tree, Explained), Error> {
    let (format, taken) = explain_format(words)?;
    let rest = after_words(tokens, taken);
    let inner = lexis::words(rest);
    match heads::head(&inner) {
        // EXPLAIN of a SHOW or of another EXPLAIN is none of Snowflake's.
        Head::Query | Head::Known(_) => {}
        _ => {
            return Err(Error::Syntax(
                "EXPLAIN expects a query, as in EXPLAIN SELECT …".into(),
            ));
        }
    }
    let Step {
        tree,
        without_calls,
        kinds,
        ..
    } = read_one(rest)?;
    // Without a tree it stays unread, and the warehouse explains it by its text.
    let tree = match tree {
        Tree::Statement(statement) => Tree::Explain { format, statement },
        other => other,
    };
    Ok((
        tree,
        Explained {
            without_calls,
            kinds,
        },
    ))
}

/// What was read of the statement after EXPLAIN.
struct Explained {
    without_calls: Verdict,
    kinds: Vec<StatementKind>,
}

/// The format of an EXPLAIN and how many words it takes, `USING …` included, which the parser crate does not know.
fn explain_format(words: &[&Token]) -> Result<(ExplainFormat, usize), Error> {
    if !is_word(words.get(1), "USING") {
        return Ok((ExplainFormat::Tabular, 1));
    }
    let format = match lexis::bare(words.get(2)).as_deref() {
        Some("TABULAR") => ExplainFormat::Tabular,
        Some("JSON") => ExplainFormat::Json,
        Some("TEXT") => ExplainFormat::Text,
        _ => {
            return Err(Error::Syntax(
                "EXPLAIN USING expects TABULAR, JSON or TEXT".into(),
            ));
        }
    };
    Ok((format, 3))
}

/// The tokens after so many words.
fn after_words(tokens: &[TokenWithSpan], words: usize) -> &[TokenWithSpan] {
    let mut seen = 0;
    let is_after = |token: &TokenWithSpan| {
        if matches!(token.token, Token::Whitespace(_)) {
            return false;
        }
        seen += 1;
        seen > words
    };
    let from = tokens.iter().position(is_after).unwrap_or(tokens.len());
    tokens.get(from..).unwrap_or_default()
}

/// The tree of a statement whose class is known without it.
fn tree_if_any(tokens: &[TokenWithSpan]) -> Result<Tree, Error> {
    match statement(tokens) {
        Ok(statement) => Ok(Tree::Statement(Box::new(statement))),
        Err(Error::Syntax(reason)) => Ok(Tree::Unread { reason }),
        Err(error) => Err(error),
    }
}

fn statement(tokens: &[TokenWithSpan]) -> Result<Statement, Error> {
    let mut statements = Parser::new(&SnowflakeDialect {})
        // A second guard behind `refuse_deep`, which counts brackets and not what the parser makes
        // of them.
        .with_recursion_limit(MAX_DEPTH)
        .with_tokens_with_locations(places::as_calls(
            semantic_views::without_names(tokens).into_owned(),
        )?)
        .parse_statements()
        .map_err(|error| match error {
            ParserError::RecursionLimitExceeded => Error::TooDeep,
            ParserError::ParserError(message) | ParserError::TokenizerError(message) => {
                Error::Syntax(message)
            }
        })?;
    match (statements.pop(), statements.is_empty()) {
        (None, _) => Err(Error::Empty),
        (Some(statement), true) => Ok(statement),
        // The parser also splits where there was no semicolon.
        (Some(_), false) => Err(Error::SeveralStatements),
    }
}
