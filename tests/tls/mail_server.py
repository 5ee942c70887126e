"""A mail server for the tests: `mail_server.py WAY ADDRESS CHAIN KEY` listens on ADDRESS and prints its port, and then a line of JSON for each
command and letter that reaches it: what, and whether it came by TLS. WAY is `starttls`, `tls`, or `clear`, which has no TLS to offer."""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP

way, address, chain, key = sys.argv[1:5]


def tell(**line):
    print(json.dumps(line), flush=True)


class Mailbox:
    def say(self, what, session):
        tell(what=what, tls=session.ssl is not None or way == "tls")

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.say("EHLO", session)
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, sender, options):
        self.say("MAIL", session)
        envelope.mail_from = sender
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.say("DATA", session)
        return "250 taken"


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(chain, key)


def session():
    # Takes what comes in the clear too: that nothing does is for the sender to see to.
    return SMTP(Mailbox(), tls_context=context if way == "starttls" else None, hostname="mail.test")


async def serve():
    server = await asyncio.get_running_loop().create_server(session, address, 0, ssl=context if way == "tls" else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


asyncio.run(serve())
