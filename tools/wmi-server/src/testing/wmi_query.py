"""Asks a computer by WMI with impacket, as an independent client: activation, login, question, rows.

Usage: wmi_query.py HOST PORT USER PASSWORD QUERY   (rows as JSON lines; the last line says how it ended)
"""
import json
import sys

from impacket.dcerpc.v5 import transport
from impacket.dcerpc.v5.dcom import wmi
from impacket.dcerpc.v5.dcomrt import DCOMConnection, IActivation
from impacket.dcerpc.v5.dtypes import NULL
from impacket.dcerpc.v5.rpcrt import RPC_C_AUTHN_LEVEL_PKT_PRIVACY, RPC_C_AUTHN_WINNT

host, port, user, password, query = sys.argv[1:6]
line = transport.DCERPCTransportFactory("ncacn_ip_tcp:%s[%s]" % (host, port))
line.set_credentials(user, password, "", "", "", None)
mapper = line.get_dce_rpc()
mapper.set_auth_level(RPC_C_AUTHN_LEVEL_PKT_PRIVACY)
mapper.connect()
DCOMConnection.PORTMAPS[host] = mapper
try:
    made = IActivation(mapper).RemoteActivation(wmi.CLSID_WbemLevel1Login, wmi.IID_IWbemLevel1Login)
    made.get_cinstance().set_auth_level(RPC_C_AUTHN_LEVEL_PKT_PRIVACY)
    made.get_cinstance().set_auth_type(RPC_C_AUTHN_WINNT)
    services = wmi.IWbemLevel1Login(made).NTLMLogin("//./root/cimv2", NULL, NULL)
    rows = services.ExecQuery(query)
    while True:
        try:
            row = rows.Next(0xFFFFFFFF, 1)[0]
        except Exception as end:
            if "S_FALSE" in str(end):
                break
            raise
        properties = row.getProperties()
        print(json.dumps({name: properties[name]["value"] for name in properties}))
    print("end")
except Exception as fault:
    print("fault: %s" % fault)
