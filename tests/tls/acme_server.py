"""An ACME authority for the tests, out of the library acmev2: `acme_server.py CHAIN KEY` listens by TLS on 127.0.0.1 with that certificate, prints its port
and, as one line of JSON, the certificate of the authority that signs. `{"port": N, "days": N}` on standard input says where port 80 of every name
leads, and for how long certificates are. A port of 0 leads nowhere."""

import json
import logging
import ssl
import sys
import threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import inject
import urllib3.util.connection
from acmev2 import settings
from acmev2.handlers import (
    AuthorizationRequestHandler,
    CertRequestHandler,
    ChallengeRequestHandler,
    NewAccountRequestHandler,
    NewNonceRequestHandler,
    NewOrderRequestHandler,
    OrderFinalizationRequestHandler,
    OrderRequestHandler,
    handle,
)
from acmev2.models import AuthorizationStatus, CertResource, ChallengeStatus, OrderStatus
from acmev2.services import IAccountService, IAuthorizationService, IChallengeService, IDirectoryService, INonceService, IOrderService
from acmev2.services.services import ICertService
from acmev2.tests import test_services as memory
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

logging.disable()
chain, key = sys.argv[1:3]
port_80, days = 0, 90
connect = urllib3.util.connection.create_connection


def lead(address, *rest, **more):
    if port_80 == 0:
        raise OSError("nobody listens")
    return connect(("127.0.0.1", port_80), *rest, **more)


urllib3.util.connection.create_connection = lead


class Directory(IDirectoryService):
    root_url = ""
    external_account_required = False

    def url_base(self):
        return self.root_url


class Orders(memory.MemoryOrderService):
    def process_finalization(self, order, csr):
        order.status = OrderStatus.valid
        self.order_csrs[order.id] = csr
        return order


class Challenges(memory.MemoryChallengeService):
    authorizations = inject.attr(IAuthorizationService)
    orders = inject.attr(IOrderService)
    accounts = inject.attr(IAccountService)

    def queue_validation(self, challenge):
        if challenge.status == ChallengeStatus.processing:
            return challenge
        super().queue_validation(challenge)

        def validate():
            authorization = self.authorizations.get(challenge.authz_id)
            order = self.orders.get(authorization.order_id)
            try:
                self.validate(self.accounts.get(order.account_id).jwk, order, authorization, challenge)
            except Exception as reason:  # the library leaves it to its caller that nobody was to be reached
                print(type(reason).__name__, file=sys.stderr)
                challenge.status, authorization.status, order.status = ChallengeStatus.invalid, AuthorizationStatus.invalid, OrderStatus.invalid

        threading.Thread(target=validate).start()
        return challenge


class Certificates(memory.MemoryCertService):
    def get(self, order):
        csr = self.order_service.order_csrs.get(order)
        now = datetime.now(timezone.utc)
        builder = x509.CertificateBuilder().subject_name(csr.subject).issuer_name(memory.CA_CERT.subject).public_key(csr.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=days))
        for extension in csr.extensions:
            builder = builder.add_extension(extension.value, extension.critical)
        pem = serialization.Encoding.PEM
        return CertResource(pem=builder.sign(memory.CA_KEY, hashes.SHA256()).public_bytes(pem) + memory.CA_CERT.public_bytes(pem))


services = [
    (INonceService, memory.MemoryNonceService()),
    (IDirectoryService, Directory()),
    (IAccountService, memory.MemoryAccountService()),
    (IOrderService, Orders()),
    (IAuthorizationService, memory.MemoryAuthorizationService()),
    (IChallengeService, Challenges()),
    (ICertService, Certificates()),
    (settings.ACMESettings, settings.ACMESettings(authorization_client_delay=1)),
]
inject.configure(lambda binder: [binder.bind(kind, service) for kind, service in services], bind_in_runtime=False, clear=True)

KINDS = {
    "newNonce": NewNonceRequestHandler,
    "newAcct": NewAccountRequestHandler,
    "newOrder": NewOrderRequestHandler,
    "authz": AuthorizationRequestHandler,
    "chall": ChallengeRequestHandler,
    "order": OrderRequestHandler,
    "finalize": OrderFinalizationRequestHandler,
    "cert": CertRequestHandler,
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        parts = self.path.strip("/").split("/")
        if parts == ["directory"]:
            return self.send(200, {"content-type": "application/json"}, json.dumps(inject.instance(IDirectoryService).get_directory()))
        kind = KINDS[parts[-1] if parts[-1] == "finalize" else parts[1]]
        url = inject.instance(IDirectoryService).root_url.removesuffix("/acme") + self.path
        answer = handle(kind(url, self.command, self.headers, json.loads(body) if body else None))
        said = answer.serialize() if answer.msg else ""
        if parts[1] == "order":
            # RFC 8555, 7.1.3: in every state, which the library leaves out of some.
            order = json.loads(said)
            order.setdefault("finalize", f"{Directory.root_url}/order/{parts[2]}/finalize")
            said = json.dumps(order)
        self.send(answer.code, answer.headers, said)

    def send(self, code, headers, body):
        body = body if isinstance(body, bytes) else str(body).encode()
        self.send_response(int(code))
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = answer

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(chain, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
Directory.root_url = f"https://localhost:{server.server_port}/acme"
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
print(json.dumps(memory.CA_CERT.public_bytes(serialization.Encoding.PEM).decode()), flush=True)
for line in sys.stdin:
    said = json.loads(line)
    port_80, days = said["port"], said.get("days", days)
    print("done", flush=True)
