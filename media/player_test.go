package media

import (
	"bytes"
	"testing"
	"time"

	"breakwater/loadtest/referee"
	"breakwater/media/wav"
)

func TestAPromptArrivesCompleteAndEvenlyPaced(t *testing.T) {
	referee.Judge(t, bearable, aPromptArrivesCompleteAndEvenlyPaced)
}

func aPromptArrivesCompleteAndEvenlyPaced(t testing.TB) {
	e := openEngine(t, 2)
	a := newPhone(t, e, PCMA)
	late := referee.Lateness()
	clips := []*wav.Clip{clip(1000), nil, clip(0), clip(4000), clip(3030)}
	p := a.port.Play(Sound{Clips: clips})
	var want, got []byte
	for _, c := range clips {
		if c != nil {
			want = append(want, c.ALaw...)
		}
	}
	for len(want)%160 != 0 {
		want = append(want, PCMA.Silence())
	}
	first := a.mustHear()
	got = append(got, first.codes...)
	last := first
	for len(got) < len(want) {
		h := a.mustHear()
		if h.Marker || h.Sequence != last.Sequence+1 || h.Timestamp != last.Timestamp+160 || len(h.codes) != 160 {
			t.Fatalf("%+v after %+v", h.Header, last.Header)
		}
		got, last = append(got, h.codes...), h
	}
	if !first.Marker || !bytes.Equal(got, want) {
		t.Errorf("marker %v; the sound is the same: %v", first.Marker, bytes.Equal(got, want))
	}
	span := time.Duration(len(want)/160-1) * 20 * time.Millisecond
	slack := 10*time.Millisecond + 2*late()
	if took := last.at.Sub(first.at); took < span-slack || took > span+slack {
		t.Errorf("%v of sound took %v, not within %v", span, took, slack)
	}
	<-p.Done()
	if !p.Complete() {
		t.Error("the prompt is not complete")
	}
	p.Stop()
	if !p.Complete() {
		t.Error("stopping what had ended changed its end")
	}
}

func TestPlaybacksThatDoNotBecomeComplete(t *testing.T) {
	for name, c := range map[string]func(t *testing.T, a *phone, p *Playback){
		"stopped":               func(_ *testing.T, _ *phone, p *Playback) { p.Stop(); p.Stop() },
		"replaced":              func(_ *testing.T, a *phone, _ *Playback) { a.port.Play(Sound{Clips: []*wav.Clip{clip(160)}}) },
		"on a port that closes": func(_ *testing.T, a *phone, _ *Playback) { a.port.Close() },
		"on an engine that closes": func(t *testing.T, a *phone, _ *Playback) {
			if err := a.port.engine.Close(); err != nil {
				t.Error(err)
			}
		},
		"to a party on hold": func(t *testing.T, a *phone, _ *Playback) {
			d := a.desc()
			d.Send = false
			if err := a.port.Apply(d); err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := openEngine(t, 2)
			a := newPhone(t, e, PCMU)
			p := a.port.Play(Sound{Clips: []*wav.Clip{clip(480_000)}}) // a minute: it is not over before that happens
			a.mustHear()
			c(t, a, p)
			<-p.Done()
			if p.Complete() {
				t.Error("it says it is complete")
			}
		})
	}
}

func TestASoundOfNothingIsCompleteAtOnce(t *testing.T) {
	e := openEngine(t, 2)
	a := newPhone(t, e, PCMU)
	for name, s := range map[string]Sound{"no clips": {}, "empty for ever": {Clips: []*wav.Clip{clip(0), nil}, Loop: true}} {
		p := a.port.Play(s)
		<-p.Done()
		if !p.Complete() {
			t.Errorf("%s: not complete", name)
		}
	}
	a.port.Close()
	p := a.port.Play(Sound{Clips: []*wav.Clip{clip(160)}})
	<-p.Done()
	if p.Complete() {
		t.Error("a closed port has played")
	}
}

func TestMusicGoesRoundWithoutASeam(t *testing.T) {
	e := openEngine(t, 2)
	a := newPhone(t, e, PCMU)
	p := a.port.Play(Sound{Clips: []*wav.Clip{clip(400), clip(100)}, Loop: true, Gain: -96})
	var got []byte
	for len(got) < 1600 {
		got = append(got, a.mustHear().codes...)
	}
	p.Stop()
	if !bytes.Equal(got, bytes.Repeat([]byte{PCMU.Silence()}, len(got))) {
		t.Error("−96 dB is not silence")
	}
	a.port.Play(Sound{Clips: []*wav.Clip{clip(400), clip(100)}, Loop: true})
	want := append(append([]byte{}, clip(400).ULaw...), clip(100).ULaw...)
	got = nil
	for len(got) < 1600 {
		if h := a.mustHear(); h.codes[0] != PCMU.Silence() {
			got = append(got, h.codes...)
		}
	}
	if !bytes.Equal(got[:500], want) || !bytes.Equal(got[500:1000], want) || !bytes.Equal(got[1000:1500], want) {
		t.Error("the music has a seam")
	}
}

