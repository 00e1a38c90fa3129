//! Snowflake's format models for numbers, read: what stands where in the text of a number.
//!
//! A model that is read here is one whose meaning the documentation tells for certain; [`read`] refuses every other.

/// A piece of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text as it is.
    Literal(String),
    /// `S`: a plus or a minus.
    Sign,
    /// `MI`: a minus or a blank.
    Minus,
    /// `$`
    Dollar,
    /// `%`: the number times a hundred.
    Percent,
    /// `_`: a blank that may be there in a text that is read.
    MayBeBlank,
    /// All digits, with what divides them.
    Digits(Digits),
    /// `TM9`, `TME` and `TM`.
    Minimal(Minimal),
}

/// The digits of a number in fixed places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Digits {
    /// Places before the point, each with whether a zero is shown and whether a comma stands before it.
    pub(super) whole: Vec<Place>,
    /// Whether there is a point.
    pub(super) has_point: bool,
    /// Places behind the point: whether a zero is shown.
    pub(super) places: Vec<bool>,
    /// `B`: a zero before the point is a blank.
    pub(super) blanks_zero: bool,
    /// `X` and `x`: in base 16, with small letters or without.
    pub(super) hexadecimal: Option<bool>,
}

/// One place of a digit before the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) is_zero: bool,
    pub(super) follows_comma: bool,
}

/// As few letters as the number needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Minimal {
    Positional,
    Scientific { is_small: bool },
    Shorter { is_small: bool },
}

/// A model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Model {
    pub(super) pieces: Vec<Piece>,
    /// `FM`: without blanks.
    pub(super) is_compact: bool,
}

impl Model {
    pub(super) fn has(&self, piece: &Piece) -> bool {
        self.pieces.contains(piece)
    }

    /// Whether the model says where the sign is.
    pub(super) fn has_sign(&self) -> bool {
        self.has(&Piece::Sign) || self.has(&Piece::Minus)
    }
}

/// Whether numbers can be written, or read, in a format.
pub(in crate::warehouse::embedded) fn is_number_format(format: &str, is_read: bool) -> bool {
    if is_read {
        read_all(format).is_some()
    } else {
        read(format).is_some()
    }
}

/// The models of a format, which `|` divides.
pub(super) fn read_all(format: &str) -> Option<Vec<Model>> {
    let mut models = Vec::new();
    let (mut start, mut is_quoted) = (0, false);
    for (at, letter) in format.char_indices() {
        match letter {
            '"' => is_quoted = !is_quoted,
            '|' if !is_quoted => {
                models.push(read(format.get(start..at)?)?);
                start = at + 1;
            }
            _ => {}
        }
    }
    models.push(read(format.get(start..)?)?);
    Some(models)
}

/// Reads a model; `None` for one that is not known for certain.
pub(super) fn read(format: &str) -> Option<Model> {
    let mut model = Model::default();
    let mut rest = format;
    if let Some(body) = without(rest, "FM") {
        model.is_compact = true;
        rest = body;
    }
    let mut blanks_zero = false;
    while let Some(first) = rest.chars().next() {
        let (piece, behind) = if let Some(tail) = rest.strip_prefix('"') {
            let (text, tail) = quoted(tail)?;
            (Piece::Literal(text), tail)
        } else if let Some((minimal, tail)) = minimal(rest) {
            (Piece::Minimal(minimal), tail)
        } else if let Some(tail) = without(rest, "MI") {
            (Piece::Minus, tail)
        } else if matches!(first, '0' | '9' | 'X' | 'x') {
            let (digits, tail) = digits(rest, blanks_zero)?;
            (Piece::Digits(digits), tail)
        } else if matches!(first, 'B' | 'b') && !blanks_zero {
            blanks_zero = true;
            rest = rest.get(1..)?;
            continue;
        } else {
            let piece = match first {
                'S' | 's' => Piece::Sign,
                '$' => Piece::Dollar,
                '%' => Piece::Percent,
                '_' => Piece::MayBeBlank,
                ';' | ':' | '-' | '=' | '/' | '(' | ')' => Piece::Literal(first.into()),
                _ => return None,
            };
            (piece, rest.get(1..)?)
        };
        model.pieces.push(piece);
        rest = behind;
    }
    is_certain(&model, blanks_zero).then_some(model)
}

/// What follows a word in any case.
fn without<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let start = text.get(..word.len())?;
    start
        .eq_ignore_ascii_case(word)
        .then(|| text.get(word.len()..))?
}

