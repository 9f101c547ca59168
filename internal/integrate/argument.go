package integrate

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxItems bounds the texts of a list and the attributes of a message.
const maxItems = 100

var errUTF8 = errors.New("it is no UTF-8 text")

// check reports what is wrong with a value, as reading it would.
func (f form) check(v string) (err error) {
	if !utf8.ValidString(v) {
		return errUTF8
	}
	switch f {
	case whole:
		_, err = readWhole(v)
	case instant:
		_, err = readInstant(v)
	case list:
		_, err = readList(v)
	case attributes:
		_, err = readAttributes(v)
	case queueURL:
		_, err = readQueuePath(v)
	}
	return err
}

// readWhole takes a number of up to nine digits.
func readWhole(v string) (string, error) {
	if !onlyDigits(v) || len(v) > 9 {
		return "", fmt.Errorf("%q is no whole number", clip(v))
	}
	return v, nil
}

func onlyDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// readInstant takes seconds since 1970 or an RFC 3339 time, and returns the
// former, which is the form of times in JSON protocols.
func readInstant(v string) (string, error) {
	if n, fraction, dotted := strings.Cut(v, "."); onlyDigits(n) && len(n) <= 12 && (!dotted || onlyDigits(fraction) && len(fraction) <= 9) {
		return v, nil
	}
	t, err := time.Parse(time.RFC3339Nano, v)
	if err != nil {
		return "", fmt.Errorf("%q is no time: seconds since 1970, or 2006-01-02T15:04:05Z", clip(v))
	}
	return strconv.FormatFloat(float64(t.UnixMilli())/1e3, 'f', -1, 64), nil
}

// readList takes a JSON array of texts, or texts between commas.
func readList(v string) (items []string, err error) {
	if strings.HasPrefix(strings.TrimSpace(v), "[") {
		if err := json.Unmarshal([]byte(v), &items); err != nil {
			return nil, fmt.Errorf("%q is no JSON array of texts: %w", clip(v), err)
		}
	} else {
		for item := range strings.SplitSeq(v, ",") {
			if item = strings.TrimSpace(item); item != "" {
				items = append(items, item)
			}
		}
	}
	if len(items) > maxItems {
		return nil, fmt.Errorf("%d texts, at most %d are sent", len(items), maxItems)
	}
	return items, nil
}

// An attribute is one of a message (SQS API reference, MessageAttributeValue).
type attribute struct {
	Name        string  `json:"-"`
	DataType    string  `json:"DataType"`
	StringValue *string `json:"StringValue"`
	BinaryValue *string `json:"BinaryValue"` // in base64
}

// readAttributes takes a JSON object of attributes by name and returns them by
// name.
func readAttributes(v string) ([]attribute, error) {
	var byName map[string]attribute
	d := json.NewDecoder(strings.NewReader(v))
	d.DisallowUnknownFields()
	if err := d.Decode(&byName); err != nil {
		return nil, fmt.Errorf(`%q is no JSON object of attributes ({"NAME": {"DataType": "String", "StringValue": "..."}}): %w`, clip(v), err)
	}
	if d.More() || len(byName) > maxItems {
		return nil, fmt.Errorf("%q is more than one JSON object, or has more than %d attributes", clip(v), maxItems)
	}
	all := make([]attribute, 0, len(byName))
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		a := byName[name]
		if a.Name = name; a.DataType == "" || (a.StringValue == nil) == (a.BinaryValue == nil) {
			return nil, fmt.Errorf("attribute %q: it needs DataType, and one of StringValue and BinaryValue", clip(name))
		}
		all = append(all, a)
	}
	return all, nil
}

// readQueuePath takes the URL of a queue and returns its path. Host and scheme
// are the configured endpoint's: a request does not choose whom the gateway
// shows its signature.
func readQueuePath(v string) (string, error) {
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%q is no URL of a queue, such as https://sqs.us-east-1.amazonaws.com/123456789012/NAME", clip(v))
	}
	path := u.EscapedPath()
	if err := checkLiteral(path, pathByte); err != nil {
		return "", err
	}
	for segment := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		if segment == "" || segment == "." || segment == ".." {
			return "", fmt.Errorf("%q: its path is not that of a queue", clip(v))
		}
	}
	return path, nil
}

// clip bounds a value that a message repeats.
func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "..."
	}
	return s
}
