package integrate

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestMockStatus is the table of what a mock's template may look like (runtime
// 1.10, quirk 36).
func TestMockStatus(t *testing.T) {
	for _, tc := range []struct {
		desc, text string
		want       int // 0: refused
	}{
		{"JSON.", `{"statusCode": 200}`, 200},
		{"A name without quotes.", `{statusCode:404}`, 404},
		{"Single quotes, a comma at the end, blanks.", " {\n 'statusCode' : 200 ,\n} ", 200},
		{"Other members, nested ones too.", `{"a": {"statusCode": 500, "b": [1, {"c": null}, ]}, "statusCode": 201, "d": "}"}`, 201},
		{"The last one counts.", `{"statusCode": 200, "statusCode": 400}`, 400},
		{"A status in quotes.", `{"statusCode": "200"}`, 0},
		{"A status with a fraction.", `{"statusCode": 200.5}`, 0},
		{"A status that is null.", `{"statusCode": null}`, 0},
		{"A status beyond what a reply has.", `{"statusCode": 600}`, 0},
		{"No status.", `{}`, 0},
		{"No object.", `200`, 0},
		{"Nothing.", ``, 0},
		{"[R] 1.10: what stands behind the object is not read.", `{"statusCode": 200} x`, 200},
		{"[R] 1.10: a second object neither.", `{"statusCode": 200}{"statusCode": 404}`, 200},
		{"An object without an end.", `{"statusCode": 200`, 0},
		{"A text without an end.", `{"statusCode`, 0},
		{"A text that ends in an escape.", `{"a\`, 0},
		{"Nested too deep.", `{"a":` + strings.Repeat("[", 100), 0},
		{"Too long.", `{"statusCode": 200,` + strings.Repeat(" ", maxSloppy) + `}`, 0},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			got, err := mockStatus(tc.text)
			if got != tc.want || (err == nil) != (tc.want != 0) {
				t.Errorf("got %d, %v", got, err)
			}
		})
	}
}

// FuzzMockStatus holds that what is read is a status, and that no JSON object
// with one is refused.
func FuzzMockStatus(f *testing.F) {
	for _, text := range []string{`{"statusCode": 200}`, `{statusCode: 200,}`, `{'a': [1, {}], "statusCode": 404}`, `{"a\"":"\\"}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := mockStatus(text)
		if err == nil && (got < 200 || got > 599) {
			t.Fatalf("%q has the status %d", text, got)
		}
		var strict struct {
			Status *int `json:"statusCode"`
		}
		d := json.NewDecoder(strings.NewReader(text))
		if d.Decode(&strict) != nil || d.More() || strict.Status == nil || len(text) > 1000 || strings.Contains(text, `\`) {
			return
		}
		if n := *strict.Status; n >= 200 && n <= 599 && err != nil && strings.Count(strings.ToLower(text), "statuscode") == 1 && strings.Contains(text, `"statusCode"`) && strings.Count(text, "{") == 1 {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
