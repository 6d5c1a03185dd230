package house_test

import (
	"testing"

	"breakwater/acd"
	"breakwater/call"
	"breakwater/loadtest/referee"
	"breakwater/media/g711"
	"breakwater/media/prompt"
)

// sentence is what somebody says who leaves a message: real speech.
func sentence(t testing.TB) (pcm []int16, ulaw []byte) {
	t.Helper()
	book, err := prompt.Open("")
	if err != nil {
		t.Fatal(err)
	}
	clips, err := book.Sound("en", "comfort-1")
	if err != nil {
		t.Fatal(err)
	}
	pcm = make([]int16, len(clips[0].ULaw))
	g711.Mu.Decode(pcm, clips[0].ULaw)
	return pcm, codes(g711.Mu, pcm)
}

// everything is all that was heard in the call.
func (p *person) everything() (codes []byte) {
	for _, f := range p.call.Heard() {
		codes = append(codes, f.Codes...)
	}
	return codes
}

func TestAMessageIsLeftOnTheWireAndHeardAfterARestart(t *testing.T) {
	t.Parallel()
	referee.Judge(t, bearable, aMessageIsLeftOnTheWireAndHeardAfterARestart)
}

func aMessageIsLeftOnTheWireAndHeardAfterARestart(t testing.TB) {
	s := alone(t, "leave_on", "[]", "voicemail", "6")
	pcm, said := sentence(t) // now: reading it takes a busy machine longer than a caller may be silent
	caller := s.caller("8100")
	caller.hearsMusic()
	caller.presses("6")
	caller.hears("tone-confirm")
	<-caller.call.Play(pcm)
	caller.presses("#")
	caller.isCut()
	left := s.record(caller)
	if left.Cause.Metric != call.CauseMessage || left.Message == "" || len(left.Recordings) != 1 {
		t.Errorf("cause %s, message %q, recordings %v", left.Cause.Metric, left.Message, left.Recordings)
	}
	s.stops()
	s.opens()
	anna := s.seat("anna")
	anna.rings()
	if got := anna.call.From(); got != caller.number {
		t.Errorf("anna's phone shows %s, want %s", got, caller.number)
	}
	anna.answers()
	whole := len(said) / packet
	if !holds(patience, func() bool { return missing(anna.everything(), said) <= whole/10 }) { // the guard may touch the first words
		t.Fatalf("anna misses %d of %d packets of the message", missing(anna.everything(), said), whole)
	}
	anna.presses("2")
	anna.isCut()
	heard := s.recordAfter(caller, left.ID)
	if heard.Cause.Metric != call.CauseMessageHeard || heard.Message != left.Message || heard.Agent != "anna" {
		t.Errorf("cause %s, message %q, agent %s", heard.Cause.Metric, heard.Message, heard.Agent)
	}
	s.becomes("anna", acd.Ready)
	s.hasNoCalls()
}
