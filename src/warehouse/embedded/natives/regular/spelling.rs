//! Regular expressions as callers write them, in the spelling of the engine that searches for them.
//!
//! Both have the same operators. They differ in what some signs mean: a bracket inside of brackets, braces without
//! numbers, `\<`, letters beyond ASCII in `\w`. So each sign is written anew here, with a meaning that cannot be mistaken,
//! and what RE2 refuses is refused, in its words.

mod classes;

use std::mem;

use super::super::effort::spend;

/// The most that `{…}` may repeat.
const MOST_TIMES: u32 = 1000;

/// How much of a pattern an error quotes, in letters.
const QUOTED: usize = 60;

const DIGITS: &str = "0-9";
const OF_WORDS: &str = "0-9A-Z_a-z";
const BLANKS: &str = r"\x{9}\x{A}\x{C}\x{D}\x{20}";

const NO_OPERATOR: &str =
    "invalid perl operator; there is no look-ahead and no look-behind in Snowflake";
const NO_RANGE: &str = "invalid character class range";
const NO_ESCAPE: &str = "invalid escape sequence";

/// Sets of many letters in one pattern: preparing one for `(?i)` takes a tenth of a millisecond.
const MOST_SETS: usize = 500;

/// A pattern in the other spelling.
pub(super) struct Spelled {
    pub(super) pattern: String,
    /// How many groups it has.
    pub(super) groups: usize,
    /// Whether it asks what stands before a place, as `^` and `\b` do.
    pub(super) looks_back: bool,
}

/// Writes a pattern in the other spelling.
///
/// # Errors
///
/// The sentence that ends the statement: it is no pattern.
pub(super) fn respelled(pattern: &str) -> Result<Spelled, String> {
    Reader {
        whole: pattern,
        rest: pattern,
        written: String::with_capacity(pattern.len() * 2),
        open: 0,
        groups: 0,
        looks_back: false,
        sets: 0,
        is_repeatable: false,
        is_repeated: false,
    }
    .read()
}

struct Reader<'a> {
    whole: &'a str,
    rest: &'a str,
    written: String,
    /// Brackets that are still to be closed.
    open: usize,
    groups: usize,
    looks_back: bool,
    /// Sets of many letters so far.
    sets: usize,
    /// Whether a repetition may follow.
    is_repeatable: bool,
    /// Whether the last thing was a repetition.
    is_repeated: bool,
}

fn broken(part: &str, what: &str) -> String {
    let mut part: String = part.chars().take(QUOTED + 1).collect();
    if part.chars().count() > QUOTED {
        part.pop();
        part.push('…');
    }
    format!("Invalid regular expression: '{part}', {what}")
}

impl<'a> Reader<'a> {
    fn read(mut self) -> Result<Spelled, String> {
        while let Some(letter) = self.next() {
            spend(1)?;
            let was_repeated = mem::take(&mut self.is_repeated);
            match letter {
                '(' => self.group()?,
                ')' => {
                    let Some(open) = self.open.checked_sub(1) else {
                        return Err(broken(self.whole, "unexpected )"));
                    };
                    self.open = open;
                    self.sign(")");
                }
                '|' => {
                    self.written.push('|');
                    self.is_repeatable = false;
                }
                '^' => {
                    self.looks_back = true;
                    self.sign("^");
                }
                '$' => self.sign("$"),
                '.' => self.sign("."),
                '*' | '+' | '?' => self.repetition(letter.to_string(), was_repeated)?,
                '{' => match self.counts()? {
                    Some(counts) => self.repetition(counts, was_repeated)?,
                    None => self.letter('{'),
                },
                '[' => self.class()?,
                '\\' => self.escape()?,
                letter => self.letter(letter),
            }
        }
        if self.open > 0 {
            return Err(broken(self.whole, "missing )"));
        }
        Ok(Spelled {
            pattern: self.written,
            groups: self.groups,
            looks_back: self.looks_back,
        })
    }

    fn count_a_set(&mut self) -> Result<(), String> {
        self.sets += 1;
        if self.sets > MOST_SETS {
            return Err(format!(
                "the embedded engine accepts at most {MOST_SETS} sets of many letters, as \\pL, in a regular expression"
            ));
        }
        Ok(())
    }

