package apigateway

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// window is the part of a list of n, which is read whole and sorted, that a page
// shows, and the position of the next one, nil on the last. list names it, so
// that the position of one list is refused by another.
func window(list string, n int, limit *int32, position *string) (from, to int, next *string, err error) {
	if p := text(position); p != "" {
		raw, _ := base64.RawURLEncoding.DecodeString(p) // what is none has no second part
		name, at, _ := strings.Cut(string(raw), "\x00")
		if from, err = strconv.Atoi(at); err != nil || name != list || from < 0 {
			return 0, 0, nil, bad(textPosition)
		}
	}
	count := defaultPage
	if limit != nil && *limit > 0 {
		count = min(int(*limit), maxPage)
	}
	from = min(from, n)
	to = min(from+count, n)
	if to < n {
		next = new(base64.RawURLEncoding.EncodeToString([]byte(list + "\x00" + strconv.Itoa(to))))
	}
	return from, to, next, nil
}

// maxPage is the most items of a page.
const maxPage = 500
