//! How long a text may become.

/// Refuses so many bytes if a text of this statement may not have them. Why it may not is in `cost/texts.rs`.
pub(super) fn fits(bytes: usize, longest: &str) -> Result<(), String> {
    if longest.parse().is_ok_and(|longest: usize| bytes <= longest) {
        return Ok(());
    }
    Err(format!(
        "the embedded engine allows texts of at most {longest} bytes in this statement; with fewer functions that make texts \
         longer, the limit is higher"
    ))
}
