"""The recipe of the image, and the files for Compose: what they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from lazr_smtptest.cli.environment import PREFIX, read_environment
from lazr_smtptest.cli.http_reader import DEFAULT_HTTP
from lazr_smtptest.cli.options import Options
from lazr_smtptest.version import __version__

from .recipe import ROOT, entry_point, instructions, last_stage, pairs

COMPOSE = [ROOT / "compose.yaml", *sorted((ROOT / "doc" / "containers").iterdir())]
LABELS = ("title", "description", "source", "version", "licenses")


def service(path: Path) -> dict[str, Any]:
    """Return the only service of a file."""
    [found] = yaml.safe_load(path.read_text())["services"].values()
    assert isinstance(found, dict)
    return found


def named(path: Path) -> str:
    return path.name


def test_both_stages_begin_with_the_base_that_is_given() -> None:
    """So an image can be built where no registry is reached."""
    assert instructions()[0].name == "ARG"
    assert instructions()[0].text.startswith("BASE=")
    stages = [each.text for each in instructions() if each.name == "FROM"]
    assert stages == ["${BASE} AS build", "${BASE}"]


def test_the_image_takes_only_the_environment_from_the_first_stage() -> None:
    """No compiler, no source."""
    assert last_stage()["COPY"] == ["--from=build /opt/smtptest /opt/smtptest"]


def test_the_image_runs_as_a_user_without_a_name_who_is_not_root() -> None:
    assert last_stage()["USER"] == ["10001:10001"]


def test_the_folder_of_the_volume_belongs_to_the_user() -> None:
    """A new volume has the owner of the folder in the image."""
    assert last_stage()["VOLUME"] == ["/data"]
    assert "mkdir /data && chown 10001:10001 /data" in last_stage()["RUN"]


def test_the_ports_are_those_that_users_know() -> None:
    [ports] = last_stage()["EXPOSE"]
    assert ports.split() == ["1025", "1110", "1143", "8025"]


def test_the_health_check_is_the_command_itself() -> None:
    """In exec form: the image needs neither curl nor a shell."""
    [text] = last_stage()["HEALTHCHECK"]
    command = json.loads(text.partition(" CMD ")[2])
    assert command == [*entry_point(), "ready"]
    assert "--start-period=" in text


def test_the_server_gets_the_signals_itself() -> None:
    """In exec form: no shell is process 1."""
    assert entry_point() == ["/opt/smtptest/bin/smtptest"]
    assert last_stage()["STOPSIGNAL"] == ["SIGTERM"]


@pytest.mark.parametrize("label", LABELS)
def test_the_image_has_the_labels_of_oci(label: str) -> None:
    assert pairs("LABEL")[f"org.opencontainers.image.{label}"]


def test_the_label_has_the_version_of_the_package() -> None:
    assert pairs("LABEL")["org.opencontainers.image.version"] == __version__


def test_the_server_is_reached_from_outside_on_the_ports() -> None:
    """Each variable is one of an option, and is read as the command reads it."""
    given = {
        name: value for name, value in pairs("ENV").items() if name.startswith(PREFIX)
    }
    assert read_environment(given, list(Options.table())) == {
        "host": "0.0.0.0",
        "port": "1025",
        "http": "tcp:8025:interface=0.0.0.0",
        "imap": "tcp:1143:interface=0.0.0.0",
        "pop3": "tcp:1110:interface=0.0.0.0",
    }


@pytest.mark.parametrize("path", COMPOSE, ids=named)
def test_a_file_for_compose_starts_the_image(path: Path) -> None:
    assert service(path)["image"] == "lazr-smtptest"


@pytest.mark.parametrize("path", COMPOSE, ids=named)
def test_a_file_for_compose_publishes_to_this_machine_only(path: Path) -> None:
    """The server takes mail from everybody."""
    exposed = last_stage()["EXPOSE"][0].split()
    for published in service(path)["ports"]:
        host, _, port = published.split(":")
        assert host == "127.0.0.1"
        assert port in exposed


@pytest.mark.parametrize("path", COMPOSE, ids=named)
def test_a_file_for_compose_keeps_the_mail(path: Path) -> None:
    """The volume is declared, and is at the folder that the store is in."""
    [volume] = service(path)["volumes"]
    name, _, folder = volume.partition(":")
    assert name in yaml.safe_load(path.read_text())["volumes"]
    assert folder == "/data"


@pytest.mark.parametrize("path", COMPOSE, ids=named)
def test_the_server_takes_the_variables_of_the_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With those of the image, as a container has them."""
    variables = pairs("ENV") | service(path)["environment"]
    for name, value in variables.items():
        monkeypatch.setenv(name, str(value))
    options = Options()
    options.http_default = DEFAULT_HTTP
    options.parseOptions([])
    assert "/data/" in options["store"]
    assert options["http"] == "tcp:8025:interface=0.0.0.0"


def test_the_file_in_place_of_mailpit_has_no_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each of its variables has an effect."""
    given = service(ROOT / "doc" / "containers" / "compose.mailpit.yaml")
    for name, value in given["environment"].items():
        monkeypatch.setenv(name, str(value))
    options = Options()
    options.http_default = DEFAULT_HTTP
    options.parseOptions([])
    assert options.notes == []


def test_both_files_of_what_is_left_out_are_the_same() -> None:
    """One name is of Podman and Buildah, the other one of Docker."""
    texts = [(ROOT / f".{kind}ignore").read_text() for kind in ("container", "docker")]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("name", ["lazr", "lazr_smtptest", "twisted", "setup.cfg"])
def test_what_the_wheel_needs_is_not_left_out(name: str) -> None:
    assert f"!{name}" in (ROOT / ".containerignore").read_text().splitlines()
