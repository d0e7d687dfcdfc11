use calibr_model::views::ItemFailureView;
use leptos::prelude::*;

use crate::{
    components::ui::{Button, Column, Look, Size, pill},
    routes,
    state::Project,
    text::words::failure_kind,
};

pub(super) const COLUMNS: &[Column] = &[
    Column::text("Item"),
    Column::text("What is wrong"),
    Column::text("Now"),
    Column::number("In a row"),
    Column::number("Actions"),
];

/// What an item is called: its label, or its id where it has none.
pub(super) fn name_of(failure: &ItemFailureView) -> String {
    let id = failure.external_id.as_deref().map(short);
    let name = failure.label.as_deref().or(id);
    name.unwrap_or("An item that could not be read").to_owned()
}

/// What tells an id from others of its kind: Shopify writes the kind before it,
/// as in `gid://shopify/Product/42`.
fn short(id: &str) -> &str {
    match id.strip_prefix("gid://") {
        Some(path) => path.rsplit('/').next().unwrap_or(id),
        None => id,
    }
}

/// One failure.
#[component]
pub(super) fn Row(
    failure: ItemFailureView,
    open: RwSignal<Option<ItemFailureView>>,
) -> impl IntoView {
    let slug = expect_context::<Project>().slug();
    let name = name_of(&failure);
    let shown = failure.clone();
    let ItemFailureView {
        kind,
        external_id,
        label,
        product_id,
        code,
        message,
        class,
        state,
        attempts,
        ..
    } = failure;
    let id = external_id.filter(|_| label.is_some());
    let id = id.as_deref().map(|id| short(id).to_owned());
    let named = match product_id {
        Some(product) => {
            let href = routes::product(slug.as_str(), product);
            view! { <a class="link font-medium wrap-anywhere" dir="auto" href=href>{name.clone()}</a> }
                .into_any()
        }
        None => view! { <span dir="auto" class="font-medium wrap-anywhere">{name.clone()}</span> }
            .into_any(),
    };
    let details_of = format!("Details of {name}");
    view! {
        <tr>
            <td data-wide="" class="align-top md:min-w-44">
                <p>{named}</p>
                <p class="text-xs text-quiet wrap-anywhere">
                    {failure_kind(kind)}
                    {id.map(|id| view! { " " <span class="font-mono">{id}</span> })}
                </p>
            </td>
            <td data-wide="" class="align-top">
                <p class="line-clamp-3 wrap-anywhere">{message}</p>
                <p class="font-mono text-xs text-quiet wrap-anywhere">{code}</p>
            </td>
            <td class="align-top">
                <span class="flex flex-wrap gap-1.5">{pill(class)} {pill(state)}</span>
            </td>
            <td class="num align-top" data-label="In a row" data-end="">{attempts}</td>
            <td data-wide="" class="align-top">
                <span class="-my-1 flex max-md:-mx-3 md:-mr-3 md:justify-end">
                    <Button
                        label="Details"
                        spoken=details_of
                        look=Look::Quiet
                        size=Size::Small
                        on_click=move || open.set(Some(shown.clone()))
                    />
                </span>
            </td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_told_without_what_all_of_its_kind_have_in_common() {
        for (id, told) in [
            ("gid://shopify/Product/42", "42"),
            ("42", "42"),
            ("SKU/with/slashes", "SKU/with/slashes"),
        ] {
            assert_eq!(short(id), told);
        }
    }
}
