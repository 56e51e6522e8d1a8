"""What the kernel tells of TCP connections by IPv4: /proc/net/tcp."""

from collections import namedtuple

ESTABLISHED = 1
Row = namedtuple("Row", "local remote state to_send to_read")  # ends as (address, port); octets


def _end(text):
    address, port = text.split(":")
    return ".".join(str(int(address[i:i + 2], 16)) for i in (6, 4, 2, 0)), int(port, 16)


def on_its_way(end):
    """Whether the kernel still holds octets of the connection with this (address, port), at either of its ends."""
    return any(row.to_send or row.to_read for row in tcp_rows() if end in (row.local, row.remote))


def tcp_rows():
    with open("/proc/net/tcp", encoding="ascii") as table:
        lines = [line.split() for line in table][1:]
    for _, local, remote, state, queues, *_ in lines:
        to_send, to_read = (int(n, 16) for n in queues.split(":"))
        yield Row(_end(local), _end(remote), int(state, 16), to_send, to_read)
