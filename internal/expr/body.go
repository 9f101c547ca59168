package expr

import (
	"errors"

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

// maxSteps bounds the work of one look-up: some values for each byte of a body.
const maxSteps = 4 * maxParsed

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
	text, err := b.Peek(maxParsed)
	if err != nil || len(text) == 0 {
		return dst, false, err
	}
	doc, err := value.Limits{Size: maxParsed, Depth: maxDepth}.Parse(string(text))
	if err != nil {
		return dst, false, nil
	}
	v, ok, err := jsonpath.Limits{Steps: maxSteps, Results: maxSteps}.Eval(path, doc)
	switch {
	case err != nil || !ok || v.Kind() <= value.Null:
		return dst, false, nil
	case v.Kind() == value.String:
		return append(dst, v.Text()...), true, nil
	}
	return v.Append(dst), true, nil
}
