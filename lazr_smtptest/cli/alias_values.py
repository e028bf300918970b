"""The values of variables of Mailpit and MailHog, as our own variables have them.

A function takes the value of each variable of its alias; ``""`` for one that is not
set. It returns ``""`` for no value.

A wrong value is a ValueError that says what is allowed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lazr_smtptest._quantities import parse_seconds
from lazr_smtptest.cli.places import endpoint_of
from lazr_smtptest.cli.tagging import join_rules, split_rules
from lazr_smtptest.query.tags import clean_tag

# Where Mailpit listens if nothing else is set.
_SMTP, _POP3 = "[::]:1025", "[::]:1110"

# How the hash of a password begins, in a file of htpasswd.
_HASHES = ("$1$", "$2", "$5$", "$6$", "$apr1$", "{SHA}", "{SSHA}")


def same(text: str) -> str:
    """Return the value as it is."""
    return text


def endpoint(text: str) -> str:
    """Return the endpoint of ``host:port``, ``[::]:port`` or ``unix:path:mode``."""
    if text.startswith("unix:"):
        path, _, mode = text.removeprefix("unix:").partition(":")
        return f"unix:{path}:mode={mode}" if mode else f"unix:{path}"
    host, _, port = text.rpartition(":")
    if ":" not in text or not (port.isascii() and port.isdecimal()):
        raise ValueError("it is HOST:PORT")
    return endpoint_of(host.strip("[]"), int(port))


def mailhog_api(page: str, api: str) -> str:
    """Return where to answer clients of MailHog; its page is there, too, by default."""
    return endpoint(api or page)


def mailhog_page(page: str, api: str) -> str:
    """Return where our page is, if that of MailHog has an address of its own."""
    return "" if page == api else endpoint(page)


def is_on(text: str) -> bool:
    """Return whether a switch is on."""
    return text.lower() in ("1", "true", "yes")


def switch(text: str) -> str:
    """Return the value of a flag."""
    return "1" if is_on(text) else "0"


def starttls(text: str) -> str:
    """Return the security of a server, if it is STARTTLS."""
    return "starttls" if is_on(text) else ""


def tls(text: str) -> str:
    """Return the security of a server, if it is TLS from the start."""
    return "tls" if is_on(text) else ""


def smtp(address: str, begins_with_tls: str) -> str:
    """Return where to speak SMTP without TLS from the start."""
    return endpoint(address) if address and not is_on(begins_with_tls) else ""


def smtps(address: str, begins_with_tls: str) -> str:
    """Return where to speak SMTP within TLS."""
    return endpoint(address or _SMTP) if is_on(begins_with_tls) else ""


def pop3(address: str, users: str, file: str, certificate: str) -> str:
    """Return where to answer POP3 without TLS."""
    return "" if certificate else endpoint(address or _POP3)


def pop3s(address: str, users: str, file: str, certificate: str) -> str:
    """Return where to answer POP3 within TLS."""
    return endpoint(address or _POP3) if certificate else ""


def pair(certificate: str, key: str) -> str:
    """Return two files, or ``auto`` for a certificate that is made at the start."""
    if certificate.startswith("sans:"):
        return "auto"
    return f"{certificate},{key}"


def logins(anybody: str, users: str, file: str, more: str, more_file: str) -> str:
    """Return the checkers of those who may log in to SMTP or POP3."""
    if is_on(anybody):
        return "any"
    known = [*_words(users, file), *_words(more, more_file)]
    return " ".join(dict.fromkeys(map(_checker, known)))


def send_logins(anybody: str, users: str, file: str) -> str:
    """Return the logins of those who may send by HTTP; a file overrides the words."""
    if is_on(anybody):
        return "any"
    return f"file:{file}" if file else users


def _words(users: str, file: str) -> list[str]:
    return (Path(file).read_text("utf-8") if file else users).split()


def _checker(login: str) -> str:
    user, _, password = login.partition(":")
    if password.startswith(_HASHES):
        raise ValueError(
            f"the password of {user!r} is a hash, which --auth cannot check: "
            "it is USER:PASSWORD"
        )
    if not (user and password) or ":" in password:
        raise ValueError("each login is USER:PASSWORD, without another colon")
    return f"memory:{login}"


def needs_tls(starttls: str, users: str, file: str, insecure: str) -> str:
    """Return whether mail without TLS is refused: logins need it, by default."""
    has_logins = bool(users or file)
    return "1" if is_on(starttls) or (has_logins and not is_on(insecure)) else "0"


def everywhere(text: str) -> str:
    """Return the hosts that a link check may ask."""
    return "*" if is_on(text) else ""


def spamd(text: str) -> str:
    """Return a server; a public service is not asked."""
    return "" if text == "postmark" else text


def base(text: str) -> str:
    """Return the path before all paths of HTTP."""
    return f"/{path}" if (path := text.strip("/")) else ""


def store(
    kind: str, folder: str, database: str, count: str, age: str, off: str, user: str
) -> str:
    """Return the store with its bounds and its rules of tags."""
    place = _database(database) if database else _maildir(kind, folder)
    settings = "&".join(_settings(count, age, off, user))
    if not settings:
        return place
    return f"{place or 'memory'}?{settings}"


def _database(text: str) -> str:
    if "://" in text:
        raise ValueError("it is the name of a file")
    file = Path(text, "mailpit.db") if Path(text).is_dir() else text
    return f"sqlite:{file}"


def _maildir(kind: str, folder: str) -> str:
    if kind not in ("", "memory", "maildir"):
        raise ValueError("it is memory or maildir")
    return f"maildir:{folder}" if kind == "maildir" and folder else ""


def _settings(count: str, age: str, off: str, user: str) -> Iterator[str]:
    if count not in ("", "0"):
        yield f"max-count={count}"
    if age and parse_seconds(age):
        yield f"max-age={age}"
    names = {"plus-addresses": "plus-tags=no", "x-tags": "x-tags=no"}
    for name in filter(None, map(str.strip, off.split(","))):
        if name not in names:
            raise ValueError("it is plus-addresses, x-tags, or both with a comma")
        yield names[name]
    if is_on(user):
        yield "user-tags=yes"


def tags(text: str) -> str:
    """Return rules of tags, of queries in Mailpit's grammar."""
    # Imported here: it is needed by few.
    from lazr_smtptest.readers.http.mailpit.queries import translate

    rules: dict[str, str] = {}
    for tag, search in split_rules(text):
        name, query = clean_tag(tag), translate(search)
        before = rules.get(name)
        rules[name] = f"({before}) OR ({query})" if before else query
    return join_rules(rules)
