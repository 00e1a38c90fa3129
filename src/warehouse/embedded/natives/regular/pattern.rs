//! A regular expression that has been read, and the searches by it.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use regex_automata::meta::{Config, Regex};
use regex_automata::nfa::thompson::{NFA, WhichCaptures};
use regex_automata::util::syntax;
use regex_automata::{Input, Span};

use super::super::effort::spend;
use super::spelling::{Spelled, respelled};
use super::steps::{Match, Steps};

/// The longest pattern, in bytes. It is read in a tenth of a second.
const LONGEST: usize = 64 << 10;

/// The largest automaton, in bytes.
const LARGEST: usize = 3 << 20;

/// The states such an automaton has at most: the smallest takes 24 bytes.
const MOST_STATES: usize = LARGEST / 24;

/// How large a search may be that cannot be stopped, in states of the automaton times bytes of the text: a fifth of a second
/// at five nanoseconds for each.
const LARGEST_SEARCH: usize = 32 << 20;

/// What a state takes in both automata of a pattern, for text read forwards and backwards.
const BYTES_OF_A_STATE: usize = 64;

/// Memory for what a search has learned of its automaton.
const LEARNED: usize = 512 << 10;

/// Patterns that a thread keeps from one row to the next, and the memory they may take together.
const KEPT: usize = 8;
const KEPT_BYTES: usize = 4 << 20;

/// A regular expression.
pub(super) struct Pattern {
    regex: Regex,
    spelled: String,
    /// How many groups it has.
    pub(super) groups: usize,
    looks_back: bool,
    /// What a byte of text may cost, in steps: about as many as the automaton has states.
    weight: usize,
    /// Made when a search needs it.
    automaton: OnceCell<NFA>,
}

/// How a pattern was written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Written<'a> {
    pub(super) pattern: &'a str,
    pub(super) flags: &'a str,
    /// Whether it shall describe the whole of a text.
    pub(super) is_whole: bool,
}

struct Kept {
    pattern: String,
    flags: String,
    is_whole: bool,
    bytes: usize,
    read: Rc<Pattern>,
}

thread_local! {
    /// The last one first.
    static LAST: RefCell<Vec<Kept>> = const { RefCell::new(Vec::new()) };
}

impl Kept {
    fn is(&self, written: Written<'_>) -> bool {
        self.pattern == written.pattern
            && self.flags == written.flags
            && self.is_whole == written.is_whole
    }
}

/// A pattern, read anew unless this thread has searched by it a moment ago. `function` is what is told of.
pub(super) fn read(written: Written<'_>, function: &str) -> Result<Rc<Pattern>, String> {
    LAST.with_borrow_mut(|last| {
        if let Some(at) = last.iter().position(|kept| kept.is(written)) {
            let begin = last.get_mut(..=at).unwrap_or_default();
            begin.rotate_right(1);
        } else {
            let read = Pattern::read(written, function)?;
            let bytes = written.pattern.len() + read.regex.memory_usage();
            let kept = Kept {
                pattern: written.pattern.to_owned(),
                flags: written.flags.to_owned(),
                is_whole: written.is_whole,
                bytes,
                read: Rc::new(read),
            };
            last.insert(0, kept);
            last.truncate(KEPT);
            while last.len() > 1 && last.iter().map(|kept| kept.bytes).sum::<usize>() > KEPT_BYTES {
                last.pop();
            }
        }
        let first = last.first().map(|kept| Rc::clone(&kept.read));
        first.ok_or_else(|| "the pattern was lost".to_owned())
    })
}

/// What is wrong with a pattern, if anything is; and with a search by it that begins in the middle of a text. Only its
/// spelling is looked at: a statement may have thousands of patterns, and nothing stops what looks at them.
pub(in super::super::super) fn checked(
    pattern: &str,
    function: &str,
    is_within: bool,
) -> Result<(), String> {
    let spelled = spelled(pattern, function)?;
    if is_within && spelled.looks_back {
        return Err(looks_back(function));
    }
    Ok(())
}

fn spelled(pattern: &str, function: &str) -> Result<Spelled, String> {
    if pattern.len() > LONGEST {
        return Err(format!(
            "the embedded engine accepts regular expressions of at most {} KiB in {function}; shorten the pattern, or search \
             by several",
            LONGEST >> 10
        ));
    }
    respelled(pattern)
}

/// Whether a place in the middle of a text is the start of one, or of a word, is not documented.
fn looks_back(function: &str) -> String {
    format!(
        "the embedded engine searches from another place than the first only for a pattern without ^ and \\b in {function}; cut \
         the text with SUBSTR first"
    )
}

impl Pattern {
    fn read(written: Written<'_>, function: &str) -> Result<Self, String> {
        // Before as well: many calls of one statement may be about to read theirs.
        spend(usize::MAX)?;
        let spelled = spelled(written.pattern, function)?;
        let mut pattern = spelled.pattern;
        if !written.flags.is_empty() {
            pattern = format!("(?{}){pattern}", written.flags);
        }
        if written.is_whole {
            pattern = format!("\\A(?:{pattern})\\z");
        }
        let hir = syntax::parse_with(&pattern, &syntax::Config::new())
            .map_err(|error| refused(&error, function))?;
        let config = Config::new()
            .nfa_size_limit(Some(LARGEST))
            .onepass_size_limit(Some(LEARNED))
            .hybrid_cache_capacity(LEARNED)
            .which_captures(WhichCaptures::Implicit);
        let regex = Regex::builder()
            .configure(config)
            .build_from_hir(&hir)
            .map_err(|_| too_large(function))?;
        // Reading takes longer than most searches.
        spend(usize::MAX)?;
        Ok(Self {
            weight: regex.memory_usage() / BYTES_OF_A_STATE,
            regex,
            spelled: pattern,
            groups: spelled.groups,
            looks_back: spelled.looks_back,
            automaton: OnceCell::new(),
        })
    }

