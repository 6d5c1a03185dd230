package wav

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"breakwater/media/g711"
)

// MaxFile is the size of the largest file that is read, in bytes: over two hours of
// G.711, six minutes of CD stereo.
const MaxFile = 64 << 20

// Format is how samples are stored: the format tag of the fmt chunk.
type Format uint16

// The formats that are read.
const (
	PCM16 Format = 1 // signed 16 bit, little endian
	ALaw  Format = 6
	ULaw  Format = 7

	extensible Format = 0xFFFE // the true tag begins the sub-format
)

// File is a WAV file taken apart. Data is a piece of the bytes it was parsed from.
type File struct {
	Format   Format
	Channels int // 1 or 2
	Rate     int // samples a second
	Data     []byte
}

// Parse takes a WAV file apart. The error names the chunk and field that is wrong
// and says what is allowed. A length of 0xFFFFFFFF, which programs write who cannot
// go back, means all that follows.
func Parse(file []byte) (*File, error) {
	if len(file) > MaxFile {
		return nil, fmt.Errorf("the file has %d bytes, at most %d are read", len(file), MaxFile)
	}
	if len(file) < 12 || string(file[:4]) != "RIFF" || string(file[8:12]) != "WAVE" {
		return nil, fmt.Errorf("this is no WAV file: it begins with %q, not RIFF and WAVE", file[:min(12, len(file))])
	}
	var f *File
	for rest := file[12:]; len(rest) >= 8; {
		id, size := string(rest[:4]), binary.LittleEndian.Uint32(rest[4:])
		body := rest[8:]
		if size == math.MaxUint32 && id == "data" {
			size = uint32(len(body))
		}
		if uint64(size) > uint64(len(body)) {
			return nil, fmt.Errorf("%q chunk: length %d, but the file ends after %d bytes", id, size, len(body))
		}
		switch id {
		case "fmt ":
			var err error
			if f, err = format(body[:size]); err != nil {
				return nil, fmt.Errorf("fmt chunk: %w", err)
			}
		case "data":
			if f == nil {
				return nil, errors.New("data chunk: it comes before the fmt chunk")
			}
			return f.hold(body[:size])
		}
		next := min(uint64(size)+uint64(size&1), uint64(len(body))) // chunks begin at even places
		rest = body[next:]
	}
	if f == nil {
		return nil, errors.New("fmt chunk: missing")
	}
	return nil, errors.New("data chunk: missing")
}

// Salvage takes apart a recording that begins with a Header and whose writer may have
// died: its samples are all that follows, whatever length the header tells. So it gives
// them where Parse finds the end missing, and those that were written after the lengths.
func Salvage(file []byte) (*File, error) {
	law, channels, ok := ReadHeader(file)
	if !ok {
		return Parse(file)
	}
	f := &File{Format: ULaw, Channels: channels, Rate: g711.Rate}
	if law == g711.A {
		f.Format = ALaw
	}
	return f.hold(file[HeaderSize:])
}

// format reads the fmt chunk.
func format(b []byte) (*File, error) {
	if len(b) < 16 {
		return nil, fmt.Errorf("%d bytes long, at least 16 are needed", len(b))
	}
	f := &File{
		Format:   Format(binary.LittleEndian.Uint16(b)),
		Channels: int(binary.LittleEndian.Uint16(b[2:])),
		Rate:     int(binary.LittleEndian.Uint32(b[4:])),
	}
	bits := binary.LittleEndian.Uint16(b[14:])
	if f.Format == extensible {
		if len(b) < 26 {
			return nil, errors.New("extensible format without sub-format")
		}
		f.Format = Format(binary.LittleEndian.Uint16(b[24:]))
	}
	switch f.Format {
	case PCM16:
		if bits != 16 {
			return nil, fmt.Errorf("%d bits a sample; PCM must have 16", bits)
		}
	case ALaw, ULaw:
		if bits != 8 {
			return nil, fmt.Errorf("%d bits a sample; G.711 must have 8", bits)
		}
	default:
		return nil, fmt.Errorf("format tag %#x; allowed are 1 (PCM), 6 (A-law) and 7 (µ-law)", uint16(f.Format))
	}
	if f.Channels != 1 && f.Channels != 2 {
		return nil, fmt.Errorf("%d channels; allowed are 1 and 2", f.Channels)
	}
	if !usual(f.Rate) {
		return nil, fmt.Errorf("%d samples a second; use 8000, 11025, 16000, 22050, 24000, 32000, 44100 or 48000", f.Rate)
	}
	return f, nil
}

// hold takes the samples; a last incomplete one is dropped.
func (f *File) hold(data []byte) (*File, error) {
	f.Data = data[:len(data)-len(data)%f.block()]
	if len(f.Data) == 0 {
		return nil, errors.New("data chunk: no samples")
	}
	return f, nil
}

// block is the size of one sample of all channels in bytes.
func (f *File) block() int {
	if f.Format == PCM16 {
		return 2 * f.Channels
	}
	return f.Channels
}

// Law tells which G.711 law the file holds; false for PCM.
func (f *File) Law() (g711.Law, bool) {
	switch f.Format {
	case ALaw:
		return g711.A, true
	case ULaw:
		return g711.Mu, true
	default:
		return 0, false
	}
}

// Codes are the G.711 codes of a channel (0 = left), as they were recorded; nil for
// PCM or a channel that is not there.
func (f *File) Codes(channel int) []byte {
	if _, ok := f.Law(); !ok || channel < 0 || channel >= f.Channels {
		return nil
	}
	codes := make([]byte, len(f.Data)/f.Channels)
	for i := range codes {
		codes[i] = f.Data[i*f.Channels+channel]
	}
	return codes
}

// Samples are the samples of a channel (0 = left) at the rate of the file; nil for
// a channel that is not there.
func (f *File) Samples(channel int) []int16 {
	if channel < 0 || channel >= f.Channels {
		return nil
	}
	samples := make([]int16, len(f.Data)/f.block())
	if law, ok := f.Law(); ok {
		law.Decode(samples, f.Codes(channel))
		return samples
	}
	for i := range samples {
		samples[i] = int16(binary.LittleEndian.Uint16(f.Data[2*(i*f.Channels+channel):]))
	}
	return samples
}

// clip turns the file into a clip without a sum.
func (f *File) clip(name string) *Clip {
	if law, ok := f.Law(); ok && f.Channels == 1 && f.Rate == g711.Rate {
		return FromCodes(name, law, bytes.Clone(f.Data))
	}
	samples := f.Samples(0)
	if f.Channels == 2 {
		for i, right := range f.Samples(1) {
			samples[i] = int16((int(samples[i]) + int(right)) / 2)
		}
	}
	return FromSamples(name, Resample(samples, f.Rate))
}

func nameError(name string, err error) error { return fmt.Errorf("sound %q: %w", name, err) }
