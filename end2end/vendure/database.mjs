// Databases for the test shop: seeded once into a template, cloned for each
// server that starts.

import { createHash, randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import fs from 'node:fs/promises';

import pg from 'pg';

const here = (name) => new URL(name, import.meta.url);

async function connected(url, work) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
        return await work(client);
    } finally {
        await client.end();
    }
}

function withDatabase(url, name) {
    const changed = new URL(url);
    changed.pathname = `/${name}`;
    return changed.href;
}

const exists = async (client, name) =>
    (await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])).rowCount > 0;

// Named by all that makes the seed what it is: a change makes a new one.
async function templateName() {
    const hash = createHash('sha256');
    for (const file of ['package-lock.json', 'config.mjs', 'seed.mjs']) {
        hash.update(await fs.readFile(here(file)));
    }
    return `vendure_seed_${hash.digest('hex').slice(0, 16)}`;
}

async function seed(url) {
    const child = spawn(process.execPath, [here('seed.mjs').pathname], {
        env: { ...process.env, SEED_DATABASE_URL: url },
        stdio: ['pipe', process.stderr, process.stderr],
    });
    const code = await new Promise((resolve, reject) => child.on('error', reject).on('exit', resolve));
    if (code !== 0) {
        throw new Error('Vendure could not be seeded; what it said stands above.');
    }
}

// A template is renamed to its final name when it is complete, so that one
// whose seeding was cut is never taken for one.
async function ensureTemplate(client, serverUrl) {
    const name = await templateName();
    if (await exists(client, name)) {
        return name;
    }
    const unfinished = `${name}_unfinished`;
    await client.query(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${unfinished}`);
    await seed(withDatabase(serverUrl, unfinished));
    await client.query(`ALTER DATABASE ${unfinished} RENAME TO ${name}`);
    return name;
}

// Gives a seeded database on the server of serverUrl: { url, drop }. With a
// name it is kept between starts; without one it is new, and drop removes it.
export async function seededDatabase(serverUrl, keptName) {
    if (keptName !== undefined && !/^[a-z][a-z0-9_]{0,62}$/.test(keptName)) {
        throw new Error(`"${keptName}" is no name for a database: lower-case letters, digits and _ alone.`);
    }
    const name = keptName ?? `vendure_${randomBytes(8).toString('hex')}`;
    await connected(serverUrl, async (client) => {
        // One at a time: several tests may ask at once. The lock goes with the connection.
        await client.query(`SELECT pg_advisory_lock(hashtext('calibr vendure seed'))`);
        if (!(await exists(client, name))) {
            await client.query(`CREATE DATABASE ${name} TEMPLATE ${await ensureTemplate(client, serverUrl)}`);
        }
    });
    const drop = async () => {
        if (keptName === undefined) {
            await connected(serverUrl, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
        }
    };
    return { url: withDatabase(serverUrl, name), drop };
}
