"""The certificates of a server, and what its clients make of them."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.protocols.tls import BufferingTLSTransport
from twisted.python.failure import Failure

from lazr_smtptest.errors import Error
from lazr_smtptest.tls.context import TLS, Handshake, TLSError

from ..harness import Peer, TLSPeer


class Greeter(Protocol):
    """Says hello within TLS, and notes what the handshake agreed on."""

    def connectionMade(self) -> None:
        self.transport.write(b"hello")


class Session:
    """A server and a client that have TLS between them, in memory."""

    def __init__(self, tls: TLS, context: ssl.SSLContext, name: str) -> None:
        peer = Peer(tls.wrap(Factory.forProtocol(Greeter), Clock()))
        self.server = peer.protocol
        end = TLSPeer(peer.transport, context, name)
        self.client = end.ssl
        end.agree()

    @property
    def agreed(self) -> Handshake:
        return Handshake.of(self.server.getHandle())


def connect(tls: TLS, name: str = "localhost", user: str | None = None) -> Session:
    return Session(tls, tls.client_context(user), name)


class Files:
    """Certificates of a CA of one's own, in files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = trustme.CA()
        self.leaf = self.authority.issue_cert("mx.example.com")
        self.ca = self.write("ca.pem", self.authority.cert_pem.bytes())
        self.certificate = self.write("cert.pem", self.leaf.cert_chain_pems[0].bytes())
        self.key = self.write("key.pem", self.leaf.private_key_pem.bytes())

    def write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def write_self_signed(self, name: str, key: Any) -> Path:
        """Write a key and a certificate of it that has a common name only."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "self-signed")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(datetime(2000, 1, 1))
            .not_valid_after(datetime(2100, 1, 1))
            .sign(key, SHA256())
        )
        return self.write(name, certificate.public_bytes(Encoding.PEM) + _pem(key))


def _pem(key: Any) -> bytes:
    content: bytes = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    return content


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


# A throw-away CA


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
def test_auto_is_for_the_names_of_this_machine(name: str) -> None:
    """Without names the certificate is for the loopback's."""
    assert connect(TLS.auto(), name).client.read() == b"hello"


def test_auto_takes_names() -> None:
    """The certificate is for the names that were given."""
    session = connect(TLS.auto("mx.example.com", "192.0.2.1"), "192.0.2.1")
    assert session.client.read() == b"hello"


def test_names_that_were_not_given_are_refused_by_the_client() -> None:
    """The client's context checks the host name."""
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        connect(TLS.auto("mx.example.com"), "localhost")


def test_client_of_one_ca_refuses_the_certificate_of_another() -> None:
    """Each CA is trusted by its own clients only."""
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local"):
        Session(TLS.auto(), TLS.auto().client_context(), "localhost")


def test_ca_pem_is_what_a_client_has_to_trust() -> None:
    """A context of the user's own works with nothing else."""
    tls = TLS.auto()
    context = ssl.create_default_context(cadata=tls.ca_pem.decode("ascii"))
    assert Session(tls, context, "localhost").client.read() == b"hello"


def test_name_that_is_none_is_an_error() -> None:
    """One line says which names no certificate can be made for."""
    with pytest.raises(TLSError, match=r"cannot make a certificate for \('a b',\)"):
        TLS.auto("a b")


def test_errors_are_errors_of_the_package() -> None:
    """A `TLSError` is caught with the others."""
    assert issubclass(TLSError, Error)


def test_private_key_is_not_shown() -> None:
    """The representation of a `TLS` holds what everybody may see."""
    assert "PRIVATE" not in repr(TLS.auto())


# Versions


def test_newest_version_is_agreed_on() -> None:
    """A client of today gets TLS 1.3."""
    assert connect(TLS.auto()).agreed.version == "TLSv1.3"


def test_tls_1_2_is_spoken() -> None:
    """A client that knows no newer one gets TLS 1.2."""
    tls = TLS.auto()
    context = tls.client_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert Session(tls, context, "localhost").agreed.version == "TLSv1.2"


def test_older_versions_are_refused() -> None:
    """TLS 1.1 is not to be used any more (RFC 8996)."""
    tls = TLS.auto()
    context = tls.client_context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match=r"(?i)protocol.version"):
        Session(tls, context, "localhost")


def test_cipher_is_known() -> None:
    """Both sides name the same cipher suite."""
    session = connect(TLS.auto())
    cipher = session.client.cipher()
    assert cipher is not None
    assert session.agreed.cipher == cipher[0]


# Negotiation of a protocol


@pytest.mark.parametrize(
    ("offered", "agreed"),
    [(["h2", "http/1.1"], "http/1.1"), (["h2"], None), (["smtp"], None)],
)
def test_http_is_agreed_on_and_others_are_served(
    offered: list[str], agreed: str | None
) -> None:
    """As by a server that does not negotiate, such as most of SMTP."""
    tls = TLS.auto()
    context = tls.client_context()
    context.set_alpn_protocols(offered)
    session = Session(tls, context, "localhost")
    assert session.client.selected_alpn_protocol() == agreed
    assert session.agreed.version == "TLSv1.3"


