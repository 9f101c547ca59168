package openapi

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// head begins every document of these tests; the next line is line 4.
const head = "openapi: 3.0.1\ninfo: {title: t, version: v}\n"

func mustParse(t testing.TB, doc string, base BasePath) *Definition {
	t.Helper()
	d, err := Parse(context.Background(), []byte(doc), base)
	if err != nil {
		t.Fatalf("%v\n%s", err, doc)
	}
	return d
}

func TestRoutesOfADocument(t *testing.T) {
	d := mustParse(t, head+`paths:
  /pets:
    get: {operationId: list, x-amazon-apigateway-integration: &i {type: http_proxy, httpMethod: GET, uri: "http://h", payloadFormatVersion: 1.0}}
    post: {x-amazon-apigateway-integration: *i}
  /pets/{id}:
    x-amazon-apigateway-any-method: {x-amazon-apigateway-integration: {$ref: "#/components/x-amazon-apigateway-integrations/one"}}
  /{proxy+}:
    delete: {x-amazon-apigateway-integration: {$ref: "#/components/x-amazon-apigateway-integrations/one"}}
  /$default:
    x-amazon-apigateway-any-method: {isDefaultRoute: true}
components:
  x-amazon-apigateway-integrations:
    one: {type: AWS_PROXY, uri: f, connectionType: internet, tlsConfig: {serverNameToVerify: x}, responseParameters: {200: {"append:header.x": 1}}}
`, "")
	var keys []string
	for _, r := range d.Routes {
		keys = append(keys, *r.AWS.RouteKey)
	}
	if got := strings.Join(keys, "|"); got != "GET /pets|POST /pets|ANY /pets/{id}|DELETE /{proxy+}|$default" {
		t.Errorf("route keys %s", got)
	}
	if len(d.Integrations) != 3 || d.Routes[2].Integration != d.Routes[3].Integration || d.Routes[0].Integration == d.Routes[1].Integration {
		t.Errorf("a $ref shares and an alias copies: %d integrations", len(d.Integrations))
	}
	one := d.Routes[2].Integration.AWS
	if *one.IntegrationType != "AWS_PROXY" || *one.ConnectionType != "INTERNET" || *one.TlsConfig.ServerNameToVerify != "x" || one.ResponseParameters["200"]["append:header.x"] != "1" {
		t.Errorf("integration %+v", one)
	}
	if v := *d.Routes[0].Integration.AWS.PayloadFormatVersion; v != "1.0" {
		t.Errorf("payloadFormatVersion %s", v)
	}
	if len(d.Warnings) > 0 || d.Routes[4].Integration != nil {
		t.Errorf("warnings %v", d.Warnings)
	}
}

