"""The meanings of replies, warnings and settings."""

from __future__ import annotations

import attrs
import pytest

from lazr_smtptest.readers.http.api.meanings import LANGUAGES
from lazr_smtptest.readers.http.api.settings import SettingsAnswer
from lazr_smtptest.readers.http.api.store_settings import StoreBounds, StoreTags
from lazr_smtptest.smtp.limits import Limits

from ..client import Client

# What has no meaning of its own: tables, and names that users choose.
OTHERS = {"limits", "values", "fixed", "store", "tags", "shared", "queries"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_setting_has_one_and_no_other(client: Client, language: str) -> None:
    """In every language, and a unit, which may be empty."""
    names = {each.name for each in attrs.fields(Limits)}
    for table in (SettingsAnswer, StoreBounds, StoreTags):
        names |= set(table.__struct_fields__)
    found = client.get(f"/api/v2/meanings?language={language}").json
    assert set(found["setting"]) == set(found["unit"]) == names - OTHERS


def test_english_is_the_first_language(client: Client) -> None:
    assert client.get("/api/v2/meanings").json["reply"]["220"] == "ready"


def test_another_language_has_its_own_texts(client: Client) -> None:
    found = client.get("/api/v2/meanings?language=de").json
    assert found["unit"]["idle"] == "Sekunden"


def test_an_unknown_language_is_refused(client: Client) -> None:
    answer = client.get("/api/v2/meanings?language=fr")
    assert (answer.status, answer.json["detail"]) == (
        400,
        "bad language 'fr': it must be de or en",
    )
