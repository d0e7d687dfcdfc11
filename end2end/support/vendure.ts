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
  stop(): Promise<void>;
}

interface Announced {
  url: string;
  admin_api: string;
  username: string;
  password: string;
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
  let token = "";

  async function ask<T>(query: string, variables: Record<string, unknown>): Promise<T> {
    const answer = await fetch(admin_api, {
      method: "POST",
      headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ query, variables }),
    });
    token = answer.headers.get("vendure-auth-token") ?? token;
    const { data, errors } = (await answer.json()) as { data: T; errors?: unknown };
    if (errors !== undefined) throw new Error(`Vendure refused: ${JSON.stringify(errors)}`);
    return data;
  }

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
    stop: () => program.end("SIGTERM"),
  };
}
