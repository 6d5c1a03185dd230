package house_test

import "testing"

func TestDbg(t *testing.T) {
	s := open(t)
	p := s.desk("anna")
	if err := p.dialsCode("*11", "1#4711#"); err != nil {
		t.Fatal(err)
	}
	for _, f := range p.call.Heard() {
		t.Log(f.At.Format("05.000"), f.Sequence, f.Timestamp, f.Law, len(f.Codes), f.Codes[:8])
	}
	c := codesOf("logged-in")
	t.Log(len(c), c[:8], c[len(c)-160:len(c)-152])
}
