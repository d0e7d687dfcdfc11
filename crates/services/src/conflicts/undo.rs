//! A person takes back what was decided.

use calibr_model::{
    FieldError, Problem, ProblemKind, Role,
    views::{ConflictsUndone, UndoConflicts},
};

use super::{MOST_NAMED, missing};
use crate::{Actor, Services};

/// Opens decided conflicts again, where it is not too late: while Calibr's value
/// is not sent, or while the store's stands and nothing newer is wanted.
///
/// # Errors
/// `not-found` where there are none of these; `conflict` where it is too late for
/// every one; `invalid` where too many are given; `forbidden` below editor.
pub async fn undo(
    services: &Services,
    actor: &Actor,
    which: UndoConflicts,
) -> Result<ConflictsUndone, Problem> {
    actor.must_be(Role::Editor, "decide conflicts")?;
    let which = match which {
        UndoConflicts::Conflicts(mut ids) => {
            ids.sort_unstable();
            ids.dedup();
            if ids.is_empty() || ids.len() > MOST_NAMED {
                return Err(Problem::invalid(vec![FieldError {
                    field: "conflicts".to_owned(),
                    message: "Name 1 to 1,000 conflicts; for more, name their decision.".to_owned(),
                }]));
            }
            UndoConflicts::Conflicts(ids)
        }
        decision @ UndoConflicts::Decision(_) => decision,
    };
    let mut tx = services.db.tenant(actor.project.id).await?;
    let undone = tx.undo_conflicts(&which, services.sources.now()).await?;
    match (undone.reopened, undone.too_late) {
        (0, 0) => return Err(missing()),
        (0, _) => {
            return Err(Problem::new(
                ProblemKind::Conflict,
                "It is too late to undo this: Calibr's value is on its way or at the store \
                 already, or something newer happened to the price. Set the price anew instead.",
            ));
        }
        _ => {}
    }
    tx.commit().await?;
    tracing::info!(
        project = %actor.project.id, reopened = undone.reopened, "decisions on conflicts were undone"
    );
    Ok(undone)
}
