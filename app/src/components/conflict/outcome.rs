use crate::{
    api::{self, ApiError},
    text::number::counted,
};
use calibr_model::{
    Problem, ProjectSlug,
    views::{
        ConflictSide, ConflictsResolved, MatchingConflicts, RefusedConflict, SeenConflict,
        UndoConflicts,
    },
};

/// What is decided together.
#[derive(Debug, Clone)]
pub(super) enum Target {
    /// These, as they were looked at.
    These(Vec<SeenConflict>),
    /// All that match, as they were at a moment.
    Matching(MatchingConflicts),
}

/// What became of conflicts that were decided together, over all calls that it
/// took.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    pub(super) decided: i64,
    already_decided: i64,
    changed: i64,
    missing: i64,
    refused: i64,
    pub(super) refusals: Vec<RefusedConflict>,
    left: i64,
    pub(super) undo: Vec<UndoConflicts>,
    /// Why it ended before all were through.
    pub(super) problem: Option<Problem>,
}

impl Outcome {
    /// Decides all of them. `done` is told how many are through after each call.
    ///
    /// # Errors
    /// Why the first call failed: nothing was decided. What fails later is part
    /// of the outcome.
    pub(super) async fn of(
        slug: ProjectSlug,
        target: Target,
        to: ConflictSide,
        done: impl Fn(i64),
    ) -> Result<Self, ApiError> {
        let matching = match target {
            Target::These(seen) => {
                let answer = api::conflicts::resolve_conflicts(slug, seen, to).await?;
                let mut outcome = Self::default();
                outcome.add(answer);
                return Ok(outcome);
            }
            Target::Matching(matching) => matching,
        };
        let mut outcome = Self::default();
        loop {
            let call =
                api::conflicts::resolve_matching_conflicts(slug.clone(), matching.clone(), to);
            match call.await {
                Ok(answer) => {
                    let stalls = answer.decided == 0;
                    outcome.add(answer);
                    done(outcome.decided);
                    if outcome.left == 0 || stalls {
                        return Ok(outcome);
                    }
                }
                Err(ApiError(problem)) if outcome.decided > 0 => {
                    outcome.problem = Some(problem);
                    return Ok(outcome);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn add(&mut self, answer: ConflictsResolved) {
        self.decided += answer.decided;
        self.already_decided += answer.already_decided;
        self.changed += answer.changed;
        self.missing += answer.missing;
        self.refused += answer.refused;
        self.refusals.extend(answer.refusals);
        self.left = answer.left;
        self.undo
            .extend(answer.decision_id.map(UndoConflicts::Decision));
    }

    /// Whether all of them were decided.
    pub(super) const fn is_whole(&self) -> bool {
        self.already_decided + self.changed + self.missing + self.refused + self.left == 0
            && self.problem.is_none()
    }

    /// How many were decided, in words.
    pub(super) fn title(&self) -> String {
        match self.decided {
            0 => "Nothing was decided".to_owned(),
            decided => format!("{} decided", counted(decided, "conflict", "conflicts")),
        }
    }

    /// What became of the others, in words, but for those that were refused.
    pub(super) fn others(&self) -> Vec<String> {
        let line = |count: i64, one: &str, many: &str, what: &str| {
            (count > 0).then(|| format!("{} {what}", counted(count, one, many)))
        };
        [
            line(
                self.already_decided,
                "was",
                "were",
                "decided by somebody else before, or ended by itself.",
            ),
            line(
                self.changed,
                "has",
                "have",
                "changed since you looked, and stay open.",
            ),
            line(self.missing, "is", "are", "not there any more."),
            line(self.left, "is", "are", "left: try again."),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// How many were refused, in words.
    pub(super) fn refused_words(&self) -> Option<String> {
        let count = self.refused;
        (count > 0).then(|| {
            let stay = counted(count, "stays", "stay");
            format!("{stay} open, since Calibr's price cannot be sent:")
        })
    }

    /// How many were refused and are not listed, in words.
    pub(super) fn unlisted(&self) -> Option<String> {
        let listed = i64::try_from(self.refusals.len()).unwrap_or(i64::MAX);
        let more = self.refused - listed;
        (more > 0).then(|| format!("and {} more", crate::text::number::grouped(more)))
    }
}
