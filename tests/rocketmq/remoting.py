"""Frames of RocketMQ's remoting protocol, with JSON headers: what the stub
broker and the tests around it need, written for itself so that it can disagree
with the implementation under test."""

import asyncio
import itertools
import json

LANGUAGE = "PYTHON"
VERSION = 409  # 4.9.8's

RESPONSE = 1
ONEWAY = 2

_opaques = itertools.count(1)


class Command:
    def __init__(self, code, opaque=0, flag=0, ext=None, body=b"", remark=None,
                 version=VERSION):
        self.code = code
        self.opaque = opaque
        self.flag = flag
        self.ext = ext or {}
        self.body = body
        self.remark = remark
        self.version = version

    @property
    def is_response(self):
        return self.flag & RESPONSE != 0

    @property
    def is_oneway(self):
        return self.flag & ONEWAY != 0

    def encode(self):
        header = {"code": self.code, "flag": self.flag, "language": LANGUAGE,
                  "opaque": self.opaque,
                  "serializeTypeCurrentRPC": "JSON", "version": self.version}
        if self.remark is not None:
            header["remark"] = self.remark
        if self.ext:
            header["extFields"] = {k: str(v) for k, v in self.ext.items()}
        text = json.dumps(header).encode()
        size = 4 + len(text) + len(self.body)
        return (size.to_bytes(4, "big") + len(text).to_bytes(4, "big") + text
                + self.body)


def decode(frame):
    """A command from what follows the length field."""
    header_size = int.from_bytes(frame[1:4], "big")
    if frame[0] != 0:
        raise ValueError("not a JSON header")
    header = json.loads(frame[4:4 + header_size])
    return Command(header["code"], header.get("opaque", 0),
                   header.get("flag", 0), header.get("extFields"),
                   bytes(frame[4 + header_size:]), header.get("remark"),
                   header.get("version", 0))


def answer(request, code=0, ext=None, body=b"", remark=None):
    return Command(code, request.opaque, RESPONSE, ext, body, remark)


async def read_command(reader):
    """The next command; None when the connection has ended."""
    try:
        size = int.from_bytes(await reader.readexactly(4), "big")
        return decode(await reader.readexactly(size))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


class Connection:
    """One connection to a server, one request at a time."""

    def __init__(self, address):
        self.address = address
        self.reader = None
        self.writer = None

    async def call(self, code, ext=None, body=b"", timeout=3, version=VERSION):
        if self.writer is None:
            host, port = self.address.rsplit(":", 1)
            self.reader, self.writer = await asyncio.wait_for(
                asyncio.open_connection(host, int(port)), timeout)
        request = Command(code, next(_opaques), 0, ext, body, version=version)
        self.writer.write(request.encode())
        while True:
            command = await asyncio.wait_for(read_command(self.reader),
                                             timeout)
            if command is None:
                raise ConnectionError(self.address + " closed the connection")
            if command.is_response and command.opaque == request.opaque:
                return command

    def close(self):
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


def call(address, code, ext=None, body=b"", timeout=30, version=VERSION):
    """One request on a connection of its own, for tests."""
    async def run():
        connection = Connection(address)
        try:
            return await connection.call(code, ext, body, timeout, version)
        finally:
            connection.close()
    return asyncio.run(run())
