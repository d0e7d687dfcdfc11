//! The environment variables this program reads: one table, from which reading, `--help` and the
//! operator's documentation are all made.

use std::fmt::Write as _;

/// One environment variable.
#[derive(Debug)]
pub(crate) struct Variable {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it is for, and what it may hold.
    pub(crate) help: &'static str,
    /// What holds where it is not set, in words; empty where nothing does.
    pub(crate) default: &'static str,
    /// An example for messages about a wrong value; never a secret.
    pub(crate) example: &'static str,
}

/// The database.
pub(crate) const DATABASE_URL: Variable = Variable {
    name: "DATABASE_URL",
    help: "PostgreSQL 15 or newer to work on, as a role that owns the database. Calibr makes its own role \
           there and works under it",
    default: "a PostgreSQL of Calibr's own in the data directory",
    example: "postgres://calibr:PASSWORD@db.internal:5432/calibr",
};
/// Several master keys.
pub(crate) const ENCRYPTION_KEYS: Variable = Variable {
    name: "ENCRYPTION_KEYS",
    help: "Master keys that seal the stores' credentials, separated by commas; the first one seals what is new. \
           `calibr keys generate` makes one",
    default: "the file encryption.keys in the data directory, made at the first start; none with DATABASE_URL",
    example: "k1:BASE64,k0:BASE64",
};
/// One master key.
pub(crate) const ENCRYPTION_KEY: Variable = Variable {
    name: "ENCRYPTION_KEY",
    help: "One master key, in place of ENCRYPTION_KEYS",
    default: "",
    example: "64 hexadecimal digits",
};
/// A file with master keys.
pub(crate) const ENCRYPTION_KEY_FILE: Variable = Variable {
    name: "ENCRYPTION_KEY_FILE",
    help: "A file that holds what ENCRYPTION_KEYS would, one key a line, readable by Calibr's user alone",
    default: "",
    example: "/run/secrets/calibr.keys",
};
/// Where people reach the console.
pub(crate) const PUBLIC_URL: Variable = Variable {
    name: "PUBLIC_URL",
    help: "The address that people and platforms reach the console at. With https, cookies are for https alone",
    default: "http:// and the address that is listened on",
    example: "https://calibr.acme.example",
};
/// Proxies in front.
pub(crate) const TRUSTED_PROXIES: Variable = Variable {
    name: "TRUSTED_PROXIES",
    help: "Addresses and networks of the proxies in front, separated by commas. Their X-Forwarded-For is believed, \
           nobody else's",
    default: "none",
    example: "10.0.0.5,192.168.0.0/16",
};
/// How often somebody may ask.
pub(crate) const REQUESTS_PER_MINUTE: Variable = Variable {
    name: "REQUESTS_PER_MINUTE",
    help: "How many requests a signed-in person, or an address where nobody is signed in, may make in a minute",
    default: "100",
    example: "a whole number from 1 up",
};
/// How often somebody may try to sign in.
pub(crate) const SIGN_INS_PER_MINUTE: Variable = Variable {
    name: "SIGN_INS_PER_MINUTE",
    help: "How many times an address may try to sign in in a minute",
    default: "10",
    example: "a whole number from 1 up",
};
/// Shopify app's key.
pub(crate) const SHOPIFY_API_KEY: Variable = Variable {
    name: "SHOPIFY_API_KEY",
    help: "Client id of your Shopify app, for one-click connect. Its redirect URL is PUBLIC_URL followed by \
           /api/oauth/shopify/callback",
    default: "one-click connect for Shopify is off",
    example: "the client id that the app's page in Shopify shows",
};
/// Shopify app's secret.
pub(crate) const SHOPIFY_API_SECRET: Variable = Variable {
    name: "SHOPIFY_API_SECRET",
    help: "Client secret of that app",
    default: "",
    example: "the client secret that the app's page in Shopify shows",
};
/// Where Shopify is.
pub(crate) const SHOPIFY_BASE_URL: Variable = Variable {
    name: "SHOPIFY_BASE_URL",
    help: "Where Shopify's shops are reached, if not at Shopify; {shop} stands for the shop's domain",
    default: "https://{shop}",
    example: "http://127.0.0.1:4010/{shop}",
};
/// The Amazon application's id.
pub(crate) const AMAZON_APPLICATION_ID: Variable = Variable {
    name: "AMAZON_APPLICATION_ID",
    help: "Id of your Selling Partner API application, for one-click connect. Its OAuth redirect URI is PUBLIC_URL \
           followed by /api/oauth/amazon/callback",
    default: "one-click connect for Amazon is off",
    example: "amzn1.sp.solution. and what follows it in Amazon's developer console",
};
/// The Amazon application's client id.
pub(crate) const AMAZON_CLIENT_ID: Variable = Variable {
    name: "AMAZON_CLIENT_ID",
    help: "LWA client id of that application",
    default: "sellers connect with the client id and secret of a private application of their own",
    example: "amzn1.application-oa2-client. and what follows it in Amazon's developer console",
};
/// The Amazon application's secret.
pub(crate) const AMAZON_CLIENT_SECRET: Variable = Variable {
    name: "AMAZON_CLIENT_SECRET",
    help: "LWA client secret of that application. Amazon lets it run out after 180 days",
    default: "",
    example: "the client secret that Amazon's developer console shows",
};
/// Where Login with Amazon is.
pub(crate) const AMAZON_LWA_URL: Variable = Variable {
    name: "AMAZON_LWA_URL",
    help: "Where Login with Amazon and its consent page are reached, if not at Amazon",
    default: "https://api.amazon.com, and Seller Central of each country",
    example: "http://127.0.0.1:4010/amazon",
};
/// Where the Selling Partner API is.
pub(crate) const AMAZON_API_URL: Variable = Variable {
    name: "AMAZON_API_URL",
    help: "Where the Selling Partner API is reached, if not at Amazon; {region} stands for na, eu or fe",
    default: "https://sellingpartnerapi-{region}.amazon.com",
    example: "http://127.0.0.1:4010/amazon/{region}",
};
/// Further certificates.
pub(crate) const OUTBOUND_CA_FILE: Variable = Variable {
    name: "OUTBOUND_CA_FILE",
    help: "Certificates in PEM that are trusted beside the system's own when stores are called",
    default: "",
    example: "/etc/ssl/certs/acme-ca.pem",
};
/// What may be called inside.
pub(crate) const OUTBOUND_ALLOW: Variable = Variable {
    name: "OUTBOUND_ALLOW",
    help: "Hosts, addresses and networks that stores may be at although they are not on the public internet, \
           separated by commas",
    default: "none: private addresses are never called",
    example: "shop.internal,10.0.0.0/8",
};
/// What is logged.
pub(crate) const LOG: Variable = Variable {
    name: "LOG",
    help: "What is logged to standard error: a level (error, warn, info, debug, trace), or levels by part",
    default: "info",
    example: "info,calibr_engine=debug",
};

