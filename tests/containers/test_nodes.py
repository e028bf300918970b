"""The file for Compose of several servers with one database."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from lazr_smtptest.cli.http_reader import DEFAULT_HTTP
from lazr_smtptest.cli.options import Options
from lazr_smtptest.stores import check_spec

from .recipe import ROOT, instructions, last_stage, pairs

TEXT = yaml.safe_load((ROOT / "doc" / "nodes" / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = TEXT["services"]
SERVERS = [name for name in SERVICES if name != "database"]


def options_of(name: str, monkeypatch: pytest.MonkeyPatch) -> Options:
    """Return the options of a server in its container."""
    for variable, value in (pairs("ENV") | SERVICES[name]["environment"]).items():
        monkeypatch.setenv(variable, str(value))
    options = Options()
    options.http_default = DEFAULT_HTTP
    options.parseOptions([])
    return options


def test_it_has_three_sinks_two_readers_and_a_database() -> None:
    kinds = sorted(name.rstrip("123") for name in SERVICES)
    assert kinds == ["database", *["reader"] * 2, *["sink"] * 3]


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_keeps_its_mail_in_the_database_of_the_file(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = check_spec(options_of(name, monkeypatch)["store"])
    database = SERVICES["database"]["environment"]
    user, place = database["POSTGRES_USER"], database["POSTGRES_DB"]
    assert spec.path == f"postgresql://{user}@database/{place}"
    assert SERVICES[name]["environment"]["PGPASSWORD"] == database["POSTGRES_PASSWORD"]


@pytest.mark.parametrize("name", SERVERS)
def test_only_a_reader_answers_http(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    is_reader = name.startswith("reader")
    assert bool(options_of(name, monkeypatch)["http"]) is is_reader


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_is_published_to_this_machine_only(name: str) -> None:
    """On a port that no other one has, and one that the image exposes."""
    [published] = SERVICES[name]["ports"]
    host, _, port = published.split(":")
    assert host == "127.0.0.1"
    assert port in last_stage()["EXPOSE"][0].split()


def test_no_two_services_have_a_port() -> None:
    ports = [SERVICES[name]["ports"][0].split(":")[1] for name in SERVERS]
    assert len(set(ports)) == len(SERVERS)


def test_each_sink_has_a_spool_and_a_name_of_its_own() -> None:
    sinks = [SERVICES[name] for name in SERVERS if name.startswith("sink")]
    volumes = [each["volumes"][0] for each in sinks]
    assert len({each["hostname"] for each in sinks}) == len(set(volumes)) == 3
    for volume in volumes:
        name, _, folder = volume.partition(":")
        assert name in TEXT["volumes"]
        assert sinks[0]["environment"]["SMTPTEST_SPOOL"].startswith(f"{folder}/")


def test_the_image_has_what_the_store_needs() -> None:
    [install] = [each.text for each in instructions() if "pip install" in each.text]
    assert "postgresql" in install.partition("[")[2].partition("]")[0].split(",")
    # The base has no libpq.
    assert '"psycopg[binary]"' in install
