package h1

import (
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"
)

// TestQuietConnectionsAreSmall holds that a connection which sleeps costs its
// goroutine's smallest stack, 2 KiB, and holds no buffer: what it did while it
// was awake leaves nothing behind.
func TestQuietConnectionsAreSmall(t *testing.T) {
	if raceEnabled {
		t.Skip("race builds have larger frames")
	}
	const n = 200
	o := &ServerOptions{Timeouts: Timeouts{Quiet: 20 * time.Millisecond}}
	var running sync.WaitGroup
	var clients []net.Conn
	var stacks []int
	before := stackInUse()
	for range n {
		server, client := tcpPair(t)
		clients = append(clients, client)
		running.Add(1)
		go doze(NewServerConn(NewTimed(server), o), &running)
	}
	for range 3 { // the runtime learns from what it sees what stack to start with
		for _, c := range clients {
			io.WriteString(c, sampleRequest)
			if _, err := c.Read(make([]byte, 500)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(200 * time.Millisecond)
		stacks = append(stacks, (stackInUse()-before)/n)
	}
	if last := stacks[len(stacks)-1]; last > 3000 {
		t.Errorf("a sleeping connection has %d bytes of stack, %v before; want little more than 2048", last, stacks)
	}
	for _, c := range clients {
		c.Close()
	}
	running.Wait()
}

func stackInUse() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.StackInuse)
}

// doze answers requests, and sleeps on a fresh goroutine.
func doze(c *ServerConn, running *sync.WaitGroup) {
	h := new(Head)
	for {
		switch err := c.Wait(); {
		case err == ErrQuiet:
			go doze(c, running)
			return
		case err != nil || c.ReadHead(h) != nil || c.WriteHead(&ReplyOut{Status: 204}) != nil || c.Finish(nil) != nil || !c.Next():
			c.Close()
			running.Done()
			return
		}
	}
}
