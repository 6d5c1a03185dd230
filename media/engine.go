package media

import (
	"log/slog"
	"net/netip"
	"time"

	"breakwater/media/wav"
)

// Settings of the sound.
type Settings struct {
	PortLow    uint16        `yaml:"port_low"`   // first RTP port (even); default 10000
	PortHigh   uint16        `yaml:"port_high"`  // last port; default 32766
	Loops      int           `yaml:"loops"`      // packet loops; default one per core
	Drain      time.Duration `yaml:"drain"`      // a closed port is drained until 200 ms quiet and at most this long; default 2s
	Recordings string        `yaml:"recordings"` // folder; default var/recordings
}

// Engine owns the RTP port range and the packet loops.
type Engine struct{}

// Open checks the settings and starts the loops.
func Open(s Settings, log *slog.Logger) (*Engine, error) { panic("not built yet") }

// Close ends the loops and every port. It returns when no goroutine is left.
func (e *Engine) Close() error { panic("not built yet") }

// Port binds an even RTP port and the odd RTCP port above it on local, the
// address that the party reaches us by. ErrNoPorts when the range is used up.
func (e *Engine) Port(local netip.Addr) (*Port, error) { panic("not built yet") }

// Usage tells how the range is used: open ports, draining ports, and the total.
func (e *Engine) Usage() (open, draining, total int) { panic("not built yet") }

// Port is one party's sound. Its receiving side belongs to its I/O loop; its
// sending side to exactly one source at a time: the newest playback, else the
// bridge, else nobody. Methods are safe for concurrent use and never wait for
// the network.
type Port struct{}

// Local is the address to put into SDP.
func (p *Port) Local() netip.AddrPort { panic("not built yet") }

// Apply sets what was agreed; the next packet follows it. The SSRC, sequence and
// timestamp of what we send go on without a break.
func (p *Port) Apply(d Desc) error { panic("not built yet") }

// Desc is what was last applied.
func (p *Port) Desc() Desc { panic("not built yet") }

// OnDigit sets who hears of digits; f is called from a control goroutine, in
// order, and must not block. nil = nobody.
func (p *Port) OnDigit(f func(Digit)) { panic("not built yet") }

// Play makes s the source toward this party until it ends, is stopped, or a newer
// Play replaces it. Afterwards the bridge, if any, is the source again. Switching
// source never overlaps two senders and leaves no gap over 40 ms.
func (p *Port) Play(s Sound) *Playback { panic("not built yet") }

// Level is the newest account of the party's voice, published once a second.
func (p *Port) Level() Level { panic("not built yet") }

// Heard tells when the party was last heard.
func (p *Port) Heard() Heard { panic("not built yet") }

// Quality is the account of this leg so far.
func (p *Port) Quality() Quality { panic("not built yet") }

// Record starts a two-channel recording of this party as a WAV file at path
// (created; must not exist): left = payload received from the party, right =
// payload sent to the party, in the leg's codec, bit-exact, aligned in time, gaps
// and pauses as silence codes. A codec change begins path with "-2", "-3", ….
// Writing never blocks sound; a disk that fails ends the recording, not the call.
func (p *Port) Record(path string) (*Recording, error) { panic("not built yet") }

// Close ends the party's sound; the port is drained before it is used again.
func (p *Port) Close() { panic("not built yet") }

// Sound is what a player plays: clips in order, once or for ever.
type Sound struct {
	Clips []*wav.Clip
	Loop  bool    // start again after the last clip, until stopped
	Gain  float64 // dB; 0 = as stored
}

// Playback is a sound being played.
type Playback struct{}

// Done is closed when the playback has ended for whatever reason.
func (b *Playback) Done() <-chan struct{} { panic("not built yet") }

// Stop ends it; the source before takes over. Stopping twice is harmless.
func (b *Playback) Stop() { panic("not built yet") }

// Complete tells, after Done, whether every sample of a sound without Loop was sent.
func (b *Playback) Complete() bool { panic("not built yet") }

// Recording is a running recording.
type Recording struct{}

// Pause replaces both channels by marked silence codes until Resume.
func (r *Recording) Pause() { panic("not built yet") }

// Resume ends a pause.
func (r *Recording) Resume() { panic("not built yet") }

// Close finishes the file(s) and gives their paths; err tells if anything was lost.
func (r *Recording) Close() (paths []string, err error) { panic("not built yet") }

// Bridge joins two ports: each hears the other, transcoded where the codecs
// differ. Telephone-events are relayed with clean timestamps only from a port
// that was given RelayDigits.
type Bridge struct{}

// Join builds a bridge. A port is in one bridge at most; joining it again is an error.
func (e *Engine) Join(a, b *Port) (*Bridge, error) { panic("not built yet") }

// SetGain sets how loud from is for the other party: dB, 0 = unchanged, Mute =
// not at all. A change takes effect with the next packet.
func (b *Bridge) SetGain(from *Port, dB float64) { panic("not built yet") }

// RelayDigits sets whether from's telephone-events reach the other party. Off at first.
func (b *Bridge) RelayDigits(from *Port, on bool) { panic("not built yet") }

// Close parts the two; neither hears the other any more when it returns.
func (b *Bridge) Close() { panic("not built yet") }
