package sigv4

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 22, 12, 0, 1, 999, time.FixedZone("", 3600))

// request makes what both signers are given; body is its length only, as neither reads it.
func request(t interface{ Fatal(...any) }, method, target string, length int64, header http.Header) *http.Request {
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Request{Method: method, URL: u, Header: header.Clone(), ContentLength: length}
}

// theirs signs with the official signer.
func theirs(r *http.Request, hash string, c Credentials, service, region string, at time.Time) error {
	if service == "s3" { // its S3 client sets this before
		r.Header.Set("X-Amz-Content-Sha256", hash)
	}
	return v4.NewSigner().SignHTTP(context.Background(), aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}, r, hash, service, region, at,
		func(o *v4.SignerOptions) { o.DisableURIPathEscaping = service == "s3" })
}

// same signs twins with both signers and compares everything that goes out.
func same(t interface {
	Errorf(string, ...any)
	Fatal(...any)
}, ours, other *http.Request, hash string, c Credentials, service string) {
	if err := Sign(ours, hash, c, service, "eu-west-1", noon); err != nil {
		t.Fatal(err)
	}
	if err := theirs(other, hash, c, service, "eu-west-1", noon); err != nil {
		t.Fatal(err)
	}
	show := func(r *http.Request) string { return fmt.Sprint(r.URL, " ", r.Header) }
	if a, b := show(ours), show(other); a != b {
		t.Errorf("ours   %s\ntheirs %s", a, b)
	}
}

func TestSignAsTheOfficialSigner(t *testing.T) {
	key := Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
	session := Credentials{AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: "s", SessionToken: "token/with+odd=characters"}
	for _, c := range []struct {
		desc, method, target, service string
		length                        int64
		header                        http.Header
		key                           Credentials
	}{
		{"the root", "GET", "https://example.com", "apigateway", 0, nil, key},
		{"a body", "POST", "https://example.com/v2/apis", "apigateway", 17, http.Header{"Content-Type": {"application/json"}}, key},
		{"a session token", "POST", "https://example.com/", "sts", 1, nil, session},
		{"an ARN in one segment", "GET", "https://example.com/v2/tags/arn%3Aaws%3Aapigateway%3Aeu-west-1%3A%3A%2Fapis%2Fa", "apigateway", 0, nil, key},
		{"characters that clients do not escape", "GET", "https://example.com/prod/@connections/L0SM9cOFvHcCIhw=", "execute-api", 0, nil, key},
		{"two slashes and dots", "GET", "https://example.com/a//b/./c/../d", "execute-api", 0, nil, key},
		{"letters beyond ASCII", "GET", "https://example.com/%C3%A9/漢 x?é=漢", "execute-api", 0, nil, key},
		{"S3 escapes once", "PUT", "https://bucket.s3.amazonaws.com/a%20b/c+d", "s3", 3, nil, key},
		{"a query to sort, with repeated and empty values", "GET", "https://example.com/?b=2&a=b-c&a=b/c&a=&A=1&tagKeys=a+b&c", "execute-api", 0, nil, key},
		{"fields with blanks, repeated, and of mixed case", "GET", "https://example.com/", "execute-api", 0, http.Header{"X-A": {"  a   b\tc ", "d"}, "X-Amz-Meta-B": {""}, "Accept": {"*/*"}}, key},
		{"fields that change on the way are not signed", "GET", "https://example.com/", "execute-api", 0, http.Header{"User-Agent": {"x"}, "X-Amzn-Trace-Id": {"Root=1"}, "Expect": {"100-continue"}, "Transfer-Encoding": {"chunked"}, "Authorization": {"Basic x"}}, key},
		{"a port of its own", "GET", "http://localhost:4566/", "lambda", 0, nil, key},
		{"the scheme's port", "GET", "https://example.com:443/", "lambda", 0, nil, key},
		{"an address in brackets", "GET", "http://[::1]:4566/", "lambda", 0, nil, key},
	} {
		t.Run(c.desc, func(t *testing.T) {
			if c.header == nil {
				c.header = http.Header{}
			}
			same(t, request(t, c.method, c.target, c.length, c.header), request(t, c.method, c.target, c.length, c.header), HashPayload([]byte("x")), c.key, c.service)
		})
	}
}

