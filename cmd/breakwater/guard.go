package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"breakwater/media/guard/plot"
)

// guardCommand is what can be asked of the hearing guard without a call.
type guardCommand struct {
	Plot plotCommand `cmd:"" help:"Draw what the hearing guard does with a recording: level before and after, gain, and the rules that spoke."`
}

type plotCommand struct {
	In      string `arg:"" help:"WAV file, G.711 or 16 bit, 8000 or 16000 samples a second." type:"path"`
	Out     string `arg:"" help:"PNG file to write." type:"path"`
	Channel string `help:"Channel of a stereo file: left (in a recording, the caller) or right." enum:"left,right" default:"left"`
}

// Run draws the picture of a file.
func (c plotCommand) Run() error {
	if !strings.EqualFold(filepath.Ext(c.Out), ".png") {
		return fmt.Errorf("%s: the picture must be called something.png", c.Out)
	}
	file, err := os.ReadFile(c.In)
	if err != nil {
		return plain(err)
	}
	channel := 0
	if c.Channel == "right" {
		channel = 1
	}
	picture, err := plot.PNG(filepath.Base(c.In), file, channel)
	if err != nil {
		return fmt.Errorf("%s: %w", c.In, err)
	}
	if err := os.WriteFile(c.Out, picture, 0o644); err != nil {
		return plain(err)
	}
	return nil
}

// plain is a file's error without the system call: the name and what is wrong.
func plain(err error) error {
	if failed := (*os.PathError)(nil); errors.As(err, &failed) {
		return fmt.Errorf("%s: %w", failed.Path, failed.Err)
	}
	return err
}
