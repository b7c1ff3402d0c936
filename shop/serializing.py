"""How the cache writes what it keeps: as JSON. Whoever can write to the broker must not be able to run code here, which
pickle would let him (security.md, S23)."""

import json
from typing import Any


class Json:
    """For numbers, text, and lists and dictionaries of them. What cannot be read is as good as not there."""

    def dumps(self, value: Any) -> int | bytes:
        # Redis counts whole numbers by itself.
        return value if type(value) is int else json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        try:
            return json.loads(data)
        except ValueError:
            return None
