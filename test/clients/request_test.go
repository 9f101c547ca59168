package clients_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// A reply is what the data plane answered.
type reply struct {
	status int
	header http.Header
	body   string
}

// url is a path below a stage; no stage is $default.
func (t *thing) url(stage, path string) string {
	return t.w.g.url(t.id, stage, path)
}

func (g *gateway) url(api, stage, path string) string {
	base := g.Endpoint + "/_aws/execute-api/" + api
	if stage != "" {
		base += "/" + stage
	}
	return base + path
}

// send makes one request of the data plane. No host is that of the URL.
func (w *walker) send(method, url, host string, header http.Header) reply {
	w.Helper()
	r, err := http.NewRequest(method, url, nil)
	if err != nil {
		w.Fatal(err)
	}
	r.Host = host
	if header != nil {
		r.Header = header
	}
	c := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true, Proxy: nil, IdleConnTimeout: time.Second}}
	res, err := c.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		w.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(text)}
}

// answers wants a status of the gateway's own.
func (w *walker) answers(desc, url string, want int) {
	w.Helper()
	if r := w.send(http.MethodGet, url, "", nil); r.status != want {
		w.Errorf("%s: GET %s answers %d, want %d: %s", desc, url, r.status, want, r.body)
	}
}

// reaches wants the backend to have seen a request.
func (w *walker) reaches(desc, url string, want echo) {
	w.Helper()
	w.hostReaches(desc, "", url, want)
}

// hostReaches is reaches for a request to a host of that name.
func (w *walker) hostReaches(desc, host, url string, want echo) {
	w.Helper()
	r := w.send(http.MethodGet, url, host, nil)
	var got echo
	if err := json.Unmarshal([]byte(r.body), &got); r.status != http.StatusOK || err != nil {
		w.Errorf("%s: GET %s of %q answers %d: %s", desc, url, host, r.status, r.body)
		return
	}
	if got != want {
		w.Errorf("%s: GET %s of %q reached the backend as %+v, want %+v", desc, url, host, got, want)
	}
}

// says wants a text in what the gateway writes, which is behind its replies.
func (w *walker) says(desc, text string) {
	w.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if strings.Contains(w.g.said.String(), text) {
			return
		}
	}
	w.Errorf("%s: the gateway does not say %q", desc, text)
}
