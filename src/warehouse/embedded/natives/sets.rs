//! Elements of ARRAYs, found by their value without a look at all the others.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use super::effort::spend;
use super::json::Json;

/// Elements, each as often as it was added.
#[derive(Default)]
pub(super) struct Bag<'a> {
    /// Of a random seed, so that nobody can choose elements that fall together.
    seed: RandomState,
    by_hash: HashMap<u64, Vec<&'a Json>>,
}

impl<'a> Bag<'a> {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn of(items: &'a [Json]) -> Self {
        let mut bag = Self::new();
        for item in items {
            bag.add(item);
        }
        bag
    }

    pub(super) fn add(&mut self, item: &'a Json) {
        self.by_hash.entry(self.hash(item)).or_default().push(item);
    }

    pub(super) fn holds(&self, item: &Json) -> Result<bool, String> {
        let alike = self.by_hash.get(&self.hash(item));
        Ok(place_in(alike.map_or(&[], Vec::as_slice), item)?.is_some())
    }

    /// Takes one such element out, if there is one.
    pub(super) fn take(&mut self, item: &Json) -> Result<bool, String> {
        let hash = self.hash(item);
        let Some(alike) = self.by_hash.get_mut(&hash) else {
            return Ok(false);
        };
        let place = place_in(alike, item)?;
        if let Some(place) = place {
            alike.swap_remove(place);
        }
        Ok(place.is_some())
    }

    fn hash(&self, item: &Json) -> u64 {
        let mut hasher = self.seed.build_hasher();
        add_to(&mut hasher, item);
        hasher.finish()
    }
}

/// Large whole numbers that are one FLOAT fall together, so even this may take long.
fn place_in(alike: &[&Json], item: &Json) -> Result<Option<usize>, String> {
    for (place, known) in alike.iter().enumerate() {
        spend(8)?;
        if known.is_same(item) {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

/// Values that are the same, as `Json::is_same` has it, have one hash: 1 is 1.0.
fn add_to(hasher: &mut impl Hasher, item: &Json) {
    match item {
        Json::Null => hasher.write_u8(0),
        Json::Boolean(value) => value.hash(hasher),
        Json::Number(digits) => {
            let value: f64 = digits.parse().unwrap_or(f64::NAN);
            // -0 is 0, but has other bits.
            (value + 0.0).to_bits().hash(hasher);
        }
        Json::Text(text) => text.hash(hasher),
        Json::Array(items) => {
            hasher.write_usize(items.len());
            for item in items {
                add_to(hasher, item);
            }
        }
        Json::Object(members) => {
            hasher.write_usize(members.len());
            for (key, item) in members {
                key.hash(hasher);
                add_to(hasher, item);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warehouse::embedded::natives::json::own;

    #[test]
    fn what_is_the_same_is_found() {
        let items =
            ["1.0", "-0", "\"a\"", "[1,{\"b\":2}]", "null", "true"].map(|text| own(text).unwrap());
        let mut bag = Bag::of(&items);
        for (text, expected) in [
            ("10e-1", true),
            ("0", true),
            ("[1.0,{\"b\":2.0}]", true),
            ("null", true),
            ("true", true),
            ("false", false),
            ("\"b\"", false),
            ("[1]", false),
        ] {
            let item = own(text).unwrap();
            assert_eq!(bag.holds(&item), Ok(expected), "{text}");
            assert_eq!(bag.take(&item), Ok(expected), "{text}");
            assert_eq!(bag.holds(&item), Ok(false), "{text} was taken out");
        }
    }

    #[test]
    fn numbers_that_are_one_float_are_told_apart() {
        let items = ["9007199254740992", "9007199254740993"].map(|text| own(text).unwrap());
        let mut bag = Bag::of(&items);
        assert_eq!(bag.take(&items[1]), Ok(true));
        assert_eq!(bag.take(&items[1]), Ok(false));
        assert_eq!(bag.take(&items[0]), Ok(true));
    }
}
