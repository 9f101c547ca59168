package integrate

import (
	"fmt"
	"strings"

	"gatehouse/internal/gate"
	"gatehouse/internal/upstream"
)

// A Link says what stands behind a VPC link: a gateway of one's own has no VPC
// in which an ARN could be looked up.
type Link struct {
	// ID is the VPC link's; "*" stands for every link.
	ID string
	// ARN is the listener of a load balancer or the Cloud Map service that an
	// integration names, as it names it; "" stands for all of them.
	ARN string
	// Targets are where it is reached, http://10.0.0.1:8080 each. They are called
	// in turn.
	Targets []string
}

// anyLink is the Link.ID that stands for every VPC link.
const anyLink = "*"

// maxTargets bounds the targets of a Link.
const maxTargets = 64

// Links are the addresses behind VPC links. The zero Links knows none. Once all
// were added, any number of goroutines may read them.
type Links struct {
	known map[linkKey][]upstream.Address
}

type linkKey struct{ id, arn string }

// Add takes in a Link. The error names the value that is wrong.
func (l *Links) Add(k Link) error {
	key := linkKey{k.ID, k.ARN}
	switch _, twice := l.known[key]; {
	case k.ID == "":
		return fmt.Errorf("the id of the VPC link is missing; \"*\" stands for every link")
	case k.ARN != "" && !strings.HasPrefix(k.ARN, "arn:"):
		return fmt.Errorf("arn %q is no ARN of a listener or of a Cloud Map service", k.ARN)
	case twice:
		return fmt.Errorf("link %q with arn %q is given twice: put all targets into one entry", k.ID, k.ARN)
	case len(k.Targets) == 0 || len(k.Targets) > maxTargets:
		return fmt.Errorf("%d targets: 1 to %d are needed", len(k.Targets), maxTargets)
	}
	list := make([]upstream.Address, len(k.Targets))
	for i, text := range k.Targets {
		a, err := parseOrigin(text)
		if err != nil {
			return fmt.Errorf("target %q: %w", text, err)
		}
		list[i] = a
	}
	if l.known == nil {
		l.known = map[linkKey][]upstream.Address{}
	}
	l.known[key] = list
	return nil
}

// parseOrigin reads scheme, host and port: a path comes from the request.
func parseOrigin(text string) (upstream.Address, error) {
	e, err := parseEndpoint(text, nil)
	if err != nil {
		return e.address, err
	}
	if len(e.path) != 1 || e.path[0] != "/" || len(e.query) > 0 || strings.HasSuffix(text, "?") {
		return e.address, fmt.Errorf("give scheme, host and port only, such as http://10.0.0.1:8080")
	}
	return e.address, nil
}

// Missing says why a private integration has no address, and what to configure.
// It is nil for all that have one, and for other integrations.
func (l *Links) Missing(in *gate.Integration) error {
	if in == nil || in.Kind != gate.Private || len(l.find(in)) > 0 {
		return nil
	}
	return fmt.Errorf("integration %s goes through the VPC link %s to %s, and the configuration does not say where that is: "+
		"add to gatehouse.yaml (gatehouse serve --config)  vpc_links: [{link: %s, arn: %q, targets: [http://ADDRESS:PORT]}]  and start anew",
		in.ID, in.ConnectionID, in.URI, in.ConnectionID, in.URI)
}

// find is the addresses of an integration: those of the link and the ARN before
// those of one of them.
func (l *Links) find(in *gate.Integration) []upstream.Address {
	if l == nil {
		return nil
	}
	for _, key := range []linkKey{{in.ConnectionID, in.URI}, {anyLink, in.URI}, {in.ConnectionID, ""}, {anyLink, ""}} {
		if list := l.known[key]; len(list) > 0 {
			return list
		}
	}
	return nil
}
