//! The values of labels that this program decides itself: an enum for each label.

use super::label::{Label, label};

label! {
    /// A step of a query.
    Phase of "phase" {
        /// Reading the statement and judging it.
        Policy = "policy",
        /// Waiting for a session, or for a place in the embedded engine.
        Wait = "wait",
        /// From sending the statement until its result is known.
        Execute = "execute",
        /// Waiting for rows that are not here yet.
        Download = "download",
        /// Writing rows into the answer.
        Render = "render",
    }
}

label! {
    /// What was decided about a statement, and by which rule.
    Verdict of "verdict" {
        /// It may run.
        Approved = "approved",
        /// It could not be read for certain.
        Unreadable = "unreadable",
        /// `SQL_POLICY` does not let statements of its kind run.
        Kind = "kind",
        /// `DENIED_FUNCTIONS` names a function of it.
        Function = "function",
        /// `ALLOWED_DATABASES` does not name a database of it.
        Database = "database",
        /// A rule of the operator names statements like it.
        Statement = "statement",
        /// A function of it changes something or costs extra.
        SideEffect = "side_effect",
        /// An object of it may not be touched.
        Object = "object",
        /// The call's role is not allowed.
        Role = "role",
        /// The call's virtual warehouse is not allowed.
        Warehouse = "warehouse",
        /// Whether it passes a guard cannot be read from it.
        Unresolved = "unresolved",
        /// A rule that has no word of its own yet.
        Other = "other",
    }
}

label! {
    /// What a request shows.
    Shown of "kind" {
        /// Nothing.
        Nothing = "none",
        /// A key.
        Key = "key",
        /// A token.
        Token = "token",
    }
}

label! {
    /// Whether a request was let in.
    Admission of "outcome" {
        /// It was.
        Ok = "ok",
        /// No valid caller, or more than one credential.
        Refused = "refused",
        /// The token lacks a scope.
        Scope = "insufficient_scope",
        /// It could not be found out.
        Unavailable = "unavailable",
    }
}

label! {
    /// Which issuer: its place in the settings, for text has no business in a label.
    IssuerPlace of "issuer" {
        /// That of `OAUTH_ISSUER`.
        First = "0",
        /// Those of `CALLERS_FILE` follow.
        Second = "1",
        /// And so on.
        Third = "2",
        /// And so on.
        Fourth = "3",
        /// All beyond.
        Further = "4+",
    }
}

impl IssuerPlace {
    /// Of a place counted from 0.
    #[must_use]
    pub const fn of(place: usize) -> Self {
        match place {
            0 => Self::First,
            1 => Self::Second,
            2 => Self::Third,
            3 => Self::Fourth,
            _ => Self::Further,
        }
    }
}

label! {
    /// Why a call was stopped before its answer.
    Cause of "cause" {
        /// The client cancelled it or went away.
        Client = "client",
        /// Its time was over.
        Deadline = "deadline",
        /// The process is ending.
        Shutdown = "shutdown",
    }
}

label! {
    /// What ends at a time that it tells itself.
    Credential of "credential" {
        /// The token in `SNOWFLAKE_TOKEN` or `SNOWFLAKE_TOKEN_PATH`.
        Token = "token",
        /// The certificate that the account's host shows, or a proxy in its place.
        Certificate = "certificate",
        /// The certificate that this server shows, in `TLS_CERT_FILE`.
        ServerCertificate = "server_certificate",
    }
}

label! {
    /// What is left out of a result.
    Cut of "limit" {
        /// Rows beyond the limit of rows.
        Rows = "rows",
        /// Rows beyond the limit of bytes.
        Bytes = "bytes",
        /// Names beyond those that Snowflake lists.
        Listing = "listing",
    }
}

label! {
    /// What a session of the pool is doing.
    SessionState of "state" {
        /// It is being signed in.
        Opening = "opening",
        /// It waits for a caller.
        Idle = "idle",
        /// It works for a caller, or its statement is being aborted.
        InUse = "in_use",
    }
}

label! {
    /// Why a statement was not let in.
    QueueRefusal of "reason" {
        /// Its caller has as many waiting as it may.
        CallerFull = "caller_full",
        /// As many wait as may.
        Full = "full",
        /// It made way for a caller that had none waiting.
        Displaced = "displaced",
        /// It could not be let in within the time it may wait.
        TooLong = "too_long",
        /// It waited, and was not let in in time.
        Late = "late",
        /// The warehouse did not answer.
        Unreachable = "unreachable",
    }
}

label! {
    /// How waiting for a session ended.
    AcquireOutcome of "outcome" {
        /// With a session.
        Acquired = "acquired",
        /// None came free in time.
        Busy = "busy",
        /// None could be opened.
        Failed = "failed",
        /// The caller left, or its time was over.
        Abandoned = "abandoned",
    }
}