func TestBasePath(t *testing.T) {
	for _, tc := range []struct {
		desc, servers string
		base          BasePath
		want          string
	}{
		{"Nothing said is ignored.", `[{url: "https://h/base"}]`, "", "GET /test"},
		{"Ignore drops it.", `[{url: "https://h/base"}]`, Ignore, "GET /test"},
		{"Prepend keeps it.", `[{url: "https://h/base/"}]`, Prepend, "GET /base/test"},
		{"Split drops the first segment.", `[{url: "https://h/base"}]`, Split, "GET /test"},
		{"Split keeps the others.", `[{url: "/base-url/part"}]`, Split, "GET /part/test"},
		{"A variable has its default.", `[{url: "https://h/{basePath}", variables: {basePath: {default: /v1}}}]`, Prepend, "GET /v1/test"},
		{"The server with basePath wins.", `[{url: "https://h/a"}, {url: "https://h/{basePath}", variables: {basePath: {default: b}}}]`, Prepend, "GET /b/test"},
		{"No server is no path.", `[]`, Prepend, "GET /test"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			d := mustParse(t, head+"servers: "+tc.servers+"\npaths: {/test: {get: {}}}\n", tc.base)
			if got := *d.Routes[0].AWS.RouteKey; got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

const schemes = `components:
  securitySchemes:
    jwt: {type: oauth2, x-amazon-apigateway-authorizer: {type: jwt, identitySource: $request.header.Authorization, jwtConfiguration: {issuer: "https://i", audience: [a, b]}}}
    fn: {type: apiKey, name: x, in: header, x-amazon-apigateway-authorizer: {type: request, identitySource: "$request.header.x, $context.path", authorizerUri: u, authorizerPayloadFormatVersion: 2.0, authorizerResultTtlInSeconds: 60, enableSimpleResponses: true, authorizerCredentials: arn}}
    sig: {type: apiKey, name: Authorization, in: header, x-amazon-apigateway-authtype: awsSigv4}
    basic: {type: http, scheme: basic}
`

func TestSecurity(t *testing.T) {
	for _, tc := range []struct{ desc, root, op, want, warning string }{
		{"Nothing said is open.", "", "{}", "NONE", ""},
		{"A JWT authorizer has scopes.", "", "{security: [{jwt: [a, b]}]}", "JWT jwt [a b]", ""},
		{"A function is CUSTOM.", "", "{security: [{fn: []}]}", "CUSTOM fn []", ""},
		{"AWS signs.", "", "{security: [{sig: []}]}", "AWS_IAM", ""},
		{"The extension says so as well.", "", "{x-amazon-apigateway-auth: {type: aws_iam}}", "AWS_IAM", ""},
		{"The document's holds for all.", "security: [{fn: []}]\n", "{}", "CUSTOM fn []", ""},
		{"An operation opens itself.", "security: [{fn: []}]\n", "{security: []}", "NONE", ""},
		{"An operation opens itself by the extension.", "security: [{fn: []}]\n", "{x-amazon-apigateway-auth: {type: NONE}}", "NONE", ""},
		{"What is not checked is told.", "", "{security: [{basic: []}]}", "NONE", `does not check the security scheme "basic"`},
		{"Optional security is not optional here.", "", "{security: [{fn: []}, {}]}", "CUSTOM fn []", "asked of every caller"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			d := mustParse(t, head+tc.root+"paths: {/p: {get: "+tc.op+"}}\n"+schemes, "")
			r := d.Routes[0]
			got := *r.AWS.AuthorizationType
			if r.Authorizer != nil {
				got += " " + *r.Authorizer.AWS.Name + " " + fmt.Sprint(r.AWS.AuthorizationScopes)
			}
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			if got := fmt.Sprint(d.Warnings); tc.warning == "" && len(d.Warnings) > 0 || !strings.Contains(got, tc.warning) {
				t.Errorf("warnings %s", got)
			}
			if s := d.Authorizers[1].AWS.IdentitySource; len(s) != 2 || s[1] != "$context.path" {
				t.Errorf("identity sources %q", s)
			}
		})
	}
}

// TestBroken holds that what is wrong is refused with its place.
func TestBroken(t *testing.T) {
	deep := strings.Repeat("[", 300)
	bomb := "a: &a [x, x]\n"
	for c := 'b'; c <= 'z'; c++ {
		bomb += fmt.Sprintf("%c: &%c [*%c, *%c]\n", c, c, c-1, c-1)
	}
	for _, tc := range []struct{ desc, doc, want string }{
		{"Nothing.", "", "document: it is empty"},
		{"No object.", "- a\n", "line 1, column 1: an OpenAPI document is an object, this is a list"},
		{"Not UTF-8.", "openapi: 3\nx: \xff\n", "line 2, column 4: a byte that is not UTF-8"},
		{"Broken YAML.", "a: [1,\nb: }\n", "line 2, column "},
		{"Broken JSON.", "{\"a\": 1,\n  \"b\" 2}", "line 2, column 7: JSON: a colon is expected"},
		{"JSON that ends early.", `{"a": [1, "x`, "line 1, column 13: JSON: the document ends in the middle of a text"},
		{"JSON with a comma too many.", "{\"a\": 1,}", "line 1, column 9: JSON: the name of a member is expected"},
		{"JSON with a letter too many.", "{\"ä\": 1}x", "line 1, column 9: JSON: something follows"},
		{"Half a surrogate pair.", `{"a": "\ud83d"}`, "surrogate"},
		{"JSON that is too deep.", `{"a": ` + deep, "line 1, column 207: values are nested more than 200 deep"},
		{"YAML that is too deep.", "a: " + deep, "line 1, column "},
		{"Too many bytes.", "#" + strings.Repeat(" ", MaxBytes), "document: it has 6291457 bytes, at most 6291456"},
		{"Too many values.", "a: [" + strings.Repeat(",", 3<<20), "document: the document may have more than 1048576 values"},
		{"An alias bomb.", bomb, "aliases stand for more than 100000 values"},
		{"An alias in itself.", "a: &a\n  b: *a\n", "line 2, column 6: the alias *a stands inside of what it stands for"},
		{"An anchor that is not there.", "a: *b\n", "line 1, column "},
		{"Two documents.", head + "---\nx: 1\n", "a second document begins here"},
		{"A strange tag.", "openapi: !!binary aGk=\n", "line 1, column 10: the tag"},
		{"A member given twice, in YAML.", head + "paths:\n  /a: {}\n  /a: {}\n", `line 5, column 3: "/a" is given twice, first at line 4, column 3`},
		{"A member given twice, in JSON.", "{\"a\": 1, \n\"a\": 2}", `line 2, column 1: "a" is given twice, first at line 1, column 2`},
		{"No version.", "info: {title: t}\npaths: {}\n", "line 1, column 1: the member openapi is missing"},
		{"Swagger.", "swagger: '2.0'\n", "line 1, column 10: Swagger 2.0 describes REST APIs"},
		{"OpenAPI 4.", "openapi: 4.0.0\n", `line 1, column 10: openapi: "4.0.0" is not 3.0 or 3.1`},
		{"No info.", "openapi: 3.0.1\npaths: {}\n", "line 1, column 1: the member info is missing"},
		{"No title.", "openapi: 3.0.1\ninfo: {version: x}\npaths: {}\n", "line 2, column 7: info.title is missing"},
		{"A title that is a list.", "openapi: 3.0.1\ninfo: {title: [x]}\npaths: {}\n", "line 2, column 15: info.title: a text is expected, this is a list"},
		{"No paths.", head, "line 1, column 1: the member paths is missing"},
		{"Paths that are a list.", head + "paths: []\n", "line 3, column 8: paths: an object is expected, this is a list"},
		{"A path without a slash.", head + "paths: {a: {}}\n", `line 3, column 9: paths: "a" does not begin with a slash`},
		{"A path that is a text.", head + "paths: {/a: x}\n", "line 3, column 13: path /a: an object is expected, this is a text"},
		{"An operation that is null.", head + "paths:\n  /a:\n    get:\n", "path /a: get: an object is expected, this is null"},
		{"An integration without a type.", head + "paths: {/a: {get: {x-amazon-apigateway-integration: {uri: x}}}}\n", "line 3, column 53: operation GET /a: x-amazon-apigateway-integration has no type"},
		{"A timeout that is a text.", head + "paths: {/a: {get: {x-amazon-apigateway-integration: {type: x, timeoutInMillis: soon}}}}\n", `line 3, column 80: x-amazon-apigateway-integration.timeoutInMillis: "soon" is not a whole number`},
		{"Parameters that are a list.", head + "paths: {/a: {get: {x-amazon-apigateway-integration: {type: x, requestParameters: []}}}}\n", "line 3, column 82: x-amazon-apigateway-integration.requestParameters: an object is expected"},
		{"A reference to another document.", head + "paths: {/a: {$ref: 'other.yaml#/a'}}\n", `line 3, column 20: $ref "other.yaml#/a" names another document`},
		{"A reference to the network.", head + "paths: {}\ncomponents: {schemas: {a: {$ref: 'http://h/a'}}}\n", `line 4, column 34: $ref "http://h/a" names another document`},
		{"A reference to nothing.", head + "paths: {/a: {$ref: '#/paths/~1b'}}\n", `line 3, column 20: $ref "#/paths/~1b" leads nowhere`},
		{"A reference to itself.", head + "paths: {/a: {$ref: '#/paths/~1a'}}\n", `line 3, column 13: $ref "#/paths/~1a" goes in a circle`},
		{"References in a circle.", head + "paths: {/a: {$ref: '#/paths/~1b'}, /b: {$ref: '#/paths/~1a'}}\n", "goes in a circle"},
		{"A reference into a circle.", head + "paths: {/c: {$ref: '#/paths/~1b'}, /b: {$ref: '#/paths/~1a'}, /a: {$ref: '#/paths/~1b'}}\n", "goes in a circle"},
		{"An authorizer of REST APIs.", head + "paths: {}\ncomponents: {securitySchemes: {a: {x-amazon-apigateway-authorizer: {type: token}}}}\n", `line 4, column 68: security scheme a: the authorizer's type "token"`},
		{"A scheme that is not there.", head + "paths: {/a: {get: {security: [{x: []}]}}}\n", `line 3, column 32: operation GET /a: security names "x"`},
		{"Two authorizers.", head + "paths: {/a: {get: {security: [{jwt: [], fn: []}]}}}\n" + schemes, `security names "jwt" and "fn"`},
		{"Scopes that nobody checks.", head + "paths: {/a: {get: {security: [{fn: [x]}]}}}\n" + schemes, "only a jwt authorizer checks"},
		{"Hundreds of alternatives.", head + "paths: {/a: {get: {security: [" + strings.Repeat("{}, ", 21) + "]}}}\n", "line 3, column 30: operation GET /a: security has 21 alternatives"},
		{"NONE beside an authorizer.", head + "paths: {/a: {get: {security: [{fn: []}], x-amazon-apigateway-auth: {type: NONE}}}}\n" + schemes, "keep one of the two"},
		{"A policy.", head + "paths: {}\nx-amazon-apigateway-policy: {}\n", "line 4, column 1: x-amazon-apigateway-policy: HTTP APIs have no resource policy"},
		{"CORS that is a list.", head + "paths: {}\nx-amazon-apigateway-cors: []\n", "line 4, column 27: x-amazon-apigateway-cors: an object is expected"},
		{"Two tags of one name.", head + "paths: {}\ntags: [{name: a, x-amazon-apigateway-tag-value: b}, {name: a, x-amazon-apigateway-tag-value: c}]\n", `line 4, column 53: tags: the tag "a" is given twice`},
		{"A server without defaults.", head + "paths: {}\nservers: [{url: 'http://{h}/'}]\n", "line 4, column 17: servers.url: the variable {h} has no default"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			d, err := Parse(context.Background(), []byte(tc.doc), Prepend)
			var list Errors
			if d != nil || !errors.As(err, &list) || len(list) == 0 {
				t.Fatalf("taken, or refused with %v", err)
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got  %v\nwant %s", err, tc.want)
			}
		})
	}
}

// TestWarnings holds that what an API will not get is told, with its place.
func TestWarnings(t *testing.T) {
	for _, tc := range []struct{ desc, doc, want string }{
		{"A misspelled method.", "paths: {/a: {gett: {}}}\n", "line 3, column 14: path /a: gett is no member of OpenAPI"},
		{"TRACE.", "paths: {/a: {trace: {}}}\n", "trace is left out"},
		{"A misspelled member of an extension.", "paths: {/a: {get: {x-amazon-apigateway-integration: {type: x, url: y}}}}\n", "line 3, column 63: x-amazon-apigateway-integration.url is not known"},
		{"What only REST APIs have.", "paths: {}\nx-amazon-apigateway-gateway-responses: {}\n", "line 4, column 1: x-amazon-apigateway-gateway-responses is ignored: only REST APIs have it"},
		{"An extension of the future.", "paths: {}\nx-amazon-apigateway-teleport: {}\n", "x-amazon-apigateway-teleport is not known"},
		{"A member of the extension that only REST APIs have.", "paths: {/a: {get: {x-amazon-apigateway-integration: {type: x, responses: {}}}}}\n", "responses is ignored: only REST APIs have it"},
		{"A certificate that would not be verified.", "paths: {/a: {get: {x-amazon-apigateway-integration: {type: x, tlsConfig: {insecureSkipVerification: true}}}}}\n", "certificates are always verified"},
		{"A long operationId.", "paths: {/a: {get: {operationId: " + strings.Repeat("x", 65) + "}}}\n", "operationId has 65 characters and is left out"},
		{"Another version of the extensions.", "paths: {}\nx-amazon-apigateway-importexport-version: '2.0'\n", `"2.0" is not 1.0`},
		{"VPC endpoints.", "paths: {}\nx-amazon-apigateway-endpoint-configuration: {vpcEndpointIds: []}\n", "vpcEndpointIds is ignored"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			d := mustParse(t, head+tc.doc, "")
			if len(d.Warnings) != 1 || !strings.Contains(d.Warnings[0].String(), tc.want) {
				t.Errorf("got %v, want %s", d.Warnings, tc.want)
			}
		})
	}
}

