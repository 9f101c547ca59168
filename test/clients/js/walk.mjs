// Calls API Gateway V2 with the AWS SDK for JavaScript v3, for the walk of
// test/clients. One JSON object a line comes in, {"op": "CreateApi", "in": {...}},
// and one goes out: {"out": {...}} or {"error": {"code", "message", "status"}}. What
// is sent and what must come back is decided by the test.
import * as api from "@aws-sdk/client-apigatewayv2";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const client = new api.ApiGatewayV2Client({ endpoint: process.argv[2], region: "us-east-1" });
const { version } = JSON.parse(readFileSync(new URL("node_modules/@aws-sdk/client-apigatewayv2/package.json", import.meta.url), "utf8"));
const say = (answer) => process.stdout.write(JSON.stringify(answer) + "\n");

say({ version: `@aws-sdk/client-apigatewayv2 ${version}, node ${process.version}` });
for await (const line of createInterface({ input: process.stdin })) {
  const call = JSON.parse(line, (name, value) => (name.endsWith("Date") ? new Date(value) : value));
  try {
    const { $metadata, ...out } = await client.send(new api[call.op + "Command"](call.in));
    if (out.body) out.Body = new TextDecoder().decode(out.body); // the document of ExportApi
    delete out.body;
    say({ out });
  } catch (e) {
    if (e.$metadata?.httpStatusCode === undefined) throw e;
    say({ error: { code: e.name, message: e.message, status: e.$metadata.httpStatusCode } });
  }
}
