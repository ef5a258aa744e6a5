"""AC-1 on the embedded server, and what an operator reads in the log."""

from __future__ import annotations

import json
import socket
from urllib.parse import urlsplit

from redis import Redis

from .system import Host


def test_ac_01_redis_accepts_connections_and_answers_pong(host: Host) -> None:
    address = urlsplit(host.running["redis_url"])
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        connection.sendall(b"PING\r\n")
        assert connection.recv(100) == b"+PONG\r\n"


def test_the_embedded_server_keeps_what_it_is_given(host: Host) -> None:
    with Redis.from_url(host.running["redis_url"]) as redis:
        assert redis.config_get("maxmemory-policy", "appendonly", "appendfsync") == {
            "maxmemory-policy": "noeviction",
            "appendonly": "yes",
            "appendfsync": "everysec",
        }


def test_the_log_says_how_many_queues_there_are(host: Host) -> None:
    plugins = json.loads(host.command("plugins", "list", "--json").out)
    queues = [queue for plugin in plugins for queue in plugin["queues"]]
    assert {"logo-generation", "image-upload"} <= set(queues)
    assert f"Initialized {len(queues)} queues" in host.log
