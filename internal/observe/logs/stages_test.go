package logs

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

func arn(name string) string { return "arn:aws:logs:us-east-1:123456789012:log-group:" + name }

func stages(t testing.TB, o StageOptions) *Stages {
	t.Helper()
	if o.Process == nil {
		o.Process = slog.New(slog.DiscardHandler)
	}
	s, err := OpenStages(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func shutStages(t testing.TB, s *Stages) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Error(err)
	}
}

func sinkOf(t testing.TB, s *Stages, group, format string) flow.Sink {
	t.Helper()
	log, err := s.Stage(arn(group), format)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// say has an exchange of that id logged.
func say(s *Stages, log flow.Sink, id string) {
	x := &flow.Exchange{ID: id}
	x.Event.Log = log
	s.Observe(x)
}

const justID = "$context.requestId"

func TestDestinations(t *testing.T) {
	for _, c := range []struct{ desc, arn, file string }{
		{"A log group is a file.", arn("my-api"), "123456789012/us-east-1/my-api.log"},
		{"The star that consoles show is passed over.", arn("my-api") + ":*", "123456789012/us-east-1/my-api.log"},
		{"A slash is no directory.", arn("/aws/apigateway/my-api"), "123456789012/us-east-1/+aws+apigateway+my-api.log"},
		{"Nothing leads out of the directory.", arn("../../x"), "123456789012/us-east-1/..+..+x.log"},
		{"Dots alone do not either.", arn(".."), "123456789012/us-east-1/...log"},
		{"Another partition, another region.", "arn:aws-us-gov:logs:us-gov-west-1:000000000001:log-group:a#b", "000000000001/us-gov-west-1/a#b.log"},
		{"A name as long as AWS allows fits a file system.", arn(strings.Repeat("a", 512)),
			"123456789012/us-east-1/" + strings.Repeat("a", 167) + "@471be6558b665e4f6dd49f1184814d14.log"},
	} {
		g, err := parseGroup(c.arn)
		if err != nil || filepath.ToSlash(g.file()) != c.file {
			t.Errorf("%s %q, %v, want %q", c.desc, g.file(), err, c.file)
		}
		if CheckDestination(c.arn) != nil {
			t.Errorf("%s It is refused.", c.desc)
		}
	}
	for _, c := range []struct{ desc, arn, want string }{
		{"A delivery stream is not served.", "arn:aws:firehose:us-east-1:123456789012:deliverystream/amazon-apigateway-x", "Amazon Data Firehose"},
		{"Nothing.", "", "is not the ARN of a log group"},
		{"A path.", "/var/log/x", "is not the ARN of a log group"},
		{"Another resource.", "arn:aws:logs:us-east-1:123456789012:destination:x", "is not the ARN of a log group"},
		{"No name.", arn(""), "is not the ARN of a log group"},
		{"A stream of a group.", arn("x:log-stream:y"), "is not the ARN of a log group"},
		{"A region with a path in it.", "arn:aws:logs:../x:123456789012:log-group:x", "is not the ARN of a log group"},
		{"A NUL.", arn("x\x00"), "is not the ARN of a log group"},
		{"A line break behind it.", arn("x\n"), "is not the ARN of a log group"},
		{"Too long a name.", arn(strings.Repeat("a", 513)), "is not the ARN of a log group"},
	} {
		err := CheckDestination(c.arn)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %v, want %s", c.desc, err, c.want)
		}
	}
}

func TestStagesWriteToTheirGroups(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	var dropped atomic.Int64
	s := stages(t, StageOptions{Dir: dir, MaxSize: 1 << 20, Keep: 1, Dropped: func(n int) { dropped.Add(int64(n)) }})
	const groups, workers, each = 3, 4, 500
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				// Two stages share each group, each with a format of its own.
				g := i % groups
				log := sinkOf(t, s, fmt.Sprint("/g/", g), []string{justID, "x" + justID}[w%2])
				say(s, log, fmt.Sprint(" ", w, " ", i))
			}
		})
	}
	wg.Wait()
	shutStages(t, s)
	shutStages(t, s) // again is no error
	if dropped.Load() != 0 {
		t.Fatalf("%d lines dropped", dropped.Load())
	}
	total := 0
	for g := range groups {
		last := map[string]int{}
		for l := range strings.Lines(read(t, filepath.Join(dir, "123456789012", "us-east-1", fmt.Sprint("+g+", g, ".log")))) {
			var w string
			var i int
			if _, err := fmt.Sscanf(strings.TrimPrefix(l, "x"), " %s %d", &w, &i); err != nil || i%groups != g {
				t.Fatalf("group %d has the line %q (%v)", g, l, err)
			}
			if before, ok := last[w]; ok && before >= i {
				t.Fatalf("worker %s: line %d behind %d", w, i, before)
			}
			last[w] = i
			total++
		}
	}
	if total != workers*each {
		t.Errorf("%d lines, want %d", total, workers*each)
	}
}

