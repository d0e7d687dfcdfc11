//! What became of conflicts that were decided together, in words.

use calibr_model::views::ConflictsResolved;

use crate::text::number::{counted, grouped};

/// Whether all of them were decided.
pub(super) const fn is_whole(outcome: &ConflictsResolved) -> bool {
    outcome.already_decided + outcome.changed + outcome.missing + outcome.refused == 0
}

/// How many were decided.
pub(super) fn title(outcome: &ConflictsResolved) -> String {
    match outcome.decided {
        0 => "Nothing was decided".to_owned(),
        decided => format!("{} decided", counted(decided, "conflict", "conflicts")),
    }
}

/// What became of the others, but for those that were refused.
pub(super) fn others(outcome: &ConflictsResolved) -> Vec<String> {
    let lines = [
        (
            outcome.already_decided,
            "was decided by somebody else before, or ended by itself.",
            "were decided by somebody else before, or ended by themselves.",
        ),
        (
            outcome.changed,
            "has changed since you looked, and stays open.",
            "have changed since you looked, and stay open.",
        ),
        (
            outcome.missing,
            "is not there any more.",
            "are not there any more.",
        ),
    ];
    let told = lines.into_iter().filter(|(count, ..)| *count > 0);
    told.map(|(count, one, many)| counted(count, one, many))
        .collect()
}

/// How many were refused.
pub(super) fn refused(outcome: &ConflictsResolved) -> Option<String> {
    let refused = outcome.refused;
    (refused > 0).then(|| counted(refused, "stays open:", "stay open:"))
}

/// How many were refused and are not listed.
pub(super) fn unlisted(outcome: &ConflictsResolved) -> Option<String> {
    let listed = i64::try_from(outcome.refusals.len()).unwrap_or(i64::MAX);
    let more = outcome.refused - listed;
    (more > 0).then(|| format!("and {} more", grouped(more)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: ConflictsResolved = ConflictsResolved {
        decided: 0,
        already_decided: 0,
        changed: 0,
        missing: 0,
        refused: 0,
        refusals: Vec::new(),
        decision_id: None,
        push_id: None,
    };

    #[test]
    fn what_went_through_whole_needs_no_more_words() {
        let outcome = ConflictsResolved {
            decided: 1_200,
            ..NOTHING
        };
        assert!(is_whole(&outcome));
        assert_eq!(title(&outcome), "1,200 conflicts decided");
        assert!(others(&outcome).is_empty());
        assert_eq!((refused(&outcome), unlisted(&outcome)), (None, None));
    }

    #[test]
    fn what_did_not_go_through_is_told_one_by_one() {
        let outcome = ConflictsResolved {
            already_decided: 1,
            changed: 2,
            refused: 3,
            ..NOTHING
        };
        assert!(!is_whole(&outcome));
        assert_eq!(title(&outcome), "Nothing was decided");
        assert_eq!(
            others(&outcome),
            [
                "1 was decided by somebody else before, or ended by itself.",
                "2 have changed since you looked, and stay open.",
            ]
        );
        assert_eq!(refused(&outcome).as_deref(), Some("3 stay open:"));
        assert_eq!(unlisted(&outcome).as_deref(), Some("and 3 more"));
    }
}
