package flow

import (
	"unsafe"

	"gatehouse/internal/field"
)

// An Onward is what the backend is asked where parameter mapping makes it
// differ from what the client asked. Path, Query and In.Header of the exchange
// stay the client's: logs and authorizers read those.
type Onward struct {
	// Mapped says that the rest counts. Exchange.Edit sets it.
	Mapped bool
	// Path replaces the path of the integration's URI, "" leaves that alone.
	// It begins with a slash and is fit for a request line, as Query is.
	Path string
	// Query replaces the client's query.
	Query string
	// Host replaces the endpoint's own in the Host field, "" leaves that alone.
	Host string
	// NoPort says that the gateway must not send X-Forwarded-Port.
	NoPort bool
	// Header holds what is left of the client's fields. The rules for a
	// client's fields apply to them.
	Header field.List
	// Added holds fields that are sent besides, as they are. While the reply
	// is shaped it is scratch.
	Added field.List
	// Buf holds what the strings are views of. Appending to it leaves the views
	// before alone: a buffer that moves is never freed under its readers.
	Buf []byte
}

// maxOnward is the longest Buf whose memory an exchange keeps.
const maxOnward = 64 << 10

// View is Buf from there to its end as a string that lives as long as the
// exchange.
func (o *Onward) View(from int) string {
	if from == len(o.Buf) {
		return ""
	}
	return unsafe.String(&o.Buf[from], len(o.Buf)-from)
}

// Edit returns the exchange's Onward, which from here on counts. The first
// call makes it a copy of what the client asked.
func (x *Exchange) Edit() *Onward {
	o := &x.Onward
	if !o.Mapped {
		o.Mapped, o.Query = true, x.Query
		o.Header.CopyFrom(&x.In.Header)
	}
	return o
}

func (o *Onward) reset() {
	o.Mapped, o.NoPort = false, false
	o.Path, o.Query, o.Host = "", "", ""
	o.Header.Reset()
	o.Added.Reset()
	if o.Buf = o.Buf[:0]; cap(o.Buf) > maxOnward {
		o.Buf = nil
	}
}

func (o *Onward) poison() {
	o.Header.Poison()
	o.Added.Poison()
	b := o.Buf[:cap(o.Buf)]
	for i := range b {
		b[i] = 0xDB
	}
}
