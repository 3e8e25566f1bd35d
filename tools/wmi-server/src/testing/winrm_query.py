"""Asks a computer by WinRM with pywinrm, as an independent client: login, encryption, one message.

Usage: winrm_query.py URL USER PASSWORD < MESSAGE   (the answer as it is, or how it failed)
"""
import sys

from winrm.protocol import Protocol

url, user, password = sys.argv[1:4]
try:
    protocol = Protocol(url, transport="ntlm", username=user, password=password, message_encryption="always")
    answer = protocol.send_message(sys.stdin.read())
    print(answer if isinstance(answer, str) else answer.decode("utf-8"))
except Exception as fault:
    print("fault: %s: %s" % (type(fault).__name__, fault))
