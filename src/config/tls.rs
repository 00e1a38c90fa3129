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

    /// File with the certificate of `SERVER_PORT` and those between it and its authority, in PEM. It switches HTTPS on for that
    /// port; `MANAGEMENT_PORT` goes on to speak plain HTTP. It is read again when it changes and at SIGHUP; a pair that does not
    /// fit leaves the one before in force.
    pub cert_file: Option<PathBuf> = "TLS_CERT_FILE", Shape::Path("the path of a file with certificates in PEM"),
        unset "plain HTTP" [required("with `TLS_KEY_FILE`")];

    /// File with the private key of `TLS_CERT_FILE`, in PEM: PKCS #8, PKCS #1 or SEC 1, not encrypted.
    pub key_file: Option<PathBuf> = "TLS_KEY_FILE", Shape::Path("the path of a file with a private key in PEM"),
        unset "none" [required("with `TLS_CERT_FILE`")];

    /// File with the authorities whose certificates clients show, in PEM, and their revocation lists, if there are any. A
    /// certificate is a lock in addition to a key or token and replaces neither. It is read again as `TLS_CERT_FILE` is; what
    /// it no longer accepts ends open connections at their next request.
    pub client_ca_file: Option<PathBuf> = "TLS_CLIENT_CA_FILE", Shape::Path("the path of a file with certificates in PEM"),
        unset "clients are asked for no certificate";

    // Optional is for the days in which clients are given theirs.
    /// Whether clients must show a certificate of `TLS_CLIENT_CA_FILE`: `required`, or `optional`, where one that is shown must
    /// be good.
    pub client_auth: ClientAuth = "TLS_CLIENT_AUTH", Shape::Choice(ClientAuth::WORDS), default "required";
}
