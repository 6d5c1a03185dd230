package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"breakwater/media"
	"breakwater/media/seal"
)

// recordingCommand is what can be done with the files of recordings.
type recordingCommand struct {
	Heard   heardCommand   `cmd:"" help:"Write what the agent heard: the caller as quiet as the hearing guard made them."`
	Decrypt decryptCommand `cmd:"" help:"Write the plain file that a sealed recording, its marks or its gain track hold."`
	NewKey  newKeyCommand  `cmd:"" name:"new-key" help:"Make a master key for media.recording.key_file."`
}

// keyFlag names the master key of a system whose recordings are sealed.
type keyFlag struct {
	KeyFile string `help:"File of the master key (media.recording.key_file)." type:"path" placeholder:"FILE"`
}

// master reads the key; nil = none is named.
func (k keyFlag) master() (*seal.Master, error) {
	if k.KeyFile == "" {
		return nil, nil //nolint:nilnil // most recordings are plain and need none
	}
	return media.ReadMasterKey(k.KeyFile)
}

type heardCommand struct {
	keyFlag
	In  string `arg:"" help:"A recording; its gain track lies beside it." type:"existingfile"`
	Out string `arg:"" help:"The WAV file to make; must not exist."`
}

// Run renders the recording. Without a gain track nothing was made quieter.
func (c heardCommand) Run() error {
	master, err := c.master()
	if err != nil {
		return err
	}
	recording, err := media.OpenRecording(c.In, master)
	if err != nil {
		return err
	}
	defer recording.Close()
	var track io.Reader
	beside, err := media.OpenRecording(c.In+".gain", master)
	switch {
	case err == nil:
		defer beside.Close()
		track = beside
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return create(c.Out, func(out *os.File) error {
		if err := media.RenderHeard(out, recording, track); err != nil {
			return fmt.Errorf("%s: %w", c.In, err)
		}
		return nil
	})
}

type decryptCommand struct {
	keyFlag
	In  string `arg:"" help:"A sealed file." type:"existingfile"`
	Out string `arg:"" help:"The plain file to make; must not exist."`
}

// Run restores the plain file. Of one whose end is missing it restores all there is, and
// says so.
func (c decryptCommand) Run() error {
	master, err := c.master()
	if err != nil {
		return err
	}
	if master == nil {
		return errors.New("which key? name it by --key-file")
	}
	in, err := os.Open(c.In)
	if err != nil {
		return err
	}
	defer in.Close()
	return create(c.Out, func(out *os.File) error {
		err := media.Unseal(out, in, master)
		if errors.Is(err, seal.ErrCut) {
			fmt.Fprintf(os.Stderr, "breakwater: %s: its end is missing: the server died, or the file was cut; all before is in %s\n", c.In, c.Out)
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", c.In, err)
		}
		return nil
	})
}

type newKeyCommand struct {
	Out string `arg:"" help:"The file to make, mode 0600; must not exist."`
}

// Run makes a random key. Who loses it loses all that was sealed with it.
func (c newKeyCommand) Run() error { return media.WriteMasterKey(c.Out) }

// create makes a file; it goes again if write fails.
func create(path string, write func(*os.File) error) error {
	out, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	if err = errors.Join(write(out), out.Close()); err != nil {
		os.Remove(path)
	}
	return err
}
