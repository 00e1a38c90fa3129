//! Which of some names are most like one that does not exist.
//!
//! People, and models more than they, guess names from what they mean: `CUSTOMER_NAME` for `C_NAME`, `ORDER_DATE` for
//! `O_ORDERDATE`, `NATIONS` for `NATION`. The distance in letters says little there, so names are compared word by word.

/// Names longer than this are compared by their beginning.
const LONGEST: usize = 64;

/// Likeness below this is chance.
const LEAST: f64 = 0.45;

/// How much less like than the best a name may be to be worth showing.
const MARGIN: f64 = 0.25;

/// Words that stand for each other in names.
const SAME: [&[&str]; 6] = [
    &["ID", "KEY", "NO", "NUM", "NR", "CODE", "SK"],
    &["AMOUNT", "AMT", "TOTAL", "SUM", "PRICE", "VALUE"],
    &["DATE", "DT", "DAY", "TIME", "TS", "TIMESTAMP"],
    &["QTY", "QUANTITY", "COUNT", "CNT"],
    &["DESC", "DESCRIPTION", "COMMENT", "NOTE"],
    &["BALANCE", "BAL"],
];

/// Of these names, at most so many that are like the wanted one, the most like first.
#[must_use]
pub fn nearest<'a>(
    wanted: &str,
    names: impl Iterator<Item = &'a str>,
    most: usize,
) -> Vec<&'a str> {
    let wanted = Name::new(wanted);
    let mut found: Vec<(f64, &str)> = names
        .map(|name| (wanted.likeness(&Name::new(name)), name))
        .filter(|(likeness, _)| *likeness >= LEAST)
        .collect();
    // Names that are as like as others are shown in their own order.
    found.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    // Names much less alike than the best would only distract from it.
    let best = found.first().map_or(0.0, |(likeness, _)| *likeness);
    let mut shown: Vec<&str> = Vec::new();
    for (likeness, name) in found {
        if shown.len() == most || likeness < best - MARGIN {
            break;
        }
        if !shown.contains(&name) {
            shown.push(name);
        }
    }
    shown
}

