//! Pages whose code the browser loads when one of them is opened first: what
//! every visit needs stays small, however many pages there are.

use leptos::{prelude::*, task::spawn_local};

use super::{
    NewPrices, PricePush, Prices, ProductDetail, Products, SyncHistory, SyncRun, Webhooks,
};

use crate::routes::ProjectPlace;

/// What makes the page of an address.
type Make = fn(ProjectPlace) -> AnyView;

/// A piece of code that is loaded by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    Catalogue,
    Prices,
    Syncs,
    Webhooks,
}

impl Code {
    /// What an address needs, where it needs more than is there.
    pub(crate) const fn of(place: &ProjectPlace) -> Option<Self> {
        match place {
            ProjectPlace::Products | ProjectPlace::Product(_) => Some(Self::Catalogue),
            ProjectPlace::Prices | ProjectPlace::NewPrices | ProjectPlace::PricePush(_) => {
                Some(Self::Prices)
            }
            ProjectPlace::History(_) | ProjectPlace::Run(..) => Some(Self::Syncs),
            ProjectPlace::Webhooks(_) => Some(Self::Webhooks),
            _ => None,
        }
    }

    async fn load(self) -> Make {
        match self {
            Self::Catalogue => catalogue_code().await,
            Self::Prices => prices_code().await,
            Self::Syncs => syncs_code().await,
            Self::Webhooks => webhooks_code().await,
        }
    }
}

#[lazy]
fn catalogue_code() -> Make {
    |place| match place {
        ProjectPlace::Product(id) => view! { <ProductDetail id /> }.into_any(),
        _ => view! { <Products /> }.into_any(),
    }
}

#[lazy]
fn prices_code() -> Make {
    |place| match place {
        ProjectPlace::PricePush(id) => view! { <PricePush id /> }.into_any(),
        ProjectPlace::NewPrices => view! { <NewPrices /> }.into_any(),
        _ => view! { <Prices /> }.into_any(),
    }
}

#[lazy]
fn syncs_code() -> Make {
    |place| match place {
        ProjectPlace::Run(store, id) => view! { <SyncRun store id /> }.into_any(),
        ProjectPlace::History(id) => view! { <SyncHistory id /> }.into_any(),
        _ => ().into_any(),
    }
}

#[lazy]
fn webhooks_code() -> Make {
    |place| match place {
        ProjectPlace::Webhooks(id) => view! { <Webhooks id /> }.into_any(),
        _ => ().into_any(),
    }
}

/// The page of an address, once its code is there.
pub(crate) fn later(place: ProjectPlace, code: Code) -> AnyView {
    let make = RwSignal::new(None::<Make>);
    spawn_local(async move { make.set(Some(code.load().await)) });
    (move || make.get().map(|make| make(place.clone()))).into_any()
}
