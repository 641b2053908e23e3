"""Uploaded lists stay in memory until they are sealed: no plain copy touches a disk."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload

_MIB = 1024 * 1024
DRAINED = 1024 * _MIB


class BoundedMemoryHandler(FileUploadHandler):
    """Keeps one request's files in memory, up to the upload limit; of a larger one nothing is kept.

    The view then sees no file and ``request.META["hatobin.upload_too_large"]``. What a browser still
    sends is read and forgotten, since it shows no answer before it has sent all; more than a gibibyte
    is not waited for.
    """

    def handle_raw_input(self, *args: Any, **kwargs: Any) -> None:
        self._left = settings.HATOBIN.upload_limit_mb * _MIB
        self._drain = DRAINED

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._file = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._left -= len(raw_data)
        if self._left >= 0:
            self._file.write(raw_data)
            return
        self._refuse()
        self._drain -= len(raw_data)
        if self._drain < 0:
            raise StopUpload(connection_reset=True)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile | None:
        if self._left < 0:
            return None
        self._file.seek(0)
        return InMemoryUploadedFile(
            self._file,
            self.field_name,
            self.file_name or "",
            self.content_type,
            file_size,
            self.charset,
        )

    def _refuse(self) -> None:
        self._file = BytesIO()
        if self.request is not None:
            self.request.META["hatobin.upload_too_large"] = True