// TestWhatIsNotLogged: runtime 5.1, by the developer guide.
func TestWhatIsNotLogged(t *testing.T) {
	var out bytes.Buffer
	s := stages(t, StageOptions{Out: &out})
	log := sinkOf(t, s, "g", justID)
	for _, c := range []struct {
		id    string
		fault *gate.Fault
	}{
		{"plain", nil}, {"404", gate.Fail(gate.ResourceNotFound, nil)}, {"413", gate.Fail(gate.RequestTooLarge, nil)},
		{"500", gate.Fail(gate.Internal, nil)},
	} {
		x := &flow.Exchange{ID: c.id}
		x.Event.Fault, x.Event.Log = c.fault, log
		s.Observe(x)
	}
	backend := &flow.Exchange{ID: "backend's 413"}
	backend.Event.Status, backend.Event.Log = 413, log
	s.Observe(backend)
	s.Observe(&flow.Exchange{ID: "no log"})
	shutStages(t, s)
	if want := "plain\n404\n500\nbackend's 413\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

func TestFilesRotateAndOpenAnew(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "123456789012", "us-east-1", "g.log")
	s := stages(t, StageOptions{Dir: dir, MaxSize: 10, Keep: 2})
	log := sinkOf(t, s, "g", justID)
	until := func(path, want string) {
		t.Helper()
		for range 500 {
			if b, err := os.ReadFile(path); err == nil && string(b) == want {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		b, err := os.ReadFile(path)
		t.Fatalf("%s holds %q (%v), want %q", filepath.Base(path), b, err, want)
	}
	say(s, log, "one 567890")
	until(path, "one 567890\n")
	say(s, log, "two")
	until(path, "two\n")
	until(path+".1", "one 567890\n")
	if err := os.Rename(path, path+".moved"); err != nil {
		t.Fatal(err)
	}
	s.Reopen()
	say(s, log, "new")
	until(path, "new\n")
	until(path+".moved", "two\n")
	shutStages(t, s)
}

// TestManyGroupsShareFewFiles: neither descriptors nor memory grow with the
// groups.
func TestManyGroupsShareFewFiles(t *testing.T) {
	dir := t.TempDir()
	s := stages(t, StageOptions{Dir: dir, MaxSize: 1 << 20, Keep: 1})
	c := newChunk(chunkSize)
	var kept []*destination
	for round := range 2 {
		for i := range 3 * maxOpen {
			d := s.destination(group{"123456789012", "us-east-1", fmt.Sprint("g", i)})
			kept = append(kept, d)
			c.add(d, fmt.Appendf(nil, "%d\n", round))
		}
	}
	s.deliver(c)
	if len(s.opened) != maxOpen {
		t.Errorf("%d files are open, want %d", len(s.opened), maxOpen)
	}
	for i := range 3 * maxOpen {
		if got := read(t, kept[i].path); got != "0\n1\n" {
			t.Fatalf("group %d holds %q", i, got)
		}
	}
	s.closeAll()
	kept = nil
	c.reset()
	for range 100 {
		runtime.GC()
		s.bound.Lock()
		n := len(s.groups)
		s.bound.Unlock()
		if n == 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.bound.Lock()
	if n := len(s.groups); n != 0 {
		t.Errorf("%d groups are remembered that nobody writes to", n)
	}
	s.bound.Unlock()
	shutStages(t, s)
}

func TestStagesShareWhatIsTheSame(t *testing.T) {
	s := stages(t, StageOptions{Dir: t.TempDir(), MaxSize: 1, Keep: 1})
	a, b := sinkOf(t, s, "g", justID).(*stageLog), sinkOf(t, s, "g:*", justID).(*stageLog)
	if a.to != b.to || a.format != b.format {
		t.Error("one group, or one format, is kept twice")
	}
	for _, bad := range []struct{ arn, format string }{{"x", justID}, {arn("g"), "$context.nothing"}} {
		if log, err := s.Stage(bad.arn, bad.format); err == nil || log != nil {
			t.Errorf("%q is accepted", bad)
		}
	}
	runtime.KeepAlive(a)
	shutStages(t, s)
}

func TestAnIdleFileIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stages(t, StageOptions{Dir: t.TempDir(), MaxSize: 1 << 20, Keep: 1})
		log := sinkOf(t, s, "g", justID)
		d := log.(*stageLog).to
		// Whoever has the file open goes on with it when its name is gone.
		say(s, log, "a")
		time.Sleep(time.Second)
		if err := os.Rename(d.path, d.path+".moved"); err != nil {
			t.Fatal(err)
		}
		say(s, log, "b")
		time.Sleep(2 * idleAfter)
		if got := read(t, d.path+".moved"); got != "a\nb\n" {
			t.Errorf("a file is closed behind each line: the first holds %q", got)
		}
		say(s, log, "c")
		time.Sleep(time.Second)
		if got := read(t, d.path); got != "c\n" {
			t.Errorf("a file stays open that nothing is written to: the second holds %q", got)
		}
		shutStages(t, s)
	})
}

