// A real Vendure with its seeded shop, and its staff at work.
import { fileURLToPath } from "node:url";
import { start } from "./program.ts";

const script = fileURLToPath(new URL("../vendure/start.mjs", import.meta.url));

export interface Variant {
  id: string;
  sku: string;
  /** In the shop's currency, whose amounts are its minor unit. */
  price: { amount_minor: number; currency: string };
  product: string;
}

export interface Vendure {
  url: string;
  username: string;
  password: string;
  /** Every variant it has, by its Admin API. */
  variants(): Promise<Variant[]>;
  /** Changes one variant's price, as staff do. */
  reprice(id: string, amountMinor: number): Promise<void>;
  /** A customer orders so many of a variant in the storefront, and pays. */
  buy(id: string, quantity: number): Promise<void>;
  stop(): Promise<void>;
}

interface Announced {
  url: string;
  admin_api: string;
  username: string;
  password: string;
}

interface Step {
  message?: string;
}

type Ask = <T>(query: string, variables: Record<string, unknown>) => Promise<T>;

/** Asks one of its APIs, as one and the same visitor or member of the staff. */
function client(api: string): Ask {
  let token = "";
  return async <T>(query: string, variables: Record<string, unknown>): Promise<T> => {
    const answer = await fetch(api, {
      method: "POST",
      headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ query, variables }),
    });
    token = answer.headers.get("vendure-auth-token") ?? token;
    const { data, errors } = (await answer.json()) as { data: T; errors?: unknown };
    if (errors !== undefined) throw new Error(`Vendure refused: ${JSON.stringify(errors)}`);
    return data;
  };
}

/** Starts it on the tests' PostgreSQL. */
export async function startVendure(): Promise<Vendure> {
  const database = process.env.DATABASE_URL;
  if (database === undefined) {
    throw new Error("There is no PostgreSQL for Vendure: run the tests under scripts/with-postgres.");
  }
  const program = await start({
    program: process.execPath,
    arguments: [script],
    env: { VENDURE_DATABASE_URL: database },
    ready: /^(\{"url".*\})$/,
  });
  const { url, admin_api, username, password } = JSON.parse(program.said) as Announced;
  const ask = client(admin_api);

  await ask(
    `mutation ($username: String!, $password: String!) {
      login(username: $username, password: $password) { __typename }
    }`,
    { username, password },
  );

  return {
    url,
    username,
    password,
    async variants() {
      interface Items {
        productVariants: {
          items: { id: string; sku: string; price: number; currencyCode: string; product: { name: string } }[];
        };
      }
      const { productVariants } = await ask<Items>(
        `{ productVariants(options: { take: 500 }) {
          items { id sku price currencyCode product { name } }
        } }`,
        {},
      );
      return productVariants.items.map(({ id, sku, price, currencyCode, product }) => ({
        id,
        sku,
        price: { amount_minor: price, currency: currencyCode },
        product: product.name,
      }));
    },
    async reprice(id, amountMinor) {
      await ask(
        `mutation ($input: [UpdateProductVariantInput!]!) {
          updateProductVariants(input: $input) { id }
        }`,
        { input: [{ id, price: amountMinor }] },
      );
    },
    async buy(id, quantity) {
      const shop = client(admin_api.replace("admin-api", "shop-api"));
      /** A step that answers with a type's name, the order's or an error's. */
      const step = async (operation: string, variables: Record<string, unknown> = {}) => {
        const [[name, answer] = []] = Object.entries(await shop<Record<string, Step>>(operation, variables));
        if (answer?.message !== undefined) throw new Error(`Vendure refused ${name}: ${answer.message}`);
      };
      const result = "{ __typename ... on ErrorResult { message } }";
      await step(
        `mutation ($id: ID!, $quantity: Int!) { addItemToOrder(productVariantId: $id, quantity: $quantity) ${result} }`,
        { id, quantity },
      );
      await step(`mutation ($input: CreateCustomerInput!) { setCustomerForOrder(input: $input) ${result} }`, {
        input: { firstName: "Jane", lastName: "Doe", emailAddress: "jane@doe.example" },
      });
      await step(`mutation ($input: CreateAddressInput!) { setOrderShippingAddress(input: $input) ${result} }`, {
        input: { fullName: "Jane Doe", streetLine1: "1 Made Up Street", city: "London", countryCode: "GB" },
      });
      const { eligibleShippingMethods } = await shop<{ eligibleShippingMethods: { id: string }[] }>(
        "{ eligibleShippingMethods { id } }",
        {},
      );
      await step(`mutation ($ids: [ID!]!) { setOrderShippingMethod(shippingMethodId: $ids) ${result} }`, {
        ids: eligibleShippingMethods.slice(0, 1).map((method) => method.id),
      });
      await step(`mutation { transitionOrderToState(state: "ArrangingPayment") ${result} }`);
      await step(
        `mutation { addPaymentToOrder(input: { method: "standard-payment", metadata: {} }) ${result} }`,
      );
    },
    stop: () => program.end("SIGTERM"),
  };
}
