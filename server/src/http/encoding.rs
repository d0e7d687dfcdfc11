/// A compression that files were prepared in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Brotli.
    Brotli,
    /// Gzip.
    Gzip,
}

impl Encoding {
    /// All, the smallest first.
    pub(crate) const ALL: [Self; 2] = [Self::Brotli, Self::Gzip];

    /// As headers name it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// What is appended to the name of a file prepared in it.
    pub(crate) const fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Gzip => ".gz",
        }
    }

    /// Whether an Accept-Encoding header takes it (RFC 9110, 12.5.3).
    pub(crate) fn is_accepted(self, header: &str) -> bool {
        let mut by_star = false;
        for entry in header.split(',') {
            let mut parts = entry.split(';').map(str::trim);
            let coding = parts.next().unwrap_or_default();
            let weight =
                parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
            let wanted = weight.is_none_or(|weight| {
                weight
                    .trim()
                    .parse::<f32>()
                    .is_ok_and(|weight| weight > 0.0)
            });
            if coding.eq_ignore_ascii_case(self.name()) {
                return wanted;
            }
            by_star |= coding == "*" && wanted;
        }
        by_star
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_is_what_the_header_says() {
        for accepting in [
            "br",
            "gzip, deflate, br",
            "gzip;q=0.5, BR;q=1.0",
            "*",
            "gzip, *;q=0.1",
        ] {
            assert!(Encoding::Brotli.is_accepted(accepting), "{accepting}");
        }
        for refusing in ["", "gzip", "br;q=0", "identity", "*;q=0", "br;q=0, *"] {
            assert!(!Encoding::Brotli.is_accepted(refusing), "{refusing}");
        }
    }
}
