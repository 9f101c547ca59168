package h1

// Written is how many bytes of the running reply's body were accepted so far,
// framing not counted.
func (c *ServerConn) Written() int64 { return c.reply.wrote }

// Delivered is how many bytes of the body were read so far.
func (b *Body) Delivered() int64 { return b.given }