    fn next(&mut self) -> Option<char> {
        let mut letters = self.rest.chars();
        let letter = letters.next();
        self.rest = letters.as_str();
        letter
    }

    fn eat(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// What was read since `rest` was this.
    fn since(&self, rest: &'a str) -> &'a str {
        rest.get(..rest.len() - self.rest.len()).unwrap_or(rest)
    }

    fn sign(&mut self, sign: &str) {
        self.written.push_str(sign);
        self.is_repeatable = true;
    }

    /// A letter that stands for itself.
    fn letter(&mut self, letter: char) {
        if letter.is_ascii() && !letter.is_ascii_alphanumeric() {
            self.written
                .push_str(&format!("\\x{{{:X}}}", u32::from(letter)));
        } else {
            self.written.push(letter);
        }
        self.is_repeatable = true;
    }

    /// Behind an opening bracket.
    fn group(&mut self) -> Result<(), String> {
        let before = self.rest;
        self.is_repeatable = false;
        if self.eat("?P<") || (!is_look_behind(self.rest) && self.eat("?<")) {
            let name = self.rest.split_once('>').map(|(name, _)| name);
            let is_name = |name: &&str| {
                !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            };
            let Some(name) = name.filter(is_name) else {
                return Err(broken(before, "invalid named capture group"));
            };
            self.rest = self.rest.get(name.len() + 1..).unwrap_or_default();
            self.groups += 1;
            self.written.push('(');
        } else if self.eat("?") {
            let Some(end) = self.rest.find([':', ')']) else {
                return Err(broken(self.whole, "missing )"));
            };
            let (flags, rest) = self.rest.split_at(end);
            let (on, off) = flags.split_once('-').unwrap_or((flags, "i"));
            let are_flags = |flags: &str| flags.chars().all(|c| "imsU".contains(c));
            if !are_flags(on) || !are_flags(off) || off.is_empty() {
                return Err(broken(before.get(..2).unwrap_or(before), NO_OPERATOR));
            }
            self.written.push_str(&format!("(?{flags}"));
            self.rest = rest;
            if self.eat(")") {
                if flags.is_empty() {
                    return Err(broken("(?)", "missing argument"));
                }
                self.written.push(')');
                return Ok(());
            }
            self.eat(":");
            self.written.push(':');
        } else {
            self.groups += 1;
            self.written.push('(');
        }
        self.open += 1;
        Ok(())
    }

    /// `*`, `+`, `?` or `{…}`, with a `?` behind it where as little as possible is wanted.
    fn repetition(&mut self, mut operator: String, was_repeated: bool) -> Result<(), String> {
        if self.eat("?") {
            operator.push('?');
        }
        if was_repeated {
            return Err(broken(&operator, "bad repetition operator"));
        }
        if !self.is_repeatable {
            return Err(broken(&operator, "no argument for repetition operator"));
        }
        self.written.push_str(&operator);
        self.is_repeated = true;
        Ok(())
    }

    /// What stands in braces, if it is how often to repeat.
    fn counts(&mut self) -> Result<Option<String>, String> {
        let Some((inside, rest)) = self.rest.split_once('}') else {
            return Ok(None);
        };
        let (low, high) = inside.split_once(',').unwrap_or((inside, inside));
        let is_number = |text: &str| {
            text.bytes().all(|byte| byte.is_ascii_digit())
                && !(text.len() > 1 && text.starts_with('0'))
        };
        if low.is_empty() || !is_number(low) || !is_number(high) {
            return Ok(None);
        }
        self.rest = rest;
        let times = |text: &str| text.parse().unwrap_or(u32::MAX);
        let least = times(low);
        let most = if high.is_empty() { least } else { times(high) };
        if least > MOST_TIMES || most > MOST_TIMES || most < least {
            return Err(broken(&format!("{{{inside}}}"), "invalid repetition size"));
        }
        Ok(Some(format!("{{{inside}}}")))
    }

    /// Behind a backslash that is not inside of `[…]`.
    fn escape(&mut self) -> Result<(), String> {
        let before = self.rest;
        if self.eat("Q") {
            let (literal, rest) = self.rest.split_once("\\E").unwrap_or((self.rest, ""));
            literal.chars().for_each(|letter| self.letter(letter));
            self.rest = rest;
            return Ok(());
        }
        match before.chars().next() {
            Some('z') => {
                self.sign("\\z");
                self.next();
                return Ok(());
            }
            Some('A') => self.sign("\\A"),
            Some('b') => self.sign("(?-u:\\b)"),
            Some('B') => self.sign("(?-u:\\B)"),
            _ => {
                let set = self.set()?;
                if let Some(set) = set {
                    self.sign(&format!("(?-i:[{set}])"));
                } else {
                    let letter = self.escaped()?;
                    self.letter(letter);
                }
                return Ok(());
            }
        }
        self.looks_back = true;
        self.next();
        Ok(())
    }

    /// A set of letters that is written behind a backslash, as it stands inside of `[…]`.
    fn set(&mut self) -> Result<Option<String>, String> {
        let before = self.rest;
        let set = match self.next() {
            Some('d') => DIGITS.into(),
            Some('w') => OF_WORDS.into(),
            Some('s') => BLANKS.into(),
            Some('D') => format!("[^{DIGITS}]"),
            Some('W') => format!("[^{OF_WORDS}]"),
            Some('S') => format!("[^{BLANKS}]"),
            Some(sign @ ('p' | 'P')) => {
                let name = match self.next() {
                    Some('{') => self.rest.split_once('}').map(|(name, rest)| {
                        self.rest = rest;
                        name.to_owned()
                    }),
                    letter => letter.map(String::from),
                };
                let name = name.unwrap_or_default();
                let (other, bare) = match name.strip_prefix('^') {
                    Some(bare) => (true, bare),
                    None => (false, name.as_str()),
                };
                if bare.is_empty() || !bare.chars().all(|c| c.is_ascii_alphabetic() || c == '_') {
                    return Err(broken(&format!("\\{}", self.since(before)), NO_RANGE));
                }
                self.count_a_set()?;
                let sign = if other == (sign == 'P') { 'p' } else { 'P' };
                format!("\\{sign}{{{bare}}}")
            }
            _ => {
                self.rest = before;
                return Ok(None);
            }
        };
        Ok(Some(set))
    }

    /// The letter that is written behind a backslash.
    fn escaped(&mut self) -> Result<char, String> {
        let before = self.rest;
        let Some(first) = self.next() else {
            return Err(broken(self.whole, "trailing \\"));
        };
        let octal = |letter: char| letter.is_digit(8);
        let letter = match first {
            'a' => Some('\u{7}'),
            'f' => Some('\u{c}'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'v' => Some('\u{b}'),
            'x' => self.hexadecimal(),
            '0'..='7' if first == '0' || self.rest.starts_with(octal) => {
                let more = self.rest.chars().take(2).take_while(|c| octal(*c)).count();
                self.rest = self.rest.get(more..).unwrap_or_default();
                u32::from_str_radix(self.since(before), 8)
                    .ok()
                    .and_then(char::from_u32)
            }
            letter if letter.is_ascii() && !letter.is_ascii_alphanumeric() => Some(letter),
            _ => None,
        };
        letter.ok_or_else(|| {
            let what = match first {
                '1'..='9' => {
                    "invalid escape sequence; there are no back-references in the patterns of Snowflake"
                }
                _ => NO_ESCAPE,
            };
            broken(&format!("\\{}", self.since(before)), what)
        })
    }

    fn hexadecimal(&mut self) -> Option<char> {
        let digits = if self.eat("{") {
            let (digits, rest) = self.rest.split_once('}')?;
            self.rest = rest;
            digits
        } else {
            let digits = self.rest.get(..2)?;
            self.rest = self.rest.get(2..)?;
            digits
        };
        let are_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let code = u32::from_str_radix(digits, 16)
            .ok()
            .filter(|_| are_digits)?;
        char::from_u32(code)
    }
}

fn is_look_behind(rest: &str) -> bool {
    rest.starts_with("?<=") || rest.starts_with("?<!")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(pattern: &str) -> String {
        respelled(pattern).map_or_else(|why| why, |spelled| spelled.pattern)
    }

    #[test]
    fn signs_keep_the_meaning_that_re2_gives_them() {
        for (pattern, expected) in [
            ("abc", "abc"),
            ("a{2,3}b{4}c{5,}", "a{2,3}b{4}c{5,}"),
            ("a{,3}", r"a\x{7B}\x{2C}3\x{7D}"),
            ("a{x}", r"a\x{7B}x\x{7D}"),
            ("a{01}", r"a\x{7B}01\x{7D}"),
            ("]", r"\x{5D}"),
            (r"\d+\W", "(?-i:[0-9])+(?-i:[[^0-9A-Z_a-z]])"),
            (r"\bx\B", r"(?-u:\b)x(?-u:\B)"),
            (r"\<\_\x41\x{e4}\101\0", r"\x{3C}\x{5F}AäA\x{0}"),
            (r"\Qa.b\E.", r"a\x{2E}b."),
            ("[]a]", r"[\x{5D}a]"),
            ("[^]a]", r"[^\x{5D}a]"),
            ("[a[b&&c-]", r"[a\x{5B}b\x{26}\x{26}c\x{2D}]"),
            (
                r"[[:alpha:]\d\S-]",
                r"[[:alpha:]0-9[^\x{9}\x{A}\x{C}\x{D}\x{20}]\x{2D}]",
            ),
            (r"[a-c\x41-\x43]", "[a-cA-C]"),
            (
                r"\pL\P{Greek}\p{^Lu}",
                r"(?-i:[\p{L}])(?-i:[\P{Greek}])(?-i:[\P{Lu}])",
            ),
            ("(?i)a(?s-m:b)(?P<n>c)(?<m>d)", "(?i)a(?s-m:b)(c)(d)"),
            ("a*?b+?c??", "a*?b+?c??"),
        ] {
            assert_eq!(spelled(pattern), expected, "{pattern}");
        }
        assert_eq!(respelled("(a)(?:b)(?P<n>(c))").map(|s| s.groups), Ok(3));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for (pattern, part, what) in [
            ("(", "(", "missing )"),
            ("a)", "a)", "unexpected )"),
            ("x[a", "[a", "missing ]"),
            ("*a", "*", "no argument for repetition operator"),
            ("(|*)", "*", "no argument for repetition operator"),
            ("a**", "*", "bad repetition operator"),
            ("a{2}{3}", "{3}", "bad repetition operator"),
            ("a{2,1}", "{2,1}", "invalid repetition size"),
            ("a{1001}", "{1001}", "invalid repetition size"),
            ("[b-a]", "b-a", "invalid character class range"),
            ("[a--]", "a--", "invalid character class range"),
            ("[[:no:]]", "[:no:]", "invalid character class range"),
            (r"\pX{", r"\pX", ""),
            (r"\y", r"\y", "invalid escape sequence"),
            (
                r"(a)\1",
                r"\1",
                "invalid escape sequence; there are no back-references",
            ),
            (r"[\b]", r"\b", "invalid escape sequence"),
            ("(?=a)", "?=", "invalid perl operator"),
            ("(?<!a)", "?<", "invalid perl operator"),
            ("(?P<>a)", "?P<>a)", "invalid named capture group"),
            ("a\\", "a\\", "trailing \\"),
        ] {
            if what.is_empty() {
                // The engine behind it knows which names there are.
                assert!(respelled(pattern).is_ok(), "{pattern}");
                continue;
            }
            let why = respelled(pattern)
                .map(|spelled| spelled.pattern)
                .unwrap_err();
            let expected = format!("Invalid regular expression: '{part}', {what}");
            assert!(why.starts_with(&expected), "{why}, not {expected}");
        }
        let long = format!("{}(", "a".repeat(1000));
        assert!(respelled(&long).map(|s| s.pattern).unwrap_err().len() < 120);
        assert!(respelled(&r"\pL".repeat(501)).is_err());
    }
}
