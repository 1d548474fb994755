#!/usr/bin/env python3
"""Stands for a stock RocketMQ broker in tests: registers itself with all
nameservers over the remoting protocol, keeps those connections open, and does
for clients what npm's ali-ons needs: heartbeats, sending, pulling. Messages are
kept in memory.

It prints "listening HOST:PORT", then a line for each thing worth waiting for:
"registered NAMESERVER", "lost NAMESERVER", "sent TOPIC QUEUE OFFSET", "pulled
TOPIC QUEUE COUNT". SIGTERM unregisters and ends."""

import argparse
import asyncio
import json
import signal
import socket
import struct
import sys
import time
import zlib

import remoting
from remoting import answer

SEND, PULL, QUERY_OFFSET, UPDATE_OFFSET = 10, 11, 14, 15
SEARCH_OFFSET, MAX_OFFSET, MIN_OFFSET = 29, 30, 31
HEARTBEAT, UNREGISTER_CLIENT, CONSUMERS, CHECK_CONFIG = 34, 35, 38, 46
REGISTER, UNREGISTER = 103, 104
SEND_V2 = 310

NOT_SUPPORTED, PULL_NOT_FOUND, QUERY_NOT_FOUND = 3, 19, 22

QUEUES = 4


def say(*words):
    print(*words, flush=True)


def stored_message(topic, queue, offset, position, request, body, address):
    """A message as a broker stores it and hands it to consumers."""
    host, port = address.rsplit(":", 1)
    place = socket.inet_aton(host) + struct.pack(">i", int(port))
    name = topic.encode()
    properties = request["properties"].encode()
    now = int(time.time() * 1000)
    rest = struct.pack(">iIiiqqiq", -0x25562258, zlib.crc32(body) & 0x7fffffff,
                       queue, int(request["flag"]), offset, position,
                       int(request["sysFlag"]), int(request["bornTimestamp"]))
    rest += place + struct.pack(">q", now) + place
    rest += struct.pack(">iqi", 0, 0, len(body)) + body
    rest += struct.pack(">b", len(name)) + name
    rest += struct.pack(">h", len(properties)) + properties
    return struct.pack(">i", 4 + len(rest)) + rest


class Store:
    """Topics and their queues of messages."""

    def __init__(self, topics):
        self.topics = {}
        self.version = 0
        self.started = int(time.time() * 1000)
        self.position = 0
        self.offsets = {}  # of consumer groups
        for topic in topics:
            self.create(topic, QUEUES)

    def create(self, topic, queues):
        if topic in self.topics:
            return
        self.topics[topic] = [[] for _ in range(queues)]
        self.version += 1

    def registration(self):
        table = {topic: {"topicName": topic, "readQueueNums": len(queues),
                         "writeQueueNums": len(queues), "perm": 6, "order": False,
                         "topicFilterType": "SINGLE_TAG", "topicSysFlag": 0}
                 for topic, queues in self.topics.items()}
        return json.dumps({
            "filterServerList": [],
            "topicConfigSerializeWrapper": {
                "dataVersion": {"counter": self.version,
                                "timestamp": self.started},
                "topicConfigTable": table}}).encode()


