//! What can go wrong when a sandbox is set up or steered.

/// An error of the sandbox itself; what the simulated platforms answer is never one of these.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address could not be listened on.
    #[error("the sandbox cannot listen on {address}; is the port taken?")]
    Listen {
        /// What was asked for.
        address: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A shop of that domain exists.
    #[error("there is already a shop {0}; choose another domain")]
    ShopExists(String),
    /// No shop of that domain exists.
    #[error("there is no shop {0}; create it first")]
    UnknownShop(String),
    /// Not a domain that the platform would give to a shop.
    #[error("{0} is not a shop domain; it has to look like name.myshopify.com")]
    InvalidDomain(String),
    /// Not a name that a folder of the sandbox can have.
    #[error("{0} is not a folder's name; use lower-case letters, digits and hyphens")]
    InvalidFolder(String),
    /// The order to change does not exist.
    #[error("there is no order {0}")]
    UnknownOrder(String),
    /// No seller of that id exists.
    #[error("there is no seller {0}; create it first")]
    UnknownSeller(String),
    /// A seller of that id exists.
    #[error("there is already a seller {0}; choose another id")]
    SellerExists(String),
    /// The listing to change does not exist (any more).
    #[error("there is no listing {0}; it may have been deleted")]
    UnknownListing(String),
    /// The product to change does not exist (any more).
    #[error("there is no product {0}; it may have been deleted")]
    UnknownProduct(String),
    /// The variant to change does not exist (any more).
    #[error("there is no variant {0}; it may have been deleted")]
    UnknownVariant(String),
    /// An amount that is not a decimal number, or not one the currency can hold.
    #[error("{0} is not an amount; write it as 12.34")]
    InvalidAmount(String),
}

/// Shorthand for results of the sandbox's own operations.
pub type Result<T> = std::result::Result<T, Error>;
