package apigateway

import (
	"fmt"
	"testing"

	v1 "gatehouse/internal/wire/apigateway"
)

// TestTenThousandResources makes an API of 10,000 resources below one, lists
// it page by page, deploys, serves and deletes it; a tenth of it under the race
// detector.
func TestTenThousandResources(t *testing.T) {
	branches, leaves := 100, 99 // with the branches themselves 10,000
	if raceEnabled {
		branches = 10
	}
	a := newTraffic(t).draft()
	a.at("/tree")
	handled := a.desk.Handled
	a.desk.Handled = nil // nothing is served meanwhile
	for b := range branches {
		branch := a.resource(a.id, a.at("/tree"), fmt.Sprintf("b%d", b))
		for l := range leaves {
			leaf := a.resource(a.id, branch, fmt.Sprintf("l%d", l))
			if l == 0 {
				a.method(a.id, leaf, "GET")
			}
		}
	}
	a.desk.Handled = handled
	a.mock("GET /stump", `{"statusCode": 200}`)
	all := map[string]bool{}
	pages := 0
	for position, more := (*string)(nil), true; more; pages++ {
		page := must[*v1.Resources](t)(a.GetResources(a.ctx, &v1.GetResourcesInput{RestApiId: a.id, Limit: new(int32(500)), Position: position}))
		for _, r := range page.Items {
			all[*r.Path] = true
		}
		position, more = page.Position, page.Position != nil
	}
	if len(all) != branches*(leaves+1)+3 || pages != len(all)/500+1 || !all[fmt.Sprintf("/tree/b%d/l98", branches-1)] {
		t.Errorf("%d resources on %d pages", len(all), pages)
	}
	a.prod()
	last := fmt.Sprintf("GET /prod/tree/b%d/l", branches-1)
	a.rows(t,
		row{"The first.", "GET /prod/tree/b0/l0", nil, "200 "},
		row{"The last.", last + "0", nil, "200 "},
		row{"One without a method.", last + "1", nil, noToken},
		row{"One that is not there.", last + "99", nil, noToken},
	)
	if err := a.DeleteResource(a.ctx, &v1.DeleteResourceInput{RestApiId: a.id, ResourceId: a.at("/tree")}); err != nil {
		t.Fatal(err)
	}
	left := must[*v1.Resources](t)(a.GetResources(a.ctx, &v1.GetResourcesInput{RestApiId: a.id, Limit: new(int32(500))}))
	if len(left.Items) != 2 {
		t.Errorf("%d resources are left", len(left.Items))
	}
	a.rows(t, row{"What is deployed is served.", last + "0", nil, "200 "})
	a.prod()
	a.rows(t, row{"Until the next deployment.", last + "0", nil, noToken}, row{"The rest stays.", "GET /prod/stump", nil, `200 {"mock": 200}`})
}
