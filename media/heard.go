package media

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"breakwater/media/g711"
	"breakwater/media/guard"
	"breakwater/media/seal"
	"breakwater/media/wav"
)

// The gain track of a recording stands in a file beside it:
//
//	"BWGAIN1\n" (8) | where byte 0 begins, in samples of the recording (4, little endian) | nothing yet (4)
//	a byte for each 20 ms (160 samples) of the left channel: guard.TrackGain
//
// Where it ends the rest is unchanged; where the guard did nothing it is nought. A
// recording without such a file was never made quieter.
const (
	gainExt      = ".gain"
	gainMagic    = "BWGAIN1\n"
	gainHeadSize = 16
)

func gainHead(phase uint8) []byte {
	return append([]byte(gainMagic), phase, 0, 0, 0, 0, 0, 0, 0)
}

// OpenRecording opens a file of a recording with the engine's own master key, if it has
// one.
func (e *Engine) OpenRecording(path string) (io.ReadCloser, error) {
	return OpenRecording(path, e.scribe.master)
}

// OpenRecording opens a file of a recording, its sound, marks or gain track, sealed or
// plain. master may be nil if the file is plain. Of a sealed WAV file the header tells no
// length yet (wav.Salvage).
func OpenRecording(path string, master *seal.Master) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	b := bufio.NewReaderSize(f, 1<<16)
	plain, err := opened(b, master)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{plain, f}, nil
}

func opened(b *bufio.Reader, master *seal.Master) (io.Reader, error) {
	begin, err := b.Peek(seal.HeadSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case !seal.Is(begin):
		return b, nil
	case master == nil:
		return nil, errors.New("the file is sealed: its master key is needed")
	}
	return master.NewReader(b)
}

// Unseal writes the plain file that a sealed one holds: a WAV file as it would have been
// written without a key. dst may not have been written to before. seal.ErrCut says that
// the end is missing: all whole chunks before are in dst, and it can be heard.
func Unseal(dst io.WriteSeeker, src io.Reader, master *seal.Master) error {
	b := bufio.NewReaderSize(src, 1<<16)
	if begin, _ := b.Peek(seal.HeadSize); !seal.Is(begin) {
		return errors.New("the file is not sealed")
	}
	plain, err := opened(b, master)
	if err != nil {
		return err
	}
	var begin [wav.HeaderSize]byte
	n, err := io.ReadFull(plain, begin[:])
	size := int64(0)
	if _, errWrite := dst.Write(begin[:n]); errWrite != nil {
		return errWrite
	}
	if err == nil {
		size, err = io.Copy(dst, plain)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil // it is shorter than that, and no WAV file
	}
	law, channels, ok := wav.ReadHeader(begin[:n])
	if !ok {
		return err
	}
	if _, errSeek := dst.Seek(0, io.SeekStart); errSeek != nil {
		return errors.Join(err, errSeek)
	}
	_, errWrite := dst.Write(wav.Header(law, channels, size))
	return errors.Join(err, errWrite)
}

// RenderHeard writes what the agent heard: a recording whose left channel is as quiet as
// the hearing guard made it, by the gain track. What the guard left alone is left alone to
// the last bit. track may be nil: then nothing was made quieter. A recording whose end is
// missing is rendered up to there.
func RenderHeard(dst io.Writer, recording, track io.Reader) error {
	b := bufio.NewReaderSize(recording, 1<<16)
	var head [wav.HeaderSize]byte
	if _, err := io.ReadFull(b, head[:]); err != nil {
		return fmt.Errorf("read the recording: %w", err)
	}
	law, channels, ok := wav.ReadHeader(head[:])
	if !ok || channels != 2 {
		return errors.New("this is no recording of Breakwater: G.711 at 8000 Hz in two channels, and nothing else, is one")
	}
	phase, gains, err := readGains(track)
	if err != nil {
		return err
	}
	data, err := io.ReadAll(b)
	if err != nil && !errors.Is(err, seal.ErrCut) {
		return fmt.Errorf("read the recording: %w", err)
	}
	data = data[:len(data)&^1]
	tables := map[byte]*[256]byte{}
	for i, gain := range gains {
		if gain == 0 {
			continue
		}
		if tables[gain] == nil {
			tables[gain] = quieter(law, gain)
		}
		from := min(2*(phase+i*gainSamples), len(data))
		for at := from; at < min(from+2*gainSamples, len(data)); at += 2 {
			data[at] = tables[gain][data[at]]
		}
	}
	if _, err := dst.Write(wav.Header(law, 2, int64(len(data)))); err != nil {
		return err
	}
	_, err = dst.Write(data)
	return err
}

// readGains reads a gain track.
func readGains(track io.Reader) (phase int, gains []byte, err error) {
	if track == nil {
		return 0, nil, nil
	}
	all, err := io.ReadAll(track)
	if err != nil && !errors.Is(err, seal.ErrCut) {
		return 0, nil, fmt.Errorf("read the gain track: %w", err)
	}
	if len(all) < gainHeadSize || !bytes.HasPrefix(all, []byte(gainMagic)) {
		return 0, nil, errors.New("the gain track is none: it does not begin with BWGAIN1")
	}
	return int(binary.LittleEndian.Uint32(all[len(gainMagic):])), all[gainHeadSize:], nil
}

// quieter is a table of codes with a gain of the track.
func quieter(law g711.Law, gain byte) *[256]byte {
	factor := math.Pow(10, guard.TrackGain(gain)/20)
	var table [256]byte
	for code := range table {
		var x [1]int16
		law.Decode(x[:], []byte{byte(code)})
		x[0] = int16(math.Round(float64(x[0]) * factor))
		law.Encode(table[code:code+1], x[:])
	}
	return &table
}
