"""As much of PostgreSQL's and Redis' protocols as the example needs, so that it needs no packages."""
import socket
import struct


def connect(address):
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=20).makefile("rwb")


class Database:
    """A connection that sends its password in the clear: for a network of its own only."""

    def __init__(self, address, user, password):
        self.stream = connect(address)
        words = b"user\0" + user.encode() + b"\0\0"
        self.stream.write(struct.pack("!II", len(words) + 8, 196608) + words)
        self.send(b"p", password.encode() + b"\0")
        self.answers()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.send(b"X", b"")
        self.stream.close()

    def rows(self, statement):
        self.send(b"Q", statement.encode() + b"\0")
        return [fields(body) for kind, body in self.answers() if kind == b"D"]

    def send(self, kind, body):
        self.stream.write(kind + struct.pack("!I", len(body) + 4) + body)
        self.stream.flush()

    def answers(self):
        """All messages until the server is ready for the next statement."""
        found = []
        while True:
            kind, length = struct.unpack("!cI", self.stream.read(5))
            body = self.stream.read(length - 4)
            if kind == b"E":
                raise RuntimeError(body.replace(b"\0", b" ").decode())
            if kind == b"Z":
                return found
            found.append((kind, body))


def fields(body):
    (count,), at, values = struct.unpack_from("!H", body), 2, []
    for _ in range(count):
        (length,) = struct.unpack_from("!i", body, at)
        at += 4
        values.append(None if length < 0 else body[at:at + length].decode())
        at += max(length, 0)
    return tuple(values)


class Cache:
    def __init__(self, address):
        self.stream = connect(address)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()

    def call(self, *words):
        parts = [f"*{len(words)}\r\n".encode()]
        parts += [f"${len(word.encode())}\r\n{word}\r\n".encode() for word in words]
        self.stream.write(b"".join(parts))
        self.stream.flush()
        line = self.stream.readline().decode().strip()
        if line[0] == "-":
            raise RuntimeError(line[1:])
        return int(line[1:]) if line[0] == ":" else line[1:]