// TestWhatIsLeftInPeace holds that ordinary documents are taken without a word.
func TestWhatIsLeftInPeace(t *testing.T) {
	d := mustParse(t, `openapi: 3.1.0
info: {title: t, version: 1.0, x-logo: {}}
x-other: {$ref: "file.yaml"}
webhooks: {}
components:
  schemas:
    tree: {type: object, properties: {$ref: {type: string}, kids: {type: array, items: {$ref: "#/components/schemas/tree"}}}, example: {$ref: "not a reference"}}
  pathItems: {pets: {get: {responses: {default: {$ref: "#/components/responses/r"}}}}}
  responses: {r: {description: d}}
defaults: &d {description: merged}
paths:
  /pets: {$ref: "#/components/pathItems/pets"}
  /merge: {put: {<<: *d, parameters: [], requestBody: {}}}
`, "")
	if len(d.Routes) != 2 || len(d.Warnings) != 1 || !strings.Contains(d.Warnings[0].Text, "defaults") {
		t.Errorf("%d routes, warnings %v", len(d.Routes), d.Warnings)
	}
	if got := fmt.Sprint(d.Ignored); !strings.Contains(got, "line 5, column 3: components.schemas: 1 found") && !strings.Contains(got, "components.schemas: 1 found") || !strings.Contains(got, "requestBody: 1 found") {
		t.Errorf("ignored: %s", got)
	}
}

