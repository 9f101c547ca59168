// Writes models/apigateway.json and models/apigatewayv2.json: the facts of the two service models, and no prose.
//
// A person runs this when the pinned versions below change; it needs node, npm and the network. The Go generator reads only what
// is committed. The packages are installed into a temporary directory that is removed again.
//
//	node cmd/wiregen/extract.mjs
import { createRequire } from 'node:module';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const services = [
  { service: 'apigateway', package: '@aws-sdk/client-api-gateway', version: '3.1142.0', operations: 124, structures: 192, errors: 7 },
  { service: 'apigatewayv2', package: '@aws-sdk/client-apigatewayv2', version: '3.1169.0', operations: 103, structures: 234, errors: 5 },
];

// Scalar code 1 hides the width of a number; the API reference names it. Whatever is not listed here is a 32-bit integer.
const doubles = new Set([
  'apigateway CanarySettings.percentTraffic', 'apigateway DeploymentCanarySettings.percentTraffic', 'apigateway MethodSetting.throttlingRateLimit',
  'apigateway ThrottleSettings.rateLimit', 'apigatewayv2 RouteSettings.ThrottlingRateLimit',
]);
const longs = new Set([
  'apigateway TestInvokeMethodResponse.latency', 'apigateway TestInvokeAuthorizerResponse.latency', 'apigateway Usage.items',
]);
const scalars = { 0: 'string', 2: 'boolean', 4: 'timestamp', 5: 'iso', 6: 'date', 7: 'epoch', 21: 'blob', 42: 'blob' };

const here = dirname(fileURLToPath(import.meta.url));
const room = mkdtempSync(join(tmpdir(), 'wiregen-'));
try {
  writeFileSync(join(room, 'package.json'), '{"private":true}');
  execFileSync('npm', ['install', '--save-exact', '--no-audit', '--no-fund', '--ignore-scripts', ...services.map((s) => `${s.package}@${s.version}`)], { cwd: room, stdio: 'inherit' });
  for (const s of services) {
    const model = extract(s, room);
    writeFileSync(join(here, 'models', `${s.service}.json`), print(model));
    console.log(`${s.service}: ${model.operations.length} operations, ${model.structures.length} structures, ${model.enums.length} enums, ${model.errors.length} errors`);
  }
} finally {
  rmSync(room, { recursive: true, force: true });
}

function extract(s, room) {
  const client = createRequire(join(room, 'x.cjs'))(s.package);
  const types = join(room, 'node_modules', s.package, 'dist-types', 'models');
  const enums = enumsOf(readFileSync(join(types, 'enums.d.ts'), 'utf8'));
  const declared = declarations(readFileSync(join(types, 'models_0.d.ts'), 'utf8'), enums);
  const schemas = Object.keys(client).filter((k) => k.endsWith('$')).sort().map((k) => client[k]);

  const operations = schemas.filter((x) => x[0] === 9).map(operation);
  const inputs = new Set(operations.map((o) => o.input));
  const structures = schemas.filter((x) => x[0] === 3).map((x) => structure(s.service, x, inputs, declared));
  // The package's own base class for unknown errors is not part of the service.
  const errors = schemas.filter((x) => x[0] === -3 && x[3]?.httpError).map((x) => ({ name: x[2], code: x[3].httpError, members: structure(s.service, x, inputs, declared).members }));

  for (const [what, got] of Object.entries({ operations, structures, errors })) {
    if (got.length !== s[what]) throw new Error(`${s.service}: ${got.length} ${what}, expected ${s[what]}: was the pin changed without the count?`);
  }
  return {
    service: s.service, package: s.package, version: s.version, operations, structures,
    enums: [...enums].map(([name, values]) => ({ name, values })).sort((a, b) => (a.name < b.name ? -1 : 1)), errors,
  };
}

// operation = [9, namespace, name, {http: [method, uri, code]}, input, output]
function operation([, , name, { http: [method, uri, code] }, input, output]) {
  const [path, query] = uri.split('?');
  const o = { name, method, uri: path, code, input: named(input), output: named(output) };
  if (query) o.query = Object.fromEntries(query.split('&').map((q) => q.split('=')));
  if (path.includes('+}')) throw new Error(`${name}: greedy label in ${path}`);
  return o;
}

function named(thunk) {
  const schema = typeof thunk === 'function' ? thunk() : thunk;
  return schema === 'unit' ? '' : schema[2]; // __Unit is the string "unit"
}

