//! Why a token is not accepted.

/// What is wrong with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is too long, no JWT, or says something twice.
    Unreadable,
    /// An identity token, or another kind of JWT.
    NotAccess,
    /// Signed in a way that is not accepted, or not at all.
    Algorithm,
    /// Issued by another issuer.
    Issuer,
    /// The issuer has no key of this name.
    UnknownKey,
    /// The signature does not match the key.
    Signature,
    /// Issued for another audience.
    Audience,
    /// It has expired.
    Expired,
    /// It is not valid yet.
    TooEarly,
    /// Bound to a key of the client's (proof of possession), which cannot be checked here.
    Bound,
    /// The issuer's keys have not been fetched.
    Unavailable,
}

impl Fault {
    /// For `error_description`: ASCII without quotation marks (RFC 6750, 3), and nothing of the token.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Unreadable => "the token cannot be read",
            Self::NotAccess => "this is not an access token",
            Self::Algorithm => "the algorithm is not accepted",
            Self::Issuer => "the issuer is not accepted",
            Self::UnknownKey => "the key of the token is not known",
            Self::Signature => "the signature does not match",
            Self::Audience => "the token is for another server",
            Self::Expired => "the token has expired",
            Self::TooEarly => "the token is not valid yet",
            Self::Bound => "the token is bound to a key",
            Self::Unavailable => "the keys of the issuer are not available",
        }
    }

    /// All faults, for the list of what an audit record may say.
    pub const ALL: [Self; 11] = [
        Self::Unreadable,
        Self::NotAccess,
        Self::Algorithm,
        Self::Issuer,
        Self::UnknownKey,
        Self::Signature,
        Self::Audience,
        Self::Expired,
        Self::TooEarly,
        Self::Bound,
        Self::Unavailable,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_can_stand_in_a_header() {
        for fault in Fault::ALL {
            let text = fault.description();
            assert!(text.is_ascii() && !text.contains(['"', '\\']), "{text}");
        }
    }
}
