"""Files of ``htpasswd``: users with hashes of their passwords."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import Any

from lazr_smtptest.errors import Error

__all__ = ["PasswordFile", "PasswordFileError"]

# The scheme of libpass that compares the text itself.
_PLAIN = "plaintext"

# The most logins that are remembered as right.
_KNOWN = 1000


class PasswordFileError(Error):
    """A file of passwords cannot be used."""


class PasswordFile:
    """A file of ``htpasswd``: a line ``USER:HASH`` for each user.

    The hash is that of bcrypt (``htpasswd -B``), of MD5 (``$apr1$``), of SHA-1
    (``{SHA}``), or another one that the package libpass knows. The file is read once.
    Any thread may use it.

    Args:
        path: the name of the file.

    Raises:
        PasswordFileError: it cannot be read, it is not such a file, or the package is
            missing.
    """

    def __init__(self, path: str) -> None:
        try:
            from passlib.apache import HtpasswdFile, htpasswd_context
        except ImportError as error:
            raise PasswordFileError(
                "files of htpasswd need the package libpass: "
                "pip install 'lazr.smtptest[htpasswd]'"
            ) from error
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise PasswordFileError(
                f"cannot read {path!r}: {error.strerror}"
            ) from error
        try:
            # By default what is no hash would be a password in plain text.
            schemes = [each for each in htpasswd_context.schemes() if each != _PLAIN]
            hashes = htpasswd_context.copy(schemes=schemes, default=schemes[0])
            self._hashes: Any = hashes
            self._file: Any = HtpasswdFile.from_string(content, context=hashes)
            self._users = frozenset(self._file.users())
        except ValueError as error:
            raise PasswordFileError(
                f"{path!r} is no file of htpasswd: each line is USER:HASH"
            ) from error
        if not self._users:
            raise PasswordFileError(f"{path!r} has no user: each line is USER:HASH")
        # A user for each kind of hash: a check takes the time of all kinds.
        self._kinds: dict[str, str] = {}
        for user in sorted(self._users):
            own = self._file.get_hash(user)
            scheme = hashes.identify(own) if user else None
            if scheme is not None:
                self._kinds[_kind(scheme, own)] = user
            else:
                raise PasswordFileError(
                    f"{path!r} has no hash that is known for user {user!r}: make it by "
                    "htpasswd -B, or remove the line"
                )
        # Digests of logins that were right, under a key that nobody else has.
        self._key = secrets.token_bytes(32)
        self._known: set[bytes] = set()

    def knows(self, user: str, password: str) -> bool:
        """Return whether `check` has found this login right; at once."""
        return self._digest(user, password) in self._known

    def check(self, user: str, password: str) -> bool:
        """Return whether a login is right; it takes the time of the hash.

        It takes as long for every user, and for one that the file does not have.
        """
        if self.knows(user, password):
            return True
        # So its time tells neither whether there is such a user, nor the kind of hash.
        names = dict(self._kinds)
        if user in self._users:
            own = self._file.get_hash(user)
            names[_kind(self._hashes.identify(own), own)] = user
        right = [name for name in names.values() if self._is_right(name, password)]
        if user not in right:
            return False
        if len(self._known) >= _KNOWN:
            self._known.clear()
        self._known.add(self._digest(user, password))
        return True

    def _is_right(self, name: str, password: str) -> bool:
        try:
            return bool(self._file.check_password(name, password))
        except ValueError:
            # The password has characters that none may have.
            return False

    def _digest(self, user: str, password: str) -> bytes:
        text = f"{len(user)}:{user}{password}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, key=self._key).digest()


def _kind(scheme: str, hash: bytes | str) -> str:
    """Return what the time of a hash depends on: its scheme and its cost."""
    text = hash.decode("latin-1") if isinstance(hash, bytes) else hash
    # Of "$2y$05$...", the cost is the second part; others have the salt there.
    cost = text.split("$")[2] if scheme == "bcrypt" else ""
    return f"{scheme} {cost}"