func TestJSONWithSurrogatesAndOrder(t *testing.T) {
	d := mustParse(t, "\ufeff {\"openapi\":\"3.0.1\",\"info\":{\"title\":\"\\ud83d\\ude00\\u00e9\\/\",\"version\":\"1\"},\t\"paths\":{\"/b\":{\"get\":{}},\"/a\":{\"get\":{}}}}", "")
	if *d.API.Name != "😀é/" || *d.Routes[0].AWS.RouteKey != "GET /b" {
		t.Errorf("%q, %s first", *d.API.Name, *d.Routes[0].AWS.RouteKey)
	}
}

// TestManyNotes holds that a document with nothing but faults is answered shortly.
func TestManyNotes(t *testing.T) {
	var b strings.Builder
	b.WriteString(head + "paths:\n")
	for i := range 1000 {
		fmt.Fprintf(&b, "  p%d: {}\n", i)
	}
	_, err := Parse(context.Background(), []byte(b.String()), "")
	if list := err.(Errors); len(list) != maxNotes+1 || list[maxNotes].Text != "and 800 more" {
		t.Errorf("%d errors", len(list))
	}
}

// TestMergesAreRead holds what "<<" adds, and what it may cost: the time for a
// list of objects grows with the list, and not with the list times the object,
// which is seen by the memory that is asked for.
func TestMergesAreRead(t *testing.T) {
	for _, tc := range []struct{ desc, doc, want string }{
		{"What stands there wins.", "<<: {a: 1, b: 2}\na: 3\n", "a=3 b=2"},
		{"The first of a list wins.", "<<: [{a: 1}, {a: 2, b: 2}]\n", "a=1 b=2"},
		{"Two of them are one list.", "<<: {a: 1}\n<<: [{a: 2, b: 2}]\n", "a=1 b=2"},
		{"One inside of another.", "<<: {<<: {a: 1, b: 1}, b: 2}\n", "b=2 a=1"},
		{"A text is none.", "<<: x\n", "line 1, column 5: << merges objects"},
		{"A list of lists is none.", "<<: [[{a: 1}]]\n", "line 1, column 6: << merges objects"},
		{"Objects that offer too much together.", "<<: " + strings.Repeat("{<<: ", 100) + "{" + members(1001) + "}" + strings.Repeat("}", 100) + "\n", "<< adds more than 100000 members"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			n, err := read(t.Context(), []byte(tc.doc))
			var got []string
			if err != nil {
				got = []string{err.Error()}
			} else {
				for _, m := range n.members {
					got = append(got, m.key+"="+m.value.text)
				}
			}
			if s := strings.Join(got, " "); s != tc.want && (err == nil || !strings.Contains(s, tc.want)) {
				t.Errorf("got %s, want %s", s, tc.want)
			}
		})
	}
}

