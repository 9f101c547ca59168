package field

import (
	"strings"
	"testing"
)

// TestIdentify holds that every known name is found in any spelling and that
// its neighbours are not.
func TestIdentify(t *testing.T) {
	for id := Other + 1; id < idCount; id++ {
		name := names[id]
		if name == "" {
			t.Fatalf("ID %d has no name", id)
		}
		for _, spelling := range []string{name, strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:]} {
			if got := Identify(spelling); got != id {
				t.Errorf("Identify(%q) = %d, want %d", spelling, got, id)
			}
		}
		for i := range name {
			near := name[:i] + "0" + name[i+1:]
			if got := Identify(near); got != Other {
				t.Errorf("Identify(%q) = %v, want Other", near, got)
			}
		}
	}
}

func TestList(t *testing.T) {
	for _, tc := range []struct {
		desc string
		do   func(*List)
		want string
	}{
		{"Order and spelling are kept.", func(l *List) { l.Add("b-B", "1"); l.Add("A", "2"); l.Add("B-b", "3") }, "b-B: 1|A: 2|B-b: 3|"},
		{"Set replaces the first and drops the others.", func(l *List) { l.Add("x", "1"); l.Add("y", "2"); l.Add("X", "3"); l.Set("X", "4") }, "x: 4|y: 2|"},
		{"Set appends what was not there.", func(l *List) { l.Add("x", "1"); l.Set("Host", "h") }, "x: 1|Host: h|"},
		{"Del drops all of a name in any case.", func(l *List) { l.Add("Via", "1"); l.Add("VIA", "2"); l.Add("v", "3"); l.Del("via") }, "v: 3|"},
		{"Drop drops the field in one slot.", func(l *List) { l.Add("Via", "1"); l.Add("Via", "2"); l.Drop(0) }, "Via: 2|"},
		{"An empty value stays a field.", func(l *List) { l.Add("x", "") }, "x: |"},
		{"Reset leaves nothing.", func(l *List) { l.Add("x", "1"); l.Reset() }, ""},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			var l List
			tc.do(&l)
			if got := strings.ReplaceAll(string(l.Append(nil)), "\r\n", "|"); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// TestViewsSurviveGrowth holds the promise that Add and Set leave earlier
// views alone, however often the buffer moves.
func TestViewsSurviveGrowth(t *testing.T) {
	var l List
	l.Add("first", "value")
	v, _ := l.Get("FIRST")
	for range 1000 {
		l.Add("filler", "some text that makes the buffer move")
	}
	if v != "value" {
		t.Errorf("the view became %q", v)
	}
	if n := l.Count("filler"); n != 1000 {
		t.Errorf("counted %d fillers, want 1000", n)
	}
}

func TestPoison(t *testing.T) {
	var l List
	l.Add("secret", "value")
	v, _ := l.Get("secret")
	l.Poison()
	if v == "value" {
		t.Error("a kept view still reads the old value")
	}
	if l.Len() != 0 {
		t.Errorf("%d slots left", l.Len())
	}
}

// TestListAllocatesNothingWhenWarm guards the proxy path.
func TestListAllocatesNothingWhenWarm(t *testing.T) {
	head := []byte("GET / HTTP/1.1\r\nHost: example.com\r\nX-Custom: value\r\n\r\n")
	var l List
	n := testing.AllocsPerRun(100, func() {
		l.Load(head)
		l.Mark(16, 20, 22, 33)
		l.Mark(35, 43, 45, 50)
		l.Add("Via", "HTTP/1.1 AmazonAPIGateway")
		if v, ok := l.Lookup(Host); !ok || v != "example.com" {
			t.Fatal("no host")
		}
		if v, ok := l.Get("x-custom"); !ok || v != "value" {
			t.Fatal("no custom field")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