    fn automaton(&self, function: &str) -> Result<&NFA, String> {
        if let Some(automaton) = self.automaton.get() {
            return Ok(automaton);
        }
        spend(usize::MAX)?;
        let config = NFA::config()
            .nfa_size_limit(Some(LARGEST))
            .which_captures(WhichCaptures::All);
        let automaton = NFA::compiler()
            .configure(config)
            .build(&self.spelled)
            .map_err(|_| too_large(function))?;
        spend(usize::MAX)?;
        Ok(self.automaton.get_or_init(|| automaton))
    }

    pub(super) fn may_begin_within(&self, function: &str) -> Result<(), String> {
        if self.looks_back {
            return Err(looks_back(function));
        }
        Ok(())
    }

    /// Whether there is a match.
    pub(super) fn is_in(&self, text: &str, function: &str) -> Result<bool, String> {
        self.will_read(text.len())?;
        if self.is_short(text.len(), function)? {
            return Ok(self.regex.is_match(text));
        }
        Ok(Steps::new(self.automaton(function)?, &[])
            .find(text, 0, false)?
            .is_some())
    }

    /// Counts a search of so many bytes.
    fn will_read(&self, bytes: usize) -> Result<(), String> {
        spend(bytes.saturating_mul(self.weight.max(1)))
    }

    /// Whether one search of so many bytes is done so soon that nothing has to stop it.
    fn is_short(&self, bytes: usize, function: &str) -> Result<bool, String> {
        if bytes.saturating_mul(MOST_STATES) <= LARGEST_SEARCH {
            return Ok(true);
        }
        let states = self.automaton(function)?.states().len();
        Ok(bytes.saturating_mul(states) <= LARGEST_SEARCH)
    }

    /// All matches from a byte on, with the places of these groups; the whole match is group 0.
    pub(super) fn matches<'a>(
        &'a self,
        text: &'a str,
        start: usize,
        groups: &'a [usize],
        function: &'static str,
    ) -> Matches<'a> {
        Matches {
            pattern: self,
            text,
            groups,
            function,
            steps: None,
            at: start,
            end: None,
            skips: false,
        }
    }
}

fn refused(error: &impl ToString, function: &str) -> String {
    // The last line says what is wrong, those before show the pattern in our spelling.
    let said = error.to_string();
    let said = said.lines().last().unwrap_or_default();
    let said = said.strip_prefix("error: ").unwrap_or(said);
    format!("the embedded engine does not support this regular expression in {function}: {said}")
}

fn too_large(function: &str) -> String {
    format!(
        "the embedded engine accepts regular expressions of at most {} MiB, with all repetitions written out, in {function}; \
         repeat less, or search by several patterns",
        LARGEST >> 20
    )
}

/// The matches of a pattern, one behind the other.
pub(super) struct Matches<'a> {
    pattern: &'a Pattern,
    text: &'a str,
    groups: &'a [usize],
    function: &'static str,
    steps: Option<Steps<'a>>,
    /// Where the next search starts; behind the text where there is none.
    at: usize,
    /// Where the last match ended.
    end: Option<usize>,
    /// Whether an empty match right behind another does not count.
    skips: bool,
}

impl<'a> Matches<'a> {
    pub(super) fn without_empty_ones_behind_others(mut self) -> Self {
        self.skips = true;
        self
    }

    /// The next match: where it stands, and where its groups do.
    pub(super) fn next(&mut self) -> Result<Option<Match>, String> {
        while self.at <= self.text.len() {
            // Each may look at all of the rest.
            self.pattern.will_read(self.text.len() - self.at + 1)?;
            let Some((whole, groups)) = self.find()? else {
                self.at = self.text.len() + 1;
                return Ok(None);
            };
            let (start, end) = whole;
            let is_behind = self.end == Some(end);
            self.at = end;
            if start == end {
                let rest = self.text.get(end..).unwrap_or_default();
                self.at += rest.chars().next().map_or(1, char::len_utf8);
            }
            self.end = Some(end);
            if !(self.skips && start == end && is_behind) {
                return Ok(Some((whole, groups)));
            }
        }
        Ok(None)
    }

    fn find(&mut self) -> Result<Option<Match>, String> {
        let (pattern, text) = (self.pattern, self.text);
        let span = Span::from(self.at..text.len());
        let mut start = self.at;
        let is_short = pattern.is_short(span.len(), self.function)?;
        if is_short {
            let Some(found) = pattern.regex.search(&Input::new(text).span(span)) else {
                return Ok(None);
            };
            if self.groups.is_empty() {
                return Ok(Some(((found.start(), found.end()), Vec::new())));
            }
            start = found.start();
        }
        let steps = match self.steps.as_mut() {
            Some(steps) => steps,
            None => self
                .steps
                .insert(Steps::new(pattern.automaton(self.function)?, self.groups)),
        };
        steps.find(text, start, is_short)
    }
}
