"""TLS faults: certificates, versions, cipher suites.

The certificates are made when a rule fires. Those with a single error are issued by
the authority that clients trust, so they need a `TLS.auto`. The packages for TLS are
imported when a rule needs them.
"""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import attrs
from zope.interface import implementer

from lazr_smtptest._checks import brief
from lazr_smtptest._guesses import nearest
from lazr_smtptest.faults.steps import Step
from lazr_smtptest.interfaces import IFaultStep
from lazr_smtptest.tls.context import TLS, import_openssl, import_trustme
from lazr_smtptest.tls.pem import (
    TLSError,
    identities_in,
    load_certificates,
    load_key,
    make_options,
)

__all__ = ["KINDS", "Cipher", "Show", "Version"]

_NAME = "elsewhere.invalid"
_DAY = datetime.timedelta(days=1)

# Without this OpenSSL refuses weak versions and cipher suites.
_WEAK = ":@SECLEVEL=0"


@implementer(IFaultStep)
@attrs.frozen
class Show(Step):
    """Send another certificate in the next handshake."""

    make: Callable[[TLS], Any]
    # One certificate for each TLS: a client may pin it.
    _made: WeakKeyDictionary[TLS, Any] = attrs.field(
        factory=WeakKeyDictionary, init=False, repr=False, eq=False
    )

    @classmethod
    def kind(cls, kind: str) -> Show:
        """Return the step for a kind; raise `ValueError` if the kind is unknown."""
        if kind not in KINDS:
            known, hint = ", ".join(KINDS), nearest(kind, KINDS)
            raise ValueError(f"certificate is one of {known}, not {brief(kind)}{hint}")
        return cls(KINDS[kind])

    def run(self, wire: Any) -> None:
        """Change the options of the next handshake; see `IFaultStep`."""
        tls = wire.tls
        options = self._made.get(tls)
        if options is None:
            options = self._made[tls] = self.make(tls)
        wire.secure_with(lambda _: options)


@implementer(IFaultStep)
@attrs.frozen
class Version(Step):
    """Support a single version of TLS in the next handshake."""

    name: str

    @classmethod
    def named(cls, name: str) -> Version:
        """Return the step for a version; raise `ValueError` if it is unknown."""
        known = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
        if name not in known:
            hint = nearest(name, known)
            raise ValueError(
                f"protocol is one of {', '.join(known)}, not {brief(name)}{hint}"
            )
        return cls(name)

    def run(self, wire: Any) -> None:
        """Change the options of the next handshake; see `IFaultStep`."""
        from OpenSSL import SSL

        # pyOpenSSL calls it TLS1_1_VERSION.
        name = self.name.replace("v", "").replace(".", "_")
        version = getattr(SSL, f"{name}_VERSION")

        def limit(context: Any) -> None:
            context.set_cipher_list(f"ALL{_WEAK}".encode())
            context.set_min_proto_version(version)
            context.set_max_proto_version(version)

        wire.secure_with(lambda options: _changed(options, limit))


@implementer(IFaultStep)
@attrs.frozen
class Cipher(Step):
    """Support only some cipher suites in the next handshake, and TLS 1.2 at most."""

    suites: str

    @classmethod
    def named(cls, suites: str) -> Cipher:
        """Return the step for a cipher list.

        Raises:
            ValueError: OpenSSL knows no such suite.
            TLSError: the packages for TLS are missing.
        """
        import_openssl()
        from OpenSSL import SSL

        try:
            SSL.Context(SSL.TLS_METHOD).set_cipher_list(f"{suites}{_WEAK}".encode())
        except (SSL.Error, TypeError):
            raise ValueError(f"OpenSSL has no cipher suite {brief(suites)}") from None
        return cls(suites)

    def run(self, wire: Any) -> None:
        """Change the options of the next handshake; see `IFaultStep`."""
        from OpenSSL import SSL

        def limit(context: Any) -> None:
            context.set_cipher_list(f"{self.suites}{_WEAK}".encode())
            # TLS 1.3 has a separate list of suites, none of which is weak.
            context.set_max_proto_version(SSL.TLS1_2_VERSION)

        wire.secure_with(lambda options: _changed(options, limit))


def _changed(options: Any, change: Callable[[Any], None]) -> Any:
    """Return a copy of the options, with a new context that `change` has changed."""
    chain = [options.certificate, *options.extraCertChain]
    changed = make_options(
        [each.to_cryptography() for each in chain],
        options.privateKey.to_cryptography_key(),
        None,
        "the server's certificate",
        old=True,
    )
    with warnings.catch_warnings():
        # See `make_options`.
        warnings.simplefilter("ignore", DeprecationWarning)
        change(changed.getContext())
    return changed


# Certificates


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def _names(tls: TLS) -> Sequence[str]:
    """Return the host names in the listener's own certificate."""
    certificate = tls.context_factory().certificate.to_cryptography()
    return identities_in(certificate)


def _authority(tls: TLS) -> Any:
    if tls.authority is None:
        raise TLSError("this fault needs a certificate made by TLS.auto()")
    return tls.authority


def _options(leaf: Any, others: Sequence[bytes] = ()) -> Any:
    pems = [leaf.cert_chain_pems[0].bytes(), *others]
    return make_options(
        [each for pem in pems for each in load_certificates(pem)],
        load_key(leaf.private_key_pem.bytes()),
        None,
        "trustme's certificate",
    )


def _expired(tls: TLS) -> Any:
    before, after = _now() - 30 * _DAY, _now() - _DAY
    return _options(
        _authority(tls).issue_cert(*_names(tls), not_before=before, not_after=after)
    )


def _not_yet_valid(tls: TLS) -> Any:
    before, after = _now() + _DAY, _now() + 30 * _DAY
    return _options(
        _authority(tls).issue_cert(*_names(tls), not_before=before, not_after=after)
    )


def _wrong_host(tls: TLS) -> Any:
    return _options(_authority(tls).issue_cert(_NAME))


def _unknown_ca(tls: TLS) -> Any:
    return _options(import_trustme().CA().issue_cert(*_names(tls)))


def _self_signed(tls: TLS) -> Any:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "self-signed")])
    own = tls.context_factory().certificate.to_cryptography()
    names = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_now() - _DAY)
        .not_valid_after(_now() + 30 * _DAY)
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    return make_options([certificate], key, None, "the self-signed certificate")


def _wrong_order(tls: TLS) -> Any:
    upper = _authority(tls).create_child_ca()
    lower = upper.create_child_ca()
    leaf = lower.issue_cert(*_names(tls))
    # RFC 5246 section 7.4.2: each must certify the one before it.
    return _options(leaf, [upper.cert_pem.bytes(), lower.cert_pem.bytes()])


def _missing_chain(tls: TLS) -> Any:
    return _options(_authority(tls).create_child_ca().issue_cert(*_names(tls)))


def _renewed(tls: TLS) -> Any:
    return _options(_authority(tls).issue_cert(*_names(tls)))


KINDS: Mapping[str, Callable[[TLS], Any]] = {
    "expired": _expired,
    "not-yet-valid": _not_yet_valid,
    "wrong-host": _wrong_host,
    "unknown-ca": _unknown_ca,
    "self-signed": _self_signed,
    "wrong-order": _wrong_order,
    "missing-chain": _missing_chain,
    "renewed": _renewed,
}
