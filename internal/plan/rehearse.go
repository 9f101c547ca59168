package plan

import "gatehouse/internal/flow"

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
	h, err := around(stop, x.API.Protocol, x.Route, r.cors, r.body)
	if err != nil {
		return false, err
	}
	err = h.Serve(x)
	return reached, err
}
