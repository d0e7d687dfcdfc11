use std::{env::VarError, fmt};

use secrecy::SecretString;

use super::{SettingError, Variable};

/// Where variables are read from: the process's environment, or a test's own.
pub(crate) struct Environment<'a> {
    read: &'a dyn Fn(&str) -> Result<String, VarError>,
}

impl<'a> Environment<'a> {
    /// Reads through a function such as [`std::env::var`].
    pub(crate) fn new(read: &'a dyn Fn(&str) -> Result<String, VarError>) -> Self {
        Self { read }
    }

    /// A variable's value without the blanks around it; `None` where it is not set or blank.
    ///
    /// # Errors
    /// [`SettingError`] where it is not text.
    pub(super) fn text(&self, variable: &'static Variable) -> Result<Option<String>, SettingError> {
        match (self.read)(variable.name) {
            Ok(value) => Ok(Some(value.trim().to_owned()).filter(|value| !value.is_empty())),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => {
                Err(SettingError::new(variable, "is not text in UTF-8"))
            }
        }
    }

    /// The same for what must not be shown.
    ///
    /// # Errors
    /// As [`Environment::text`].
    pub(super) fn secret(
        &self,
        variable: &'static Variable,
    ) -> Result<Option<SecretString>, SettingError> {
        Ok(self.text(variable)?.map(SecretString::from))
    }
}

impl fmt::Debug for Environment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").finish_non_exhaustive()
    }
}