class Broker:
    def __init__(self, options):
        self.options = options
        self.store = Store(options.topic)
        self.address = None
        self.consumers = {}  # group: client ids
        self.arrived = asyncio.Condition()

    # --- Towards nameservers ---

    def identity(self):
        return {"brokerAddr": self.address, "brokerName": self.options.name,
                "brokerId": self.options.id,
                "clusterName": self.options.cluster}

    async def keep_registered(self, nameserver):
        connection = remoting.Connection(nameserver)
        registered = False
        while True:
            version = self.store.version
            body = self.store.registration()
            ext = dict(self.identity(), haServerAddr=self.address,
                       compressed="false",
                       bodyCrc32=zlib.crc32(body) & 0x7fffffff)
            try:
                reply = await connection.call(REGISTER, ext, body)
                if reply.code != 0:
                    raise ConnectionError("refused: %s" % reply.remark)
                if not registered:
                    say("registered", nameserver)
                registered = True
            except (OSError, asyncio.TimeoutError) as error:
                if registered:
                    say("lost", nameserver, error)
                registered = False
                connection.close()
            # At once when topics have changed, as a real broker.
            end = time.monotonic() + (
                self.options.register_interval if registered else 0.2)
            while time.monotonic() < end and not (
                    registered and self.store.version != version):
                await asyncio.sleep(0.02)

    async def unregister(self):
        for nameserver in self.options.nameservers.split(","):
            connection = remoting.Connection(nameserver)
            try:
                await connection.call(UNREGISTER, self.identity(), timeout=1)
            except (OSError, asyncio.TimeoutError):
                pass
            connection.close()

    # --- Towards clients ---

    async def serve(self, reader, writer):
        async def handle(request):
            reply = await self.handle(request)
            if not request.is_oneway:
                writer.write(reply.encode())

        # Each on its own: a pull waits for messages, others must not.
        tasks = set()
        while (request := await remoting.read_command(reader)) is not None:
            if request.is_response:
                continue
            task = asyncio.create_task(handle(request))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        writer.close()

    async def handle(self, request):
        ext = request.ext
        if request.code in (SEND, SEND_V2):
            return await self.send(request)
        if request.code == PULL:
            return await self.pull(request)
        if request.code == HEARTBEAT:
            return self.heartbeat(request)
        if request.code in (CHECK_CONFIG, UNREGISTER_CLIENT):
            return answer(request)
        if request.code == CONSUMERS:
            ids = sorted(self.consumers.get(ext["consumerGroup"], ()))
            return answer(request,
                          body=json.dumps({"consumerIdList": ids}).encode())
        if request.code == UPDATE_OFFSET:
            key = (ext["consumerGroup"], ext["topic"], int(ext["queueId"]))
            self.store.offsets[key] = int(ext["commitOffset"])
            return answer(request)
        if request.code == QUERY_OFFSET:
            key = (ext["consumerGroup"], ext["topic"], int(ext["queueId"]))
            if key not in self.store.offsets:
                return answer(request, QUERY_NOT_FOUND, remark="not found")
            return answer(request, ext={"offset": self.store.offsets[key]})
        if request.code in (MAX_OFFSET, MIN_OFFSET, SEARCH_OFFSET):
            queue = self.store.topics[ext["topic"]][int(ext["queueId"])]
            end = len(queue) if request.code == MAX_OFFSET else 0
            return answer(request, ext={"offset": end})
        return answer(request, NOT_SUPPORTED,
                      remark=" request type %d not supported" % request.code)

    def heartbeat(self, request):
        beat = json.loads(request.body)
        for group in beat["consumerDataSet"]:
            name = group["groupName"]
            self.consumers.setdefault(name, set()).add(beat["clientID"])
            # As a real broker: what a consumer fails to consume goes there.
            self.store.create("%RETRY%" + name, 1)
        return answer(request)

    async def send(self, request):
        ext = request.ext
        if request.code == SEND_V2:
            ext = {"topic": ext["b"], "queueId": ext["e"], "sysFlag": ext["f"],
                   "bornTimestamp": ext["g"], "flag": ext["h"],
                   "properties": ext.get("i", "")}
        topic, number = ext["topic"], int(ext["queueId"])
        if topic not in self.store.topics:
            return answer(request, 17, remark="topic[%s] not exist" % topic)
        queue = self.store.topics[topic][number]
        offset, position = len(queue), self.store.position
        message = stored_message(topic, number, offset, position, ext,
                                 request.body, self.address)
        self.store.position += len(message)
        queue.append(message)
        say("sent", topic, number, offset)
        async with self.arrived:
            self.arrived.notify_all()
        host, port = self.address.rsplit(":", 1)
        message_id = (socket.inet_aton(host).hex()
                      + "%08x%016x" % (int(port), position)).upper()
        return answer(request, ext={"msgId": message_id, "queueId": number,
                                    "queueOffset": offset})

    async def pull(self, request):
        ext = request.ext
        topic, number = ext["topic"], int(ext["queueId"])
        offset = int(ext["queueOffset"])
        queue = self.store.topics.get(topic, [[]] * (number + 1))[number]
        if offset >= len(queue):
            # The long poll of a real broker, but short.
            try:
                async with self.arrived:
                    await asyncio.wait_for(self.arrived.wait(), 0.5)
            except asyncio.TimeoutError:
                pass
        found = queue[offset:offset + int(ext["maxMsgNums"])]
        say_ext = {"nextBeginOffset": offset + len(found), "minOffset": 0,
                   "maxOffset": len(queue), "suggestWhichBrokerId": 0}
        if not found:
            return answer(request, PULL_NOT_FOUND, say_ext)
        say("pulled", topic, number, len(found))
        return answer(request, 0, say_ext, b"".join(found))

    async def run(self):
        host, port = self.options.listen.rsplit(":", 1)
        server = await asyncio.start_server(self.serve, host, int(port))
        port = server.sockets[0].getsockname()[1]
        self.address = self.options.address or "%s:%d" % (host, port)
        say("listening", "%s:%d" % (host, port))
        tasks = [asyncio.create_task(self.keep_registered(nameserver))
                 for nameserver in self.options.nameservers.split(",")]
        stopped = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM,
                                                      stopped.set)
        await stopped.wait()
        for task in tasks:
            task.cancel()
        await self.unregister()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listen", default="127.0.0.1:0")
    parser.add_argument("--address", help="to register; default: where it "
                        "listens")
    parser.add_argument("--nameservers", required=True)
    parser.add_argument("--cluster", default="c1")
    parser.add_argument("--name", default="broker-a")
    parser.add_argument("--id", type=int, default=0)
    parser.add_argument("--topic", action="append", default=[])
    parser.add_argument("--register-interval", type=float, default=30)
    asyncio.run(Broker(parser.parse_args()).run())
    return 0


if __name__ == "__main__":
    sys.exit(main())
