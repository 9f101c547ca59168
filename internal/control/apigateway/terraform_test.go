package apigateway

import (
	"fmt"
	"sync"
	"testing"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/store/local"
	"gatehouse/internal/wire"
	v1 "gatehouse/internal/wire/apigateway"
)

// onDisk is a world whose store is the one of production.
func onDisk(t testing.TB) *world {
	t.Helper()
	s, err := local.Open(t.TempDir(), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := &control.Desk{Store: s, Limits: gate.DefaultLimits(), Account: "123456789012"}
	t.Cleanup(func() { s.Close() })
	ctx := wire.WithCaller(t.Context(), wire.Caller{Account: "123456789012", Region: "us-east-1"})
	return &world{Service: New(d, nil), t: t, ctx: ctx, desk: d}
}

// define makes n resources of three methods each, from ten clients at once.
func (w *world) define(api, root *string, n int) {
	var clients sync.WaitGroup
	for c := range 10 {
		clients.Go(func() {
			for i := c; i < n; i += 10 {
				part := fmt.Sprintf("r%d", i)
				r, err := w.CreateResource(w.ctx, &v1.CreateResourceInput{RestApiId: api, ParentId: root, PathPart: &part})
				if err != nil {
					w.t.Error(err)
					return
				}
				for _, verb := range []string{"GET", "POST", "DELETE"} {
					w.method(api, r.Id, verb)
				}
			}
		})
	}
	clients.Wait()
}

// BenchmarkTerraform makes 300 resources of three methods each on disk, as ten
// parallel calls of Terraform do: 3,900 commits. A conflict fails it.
func BenchmarkTerraform(b *testing.B) {
	for b.Loop() {
		w := onDisk(b)
		api, root := w.api()
		w.define(api, root, 300)
	}
}

// BenchmarkCreateDeployment freezes 2,000 methods.
func BenchmarkCreateDeployment(b *testing.B) {
	w := onDisk(b)
	api, root := w.api()
	w.define(api, root, 667)
	for b.Loop() {
		w.deploy(api, v1.CreateDeploymentInput{StageName: new("s")})
	}
}
