//! Room on the stack for what goes as deep as a statement's tree does.
//!
//! The tree of `a OR a OR a …` is as deep as the chain is long. The parser crate makes room by itself where it parses and
//! where it walks over a tree, but a tree that is dropped, at its end or because the parser gave up half-way, is dropped by
//! code the compiler writes, which takes stack for every level.

/// Stack for one level of a tree that is dropped. Measured: 200 bytes optimised, 700 without.
const A_LEVEL: usize = 1024;

/// What everything else needs at most, with nesting as deep as `lexis` lets it be.
const THE_REST: usize = 1 << 20;

/// Runs `work`, which may copy or drop a tree of so many words, on a stack that is large enough. Only what is used of it takes
/// memory.
pub(crate) fn with_room<T>(words: usize, work: impl FnOnce() -> T) -> T {
    let needed = words * A_LEVEL + THE_REST;
    stacker::maybe_grow(needed, needed, work)
}
