package edge

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
)

// The PROXY protocol, version 2: a fixed head of 16 bytes, then addresses and
// extensions whose length the head tells (haproxy.org, proxy-protocol.txt,
// section 2.2).
const (
	proxyHead   = 16
	maxProxy    = 4096 // of what follows the head
	proxyLocal  = 0x20 // version 2, LOCAL: the proxy speaks for itself
	proxyProxy  = 0x21 // version 2, PROXY
	proxyTCPv4  = 0x11
	proxyTCPv6  = 0x21
	errNotProxy = "the peer sent no PROXY protocol v2 header, which this listener demands"
)

// signature opens each header.
const signature = "\r\n\r\n\x00\r\nQUIT\n"

// readProxy reads the header that a trusted peer sends before anything else
// and takes the client's address from it.
func (c *conn) readProxy() error {
	if !c.trusted(c.peer.Addr()) {
		return fmt.Errorf("peer %s speaks the PROXY protocol but is not in the listener's trust list", c.peer.Addr())
	}
	var head [proxyHead]byte
	if _, err := io.ReadFull(c.nc, head[:]); err != nil {
		return fmt.Errorf("%s: %w", errNotProxy, err)
	}
	if !bytes.HasPrefix(head[:], []byte(signature)) {
		return errors.New(errNotProxy)
	}
	n := int(binary.BigEndian.Uint16(head[14:]))
	if n > maxProxy {
		return fmt.Errorf("a PROXY protocol header of %d bytes is longer than %d", n, maxProxy)
	}
	rest := make([]byte, n)
	if _, err := io.ReadFull(c.nc, rest); err != nil {
		return fmt.Errorf("the PROXY protocol header ends early: %w", err)
	}
	peer, local, err := parseProxy(head[12], head[13], rest)
	if err != nil {
		return err
	}
	if peer.IsValid() {
		c.peer, c.local = peer, local
	}
	return nil
}

// parseProxy reads the addresses. They are zero where the proxy speaks for
// itself or for something that is not TCP over IP.
func parseProxy(command, family byte, rest []byte) (peer, local netip.AddrPort, err error) {
	switch command {
	case proxyLocal:
		return peer, local, nil
	case proxyProxy:
	default:
		return peer, local, fmt.Errorf("PROXY protocol version and command %#x are unknown", command)
	}
	size := 0
	switch family {
	case proxyTCPv4:
		size = 4
	case proxyTCPv6:
		size = 16
	default:
		return peer, local, nil
	}
	if len(rest) < 2*size+4 {
		return peer, local, fmt.Errorf("the PROXY protocol header has %d bytes of addresses, %d are needed", len(rest), 2*size+4)
	}
	at := func(i int) netip.AddrPort {
		a, _ := netip.AddrFromSlice(rest[i*size : (i+1)*size])
		return netip.AddrPortFrom(a.Unmap(), binary.BigEndian.Uint16(rest[2*size+2*i:]))
	}
	return at(0), at(1), nil
}
