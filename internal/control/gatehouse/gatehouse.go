// Package gatehouse answers the operations that AWS has no word for: what this
// installation is, and why a request is answered as it is. They are guarded
// and signed like every control call, with the service name gatehouse.
package gatehouse

import (
	"context"
	"net/http"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/observe/trace"
	"gatehouse/internal/plan"
	"gatehouse/internal/wire"
)

// ScopeName is the service in the credential scope of these calls.
const ScopeName = "gatehouse"

// PathPrefix begins the path of each of these operations.
const PathPrefix = "/_gatehouse"

// A Service answers the operations. Its fields are set before the first call
// and not changed afterwards; then any number of goroutines may use it.
type Service struct {
	// Plan is the plan in force.
	Plan func() *plan.Plan
	// Locate does to an exchange what the listeners do to one that came in: it
	// takes host, path and query out of In.Target. The error says what is wrong
	// with the target.
	Locate func(x *flow.Exchange, p *plan.Plan) error
	// Draft lists the keys of the routes that an API has in the control plane,
	// deployed or not, for the caller of ctx. Nil: not known.
	Draft func(ctx context.Context, api gate.APIID) ([]string, error)
	// Target is the method and URL that a matched exchange would call. ok is
	// false for an integration that calls no URL. Nil: not known.
	Target func(x *flow.Exchange) (method, url string, ok bool)
	// Shared is set where listeners serve both planes: there a request that
	// means no API is a control call.
	Shared bool
	// Traces holds the past exchanges. Nil: the operations on them do not exist.
	Traces *trace.Rings
	// Status describes this installation.
	Status Status
}

// A Status is what a client needs to know to use this installation.
type Status struct {
	Version, Mode, Account string
	Regions                []string // the first is the default
}

// Handler serves the operations.
func (s *Service) Handler(o wire.Options) (http.Handler, error) {
	return wire.NewHandler(s.table(), o)
}

func (s *Service) table() wire.Table {
	return wire.Table{
		Service: ScopeName,
		Invalid: typeBadRequest,
		Operations: append(s.tracing(),
			wire.Op("Explain", http.MethodGet, PathPrefix+"/explain", http.StatusOK, s.explain),
			wire.Op("GetStatus", http.MethodGet, PathPrefix+"/status", http.StatusOK, s.status),
		),
	}
}

// ours reports whether what belongs to an account and region is the caller's: the
// regions of an account do not see each other, as control.Place has it. Outside
// of a call everything is.
func ours(ctx context.Context, account, region string) bool {
	c, ok := wire.CallerOf(ctx)
	return !ok || (c.Account == "" || c.Account == account) && (c.Region == "" || c.Region == region)
}

const typeBadRequest = "BadRequestException"

type statusInput struct{}

// statusOutput is a Status on the wire.
type statusOutput struct {
	Version *string  `wire:"version"`
	Mode    *string  `wire:"mode"`
	Account *string  `wire:"account"`
	Regions []string `wire:"regions"`
}

func (s *Service) status(ctx context.Context, _ *statusInput) (*statusOutput, error) {
	st := s.Status
	if c, ok := wire.CallerOf(ctx); ok && c.Account != "" {
		st.Account = c.Account
	}
	return &statusOutput{&st.Version, &st.Mode, &st.Account, st.Regions}, nil
}
