// The made-up Shopify, Amazon and WooCommerce, steered as their merchants and customers would act.

/** The shop's address. */
export const SHOP = "sandbox.myshopify.com";
/** A custom app's token that the shop knows: it reads and writes products, and reads orders. */
export const TOKEN = "shpat_00000000000000000000000000000000";
/** Another one, which does nothing but read products. */
export const READING_TOKEN = "shpat_11111111111111111111111111111111";

/** A seller on amazon.de, and the refresh token that they have made. */
export const SELLER = "A2SANDBOX12345";
export const REFRESH_TOKEN = "Atzr|calibr-sandbox";

/** A key of the WooCommerce store. */
export const CONSUMER_KEY = "ck_0000000000000000000000000000000000000000";
export const CONSUMER_SECRET = "cs_0000000000000000000000000000000000000000";

/** What a platform does on a bad day, as the sandbox knows it. */
export interface Fault {
  kind: "slow" | "bad_token" | "server_error" | "malformed_lines";
  delay_milliseconds?: number;
  lines?: number[];
  status?: number;
  target?: "any" | "api" | "token" | "file";
  times?: number;
}

/** One thing on sale, as its store has it. */
export interface Good {
  /** The platform's name of it. */
  id: string;
  /** The platform's name of the product that it belongs to. */
  product: string;
  sku: string;
  /** The product's. */
  title: string;
  /** What a customer pays, as a decimal. */
  price: string;
}

/** One platform's store. */
export interface MadeUpStore {
  /** What it really has, by SKU. */
  truth(): Promise<Map<string, Good>>;
  /** Three things of ordinary products, one of each, whose SKU nothing else has. */
  goods(): Promise<[Good, Good, Good]>;
  /** Gives one another price, as its merchant would. */
  reprice(good: Good, price: string): Promise<void>;
  /** Gives its product another title. */
  retitle(good: Good, title: string): Promise<void>;
  /** A customer buys so many. */
  sell(good: Good, quantity: number): Promise<void>;
  /** Ends or stops all its subscriptions, without a word to who has them. */
  silence(): Promise<void>;
  /** Switches a fault on. */
  strike(fault: Fault): Promise<void>;
}

/** As the platforms' truths name it: Shopify and WooCommerce by id, Amazon by SKU. */
interface Line {
  id?: number;
  variant_id?: string;
  product_id?: number | string;
  sku: string | null;
  title: string;
  price: string | null;
}

/** The sandbox that listens at `url`. */
export class Sandbox {
  readonly shopify: MadeUpStore & { revoke(): Promise<void>; addToken(token: string, scopes: string[]): Promise<void> };
  readonly amazon: MadeUpStore & {
    /** How many prices it was asked about, and how many it was sent. */
    prices(): Promise<{ tried: number; sent: number }>;
  };
  readonly woocommerce: MadeUpStore & {
    url: string;
    /** Gives a record another form than agreed, as plugins do, or its own again. */
    misshape(good: Good, misshapen: boolean): Promise<void>;
  };

  constructor(readonly url: string) {
    const shop = `shopify/shops/${SHOP}`;
    this.shopify = {
      ...this.store(shop, {
        reprice: ({ id }, price) => ({ action: "update_variant", variant: id, price, compare_at_price: "" }),
        retitle: ({ product }, title) => ({ action: "update_product", product, title }),
        sell: ({ sku }, quantity) => this.ask("POST", `${shop}/orders`, { lines: [{ sku, quantity }] }),
      }),
      silence: () => this.ask("DELETE", `${shop}/subscriptions`),
      revoke: () => this.ask("POST", `${shop}/tokens/revoke`, {}),
      addToken: (token, scopes) => this.ask("POST", `${shop}/tokens`, { app: "calibr-sandbox", token, scopes }),
    };
    const seller = `amazon/sellers/${SELLER}`;
    this.amazon = {
      ...this.store(seller, {
        reprice: ({ sku }, price) => ({ action: "update", sku, price }),
        retitle: ({ sku }, title) => ({ action: "update", sku, title }),
        sell: ({ sku }, quantity) => this.ask("POST", `${seller}/orders`, { lines: [{ sku, quantity }] }),
      }),
      prices: async () => {
        const answer = await fetch(`${url}/_sandbox/${seller}/counters`);
        const counters = (await answer.json()) as { prices_tried: number; prices_sent: number };
        return { tried: counters.prices_tried, sent: counters.prices_sent };
      },
    };
    const woo = "woocommerce/stores/woo";
    this.woocommerce = {
      ...this.store(woo, {
        reprice: ({ id }, price) => ({
          action: "update_listing",
          listing: Number(id),
          regular_price: price,
          sale_price: "",
        }),
        retitle: ({ product }, title) => ({ action: "update_product", product: Number(product), title }),
        sell: ({ id }, quantity) =>
          this.ask("POST", `${woo}/changes`, { action: "place_order", lines: [[Number(id), quantity]] }),
      }),
      url: `${url}/woo`,
      misshape: ({ id }, misshapen) =>
        this.ask("POST", `${woo}/changes`, { action: "misshape", record: Number(id), misshapen }),
      silence: async () => {
        const key = new URLSearchParams({ consumer_key: CONSUMER_KEY, consumer_secret: CONSUMER_SECRET });
        const answer = await fetch(`${url}/woo/wp-json/wc/v3/webhooks?${key}`);
        const webhooks = (await answer.json()) as { id: number }[];
        for (const { id } of webhooks) await this.ask("PUT", `${woo}/webhooks/${id}/status`, { status: "disabled" });
      },
    };
  }

