#!/usr/bin/env python3
"""Stands for RocketMQ's nameserver where one is swapped for Waypost: takes
registrations (103, plain JSON), gives routes (105, bare keys for old clients),
drops a broker when it says so (104) or its connection closes.

usage: stub_nameserver.py HOST:PORT

It prints "listening HOST:PORT". SIGTERM ends it."""

import asyncio
import json
import re
import signal
import sys

import remoting
from remoting import answer

REGISTER, UNREGISTER, ROUTE = 103, 104, 105
NOT_SUPPORTED, NO_TOPIC = 3, 17


class Nameserver:
    def __init__(self):
        self.brokers = {}  # address: (its ext fields, its topics)

    def route(self, request):
        topic = request.ext["topic"]
        serving = [(ext, topics[topic]) for ext, topics in
                   self.brokers.values() if topic in topics]
        if not serving:
            return answer(request, NO_TOPIC,
                          remark="No topic route info in name server for the "
                          "topic: " + topic)
        body = json.dumps({
            "brokerDatas": [{
                "brokerAddrs": {ext["brokerId"]: ext["brokerAddr"]},
                "brokerName": ext["brokerName"],
                "cluster": ext["clusterName"]} for ext, _ in serving],
            "filterServerTable": {},
            "queueDatas": [{
                "brokerName": ext["brokerName"], "perm": config["perm"],
                "readQueueNums": config["readQueueNums"],
                "topicSysFlag": 0, "writeQueueNums": config["writeQueueNums"]}
                for ext, config in serving]}, separators=(",", ":"))
        if request.version < 401:
            body = re.sub(r'"(\d+)":', r"\1:", body)
        return answer(request, body=body.encode())

    async def serve(self, reader, writer):
        mine = set()
        while (request := await remoting.read_command(reader)) is not None:
            ext = request.ext
            if request.code == REGISTER:
                table = json.loads(request.body)
                topics = table["topicConfigSerializeWrapper"][
                    "topicConfigTable"]
                self.brokers[ext["brokerAddr"]] = (ext, topics)
                mine.add(ext["brokerAddr"])
                reply = answer(request, ext={"haServerAddr": ""})
            elif request.code == UNREGISTER:
                self.brokers.pop(ext["brokerAddr"], None)
                reply = answer(request)
            elif request.code == ROUTE:
                reply = self.route(request)
            else:
                reply = answer(request, NOT_SUPPORTED)
            writer.write(reply.encode())
        for address in mine:
            self.brokers.pop(address, None)
        writer.close()


async def run(listen):
    host, port = listen.rsplit(":", 1)
    await asyncio.start_server(Nameserver().serve, host, int(port))
    print("listening", listen, flush=True)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1]))
