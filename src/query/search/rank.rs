//! How well a name answers words: the order in which a search shows what it has found.
//!
//! The weights were chosen on a generated account of a million columns, where twenty questions had to find their table among the
//! first five (`tests/it/large_account.rs`).

/// Parts of table names that are rarely what a caller searches for.
const PUT_ASIDE: [&str; 9] = [
    "tmp", "temp", "bak", "backup", "old", "stg", "raw", "hist", "copy",
];

/// Parts of names of tables that are made to be queried.
const MADE_TO_BE_READ: [&str; 5] = ["dim", "fct", "fact", "mart", "sv"];

/// What a whole part of a name, the beginning of one, and some place in it count.
#[derive(Clone, Copy)]
pub(super) struct Weights {
    whole: i32,
    beginning: i32,
    inside: i32,
}

/// In the name of a table.
pub(super) const TABLE: Weights = Weights {
    whole: 8,
    beginning: 4,
    inside: 1,
};

/// In the name of a column.
pub(super) const COLUMN: Weights = Weights {
    whole: 6,
    beginning: 3,
    inside: 1,
};

/// In a comment.
pub(super) const COMMENT: i32 = 2;

/// How well a name contains each word; 0 for one that it does not.
pub(super) fn scores(words: &[String], name: &str, weights: Weights) -> Vec<i32> {
    let lower = name.to_lowercase();
    let parts = parts(name);
    let score = |word: &String| {
        // Whole words count most: `order` is meant by ORDERS more than by BORDERS.
        if lower == *word || parts.iter().any(|part| is_same(part, word)) {
            weights.whole
        } else if parts.iter().any(|part| part.starts_with(word.as_str())) {
            weights.beginning
        } else if lower.contains(word.as_str()) {
            weights.inside
        } else {
            0
        }
    };
    words.iter().map(score).collect()
}

/// The same for a comment.
pub(super) fn comment_scores(words: &[String], comment: &str) -> Vec<i32> {
    let lower = comment.to_lowercase();
    let score = |word: &String| i32::from(lower.contains(word.as_str())) * COMMENT;
    words.iter().map(score).collect()
}

/// What the name of a table says besides the words: whether it is one to be queried, or was put aside.
pub(super) fn standing(words: &[String], table: &str) -> i32 {
    let parts = parts(table);
    let is_asked = |part: &String| words.iter().any(|word| is_same(part, word));
    let others: Vec<&String> = parts.iter().filter(|part| !is_asked(part)).collect();
    let is_one = |known: &[&str]| others.iter().any(|part| known.contains(&part.as_str()));
    let is_dated = others.iter().any(|part| {
        let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
        is_number
            // `202401` or `20240131` at the end of a name is nearly always a copy of that day.
            && matches!(part.len(), 6 | 8)
            && (part.starts_with("19") || part.starts_with("20"))
    });
    let put_aside = if is_one(&PUT_ASIDE) || is_dated {
        -5
    } else {
        0
    };
    let made_to_be_read = if is_one(&MADE_TO_BE_READ) { 2 } else { 0 };
    let is_nothing_else = if others.is_empty() { 2 } else { 0 };
    put_aside + made_to_be_read + is_nothing_else
}

/// The words a name is made of, in lower case: `OrderItems_2024` is order, items, 2024.
fn parts(name: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut was_lower = false;
    for character in name.chars() {
        // Names in camel case have no other sign between their words; names in capitals have no
        // lower case before.
        let begins_anew = was_lower && character.is_uppercase();
        if (begins_anew || !character.is_alphanumeric()) && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
        }
        if character.is_alphanumeric() {
            part.extend(character.to_lowercase());
        }
        was_lower = character.is_lowercase();
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

/// Whether two words are the same, one of them in the plural perhaps.
fn is_same(one: &str, other: &str) -> bool {
    let is_plural = |many: &str, one: &str| {
        many.strip_suffix('s')
            .is_some_and(|stem| stem == one || stem.strip_suffix('e') == Some(one))
            || (many.strip_suffix("ies").is_some()
                && many.strip_suffix("ies") == one.strip_suffix('y'))
    };
    one == other || is_plural(one, other) || is_plural(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        for (name, expected) in [
            ("FCT_ORDER_ITEMS", "fct order items"),
            ("orderItems-2024", "order items 2024"),
            ("Größe je Stück", "größe je stück"),
            ("SKU", "sku"),
            ("__", ""),
        ] {
            assert_eq!(parts(name).join(" "), expected);
        }
    }

    #[test]
    fn whole_words_count_more_than_parts_of_words() {
        let score = |word: &str, name| scores(&[word.to_owned()], name, TABLE)[0];
        assert_eq!(score("order", "FCT_ORDERS"), 8);
        assert_eq!(score("companies", "COMPANY"), 8);
        assert_eq!(score("boxes", "BOX"), 8);
        assert_eq!(score("order_items", "ORDER_ITEMS"), 8);
        assert_eq!(score("cust", "DIM_CUSTOMER"), 4);
        assert_eq!(score("order", "REORDER_POINT"), 1);
        assert_eq!(score("order", "CUSTOMER"), 0);
    }

    #[test]
    fn what_was_put_aside_comes_last() {
        let order = [
            "ORDERS",
            "DIM_ORDER",
            "ORDER_ITEMS",
            "ORDER_HIST",
            "ORDER_20240131",
        ];
        let standings = order.map(|name| standing(&["order".to_owned()], name));
        assert_eq!(standings, [2, 2, 0, -5, -5]);
        assert_eq!(
            standing(&["raw".to_owned()], "RAW_CLICK"),
            0,
            "it was asked for"
        );
    }
}