/// All of them, in the order an operator reads about them.
pub(crate) const VARIABLES: &[&Variable] = &[
    &DATABASE_URL,
    &ENCRYPTION_KEYS,
    &ENCRYPTION_KEY,
    &ENCRYPTION_KEY_FILE,
    &PUBLIC_URL,
    &TRUSTED_PROXIES,
    &REQUESTS_PER_MINUTE,
    &SIGN_INS_PER_MINUTE,
    &SHOPIFY_API_KEY,
    &SHOPIFY_API_SECRET,
    &SHOPIFY_BASE_URL,
    &AMAZON_APPLICATION_ID,
    &AMAZON_CLIENT_ID,
    &AMAZON_CLIENT_SECRET,
    &AMAZON_LWA_URL,
    &AMAZON_API_URL,
    &OUTBOUND_CA_FILE,
    &OUTBOUND_ALLOW,
    &LOG,
];

/// The table as `--help` shows it.
pub(crate) fn help() -> String {
    let mut text = String::from("Environment:\n");
    for variable in VARIABLES {
        // Writing to a String cannot fail.
        let _infallible = write!(text, "  {}\n          {}.", variable.name, variable.help);
        if !variable.default.is_empty() {
            let _infallible = write!(text, "\n          Not set: {}.", variable.default);
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_variable_stands_once_with_help_and_an_example() {
        let names: BTreeSet<_> = VARIABLES.iter().map(|variable| variable.name).collect();
        assert_eq!(names.len(), VARIABLES.len());
        for variable in VARIABLES {
            assert!(
                !variable.help.is_empty() && !variable.example.is_empty(),
                "{}",
                variable.name
            );
            assert!(help().contains(variable.name));
        }
    }
}
