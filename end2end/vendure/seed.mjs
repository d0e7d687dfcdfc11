// Fills the empty database SEED_DATABASE_URL with the shop that @vendure/create
// ships: 88 variants. Ends with its parent, which holds its standard input.

import { randomUUID } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';

import { seedFolder, vendureConfig } from './config.mjs';

const variantsOfTheSeed = 88;

process.stdin.resume().on('end', () => process.exit(1));

const { bootstrap, ProductVariant, TransactionalConnection } = await import('@vendure/core');
const { populate } = await import('@vendure/core/cli/index.js');

const config = vendureConfig({
    database: process.env.SEED_DATABASE_URL,
    synchronize: true,
    username: 'seed',
    password: randomUUID(),
});
const initialData = {
    ...JSON.parse(await fs.readFile(path.join(seedFolder, 'initial-data.json'), 'utf8')),
    // Would be filled by jobs that nobody here waits for.
    collections: [],
};
const app = await populate(() => bootstrap(config), initialData, path.join(seedFolder, 'products.csv'));

const variants = await app.get(TransactionalConnection).rawConnection.getRepository(ProductVariant).count();
await app.close();
if (variants !== variantsOfTheSeed) {
    process.stderr.write(`The seed of @vendure/create gave ${variants} variants, not ${variantsOfTheSeed}.\n`);
    process.exit(1);
}
process.exit(0);