  /** Moves the platforms' clock on. */
  async advance(seconds: number): Promise<void> {
    await this.ask("POST", "clock/advance", { seconds });
  }

  /** How often an operation was asked for so far. */
  async calls(operation: string): Promise<number> {
    const answer = await fetch(`${this.url}/_sandbox/requests`);
    const { requests } = (await answer.json()) as { requests: { operation: string | null }[] };
    return requests.filter((request) => request.operation === operation).length;
  }

  private async ask(method: string, path: string, body?: object): Promise<void> {
    const answer = await fetch(`${this.url}/_sandbox/${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`The sandbox answered ${answer.status}: ${await answer.text()}`);
  }

  private store(
    path: string,
    say: {
      reprice(good: Good, price: string): object;
      retitle(good: Good, title: string): object;
      sell(good: Good, quantity: number): Promise<void>;
    },
  ): MadeUpStore {
    const lines = async (): Promise<Good[]> => {
      const answer = await (await fetch(`${this.url}/_sandbox/${path}/truth`)).text();
      const list: Line[] = answer.startsWith("[")
        ? JSON.parse(answer)
        : answer.split("\n").flatMap((line) => (line ? [JSON.parse(line) as Line] : []));
      return list.map(({ id, variant_id, product_id, sku, title, price }) => ({
        id: String(variant_id ?? id ?? sku),
        // Each listing on Amazon is a product of its own, and tells its variant in brackets.
        product: String(product_id ?? title.replace(/ \(.*\)$/, "")),
        sku: sku ?? "",
        title,
        price: price ?? "",
      }));
    };
    return {
      truth: async () => new Map((await lines()).map((good) => [good.sku, good])),
      goods: async () => ordinary(await lines()),
      reprice: (good, price) => this.ask("POST", `${path}/changes`, say.reprice(good, price)),
      retitle: (good, title) => this.ask("POST", `${path}/changes`, say.retitle(good, title)),
      sell: say.sell,
      silence: async () => {
        throw new Error("This platform has no subscriptions.");
      },
      strike: (fault) => this.ask("POST", `${path}/faults`, fault),
    };
  }
}

/** What a person would pick to try something with. */
function ordinary(all: Good[]): [Good, Good, Good] {
  const times = (of: "sku" | "product") => {
    const counts = new Map<string, number>();
    for (const good of all) counts.set(good[of], (counts.get(good[of]) ?? 0) + 1);
    return counts;
  };
  const [skus, products] = [times("sku"), times("product")];
  const taken = new Set<string>();
  const [first, second, third] = all.filter(({ sku, product, title, price }) => {
    const plain = /^[\x21-\x7e]+$/.test(sku) && /^[\x20-\x7e]{3,60}$/.test(title);
    const fits = plain && skus.get(sku) === 1 && (products.get(product) ?? 0) <= 12;
    if (!fits || taken.has(product) || Number(price) < 10 || Number(price) > 500) return false;
    taken.add(product);
    return true;
  });
  if (!first || !second || !third) throw new Error("The store has too few ordinary products.");
  return [first, second, third];
}