// structure = [3, namespace, name, traits, member names, member schemas, count of required members (they come first)]
function structure(service, [, , name, , names, members, required = 0], inputs, declared) {
  return {
    name,
    members: (names ?? []).map((member, i) => {
      const [schema, traits] = split(members[i]);
      const m = { name: member, wire: traits.jsonName ?? member, type: type(schema, `${service} ${name}.${member}`, traits) };
      const place = location(traits, inputs.has(name));
      if (place) [m.in, m.wire] = place[1] === undefined ? [place[0], member] : place;
      if (i < required) m.required = true;
      const e = declared.get(`${name}.${member}`);
      if (e) m.enum = e;
      return m;
    }),
  };
}

// split takes apart what may be a schema or a pair [schema, traits]; an array that is itself a schema has at least five entries.
// Traits are an object, or a bit mask.
function split(member) {
  const [schema, traits] = Array.isArray(member) && member.length < 5 ? member : [member, 0];
  if (typeof traits !== 'number') return [schema, traits ?? {}];
  const known = { 1: 'httpLabel', 16: 'httpPayload', 64: 'httpQueryParams' };
  if (traits !== 0 && !known[traits]) throw new Error(`unknown trait mask ${traits}`);
  return [schema, traits ? { [known[traits]]: 1 } : {}];
}

// location says where a member travels when it is not in the body. Labels and queries on outputs mean nothing: 18 outputs of
// apigateway carry httpQuery:"position" and clients read it from the body.
function location(t, isInput) {
  if (t.httpPayload) return ['payload'];
  if (t.httpHeader) return ['header', t.httpHeader];
  if (t.httpPrefixHeaders !== undefined || t.httpResponseCode !== undefined) throw new Error('a binding that no generator rule covers');
  if (!isInput) return null;
  if (t.httpLabel) return ['label'];
  if (t.httpQuery) return ['query', t.httpQuery];
  if (t.httpQueryParams) return ['params'];
  return null;
}

// type writes a schema as "string", "[]string" (list), "{}string" (map from string), or the name of a structure.
function type(schema, at, traits = {}) {
  if (typeof schema === 'function') schema = schema();
  if (typeof schema === 'number') {
    if (schema & 64) return '[]' + type(schema & ~64, at);
    if (schema & 128) return '{}' + type(schema & ~128, at);
    if (schema === 1) return doubles.has(at) ? 'double' : longs.has(at) ? 'long' : 'integer';
    if (scalars[schema] === undefined) throw new Error(`${at}: scalar code ${schema}`);
    // 4 is the protocol's own default, which restJson1 makes epoch seconds in a body.
    return { timestamp: 'epoch', date: undefined }[scalars[schema]] ?? scalars[schema];
  }
  if (schema[0] === 1) return '[]' + type(split(schema[4])[0], at);
  if (schema[0] === 2) return '{}' + type(split(schema[5])[0], at);
  if (schema[0] === 3) return schema[2];
  throw new Error(`${at}: schema of kind ${schema[0]}`);
}

// enumsOf reads `export declare const NAME: { readonly KEY: "VALUE"; ... };`, in the order of the file.
function enumsOf(text) {
  const out = new Map();
  for (const [, name, body] of text.matchAll(/export declare const (\w+): \{([^}]*)\}/g)) {
    out.set(name, [...body.matchAll(/: "([^"]*)"/g)].map((m) => m[1]));
  }
  return out;
}

// declarations finds which member is of which enum; the schemas call all of them strings.
function declarations(text, enums) {
  const out = new Map();
  text = text.replace(/\/\*[\s\S]*?\*\//g, '');
  for (const [, name, body] of text.matchAll(/export interface (\w+)[^{]*\{([^}]*)\}/g)) {
    for (const [, member, type] of body.matchAll(/(\w+)\??: ([^;]+);/g)) {
      const found = [...new Set(type.match(/\w+/g))].filter((w) => enums.has(w));
      if (found.length > 1) throw new Error(`${name}.${member}: two enums in ${type}`);
      if (found.length === 1) out.set(`${name}.${member}`, found[0]);
    }
  }
  return out;
}

// print puts one operation, member, enum or error on a line, so that a change of the model reads as a change of lines.
function print(m) {
  const line = (x) => JSON.stringify(x);
  const block = (xs, f) => '[\n' + xs.map((x) => '  ' + f(x)).join(',\n') + '\n ]';
  const members = (x) => (x.members.length ? '[\n   ' + x.members.map(line).join(',\n   ') + ']' : '[]');
  return `{
 "service": ${line(m.service)}, "package": ${line(m.package)}, "version": ${line(m.version)},
 "operations": ${block(m.operations, line)},
 "structures": ${block(m.structures, (s) => `{"name":${line(s.name)},"members":${members(s)}}`)},
 "enums": ${block(m.enums, line)},
 "errors": ${block(m.errors, (e) => `{"name":${line(e.name)},"code":${e.code},"members":${members(e)}}`)}
}
`;
}
