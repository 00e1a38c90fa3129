//! What stands in brackets: letters, ranges of them, and sets that have a name.

use super::{NO_RANGE, Reader, broken};
use crate::warehouse::embedded::natives::effort::spend;

/// The sets of letters that have a name, as in `[[:alpha:]]`.
const NAMED: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// A range of more letters is a set of many.
const MANY: u32 = 256;

impl<'a> Reader<'a> {
    /// Behind the opening bracket of `[…]`.
    pub(super) fn class(&mut self) -> Result<(), String> {
        let before = self.rest;
        let missing = || broken(&format!("[{before}"), "missing ]");
        self.written.push('[');
        if self.eat("^") {
            self.written.push('^');
        }
        let mut is_first = true;
        while is_first || !self.rest.starts_with(']') {
            spend(1)?;
            is_first = false;
            if self.rest.is_empty() {
                return Err(missing());
            }
            if self.named()? {
                continue;
            }
            if self.eat("\\") {
                if let Some(set) = self.set()? {
                    self.written.push_str(&set);
                    continue;
                }
                let letter = self.escaped()?;
                self.range(letter, before)?;
            } else if let Some(letter) = self.next() {
                self.range(letter, before)?;
            }
        }
        self.eat("]");
        self.sign("]");
        Ok(())
    }

    /// `[:alpha:]` and its like, inside of `[…]`.
    fn named(&mut self) -> Result<bool, String> {
        let Some((name, rest)) = self
            .rest
            .strip_prefix("[:")
            .and_then(|rest| rest.split_once(":]"))
        else {
            return Ok(false);
        };
        if !NAMED.contains(&name.strip_prefix('^').unwrap_or(name)) {
            return Err(broken(&format!("[:{name}:]"), NO_RANGE));
        }
        self.written.push_str(&format!("[:{name}:]"));
        self.rest = rest;
        Ok(true)
    }

    /// A letter inside of `[…]`, or all from it to another.
    fn range(&mut self, first: char, class: &'a str) -> Result<(), String> {
        let is_range = self
            .rest
            .strip_prefix('-')
            .is_some_and(|rest| !rest.starts_with(']') && !rest.is_empty());
        self.letter(first);
        if !is_range {
            return Ok(());
        }
        self.eat("-");
        let last = if self.eat("\\") {
            self.escaped()?
        } else {
            match self.next() {
                Some(letter) => letter,
                None => return Err(broken(&format!("[{class}"), "missing ]")),
            }
        };
        if last < first {
            return Err(broken(&format!("{first}-{last}"), NO_RANGE));
        }
        if u32::from(last) - u32::from(first) > MANY {
            self.count_a_set()?;
        }
        self.written.push('-');
        self.letter(last);
        Ok(())
    }
}
