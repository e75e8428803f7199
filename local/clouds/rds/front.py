"""Takes PostgreSQL connections, with TLS if the client asks for it, and hands them on to the server.

A client asks for TLS before it says anything else (SSLRequest, in the protocol's section "SSL Session Encryption"). One
that does not is turned away if `force_ssl` is set, in PostgreSQL's words.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct

from local.clouds.rds import certificates
from local.site import Site

SSL_REQUEST, GSS_REQUEST = 80877103, 80877104
CHUNK_BYTES = 64 * 1024
REFUSED = {"S": "FATAL", "V": "FATAL", "C": "28000", "M": "no pg_hba.conf entry for host, no encryption"}


class Front:
    """The proxy of one site's server."""

    def __init__(self, site: Site, *, force_ssl: bool) -> None:
        self._port, self._server_port = site.ports["postgres"], site.ports["postgres-server"]
        self._force_ssl = force_ssl
        certificates.make(site)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*certificates.server_files(site))

    async def serve(self) -> None:
        server = await asyncio.start_server(self._connected, "127.0.0.1", self._port)
        print(f"RDS ready on 127.0.0.1:{self._port}", flush=True)
        async with server:
            await server.serve_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # either side may be gone at any moment; then the other is closed
        with contextlib.suppress(OSError, ssl.SSLError, asyncio.IncompleteReadError), contextlib.closing(writer):
            first = await self._encrypted(reader, writer)
            if first is None:
                return
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
            with contextlib.closing(server_writer):
                server_writer.write(first)
                ways = [
                    asyncio.create_task(_pass_on(reader, server_writer)),
                    asyncio.create_task(_pass_on(server_reader, writer)),
                ]
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                for way in ways:
                    way.cancel()

    async def _encrypted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes | None:
        """Agree on encryption; gives the first bytes for the server, None if the client may not come in."""
        while True:
            first = await reader.readexactly(8)
            length, code = struct.unpack("!II", first)
            if length == 8 and code == GSS_REQUEST:
                writer.write(b"N")
            elif length == 8 and code == SSL_REQUEST:
                writer.write(b"S")
                await writer.drain()
                await writer.start_tls(self._context)
                return b""
            elif self._force_ssl:
                fields = b"".join(f"{kind}{text}\0".encode() for kind, text in REFUSED.items()) + b"\0"
                writer.write(b"E" + struct.pack("!I", len(fields) + 4) + fields)
                await writer.drain()
                return None
            else:
                return first


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, ssl.SSLError):
        while data := await reader.read(CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
