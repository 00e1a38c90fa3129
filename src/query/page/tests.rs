//! What a page says of what it leaves out.

use std::sync::Arc;

use futures::{StreamExt, stream};

use super::*;
use crate::query::view::Hide;
use crate::warehouse::DataType;

/// One column of texts.
struct Texts(Vec<String>);

impl Batch for Texts {
    fn rows(&self) -> usize {
        self.0.len()
    }

    fn cell(&self, row: usize, _: usize) -> Cell<'_> {
        self.0
            .get(row)
            .map_or(Cell::Null, |text| Cell::Text(text.into()))
    }
}

fn answer(texts: &[&str]) -> Answer {
    let texts = texts.iter().map(ToString::to_string).collect();
    let batch: Box<dyn Batch> = Box::new(Texts(texts));
    Answer {
        query_id: "an id".to_owned(),
        columns: Arc::from([Column {
            name: "name".to_owned(),
            data_type: DataType::Varchar(None),
            is_nullable: false,
        }]),
        batches: stream::iter([Ok(batch)]).boxed(),
        total_rows: Some(10),
        full_at: None,
    }
}

fn budget() -> Budget {
    Budget {
        max_rows: 3,
        max_bytes: 200,
        max_cell_bytes: 20,
        ..Budget::default()
    }
}

async fn page(texts: &[&str], layout: Layout) -> Page {
    let layout = Layout {
        format: Format::Csv,
        ..layout
    };
    let (budget, metrics) = (budget(), Metrics::new().unwrap());
    let no_cursor = |_: &str| None;
    let written = write(answer(texts), layout, None, &budget, &metrics, &no_cursor);
    written.await.unwrap()
}

#[tokio::test]
async fn a_limit_may_be_raised_up_to_what_the_budget_has() {
    for (limit, may_be_raised) in [(2, true), (3, false)] {
        let layout = Layout {
            limit,
            max_bytes: 200,
            ..Layout::default()
        };
        let page = page(&["a", "b", "c", "d"], layout).await;
        let cut = page.truncation.unwrap();
        assert_eq!(page.row_count, limit);
        assert_eq!((cut.reason, cut.limit), (TruncationReason::Rows, limit));
        assert_eq!(cut.may_be_raised, may_be_raised, "{limit}");
        assert_eq!(page.total_rows, Some(10), "as the warehouse says");
    }
}

#[tokio::test]
async fn a_first_row_that_is_too_long_comes_alone() {
    let layout = Layout {
        limit: 3,
        max_bytes: 10,
        ..Layout::default()
    };
    let page = page(&["fifteen letters", "b", "c"], layout).await;
    assert_eq!(page.row_count, 1, "{}", page.text);
    let cut = page.truncation.unwrap();
    assert_eq!((cut.reason, cut.limit), (TruncationReason::Bytes, 10));
}

#[tokio::test]
async fn only_values_that_are_shown_count_as_shortened() {
    let long = "x".repeat(30);
    let layout = Layout {
        limit: 3,
        max_bytes: 60,
        ..Layout::default()
    };
    let page = page(&["a", &long, &long], layout).await;
    assert_eq!(page.row_count, 2, "{}", page.text);
    assert_eq!(page.shortened_cells, 1, "{}", page.text);
}

#[tokio::test]
async fn rows_that_a_list_hides_are_not_counted() {
    const LIST: View = View {
        code: 1,
        pick: &[],
        hide: Some(Hide {
            column: "name",
            value: "b",
        }),
        source: Source::List,
    };
    let layout = Layout {
        limit: 3,
        max_bytes: 200,
        view: Some(&LIST),
        ..Layout::default()
    };
    let page = page(&["a", "b", "c"], layout).await;
    assert_eq!((page.row_count, page.taken), (2, 3));
    assert_eq!(page.total_rows, Some(2), "not the warehouse's ten");
}

#[tokio::test]
async fn a_sample_says_how_many_rows_there_are_only_when_it_has_them_all() {
    for (texts, total) in [(&["a", "b"][..], Some(10)), (&["a", "b", "c", "d"], None)] {
        let layout = Layout {
            limit: 3,
            max_bytes: 200,
            is_sample: true,
            ..Layout::default()
        };
        assert_eq!(page(texts, layout).await.total_rows, total, "{texts:?}");
    }
}