// TestOneGroupThatFailsHarmsNoOther: its lines are counted as lost and the
// reason is told.
func TestOneGroupThatFailsHarmsNoOther(t *testing.T) {
	dir := t.TempDir()
	var dropped atomic.Int64
	process := &sink{}
	s := stages(t, StageOptions{Dir: dir, MaxSize: 1 << 20, Keep: 1, Dropped: func(n int) { dropped.Add(int64(n)) },
		Process: slog.New(slog.NewTextHandler(process, nil))})
	good, bad := sinkOf(t, s, "good", justID), sinkOf(t, s, "bad", justID)
	if err := os.MkdirAll(bad.(*stageLog).to.path, 0o755); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		say(s, good, "x")
		say(s, bad, "y")
	}
	shutStages(t, s)
	if got := read(t, good.(*stageLog).to.path); got != "x\nx\nx\n" || dropped.Load() != 3 {
		t.Errorf("the other group holds %q, %d lines are dropped", got, dropped.Load())
	}
	if got := process.text(); !strings.Contains(got, "access logs of stages: the output fails") || !strings.Contains(got, "bad.log") {
		t.Errorf("the process log says %q", got)
	}
}

// TestMemoryIsBoundedOverAllStages: a stuck output loses lines, long ones too,
// and nothing else happens.
func TestMemoryIsBoundedOverAllStages(t *testing.T) {
	out := &sink{wait: make(chan struct{})}
	var dropped atomic.Int64
	s := stages(t, StageOptions{Out: out, Limit: 4 * chunkSize, Dropped: func(n int) { dropped.Add(int64(n)) }})
	short, long := sinkOf(t, s, "a", justID), sinkOf(t, s, "b", justID)
	n := 0
	for range 40 {
		say(s, short, strings.Repeat("s", 5000))
		say(s, long, strings.Repeat("l", chunkSize+1000))
		n += 2
		if s.mu.Lock(); s.held > 4*chunkSize {
			t.Errorf("%d bytes are held, of at most %d", s.held, 4*chunkSize)
		}
		s.mu.Unlock()
	}
	if dropped.Load() == 0 {
		t.Error("nothing was dropped")
	}
	close(out.wait)
	shutStages(t, s)
	text := out.text()
	if got := strings.Count(text, "\n") + int(dropped.Load()); got != n {
		t.Errorf("written and dropped are %d lines, want %d", got, n)
	}
	for l := range strings.Lines(text) {
		if len(strings.Trim(l, "s\n")) != 0 && len(strings.Trim(l, "l\n")) != 0 {
			t.Fatalf("a line is mixed: %.40q", l)
		}
	}
	if s.held > (spareChunks+2)*chunkSize {
		t.Errorf("%d bytes are held by a log that is done", s.held)
	}
}

func TestALongLineKeepsItsPlace(t *testing.T) {
	var out bytes.Buffer
	s := stages(t, StageOptions{Out: &out})
	log := sinkOf(t, s, "a", justID)
	long := strings.Repeat("l", 5*chunkSize)
	for _, id := range []string{"1", long, "2", long, long, "3"} {
		say(s, log, id)
	}
	shutStages(t, s)
	if got := strings.ReplaceAll(out.String(), long, "long"); got != "1\nlong\n2\nlong\nlong\n3\n" {
		t.Errorf("%.60q", got)
	}
}

func TestStageOptionsAreChecked(t *testing.T) {
	for _, o := range []StageOptions{{}, {Dir: "x", Out: io.Discard}, {Out: io.Discard, Limit: 1}} {
		if s, err := OpenStages(o); err == nil {
			shutStages(t, s)
			t.Errorf("%+v is accepted", o)
		}
	}
}
