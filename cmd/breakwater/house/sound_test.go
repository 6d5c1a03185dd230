package house_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"breakwater/loadtest/referee"
	"breakwater/media/g711"
	"breakwater/media/wav"
	"breakwater/sip/siptest"
)

// noise is speech of which no piece is like another, so that it can be found.
func noise(seed uint64, d time.Duration) []int16 {
	r := rand.New(rand.NewPCG(seed, seed))
	pcm := make([]int16, int(d.Seconds()*g711.Rate))
	for i := range pcm {
		pcm[i] = int16(r.IntN(8000) - 4000)
	}
	return pcm
}

func codes(law g711.Law, pcm []int16) []byte {
	out := make([]byte, len(pcm))
	law.Encode(out, pcm)
	return out
}

// heardOneStream checks that a person has heard one stream without a break.
func (p *person) heardOneStream(gap time.Duration) {
	p.s.Helper()
	got := p.call.Stats()
	if got.SequenceJumps+got.TimestampJumps+got.SSRCChanges+got.Strangers+got.Unknown+got.Lost+got.Duplicates != 0 {
		p.s.Errorf("%s heard a stream with breaks: %+v", p.name, got)
	}
	if got.MaxGap > gap {
		p.s.Errorf("%s heard a gap of %s, want at most %s", p.name, got.MaxGap, gap)
	}
}

func TestTheCallerHearsOneStreamFromTheFirstPromptToTheLastWord(t *testing.T) {
	referee.Judge(t, bearable, theCallerHearsOneStreamFromTheFirstPromptToTheLastWord)
}

func theCallerHearsOneStreamFromTheFirstPromptToTheLastWord(t testing.TB) {
	s := alone(t, "notice", "played", "position", "true")
	anna := s.seat("anna")
	caller := s.caller("8100")
	caller.hears("notice")
	caller.hearsMusic()
	anna.rings()
	anna.answers()
	s.talk(caller, anna)
	anna.holds(siptest.SendOnly)
	caller.hearsMusic()
	anna.resumes()
	s.talk(caller, anna)
	anna.informs("*1", siptest.DTMFRelay) // by INFO the agent's own sound goes on
	caller.hears("warning-1")
	s.talk(caller, anna)
	anna.hangsUp()
	caller.hears("closing")
	caller.presses("1")
	caller.hearsMusic()
	anna.rings()
	anna.answers()
	s.talk(caller, anna)
	caller.heardOneStream(200 * time.Millisecond) // 40 ms, and what a busy machine adds
	caller.hangsUp()
	anna.isCut()
	anna.heardOneStream(200 * time.Millisecond)
	s.hasNoCalls()
}

// channels reads the recording of a call, which must be one.
func (s *stage) channels(of *person) (left, right []byte, law g711.Law) {
	s.Helper()
	r := s.record(of)
	if len(r.Recordings) != 1 {
		s.Fatalf("%d recordings, want one", len(r.Recordings))
	}
	content, err := os.ReadFile(filepath.Join(s.dir, "recordings", r.Recordings[0]))
	if err != nil {
		s.Fatal(err)
	}
	file, err := wav.Parse(content)
	if err != nil {
		s.Fatal(err)
	}
	law, ok := file.Law()
	if !ok || file.Channels != 2 {
		s.Fatalf("the recording has format %d and %d channels, want two of G.711", file.Format, file.Channels)
	}
	return file.Codes(0), file.Codes(1), law
}

func TestARecordingIsWhatTheCallerSaidAndHeardBitByBit(t *testing.T) {
	t.Parallel()
	for name, law := range map[string]g711.Law{"µ-law": g711.Mu, "A-law": g711.A} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			referee.Judge(t, bearable, func(t testing.TB) {
				s := alone(t, "record", "after_notice", "notice", "played")
				s.city = s.phone(siptest.Options{Name: "city", Local: carrier, Codecs: []g711.Law{law}})
				anna := s.seat("anna")
				caller := s.caller("8100")
				anna.rings()
				anna.answers()
				s.talk(caller, anna)

				said, answered := noise(1, 3*time.Second), noise(2, 3*time.Second)
				spoken, heard := caller.call.Play(said), anna.call.Play(answered)
				<-spoken
				<-heard
				s.talk(caller, anna)
				anna.holds(siptest.SendOnly)
				caller.hearsMusic()
				anna.resumes()
				s.talk(caller, anna)
				anna.presses("*1")
				s.sees("the warning is over", func() bool { return caller.stage() == "OBS1" })
				s.talk(caller, anna)
				caller.hangsUp()
				anna.isCut()

				left, right, got := s.channels(caller)
				if got != law {
					t.Errorf("recorded in %s, want the caller's %s", got, law)
				}
				if lost := missing(left, codes(law, said)); lost > 0 {
					t.Errorf("%d packets that the caller said are not in the left channel, bit by bit", lost)
				}
				if bytes.Contains(left, codes(law, answered)[:packet]) {
					t.Error("the agent is in the left channel")
				}
				ulaw, decoded := codes(g711.Mu, answered), make([]int16, len(answered)) // as anna's phone sends it
				g711.Mu.Decode(decoded, ulaw)
				compare(t, right, caller.call.Heard(), law, codes(law, decoded))
			})
		})
	}
}

// missing counts the packets of a sound that a channel does not hold in their order. A
// busy machine may have made a pause between two of them.
func missing(channel, sound []byte) (lost int) {
	for ; len(sound) >= packet; sound = sound[packet:] {
		at := bytes.Index(channel, sound[:packet])
		if at < 0 {
			lost++
			continue
		}
		channel = channel[at+packet:]
	}
	return lost
}

// compare wants every packet that the phone heard from the agent's noise on to be in the
// right channel, in order and bit by bit, and nothing else but silence codes between
// them: the recording keeps the time, and a busy machine makes pauses.
func compare(t testing.TB, right []byte, heard siptest.Audio, law g711.Law, unique []byte) {
	t.Helper()
	begins := slices.IndexFunc(heard, func(f siptest.Frame) bool { return bytes.Contains(unique, f.Codes) })
	if begins < 0 {
		t.Fatal("the phone heard nothing of the agent")
	}
	heard = heard[begins:]
	at := bytes.Index(right, heard[0].Codes)
	if at < 0 {
		t.Fatal("the agent is not in the right channel")
	}
	silence := map[g711.Law]byte{g711.Mu: 0xFF, g711.A: 0xD5}[law]
	strange := 0
	for i, f := range heard {
		pause := bytes.Index(right[at:], f.Codes)
		if pause < 0 {
			if i < len(heard)-2 { // the last may be sent when the recording has ended
				t.Errorf("packet %d of %d that the caller heard is not in the right channel", i, len(heard))
			}
			return
		}
		for _, code := range right[at : at+pause] {
			if code != silence {
				strange++
			}
		}
		at += pause + len(f.Codes)
	}
	if strange > 0 {
		t.Errorf("%d samples in the right channel are not what the caller heard", strange)
	}
}
