//! One seller at one of Amazon's stores.

use async_trait::async_trait;
use calibr_model::Currency;

use super::{
    api::Api,
    marketplace::Marketplace,
    operations::{Participation, Participations},
    record::At,
};
use crate::{
    catalogue::CatalogueSource,
    competitors::CompetitorSource,
    connector::{Store, StoreIdentity},
    error::{ConnectorError, Fault},
    items::ItemSource,
    orders::OrderSource,
    prices::PriceTarget,
    text,
    transport::retry::Patience,
};

/// A seller with credentials.
pub(super) struct AmazonStore {
    api: Api,
    at: At,
}

impl AmazonStore {
    pub(super) fn new(api: Api) -> Result<Self, ConnectorError> {
        let at = At {
            marketplace: api.marketplace.id,
            currency: read_currency(api.marketplace.currency)?,
        };
        Ok(Self { api, at })
    }

    pub(super) fn api(&self) -> &Api {
        &self.api
    }

    pub(super) fn at(&self) -> At {
        self.at
    }
}

#[async_trait]
impl Store for AmazonStore {
    async fn identify(&self) -> Result<StoreIdentity, ConnectorError> {
        let all = self.api.call(&Participations, Patience::PERSON).await?;
        identity(&all, self.api.marketplace)
    }

    fn catalogue(&self) -> &dyn CatalogueSource {
        self
    }

    fn prices(&self) -> Option<&dyn PriceTarget> {
        Some(self)
    }

    fn orders(&self) -> Option<&dyn OrderSource> {
        Some(self)
    }

    fn items(&self) -> Option<&dyn ItemSource> {
        Some(self)
    }

    fn competitors(&self) -> Option<&dyn CompetitorSource> {
        Some(self)
    }
}

fn identity(
    all: &[Participation],
    marketplace: &Marketplace,
) -> Result<StoreIdentity, ConnectorError> {
    let domain = marketplace.domain;
    let Some(here) = all.iter().find(|one| one.marketplace == marketplace.id) else {
        let known: Vec<&str> = all
            .iter()
            .filter(|one| one.participates)
            .filter_map(|one| Marketplace::of_id(&one.marketplace))
            .map(|store| store.domain)
            .collect();
        let elsewhere = if known.is_empty() {
            String::new()
        } else {
            format!(" It sells on {}.", known.join(", "))
        };
        return Err(ConnectorError::new(
            Fault::StoreGone,
            format!(
                "This seller account does not sell on {domain}.{elsewhere} Choose another store, \
                 or a seller account of the region {}.",
                marketplace.region.name()
            ),
        ));
    };
    if !here.participates {
        return Err(ConnectorError::new(
            Fault::StoreGone,
            format!(
                "This seller account is known on {domain} but does not take part in selling \
                 there. Activate the store in Seller Central, then try again."
            ),
        ));
    }
    let notice = here.suspended.then(|| {
        format!(
            "The listings on {domain} are suspended (on holiday, or by Amazon). They can be read, \
             but nobody can buy. Seller Central shows why."
        )
    });
    let name = match text::clean(here.store_name.as_str()).trim() {
        "" => domain.to_owned(),
        name => format!("{name} on {domain}"),
    };
    Ok(StoreIdentity {
        name,
        currency: read_currency(&here.currency)?,
        time_zone: None,
        api_version: "2021-08-01".to_owned(),
        notice,
    })
}

fn read_currency(code: &str) -> Result<Currency, ConnectorError> {
    code.parse().map_err(|error| {
        ConnectorError::new(
            Fault::Malformed,
            format!("Amazon named a currency that is none: {error}."),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn participation(id: &str, participates: bool, suspended: bool) -> Participation {
        Participation {
            marketplace: id.into(),
            domain: String::new(),
            currency: "EUR".into(),
            store_name: "Acme".into(),
            participates,
            suspended,
        }
    }

    const GERMANY: &str = "A1PA6795UKMFR9";

    fn identify(all: &[Participation]) -> Result<StoreIdentity, ConnectorError> {
        identity(all, Marketplace::of_id(GERMANY).unwrap())
    }

    #[test]
    fn a_seller_is_who_takes_part() {
        let found = identify(&[participation(GERMANY, true, false)]).unwrap();
        assert_eq!(
            (found.name.as_str(), found.notice),
            ("Acme on amazon.de", None)
        );
        let suspended = identify(&[participation(GERMANY, true, true)]).unwrap();
        assert!(suspended.notice.unwrap().contains("suspended"));
        let left = identify(&[participation(GERMANY, false, false)]).unwrap_err();
        assert!(left.message.contains("does not take part"), "{left}");
    }

    #[test]
    fn a_seller_of_another_store_is_told_where_they_sell() {
        let elsewhere = identify(&[participation("A13V1IB3VIYZZH", true, false)]).unwrap_err();
        assert_eq!(elsewhere.fault, Fault::StoreGone);
        insta::assert_snapshot!(elsewhere, @"This seller account does not sell on amazon.de. It sells on amazon.fr. Choose another store, or a seller account of the region Europe.");
        assert!(identify(&[]).is_err());
    }
}
