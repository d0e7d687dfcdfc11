//! Orders: placed by a customer in the shop, and what the staff do with them.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    RealVendure, VendureAdmin,
    client::{Client, text},
};
use crate::TestkitError;

/// An order placed by [`RealVendure::buy`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PlacedOrder {
    /// Vendure's id of it.
    pub id: String,
    /// What it is called by.
    pub code: String,
    /// Its lines, in the order in which they were put into the basket.
    pub lines: Vec<PlacedLine>,
}

/// A line of a [`PlacedOrder`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PlacedLine {
    /// Vendure's id of it.
    pub id: String,
    /// How many were bought.
    pub quantity: u32,
}

impl RealVendure {
    /// Buys variants, by id and quantity, as a customer called Jane Doe does in
    /// the storefront: basket, address, standard shipping, payment. The payment
    /// is authorized; [`VendureAdmin::settle_payments`] takes the money.
    ///
    /// # Errors
    /// [`TestkitError`] where Vendure refuses.
    pub async fn buy(&self, items: &[(&str, u32)]) -> Result<PlacedOrder, TestkitError> {
        let shop = Client::new(self.shop_api_url()?)?;
        for (variant, quantity) in items {
            let item = json!({ "variant": variant, "quantity": quantity });
            shop.run_for(
                ("addItemToOrder", "Order"),
                "mutation ($variant: ID!, $quantity: Int!) {
                    addItemToOrder(productVariantId: $variant, quantity: $quantity) {
                        __typename ... on ErrorResult { message }
                    }
                }",
                item,
            )
            .await?;
        }
        shop.run_for(
            ("setCustomerForOrder", "Order"),
            "mutation ($input: CreateCustomerInput!) {
                setCustomerForOrder(input: $input) { __typename ... on ErrorResult { message } }
            }",
            json!({ "input": {
                "firstName": "Jane", "lastName": "Doe", "emailAddress": "jane@doe.example",
            } }),
        )
        .await?;
        shop.run_for(
            ("setOrderShippingAddress", "Order"),
            "mutation ($input: CreateAddressInput!) {
                setOrderShippingAddress(input: $input) {
                    __typename ... on ErrorResult { message }
                }
            }",
            json!({ "input": {
                "fullName": "Jane Doe", "streetLine1": "1 Made Up Street", "city": "London",
                "countryCode": "GB",
            } }),
        )
        .await?;
        let methods = shop
            .run("{ eligibleShippingMethods { id } }", json!({}))
            .await?;
        shop.run_for(
            ("setOrderShippingMethod", "Order"),
            "mutation ($ids: [ID!]!) {
                setOrderShippingMethod(shippingMethodId: $ids) {
                    __typename ... on ErrorResult { message }
                }
            }",
            json!({ "ids": [text(&methods, "/eligibleShippingMethods/0/id")?] }),
        )
        .await?;
        shop.run_for(
            ("transitionOrderToState", "Order"),
            r#"mutation {
                transitionOrderToState(state: "ArrangingPayment") {
                    __typename ... on ErrorResult { message }
                }
            }"#,
            json!({}),
        )
        .await?;
        let placed = shop
            .run_for(
                ("addPaymentToOrder", "Order"),
                r#"mutation {
                    addPaymentToOrder(input: { method: "standard-payment", metadata: {} }) {
                        __typename
                        ... on Order { id code lines { id quantity } }
                        ... on ErrorResult { message }
                    }
                }"#,
                json!({}),
            )
            .await?;
        serde_json::from_value(placed.clone())
            .map_err(|_| TestkitError::Unexpected(placed.to_string()))
    }
}

impl VendureAdmin {
    /// Takes the money of an order's payments.
    ///
    /// # Errors
    /// [`TestkitError`] where Vendure refuses.
    pub async fn settle_payments(&self, order_id: &str) -> Result<(), TestkitError> {
        for payment in self.payments(order_id).await? {
            self.run_for(
                ("settlePayment", "Payment"),
                "mutation ($id: ID!) {
                    settlePayment(id: $id) { __typename ... on ErrorResult { message } }
                }",
                json!({ "id": payment }),
            )
            .await?;
        }
        Ok(())
    }

    /// Pays back `minor_units` of an order whose payment is settled, for
    /// lines by id and quantity, or for none in particular. The order itself
    /// stays as it is: see [`VendureAdmin::cancel_lines`].
    ///
    /// # Errors
    /// [`TestkitError`] where Vendure refuses.
    pub async fn refund(
        &self,
        order_id: &str,
        lines: &[(&str, u32)],
        minor_units: i64,
    ) -> Result<(), TestkitError> {
        let payments = self.payments(order_id).await?;
        self.run_for(
            ("refundOrder", "Refund"),
            "mutation ($input: RefundOrderInput!) {
                refundOrder(input: $input) { __typename ... on ErrorResult { message } }
            }",
            json!({ "input": {
                "paymentId": payments.first(), "lines": inputs(lines), "amount": minor_units,
                "shipping": 0, "adjustment": 0,
            } }),
        )
        .await
        .map(drop)
    }

    /// Takes units of lines off an order; their money stays where it is. With
    /// none left the order is cancelled.
    ///
    /// # Errors
    /// [`TestkitError`] where Vendure refuses.
    pub async fn cancel_lines(
        &self,
        order_id: &str,
        lines: &[(&str, u32)],
    ) -> Result<(), TestkitError> {
        self.cancel(json!({ "orderId": order_id, "lines": inputs(lines) }))
            .await
    }

    /// Cancels an order as a whole.
    ///
    /// # Errors
    /// [`TestkitError`] where Vendure refuses.
    pub async fn cancel_order(&self, order_id: &str) -> Result<(), TestkitError> {
        self.cancel(json!({ "orderId": order_id })).await
    }

    async fn cancel(&self, input: Value) -> Result<(), TestkitError> {
        self.run_for(
            ("cancelOrder", "Order"),
            "mutation ($input: CancelOrderInput!) {
                cancelOrder(input: $input) { __typename ... on ErrorResult { message } }
            }",
            json!({ "input": input }),
        )
        .await
        .map(drop)
    }

    async fn payments(&self, order_id: &str) -> Result<Vec<String>, TestkitError> {
        let data = self
            .run(
                "query ($id: ID!) { order(id: $id) { payments { id } } }",
                json!({ "id": order_id }),
            )
            .await?;
        let payments = data["order"]["payments"].as_array();
        payments
            .into_iter()
            .flatten()
            .map(|payment| text(payment, "/id"))
            .collect()
    }
}

fn inputs(lines: &[(&str, u32)]) -> Value {
    lines
        .iter()
        .map(|(line, quantity)| json!({ "orderLineId": line, "quantity": quantity }))
        .collect()
}
