//! The tables that a search has found: what matches in a table and in its columns is one answer, not many.

use std::collections::HashMap;

use super::rank;

/// Columns that are shown of a table.
const SHOWN_COLUMNS: usize = 8;

/// Characters of a comment that are shown.
const SHOWN_COMMENT: usize = 160;

/// A table or view, and what in it matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundTable {
    /// Database, schema and name.
    pub name: [String; 3],
    /// TABLE, VIEW and so on; unknown where only columns matched.
    pub kind: Option<String>,
    /// What its owner says of it, or its beginning.
    pub comment: Option<String>,
    /// The columns that match best.
    pub columns: Vec<String>,
    /// How many more match.
    pub more_columns: usize,
}

/// What is looked for.
pub(super) struct Tables<'words> {
    words: &'words [String],
    by_name: HashMap<[String; 3], Candidate>,
}

#[derive(Default)]
struct Candidate {
    kind: Option<String>,
    comment: Option<String>,
    /// For each word, how well the table itself has it.
    own: Vec<i32>,
    /// For each word, how well one of its columns has it.
    best: Vec<i32>,
    columns: Vec<(i32, String)>,
}

impl<'words> Tables<'words> {
    pub(super) fn new(words: &'words [String]) -> Self {
        Self {
            words,
            by_name: HashMap::new(),
        }
    }

    /// A table that was listed.
    pub(super) fn add_table(
        &mut self,
        name: [String; 3],
        kind: Option<&str>,
        comment: Option<&str>,
    ) {
        let own = self.table_scores(&name, comment);
        // What matches nothing needs no memory; its columns may still match.
        if own.iter().all(|score| *score == 0) && !self.by_name.contains_key(&name) {
            return;
        }
        let candidate = self.by_name.entry(name).or_default();
        raise(&mut candidate.own, &own);
        candidate.kind = kind.map(ToOwned::to_owned);
        candidate.comment = comment.filter(|text| !text.is_empty()).map(shortened);
    }

    /// A column that was listed.
    pub(super) fn add_column(&mut self, table: [String; 3], column: &str, comment: Option<&str>) {
        let mut scores = rank::scores(self.words, column, rank::COLUMN);
        if let Some(comment) = comment {
            raise(&mut scores, &rank::comment_scores(self.words, comment));
        }
        let score = scores.iter().sum();
        if score == 0 {
            return;
        }
        // The list of tables comes after the columns, and may be cut: the table's name is scored
        // here too.
        let own = self.table_scores(&table, None);
        let candidate = self.by_name.entry(table).or_default();
        raise(&mut candidate.own, &own);
        raise(&mut candidate.best, &scores);
        // Lists of several words have some columns in common.
        if !candidate.columns.iter().any(|(_, known)| known == column) {
            candidate.columns.push((score, column.to_owned()));
        }
    }

    fn table_scores(&self, [_, _, table]: &[String; 3], comment: Option<&str>) -> Vec<i32> {
        let mut own = rank::scores(self.words, table, rank::TABLE);
        if let Some(comment) = comment {
            raise(&mut own, &rank::comment_scores(self.words, comment));
        }
        own
    }

    /// Those with all words, the best first.
    pub(super) fn ranked(self) -> Vec<FoundTable> {
        let words = self.words;
        let mut ranked: Vec<(i32, FoundTable)> = self
            .by_name
            .into_iter()
            .filter_map(|(name, candidate)| candidate.judged(words, name))
            .collect();
        ranked.sort_by(|(score, one), (other_score, other)| {
            // By name where the scores are equal: `by_name` has no order of its own, and pages must
            // agree on one.
            other_score
                .cmp(score)
                .then_with(|| one.name.cmp(&other.name))
        });
        ranked.into_iter().map(|(_, table)| table).collect()
    }
}

impl Candidate {
    fn judged(mut self, words: &[String], name: [String; 3]) -> Option<(i32, FoundTable)> {
        self.own.resize(words.len(), 0);
        self.best.resize(words.len(), 0);
        let each = self.own.iter().zip(&self.best);
        // Each word must be somewhere, in the table or in its columns.
        if each.clone().any(|(own, best)| own + best == 0) {
            return None;
        }
        let [_, _, table] = &name;
        let score = each.map(|(own, best)| own + best).sum::<i32>() + rank::standing(words, table);
        // The order of the list where they match alike: stable.
        self.columns.sort_by_key(|(score, _)| -score);
        let more_columns = self.columns.len().saturating_sub(SHOWN_COLUMNS);
        self.columns.truncate(SHOWN_COLUMNS);
        let found = FoundTable {
            name,
            kind: self.kind,
            comment: self.comment,
            columns: self.columns.into_iter().map(|(_, name)| name).collect(),
            more_columns,
        };
        Some((score, found))
    }
}

impl FoundTable {
    /// About as many bytes as it takes in an answer, quotes and field names included.
    pub(super) fn bytes(&self) -> usize {
        let name: usize = self.name.iter().map(|part| part.len() + 3).sum();
        let columns: usize = self.columns.iter().map(|column| column.len() + 4).sum();
        let comment = self.comment.as_ref().map_or(0, String::len);
        name + columns + comment + 72
    }
}

/// The larger of both, place by place.
fn raise(scores: &mut Vec<i32>, by: &[i32]) {
    scores.resize(by.len(), 0);
    for (score, by) in scores.iter_mut().zip(by) {
        *score = (*score).max(*by);
    }
}

fn shortened(comment: &str) -> String {
    match comment.char_indices().nth(SHOWN_COMMENT) {
        Some((end, _)) => format!("{}…", comment.get(..end).unwrap_or_default().trim_end()),
        None => comment.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(table: &str) -> [String; 3] {
        ["DB", "S", table].map(str::to_owned)
    }

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn words_may_be_spread_over_a_table_and_its_columns() {
        let words = words("customer email");
        let mut tables = Tables::new(&words);
        tables.add_table(name("DIM_CUSTOMER"), Some("TABLE"), None);
        tables.add_column(name("DIM_CUSTOMER"), "EMAIL", None);
        tables.add_column(name("EMPLOYEE"), "WORK_EMAIL", None);
        tables.add_column(name("ORDERS"), "CUSTOMER_ID", Some("e-mail or email"));
        tables.add_column(name("BAK_CUSTOMER"), "EMAIL", None);
        let found: Vec<_> = tables
            .ranked()
            .into_iter()
            .map(|it| it.name[2].clone())
            .collect();
        assert_eq!(found, ["DIM_CUSTOMER", "BAK_CUSTOMER", "ORDERS"]);
    }

    #[test]
    fn many_columns_are_counted_and_the_best_are_shown() {
        let words = words("amount");
        let mut tables = Tables::new(&words);
        for number in 0..20 {
            tables.add_column(name("T"), &format!("XAMOUNT{number}"), None);
        }
        tables.add_column(name("T"), "AMOUNT", None);
        tables.add_column(name("T"), "AMOUNT", None);
        let found = tables.ranked().remove(0);
        assert_eq!((found.columns.len(), found.more_columns), (8, 13));
        assert_eq!(found.columns[0], "AMOUNT");
        assert_eq!(found.kind, None);
    }

    #[test]
    fn long_comments_are_cut_between_characters() {
        let words = words("t");
        let mut tables = Tables::new(&words);
        tables.add_table(name("T"), Some("VIEW"), Some(&"ä".repeat(500)));
        let found = tables.ranked().remove(0);
        assert_eq!(found.comment.unwrap().chars().count(), SHOWN_COMMENT + 1);
    }
}
