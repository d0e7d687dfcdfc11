use leptos::prelude::*;

use crate::{
    components::ui::{Glyph, Icon, Menu, MenuLink},
    routes,
    state::{Address, Project, Session},
    text::number::grouped,
};

/// The navigation of a project: which one it is, and its pages.
#[component]
pub(crate) fn Side() -> impl IntoView {
    let project = expect_context::<Project>();
    let slug = project.slug();
    let slug = slug.as_str();
    view! {
        <div class="flex h-full flex-col gap-4 overflow-y-auto p-3">
            <Switcher />
            <nav aria-label="Main">
                <ul class="grid gap-0.5">
                    <Entry href=routes::integrations(slug) icon=Icon::Plug words="Integrations" />
                    <Entry href=routes::products(slug) icon=Icon::Box words="Products" />
                    <Entry href=routes::prices(slug) icon=Icon::Tag words="Prices" />
                    <Entry
                        href=routes::conflicts(slug)
                        icon=Icon::Swap
                        words="Conflicts"
                        open=Signal::derive(move || project.open_conflicts(None))
                    />
                </ul>
            </nav>
        </div>
    }
}

#[component]
fn Entry(
    href: String,
    icon: Icon,
    words: &'static str,
    /// How much on the page waits for somebody.
    #[prop(optional, into)]
    open: Signal<i64>,
) -> impl IntoView {
    let badge = move || {
        let open = open.get();
        (open > 0).then(|| {
            view! {
                <span class="badge" aria-hidden="true">{briefly(open)}</span>
                <span class="sr-only">{format!("{} open", grouped(open))}</span>
            }
        })
    };
    let Address { path, .. } = expect_context();
    let here = {
        let href = href.clone();
        Memo::new(move |_| path.with(|path| path.starts_with(&href)))
    };
    view! {
        <li>
            <a
                href=href
                class="flex h-9 items-center gap-3 rounded-control px-2.5 font-medium"
                class=("bg-accent-soft", move || here.get())
                class=("text-link", move || here.get())
                class=("text-quiet", move || !here.get())
                class=("hover:bg-hover", move || !here.get())
                class=("hover:text-text", move || !here.get())
                aria-current=move || here.get().then_some("page")
            >
                <Glyph icon class="size-[1.125rem]" />
                {words}
                {badge}
            </a>
        </li>
    }
}

/// A number that fits into a badge.
fn briefly(number: i64) -> String {
    if number > 999 {
        "999+".to_owned()
    } else {
        grouped(number)
    }
}

/// The open project's name; a menu of all where there are several.
#[component]
fn Switcher() -> impl IntoView {
    let project = expect_context::<Project>();
    let own = project.slug();
    let memberships = expect_context::<Session>()
        .me()
        .map(|me| me.projects)
        .unwrap_or_default();
    let name = project.name();
    if memberships.len() < 2 {
        return view! { <div class="px-1 py-1"><ProjectName name /></div> }.into_any();
    }
    let face = move || {
        view! {
            <ProjectName name=name.clone() />
            <span class="sr-only">", switch project"</span>
            <Glyph icon=Icon::ChevronsUpDown class="text-quiet" />
        }
    };
    view! {
        <Menu
            label="Switch project"
            worded=true
            class="flex w-full items-center justify-between gap-2 rounded-control p-1 text-left hover:bg-hover"
            face
        >
            {memberships
                .into_iter()
                .map(|membership| {
                    let project = membership.project;
                    let is_open = project.slug == own;
                    view! {
                        <MenuLink href=routes::integrations(project.slug.as_str())>
                            <ProjectName name=project.name />
                            {is_open
                                .then(|| {
                                    let class = "ml-auto";
                                    view! { <Glyph icon=Icon::Check class /> }
                                })}
                        </MenuLink>
                    }
                })
                .collect_view()}
        </Menu>
    }
    .into_any()
}

#[component]
fn ProjectName(name: String) -> impl IntoView {
    let initial = name.chars().next();
    view! {
        <span class="flex min-w-0 items-center gap-2.5">
            <span
                class="grid size-7 shrink-0 place-items-center rounded-control bg-accent text-sm font-semibold text-on-accent uppercase"
                aria-hidden="true"
            >
                {initial}
            </span>
            <span class="truncate font-semibold" dir="auto">{name}</span>
        </span>
    }
}
