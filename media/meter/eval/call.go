package eval

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"

	"breakwater/media/g711"
	"breakwater/media/guard"
	"breakwater/media/meter"
	"breakwater/media/wav"
)

// call is one recording: what people said of it, and what the meter did.
type call struct {
	file   string
	place  string // of its first label: file and line
	group  string // as an agent noted it; empty = not told
	part   piece  // in which caller and agent talk; to 0 = to the end
	raters []*rating

	seconds []meter.Second // of the part
	flags   []int          // seconds in which the meter raised its flag
}

// piece is from a second to another.
type piece struct{ from, to float64 }

// rating is what one rater said of one call.
type rating struct {
	rater  string
	places []string // of its pieces
	raised []piece
	marks  []bool // of each second of the part: raised
}

// by is the rating of a rater, a new one if there is none.
func (c *call) by(rater string) *rating {
	for _, r := range c.raters {
		if r.rater == rater {
			return r
		}
	}
	r := &rating{rater: rater}
	c.raters = append(c.raters, r)
	return r
}

// hear reads the recording and shows it to a meter, as a port would.
func (c *call) hear(tree fs.FS, s meter.Settings) error {
	law, caller, agent, err := channels(tree, c.file)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", c.place, c.file, err)
	}
	length := float64(len(caller)) / g711.Rate
	if c.part.to == 0 {
		c.part.to = math.Floor(length)
	}
	if err := c.inside(length); err != nil {
		return err
	}
	from, to := int(c.part.from*g711.Rate), min(int(c.part.to*g711.Rate), len(caller))
	c.run(law, caller[from:to], agent[from:to], s)
	for _, r := range c.raters {
		r.marks = make([]bool, len(c.seconds))
		for i := range r.marks {
			r.marks[i] = covered(r.raised, c.part.from+float64(i)) > 0.5
		}
	}
	return nil
}

// inside tells whether all that was marked lies in the recording.
func (c *call) inside(length float64) error {
	const rounding = 1 // second: people round up
	var wrong []error
	if c.part.to > length+rounding || c.part.to-c.part.from < 1 {
		wrong = append(wrong, fmt.Errorf("%s: %s: the part from %.1f to %.1f s is not one of at least a second in a recording of %.1f s", c.place, c.file, c.part.from, c.part.to, length))
	}
	for _, r := range c.raters {
		for i, p := range r.raised {
			if p.to > length+rounding {
				wrong = append(wrong, fmt.Errorf("%s: %s: %.1f to %.1f s is marked, but the recording ends after %.1f s", r.places[i], c.file, p.from, p.to, length))
			}
		}
	}
	return errors.Join(wrong...)
}

// covered is how much of the second that begins at from lies in the pieces.
func covered(pieces []piece, from float64) (part float64) {
	for _, p := range pieces {
		part = max(part, min(p.to, from+1)-max(p.from, from))
	}
	return part
}

// run sends a call through guard and meter in frames of 20 ms.
func (c *call) run(law g711.Law, caller, agent []byte, s meter.Settings) {
	const frame = g711.Rate / 50
	g, m, other, dst := guard.New(guard.Settings{}), meter.New(s), meter.NewVoice(), make([]byte, frame)
	for at := 0; at+frame <= len(caller); at += frame {
		codes := caller[at : at+frame]
		g.Frame(law, dst, codes)
		m.Caller(law, codes, g.Heard())
		m.Agent(other.Frame(law, agent[at:at+frame]), frame)
		second, ok := m.Take()
		if !ok {
			continue
		}
		if second.Events.Has(meter.Raised) {
			c.flags = append(c.flags, len(c.seconds))
		}
		c.seconds = append(c.seconds, second)
	}
}

// channels are the codes of both parties. What is no G.711 at 8000 Hz becomes µ-law.
func channels(tree fs.FS, name string) (law g711.Law, caller, agent []byte, err error) {
	content, err := contents(tree, name)
	if err != nil {
		return 0, nil, nil, err
	}
	f, err := wav.Parse(content)
	if err != nil {
		return 0, nil, nil, err
	}
	if f.Channels != 2 {
		return 0, nil, nil, errors.New("one channel; two are needed, the caller on the left and the agent on the right")
	}
	if law, ok := f.Law(); ok && f.Rate == g711.Rate {
		return law, f.Codes(0), f.Codes(1), nil
	}
	return g711.Mu, encoded(f, 0), encoded(f, 1), nil
}

func encoded(f *wav.File, channel int) []byte {
	x := wav.Resample(f.Samples(channel), f.Rate)
	codes := make([]byte, len(x))
	g711.Mu.Encode(codes, x)
	return codes
}

// contents reads a file, but no more than a recording may have.
func contents(tree fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(tree, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("there is no such recording in the folder")
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is no file")
	case info.Size() > wav.MaxFile:
		return nil, fmt.Errorf("it has %d bytes, at most %d are read; cut it", info.Size(), wav.MaxFile)
	}
	return fs.ReadFile(tree, name)
}

// raised is what most raters say of each second.
func (c *call) raised() []bool {
	raised := make([]bool, len(c.seconds))
	for i := range raised {
		votes := 0
		for _, r := range c.raters {
			if r.marks[i] {
				votes++
			}
		}
		raised[i] = 2*votes > len(c.raters)
	}
	return raised
}

// neutral tells whether nobody marked anything.
func (c *call) neutral() bool {
	return !slices.ContainsFunc(c.raters, func(r *rating) bool { return len(r.raised) > 0 })
}

// monologues counts the hints for a monologue.
func (c *call) monologues() (n int) {
	for _, s := range c.seconds {
		if s.Events.Has(meter.Monologue) {
			n++
		}
	}
	return n
}

func (c *call) hours() float64 { return float64(len(c.seconds)) / 3600 }

// episode is a stretch in which the voice was raised, in seconds of the part.
type episode struct {
	from, to int
	found    bool
	after    float64 // seconds, until the flag was up; 0 if it was already
}

const (
	join     = 2 // seconds between two stretches that are one
	shortest = 3 // seconds: what is shorter is an exclamation
	late     = 3 // seconds after its end in which a flag still counts
)

// episodes are the stretches that most raters mark, with what the meter made of them, and
// the number of those that are too short to count.
func (c *call) episodes() (long []episode, short int) {
	var all []episode
	for i, is := range c.raised() {
		switch n := len(all); {
		case !is:
		case n > 0 && i-all[n-1].to <= join:
			all[n-1].to = i + 1
		default:
			all = append(all, episode{from: i, to: i + 1})
		}
	}
	for _, e := range all {
		if e.to-e.from < shortest {
			short++
			continue
		}
		for i := e.from; i < min(e.to+late, len(c.seconds)) && !e.found; i++ {
			if c.seconds[i].Raised {
				e.found = true
				if i > e.from { // the second has to end
					e.after = float64(i + 1 - e.from)
				}
			}
		}
		long = append(long, e)
	}
	return long, short
}
