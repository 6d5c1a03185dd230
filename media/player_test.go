package media

import (
	"testing"
	"time"

	"breakwater/media/wav"
)

func TestAPromptArrivesCompleteAndEvenlyPaced(t *testing.T) {
	e := openEngine(t, 4)
	a := newPhone(t, e, PCMU)
	began := time.Now()
	p := a.port.Play(Sound{Clips: []*wav.Clip{clip(1000), clip(7000)}})
	for i := range 50 {
		got := a.mustHear()
		_ = got
		_ = i
	}
	<-p.Done()
	if !p.Complete() {
		t.Error("not complete")
	}
	t.Log(time.Since(began))
}