# Certificates of clients


def test_client_without_a_certificate_names_nobody() -> None:
    """A certificate that is asked for need not be shown."""
    session = connect(TLS.auto(ask_client_certificate=True))
    assert session.agreed.client_names == ()


def test_client_certificate_names_its_mail_address() -> None:
    """The names of a client's certificate are known, each once."""
    tls = TLS.auto(ask_client_certificate=True)
    session = connect(tls, user="anna@example.com")
    assert session.agreed.client_names == ("anna@example.com",)


def test_client_certificate_of_a_plain_name_names_it() -> None:
    """A user need not be a mail address."""
    tls = TLS.auto(ask_client_certificate=True)
    assert connect(tls, user="Anna B").agreed.client_names == ("Anna B",)


def test_client_certificate_that_is_not_asked_for_is_not_sent() -> None:
    """A server that does not ask knows nobody."""
    assert connect(TLS.auto(), user="anna@example.com").agreed.client_names == ()


def test_client_certificate_of_a_host_names_it(files: Files) -> None:
    """A certificate has its host names, and its common name."""
    tls = TLS.from_files(
        files.certificate, files.key, files.ca, ask_client_certificate=True
    )
    context = tls.client_context()
    client = files.authority.issue_cert("client.example.com", common_name="client")
    client.configure_cert(context)
    session = Session(tls, context, "mx.example.com")
    assert session.agreed.client_names == ("client.example.com", "client")


def test_client_certificate_of_old_names_its_subject(files: Files) -> None:
    """A certificate may have a common name and nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    client = files.write_self_signed("client.pem", key)
    tls = TLS.from_files(
        files.certificate, files.key, client, ask_client_certificate=True
    )
    context = ssl.create_default_context()
    files.authority.configure_trust(context)
    context.load_cert_chain(client)
    session = Session(tls, context, "mx.example.com")
    assert session.agreed.client_names == ("self-signed",)


def test_client_certificate_of_another_ca_ends_the_handshake() -> None:
    """A certificate that is shown has to be good."""
    tls = TLS.auto(ask_client_certificate=True)
    context = tls.client_context()
    trustme.CA().issue_cert("anna@example.com").configure_cert(context)
    session = Session(tls, context, "localhost")
    with pytest.raises(ssl.SSLError, match=r"(?i)unknown.ca"):
        session.client.read()


# Time


def test_time_of_tls_is_the_reactors() -> None:
    """What waits for a turn of the reactor waits for the one that was given."""
    clock, tls = Clock(), TLS.auto()
    factory = tls.wrap(Factory.forProtocol(Greeter), clock)
    factory.protocol = BufferingTLSTransport
    layer = factory.buildProtocol(None)
    layer.makeConnection(StringTransport())
    assert len(clock.getDelayedCalls()) == 1
    layer.connectionLost(Failure(ConnectionDone()))


# Files


def test_files_serve(files: Files) -> None:
    """A certificate, its key and its CA are taken from files."""
    tls = TLS.from_files(files.certificate, files.key, files.ca)
    assert connect(tls, "mx.example.com").client.read() == b"hello"


def test_file_names_may_be_strings(files: Files) -> None:
    """What twistd hands over is no `Path`."""
    tls = TLS.from_files(str(files.certificate), str(files.key))
    assert connect(tls, "mx.example.com").client.read() == b"hello"


def test_without_a_ca_the_certificate_itself_is_trusted(files: Files) -> None:
    """A client may trust a server's certificate without its issuer."""
    tls = TLS.from_files(files.certificate, files.key)
    assert tls.ca_pem == files.certificate.read_bytes()


def test_key_may_be_in_the_file_of_the_certificate(files: Files) -> None:
    """One file of both is given twice; its key does not get into `ca_pem`."""
    both = files.write("both.pem", files.leaf.private_key_and_cert_chain_pem.bytes())
    tls = TLS.from_files(both, both)
    assert connect(tls, "mx.example.com").client.read() == b"hello"
    assert b"PRIVATE" not in tls.ca_pem


def test_intermediate_certificates_are_sent(files: Files) -> None:
    """What follows the certificate in its file completes the chain."""
    leaf = files.authority.create_child_ca().issue_cert("mx.example.com")
    chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
    certificate = files.write("chain.pem", chain)
    key = files.write("leaf-key.pem", leaf.private_key_pem.bytes())
    tls = TLS.from_files(certificate, key, files.ca)
    assert connect(tls, "mx.example.com").client.read() == b"hello"


@pytest.mark.parametrize("what", ["certificate", "key", "CA"])
def test_missing_file_is_named(files: Files, what: str) -> None:
    """One line says which file is not there."""
    paths = {"certificate": files.certificate, "key": files.key, "CA": files.ca}
    paths[what] = files.folder / "missing.pem"
    expected = f"^{what} file '{paths[what]}': No such file or directory$"
    with pytest.raises(TLSError, match=expected):
        TLS.from_files(paths["certificate"], paths["key"], paths["CA"])