// A caller hears a prompt, music, an agent and a prompt as one stream.
func TestOneStreamOverAllSources(t *testing.T) { referee.Judge(t, bearable, oneStreamOverAllSources) }

func oneStreamOverAllSources(t testing.TB) {
	e := openEngine(t, 4)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
	late := referee.Lateness()
	var stream []heard
	listen := func(n int) {
		for range n {
			stream = append(stream, a.mustHear())
		}
	}
	prompt := a.port.Play(Sound{Clips: []*wav.Clip{clip(800)}})
	listen(5)
	<-prompt.Done()
	a.port.Play(Sound{Clips: []*wav.Clip{clip(1600)}, Loop: true})
	listen(10)
	join(t, e, a, b)
	stop := make(chan struct{})
	spoken := make(chan struct{})
	go func() {
		defer close(spoken)
		beat := time.NewTicker(20 * time.Millisecond)
		defer beat.Stop()
		for {
			select {
			case <-stop:
				return
			case <-beat.C:
				b.say(flat(0x77))
			}
		}
	}()
	listen(5)
	a.port.mu.Lock()
	music := a.port.ctl.play
	a.port.mu.Unlock()
	music.Stop()
	listen(10)
	last := a.port.Play(Sound{Clips: []*wav.Clip{clip(800)}})
	listen(5)
	<-last.Done()
	listen(5)
	close(stop)
	<-spoken

	most := 40*time.Millisecond + 2*late() // ours, and what a busy machine adds
	agent := 0
	for i, p := range stream {
		if p.codes[0] == 0x77 {
			agent++
		}
		if i == 0 {
			continue
		}
		before := stream[i-1]
		advance := p.Timestamp - before.Timestamp
		if p.SSRC != before.SSRC || p.Sequence != before.Sequence+1 || advance < 160 || advance%160 != 0 {
			t.Errorf("packet %d: %+v after %+v", i, p.Header, before.Header)
		}
		if gap := p.at.Sub(before.at); gap > most {
			t.Errorf("packet %d: nothing was heard for %v, more than %v", i, gap, most)
		}
	}
	if agent < 10 {
		t.Errorf("%d packets of the agent, want at least 10", agent)
	}
	if !last.Complete() {
		t.Error("the last prompt is not complete")
	}
}

// Who hangs up after a prompt must not cut its last word off.
func TestAPromptIsDoneWhenItsLastPacketHasBeenHeard(t *testing.T) {
	referee.Judge(t, bearable, aPromptIsDoneWhenItsLastPacketHasBeenHeard)
}

func aPromptIsDoneWhenItsLastPacketHasBeenHeard(t testing.TB) {
	e := openEngine(t, 2)
	for name, c := range map[string]struct {
		tail    time.Duration
		packets int
	}{"no tail": {0, 5}, "a tail of 60 ms": {60 * time.Millisecond, 8}} {
		a := newPhone(t, e, PCMU)
		began := time.Now()
		p := a.port.Play(Sound{Clips: clips(800), Tail: c.tail})
		for i := range c.packets {
			heard := a.mustHear()
			if quiet := bytes.Equal(heard.codes, flat(PCMU.Silence())); quiet != (i >= 5) {
				t.Errorf("%s: packet %d is silent: %v", name, i, quiet)
			}
		}
		<-p.Done()
		if took, least := time.Since(began), time.Duration(c.packets)*20*time.Millisecond; took < least-2*time.Millisecond || !p.Complete() {
			t.Errorf("%s: done after %v, want %v; complete %v", name, took, least, p.Complete())
		}
	}
}

// Who starts the next sound when one is done is a little late, and the stream does not
// show it.
func TestASoundThatFollowsAnotherIsNoNewBeginning(t *testing.T) {
	referee.Judge(t, bearable, aSoundThatFollowsAnotherIsNoNewBeginning)
}

func aSoundThatFollowsAnotherIsNoNewBeginning(t testing.TB) {
	e := openEngine(t, 2)
	a := newStream(newPhone(t, e, PCMU))
	late := referee.Lateness()
	for range 5 {
		<-a.port.Play(Sound{Clips: clips(480)}).Done()
	}
	a.listens(15)
	slack := late()
	if slack < sameBreath/2*time.Millisecond {
		for i, p := range a.heard {
			if p.Marker != (i == 0) {
				t.Errorf("packet %d: marker %v", i, p.Marker)
			}
		}
	}
	a.isWhole(40*time.Millisecond + 2*slack)
}
