use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn a_span_is_read_back_as_it_was_written(millis in 0..=u64::MAX / 3_600_000) {
        let span = Span::from_millis(millis);
        prop_assert_eq!(span.to_string().parse(), Ok(span));
    }

    #[test]
    fn a_size_is_read_back_as_it_was_written(bytes: u64) {
        let size = ByteSize::from_bytes(bytes);
        prop_assert_eq!(size.to_string().parse(), Ok(size));
    }

    #[test]
    fn seconds_are_read_back_as_they_were_written(millis in 0..=86_400_000_u64) {
        let seconds = Seconds(Duration::from_millis(millis));
        prop_assert_eq!(seconds.to_string().parse(), Ok(seconds));
    }

    #[test]
    fn minutes_are_read_back_as_they_were_written(minutes in 0..=u64::MAX / 60) {
        let minutes = Minutes(Duration::from_secs(minutes * 60));
        prop_assert_eq!(minutes.to_string().parse(), Ok(minutes));
    }

    #[test]
    fn a_list_is_read_back_as_it_was_written(items in proptest::collection::vec("[a-z0-9.:/*-]{1,9}", 0..5)) {
        let list = List::new(items);
        prop_assert_eq!(list.to_string().parse(), Ok(list));
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in ".{0,30}") {
        let _ = text.parse::<Span>();
        let _ = text.parse::<ByteSize>();
        let _ = text.parse::<Seconds>();
        let _ = text.parse::<Minutes>();
        let _ = text.parse::<List>();
    }
}

#[test]
fn a_duration_needs_its_unit() {
    let read = |text: &str| text.parse::<Span>().map(Span::get);
    assert_eq!(read("500ms"), Ok(Duration::from_millis(500)));
    assert_eq!(read("30s"), Ok(Duration::from_secs(30)));
    assert_eq!(read("5 m"), Ok(Duration::from_secs(300)));
    assert_eq!(read("1h"), Ok(Duration::from_secs(3600)));
    for text in [
        "30",
        "",
        "s",
        "1.5s",
        "-1s",
        "30S",
        "1d",
        "5m30s",
        "99999999999999999999s",
        "18446744073709551615h",
    ] {
        assert_eq!(read(text), Err(Unreadable), "{text}");
    }
}

#[test]
fn a_size_needs_its_unit() {
    let read = |text: &str| text.parse().map(ByteSize::bytes);
    assert_eq!(read("256KiB"), Ok(256 << 10));
    assert_eq!(read("4mib"), Ok(4 << 20));
    assert_eq!(read("1 GiB"), Ok(1 << 30));
    for text in [
        "1024",
        "",
        "MiB",
        "4MB",
        "4M",
        "-1KiB",
        "1.5GiB",
        "18446744073709551615GiB",
    ] {
        assert_eq!(read(text), Err(Unreadable), "{text}");
    }
}

#[test]
fn plain_seconds_are_digits_and_a_point() {
    let read = |text: &str| text.parse::<Seconds>().map(Seconds::get);
    assert_eq!(read("30.0"), Ok(Duration::from_secs(30)));
    assert_eq!(read("0.5"), Ok(Duration::from_millis(500)));
    for text in ["", ".", "1e3", "inf", "-1", "5s", "1.2.3"] {
        assert_eq!(read(text), Err(Unreadable), "{text}");
    }
}

#[test]
fn a_secret_does_not_show_itself() {
    let secret: Secret = "hunter2".parse().unwrap();
    assert!(!format!("{secret:?}").contains("hunter2"));
}
