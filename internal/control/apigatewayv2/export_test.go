package apigatewayv2

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/control"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

func (w *world) export(api *string, stage, format string) string {
	w.Helper()
	in := &v2.ExportApiInput{ApiId: api, Specification: new("OAS30"), OutputType: &format}
	if stage != "" {
		in.StageName = &stage
	}
	return string(must[*v2.ExportApiOutput](w)(w.ExportApi(w.ctx, in)).Body)
}

// TestExport shows a whole document.
func TestExport(t *testing.T) {
	w := newWorld(t)
	w.desk.Now = func() time.Time { return time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC) }
	api := must[*v2.CreateApiOutput](t)(w.CreateApi(w.ctx, &v2.CreateApiInput{Name: new("pets"), ProtocolType: new("HTTP"), Tags: map[string]string{"_custom_id_": "pets", "team": "zoo"}})).ApiId
	w.route(api, "ANY /pets/{id}", w.integration(api))
	w.route(api, "$default", nil)
	want := `{
  "openapi" : "3.0.1",
  "info" : {
    "title" : "pets",
    "version" : "2024-01-01T00:00:00Z"
  },
  "servers" : [ {
    "url" : "https://pets.execute-api.us-east-1.amazonaws.com/{basePath}",
    "variables" : {
      "basePath" : {
        "default" : ""
      }
    }
  } ],
  "tags" : [ {
    "name" : "team",
    "x-amazon-apigateway-tag-value" : "zoo"
  } ],
  "paths" : {
    "/$default" : {
      "x-amazon-apigateway-any-method" : {
        "isDefaultRoute" : true,
        "responses" : {
          "default" : {
            "description" : "Default response for $default"
          }
        }
      }
    },
    "/pets/{id}" : {
      "x-amazon-apigateway-any-method" : {
        "responses" : {
          "default" : {
            "description" : "Default response for ANY /pets/{id}"
          }
        },
        "x-amazon-apigateway-integration" : {
          "type" : "http_proxy",
          "httpMethod" : "ANY",
          "uri" : "http://127.0.0.1:1/{id}",
          "connectionType" : "INTERNET",
          "payloadFormatVersion" : "1.0",
          "timeoutInMillis" : 30000
        }
      },
      "parameters" : [ {
        "name" : "id",
        "in" : "path",
        "description" : "Generated path parameter for id",
        "required" : true,
        "schema" : {
          "type" : "string"
        }
      } ]
    }
  },
  "x-amazon-apigateway-importexport-version" : "1.0"
}
`
	if diff := cmp.Diff(want, w.export(api, "", "JSON")); diff != "" {
		t.Error(diff)
	}
	plainly := string(must[*v2.ExportApiOutput](t)(w.ExportApi(w.ctx, &v2.ExportApiInput{ApiId: api, Specification: new("OAS30"), OutputType: new("yaml"), IncludeExtensions: new(false)})).Body)
	if strings.Contains(plainly, "$default") || strings.Contains(plainly, "x-amazon") || !strings.Contains(plainly, "patch:") {
		t.Errorf("without extensions:\n%s", plainly)
	}
}

// TestExportOfAStage holds that a stage's document is what was deployed,
// whatever has become of the draft.
func TestExportOfAStage(t *testing.T) {
	w := newWorld(t)
	api := w.importing(pets).ApiId
	w.stage(api, "prod", false)
	before := w.dump()
	_, err := w.ExportApi(w.ctx, &v2.ExportApiInput{ApiId: api, Specification: new("OAS30"), OutputType: new("JSON"), StageName: new("prod")})
	w.refused(before, err, "BadRequestException", "stage prod has no deployment")
	w.deploy(api, "prod")
	draft, deployed := w.export(api, "", "JSON"), w.export(api, "prod", "JSON")
	if got := strings.Replace(deployed, `"default" : "prod"`, `"default" : ""`, 1); got != draft {
		t.Error(cmp.Diff(draft, got))
	}
	w.reimporting(api, petsHead+"paths: {}\n")
	if got := w.export(api, "prod", "JSON"); got != deployed {
		t.Error(cmp.Diff(deployed, got))
	}
	if _, err := w.desk.Sweep(w.ctx); err != nil {
		t.Fatal(err)
	}
	if got := w.export(api, "prod", "JSON"); got != deployed {
		t.Error("a sweep has taken what exports need")
	}
	for _, tc := range []struct{ desc, spec, format, version, stage, typ string }{
		{"Another specification.", "OAS31", "JSON", "", "", "BadRequestException"},
		{"Another format.", "OAS30", "TOML", "", "", "BadRequestException"},
		{"Another version.", "OAS30", "JSON", "2.0", "", "BadRequestException"},
		{"An unknown stage.", "OAS30", "JSON", "", "nope", "NotFoundException"},
	} {
		if _, err := w.ExportApi(w.ctx, &v2.ExportApiInput{ApiId: api, Specification: &tc.spec, OutputType: &tc.format, ExportVersion: &tc.version, StageName: &tc.stage}); typeOf(err) != tc.typ {
			t.Errorf("%s %v", tc.desc, err)
		}
	}
}

// TestADeploymentOfAnEdit holds that an edit packs one part anew, not all.
func TestADeploymentOfAnEdit(t *testing.T) {
	w := newWorld(t)
	api := w.importing(many(2001)).ApiId
	w.stage(api, "s", true)
	parts := func() []string {
		return w.frozen(api, string(w.live(api, "s").Deployment)).Deployment.Source
	}
	before := parts()
	w.route(api, "GET /one/more", nil)
	after := parts()
	kept := 0
	for _, sum := range after {
		if slices.Contains(before, sum) {
			kept++
		}
	}
	if len(before) < 4 || kept != len(after)-1 {
		t.Errorf("of %d parts %d are the same", len(after), kept)
	}
}

// BenchmarkPack packs what a deployment of 1,000 routes was made from.
func BenchmarkPack(b *testing.B) {
	w := newWorld(b)
	api := w.importing(many(1001)).ApiId
	err := w.desk.View(w.ctx, func(t *control.Tx) error {
		d, err := w.open(t, placeOf(b, w), api)
		if err != nil {
			return err
		}
		if _, err := d.lower("x"); err != nil {
			return err
		}
		for b.Loop() {
			if _, err := d.pack(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}
