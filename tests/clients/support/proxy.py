"""A forward proxy, as companies put between their machines and the world, and TLS in front of the stub."""

from __future__ import annotations

import datetime
import ipaddress
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Address = tuple[str, int]


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        # The other side has gone; so goes this one.
        source.close()
        target.close()


def _join(one: socket.socket, other: socket.socket) -> None:
    """Each gets what the other sends, until both have ended."""
    back = threading.Thread(target=_pump, args=(other, one), daemon=True)
    back.start()
    _pump(one, other)
    back.join()


@contextmanager
def _listening(serve: object) -> Iterator[Address]:
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()
    finally:
        listener.close()


class Proxy:
    """Knows the way to hosts that no name server knows, so that nothing finds them without it."""

    def __init__(self, hosts: dict[str, Address]) -> None:
        self._hosts = hosts
        self.asked: list[str] = []
        """What it was asked for: `CONNECT host:port`, or a method and a whole address."""

    @contextmanager
    def running(self) -> Iterator[str]:
        with _listening(self._serve) as (host, port):
            yield f"http://{host}:{port}"

    def _serve(self, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(65536)
            if not piece:
                return
            head += piece
        line, _, rest = head.partition(b"\r\n")
        method, target, version = line.decode().split(" ")
        self.asked.append(f"{method} {target.partition('?')[0]}")
        if method == "CONNECT":
            way = self._hosts.get(target)
        else:
            where = urlsplit(target)
            way = self._hosts.get(f"{where.hostname}:{where.port or 80}")
        if way is None:
            connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            connection.close()
            return
        with connection, socket.create_connection(way) as upstream:
            if method == "CONNECT":
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            else:
                path = target.partition(where.netloc)[2] or "/"
                # One request a connection: the next one may be for another host.
                fields = [field for field in rest.split(b"\r\n") if not field.lower().startswith(b"connection:")]
                request = f"{method} {path} {version}\r\nConnection: close\r\n".encode()
                upstream.sendall(request + b"\r\n".join(fields))
            _join(connection, upstream)


@contextmanager
def tls(target: Address, certificate: Path) -> Iterator[Address]:
    """Speaks TLS in front of something that does not."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve(connection: socket.socket) -> None:
        try:
            inside = context.wrap_socket(connection, server_side=True)
        except OSError:
            # A client that does not trust it, which is what some tests are about.
            connection.close()
            return
        with inside, socket.create_connection(target) as upstream:
            _relay_tls(inside, upstream)

    with _listening(serve) as address:
        yield address


def _relay_tls(inside: ssl.SSLSocket, upstream: socket.socket) -> None:
    """The same in one thread: two must not use one TLS connection at a time."""
    inside.setblocking(False)
    while True:
        readable = [upstream] if inside.pending() else select.select([inside, upstream], [], [])[0]
        if inside.pending() and inside not in readable:
            readable.append(inside)
        for source in readable:
            try:
                piece = source.recv(65536)
            except (ssl.SSLWantReadError, BlockingIOError):
                continue
            except OSError:
                return
            if not piece:
                return
            other = upstream if source is inside else inside
            inside.setblocking(True)
            other.sendall(piece)
            inside.setblocking(False)


def authority(folder: Path, *names: str) -> tuple[Path, Path]:
    """A certificate authority of one's own, and a certificate with its key for these names, both PEM files."""
    own, issued = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority of one's own")])

    def certificate(subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
        )

    root = certificate(issuer, own).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    known = [x509.DNSName(name) for name in names] + [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    leaf = certificate(subject, issued).add_extension(x509.SubjectAlternativeName(known), critical=False)
    pem = serialization.Encoding.PEM
    root_file, leaf_file = folder / "authority.pem", folder / "certificate.pem"
    root_file.write_bytes(root.sign(own, hashes.SHA256()).public_bytes(pem))
    key = issued.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    leaf_file.write_bytes(key + leaf.sign(own, hashes.SHA256()).public_bytes(pem))
    return root_file, leaf_file
