package integrate

import (
	"fmt"
	"strings"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/upstream"
)

// Private compiles a private integration: HTTP_PROXY through a VPC link to a
// listener or to a Cloud Map service, whose addresses are those of links. The
// error names the route and the value that is wrong; where links know no
// address, it is that of Links.Missing.
//
// Its backend is asked for the request's own path with the stage in front,
// unless that is $default, and with the request's own Host: the ARN brings
// neither path nor name (runtime 2.6).
func Private(r *gate.Route, links *Links, pools *upstream.Pools) (*Proxy, error) {
	p, err := compilePrivate(r, links, pools)
	if err != nil {
		return nil, fmt.Errorf("route %s: %w", r.Key, err)
	}
	return p, nil
}

func compilePrivate(r *gate.Route, links *Links, pools *upstream.Pools) (*Proxy, error) {
	in := r.Integration
	if in == nil || in.Kind != gate.Private {
		return nil, fmt.Errorf("the route has no private integration")
	}
	if err := links.Missing(in); err != nil {
		return nil, err
	}
	method, err := parseMethod(in.Method)
	if err != nil {
		return nil, fmt.Errorf("integration %s: %w", in.ID, err)
	}
	timeout, err := timeoutOf(in)
	if err != nil {
		return nil, err
	}
	list, err := verified(links.find(in), in.ServerName)
	if err != nil {
		return nil, fmt.Errorf("integration %s: server name: %w", in.ID, err)
	}
	return &Proxy{pools: pools, target: pools.Group(list), method: method, private: true, timeout: timeout}, nil
}

// verified is the addresses as tlsConfig wants them: with a name to verify,
// they are spoken to by TLS whatever their scheme says (API reference,
// "TlsConfig"), on 443 where they name no port.
func verified(list []upstream.Address, name string) ([]upstream.Address, error) {
	if name == "" {
		return list, nil
	}
	name, err := checkHost(strings.ToLower(name))
	if err != nil {
		return nil, err
	}
	secure := make([]upstream.Address, len(list))
	for i, a := range list {
		if !a.Secure && a.Port == 80 {
			a.Port = 443
		}
		a.Secure, a.ServerName = true, name
		secure[i] = a
	}
	return secure, nil
}

// appendStagePath is the path that a private backend is asked for.
func appendStagePath(dst []byte, x *flow.Exchange) []byte {
	if x.Stage != nil && x.Stage.Name != gate.DefaultStage {
		dst = append(append(dst, '/'), x.Stage.Name...)
	}
	return append(dst, x.Path...)
}
