//! Taking the port. Done before anything slow, so that "address in use" is the first thing a person sees, and so that a
//! client that comes early waits in the kernel's queue instead of being refused.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

/// Why a port could not be taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The host name has no address.
    #[error("the address {host:?} of {setting} cannot be resolved")]
    Unresolved {
        /// What was to be resolved.
        host: String,
        /// The variable to look at.
        setting: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Somebody else has the port.
    #[error("port {port} is already in use on {host}; choose another with {port_setting}")]
    InUse {
        /// Where it was tried.
        host: String,
        /// What was tried.
        port: u16,
        /// The variable to change.
        port_setting: &'static str,
        /// The system's words.
        #[source]
        source: io::Error,
    },
    /// Anything else, such as a port that needs privileges.
    #[error("cannot listen on {host} port {port} ({host_setting}, {port_setting}): {source}")]
    Refused {
        /// Where it was tried.
        host: String,
        /// What was tried.
        port: u16,
        /// The variable that names the host.
        host_setting: &'static str,
        /// The variable that names the port.
        port_setting: &'static str,
        /// The system's words.
        source: io::Error,
    },
}

/// An open port, on every address its host name stands for.
#[derive(Debug)]
pub struct Port {
    pub(super) listeners: Vec<TcpListener>,
    /// The first address; all have the same port.
    pub address: SocketAddr,
}

impl Port {
    /// Opens `port` on every address of `host`: `localhost` is often both `127.0.0.1` and `::1`, and clients differ in which
    /// they try. Port 0 takes a free one. An address this machine lacks is passed over if another works.
    ///
    /// # Errors
    ///
    /// See [`Error`]; `port_setting` is the variable its text names.
    pub fn open(host: &str, port: u16, port_setting: &'static str) -> Result<Self, Error> {
        const HOST_SETTING: &str = "SERVER_HOST";
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let addresses: Vec<SocketAddr> = (bare, port)
            .to_socket_addrs()
            .map_err(|source| Error::Unresolved {
                host: host.to_owned(),
                setting: HOST_SETTING,
                source,
            })?
            .collect();
        let mut listeners: Vec<TcpListener> = Vec::new();
        let mut first: Option<SocketAddr> = None;
        let mut failure = None;
        for mut address in addresses {
            // The free port the first address got is the port of all.
            address.set_port(first.map_or(port, |first| first.port()));
            let opened = TcpListener::bind(address).and_then(|l| Ok((l.local_addr()?, l)));
            match opened {
                // Resolvers return an address twice when /etc/hosts has it twice.
                Ok((_, _)) if first == Some(address) => {}
                Ok((local, listener)) => {
                    first.get_or_insert(local);
                    listeners.push(listener);
                }
                // Half a service, on IPv6 only for example, would be worse than none: another
                // program answers the rest.
                Err(source) if source.kind() == io::ErrorKind::AddrInUse && port != 0 => {
                    return Err(Error::InUse {
                        host: host.to_owned(),
                        port,
                        port_setting,
                        source,
                    });
                }
                Err(source) => failure = Some(source),
            }
        }
        match first {
            Some(address) => Ok(Self { listeners, address }),
            None => Err(Error::Refused {
                host: host.to_owned(),
                port,
                host_setting: HOST_SETTING,
                port_setting,
                source: failure.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into()),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_with_its_setting() {
        let port = Port::open("127.0.0.1", 0, "SERVER_PORT").unwrap();
        let number = port.address.port();
        let error = Port::open("127.0.0.1", number, "SERVER_PORT").unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "port {number} is already in use on 127.0.0.1; choose another with SERVER_PORT"
            )
        );
    }

    #[test]
    fn every_address_of_a_name_gets_the_same_port() {
        let port = Port::open("localhost", 0, "SERVER_PORT").unwrap();
        for listener in &port.listeners {
            assert_eq!(listener.local_addr().unwrap().port(), port.address.port());
        }
    }
}
