package openapi

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// large is a document of n operations, JSON or YAML.
func large(n int, format Format) []byte {
	var b strings.Builder
	b.WriteString(head + "paths:\n")
	for i := range n {
		fmt.Fprintf(&b, "  /p%d/{id}: {get: {operationId: op%d, x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, uri: 'http://h/%d/{id}', payloadFormatVersion: 1.0}}}\n", i, i, i)
	}
	d, err := Parse(context.Background(), []byte(b.String()), "")
	if err != nil {
		panic(err)
	}
	text, err := Write(d, Writing{Format: format, Extensions: true})
	if err != nil {
		panic(err)
	}
	return text
}

// BenchmarkParse reads 2,000 operations.
func BenchmarkParse(b *testing.B) {
	for _, format := range []Format{JSON, YAML} {
		text := large(2000, format)
		b.Run(string(format), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(context.Background(), text, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkWorst reads documents that are as costly as their size lets them be.
func BenchmarkWorst(b *testing.B) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'h'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.Repeat(fmt.Sprintf("*%c, ", c-1), 10))
	}
	for name, text := range map[string]string{
		"lists in JSON":       `{"a":[` + strings.Repeat("[],", MaxBytes/3-10) + `[]]}`,
		"lists in YAML":       "a: [" + strings.Repeat("[],", (1<<20)/2-100) + "]",
		"lines in YAML":       strings.Repeat("- a\n", (1<<20)/2-100),
		"one text in YAML":    "a: '" + strings.Repeat("x ", MaxBytes/2-10) + "'",
		"members in JSON":     `{"a":{` + members(300000) + `}}`,
		"aliases":             bomb,
		"references":          head + "paths: {}\ncomponents: {schemas: {a: {$ref: '#/components/schemas/a'}, l: [" + strings.Repeat("{$ref: '#/components/schemas/a'},", 60000) + "]}}\n",
		"deep maps in YAML":   strings.Repeat("{a: ", 190) + "x" + strings.Repeat("}", 190),
		"comments in YAML":    strings.Repeat("# c\n", 1<<20),
		"a long chain of ref": head + "paths: {}\ncomponents: {schemas: {" + chain(5000) + "}}\n",
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(context.Background(), []byte(text), ""); err == nil {
					b.Fatal("taken")
				}
			}
		})
	}
}

func members(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"k%d":1`, i)
	}
	return b.String()
}

// chain is references that lead from one to the next, and nowhere.
func chain(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "s%d: {$ref: '#/components/schemas/s%d'}, ", i, i+1)
	}
	return b.String()
}
