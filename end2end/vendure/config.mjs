// The configuration of the test shop: a Vendure server as a merchant would run
// it, on loopback, with the pictures of its seed served from the npm package.

import { createRequire } from 'node:module';
import path from 'node:path';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import fs from 'node:fs/promises';

// Read once when @vendure/core is loaded: nothing is sent from a test.
process.env.VENDURE_DISABLE_TELEMETRY = 'true';

const require = createRequire(import.meta.url);
export const seedFolder = path.join(path.dirname(require.resolve('@vendure/create/package.json')), 'assets');
const picturesFolder = path.join(seedFolder, 'images');

// Standard output is for the lines that the test reads.
const silent = () => {};
const logger = {
    error: (message, context) => process.stderr.write(`[vendure] ${context ?? ''} ${message}\n`),
    warn: silent,
    info: silent,
    verbose: silent,
    debug: silent,
};

// An asset is known by its file name among the seed's pictures; nothing is
// written, and a picture is its own preview.
const assetOptions = {
    assetNamingStrategy: {
        generateSourceFileName: (_context, original) => original,
        generatePreviewFileName: (_context, original) => original,
    },
    assetPreviewStrategy: { generatePreviewImage: (_context, _type, data) => data },
    assetStorageStrategy: {
        writeFileFromBuffer: async (fileName) => fileName,
        writeFileFromStream: async (fileName, stream) => {
            await finished(Readable.from(stream).resume());
            return fileName;
        },
        readFileToBuffer: (identifier) => fs.readFile(path.join(picturesFolder, identifier)),
        readFileToStream: async (identifier) => Readable.from(await fs.readFile(path.join(picturesFolder, identifier))),
        deleteFile: async () => {},
        fileExists: async () => false,
        toAbsoluteUrl: (request, identifier) => `${request.protocol}://${request.get('host')}/pictures/${identifier}`,
    },
};

const pictures = {
    route: 'pictures',
    handler: (request, response) => response.sendFile(path.basename(request.path), { root: picturesFolder }),
};

// The payment that Vendure ships for trying a shop out. Vendure itself is
// loaded only here: it reads the variable above when it is.
const paymentOptions = () => ({ paymentMethodHandlers: [require('@vendure/core').dummyPaymentHandler] });

// options: database (connection URL), synchronize, port, username, password,
// tokenMethod (a list), listLimit (most rows a query may take).
export function vendureConfig(options) {
    return {
        logger,
        apiOptions: {
            hostname: '127.0.0.1',
            port: options.port ?? 0,
            cors: false,
            adminListQueryLimit: options.listLimit ?? 1000,
            middleware: [pictures],
        },
        authOptions: {
            tokenMethod: options.tokenMethod ?? ['bearer', 'api-key'],
            superadminCredentials: { identifier: options.username, password: options.password },
        },
        dbConnectionOptions: { type: 'postgres', url: options.database, synchronize: options.synchronize ?? false },
        importExportOptions: { importAssetsDir: picturesFolder },
        assetOptions,
        paymentOptions: paymentOptions(),
    };
}
