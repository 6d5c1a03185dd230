package call

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"breakwater/media"
	"breakwater/media/g711"
	"breakwater/media/prompt"
	"breakwater/media/seal"
	"breakwater/media/wav"
)

const (
	thanksReach  = 20 * time.Second // what is heard of a compliment: this long before the key
	thanksLooked = 500              // newest calls of the agent that are looked through
)

// compliment is a bookmark that an agent set while a caller said thanks.
type compliment struct {
	files []string      // of the recording, in order, below the folder; none = not recorded
	at    time.Duration // the key, in the recording
}

// playThanks says how many callers thanked the agent lately, then lets the agent hear
// the newest of whom there is a recording: the caller alone.
func (c *Call) playThanks(ctx context.Context, agent string) error {
	records, err := c.x.parts.Journal.Records(ctx, Query{Agent: agent, Limit: thanksLooked})
	if err != nil {
		return fmt.Errorf("look for thanks: %w", err)
	}
	var all []compliment
	for _, r := range records { // newest first
		found := r.compliments(agent)
		slices.Reverse(found)
		all = append(all, found...)
	}
	if len(all) == 0 {
		return c.say(ctx, "no-messages")
	}
	if err := c.say(ctx, "thanks-count", prompt.Number(len(all))); err != nil {
		return err
	}
	for _, k := range all {
		if len(k.files) == 0 {
			continue
		}
		clip, err := await(ctx, c, c.fetch(k))
		if err != nil {
			return err
		}
		if clip != nil {
			return c.playClip(ctx, clip)
		}
	}
	return nil
}

// playClip plays to the caller and waits for the end.
func (c *Call) playClip(ctx context.Context, clip *wav.Clip) error {
	c.account.step("thanks.played", clip.Name)
	p := c.x.parts.Sounds.Play(c.caller, media.Sound{Clips: []*wav.Clip{clip}, Voice: true})
	defer p.Stop()
	_, err := await(ctx, c, p.Done())
	return err
}

// compliments are those of the record that belong to the agent, oldest first.
func (r *Record) compliments(agent string) (all []compliment) {
	var tape string
	var began time.Duration
	for _, s := range r.Steps {
		switch s.Name {
		case "recording.start":
			tape, began = s.Note, s.Mono
		case "recording.end":
			tape = ""
		case "bookmark.thanks":
			if r.talkedAt(s.At) == agent {
				all = append(all, compliment{files: r.filesOf(tape), at: s.Mono - began})
			}
		}
	}
	return all
}

// talkedAt is the agent who had the caller at a moment.
func (r *Record) talkedAt(at time.Time) string {
	for _, s := range r.Segments {
		if s.Kind == "talk" && !at.Before(s.From) && !at.After(s.To) {
			return s.Agent
		}
	}
	return ""
}

// filesOf are the files of one recording: the first, and one more for each change of
// codec.
func (r *Record) filesOf(first string) (files []string) {
	stem, ok := strings.CutSuffix(first, ".wav")
	if !ok {
		return nil
	}
	for _, f := range r.Recordings {
		more, ok := strings.CutPrefix(filepath.Base(f), stem)
		more, isWAV := strings.CutSuffix(more, ".wav")
		if ok && isWAV && (more == "" || strings.Trim(more, "-0123456789") == "") {
			files = append(files, f)
		}
	}
	return files
}

// fetch reads the sound of a compliment on the call's behalf; nil when it cannot be
// read any more.
func (c *Call) fetch(k compliment) <-chan *wav.Clip {
	clips := make(chan *wav.Clip, 1)
	c.inbox.helpers.Go(func() {
		clip, err := k.clip(c.x.parts.Archive, c.x.parts.Folder)
		if err != nil {
			c.log.Warn("thanks cannot be heard", "err", err)
		}
		clips <- clip
	})
	return clips
}

// clip cuts the caller's channel (left) out of the recording.
func (k compliment) clip(archive Archive, folder string) (*wav.Clip, error) {
	at := int(k.at * g711.Rate / time.Second)
	for i, name := range k.files {
		if !filepath.IsAbs(name) {
			name = filepath.Join(folder, name)
		}
		f, err := readTape(archive, name)
		if err != nil {
			return nil, fmt.Errorf("read recording %s: %w", name, err)
		}
		law, ok := f.Law()
		codes := f.Codes(0)
		if !ok || len(codes) == 0 {
			return nil, fmt.Errorf("recording %s holds no G.711", name)
		}
		if at > len(codes) && i < len(k.files)-1 {
			at -= len(codes) // in a later file
			continue
		}
		at = min(at, len(codes))
		from := max(0, at-int(thanksReach*g711.Rate/time.Second))
		return wav.FromCodes("thanks", law, slices.Clone(codes[from:at])), nil
	}
	return nil, fmt.Errorf("no recording holds %s", k.at)
}

// readTape reads a file of a recording, sealed or plain. Of one whose end is missing, for the
// server died, it gives all there is.
func readTape(archive Archive, path string) (*wav.File, error) {
	in, err := archive.OpenRecording(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	data, err := io.ReadAll(in)
	if err != nil && !errors.Is(err, seal.ErrCut) {
		return nil, err
	}
	return wav.Salvage(data)
}
