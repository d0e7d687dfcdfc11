//! The shop's own staff: changes made on Vendure's side while Calibr looks on.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use url::Url;

use super::client::{Client, text};
use crate::TestkitError;

/// A signed-in administrator of a [`super::RealVendure`].
#[derive(Debug)]
pub struct VendureAdmin {
    client: Client,
}

/// A product made by [`VendureAdmin::create_product`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedProduct {
    /// Vendure's id of the product.
    pub product_id: String,
    /// Vendure's id of its only variant.
    pub variant_id: String,
}

impl VendureAdmin {
    pub(super) async fn sign_in(
        address: Url,
        username: &str,
        password: &str,
    ) -> Result<Self, TestkitError> {
        let client = Client::new(address)?;
        let data = client
            .run(
                "mutation ($username: String!, $password: String!) {
                    login(username: $username, password: $password) { __typename }
                }",
                json!({ "username": username, "password": password }),
            )
            .await?;
        if client.has_session() {
            Ok(Self { client })
        } else {
            Err(TestkitError::Unexpected(data.to_string()))
        }
    }

    /// Runs any operation and gives its `data`.
    ///
    /// # Errors
    /// [`TestkitError::Unexpected`] where Vendure answers with errors.
    pub async fn run(&self, operation: &str, variables: Value) -> Result<Value, TestkitError> {
        self.client.run(operation, variables).await
    }

    /// As [`Self::run`], for what gives, under a name, a type or one of
    /// Vendure's error results.
    pub(super) async fn run_for(
        &self,
        wanted: (&str, &str),
        operation: &str,
        variables: Value,
    ) -> Result<Value, TestkitError> {
        self.client.run_for(wanted, operation, variables).await
    }

    /// How many variants the shop has, those not on sale included.
    ///
    /// # Errors
    /// [`TestkitError`] where Vendure refuses.
    pub async fn variant_count(&self) -> Result<u64, TestkitError> {
        let data = self
            .run(
                "{ productVariants(options: { take: 1 }) { totalItems } }",
                json!({}),
            )
            .await?;
        data["productVariants"]["totalItems"]
            .as_u64()
            .ok_or_else(|| TestkitError::Unexpected(data.to_string()))
    }

    /// The id of the variant with this SKU.
    ///
    /// # Errors
    /// [`TestkitError`] where there is none.
    pub async fn variant_id(&self, sku: &str) -> Result<String, TestkitError> {
        let data = self
            .run(
                "query ($sku: String!) {
                    productVariants(options: { filter: { sku: { eq: $sku } } }) { items { id } }
                }",
                json!({ "sku": sku }),
            )
            .await?;
        text(&data, "/productVariants/items/0/id")
    }

    /// The id of the product that a variant belongs to.
    ///
    /// # Errors
    /// [`TestkitError`] where there is no such variant.
    pub async fn product_of(&self, variant_id: &str) -> Result<String, TestkitError> {
        let data = self
            .run(
                "query ($id: ID!) { productVariant(id: $id) { productId } }",
                json!({ "id": variant_id }),
            )
            .await?;
        text(&data, "/productVariant/productId")
    }

    /// Changes fields of a variant, as Vendure's `UpdateProductVariantInput`
    /// names them.
    ///
    /// # Errors
    /// [`TestkitError`] where Vendure refuses.
    pub async fn update_variant(&self, id: &str, fields: Value) -> Result<(), TestkitError> {
        let mut input = fields;
        input["id"] = json!(id);
        self.run(
            "mutation ($input: [UpdateProductVariantInput!]!) {
                updateProductVariants(input: $input) { id }
            }",
            json!({ "input": [input] }),
        )
        .await
        .map(drop)
    }

    /// Sets a variant's price in minor units of the channel's currency.
    ///
    /// # Errors
    /// [`TestkitError`] where Vendure refuses.
    pub async fn set_price(&self, variant_id: &str, minor_units: i64) -> Result<(), TestkitError> {
        self.update_variant(variant_id, json!({ "price": minor_units }))
            .await
    }

    /// Changes fields of a product, as Vendure's `UpdateProductInput` names
    /// them.
    ///
    /// # Errors
    /// [`TestkitError`] where Vendure refuses.
    pub async fn update_product(&self, id: &str, fields: Value) -> Result<(), TestkitError> {
        let mut input = fields;
        input["id"] = json!(id);
        self.run(
            "mutation ($input: UpdateProductInput!) { updateProduct(input: $input) { id } }",
            json!({ "input": input }),
        )
        .await
        .map(drop)
    }

    /// Gives a product another name.
    ///
    /// # Errors
    /// [`TestkitError`] where Vendure refuses.
    pub async fn rename_product(&self, id: &str, name: &str) -> Result<(), TestkitError> {
        let translations = json!([{ "languageCode": "en", "name": name }]);
        self.update_product(id, json!({ "translations": translations }))
            .await
    }

    /// Makes a product with one variant.
    ///
    /// # Errors
    /// [`TestkitError`] where Vendure refuses.
    pub async fn create_product(
        &self,
        name: &str,
        sku: &str,
        minor_units: i64,
    ) -> Result<CreatedProduct, TestkitError> {
        let named = json!({ "languageCode": "en", "name": name });
        let mut described = named.clone();
        described["slug"] = json!(sku.to_lowercase());
        described["description"] = json!("");
        let product = self
            .run(
                "mutation ($input: CreateProductInput!) { createProduct(input: $input) { id } }",
                json!({ "input": { "translations": [described] } }),
            )
            .await?;
        let product_id = text(&product, "/createProduct/id")?;
        let variant = self
            .run(
                "mutation ($input: [CreateProductVariantInput!]!) {
                    createProductVariants(input: $input) { id }
                }",
                json!({ "input": [{
                    "productId": product_id,
                    "sku": sku,
                    "price": minor_units,
                    "translations": [named],
                }] }),
            )
            .await?;
        Ok(CreatedProduct {
            product_id,
            variant_id: text(&variant, "/createProductVariants/0/id")?,
        })
    }

    /// What the staff entered as a variant's prices, by currency, in minor
    /// units.
    ///
    /// # Errors
    /// [`TestkitError`] where there is no such variant.
    pub async fn prices(&self, variant_id: &str) -> Result<BTreeMap<String, i64>, TestkitError> {
        let data = self
            .run(
                "query ($id: ID!) { productVariant(id: $id) { prices { currencyCode price } } }",
                json!({ "id": variant_id }),
            )
            .await?;
        let prices = data["productVariant"]["prices"].as_array();
        prices
            .ok_or_else(|| TestkitError::Unexpected(data.to_string()))?
            .iter()
            .map(|price| {
                let amount = price["price"].as_i64();
                let amount = amount.ok_or_else(|| TestkitError::Unexpected(price.to_string()))?;
                Ok((text(price, "/currencyCode")?, amount))
            })
            .collect()
    }

    /// Deletes a variant.
    ///
    /// # Errors
    /// [`TestkitError`] where Vendure refuses.
    pub async fn delete_variant(&self, id: &str) -> Result<(), TestkitError> {
        let data = self
            .run(
                "mutation ($id: ID!) { deleteProductVariant(id: $id) { result } }",
                json!({ "id": id }),
            )
            .await?;
        match data["deleteProductVariant"]["result"].as_str() {
            Some("DELETED") => Ok(()),
            _ => Err(TestkitError::Unexpected(data.to_string())),
        }
    }

    /// Makes an administrator with these of Vendure's permissions, by a role
    /// called like them.
    ///
    /// # Errors
    /// [`TestkitError`] where Vendure refuses.
    pub async fn create_administrator(
        &self,
        username: &str,
        password: &str,
        permissions: &[&str],
    ) -> Result<(), TestkitError> {
        let role = self
            .run(
                "mutation ($input: CreateRoleInput!) { createRole(input: $input) { id } }",
                json!({ "input": {
                    "code": username, "description": username, "permissions": permissions,
                } }),
            )
            .await?;
        self.run(
            "mutation ($input: CreateAdministratorInput!) {
                createAdministrator(input: $input) { id }
            }",
            json!({ "input": {
                "firstName": username, "lastName": username, "emailAddress": username,
                "password": password, "roleIds": [text(&role, "/createRole/id")?],
            } }),
        )
        .await
        .map(drop)
    }

    /// Makes an API key with the permissions of one of the shop's roles:
    /// `inventory-manager` may read the catalogue, `order-manager` may not.
    ///
    /// # Errors
    /// [`TestkitError`] where Vendure refuses.
    pub async fn create_api_key(&self, role_code: &str) -> Result<String, TestkitError> {
        let roles = self
            .run(
                "query ($code: String!) {
                    roles(options: { filter: { code: { eq: $code } } }) { items { id } }
                }",
                json!({ "code": role_code }),
            )
            .await?;
        let key = self
            .run(
                "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey } }",
                json!({ "input": {
                    "roleIds": [text(&roles, "/roles/items/0/id")?],
                    "translations": [{ "languageCode": "en", "name": "Calibr" }],
                } }),
            )
            .await?;
        text(&key, "/createApiKey/apiKey")
    }
}