// TestMergeIsLinear holds that a list of n objects is merged into an object of n
// members in memory that grows with n: what was built for each of the list took
// n times n, and the same in time.
func TestMergeIsLinear(t *testing.T) {
	const n = 2000
	o := &node{kind: object}
	l := &node{kind: list}
	for i := range n {
		o.set(fmt.Sprint("k", i), newText("x"))
		l.items = append(l.items, newObject())
	}
	c := &converter{shape: shape{ctx: t.Context()}}
	allocs := testing.AllocsPerRun(1, func() {
		if err := c.merge(o, []*node{l}); err != nil {
			t.Error(err)
		}
	})
	if allocs > n {
		t.Errorf("%v allocations for a list of %d", allocs, n)
	}
}

// leaving is the context of a caller who goes after some looks at it.
type leaving struct {
	context.Context
	stays *int
}

func (l leaving) Err() error {
	if *l.stays--; *l.stays < 0 {
		return context.Canceled
	}
	return nil
}

// TestParseStops holds that a document is not read on when its caller has gone.
func TestParseStops(t *testing.T) {
	many := strings.Repeat("- x\n", 20*lookEvery)
	for _, tc := range []struct {
		desc, doc string
		stays     int
	}{
		{"Before the first byte of YAML.", "a: b\n", 0},
		{"While YAML is scanned.", many, 3},
		{"While YAML is turned into values.", "a: [" + strings.Repeat("x,", 10*lookEvery) + "]\n", 12},
		{"While objects are merged.", "a: [" + strings.Repeat("x,", 10*lookEvery) + "]\n<<: [" + strings.Repeat("{},", 10*lookEvery) + "]\n", 36},
		{"While JSON is read.", `{"a": [` + strings.Repeat("1,", 10*lookEvery) + "1]}", 3},
		{"Behind the references.", `{"openapi": "3.0.1", "info": {"title": "t"}, "paths": {}}`, 0},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			d, err := Parse(leaving{t.Context(), &tc.stays}, []byte(tc.doc), "")
			if d != nil || !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want %v", err, context.Canceled)
			}
		})
	}
}
