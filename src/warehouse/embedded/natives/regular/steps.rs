//! A search that can be stopped at every letter.
//!
//! What finds matches otherwise is several times faster, but a search cannot be stopped before it is done. Where it might
//! take long, its automaton is followed here: all ways through it at once, letter by letter, the better ones first.

use std::mem;

use regex_automata::nfa::thompson::{NFA, State};
use regex_automata::util::primitives::StateID;

use super::super::effort::spend;

/// A place in the text that is not known.
const NOWHERE: usize = usize::MAX;

/// Steps that are counted together.
const TOGETHER: usize = 1 << 12;

/// The ways at one letter: the states they are in, the best first, and what each has noted.
struct Ways {
    states: Vec<StateID>,
    /// Where a state stands among them, if it does.
    places: Vec<usize>,
    /// The notes of all of them, one behind the other.
    notes: Vec<usize>,
}

impl Ways {
    fn new(states: usize) -> Self {
        Self {
            states: Vec::new(),
            places: vec![NOWHERE; states],
            notes: Vec::new(),
        }
    }

    fn clear(&mut self) {
        self.states.clear();
        self.notes.clear();
    }

    /// Whether it was not there.
    fn add(&mut self, state: StateID) -> bool {
        let Some(place) = self.places.get_mut(state.as_usize()) else {
            return false;
        };
        if self.states.get(*place) == Some(&state) {
            return false;
        }
        *place = self.states.len();
        self.states.push(state);
        true
    }
}

/// What is still to be followed from one state.
enum Left {
    To(StateID),
    /// A note as it was before.
    Note(usize, usize),
}

/// Begin and end of a match, or of a group in it.
pub(super) type Place = (usize, usize);

/// Where a match stands, and where its groups do.
pub(super) type Match = (Place, Vec<Option<Place>>);

/// A search, with the memory that it needs.
pub(super) struct Steps<'a> {
    automaton: &'a NFA,
    /// For each place that the automaton notes: where we do, if we do.
    noted: Vec<usize>,
    now: Ways,
    then: Ways,
    left: Vec<Left>,
    /// The notes of the way that is followed.
    notes: Vec<usize>,
    steps: usize,
}

impl<'a> Steps<'a> {
    /// Notes the places of these groups, and of the whole match.
    pub(super) fn new(automaton: &'a NFA, groups: &[usize]) -> Self {
        let mut noted = vec![NOWHERE; automaton.group_info().slot_len()];
        for (place, group) in [0].iter().chain(groups).enumerate() {
            for side in [0, 1] {
                if let Some(slot) = noted.get_mut(2 * group + side) {
                    *slot = 2 * place + side;
                }
            }
        }
        let states = automaton.states().len();
        Self {
            automaton,
            noted,
            now: Ways::new(states),
            then: Ways::new(states),
            left: Vec::new(),
            notes: vec![NOWHERE; 2 * (1 + groups.len())],
            steps: 0,
        }
    }

    /// The first match that begins at `start` or, unless it has to begin there, behind it.
    pub(super) fn find(
        &mut self,
        text: &str,
        start: usize,
        has_to: bool,
    ) -> Result<Option<Match>, String> {
        let mut found = None;
        self.now.clear();
        for at in start..=text.len() {
            let begins = at == start || !(has_to || found.is_some());
            if !begins && self.now.states.is_empty() && (has_to || found.is_some()) {
                break;
            }
            if begins && text.is_char_boundary(at) {
                self.notes.fill(NOWHERE);
                let mut now = mem::replace(&mut self.now, Ways::new(0));
                self.follow(self.automaton.start_anchored(), text, at, &mut now);
                self.now = now;
            }
            self.step(text, at, &mut found)?;
        }
        let pair = |notes: &[usize]| match notes {
            [start, end] if *start != NOWHERE && *end != NOWHERE => Some((*start, *end)),
            _ => None,
        };
        Ok(found.and_then(|notes| {
            let mut places = notes.chunks(2).map(pair);
            Some((places.next()??, places.collect()))
        }))
    }

