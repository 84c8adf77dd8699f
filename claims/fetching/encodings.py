"""The content encoding of an answer, undone while it arrives and never past the limit.

100 MB of zeros are 97 kB in gzip and 326 bytes when compressed twice, so that neither what was
received nor its compression ratio says what it will become.
"""

from __future__ import annotations

import zlib

from claims.fetching.refusals import Refused, Unreachable

ACCEPTED = "gzip, deflate"
_GZIP = b"\x1f\x8b"
_NAMES = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate"}


class Content:
    """The content of one answer, grown by `feed` and closed by `finish`."""

    def __init__(self, encoding: str, *, limit: int) -> None:
        """Begin content that is sent as the `Content-Encoding` header, or its absence, says.

        :raises Refused: if it is encoded more than once, or in another way than we asked for.
        """
        self._limit = limit
        self._decoded = bytearray()
        self._encoding = _single(encoding)
        self._stream: zlib._Decompress | None = None

    def feed(self, data: bytes) -> None:
        """Take what arrived.

        :raises Refused: if the content becomes larger than the limit.
        :raises Unreachable: if it is not encoded as announced.
        """
        if not self._encoding:
            self._take(data)
            return
        while data:
            if self._stream is None:
                self._stream = zlib.decompressobj(self._window(data))
            try:
                self._take(self._stream.decompress(data, self._limit - len(self._decoded) + 1))
            except zlib.error as error:
                raise Unreachable(f"What was sent is not valid {self._encoding}.") from error
            data = self._stream.unused_data
            if self._stream.eof and data:  # a further member of a gzip file
                if self._encoding != "gzip":
                    raise Unreachable(f"There is more behind the end of the {self._encoding}.")
                self._stream = None

    def finish(self) -> bytes:
        """Return the content.

        :raises Refused: if it is still compressed.
        :raises Unreachable: if the encoding ends in the middle.
        """
        if self._stream is not None and not self._stream.eof:
            raise Unreachable(f"The {self._encoding} that was sent ends in the middle.")
        if self._encoding and self._decoded.startswith(_GZIP):
            raise Refused("The content is compressed twice.")
        return bytes(self._decoded)

    def _take(self, data: bytes) -> None:
        self._decoded += data
        if len(self._decoded) > self._limit:
            raise Refused(f"The content is larger than {megabytes(self._limit)}.")

    def _window(self, data: bytes) -> int:
        """How zlib is told what comes: gzip, zlib, or the bare deflate that some servers send."""
        if self._encoding == "gzip":
            return 16 + zlib.MAX_WBITS
        is_zlib = data[0] & 0x0F == 8 and (len(data) < 2 or (data[0] << 8 | data[1]) % 31 == 0)
        return zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS


def megabytes(size: int) -> str:
    """Return a size in bytes as people read it."""
    return f"{size / 1_000_000:g} MB" if size >= 1_000_000 else f"{size / 1000:g} kB"


def _single(encoding: str) -> str:
    names = [name.strip().lower() for name in encoding.split(",")]
    names = [name for name in names if name not in ("", "identity")]
    if len(names) > 1:
        raise Refused(f"The content is encoded more than once ({', '.join(names)[:60]}).")
    if not names:
        return ""
    if names[0] not in _NAMES:
        raise Refused(f"The content is encoded as {names[0][:20]}, which we did not ask for.")
    return _NAMES[names[0]]
