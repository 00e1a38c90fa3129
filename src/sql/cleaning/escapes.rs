//! Backslashes in a text, which the parser reads as another database does.

/// The value of a text in single quotes, as Snowflake reads it: `\x41`, `\u0041` and `\101` are letters, and a backslash
/// before any other letter is nothing. `None` where the text is not in quotes.
pub(super) fn read(written: &str) -> Option<String> {
    let inside = written.strip_prefix('\'')?.strip_suffix('\'')?;
    let mut value = String::with_capacity(inside.len());
    let mut letters = inside.chars();
    while let Some(letter) = letters.next() {
        match letter {
            // Two quotes are one.
            '\'' => {
                value.push('\'');
                letters.next();
            }
            '\\' => {
                let Some(escape) = letters.next() else {
                    break;
                };
                // Bytes ahead, not characters: only ASCII digits are ever taken.
                let rest = letters.as_str();
                let (letter, taken) = escaped(escape, rest);
                value.push(letter);
                letters = rest.get(taken..).unwrap_or_default().chars();
            }
            other => value.push(other),
        }
    }
    Some(value)
}

/// The letter that an escape stands for, and how many bytes behind its first letter belong to it.
fn escaped(escape: char, rest: &str) -> (char, usize) {
    let coded = |digits: &str, radix| {
        let letter = u32::from_str_radix(digits, radix)
            .ok()
            .and_then(char::from_u32);
        letter.map(|letter| (letter, digits.len()))
    };
    let hexadecimal = |count: usize| {
        let digits = rest.get(..count)?;
        let are_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        are_digits.then(|| coded(digits, 16)).flatten()
    };
    match escape {
        'b' => ('\u{8}', 0),
        'f' => ('\u{c}', 0),
        'n' => ('\n', 0),
        'r' => ('\r', 0),
        't' => ('\t', 0),
        'x' => hexadecimal(2).unwrap_or((escape, 0)),
        'u' => hexadecimal(4).unwrap_or((escape, 0)),
        '0'..='7' => {
            // Three octal digits, or \0 by itself.
            let octal = rest.get(..2).filter(|digits| {
                escape <= '3' && digits.bytes().all(|byte| (b'0'..=b'7').contains(&byte))
            });
            match octal.and_then(|digits| coded(&format!("{escape}{digits}"), 8)) {
                Some((letter, _)) => (letter, 2),
                None if escape == '0' => ('\0', 0),
                None => (escape, 0),
            }
        }
        other => (other, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn escapes_are_read_as_snowflake_reads_them() {
        for (written, value) in [
            (r"'\x41\u0042\103'", "ABC"),
            (r"'a\tb\\c\'d''e'", "a\tb\\c'd'e"),
            (r"'\a\Z\d\.'", "aZd."),
            (r"'\0'", "\0"),
            (r"'\08'", "\u{0}8"),
            (r"'\u12'", "u12"),
            (r"'\xZZ'", "xZZ"),
            (r"'\u26c4'", "⛄"),
        ] {
            assert_eq!(read(written).as_deref(), Some(value), "{written}");
        }
    }
}
