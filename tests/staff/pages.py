"""How the tests read the desk's pages."""

import re
from collections.abc import Callable, Mapping
from html import unescape
from typing import Any

from django.test import Client

type SignIn = Callable[..., Client]


def words(response: Any) -> str:
    """The page as it reads: no tags, single spaces."""
    text = re.sub(r"<(script|style)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))


def seal_of(response: Any) -> str:
    return re.findall(r'name="seal" value="([0-9a-f]+)"', response.content.decode())[0]


def confirm(client: Client, address: str, data: Mapping[str, object]) -> Any:
    """Look at the preview, then confirm exactly what it showed."""
    preview = client.post(address, dict(data) | {"preview": "1"})
    return client.post(address, dict(data) | {"confirm": "1", "seal": seal_of(preview)}, follow=True)
