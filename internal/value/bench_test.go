package value

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// document is an order list of about the size, as a backend would send it.
func document(size int) string {
	var b strings.Builder
	b.WriteString(`{"orders":[`)
	for i := 0; b.Len() < size-170; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":%d,"customer":"c-%06d","total":%d.50,"paid":true,"note":null,"lines":[{"sku":"tea-%d","count":2},{"sku":"kettle","count":1}],"city":"Z\u00fcrich"}`, i, i*7919, i, i%100)
	}
	b.WriteString(`],"next":null}`)
	return b.String()
}

func BenchmarkParse(b *testing.B) {
	for _, size := range []int{1 << 10, 100 << 10} {
		text := document(size)
		b.Run(fmt.Sprintf("value/%dKiB", size>>10), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(text); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("encoding-json/%dKiB", size>>10), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				var v any
				if err := json.Unmarshal([]byte(text), &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	text := document(100 << 10)
	v := parse(b, text)
	buf := make([]byte, 0, len(text))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		buf = v.Append(buf[:0])
	}
}

func BenchmarkGet(b *testing.B) {
	order := mustGet(parse(b, document(1<<10)), "orders").Index(0)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := order.Get("lines"); !ok {
			b.Fatal("not found")
		}
	}
}

// The costs that must not grow unseen: a document of 1 KiB is read with a
// stack and two slabs, and looking at it costs nothing.
func TestAllocations(t *testing.T) {
	small := document(1 << 10)
	v := parse(t, small)
	buf := make([]byte, 0, 2*len(small))
	for _, tc := range []struct {
		desc string
		most float64
		do   func()
	}{
		{"Reading 1 KiB.", 3, func() { parse(t, small) }},
		{"Finding a member, an element, a text.", 0, func() { _ = mustGet(mustGet(v, "orders").Index(0), "customer").Text() }},
		{"Writing into a buffer that is large enough.", 0, func() { buf = v.Append(buf[:0]) }},
		{"Comparing.", 0, func() { v.Index(0).Equal(v.Index(0)) }},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			if got := testing.AllocsPerRun(50, tc.do); got > tc.most {
				t.Errorf("%.0f allocations, at most %.0f", got, tc.most)
			}
		})
	}
}
