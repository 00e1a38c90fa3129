//! TLS of the public port: the certificate it shows, and those it asks clients for.

use std::path::PathBuf;

use envconfig::Envconfig;

use super::section::Section;
use super::shape::Shape;
use super::types::words;
use super::variable::settings;

words! {
    /// Whether clients must show a certificate.
    ClientAuth {
        /// All of them must.
        Required = "required",
        /// They may; one that is shown must be good.
        Optional = "optional",
    }
}

settings! {
    /// What the public port shows and asks for.
    pub struct Tls in Section::Tls;

    /// PEM file with the certificate for `SERVER_PORT`, followed by the intermediate certificates. It switches HTTPS on
    /// for that port; `MANAGEMENT_PORT` still uses plain HTTP. The file is read again when it changes and at SIGHUP. If
    /// the new certificate and key are not valid or do not match, the old pair stays in force.
    pub cert_file: Option<PathBuf> = "TLS_CERT_FILE", Shape::Path("the path of a file with certificates in PEM"),
        unset "plain HTTP" [required("with `TLS_KEY_FILE`")];

    /// PEM file with the private key of `TLS_CERT_FILE`: PKCS #8, PKCS #1 or SEC 1, not encrypted.
    pub key_file: Option<PathBuf> = "TLS_KEY_FILE", Shape::Path("the path of a file with a private key in PEM"),
        unset "none" [required("with `TLS_CERT_FILE`")];

    /// PEM file with the certificate authorities that issue client certificates, and their revocation lists if there
    /// are any. Callers still need a key or token in addition to the certificate. The file is read again like
    /// `TLS_CERT_FILE`. If it no longer accepts the certificate of an open connection, the next request on that
    /// connection is refused.
    pub client_ca_file: Option<PathBuf> = "TLS_CLIENT_CA_FILE", Shape::Path("the path of a file with certificates in PEM"),
        unset "clients need no certificate";

    // Optional is for the days in which clients are given theirs.
    /// Whether clients must present a certificate of `TLS_CLIENT_CA_FILE`: `required` or `optional`. With `optional`, a
    /// certificate that a client presents must still be valid.
    pub client_auth: ClientAuth = "TLS_CLIENT_AUTH", Shape::Choice(ClientAuth::WORDS), default "required";
}
