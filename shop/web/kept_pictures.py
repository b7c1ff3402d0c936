from typing import Any

from sorl.thumbnail.conf import settings
from sorl.thumbnail.kvstores import cached_db_kvstore
from sorl.thumbnail.models import KVStore as Row


class KVStore(cached_db_kvstore.KVStore):
    """What is known of pictures that were cut: in the database, and in the cache as text. The library keeps a class in
    the cache for what is not known, which only pickle could write."""

    def _get_raw(self, key: str) -> Any:
        value = self.cache.get(key)
        if value is None:
            row = Row.objects.filter(key=key).first()
            value = row.value if row else ""
            self.cache.set(key, value, settings.THUMBNAIL_CACHE_TIMEOUT)
        return value or None
