"""The schemas of OGC, INSPIRE and W3C without the Internet: a proxy that answers from a folder.

A Java machine that is told of it (`-Dhttp.proxyHost`) asks it for every http address but those of
this machine. The folder is laid out as host/path. What is not in it is 404 and remembered.
"""

import http.server
import os
import threading
import urllib.parse
from pathlib import Path

# where newer addresses are the same documents
ALIASES = {
    "www.isotc211.org/2005/": "schemas.opengis.net/iso/19139/20070417/",
    "www.w3.org/2009/01/xml.xsd": "www.w3.org/2001/xml.xsd",
    "www.w3.org/XML/2008/06/xlink.xsd": "www.w3.org/1999/xlink.xsd",
}


class Mirror:
    """A proxy on the loopback, from `start` to `stop`."""

    def __init__(self, folder: Path) -> None:
        self.missing: set[str] = set()
        root = os.path.realpath(folder)
        missing = self.missing

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                address = urllib.parse.urlsplit(self.path)
                path = address.netloc + address.path
                for alias, own in ALIASES.items():
                    if path.startswith(alias):
                        path = own + path[len(alias) :]
                file = os.path.realpath(os.path.join(root, path))
                if not file.startswith(root + os.sep) or not os.path.isfile(file):
                    missing.add(self.path)
                    self.send_error(404)
                    return
                with open(file, "rb") as source:
                    body = source.read()
                self.send_response(200)
                self.send_header("Content-Type", "application/xml")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    @property
    def port(self) -> int:
        return self.server.server_address[1]

    def __enter__(self) -> "Mirror":
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
