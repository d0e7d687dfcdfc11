use leptos::prelude::*;

use crate::{
    components::ui::{Button, Dialog, Look},
    state::Unsaved,
};

/// Asks before a page is left that holds what was not saved; once in the frame.
#[component]
pub(crate) fn UnsavedDialog() -> impl IntoView {
    let unsaved = expect_context::<Unsaved>();
    view! {
        <Dialog open=unsaved.asking title="Leave without saving?">
            <div class="grid gap-5 px-6 pb-6">
                <p>"This page has changes that are not saved. They are lost when you leave it."</p>
                <div class="flex flex-wrap justify-end gap-2">
                    <Button
                        label="Leave without saving"
                        look=Look::Danger
                        on_click=move || unsaved.leave()
                    />
                    <Button
                        label="Stay"
                        look=Look::Primary
                        on_click=move || unsaved.asking.set(false)
                    />
                </div>
            </div>
        </Dialog>
    }
}
