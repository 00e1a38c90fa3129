//! Where the parts of a request end in what a connection brings.
//!
//! Only to hand them on one at a time: actix-http reads the same bytes in the same order, decides what they mean, and says of
//! each head how its body is framed. A mistake here could hand bytes on too late or too early, and make no other request of them.

/// What comes next on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Framing {
    /// A head, or the rest of one.
    Head(Head),
    /// So many bytes of a body.
    Length(u64),
    /// A body in chunks, or the rest of one.
    Chunks(Chunks),
    /// A body that ends with the connection.
    Endless,
}

/// Lines until an empty one. Empty lines before the first are no head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    has_begun: bool,
    is_line_empty: bool,
}

/// As actix-http reads chunks. What it refuses need not be refused here: it closes the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chunks {
    /// The line before a chunk; `is_read` when its number is over.
    Size { size: u64, is_read: bool },
    /// So many bytes of a chunk.
    Data(u64),
    /// So many bytes of the line's end behind a chunk.
    Gap(u8),
    /// Lines behind the last chunk, until an empty one.
    Trailer(Trailer),
}

/// Where in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trailer {
    Start,
    Middle,
    /// Behind the CR of a line that has something in it.
    Over,
    /// Behind the CR of an empty line.
    Last,
}

/// How far bytes belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// All of them, and more may follow.
    All,
    /// So many, with which a head ends.
    Head(usize),
    /// So many, with which a body ends.
    Body(usize),
}

impl Framing {
    /// Before a request.
    pub(super) const BETWEEN: Self = Self::Head(Head {
        has_begun: false,
        is_line_empty: true,
    });

    /// Before a body in chunks.
    pub(super) const CHUNKS: Self = Self::Chunks(Chunks::FIRST);

    /// Goes on to the end of the next part within `bytes`.
    pub(super) fn next(&mut self, bytes: &[u8]) -> Part {
        let part = match self {
            Self::Head(head) => head.end(bytes).map(Part::Head),
            Self::Length(left) => skip(left, bytes.len()).map(Part::Body),
            Self::Chunks(chunks) => chunks.end(bytes).map(Part::Body),
            Self::Endless => None,
        };
        if part.is_some() {
            *self = Self::BETWEEN;
        }
        part.unwrap_or(Part::All)
    }
}

/// Takes up to `left` of so many bytes, and says how many it took if none are left.
fn skip(left: &mut u64, bytes: usize) -> Option<usize> {
    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes);
    // A length of memory fits.
    *left = left.saturating_sub(u64::try_from(taken).unwrap_or(u64::MAX));
    (*left == 0).then_some(taken)
}

impl Head {
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                // Empty lines before a request are allowed (RFC 9112, 2.2), so they do not end it.
                b'\n' if self.is_line_empty && self.has_begun => return Some(at + 1),
                b'\n' => self.is_line_empty = true,
                // Skipped wherever it stands: actix-http decides whether a line is well formed, and
                // here is only asked where it ends.
                b'\r' => {}
                _ => {
                    *self = Self {
                        has_begun: true,
                        is_line_empty: false,
                    }
                }
            }
        }
        None
    }
}

impl Chunks {
    const FIRST: Self = Self::Size {
        size: 0,
        is_read: false,
    };

    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            if let Self::Data(left) = self {
                match skip(left, rest.len()) {
                    Some(taken) => {
                        at += taken;
                        *self = Self::Gap(2);
                    }
                    None => return None,
                }
                continue;
            }
            at += 1;
            let byte = rest.first().copied().unwrap_or_default();
            if self.step(byte) {
                return Some(at);
            }
        }
        None
    }

    /// One byte outside of a chunk's data; whether the body ends with it.
    fn step(&mut self, byte: u8) -> bool {
        let next = match (*self, byte) {
            (Self::Size { size: 0, .. }, b'\n') => Self::Trailer(Trailer::Start),
            (Self::Size { size, .. }, b'\n') => Self::Data(size),
            (
                Self::Size {
                    size,
                    is_read: false,
                },
                byte,
            ) => match char::from(byte).to_digit(16) {
                Some(digit) => Self::Size {
                    size: size.saturating_mul(16).saturating_add(u64::from(digit)),
                    is_read: false,
                },
                None => Self::Size {
                    size,
                    is_read: true,
                },
            },
            (size @ Self::Size { .. }, _) => size,
            (Self::Gap(left), _) if left > 1 => Self::Gap(left - 1),
            (Self::Gap(_), _) => Self::FIRST,
            (Self::Trailer(Trailer::Last), _) => return true,
            (Self::Trailer(Trailer::Start), b'\r') => Self::Trailer(Trailer::Last),
            (Self::Trailer(Trailer::Middle), b'\r') => Self::Trailer(Trailer::Over),
            (Self::Trailer(Trailer::Over), _) => Self::Trailer(Trailer::Start),
            (Self::Trailer(_), _) => Self::Trailer(Trailer::Middle),
            // `end` counts these.
            (data @ Self::Data(_), _) => data,
        };
        *self = next;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lengths of the parts of a text that comes in pieces of `size` bytes; `bodies` follow the heads in this order.
    fn parts(text: &str, size: usize, bodies: &[Framing]) -> Vec<usize> {
        let mut bodies = bodies.iter();
        let (mut framing, mut ends, mut at) = (Framing::BETWEEN, Vec::new(), 0);
        while at < text.len() {
            let piece = &text.as_bytes()[at..text.len().min(at + size)];
            match framing.next(piece) {
                Part::All => at += piece.len(),
                Part::Head(length) => {
                    at += length;
                    ends.push(at);
                    if let Some(body) = bodies.next() {
                        framing = body.clone();
                    }
                }
                Part::Body(length) => {
                    at += length;
                    ends.push(at);
                }
            }
        }
        ends
    }

    #[test]
    fn parts_end_where_they_end_however_they_are_cut() {
        let head = "POST / HTTP/1.1\r\nA: b\r\n\r\n";
        let bare = "\r\n\nGET / HTTP/1.1\nA: b\n\n";
        let chunks = "5;x=0\r\n0\r\n\r\n\r\n1 \r\n\n\r\nA\r\n0123456789\r\n0\r\n\r\n";
        let trailer = "0\r\nA: b\n\r\nC\r\n\r\n";
        let text = [head, "12345", bare, head, chunks, head, trailer, head].concat();
        let bodies = [
            Framing::Length(5),
            Framing::BETWEEN,
            Framing::CHUNKS,
            Framing::CHUNKS,
        ];
        let mut ends = Vec::new();
        for part in [head, "12345", bare, head, chunks, head, trailer, head] {
            ends.push(ends.last().unwrap_or(&0) + part.len());
        }
        for size in 1..=text.len() {
            assert_eq!(parts(&text, size, &bodies), ends, "in pieces of {size}");
        }
    }

    #[test]
    fn an_endless_body_has_no_end_and_a_long_number_no_overflow() {
        let mut framing = Framing::Endless;
        assert_eq!(framing.next(b"a\r\n\r\nb"), Part::All);
        let mut framing = Framing::CHUNKS;
        assert_eq!(framing.next(&[b'f'; 40]), Part::All);
        assert_eq!(framing.next(b"\r\nx"), Part::All);
    }
}
