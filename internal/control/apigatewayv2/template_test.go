package apigatewayv2

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/value"
)

// TestTemplates is the table of templates that schemas are turned into.
func TestTemplates(t *testing.T) {
	for _, tc := range []struct{ desc, schema, want string }{
		{"The empty schema [S].", `{"$schema":"http://json-schema.org/draft-04/schema#","title":"Empty Schema","type":"object"}`, "{ }"},
		{"Nothing is said.", `{}`, "{ }"},
		{"A value.", `{"type":"number"}`, "3.14"},
		{"Members in their order.", `{"type":"object","properties":{"b":{"type":"string"},"a":{"type":"integer"},"c":{"type":"boolean"}}}`,
			"{\n  \"b\" : \"foo\",\n  \"a\" : 42,\n  \"c\" : true\n}"},
		{"Members without a type around them.", `{"properties":{"a \"b\"":{"$ref":"#/x"}}}`, "{\n  \"a \\\"b\\\"\" : { }\n}"},
		{"A list in a list.", `{"type":"object","properties":{"a-b":{"type":"array","items":{"type":"array","items":{"type":"string"}}}}}`,
			"{\n  \"a-b\" : [\n##TODO: Update this foreach loop to reference array from input json\n#foreach($elem in $inputRoot.a-b)\n    [\n" +
				"##TODO: Update this foreach loop to reference array from input json\n#foreach($elem2 in $elem)\n      \"foo\"#if($foreach.hasNext),#end\n\n#end\n    ]" +
				"#if($foreach.hasNext),#end\n\n#end\n  ]\n}"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			got := sampleTemplate(must[value.Value](t)(readSchema(tc.schema)))
			if diff := cmp.Diff("#set($inputRoot = $input.path('$'))\n"+tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
