//go:build e2e

package main

import (
	"bytes"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"breakwater/media/g711"
	"breakwater/media/prompt"
	"breakwater/media/rtp"
	"breakwater/media/wav"
	"breakwater/sip/siptest"
)

// pieces are what the server has to say in the journey.
type pieces struct{ notice, music, closing *wav.Clip }

func openPieces(t *testing.T) pieces {
	t.Helper()
	book, err := prompt.Open("")
	if err != nil {
		t.Fatal(err)
	}
	one := func(id string) *wav.Clip {
		clips, err := book.Sound("en", id)
		if err != nil || len(clips) != 1 {
			t.Fatalf("%s: %d clips, %v", id, len(clips), err)
		}
		return clips[0]
	}
	music, err := book.Music("default")
	if err != nil {
		t.Fatal(err)
	}
	return pieces{notice: one("notice"), music: music, closing: one("closing")}
}

// span is a time of the journey.
type span struct{ from, to time.Time }

// judgeSound proves of what was on the wire that the caller heard the notice whole, music,
// the agent, music of the hold, the agent again and the closing whole, in this order; and
// that neither phone was left without a packet for longer than a hand-over may last.
func judgeSound(t *testing.T, file string, p pieces, held span) {
	t.Helper()
	caller, agent := sentTo(t, file, callerHost), sentTo(t, file, agentHost)
	closed := judgeCaller(t, caller, p, held)
	for _, g := range gaps(caller.Until(closed)) {
		t.Errorf("the caller's stream stops for %v, %v after its beginning", g.to.Sub(g.from), g.from.Sub(caller[0].At))
	}
	if first := caller[0].At.Add(p.notice.Duration()); !first.Before(held.from) || !closed.After(held.to) {
		t.Fatalf("notice until %v, hold %v to %v, closing until %v", first, held.from, held.to, closed)
	}
	paused := 0
	for _, g := range gaps(agent) {
		if g.from.After(held.from.Add(-mostGap)) && g.to.Before(held.to.Add(mostGap)) {
			paused++ // a phone that only sends is sent nothing
			continue
		}
		t.Errorf("the agent's stream stops for %v, %v after its beginning", g.to.Sub(g.from), g.from.Sub(agent[0].At))
	}
	if paused != 1 {
		t.Errorf("the agent's stream stops %d times in the hold, want once", paused)
	}
	if a := agent.Since(held.to.Add(mostGap)); a.Tone(callerTone) < audibleTone {
		t.Errorf("after the hold the agent hears the caller at %.1f dBm0", a.Tone(callerTone))
	}
}

// judgeCaller finds in order what the caller is to hear, and tells when the closing was over.
func judgeCaller(t *testing.T, heard siptest.Audio, p pieces, held span) (closed time.Time) {
	t.Helper()
	_, rest := seek(t, "the notice", heard, p.notice.ULaw)
	const enough = 2 * g711.Rate
	at, rest := seek(t, "music while waiting", rest, p.music.ULaw[:enough])
	if from := at.Sub(heard[0].At) - p.notice.Duration(); from > mostGap {
		t.Errorf("music begins %v after the notice", from)
	}
	talk := rest.Until(held.from)
	if a := talk.Since(held.from.Add(-time.Second)); a.Tone(agentTone) < audibleTone {
		t.Errorf("before the hold the caller hears the agent at %.1f dBm0", a.Tone(agentTone))
	}
	at, rest = seek(t, "music of the hold", rest.Since(held.from.Add(-mostGap)), p.music.ULaw[:enough/2])
	if late := at.Sub(held.from); late > time.Second {
		t.Errorf("music of the hold begins %v after it", late)
	}
	if a := rest.Since(held.to.Add(mostGap)); a.Until(held.to.Add(time.Second)).Tone(agentTone) < audibleTone {
		t.Error("after the hold the caller does not hear the agent")
	}
	at, _ = seek(t, "the closing", rest, p.closing.ULaw)
	return at.Add(p.closing.Duration() - mostGap)
}

// seek looks for codes in what was heard, byte for byte and without a packet too few or
// too many, and gives when they begin and what follows them.
func seek(t *testing.T, what string, heard siptest.Audio, codes []byte) (at time.Time, rest siptest.Audio) {
	t.Helper()
	var all []byte
	for _, f := range heard {
		all = append(all, f.Codes...)
	}
	i := bytes.Index(all, codes)
	if i < 0 {
		t.Fatalf("%s (%v) is not in the %v that the caller heard then", what, lasting(len(codes)), lasting(len(all)))
	}
	first := 0
	for before := 0; before+len(heard[first].Codes) <= i; first++ {
		before += len(heard[first].Codes)
	}
	t.Logf("%s is heard whole, from %v on", what, heard[first].At.Format("15:04:05.000"))
	return heard[first].At, heard[min(len(heard), first+(len(codes)+159)/160):]
}

func lasting(n int) time.Duration { return time.Duration(n) * time.Second / g711.Rate }

// gaps are the times without a packet that are longer than may be.
func gaps(heard siptest.Audio) (all []span) {
	for i := 1; i < len(heard); i++ {
		if heard[i].At.Sub(heard[i-1].At) > mostGap {
			all = append(all, span{heard[i-1].At, heard[i].At})
		}
	}
	return all
}

// sentTo is the sound that the server sent to a phone in its longest stream.
func sentTo(t *testing.T, file string, host netip.Addr) (longest siptest.Audio) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	streams := map[netip.AddrPort]siptest.Audio{}
	err = readCapture(f, func(c captured) error {
		seg, ok := unwrap(c)
		if !ok || seg.tcp || seg.to.Addr() != host || rtp.IsReport(seg.payload) {
			return nil
		}
		h, from, to, err := rtp.Parse(seg.payload)
		if err != nil || h.Payload != 0 {
			return nil //nolint:nilerr // what is not sound is not judged here
		}
		streams[seg.to] = append(streams[seg.to], siptest.Frame{
			At: c.at, Sequence: h.Sequence, Timestamp: h.Timestamp, Law: g711.Mu, Codes: slices.Clone(seg.payload[from:to]),
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range streams {
		if len(s) > len(longest) {
			longest = s
		}
	}
	if len(longest) == 0 {
		t.Fatalf("no PCMU was sent to %v", host)
	}
	return longest
}
