package control_test

import (
	"flag"
	"os"
	"testing"

	"gatehouse/internal/control/apigateway"
	"gatehouse/internal/control/apigatewayv2"
)

var update = flag.Bool("update", false, "write docs/coverage.md anew")

const coverageHead = `# What is enforced, and what is not yet

This file is generated (` + "`go test ./internal/control -run TestCoverage -update`" + `) from the tables that the control planes carry.
Every field that a client can send has one of four classes:

- **enforced**: it acts. The test that is named notices when it stops: it does the same again without the field, and must see the difference.
- **metadata**: it is kept and answered, and AWS does no more with it.
- **refused**: a value that would act is an error that names the field.
- **not yet enforced**: it is kept and answered, logged at each deployment that holds it, and where access is concerned the route answers 500.

`

// TestCoverage holds that docs/coverage.md is what the code says.
func TestCoverage(t *testing.T) {
	const path = "../../docs/coverage.md"
	first, err := apigateway.Coverage()
	if err != nil {
		t.Fatal(err)
	}
	text, err := apigatewayv2.Coverage()
	if err != nil {
		t.Fatal(err)
	}
	text = coverageHead + first + "\n" + text
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != text {
		t.Errorf("%s is not what the code says: run go test ./internal/control -run TestCoverage -update", path)
	}
}
