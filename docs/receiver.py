"""A member's server in Python's standard library: stores what the hub delivers, then says so.

python3 receiver.py PORT FOLDER-OF-LEAVES HUB-ANCHOR STORE

An example to read, not one to run a customs on: files in a folder. It serves several connections at once, as the hub
makes several: one that is open and idle must not keep the next from its answer.
"""

import base64
import hashlib
import http.server
import os
import ssl
import sys

PORT, LEAVES, ANCHOR, STORE = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
BODY_BYTES_MAX = 32 << 20


def synced(path, data):
    """On disk under its name when it returns, or not there at all."""
    with open(path + ".part", "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.rename(path + ".part", path)
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        length = int(self.headers.get("Content-Length", "0"))
        delivery = self.headers.get("CoO-Delivery", "")
        if length > BODY_BYTES_MAX or not delivery.replace("-", "").isalnum():
            self.close_connection = True
            return self.answer(400)
        body = self.rfile.read(length)
        digest = "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"
        if digest != self.headers.get("Content-Digest"):
            return self.answer(400)  # cut or changed on the way: the hub tries again
        path = os.path.join(STORE, delivery)
        if not os.path.exists(path + ".headers"):  # a repeat is stored already
            synced(path, body)
            synced(path + ".headers", bytes(str(self.headers), "utf-8"))
        self.answer(200, delivery, digest)

    def answer(self, status, delivery=None, digest=None):
        self.send_response(status)
        if delivery:
            self.send_header("CoO-Delivery", delivery)
            self.send_header("CoO-Digest", digest)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


os.makedirs(STORE, exist_ok=True)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(os.path.join(LEAVES, "server.pem"), os.path.join(LEAVES, "server.key"))
tls.load_verify_locations(ANCHOR)
tls.verify_mode = ssl.CERT_REQUIRED  # nobody but the hub
server = http.server.ThreadingHTTPServer(("localhost", PORT), Receiver)
# The handshake belongs to the connection's own thread, or one that is silent would keep everybody out.
server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
