# Asks a camera who it is with zeep's UsernameToken, and for its picture with the Digest of requests: programs that are not
# ours. Prints the HTTP status of each as JSON.
import json
import sys

import requests
from lxml import etree
from requests.auth import HTTPDigestAuth
from zeep.wsse.username import UsernameToken

service, picture, user, password = sys.argv[1:]


def ask(sign=None):
    envelope = etree.fromstring(
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
        '<GetDeviceInformation xmlns="http://www.onvif.org/ver10/device/wsdl"/></s:Body></s:Envelope>'
    )
    if sign is not None:
        envelope, _ = sign.apply(envelope, {})
    headers = {"content-type": "application/soap+xml; charset=utf-8"}
    return requests.post(service, etree.tostring(envelope), headers=headers, timeout=10).status_code


print(
    json.dumps(
        {
            "unsigned": ask(),
            "token": ask(sign=UsernameToken(user, password, use_digest=True)),
            "digest": requests.get(picture, auth=HTTPDigestAuth(user, password), timeout=10).status_code,
        }
    )
)
