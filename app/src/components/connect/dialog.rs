use calibr_model::{platform::PlatformInfo, views::IntegrationView};
use leptos::prelude::*;

use super::{by_hand::ByHand, draft_name, one_click::OneClick, prefill};
use crate::{
    api,
    components::ui::{Dialog, TabPanel, Tabs},
    state::{Ask, Drafts, Project},
};

/// What is being connected.
#[derive(Clone)]
struct Target {
    platform: PlatformInfo,
    /// The store that is connected anew; none for a new one.
    reconnect: Option<IntegrationView>,
}

/// Opens the connect dialog from anywhere in a project.
#[derive(Clone, Copy)]
pub(crate) struct Connect {
    open: RwSignal<bool>,
    target: RwSignal<Option<Target>>,
}

impl Connect {
    /// A dialog that is closed.
    pub(crate) fn new() -> Self {
        Self {
            open: RwSignal::new(false),
            target: RwSignal::new(None),
        }
    }

    /// Connects a new store.
    pub(crate) fn store(self, platform: PlatformInfo) {
        self.target.set(Some(Target {
            platform,
            reconnect: None,
        }));
        self.open.set(true);
    }

    /// Connects a store of the project anew.
    pub(crate) fn anew(self, project: Project, integration: IntegrationView) {
        let platform = untrack(|| project.platform(&integration.platform));
        if let Some(platform) = platform {
            self.target.set(Some(Target {
                platform,
                reconnect: Some(integration),
            }));
            self.open.set(true);
        }
    }
}

/// The dialog in which a store is connected: in one click by the platform's own
/// consent page, or by hand with credentials.
#[component]
pub(crate) fn ConnectDialog() -> impl IntoView {
    let Connect { open, target } = expect_context::<Connect>();
    let drafts = expect_context::<Drafts>();
    let title = Signal::derive(move || {
        target.with(|target| match target {
            Some(Target {
                reconnect: Some(integration),
                ..
            }) => {
                format!("Reconnect {}", integration.name)
            }
            Some(Target { platform, .. }) => format!("Connect {}", platform.name),
            None => String::new(),
        })
    });
    let dirty = Signal::derive(move || {
        target.with(|target| {
            target.as_ref().is_some_and(|target| {
                drafts
                    .of(draft_name(
                        target.platform.id.as_str(),
                        target.reconnect.as_ref(),
                    ))
                    .is_dirty()
            })
        })
    });
    view! {
        <Dialog open title dirty>
            {move || target.get().map(|target| view! { <Ways target open /> })}
        </Dialog>
    }
}

#[component]
fn Ways(target: Target, open: RwSignal<bool>) -> impl IntoView {
    let Target {
        platform,
        reconnect,
    } = target;
    let draft = expect_context::<Drafts>().of(draft_name(platform.id.as_str(), reconnect.as_ref()));

    if let Some(integration) = &reconnect {
        let slug = expect_context::<Project>().slug();
        let (config_fields, one_click_fields) = (
            platform.config_fields.clone(),
            platform.one_click_fields.clone(),
        );
        Ask::here().send(
            api::integrations::integration_config(slug, integration.id),
            move |answer| {
                // Without an answer the fields stay empty: they can be typed.
                if let Ok(config) = answer {
                    prefill(draft, "config", &config_fields, &config);
                    prefill(draft, "one_click", &one_click_fields, &config);
                }
            },
        );
    }

    let has_one_click = !platform.one_click_fields.is_empty();
    let first = if platform.one_click_ready {
        ONE_CLICK
    } else {
        BY_HAND
    };
    let selected = RwSignal::new(first);
    let by_hand = {
        let platform = platform.clone();
        let reconnect = reconnect.clone();
        let autofocus = !has_one_click || first == BY_HAND;
        move || view! { <ByHand platform reconnect draft open autofocus /> }
    };
    if !has_one_click {
        return view! { <div class="overflow-y-auto px-6 pb-6">{by_hand()}</div> }.into_any();
    }
    view! {
        <div class="overflow-y-auto px-6 pb-6">
            <Tabs
                label="Ways to connect"
                stem="connect"
                tabs=vec![(ONE_CLICK, "One click"), (BY_HAND, "By hand")]
                selected
            />
            <div class="pt-5">
                <TabPanel stem="connect" key=ONE_CLICK selected>
                    <OneClick platform reconnect draft open />
                </TabPanel>
                <TabPanel stem="connect" key=BY_HAND selected>
                    {by_hand()}
                </TabPanel>
            </div>
        </div>
    }
    .into_any()
}

const ONE_CLICK: &str = "one-click";
const BY_HAND: &str = "by-hand";
