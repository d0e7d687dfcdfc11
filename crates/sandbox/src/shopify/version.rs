//! API versions: which are served, and what older ones fall forward to.

/// The stable versions that the sandbox speaks, oldest first.
pub(crate) const STABLE: [&str; 2] = ["2026-07", "2026-10"];

/// The version that answers a request for `asked`; `None` for one that never was or is not yet.
///
/// Versions that are no longer supported are answered by the oldest that is ("API versioning",
/// shopify.dev/docs/api/usage/versioning).
pub(crate) fn answering(asked: &str) -> Option<&str> {
    if asked == "unstable" || STABLE.contains(&asked) {
        return Some(asked);
    }
    let (year, month) = asked.split_once('-')?;
    let quarterly = matches!(month, "01" | "04" | "07" | "10");
    let year_is_one = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    (quarterly && year_is_one && asked < STABLE[0]).then_some(STABLE[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_versions_fall_forward_and_unheard_of_ones_are_unknown() {
        assert_eq!(answering("2026-10"), Some("2026-10"));
        assert_eq!(answering("2024-01"), Some("2026-07"));
        assert_eq!(answering("unstable"), Some("unstable"));
        for unknown in ["2026-08", "2031-01", "2024-02", "latest", ""] {
            assert_eq!(answering(unknown), None, "{unknown}");
        }
    }
}
