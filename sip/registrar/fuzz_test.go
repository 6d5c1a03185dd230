package registrar

import (
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"

	"breakwater/sip/wire"
)

// fuzzOne registers a message that wire lets in and reads back what would be
// stored.
func fuzzOne(t *testing.T, text string) {
	msg, err := wire.NewParser().ParseSIP([]byte(text))
	if err != nil {
		return
	}
	req, ok := msg.(*sip.Request)
	if !ok || !wire.Check(req, wire.Rules{Methods: []string{"REGISTER"}}).Pass {
		return
	}
	b := New()
	d := b.Register(start, Request{Msg: req, Phone: "1001", Source: source})
	if _, ok := b.Commit(d); !ok {
		t.Fatal("refused without a rival")
	}
	for _, h := range d.Headers {
		if strings.ContainsAny(h.Value(), "\r\n\x00") {
			t.Fatalf("a header of ours splits the answer: %q", h.Value())
		}
	}
	for _, c := range d.Changes {
		if _, err := decode(c.Binding); err != nil {
			t.Fatalf("what we store cannot be read back: %v", err)
		}
	}
}
