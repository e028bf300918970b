"""Logins by files of htpasswd."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from lazr_smtptest.readers.http.gate import Gate
from lazr_smtptest.readers.http.htpasswd import PasswordFile, PasswordFileError


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A file with a user for each hash, all with the password ``secret``."""
    hashes = pytest.importorskip("passlib.hash")
    lines = [
        "sha:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
        f"apr1:{hashes.apr_md5_crypt.hash('secret')}",
        f"bcrypt:{hashes.bcrypt.using(rounds=4, ident='2y').hash('secret')}",
    ]
    path = tmp_path / "passwords"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize("user", ["sha", "apr1", "bcrypt"])
def test_the_right_password_is_right(file: str, user: str) -> None:
    """Whatever the hash."""
    passwords = PasswordFile(file)
    assert not passwords.knows(user, "secret")
    assert passwords.check(user, "secret")
    assert passwords.knows(user, "secret")


@pytest.mark.parametrize(
    ("user", "password"),
    [("sha", "Secret"), ("apr1", ""), ("bcrypt", "secret "), ("nobody", "secret")],
)
def test_another_login_is_wrong(file: str, user: str, password: str) -> None:
    """That of an unknown user among them."""
    passwords = PasswordFile(file)
    assert not passwords.check(user, password)
    assert not passwords.knows(user, password)


@pytest.mark.parametrize("password", ["\0", "x" * 10_000, "\ud800"])
def test_an_odd_password_is_wrong(file: str, password: str) -> None:
    """It raises nothing."""
    assert not PasswordFile(file).check("bcrypt", password)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "has no user"),
        (b"ann\n", "is no file of htpasswd"),
        (b"ann:secret\n", "no hash that is known for user 'ann'"),
        (b"ann:!\n", "no hash that is known for user 'ann'"),
        (b"ann:\n", "no hash that is known for user 'ann'"),
        (b"ann:$argon2id$v=19$m=65536,t=3,p=4$abcd$efgh\n", "user 'ann'"),
        (b":{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n", "no hash that is known for user ''"),
    ],
)
def test_a_file_without_users_is_refused(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    """Otherwise nobody could log in."""
    pytest.importorskip("passlib.apache")
    path = tmp_path / "passwords"
    path.write_bytes(content)
    with pytest.raises(PasswordFileError, match=reason):
        PasswordFile(str(path))


@pytest.mark.parametrize(
    ("login", "status"),
    [
        (basic("bcrypt", "secret"), 200),
        (basic("plain", "word"), 200),
        (basic("bcrypt", "word"), 401),
        (basic("plain", "secret"), 401),
        ("Basic ?", 401),
    ],
)
@pytest.mark.parametrize("body", [None, b"{}"])
def test_requests_are_checked(
    make_mail: Any, file: str, login: str, status: int, body: bytes | None
) -> None:
    """Also before their body is read."""
    gate = Gate(users={"plain": "word"}, files=[PasswordFile(file)])
    mail = make_mail(gate=gate)
    path = "/api/v2/tags"
    answer = mail.client.request("GET", path, authorization=login, body=body)
    assert answer.status == status
    mail.reader.close()


class TestTime:
    """The time of a check tells nothing: it is that of one hash of each kind."""

    @pytest.fixture
    def checked(self, file: str, monkeypatch: pytest.MonkeyPatch) -> Any:
        """Return the kinds of hashes that are compared for a login, sorted."""
        hashes = pytest.importorskip("passlib.hash")
        with Path(file).open("a") as users:
            users.write("sha2:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n")
            slow = hashes.bcrypt.using(rounds=5, ident="2y").hash("x")
            users.write(f"slow:{slow}\n")
        passwords = PasswordFile(file)
        checked: list[str] = []
        real = passwords._file.check_password

        def check(user: str, password: str) -> Any:
            checked.append({"sha2": "sha"}.get(user, user))
            return real(user, password)

        monkeypatch.setattr(passwords._file, "check_password", check)

        def kinds(user: str, password: str = "wrong") -> list[str]:
            checked.clear()
            passwords.check(user, password)
            return sorted(checked)

        return kinds

    @pytest.mark.parametrize(
        "user", ["sha", "sha2", "apr1", "bcrypt", "slow", "nobody", "", "\0"]
    )
    def test_each_kind_is_compared_once(self, checked: Any, user: str) -> None:
        assert checked(user) == ["apr1", "bcrypt", "sha", "slow"]

    def test_also_for_the_right_password(self, checked: Any) -> None:
        assert checked("sha", "secret") == ["apr1", "bcrypt", "sha", "slow"]

    def test_and_for_one_that_no_hash_takes(self, checked: Any) -> None:
        assert checked("sha", "\0") == ["apr1", "bcrypt", "sha", "slow"]
