//! Leaving out the rows of a result that were read before.

use futures::{Stream, StreamExt};

use super::{Batch, Cell, Error};

/// A batch without its first rows.
struct Rest {
    batch: Box<dyn Batch>,
    first: usize,
}

impl Batch for Rest {
    fn rows(&self) -> usize {
        self.batch.rows().saturating_sub(self.first)
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        self.batch.cell(row.saturating_add(self.first), column)
    }
}

/// Takes `skip` rows off a batch; what is left of both.
fn batch(batch: Box<dyn Batch>, skip: u64) -> (Option<Box<dyn Batch>>, u64) {
    let rows = batch.rows();
    match usize::try_from(skip) {
        Ok(0) => (Some(batch), 0),
        Ok(first) if first < rows => (Some(Box::new(Rest { batch, first })), 0),
        // All of them, or more than there can be.
        _ => (None, skip - rows as u64),
    }
}

/// The batches from the row `skip` on, and how many rows are still to be skipped after them.
pub(super) fn batches(all: Vec<Box<dyn Batch>>, mut skip: u64) -> (Vec<Box<dyn Batch>>, u64) {
    let mut kept = Vec::new();
    for one in all {
        let (rest, left) = batch(one, skip);
        kept.extend(rest);
        skip = left;
    }
    (kept, skip)
}

/// The rows from `skip` on.
pub(super) fn rows(
    batches: impl Stream<Item = Result<Box<dyn Batch>, Error>> + Send,
    mut skip: u64,
) -> impl Stream<Item = Result<Box<dyn Batch>, Error>> + Send {
    batches.filter_map(move |one| {
        let rest = match one {
            Ok(one) => {
                let (rest, left) = batch(one, skip);
                skip = left;
                rest.map(Ok)
            }
            Err(error) => Some(Err(error)),
        };
        std::future::ready(rest)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Rows that are numbered throughout the result.
    struct Numbers(std::ops::Range<usize>);

    impl Batch for Numbers {
        fn rows(&self) -> usize {
            self.0.len()
        }

        fn cell(&self, row: usize, _: usize) -> Cell<'_> {
            let number = self.0.start + row;
            Cell::Text(number.to_string().into())
        }
    }

    fn numbered(sizes: &[usize], from: usize) -> Vec<Box<dyn Batch>> {
        let mut first = from;
        let batch = |size: &usize| {
            let rows = first..first + size;
            first = rows.end;
            Box::new(Numbers(rows)) as Box<dyn Batch>
        };
        sizes.iter().map(batch).collect()
    }

    fn read(batches: &[Box<dyn Batch>]) -> Vec<String> {
        let rows = |batch: &dyn Batch| {
            (0..batch.rows())
                .map(|row| format!("{:?}", batch.cell(row, 0)))
                .collect::<Vec<_>>()
        };
        batches.iter().flat_map(|batch| rows(&**batch)).collect()
    }

    proptest! {
        #[test]
        fn what_is_left_is_every_row_from_there_on_in_order(
            inline in prop::collection::vec(0_usize..5, 0..4),
            later in prop::collection::vec(0_usize..5, 0..6),
            skip in 0_usize..60,
        ) {
            let inline_rows: usize = inline.iter().sum();
            let mut all = read(&numbered(&inline, 0));
            all.extend(read(&numbered(&later, inline_rows)));
            let expected = all.split_off(all.len().min(skip));

            let (kept, left) = batches(numbered(&inline, 0), skip as u64);
            let fetched = numbered(&later, inline_rows).into_iter().map(Ok);
            let stream = rows(futures::stream::iter(fetched), left);
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let rest: Vec<_> = runtime.block_on(stream.map(Result::unwrap).collect());

            let mut got = read(&kept);
            got.extend(read(&rest));
            prop_assert_eq!(got, expected);
        }
    }
}
