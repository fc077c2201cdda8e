"""Notes over HTTP: GET / lists them, POST / adds the body as one, GET /health tells if all is there."""
import json
import os
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from stores import Cache, Database

with open(os.environ["PASSWORD_FILE"]) as file:
    PASSWORD = file.read().strip()
GREETING = "/etc/notes/greeting"


def greeting():
    if not os.path.exists(GREETING):
        return "Notes"
    with open(GREETING) as file:
        return file.read().strip()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        with Database(os.environ["DATABASE"], "notes", PASSWORD) as database, Cache(os.environ["CACHE"]) as cache:
            if self.path == "/health":
                database.rows("select 1")
                return self.answer(200, {"healthy": True})
            self.answer(200, {
                "greeting": greeting(),
                "server": socket.gethostname(),
                "visits": cache.call("INCR", "visits"),
                "notes": [text for (text,) in database.rows("select text from notes order by id")],
            })

    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with Database(os.environ["DATABASE"], "notes", PASSWORD) as database:
            quoted = "'" + text.replace("'", "''") + "'"
            database.rows(f"insert into notes (text) values ({quoted})")
        self.answer(201, {"added": text})

    def answer(self, status, document):
        body = json.dumps(document).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


print("notes are served", flush=True)
ThreadingHTTPServer(("", 8000), Handler).serve_forever()
