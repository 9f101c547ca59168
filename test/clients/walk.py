"""Calls API Gateway, V1 and V2, with boto3 for the walks of test/clients.

One JSON object a line comes in, {"service": "apigatewayv2", "op": "CreateApi",
"in": {...}}, and one goes out: {"out": {...}} or {"error": {"code", "message",
"status"}}. What is sent and what must come back is decided by the test, so that
every client does the same.
"""

import json
import sys

import boto3
import botocore
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError


def main():
    endpoint = sys.argv[1]
    config = Config(connect_timeout=20, read_timeout=60, proxies={})
    clients = {
        name: boto3.client(name, endpoint_url=endpoint, region_name="us-east-1", config=config)
        for name in ("apigateway", "apigatewayv2")
    }
    print(json.dumps({"version": "boto3 " + boto3.__version__ + ", botocore " + botocore.__version__}), flush=True)
    for line in sys.stdin:
        call = json.loads(line)
        try:
            out = getattr(clients[call["service"]], xform_name(call["op"]))(**call["in"])
            out.pop("ResponseMetadata", None)
            if "body" in out:  # the document of ExportApi, a stream
                out["Body"] = out.pop("body").read().decode()
            answer = {"out": out}
        except ClientError as e:
            answer = {
                "error": {
                    "code": e.response["Error"]["Code"],
                    "message": e.response["Error"]["Message"],
                    "status": e.response["ResponseMetadata"]["HTTPStatusCode"],
                }
            }
        print(json.dumps(answer, default=lambda v: v.isoformat()), flush=True)


main()
