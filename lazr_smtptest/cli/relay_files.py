"""Mailpit's YAML files about servers that mail is sent on to, as its variables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lazr_smtptest._guesses import nearest

__all__ = ["read_relay_files"]

# The keys of both files; each is the end of a variable.
_KEYS = (
    *("host", "port", "starttls", "tls", "allow-insecure", "auth", "username"),
    *("password", "secret", "return-path", "override-from", "forward-smtp-errors"),
)
# The variables that name the files, the prefix of those that they set, and the keys.
_FILES = {
    "MP_SMTP_RELAY_CONFIG": (
        "MP_SMTP_RELAY_",
        (
            *_KEYS,
            *("allowed-recipients", "blocked-recipients", "preserve-message-ids"),
            "recipient-allowlist",
        ),
    ),
    "MP_SMTP_FORWARD_CONFIG": ("MP_SMTP_FORWARD_", (*_KEYS, "to")),
}
# The keys whose variables end otherwise.
_OTHER_ENDS = {
    "forward-smtp-errors": "FWD_SMTP_ERRORS",
    "recipient-allowlist": "ALLOWED_RECIPIENTS",
}

Flags = Mapping[str, tuple[str, str]]


def read_relay_files(
    environment: Mapping[str, str], flags: Flags
) -> tuple[Mapping[str, str], Flags]:
    """Return variables and flags with what the files set, instead of their names.

    Args:
        environment: the variables, by name.
        flags: see `take_flags`.

    Raises:
        ValueError: a file cannot be read; the message names it.
    """
    variables, written = dict(environment), dict(flags)
    for name, (prefix, keys) in _FILES.items():
        if name in written:
            path, flag = written.pop(name)
            variables.pop(name, None)
            found = _read(flag, path, keys)
            written.update({prefix + end: (found[end], flag) for end in found})
        elif variables.get(name):
            found = _read(name, variables.pop(name), keys)
            variables.update({prefix + end: found[end] for end in found})
    return variables, written


def _read(source: str, path: str, keys: tuple[str, ...]) -> dict[str, str]:
    """Return the ends of variables and their values.

    Args:
        source: the variable or the flag that names the file.
        path: the name of the file.
        keys: the keys that it may have.
    """
    try:
        import yaml
    except ImportError as error:
        raise ValueError(
            f"{source} needs pip install 'lazr.smtptest[yaml]': {error}"
        ) from error
    try:
        content = yaml.safe_load(Path(path).read_bytes())
    except OSError as error:
        raise ValueError(f"{source}: cannot read {path!r}: {error.strerror}") from error
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{source}: {path!r} is no YAML: {reason}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{source}: {path!r} must have lines KEY: VALUE")
    found = {}
    for key, value in content.items():
        if key not in keys:
            hint = nearest(str(key), list(keys)) or f"; known: {', '.join(keys)}"
            raise ValueError(f"{source}: {path!r} has an unknown key {key!r}{hint}")
        if value is None:
            continue
        if not isinstance(value, (str, int, float)):
            raise ValueError(f"{source}: {path!r}: {key} must be one value")
        end = _OTHER_ENDS.get(key) or key.upper().replace("-", "_")
        is_switch = isinstance(value, bool)
        found[end] = str(value).lower() if is_switch else str(value)
    return found
