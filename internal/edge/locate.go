package edge

import (
	"gatehouse/internal/flow"
	"gatehouse/internal/plan"
)

// Locate does to an exchange that somebody made up what a data listener does
// to one that came in: it takes host, path and query out of In.Target and the
// Host field and, with pathAddresses, rewrites the path forms to the Host form
// unless the plan has the host. The error says that the target is none. For
// explain, which is to find what a real request would.
func Locate(x *flow.Exchange, p *plan.Plan, pathAddresses bool) error {
	if err := place(x); err != nil {
		return err
	}
	if pathAddresses && !p.HasHost(x.In.Host) {
		rewrite(x)
	}
	return nil
}
