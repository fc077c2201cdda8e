"""Stands for Traefik: sends requests to the containers whose labels ask for their host's name."""
import http.client
import json
import re
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Engine(http.client.HTTPConnection):
    """The engine's API, by the socket that is bound into the container."""

    def __init__(self):
        super().__init__("engine")

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("/var/run/docker.sock")


def containers():
    engine = Engine()
    engine.request("GET", "/v1.24/containers/json")
    return json.load(engine.getresponse())


def address_of(host):
    for container in containers():
        labels = container["Labels"]
        for name, value in labels.items():
            rule = re.fullmatch(r"traefik\.http\.routers\.([^.]+)\.rule", name)
            if rule and value == f"Host(`{host}`)":
                port = labels.get(f"traefik.http.services.{rule[1]}.loadbalancer.server.port", "80")
                networks = container["NetworkSettings"]["Networks"].values()
                return next(one["IPAddress"] for one in networks if one["IPAddress"]), int(port)
    return None


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        address = address_of(self.headers.get("Host", "").split(":")[0])
        if address is None:
            return self.answer(404, b"404 page not found\n")
        server = http.client.HTTPConnection(*address, timeout=20)
        server.request("GET", self.path, headers={"Host": self.headers["Host"]})
        found = server.getresponse()
        self.answer(found.status, found.read())

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


print(f"{len(containers())} containers are known", flush=True)
ThreadingHTTPServer(("", 80), Handler).serve_forever()