/// How many letters must be added, left out or changed to come from one text to the other.
pub(super) fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().take(LONGEST).collect();
    // Levenshtein's distance with one row kept at a time: it runs for every name of a list.
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, letter) in left.chars().take(LONGEST).enumerate() {
        let mut next = Vec::with_capacity(row.len());
        let mut before = line + 1;
        next.push(before);
        let pairs = row.iter().zip(row.iter().skip(1)).zip(&right);
        for ((diagonal, above), other) in pairs {
            let changed = diagonal + usize::from(letter != *other);
            before = changed.min(above + 1).min(before + 1);
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

/// A name in its words.
struct Name {
    words: Vec<String>,
    /// Without what stands between the words.
    joined: String,
    /// The same without a word of one or two letters at its start: `C_NAME`, `DIM_…` keeps it.
    core: String,
    /// That word.
    prefix: Option<String>,
}

impl Name {
    fn new(name: &str) -> Self {
        let name: String = name.chars().take(LONGEST).collect();
        let mut words: Vec<String> = name
            .to_uppercase()
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(ToOwned::to_owned)
            .collect();
        let joined = words.concat();
        // `C_NAME`: the table's initial, which whoever guesses leaves out.
        let has_prefix = words.len() > 1 && words.first().is_some_and(|word| word.len() <= 2);
        let prefix = has_prefix.then(|| words.remove(0));
        Self {
            core: words.concat(),
            words,
            joined,
            prefix,
        }
    }

    /// From nothing in common, 0, to the same, 1.
    fn likeness(&self, other: &Self) -> f64 {
        if self.joined == other.joined {
            return 1.0;
        }
        if self.core == other.core && !self.core.is_empty() {
            // Below equality, so that a name that is the same with its prefix comes first.
            return 0.95;
        }
        let by_letters =
            alike(&self.joined, &other.joined).max(alike(&self.core, &other.core) * 0.95);
        // A letter that is off in a long name is a slip; half of the letters in common are chance.
        let by_letters = if by_letters >= 0.7 { by_letters } else { 0.0 };
        let by_words = 0.65 * self.covered_by(other) + 0.35 * other.covered_by(self);
        by_letters.max(by_words)
    }

    /// Which part of the words is found in the other name.
    fn covered_by(&self, other: &Self) -> f64 {
        let weighed: Vec<(f64, f64)> = self
            .words
            .iter()
            .map(|word| (length(word), other.has(word, self.words.len() > 1)))
            .collect();
        let all: f64 = weighed.iter().map(|(weight, _)| weight).sum();
        if all == 0.0 {
            return 0.0;
        }
        weighed
            .iter()
            .map(|(weight, found)| weight * found)
            .sum::<f64>()
            / all
    }

    /// How surely a word, alone or one of several, is in the name.
    fn has(&self, word: &str, is_one_of_several: bool) -> f64 {
        let stem = singular(word);
        if self.words.iter().any(|own| singular(own) == stem) {
            return 1.0;
        }
        // Two letters are in nearly every name.
        if stem.len() >= 3 && self.core.contains(stem) {
            return 0.95;
        }
        let stands_for = |own: &str| {
            SAME.iter()
                .any(|group| group.contains(&stem) && group.contains(&own))
        };
        let is_end = |own: &str| {
            SAME.iter()
                .filter(|group| group.contains(&stem))
                .any(|group| {
                    let mut others = group.iter();
                    others.any(|other| other.len() >= 2 && own.ends_with(other))
                })
        };
        if self.words.iter().any(|own| stands_for(own)) || is_end(&self.core) {
            return 0.8;
        }
        // C_ for CUSTOMER. By itself that says nothing: all columns of a table may begin so.
        let is_initial = |prefix: &String| word.len() > 2 && word.starts_with(prefix.as_str());
        if is_one_of_several && self.prefix.as_ref().is_some_and(is_initial) {
            return 0.8;
        }
        let slips = |own: &String| own.len() >= 4 && word.len() >= 4 && distance(own, word) == 1;
        if self.words.iter().any(slips) {
            return 0.9;
        }
        if self.words.iter().any(|own| abbreviates(own, word)) {
            return 0.7;
        }
        match common_start(stem, &self.core) {
            0..=2 => 0.0,
            3 => 0.5,
            _ => 0.75,
        }
    }
}

fn length(word: &str) -> f64 {
    u32::try_from(word.len()).map_or(0.0, f64::from)
}

/// The part of the letters that is the same.
fn alike(left: &str, right: &str) -> f64 {
    let longer = left.len().max(right.len());
    if longer == 0 {
        return 0.0;
    }
    let off = u32::try_from(distance(left, right)).map_or(f64::MAX, f64::from);
    1.0 - off / f64::from(u32::try_from(longer).unwrap_or(u32::MAX))
}

fn singular(word: &str) -> &str {
    match word.strip_suffix('S') {
        Some(stem) if stem.len() >= 3 && !stem.ends_with('S') => stem,
        _ => word,
    }
}

/// Whether one is made of letters of the other, in order and from the first on: QTY of QUANTITY.
fn abbreviates(left: &str, right: &str) -> bool {
    let (short, long) = if left.len() <= right.len() {
        (left, right)
    } else {
        (right, left)
    };
    let mut letters = long.chars();
    short.len() >= 3
        && short.chars().next() == long.chars().next()
        && short
            .chars()
            .all(|wanted| letters.any(|letter| letter == wanted))
}

/// How long a beginning of the word is found anywhere in the text.
fn common_start(word: &str, text: &str) -> usize {
    let mut longest = 0;
    for (end, letter) in word.char_indices() {
        let end = end + letter.len_utf8();
        match word.get(..end) {
            Some(start) if text.contains(start) => longest = end,
            _ => break,
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUSTOMER: [&str; 8] = [
        "C_CUSTKEY",
        "C_NAME",
        "C_ADDRESS",
        "C_NATIONKEY",
        "C_PHONE",
        "C_ACCTBAL",
        "C_MKTSEGMENT",
        "C_COMMENT",
    ];
    const ORDERS: [&str; 9] = [
        "O_ORDERKEY",
        "O_CUSTKEY",
        "O_ORDERSTATUS",
        "O_TOTALPRICE",
        "O_ORDERDATE",
        "O_ORDERPRIORITY",
        "O_CLERK",
        "O_SHIPPRIORITY",
        "O_COMMENT",
    ];

    #[test]
    fn what_was_meant_comes_first() {
        for (wanted, names, first) in [
            ("CUSTOMER_NAME", &CUSTOMER[..], "C_NAME"),
            ("NAME", &CUSTOMER, "C_NAME"),
            ("CUSTOMER_ID", &CUSTOMER, "C_CUSTKEY"),
            ("ADDRES", &CUSTOMER, "C_ADDRESS"),
            ("nation_key", &CUSTOMER, "C_NATIONKEY"),
            ("BALANCE", &CUSTOMER, "C_ACCTBAL"),
            ("MARKET_SEGMENT", &CUSTOMER, "C_MKTSEGMENT"),
            ("ORDER_DATE", &ORDERS, "O_ORDERDATE"),
            ("ORDER_ID", &ORDERS, "O_ORDERKEY"),
            ("TOTAL_PRICE", &ORDERS, "O_TOTALPRICE"),
            ("STATUS", &ORDERS, "O_ORDERSTATUS"),
            ("CUSTOMER_ID", &ORDERS, "O_CUSTKEY"),
            ("CUSTOMERS", &["ORDERS", "CUSTOMER", "NATION"], "CUSTOMER"),
            (
                "DIM_CUSTOMERS",
                &["FACT_ORDERS", "DIM_CUSTOMER"],
                "DIM_CUSTOMER",
            ),
            (
                "LINE_ITEMS",
                &["ORDERS", "LINEITEM", "PARTSUPP"],
                "LINEITEM",
            ),
            (
                "SAMPLE_DATA",
                &["SNOWFLAKE_SAMPLE_DATA", "SNOWFLAKE"],
                "SNOWFLAKE_SAMPLE_DATA",
            ),
            ("EMAL", &["ID", "EMAIL", "MAIN"], "EMAIL"),
        ] {
            let found = nearest(wanted, names.iter().copied(), 5);
            assert_eq!(found.first(), Some(&first), "{wanted}: {found:?}");
        }
    }

    #[test]
    fn what_is_like_nothing_is_told_nothing() {
        assert_eq!(
            nearest("WEATHER", CUSTOMER.into_iter(), 5),
            Vec::<&str>::new()
        );
        assert_eq!(
            nearest("COUNTRY", CUSTOMER.into_iter(), 5),
            Vec::<&str>::new()
        );
        assert_eq!(nearest("", CUSTOMER.into_iter(), 5), Vec::<&str>::new());
        assert_eq!(nearest("X", [].into_iter(), 5), Vec::<&str>::new());
    }

    #[test]
    fn letters_are_counted() {
        assert_eq!(distance("SELCT", "SELECT"), 1);
        assert_eq!(distance("", "AB"), 2);
        assert_eq!(distance("FORM", "FROM"), 2);
    }
}
