//! Addresses that the operator sets in place of a platform's own.

use url::Url;

use crate::error::{ConnectorError, Fault};

/// A setting that names an address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AddressSetting<'a> {
    /// The setting's name.
    pub(crate) name: &'static str,
    /// What was set, as it is shown to the operator.
    pub(crate) shown: &'a str,
    /// What might be set.
    pub(crate) example: &'static str,
}

impl AddressSetting<'_> {
    /// Reads `address`, which is what was set with its placeholders filled in.
    ///
    /// # Errors
    /// [`Fault::Config`] where it is no plain web address.
    pub(crate) fn read(&self, address: &str) -> Result<Url, ConnectorError> {
        let url: Url = address
            .parse()
            .map_err(|_| self.wrong("is not a web address"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(self.wrong("does not begin with http:// or https://"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(self.wrong("holds a ? or #"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(self.wrong("holds a user name or password"));
        }
        Ok(url)
    }

    /// The error of what cannot be used, and why.
    pub(crate) fn wrong(&self, why: &str) -> ConnectorError {
        let shown: String = self.shown.chars().take(80).collect();
        let shown = shown.replace(char::is_control, "");
        ConnectorError::new(
            Fault::Config,
            format!(
                "{}: \"{shown}\" {why}; give an address such as {}.",
                self.name, self.example
            ),
        )
    }
}
