// Calls API Gateway, V1 and V2, with the AWS SDK for JavaScript v3, for the walks
// of test/clients. One JSON object a line comes in, {"service": "apigatewayv2",
// "op": "CreateApi", "in": {...}}, and one goes out: {"out": {...}} or {"error":
// {"code", "message", "status"}}. What is sent and what must come back is decided
// by the test.
import * as v1 from "@aws-sdk/client-api-gateway";
import * as v2 from "@aws-sdk/client-apigatewayv2";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const config = { endpoint: process.argv[2], region: "us-east-1" };
const services = {
  apigateway: { api: v1, client: new v1.APIGatewayClient(config) },
  apigatewayv2: { api: v2, client: new v2.ApiGatewayV2Client(config) },
};
const version = (name) => `@aws-sdk/${name} ${JSON.parse(readFileSync(new URL(`node_modules/@aws-sdk/${name}/package.json`, import.meta.url), "utf8")).version}`;
const say = (answer) => process.stdout.write(JSON.stringify(answer) + "\n");

say({ version: `${version("client-api-gateway")}, ${version("client-apigatewayv2")}, node ${process.version}` });
for await (const line of createInterface({ input: process.stdin })) {
  const call = JSON.parse(line, (name, value) => (name.endsWith("Date") ? new Date(value) : value));
  try {
    const { api, client } = services[call.service];
    const { $metadata, ...out } = await client.send(new api[call.op + "Command"](call.in));
    if (out.body) out.Body = new TextDecoder().decode(out.body); // the document of ExportApi
    delete out.body;
    say({ out });
  } catch (e) {
    if (e.$metadata?.httpStatusCode === undefined) throw e;
    say({ error: { code: e.name, message: e.message, status: e.$metadata.httpStatusCode } });
  }
}
