package call

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A message whose disk is away for a while waits in its place, and rings nobody until it
// can be heard.
func TestAMessageThatCannotBeReadRingsNobodyUntilItCan(t *testing.T) {
	inRoom(t, func(r *room) {
		r.taped(20 * time.Second)
		caller := r.atTheTone("0301234")
		caller.says(10 * time.Second)
		caller.hangUp()
		r.records(1)
		path := filepath.Join(r.folder, r.message().Message)
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
		r.logIn("anna", "1001")
		r.nobodyRung(time.Hour)
		if n := r.count("voicemails_unreadable_total"); n < 10 || n > 13 {
			t.Errorf("tried %v times in an hour", n)
		}
		if m := r.message(); m.Tries != 0 {
			t.Errorf("the message is %+v; what is our fault is no try", m)
		}
		if err := os.Rename(path+".away", path); err != nil {
			t.Fatal(err)
		}
		agent := r.rung()
		agent.answer()
		wait(30 * time.Second)
		if agent.times("message") != 1 {
			t.Errorf("anna heard %v", agent.heard)
		}
		agent.press("2")
		wait(time.Second)
	}, withVoicemail)
}

// hungDisk is one that answers no reader until it is let go.
type hungDisk struct {
	archive
	asked chan struct{} // holds one for each reader
	goOn  chan struct{}
}

func (h hungDisk) OpenRecording(path string) (io.ReadCloser, error) {
	h.asked <- struct{}{}
	<-h.goOn
	return h.archive.OpenRecording(path)
}

// TestADiskThatHangsIsAskedForAMessageAsSeldomAsOneThatFails: an agent is taken from others
// meanwhile. The reader before it, which may stay for ever, is still asking.
func TestADiskThatHangsIsAskedForAMessageAsSeldomAsOneThatFails(t *testing.T) {
	inRoom(t, func(r *room) {
		r.taped(20 * time.Second)
		caller := r.atTheTone("0301234")
		caller.says(10 * time.Second)
		caller.hangUp()
		r.records(1)
		hung := hungDisk{asked: make(chan struct{}, 1000), goOn: make(chan struct{})}
		r.x.parts.Archive = hung
		r.logIn("anna", "1001")
		r.nobodyRung(time.Hour)
		if n, tried := len(hung.asked), r.count("voicemails_unreadable_total"); n != 1 || tried < 10 || tried > 13 {
			t.Errorf("tried %v times in an hour; %d readers hang", tried, n)
		}
		if n := len(r.x.Calls()); n != 0 {
			t.Errorf("%d calls go on for a message that nobody could hear", n)
		}
		if m := r.message(); m.Tries != 0 {
			t.Errorf("the message is %+v; what is our fault is no try", m)
		}
		close(hung.goOn)
		r.rung().answer()
		wait(30 * time.Second)
	}, withVoicemail)
}

// hangs lets the disk answer nobody who asks it for room, until it is let go; asked holds one for each
// who asks.
func (r *room) hangs() (asked chan struct{}, letGo func()) {
	asked = make(chan struct{}, 1000)
	goOn := make(chan struct{})
	r.x.disk.try = func(path string) error {
		asked <- struct{}{}
		<-goOn
		return tryFile(path)
	}
	return asked, func() { close(goOn) }
}

// TestADiskThatHangsIsAskedForRoomOnce: each question to it may keep a thread for ever, and all
// who wait may press the key every few seconds.
func TestADiskThatHangsIsAskedForRoomOnce(t *testing.T) {
	inRoom(t, func(r *room) {
		r.taped(time.Minute)
		asked, letGo := r.hangs()
		callers := []*fakeLeg{r.dial("0301234", "8100"), r.dial("0305678", "8100")}
		wait(time.Minute)
		for range 3 {
			for _, caller := range callers {
				caller.press("6")
				wait(20 * time.Second)
			}
		}
		if n := len(asked); n != 1 {
			t.Errorf("the disk was asked %d times", n)
		}
		for _, caller := range callers {
			if !caller.up() || !caller.playedTo(sayNotNow) || caller.playedTo("voicemail-leave") {
				t.Errorf("up %v, heard %v", caller.up(), caller.heard)
			}
		}
		callers[0].hangUp()
		wait(time.Minute)
		if n := len(r.x.Calls()); n != 1 {
			t.Errorf("%d calls, one of two has been hung up", n)
		}
		letGo()
		wait(time.Second)
		callers[1].press("6")
		wait(20 * time.Second)
		if n := len(asked); n != 2 || !callers[1].playedTo("voicemail-leave") {
			t.Errorf("asked %d times; after the disk came back the caller heard %v", n, callers[1].heard)
		}
		callers[1].hangUp()
		wait(time.Second)
	}, withVoicemail)
}
