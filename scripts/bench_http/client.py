"""One kept connection for each address, and what is wrong with an answer."""

import http.client
import struct
import urllib.parse

from scenes import Scene
from servers import Server


class Client:
    """One connection for each address, kept open."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.connections: dict[int, http.client.HTTPConnection] = {}

    def get(self, site: str, parameters: dict[str, str]) -> tuple[int, str, bytes]:
        port, path = self.server.addresses[site]
        target = f"{path}?{urllib.parse.urlencode(parameters, safe=',:/')}"
        for attempt in (1, 2):
            connection = self.connections.get(port)
            if connection is None:
                connection = self.connections[port] = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
            try:
                connection.request("GET", target)
                answer = connection.getresponse()
                return answer.status, answer.getheader("Content-Type") or "", answer.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                del self.connections[port]
                if attempt == 2:
                    raise
        raise AssertionError("unreachable")


def fault(scene: Scene, answer: tuple[int, str, bytes]) -> str | None:
    """What is wrong with an answer, cheaply: the picture's pixels are looked at elsewhere."""
    status, media_type, body = answer
    if status != 200:
        return f"status {status}: {body[:200]!r}"
    if scene.check == "picture":
        if not media_type.startswith("image/png") or not body.startswith(b"\x89PNG\r\n\x1a\n"):
            return f"no PNG but {media_type}: {body[:300]!r}"
        size = struct.unpack(">II", body[16:24])
        if size != (scene.width, scene.height):
            return f"{size[0]}x{size[1]} pixels, expected {scene.width}x{scene.height}"
        if not body.endswith(b"IEND\xaeB`\x82"):
            return "the PNG is cut"
    elif scene.check == "jpeg":
        if not media_type.startswith("image/jpeg") or body[:2] != b"\xff\xd8" or body[-2:] != b"\xff\xd9":
            return f"no whole JPEG but {media_type}: {body[:300]!r}"
    elif scene.check == "capabilities" and b"</WMS_Capabilities>" not in body[-40:]:
        return f"no capabilities: {body[-100:]!r}"
    elif scene.check == "text" and not body:
        return "an empty answer"
    return None
