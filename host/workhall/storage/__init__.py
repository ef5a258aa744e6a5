"""Files by key: a folder on this machine by default, a bucket by ``STORAGE_URL``.

Rows hold ``storage:<key>``; who may fetch a file, and under which address, is not this package's business.
"""

from workhall.storage.objects import ObjectStorage, StorageAway, StoredFile
from workhall.storage.open import open_storage

__all__ = ["ObjectStorage", "StorageAway", "StoredFile", "open_storage"]
