"""Calls the account database of the test server with impacket: an independent client. Prints one JSON line."""

import json
import sys

from impacket.dcerpc.v5 import epm, samr, transport
from impacket.dcerpc.v5.rpcrt import RPC_C_AUTHN_LEVEL_PKT_PRIVACY

host, port, mapper_port, user, password = sys.argv[1:]


def connect(to, login):
    line = transport.DCERPCTransportFactory("ncacn_ip_tcp:%s[%s]" % (host, to))
    if login:
        line.set_credentials(user, password, "TEST")
    dce = line.get_dce_rpc()
    if login:
        dce.set_auth_level(RPC_C_AUTHN_LEVEL_PKT_PRIVACY)
    dce.connect()
    return dce


said = {}
mapper = connect(mapper_port, False)
said["binding"] = epm.hept_map(host, samr.MSRPC_UUID_SAMR, protocol="ncacn_ip_tcp", dce=mapper)
try:
    dce = connect(port, True)
    dce.bind(samr.MSRPC_UUID_SAMR)
    server = samr.hSamrConnect2(dce, "x" * 20000)["ServerHandle"]
    answer = samr.hSamrEnumerateDomainsInSamServer(dce, server)
    said["domains"] = [one["Name"] for one in answer["Buffer"]["Buffer"]]
    try:
        samr.hSamrCloseHandle(dce, server)
    except Exception as fault:
        said["fault"] = str(fault)
except Exception as fault:
    said["refused"] = str(fault)
print(json.dumps(said))
