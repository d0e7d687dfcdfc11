//! What an account must be let do.

/// Something that a role lets an account do in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::vendure) enum Permission {
    /// Read products and their variants.
    ReadCatalogue,
    /// Change variants.
    SetPrices,
    /// Read orders.
    ReadOrders,
}

impl Permission {
    /// Vendure's names of it; any one will do.
    pub(in crate::vendure) const fn names(self) -> &'static [&'static str] {
        match self {
            Self::ReadCatalogue => &["ReadCatalog", "ReadProduct"],
            Self::SetPrices => &["UpdateCatalog", "UpdateProduct"],
            Self::ReadOrders => &["ReadOrder"],
        }
    }

    /// What it is for.
    pub(in crate::vendure) const fn purpose(self) -> &'static str {
        match self {
            Self::ReadCatalogue => "read the catalogue",
            Self::SetPrices => "change prices",
            Self::ReadOrders => "read orders",
        }
    }

    /// Its names for a sentence.
    pub(in crate::vendure) fn in_words(self) -> String {
        match self.names() {
            [name, others @ ..] if !others.is_empty() => {
                format!("{name} (or {})", others.join(", "))
            }
            names => names.concat(),
        }
    }
}
