package media

import (
	"bytes"
	"os"
	"testing"
	"time"

	"breakwater/media/guard"
	"breakwater/media/rtp"
	"breakwater/media/wav"
)

// loud is a whistle at full scale, which nobody should hear.
func loud(c Codec, frames int) []byte {
	codes := sine(c, 3000)
	table := c.law().GainTable(12)
	out := make([]byte, 0, frames*160)
	for len(out) < frames*160 {
		out = append(out, table[codes[len(out)%len(codes)]])
	}
	return out
}

func TestAProtectedEarIsSparedWhoeverSpeaks(t *testing.T) {
	type speaker func(t *testing.T, e *Engine, caller, agent *phone) func(frame []byte)
	for name, c := range map[string]struct {
		speaker
		rule  guard.Rule
		level float64 // dBm0 in the end
	}{
		"a caller who is relayed": {func(t *testing.T, e *Engine, caller, agent *phone) func([]byte) {
			join(t, e, caller, agent)
			return caller.say
		}, guard.ByTone, -25},
		"a caller with other packets": {func(t *testing.T, e *Engine, caller, agent *phone) func([]byte) {
			join(t, e, caller, agent)
			return func(frame []byte) { caller.say(frame[:80]); caller.say(frame[80:]) }
		}, guard.ByTone, -25},
		"a sound of our own, which is no whistle": {func(_ *testing.T, _ *Engine, caller, agent *phone) func([]byte) {
			var said []byte
			return func(frame []byte) {
				if said = append(said, frame...); len(said) == 30*160 {
					agent.port.Play(Sound{Clips: []*wav.Clip{wav.FromCodes("whistle", caller.codec.law(), said)}})
				}
			}
		}, guard.ByLevel, -9},
		"a recorded voice, which may whistle": {func(_ *testing.T, _ *Engine, caller, agent *phone) func([]byte) {
			var said []byte
			return func(frame []byte) {
				if said = append(said, frame...); len(said) == 30*160 {
					agent.port.Play(Sound{Clips: []*wav.Clip{wav.FromCodes("whistle", caller.codec.law(), said)}, Voice: true})
				}
			}
		}, guard.ByTone, -25},
	} {
		t.Run(name, func(t *testing.T) {
			e := openEngine(t, 2)
			caller, agent := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
			agent.port.Protect(guard.Settings{})
			say := c.speaker(t, e, caller, agent)
			whistle := loud(PCMU, 30)
			for at := 0; at < len(whistle); at += 160 {
				say(whistle[at:][:160])
			}
			for i := range 30 {
				heard := agent.mustHear()
				if level := PCMU.law().Power(heard.codes); level > -6 || i >= 4 && level > c.level {
					t.Errorf("frame %d reaches the ear at %.1f dBm0", i, level)
				}
			}
			eventually(t, "the exposure is told", func() bool { return agent.port.Exposure().Frames >= 30 })
			x := agent.port.Exposure()
			if x.Touched < 25 || x.Limited[c.rule] == 0 || x.MaxIn < 0 || x.MaxOut > -8 || x.Energy <= 0 {
				t.Errorf("the account is %+v", x)
			}
			if caller.port.Exposure() != (Exposure{}) {
				t.Error("who is not protected has an account")
			}
		})
	}
}

func TestWhatNeedsNoGuardingLeavesByteForByte(t *testing.T) {
	e := openEngine(t, 2)
	caller, agent := newPhone(t, e, PCMA), newPhone(t, e, PCMA)
	agent.port.Protect(guard.Settings{})
	join(t, e, caller, agent)
	for i := range 50 {
		frame := bytes.Repeat([]byte{PCMA.Silence(), PCMA.Silence() ^ byte(i%32)}, 80)
		caller.say(frame)
		if got := agent.mustHear(); !bytes.Equal(got.codes, frame) {
			t.Fatalf("frame %d was changed", i)
		}
	}
	agent.say(loud(PCMA, 1)) // the other way nobody is protected
	if got := caller.mustHear(); !bytes.Equal(got.codes, loud(PCMA, 1)) {
		t.Error("a caller hears a guard")
	}
}

func TestAnAgentStepsBackAndReturns(t *testing.T) {
	e := openEngine(t, 2)
	caller, agent := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
	agent.port.StepBack(true) // not protected: nothing
	agent.port.Protect(guard.Settings{})
	agent.port.Protect(guard.Settings{LevelCeiling: -30}) // changes nothing
	join(t, e, caller, agent)
	voice := PCMU.law().GainTable(-10)
	frame := sine(PCMU, 300)[:160]
	for i, c := range frame {
		frame[i] = voice[c]
	}
	level := func() float64 {
		var heard []byte
		for range 6 {
			caller.say(frame)
			heard = agent.mustHear().codes
		}
		return PCMU.law().Power(heard)
	}
	before := level()
	agent.port.StepBack(true)
	softer := level()
	eventually(t, "the step back is told", func() bool { return agent.port.Exposure().StepBack })
	agent.port.StepBack(false)
	after := level()
	if d := softer - before; d > -5 || d < -7 {
		t.Errorf("the caller is %.1f dB softer, want about 6", -d)
	}
	if after != before {
		t.Errorf("afterwards %.2f dBm0, want %.2f as before", after, before)
	}
}

