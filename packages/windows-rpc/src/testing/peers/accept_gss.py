"""An acceptor of Kerberos by MIT's library, outside of the DCE style: an independent peer for HTTP logins.

Reads one JSON line after the other, each a hex string or a list of two, and answers each with one.
"""

import json
import sys

import gssapi
from gssapi.raw import unwrap, wrap

context = gssapi.SecurityContext(usage="accept")


def answer(value):
    print(json.dumps(value), flush=True)


for line in sys.stdin:
    kind, text = json.loads(line)
    data = bytes.fromhex(text)
    if kind == "login":
        token = context.step(data)
        answer({"token": (token or b"").hex(), "complete": context.complete, "who": str(context.initiator_name)})
    elif kind == "unwrap":
        plain = unwrap(context, data)
        answer({"plain": plain.message.hex(), "encrypted": bool(plain.encrypted)})
    elif kind == "wrap":
        answer({"wrapped": wrap(context, data, True).message.hex()})
