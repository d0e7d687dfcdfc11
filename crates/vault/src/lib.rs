//! Sealing of credentials: envelope encryption under a keyring. No database, no files, no clock.
//!
//! A credential is sealed by the [`DataKey`] of its integration, and the data key by a [`MasterKey`] of
//! the operator's [`Keyring`]. Both steps are AES-256-GCM with a random 12-byte nonce. What is sealed is
//! bound to the place it belongs to, so that a value copied to another row, field or project does not
//! open; see [`DataKeyContext`].
//!
//! Plaintext and keys live in memory that is wiped when dropped, and no `Debug` or `Display` of this crate
//! shows them. Randomness is a parameter of whatever needs it.

mod associated_data;
mod canary;
mod cipher;
mod data_key;
mod envelope;
mod error;
mod hint;
mod key;
mod key_sources;
mod keyring;
mod sealed_value;

pub use canary::{Canary, check_canary};
pub use data_key::{DataKey, DataKeyContext, SealedDataKey, reseal_data_key};
pub use error::{KeyPlace, KeyProblem, MalformedReason, Sealed, VaultError};
pub use hint::ends_in;
pub use key::{KeyId, MasterKey};
pub use key_sources::KeySources;
pub use keyring::Keyring;
pub use sealed_value::{MAX_PLAINTEXT_BYTES, SealedValue, reseal_value};
