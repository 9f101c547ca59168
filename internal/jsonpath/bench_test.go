package jsonpath

import (
	"fmt"
	"strings"
	"testing"

	"gatehouse/internal/value"
)

// orders is a document of about 100 KiB.
func orders(t testing.TB) value.Value {
	var b strings.Builder
	b.WriteString(`{"limit":50,"orders":[`)
	for i := range 700 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":%d,"total":%d.50,"paid":%v,"city":"Bern","lines":[{"sku":"tea-%d","count":2},{"sku":"kettle","count":1}],"note":null}`, i, i%100, i%3 == 0, i)
	}
	b.WriteString(`]}`)
	return doc(t, b.String())
}

func BenchmarkEval(b *testing.B) {
	d := orders(b)
	for _, path := range []string{
		`$.orders[3].lines[1].sku`,
		`$.orders[*].id`,
		`$.orders[?(@.total < $.limit && @.paid == true)].id`,
		`$.orders[?(@.city =~ /be.*/i)].id`,
		`$..sku`,
		`$..total.sum()`,
	} {
		p, err := Compile(path)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(path, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok, err := p.Eval(d); !ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile(`$.orders[?(@.total < $.limit && @.paid == true)].lines[0]['sku','count']`); err != nil {
			b.Fatal(err)
		}
	}
}

// Parameter mappings evaluate simple paths for each request.
func TestASimplePathAllocatesNothing(t *testing.T) {
	p, err := Compile(`$.orders[3].lines[1].sku`)
	if err != nil {
		t.Fatal(err)
	}
	d := orders(t)
	if got := testing.AllocsPerRun(100, func() { _, _, _ = p.Eval(d) }); got > 0 {
		t.Errorf("%.0f allocations, want none", got)
	}
}
