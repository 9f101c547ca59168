package integrate

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// A message is a request to a service in the service's protocol, not signed
// yet.
type message struct {
	method string
	path   string // escaped
	query  string
	header http.Header
	body   []byte
}

// queryVersion is the version of the SQS API that speaks the query protocol,
// whose answers are XML.
const queryVersion = "2012-11-05"

// message writes the arguments, which were checked, in the service's protocol.
func (s *subtype) message(values []*string) (message, error) {
	switch s.protocol {
	case query:
		return s.form(values)
	case appConfig:
		return s.configuration(values)
	}
	body, err := s.document(values)
	kind := "application/x-amz-json-1.0"
	if s.protocol == json11 {
		kind = "application/x-amz-json-1.1"
	}
	return message{method: http.MethodPost, path: "/", body: body,
		header: http.Header{"Content-Type": {kind}, "X-Amz-Target": {s.action}}}, err
}

// document is the body of a JSON protocol.
func (s *subtype) document(values []*string) ([]byte, error) {
	b := []byte{'{'}
	for i, p := range s.params {
		if values[i] == nil {
			continue
		}
		text, err := p.json(*values[i])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(strconv.AppendQuote(b, p.wire), ':')
		b = append(b, text...)
	}
	b = append(b, '}')
	if s.service == EventBridge { // PutEvents takes many; an integration sends one
		b = append(append([]byte(`{"Entries":[`), b...), "]}"...)
	}
	return b, nil
}

// json is a value as JSON.
func (p *param) json(v string) ([]byte, error) {
	switch p.form {
	case instant:
		n, err := readInstant(v)
		return []byte(n), err
	case list:
		items, err := readList(v)
		if err != nil {
			return nil, err
		}
		return json.Marshal(append([]string{}, items...))
	}
	return json.Marshal(v)
}

// form is a request of the query protocol. It goes to the path of the queue, as
// the AWS clients send it.
func (s *subtype) form(values []*string) (message, error) {
	b := []byte("Action=" + s.action + "&Version=" + queryVersion)
	m := message{method: http.MethodPost, header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}}
	for i, p := range s.params {
		if values[i] == nil {
			continue
		}
		var err error
		if b, err = p.appendForm(b, *values[i]); err != nil {
			return m, fmt.Errorf("%s: %w", p.name, err)
		}
		if p.form == queueURL {
			if m.path, err = readQueuePath(*values[i]); err != nil {
				return m, fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	m.body = b
	return m, nil
}

// appendForm writes a value under the parameter's name: lists and maps as
// NAME.1, NAME.2 (AWS query protocol, flattened lists and maps).
func (p *param) appendForm(b []byte, v string) ([]byte, error) {
	switch p.form {
	case list:
		items, err := readList(v)
		for i, item := range items {
			b = appendPair(b, fmt.Sprintf("%s.%d", p.wire, i+1), item)
		}
		return b, err
	case attributes:
		all, err := readAttributes(v)
		for i, a := range all {
			at := fmt.Sprintf("%s.%d", p.wire, i+1)
			b = appendPair(b, at+".Name", a.Name)
			b = appendPair(b, at+".Value.DataType", a.DataType)
			if a.StringValue != nil {
				b = appendPair(b, at+".Value.StringValue", *a.StringValue)
			}
			if a.BinaryValue != nil {
				b = appendPair(b, at+".Value.BinaryValue", *a.BinaryValue)
			}
		}
		return b, err
	}
	return appendPair(b, p.wire, v), nil
}

func appendPair(b []byte, name, value string) []byte {
	b = append(append(b, '&'), url.QueryEscape(name)...)
	return append(append(b, '='), url.QueryEscape(value)...)
}

// configuration is the request of AppConfig's GetConfiguration (AppConfig API
// reference): three names in the path, the rest in the query.
func (s *subtype) configuration(values []*string) (message, error) {
	m := message{method: http.MethodGet, header: http.Header{}}
	rest := url.Values{}
	for i, p := range s.params {
		v := values[i]
		switch {
		case v == nil:
		case strings.HasPrefix(p.wire, "client_"):
			rest.Set(p.wire, *v)
		case *v == "" || *v == "." || *v == "..":
			return m, fmt.Errorf("%s: %q cannot be part of a path", p.name, *v)
		default:
			m.path += "/" + p.wire + "/" + escapeSegment(*v)
		}
	}
	m.query = rest.Encode()
	return m, nil
}

// escapeSegment encodes all but the unreserved characters of RFC 3986.
func escapeSegment(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}
