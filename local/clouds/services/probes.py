"""Whether a service answers. A probe is cheap, never waits long, and says False for a service that is not there yet."""

from __future__ import annotations

import http.client
import socket

TIMEOUT_SECONDS = 3


def listens(port: int) -> bool:
    """Whether something takes connections on the port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS).close()
    except OSError:
        return False
    return True


def answers_http(port: int, path: str) -> bool:
    """Whether GET of the path gives 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def is_broker(port: int) -> bool:
    """Whether a Kafka broker gives its metadata; an open port alone comes earlier."""
    if not listens(port):
        return False
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    client = AdminClient({"bootstrap.servers": f"127.0.0.1:{port}", "log_level": 0})
    try:
        return bool(client.list_topics(timeout=TIMEOUT_SECONDS).brokers)
    except KafkaException:
        return False
