//! The LIKE of SHOW.

/// SQL's LIKE without regard to case; a backslash takes the next character as it is.
pub(super) fn is_like(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let mut wanted = Vec::new();
    let mut characters = pattern.chars().flat_map(char::to_lowercase);
    while let Some(c) = characters.next() {
        wanted.push(match c {
            '%' => Want::Any,
            '_' => Want::One,
            '\\' => Want::Exactly(characters.next().unwrap_or('\\')),
            c => Want::Exactly(c),
        });
    }
    // `reached[n]`: the pattern so far can have eaten the first n characters.
    let mut reached = vec![false; text.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    for want in wanted {
        reached = match want {
            Want::Any => reached
                .iter()
                .scan(false, |seen, here| {
                    *seen |= here;
                    Some(*seen)
                })
                .collect(),
            Want::One | Want::Exactly(_) => std::iter::once(false)
                .chain(
                    reached
                        .iter()
                        .zip(&text)
                        .map(|(here, c)| *here && (want == Want::One || want == Want::Exactly(*c))),
                )
                .collect(),
        };
    }
    reached.last().copied().unwrap_or(false)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Want {
    Any,
    One,
    Exactly(char),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_any_text_and_one_character() {
        for (text, pattern, expected) in [
            ("ORDERS", "orders", true),
            ("ORDERS", "%ORDER%", true),
            ("ORDERS", "O%S", true),
            ("ORDERS", "order", false),
            ("ORDERS", "_rders", true),
            ("ORDERS", "_orders", false),
            ("", "", true),
            ("", "%", true),
            ("", "_", false),
            ("GRÖSSE", "gr_sse", true),
            ("A_B", "a\\_b", true),
            ("AXB", "a\\_b", false),
            ("100%", "100\\%", true),
            ("1000", "100\\%", false),
        ] {
            assert_eq!(is_like(text, pattern), expected, "{text} LIKE {pattern}");
        }
    }

    #[test]
    fn a_pattern_made_to_be_slow_is_not() {
        let text = "a".repeat(255);
        assert!(!is_like(&text, &format!("{}b", "%a".repeat(200))));
    }
}