    /// All ways go on by the letter at `at`. One that has arrived is better than all behind it.
    fn step(
        &mut self,
        text: &str,
        at: usize,
        found: &mut Option<Vec<usize>>,
    ) -> Result<(), String> {
        let automaton = self.automaton;
        let now = mem::replace(&mut self.now, Ways::new(0));
        let mut then = mem::replace(&mut self.then, Ways::new(0));
        let width = self.notes.len();
        for (place, state) in now.states.iter().enumerate() {
            let to = match automaton.state(*state) {
                State::Match { .. } => None,
                State::ByteRange { trans } => match trans.matches(text.as_bytes(), at) {
                    true => Some(trans.next),
                    false => continue,
                },
                State::Sparse(list) => match list.matches(text.as_bytes(), at) {
                    Some(next) => Some(next),
                    None => continue,
                },
                State::Dense(list) => match list.matches(text.as_bytes(), at) {
                    Some(next) => Some(next),
                    None => continue,
                },
                _ => continue,
            };
            let notes = now.notes.get(place * width..(place + 1) * width);
            let notes = notes.unwrap_or_default();
            let Some(to) = to else {
                *found = Some(notes.to_vec());
                break;
            };
            self.notes.clear();
            self.notes.extend_from_slice(notes);
            self.follow(to, text, at + 1, &mut then);
        }
        self.steps += now.states.len() + 1;
        if self.steps >= TOGETHER {
            spend(mem::take(&mut self.steps))?;
        }
        self.now = then;
        self.then = now;
        self.then.clear();
        Ok(())
    }

    /// Adds a state, and all that can be reached from it without a letter.
    fn follow(&mut self, state: StateID, text: &str, at: usize, ways: &mut Ways) {
        self.left.push(Left::To(state));
        while let Some(left) = self.left.pop() {
            let state = match left {
                Left::To(state) => state,
                Left::Note(place, before) => {
                    if let Some(note) = self.notes.get_mut(place) {
                        *note = before;
                    }
                    continue;
                }
            };
            self.steps += 1;
            if !ways.add(state) {
                continue;
            }
            // Every state has a place for its notes.
            ways.notes.extend_from_slice(&self.notes);
            match self.automaton.state(state) {
                State::Look { look, next } => {
                    let matcher = self.automaton.look_matcher();
                    if matcher.matches(*look, text.as_bytes(), at) {
                        self.left.push(Left::To(*next));
                    }
                }
                State::Union { alternates } => {
                    self.left
                        .extend(alternates.iter().rev().map(|next| Left::To(*next)));
                }
                State::BinaryUnion { alt1, alt2 } => {
                    self.left.extend([Left::To(*alt2), Left::To(*alt1)]);
                }
                State::Capture { next, slot, .. } => {
                    let place = self.noted.get(slot.as_usize()).copied();
                    if let Some(note) = place.and_then(|place| self.notes.get_mut(place)) {
                        let before = mem::replace(note, at);
                        self.left.push(Left::Note(place.unwrap_or(NOWHERE), before));
                    }
                    self.left.push(Left::To(*next));
                }
                State::ByteRange { .. }
                | State::Sparse(_)
                | State::Dense(_)
                | State::Fail
                | State::Match { .. } => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use regex_automata::meta::Regex;
    use regex_automata::{Input, Span};

    use super::*;

    /// All texts of these letters up to a length.
    fn texts(letters: &[&str], longest: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut before = 0;
        for _ in 0..longest {
            let end = all.len();
            for at in before..end {
                for letter in letters {
                    all.push(format!("{}{letter}", all[at]));
                }
            }
            before = end;
        }
        all
    }

    #[test]
    fn the_same_is_found_as_by_the_library() {
        let parts = [
            "a",
            "b",
            "ä",
            ".",
            "[^a]",
            "a*",
            "b+?",
            "(a|b)",
            "(a)|ab",
            "(ab?)*",
            r"(?-u:\b)",
            "^",
            "$",
            "",
            "(|a)+",
            "(?:a??b)",
            "(?i:B)",
            "(?m:^)",
            "a{2}",
        ];
        let texts = texts(&["a", "b", "ä", "\n"], 4);
        for one in &parts {
            for other in &parts {
                let pattern = format!("{one}{other}");
                let (regex, automaton) =
                    (Regex::new(&pattern).unwrap(), NFA::new(&pattern).unwrap());
                let count = regex.captures_len();
                let groups: Vec<usize> = (1..count).collect();
                let mut steps = Steps::new(&automaton, &groups);
                for text in &texts {
                    for start in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
                        let mut captures = regex.create_captures();
                        regex.search_captures(
                            &Input::new(text).span(Span::from(start..text.len())),
                            &mut captures,
                        );
                        let place =
                            |group| captures.get_group(group).map(|span| (span.start, span.end));
                        let expected = place(0).map(|whole| {
                            (whole, groups.iter().map(|group| place(*group)).collect())
                        });
                        let found = steps.find(text, start, false).unwrap();
                        assert_eq!(found, expected, "{pattern:?} in {text:?} from {start}");
                        if let Some(((begin, _), _)) = &found {
                            assert_eq!(steps.find(text, *begin, true).unwrap(), found);
                        }
                    }
                }
            }
        }
    }
}