@pytest.mark.parametrize("what", ["certificate", "key", "CA"])
def test_file_of_something_else_is_named(files: Files, what: str) -> None:
    """One line says which file holds nothing of use."""
    paths = {"certificate": files.certificate, "key": files.key, "CA": files.ca}
    paths[what] = files.write("other.pem", b"nothing of use\n")
    with pytest.raises(TLSError, match=f"^{what} file '.*other.pem' holds no {what}"):
        TLS.from_files(paths["certificate"], paths["key"], paths["CA"])


@pytest.mark.parametrize("file", [b"x.pem", None, 1])
def test_name_of_another_type_is_refused(file: Any) -> None:
    """The error says what it is, and what it has to be."""
    kind = type(file).__name__
    with pytest.raises(TLSError, match=f"the name of a file in PEM, not {kind}:"):
        TLS.from_files(file, file)


def test_content_in_place_of_a_name_is_refused(files: Files) -> None:
    """The error does not show it: it may be a key."""
    text = files.key.read_text()
    with pytest.raises(TLSError, match="not its content") as raised:
        TLS.from_files(files.certificate, text)
    assert text[30:60] not in str(raised.value)


def test_key_with_a_passphrase_is_named(files: Files) -> None:
    """There is nobody to ask for a passphrase."""
    key = load_pem_private_key(files.key.read_bytes(), None)
    locked = files.write(
        "locked.pem",
        key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
        ),
    )
    with pytest.raises(TLSError, match=r"^key file '.*locked.pem' has a passphrase$"):
        TLS.from_files(files.certificate, locked)


def test_key_of_another_certificate_is_named(files: Files) -> None:
    """One line says that the two files do not belong together."""
    other = ec.generate_private_key(ec.SECP256R1())
    key = files.write("other-key.pem", _pem(other))
    with pytest.raises(TLSError, match=r"^key file '.*other-key.pem' does not belong"):
        TLS.from_files(files.certificate, key)


def test_certificate_that_openssl_refuses_is_named(files: Files) -> None:
    """A key that is too weak is an error before the start, not at the handshake."""
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    path = files.write_self_signed("weak.pem", weak)
    expected = r"^certificate file '.*weak.pem': OpenSSL refuses it: ee key too small$"
    with pytest.raises(TLSError, match=expected):
        TLS.from_files(path, path)


def test_certificates_for_clients_take_a_ca_that_can_issue_them(files: Files) -> None:
    """The key of the user's CA is not known."""
    tls = TLS.from_files(files.certificate, files.key, files.ca)
    with pytest.raises(TLSError, match=r"only TLS.auto\(\) can issue"):
        tls.client_context("anna@example.com")


# Another process


def test_another_process_can_show_the_same_certificate() -> None:
    """It shows what the clients of the first one trust."""
    tls = TLS.auto()
    same = TLS.from_fields(json.loads(json.dumps(tls.as_fields())))
    assert same.ca_pem == tls.ca_pem
    assert Session(same, tls.client_context(), "localhost").client.read() == b"hello"


def test_another_process_sends_intermediate_certificates(files: Files) -> None:
    """They are handed over, too."""
    leaf = files.authority.create_child_ca().issue_cert("mx.example.com")
    chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
    certificate = files.write("chain.pem", chain)
    key = files.write("leaf-key.pem", leaf.private_key_pem.bytes())
    tls = TLS.from_fields(TLS.from_files(certificate, key, files.ca).as_fields())
    assert connect(tls, "mx.example.com").client.read() == b"hello"


@pytest.mark.parametrize("asks", [True, False])
def test_another_process_asks_for_the_same_certificates(asks: bool) -> None:
    """And knows who vouches for clients."""
    tls = TLS.auto(ask_client_certificate=asks)
    same = TLS.from_fields(tls.as_fields())
    assert same.ask_client_certificate is asks
    session = Session(same, tls.client_context("anna@example.com"), "localhost")
    names = ("anna@example.com",) if asks else ()
    assert session.agreed.client_names == names


# Packages that are not there


@pytest.mark.parametrize("package", ["OpenSSL", "trustme"])
def test_missing_package_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    """One line says what is missing, and how it is had."""
    monkeypatch.setitem(sys.modules, package, None)
    expected = (
        f"^TLS needs the package {package}: pip install 'lazr.smtptest\\[tls\\]'$"
    )
    with pytest.raises(TLSError, match=expected):
        TLS.auto()


def test_trustme_is_not_needed_for_files(
    monkeypatch: pytest.MonkeyPatch, files: Files
) -> None:
    """Whoever has certificates needs nobody to make them."""
    monkeypatch.setitem(sys.modules, "trustme", None)
    assert TLS.from_files(files.certificate, files.key).ca_pem


WITHOUT = """
import sys
for package in ("OpenSSL", "cryptography", "trustme"):
    sys.modules[package] = None
from lazr_smtptest import Controller, Server
with Controller(Server()):
    print("served")
"""


@pytest.mark.slow
def test_server_without_tls_needs_no_package_for_it() -> None:
    """The core runs on Twisted alone."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "served\n"
