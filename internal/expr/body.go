package expr

import (
	"errors"
	"fmt"

	"gatehouse/internal/flow"
	"gatehouse/internal/jsonpath"
	"gatehouse/internal/value"
)

// maxParsed is where a body is cut before a path is looked up in it: at 100 KB
// (developer guide, as above). What is cut in the middle is no JSON, so that
// nothing is found in it.
const maxParsed = 100 << 10

// maxDepth bounds the nesting of a body that a path is looked up in.
const maxDepth = 64

// maxSteps bounds the work of all look-ups in one body: some values for each of
// its bytes, whatever the number of mappings. What needs more fails: ErrTooLong.
const maxSteps = 16 * maxParsed

// appendBody appends a whole body of at most max bytes. A body that is empty
// is none.
func appendBody(dst []byte, b *flow.Body, max int) (out []byte, ok bool, err error) {
	text, err := b.Peek(max + 1)
	switch {
	case err != nil:
		return dst, false, err
	case len(text) > max:
		return dst, false, ErrTooLong
	}
	return append(dst, text...), len(text) > 0, nil
}

// body reads what stands behind $request.body or $response.body, at that
// place: nothing, or a path that begins with "." or "[".
func (c *compiler) body(rest string, at int) error {
	switch {
	case rest == "":
		c.add(part{kind: wholeBody})
		return nil
	case rest == ".":
		return c.fail(at+1, "the path into the body is missing")
	}
	path, err := jsonpath.Compile("$" + rest)
	var wrong *jsonpath.Error
	switch {
	case errors.As(err, &wrong):
		return c.fail(min(at+max(wrong.Column-2, 0), len(c.text)), "%s", wrong.Reason)
	case err != nil:
		return c.fail(at, "%v", err)
	case !path.Plain():
		return c.fail(at, "recursive descent (..) and filters (?(...)) are not supported in mappings")
	}
	c.add(part{kind: bodyPath, path: path})
	return nil
}

// appendSelected appends what the path selects: a string as its text, anything else as
// JSON. null is no value, and neither is what is not there or no JSON at all.
func appendSelected(dst []byte, b *flow.Body, path *jsonpath.Path) (out []byte, ok bool, err error) {
	d := b.Document()
	if d == nil {
		text, err := b.Peek(maxParsed)
		if err != nil {
			return dst, false, err
		}
		d = parse(text, maxParsed, maxSteps)
		b.Keep(d)
	}
	if d.Err != nil {
		return dst, false, nil
	}
	return appendFound(dst, d, path)
}

// parse reads a body of at most max bytes. What is no JSON is ErrJSON.
func parse(text []byte, max, steps int) *flow.Document {
	doc, err := value.Limits{Size: max, Depth: maxDepth}.Parse(string(text))
	if err != nil {
		return &flow.Document{Err: fmt.Errorf("%w: %v", ErrJSON, err)}
	}
	return &flow.Document{Value: doc, Steps: steps}
}

// appendFound appends what the path selects in a document.
func appendFound(dst []byte, d *flow.Document, path *jsonpath.Path) (out []byte, ok bool, err error) {
	if d.Value.Kind() == value.Absent {
		return dst, false, nil
	}
	l := jsonpath.Limits{Steps: d.Steps, Results: d.Steps}
	v, ok, err := l.Spend(path, d.Value)
	d.Steps = l.Steps
	switch {
	case errors.Is(err, jsonpath.ErrLimit):
		return dst, false, fmt.Errorf("%w: the look-ups in the body: %v", ErrTooLong, err)
	case err != nil || !ok || v.Kind() <= value.Null:
		return dst, false, nil
	case v.Kind() == value.String:
		return append(dst, v.Text()...), true, nil
	}
	return v.Append(dst), true, nil
}
