package logs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sink is an output that a test can hold up or make fail.
type sink struct {
	mu     sync.Mutex
	got    bytes.Buffer
	writes int
	wait   chan struct{} // nil: never waits
	answer func([]byte) (int, error)
}

func (s *sink) Write(b []byte) (int, error) {
	if s.wait != nil {
		<-s.wait
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	if s.answer != nil {
		n, err := s.answer(b)
		s.got.Write(b[:n])
		return n, err
	}
	return s.got.Write(b)
}

func (s *sink) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got.String()
}

func open(t *testing.T, o Options) *Access {
	t.Helper()
	if o.Process == nil {
		o.Process = slog.New(slog.DiscardHandler)
	}
	a, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func shut(t *testing.T, a *Access) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := a.Close(ctx); err != nil {
		t.Error(err)
	}
}

func TestCloseWritesEveryLineWhole(t *testing.T) {
	s := &sink{}
	a := open(t, Options{Out: s, Dropped: func(n int) { t.Errorf("%d lines dropped", n) }})
	const workers, each = 4, 1000
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			x := exchange()
			for i := range each {
				x.ID = fmt.Sprint(w, "-", i)
				a.Observe(x)
			}
		})
	}
	wg.Wait()
	shut(t, a)
	seen := map[string]bool{}
	for l := range strings.Lines(s.text()) {
		var got struct{ RequestID string }
		if err := json.Unmarshal([]byte(l), &got); err != nil {
			t.Fatalf("%v in %q", err, l)
		}
		seen[got.RequestID] = true
	}
	if len(seen) != workers*each {
		t.Errorf("%d different lines, want %d", len(seen), workers*each)
	}
	if limit := s.got.Len()/(chunkSize/2) + 2; s.writes > limit {
		t.Errorf("%d writes for %d bytes, want at most %d", s.writes, s.got.Len(), limit)
	}
	shut(t, a) // again is no error
}

func TestALineIsWrittenAfterAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		a := open(t, Options{Out: s})
		time.Sleep(time.Hour) // nothing to do
		a.Observe(exchange())
		time.Sleep(flushAfter - time.Millisecond)
		if s.text() != "" {
			t.Error("the line was written at once: a system call a line")
		}
		a.Observe(exchange())
		time.Sleep(2 * time.Millisecond)
		if n := strings.Count(s.text(), "\n"); n != 2 || s.writes != 1 {
			t.Errorf("%d lines in %d writes, want 2 in 1", n, s.writes)
		}
		shut(t, a)
	})
}

func TestAFullChunkIsWrittenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		a := open(t, Options{Out: s})
		x := exchange()
		for range chunkSize/len(line(x)) + 1 {
			a.Observe(x)
		}
		synctest.Wait()
		if s.text() == "" {
			t.Error("a full chunk waits for the clock")
		}
		shut(t, a)
	})
}

func TestASlowOutputLosesLinesAndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{wait: make(chan struct{})}
		var dropped atomic.Int64
		process := &sink{}
		a := open(t, Options{
			Out: s, Limit: 2 * chunkSize, Dropped: func(n int) { dropped.Add(int64(n)) },
			Process: slog.New(slog.NewTextHandler(process, nil)),
		})
		const lines = 2000
		for range lines {
			a.Observe(exchange())
		}
		if dropped.Load() == 0 {
			t.Error("no line was dropped although the buffer is full")
		}
		time.Sleep(time.Second)
		if n := strings.Count(process.text(), "slower than the traffic"); n != 1 {
			t.Errorf("%d lines in the process log while the output is stuck, want 1:\n%s", n, process.text())
		}
		for range 5 {
			a.Observe(exchange())
		}
		time.Sleep(reportEvery)
		told, n := 0, 0
		for _, part := range strings.Split(process.text(), "lost=")[1:] {
			lost, _, _ := strings.Cut(part, "\n")
			add, err := strconv.Atoi(lost)
			if err != nil {
				t.Fatal(err)
			}
			told, n = told+add, n+1
		}
		if n != 2 || told != int(dropped.Load()) {
			t.Errorf("%d lines of the process log tell of %d lost lines, want 2 of %d", n, told, dropped.Load())
		}
		close(s.wait)
		shut(t, a)
		if n := strings.Count(s.text(), "\n") + int(dropped.Load()); n != lines+5 {
			t.Errorf("written and dropped are %d lines, want %d", n, lines+5)
		}
		a.Observe(exchange())
		if n := strings.Count(s.text(), "\n") + int(dropped.Load()); n != lines+6 {
			t.Error("a line after Close is not counted as dropped")
		}
	})
}