/// A text in double quotes, from behind the first, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut written = String::new();
    let mut rest = text;
    loop {
        let (part, behind) = rest.split_once('"')?;
        written.push_str(part);
        match behind.strip_prefix('"') {
            Some(more) => {
                written.push('"');
                rest = more;
            }
            None => return Some((written, behind)),
        }
    }
}

fn minimal(text: &str) -> Option<(Minimal, &str)> {
    let is_small = text.starts_with('t');
    if let Some(rest) = without(text, "TM9") {
        // With brackets, a number of digits and groups.
        return (!rest.starts_with('(')).then_some((Minimal::Positional, rest));
    }
    if let Some(rest) = without(text, "TME") {
        return Some((Minimal::Scientific { is_small }, rest));
    }
    without(text, "TM").map(|rest| (Minimal::Shorter { is_small }, rest))
}

/// The places of digits at the start of a text, and what follows them.
fn digits(text: &str, blanks_zero: bool) -> Option<(Digits, &str)> {
    let mut digits = Digits {
        blanks_zero,
        ..Digits::default()
    };
    let mut follows_comma = false;
    let mut has_nine = false;
    let mut end = 0;
    for letter in text.chars() {
        match letter {
            '0' | '9' if digits.has_point => digits.places.push(letter == '0'),
            '0' | '9' | 'X' | 'x' if !digits.has_point => {
                if matches!(letter, 'X' | 'x') {
                    let is_small = letter == 'x';
                    if digits.hexadecimal.is_some_and(|known| known != is_small) {
                        return None;
                    }
                    digits.hexadecimal = Some(is_small);
                }
                has_nine |= letter == '9';
                digits.whole.push(Place {
                    is_zero: letter == '0',
                    follows_comma: std::mem::take(&mut follows_comma),
                });
            }
            ',' | 'G' | 'g' if !digits.has_point && !follows_comma => follows_comma = true,
            '.' | 'D' | 'd' if !digits.has_point && !follows_comma => digits.has_point = true,
            _ => break,
        }
        end += letter.len_utf8();
    }
    let is_hexadecimal = digits.hexadecimal.is_some();
    let mixes = is_hexadecimal
        && (has_nine || digits.has_point || digits.whole.iter().any(|place| place.follows_comma));
    let blanks_zeros = blanks_zero && digits.whole.iter().any(|place| place.is_zero);
    let is_long = digits.whole.len() > 38 || digits.places.len() > 37;
    let is_certain = !(follows_comma || mixes || blanks_zeros || is_long);
    is_certain.then(|| (digits, text.get(end..).unwrap_or_default()))
}

/// One number, each sign at most once, and no literal between a sign and the digits.
fn is_certain(model: &Model, blanks_zero: bool) -> bool {
    let count =
        |wanted: fn(&Piece) -> bool| model.pieces.iter().filter(|piece| wanted(piece)).count();
    let is_number = |piece: &Piece| matches!(piece, Piece::Digits(_) | Piece::Minimal(_));
    let Some(number) = model.pieces.iter().position(is_number) else {
        return false;
    };
    let before = model.pieces.get(..number).unwrap_or_default();
    let mut seen_sign = false;
    let are_literals_first = before.iter().all(|piece| match piece {
        Piece::Literal(_) | Piece::MayBeBlank => !seen_sign,
        Piece::Percent => false,
        _ => {
            seen_sign = true;
            true
        }
    });
    let behind = model.pieces.get(number + 1..).unwrap_or_default();
    let (is_minimal, is_hexadecimal) = match model.pieces.get(number) {
        Some(Piece::Minimal(_)) => (true, false),
        Some(Piece::Digits(digits)) => (false, digits.hexadecimal.is_some()),
        _ => return false,
    };
    let others_are_literals = model
        .pieces
        .iter()
        .all(|piece| is_number(piece) || matches!(piece, Piece::Literal(_)));
    let has_money = count(|piece| matches!(piece, Piece::Dollar | Piece::Percent)) > 0;
    count(is_number) == 1
        && count(|piece| matches!(piece, Piece::Sign | Piece::Minus)) <= 1
        && count(|piece| matches!(piece, Piece::Dollar)) <= 1
        && count(|piece| matches!(piece, Piece::Percent)) <= 1
        && are_literals_first
        && !behind.contains(&Piece::Dollar)
        && (!is_minimal || (others_are_literals && !blanks_zero && !model.is_compact))
        && (!is_hexadecimal || !(has_money || blanks_zero))
}