label! {
    /// How a sign-in ended.
    SignIn of "outcome" {
        /// With a session.
        Ok = "ok",
        /// Snowflake said no.
        Refused = "refused",
        /// Not tried: Snowflake has just refused these credentials.
        Suppressed = "suppressed",
        /// Anything else, such as no connection.
        Failed = "failed",
    }
}

label! {
    /// Why a session was closed.
    Closed of "reason" {
        /// Unused for longer than `SNOWFLAKE_POOL_MAX_INACTIVE_MINUTES`.
        Inactive = "inactive",
        /// Near the end of its validity.
        Age = "age",
        /// It failed, was lost, or a statement left it in a state that must not affect other callers.
        Unfit = "unfit",
        /// Its place was needed for a session of another role.
        Evicted = "evicted",
        /// The process is ending.
        Shutdown = "shutdown",
    }
}

label! {
    /// What a request to Snowflake is for.
    Endpoint of "endpoint" {
        /// Signing in.
        SignIn = "sign_in",
        /// Sending a statement.
        Query = "query",
        /// Asking for the result of a statement that takes long.
        Result = "result",
        /// Asking how far a statement is.
        Status = "status",
        /// Stopping a statement.
        Abort = "abort",
        /// Renewing a session's token.
        Renewal = "renewal",
        /// Keeping a session alive.
        Heartbeat = "heartbeat",
        /// Signing out.
        SignOut = "sign_out",
        /// Fetching a chunk of a result from cloud storage.
        Chunk = "chunk",
        /// Anything else.
        Other = "other",
    }
}

impl Endpoint {
    /// What the request to this path is for; queries after `?` may be part of it.
    #[must_use]
    pub fn of(path: &str) -> Self {
        let path = path.split('?').next().unwrap_or(path);
        match path {
            "/session/v1/login-request" => Self::SignIn,
            "/queries/v1/query-request" => Self::Query,
            "/queries/v1/abort-request" => Self::Abort,
            "/session/token-request" => Self::Renewal,
            "/session/heartbeat" => Self::Heartbeat,
            "/session" => Self::SignOut,
            // Before the line for results, which begin in the same way.
            _ if path.starts_with("/queries/") && path.ends_with("/abort-request") => Self::Abort,
            _ if path.starts_with("/monitoring/") => Self::Status,
            _ if path.starts_with("/queries/") => Self::Result,
            _ => Self::Other,
        }
    }
}

label! {
    /// How one attempt of a request to Snowflake ended.
    Reached of "outcome" {
        /// With a reply that could be read, whatever it says.
        Ok = "ok",
        /// With a status from 400 to 499.
        ClientError = "http_4xx",
        /// With a status of 500 or more.
        ServerError = "http_5xx",
        /// Without an answer.
        Network = "network",
        /// With something that is no reply, or a damaged one.
        Unreadable = "unreadable",
        /// Nobody waited for it any more.
        Abandoned = "abandoned",
    }
}

impl Reached {
    /// What an HTTP status that is no success counts as.
    #[must_use]
    pub fn status(status: u16) -> Self {
        if status >= 500 {
            Self::ServerError
        } else {
            Self::ClientError
        }
    }
}

label! {
    /// What became of something that was to be written or sent.
    Delivery of "outcome" {
        /// It arrived.
        Ok = "ok",
        /// It was given up.
        Failed = "failed",
        /// There was no room for it.
        Dropped = "dropped",
    }
}

label! {
    /// What became of an exchange of a token.
    Exchanged of "outcome" {
        /// There is a new one.
        Ok = "ok",
        /// It was refused, or what came was not what was asked for.
        Refused = "refused",
        /// There was no answer.
        Failed = "failed",
    }
}

label! {
    /// What is kept for a moment.
    Cache of "cache" {
        /// Answers about the catalog.
        Answers = "answers",
        /// Names that a misspelt one is compared with.
        Names = "names",
    }
}

label! {
    /// Whether a cache had what it was asked for.
    Lookup of "outcome" {
        /// It had.
        Hit = "hit",
        /// It had not.
        Miss = "miss",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_says_what_a_request_is_for() {
        assert_eq!(Endpoint::of("/session?delete=true"), Endpoint::SignOut);
        assert_eq!(Endpoint::of("/queries/01-aa/result"), Endpoint::Result);
        assert_eq!(
            Endpoint::of("/queries/01-aa/abort-request"),
            Endpoint::Abort
        );
        assert_eq!(Endpoint::of("/queries/v1/query-request"), Endpoint::Query);
        assert_eq!(Endpoint::of("/anything"), Endpoint::Other);
    }
}
