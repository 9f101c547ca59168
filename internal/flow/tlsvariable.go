package flow

import (
	"crypto/tls"
	"strings"
)

// tlsVariable is what the client's connection is secured by, in AWS's spelling
// of versions: "TLSv1.3".
func tlsVariable(name string) Variable {
	return text(func(x *Exchange) string {
		switch {
		case x.In.TLS == nil:
			return ""
		case name == "cipherSuite":
			return tls.CipherSuiteName(x.In.TLS.CipherSuite)
		}
		return strings.Replace(tls.VersionName(x.In.TLS.Version), "TLS ", "TLSv", 1)
	})
}