func TestCloseGivesUpOnAStuckOutput(t *testing.T) {
	s := &sink{wait: make(chan struct{})}
	var dropped atomic.Int64
	a := open(t, Options{Out: s, Dropped: func(n int) { dropped.Add(int64(n)) }})
	for range 1000 {
		a.Observe(exchange())
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := a.Close(ctx); err == nil {
		t.Error("no error although nothing was written")
	}
	close(s.wait)
	<-a.quiet
	if n := strings.Count(s.text(), "\n") + int(dropped.Load()); n != 1000 {
		t.Errorf("written and dropped are %d lines, want 1000", n)
	}
}

func TestAFailingOutputIsReportedAndRecovers(t *testing.T) {
	full := errors.New("no space left")
	var dropped atomic.Int64
	s := &sink{}
	a := &Access{
		queue:  queue{name: "access log", dropped: func(n int) { dropped.Add(int64(n)) }, losing: make(chan struct{}, 1)},
		outlet: outlet{out: s},
	}
	s.answer = func([]byte) (int, error) { return 3, full }
	a.put([]byte("one\ntwo\n")) // the line feed of the first is missing
	s.answer = func([]byte) (int, error) { return 0, full }
	a.put([]byte("lost\n"))
	s.answer = nil
	a.put([]byte("three\n"))
	s.answer = func(b []byte) (int, error) { return len(b), full } // written, and something else is wrong
	a.put([]byte("four\n"))
	if want := "one\nthree\nfour\n"; s.text() != want {
		t.Errorf("the output has %q, want %q", s.text(), want)
	}
	if dropped.Load() != 3 {
		t.Errorf("%d lines dropped, want 3", dropped.Load())
	}
	if err := a.failed.Load(); err == nil || !errors.Is(*err, full) {
		t.Errorf("the reason is not kept: %v", err)
	}
	var process bytes.Buffer
	a.process = slog.New(slog.NewTextHandler(&process, nil))
	a.tell()
	a.tell()
	if got := process.String(); !strings.Contains(got, "no space left") || strings.Count(got, "\n") != 1 {
		t.Errorf("the process log says:\n%s", got)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, o := range []Options{{}, {Out: io.Discard, Limit: 1}, {Out: io.Discard, Limit: -1}} {
		if a, err := Open(o); err == nil {
			shut(t, a)
			t.Errorf("%+v is accepted", o)
		}
	}
}

func TestTheProcessLogHasALevelAndAFormat(t *testing.T) {
	var b bytes.Buffer
	var level slog.LevelVar
	l, err := Process(&b, &level, "json")
	if err != nil {
		t.Fatal(err)
	}
	l.Debug("quiet")
	level.Set(slog.LevelDebug)
	l.Debug("heard")
	var got map[string]any
	if err := json.Unmarshal(b.Bytes(), &got); err != nil || got["msg"] != "heard" {
		t.Errorf("the log is %q (%v)", &b, err)
	}
	b.Reset()
	if l, err = Process(&b, &level, "text"); err != nil {
		t.Fatal(err)
	}
	if l.Info("x", "k", "v"); !strings.Contains(b.String(), "msg=x k=v") {
		t.Errorf("the log is %q", &b)
	}
	if _, err := Process(&b, &level, "xml"); err == nil {
		t.Error("format xml is accepted")
	}
}

func TestObserveDoesNotAllocate(t *testing.T) {
	if racing {
		t.Skip("the race detector allocates")
	}
	a := open(t, Options{Out: io.Discard})
	defer shut(t, a)
	x := exchange()
	x.In.Target = "/prod/pets/1?access_token=hush&a=b"
	for range 1000 {
		a.Observe(x)
	}
	if n := testing.AllocsPerRun(5000, func() { a.Observe(x) }); n != 0 {
		t.Errorf("%v allocations a line, want none", n)
	}
}

func BenchmarkObserve(b *testing.B) {
	a, _ := Open(Options{Out: io.Discard})
	x := exchange()
	b.ReportAllocs()
	for b.Loop() {
		a.Observe(x)
	}
	b.StopTimer()
	a.Close(context.Background())
}

func BenchmarkObserveParallel(b *testing.B) {
	a, _ := Open(Options{Out: io.Discard})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		x := exchange()
		for pb.Next() {
			a.Observe(x)
		}
	})
	b.StopTimer()
	a.Close(context.Background())
}
