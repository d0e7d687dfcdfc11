// Starts a Vendure server with its seeded shop on a database of its own. See
// README.md for the environment it reads and the line it prints.

import { randomBytes } from 'node:crypto';
import readline from 'node:readline';

import { vendureConfig } from './config.mjs';
import { seededDatabase } from './database.mjs';

// What libraries warn each other of is no business of a test's.
process.noDeprecation = true;

const environment = process.env;
const serverUrl = environment.VENDURE_DATABASE_URL;
if (!serverUrl) {
    process.stderr.write('VENDURE_DATABASE_URL is missing: give the URL of a PostgreSQL superuser.\n');
    process.exit(2);
}
const username = environment.VENDURE_SUPERADMIN_USERNAME || 'superadmin';
const password = environment.VENDURE_SUPERADMIN_PASSWORD || randomBytes(12).toString('hex');
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

let app;
let database;
let stopping = false;

async function stop() {
    if (stopping) {
        return;
    }
    stopping = true;
    // Whatever hangs, such as a PostgreSQL that is gone: never outlive the test.
    setTimeout(() => process.exit(1), 10_000).unref();
    await app?.close().catch(() => {});
    await database?.drop().catch(() => {});
    process.exit(0);
}

// What a test can ask for, a word a line, beyond what the admin API offers.
const commands = {
    // Signs everybody out, as when sessions run out or an operator ends them.
    async 'end-sessions'() {
        const { RequestContextService, SessionService, TransactionalConnection, User } = core;
        const context = await app.get(RequestContextService).create({ apiType: 'admin' });
        const users = await app.get(TransactionalConnection).rawConnection.getRepository(User).find();
        for (const user of users) {
            await app.get(SessionService).deleteSessionsByUser(context, user);
        }
    },
};

async function obey(line) {
    const command = commands[line.trim()];
    try {
        if (!command || !app) {
            throw new Error(app ? `there is no command "${line}"` : 'the server is not ready yet');
        }
        await command();
        say({ done: line.trim() });
    } catch (error) {
        say({ failed: line.trim(), message: error.message });
    }
}

// A test that ends, however it ends, closes its side of the pipe.
readline.createInterface({ input: process.stdin }).on('line', obey).on('close', stop);
process.on('SIGTERM', stop);
process.on('SIGINT', stop);

const core = await import('@vendure/core');
try {
    database = await seededDatabase(serverUrl, environment.VENDURE_DATABASE || undefined);
    app = await core.bootstrap(
        vendureConfig({
            database: database.url,
            port: Number(environment.VENDURE_PORT || 0),
            username,
            password,
            tokenMethod: environment.VENDURE_TOKEN_METHOD?.split(','),
            listLimit: environment.VENDURE_LIST_LIMIT && Number(environment.VENDURE_LIST_LIMIT),
        }),
    );
    await app.get(core.JobQueueService).start();
} catch (error) {
    process.stderr.write(`Vendure did not start: ${error.message}\n`);
    await database?.drop().catch(() => {});
    process.exit(1);
}
const url = `http://127.0.0.1:${app.getHttpServer().address().port}`;
say({ url, admin_api: `${url}/admin-api`, username, password });