// Where a frame does not follow the one before, what the guard remembers of single
// samples is of no use.
func TestTheGuardForgetsAtAGapAndAtANewSource(t *testing.T) {
	for name, next := range map[string]rtp.Header{
		"the sound goes on": {Timestamp: 320},
		"a packet was lost": {Timestamp: 480},
		"one came late":     {Timestamp: 0},
		"a source begins":   {Timestamp: 320, Kind: rtp.Kind{Marker: true}},
	} {
		s := shield{guard: guard.New(guard.Settings{})}
		whole := loud(PCMU, 40)
		s.cover(PCMU, theirs, rtp.Header{Timestamp: 160}, bytes.Clone(whole[:160]))
		second := bytes.Clone(whole[160:320])
		s.cover(PCMU, theirs, next, second)

		fresh := guard.New(guard.Settings{})
		fresh.Frame(PCMU.law(), bytes.Clone(whole[:160]), whole[:160])
		if name != "the sound goes on" {
			fresh.Forget()
		}
		want := bytes.Clone(whole[160:320])
		fresh.Frame(PCMU.law(), want, want)
		if !bytes.Equal(second, want) {
			t.Errorf("%s: the guard heard it otherwise", name)
		}
	}
}

func TestANoticeIsOneMoment(t *testing.T) {
	type pair struct{ a, b int }
	var n notice[pair]
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 10000 {
			n.post(pair{i, i})
		}
		for n.read().a != -1 { // somebody reads
			n.post(pair{-1, -1})
		}
	}()
	deadline := time.Now().Add(5 * time.Second)
	for v := n.read(); v.a != -1; v = n.read() {
		if v.a != v.b {
			t.Fatalf("half of one moment and half of another: %+v", v)
		}
		if time.Now().After(deadline) {
			t.Fatal("the last value was not published")
		}
	}
	<-done
}

// protect puts the hearing guard, as it is by default, before the ear of a phone.
func protect(f *phone) { f.port.Protect(guard.Settings{}) }

// The recording of a caller tells what the agent heard of it: relayed or mixed, made
// softer by the bridge, or not heard at all, also because of a prompt.
func TestTheRecordingTellsWhatTheAgentHeard(t *testing.T) {
	for _, way := range []string{"relayed", "cut anew", "mixed"} {
		t.Run(way, func(t *testing.T) {
			e := openEngine(t, 2)
			caller, agent := newGuest(t, e, PCMU, low), newGuest(t, e, PCMU, middle)
			protect(agent.phone)
			rec, path := record(t, caller.phone)
			br := join(t, e, caller.phone, agent.phone)
			switch way {
			case "cut anew":
				caller.agrees(40 * time.Millisecond)
				agent.agrees(40 * time.Millisecond)
			case "mixed":
				br.SetRole(agent.port, Whisper)
			}
			listen := func(frames int) {
				for range frames {
					caller.listens(1)
				}
			}
			listen(25)
			br.SetGain(caller.port, -20)
			listen(25)
			br.SetGain(caller.port, Mute)
			listen(25)
			br.SetGain(caller.port, 0)
			listen(25)
			<-agent.port.Play(Sound{Clips: clips(3200)}).Done()
			listen(25)
			if _, err := rec.Close(); err != nil {
				t.Fatal(err)
			}
			file, err := os.ReadFile(path + gainExt)
			if err != nil {
				t.Fatal(err)
			}
			_, track, err := readGains(bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			softer, muted := bytes.Count(track, []byte{80}), bytes.Count(track, []byte{trackMuted})
			if softer < 15 || muted < 30 || bytes.IndexByte(track, trackMuted) < bytes.LastIndexByte(track, 80) {
				t.Errorf("%d times 20 ms are 20 dB softer and then %d muted, want about 25 and 45: % d", softer, muted, track)
			}
			if rest := len(track) - softer - muted - bytes.Count(track, []byte{0}); rest > 0 {
				t.Errorf("%d bytes are something else: % d", rest, track)
			}
		})
	}
}

func TestWhatIsSoftened(t *testing.T) {
	for _, c := range []struct {
		track byte
		loud  float64
		want  byte
	}{{0, 1, 0}, {7, 1, 7}, {0, 0.1, 80}, {12, 0.5, 36}, {0, 0, trackMuted}, {trackMuted, 0.5, trackMuted}, {200, 0.01, 254}, {3, 2, 3}} {
		if got := softened(c.track, c.loud); got != c.want {
			t.Errorf("%d, and %v before: %d, want %d", c.track, c.loud, got, c.want)
		}
	}
}

// Guards with the same settings have one kind, however they were said; those with others do not.
func TestGuardsWithTheSameSettingsShareThem(t *testing.T) {
	var k kinds
	on, off := true, false
	usual := k.of(guard.Settings{})
	if k.of(guard.Settings{Digits: guard.Digits{Enabled: &on}}) != usual {
		t.Error("the default, said, is another kind")
	}
	if k.of(guard.Settings{Digits: guard.Digits{Enabled: &off}}) == usual {
		t.Error("a guard that lets digits through is of the same kind")
	}
	for i := range 2 * len(k.known) {
		k.of(guard.Settings{Release: float64(10 + i)})
	}
	if again := k.of(guard.Settings{}); again == usual || again != k.of(guard.Settings{}) {
		t.Error("a kind that was forgotten is not made once more")
	}
}
