"""Reads an event log service with impacket (nobody here wrote it) and prints what came, one JSON object a line.

Arguments: host, mapper port, service port, user, password, domain, channel.
"""
import json
import struct
import sys

from impacket.dcerpc.v5 import even6, epm, transport
from impacket.dcerpc.v5.rpcrt import RPC_C_AUTHN_LEVEL_PKT_PRIVACY, DCERPCException

host, mapper_port, service_port, user, password, domain, channel = sys.argv[1:8]


def connect(port, interface, login):
    rpc = transport.DCERPCTransportFactory("ncacn_ip_tcp:%s[%s]" % (host, port))
    if login:
        rpc.set_credentials(user, password, domain)
    dce = rpc.get_dce_rpc()
    if login:
        dce.set_auth_level(RPC_C_AUTHN_LEVEL_PKT_PRIVACY)
    dce.connect()
    dce.bind(interface)
    return dce


def tell(**what):
    print(json.dumps(what))


mapper = connect(mapper_port, epm.MSRPC_UUID_PORTMAP, False)
binding = epm.hept_map(host, even6.MSRPC_UUID_EVEN6, protocol="ncacn_ip_tcp", dce=mapper)
tell(kind="mapped", binding=binding)

dce = connect(service_port, even6.MSRPC_UUID_EVEN6, True)
handle = even6.hEvtRpcRegisterLogQuery(
    dce, channel + "\x00", even6.EvtQueryChannelName | even6.EvtReadNewestToOldest
)["Handle"]

while True:
    request = even6.EvtRpcQueryNext()
    request["LogQuery"] = handle
    request["NumRequestedRecords"] = 100
    request["TimeOutEnd"] = 1000
    request["Flags"] = 0
    try:
        answer = dce.request(request)
    except DCERPCException as error:
        tell(kind="end", code=error.error_code)
        break
    for index in range(answer["NumActualRecords"]):
        at = answer["EventDataIndices"][index]["Data"]
        size = answer["EventDataSizes"][index]["Data"]
        element = b"".join(answer["ResultBuffer"][at : at + size])
        whole = even6.RESULT_SET(element)
        bookmark = struct.unpack_from("<I", element, 12)[0]
        number = struct.unpack_from("<Q", element, bookmark + 24)[0]
        tell(kind="record", number=number, bytes=whole["BinXmlSize"], binXml=element[20 : 20 + whole["BinXmlSize"]].hex())

even6.hEvtRpcClose(dce, handle)
tell(kind="closed")