func TestSignAnythingAsTheOfficialSigner(t *testing.T) {
	path := rapid.StringOfN(rapid.RuneFrom([]rune("ab/%.~+ @:=&;,'()!*$[]{}|\\\"<>^`é漢🦆")), 0, 20, -1)
	word := rapid.StringOfN(rapid.RuneFrom([]rune("ab/%.~+ -_=&é漢")), 0, 8, -1)
	value := rapid.StringOfN(rapid.RuneFrom([]rune("ab ,\t\"=é")), 0, 12, -1)
	rapid.Check(t, func(t *rapid.T) {
		query := url.Values{}
		for range rapid.IntRange(0, 5).Draw(t, "pairs") {
			query.Add(word.Draw(t, "key"), word.Draw(t, "value"))
		}
		u := &url.URL{Scheme: "https", Host: "example.com", Path: "/" + path.Draw(t, "path"), RawQuery: query.Encode()}
		header := http.Header{}
		for range rapid.IntRange(0, 4).Draw(t, "fields") {
			header.Add(rapid.SampledFrom([]string{"Accept", "X-B", "Content-Type", "x-amz-meta-q", "Cache-Control"}).Draw(t, "name"), value.Draw(t, "field"))
		}
		length := rapid.Int64Range(-1, 3).Draw(t, "length")
		hash := rapid.SampledFrom([]string{HashPayload(nil), UnsignedPayload}).Draw(t, "hash")
		twin := func() *http.Request {
			v := *u
			return &http.Request{Method: "POST", URL: &v, Header: header.Clone(), ContentLength: length}
		}
		same(t, twin(), twin(), hash, Credentials{AccessKeyID: "AK", SecretAccessKey: "sk"}, rapid.SampledFrom([]string{"s3", "execute-api"}).Draw(t, "service"))
	})
}

func TestSignTwiceIsTheSame(t *testing.T) {
	r := request(t, "GET", "https://example.com/?b=1&a=2", 0, http.Header{"X-Amz-Security-Token": {"stale"}})
	c := Credentials{AccessKeyID: "AK", SecretAccessKey: "sk"}
	var signatures []string
	for range 2 {
		if err := Sign(r, HashPayload(nil), c, "execute-api", "eu-west-1", noon); err != nil {
			t.Fatal(err)
		}
		signatures = append(signatures, r.Header.Get("Authorization"))
	}
	if signatures[0] != signatures[1] || strings.Contains(signatures[0], "security-token") {
		t.Errorf("%q", signatures)
	}
}

func TestSignRefuses(t *testing.T) {
	ok := Credentials{AccessKeyID: "AK", SecretAccessKey: "sk"}
	for _, c := range []struct {
		desc, query, hash, service, region string
		key                                Credentials
	}{
		{"no secret", "", "h", "s", "r", Credentials{AccessKeyID: "AK"}},
		{"no access key id", "", "h", "s", "r", Credentials{SecretAccessKey: "sk"}},
		{"no service", "", "h", "", "r", ok},
		{"no region", "", "h", "s", "", ok},
		{"no payload hash", "", "", "s", "r", ok},
		{"a query that both ends could read differently", "a=%zz", "h", "s", "r", ok},
		{"a semicolon in the query", "a;b", "h", "s", "r", ok},
	} {
		r := request(t, "GET", "https://example.com/", 0, http.Header{})
		r.URL.RawQuery = c.query
		if err := Sign(r, c.hash, c.key, c.service, c.region, noon); err == nil {
			t.Errorf("%s: signed", c.desc)
		}
		if len(r.Header) != 0 || r.URL.RawQuery != c.query {
			t.Errorf("%s: the request changed: %v %v", c.desc, r.URL, r.Header)
		}
	}
}

func TestSignRefusesAnOpaqueURL(t *testing.T) {
	r := &http.Request{Method: "GET", URL: &url.URL{Scheme: "https", Opaque: "//example.com/a"}, Header: http.Header{}}
	if err := Sign(r, HashPayload(nil), Credentials{AccessKeyID: "AK", SecretAccessKey: "sk"}, "s", "r", noon); err == nil {
		t.Error("signed, although the path that goes out is not the one that Sign reads")
	}
}

// The example of AWS's documentation of the key derivation.
func TestSigningKey(t *testing.T) {
	got := fmt.Sprintf("%x", scope{"20120215", "us-east-1", "iam"}.key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"))
	if want := "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
