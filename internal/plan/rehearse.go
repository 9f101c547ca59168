package plan

import (
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/mapping"
)

// Rehearse runs an exchange that Find has found through its line with nothing in
// the place of the integration: it is mapped and refused, and browsers are
// answered, as in earnest, and no backend is called. reached reports whether the
// integration would have been; then the reply is empty. The error is the line's,
// as from the handler that Find returned.
//
// The line is compiled once more: for one question that is cheaper than keeping
// two of each route.
func (p *Plan) Rehearse(x *flow.Exchange) (reached bool, err error) {
	s := p.api(x.API.ID).stages[x.Stage.Name]
	if x.Canary && s.canary != nil {
		s = s.canary
	}
	if s.routes == nil {
		return false, s.miss.Serve(x)
	}
	r := s.routes.get()
	switch {
	case r.broken != nil:
		return false, r.broken.Serve(x)
	case x.Route == nil:
		return false, r.miss.Serve(x)
	}
	stop := flow.HandlerFunc(func(*flow.Exchange) error {
		reached = true
		return nil
	})
	h, err := r.around(stop, x)
	if err != nil {
		return false, err
	}
	err = h.Serve(x)
	return reached, err
}

// around is the line of an exchange's route with something else at its end.
func (r *routes) around(last flow.Handler, x *flow.Exchange) (flow.Handler, error) {
	if r.rest == nil {
		return around(last, x.API.Protocol, x.Route, r.cors, r.body)
	}
	end := &restEnd{handler: last}
	if in := x.Route.Integration; in != nil && (in.Kind == gate.HTTPProxy || in.Kind == gate.Private) {
		step, err := mapping.Shape(in)
		if err != nil {
			return nil, err
		}
		end.parameters = step
	}
	return r.rest.around(x.Route, r.body, end), nil
}
