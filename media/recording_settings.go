package media

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"breakwater/media/seal"
)

// RecordingSettings are how recordings come to the disk.
type RecordingSettings struct {
	Fsync   string `yaml:"fsync"`    // when a recording is forced to the disk, so that a power cut cannot take it: never (when the system likes), close (when it ends), or a time such as 10s (while it runs, too); default close
	KeyFile string `yaml:"key_file"` // file with the master key, 64 hexadecimal digits, mode 0600: recordings are sealed (AES-256-GCM) and never touch the disk in plain; default none, recordings are plain WAV files
	Memory  int    `yaml:"memory"`   // MiB that all recordings together may fill while the disk is slow; a recording needs 20 KiB and, while the disk hangs, 16 KiB a second more; default 256
}

const (
	fsyncNever   = "never"
	fsyncClose   = "close"
	oftenFsync   = time.Second // more often, it would keep the disk from anything else
	leastMemory  = 1           // MiB
	mostMemory   = 1 << 14     // MiB
	mostKeyFile  = 4096        // bytes; a longer file holds no key
	keyFileGuard = fs.FileMode(0o077)
)

// WithDefaults fills what is not set.
func (s RecordingSettings) WithDefaults() RecordingSettings {
	if s.Fsync == "" {
		s.Fsync = fsyncClose
	}
	if s.Memory == 0 {
		s.Memory = 256
	}
	return s
}

// Check tells what is wrong, by key; empty when nothing is.
func (s RecordingSettings) Check() map[string]string {
	wrong := map[string]string{}
	if _, _, err := s.fsync(); err != nil {
		wrong["fsync"] = err.Error()
	}
	if s.Memory < leastMemory || s.Memory > mostMemory {
		wrong["memory"] = fmt.Sprintf("is %d; must be %d to %d MiB", s.Memory, leastMemory, mostMemory)
	}
	return wrong
}

// fsync tells whether a file is forced to the disk at its end, and how often before; 0 =
// never before.
func (s RecordingSettings) fsync() (atEnd bool, every time.Duration, err error) {
	switch s.Fsync {
	case fsyncNever:
		return false, 0, nil
	case fsyncClose:
		return true, 0, nil
	}
	every, err = time.ParseDuration(s.Fsync)
	if err != nil || every < oftenFsync {
		return false, 0, fmt.Errorf("is %q; must be never, close, or a time of at least %v such as 10s", s.Fsync, oftenFsync)
	}
	return true, every, nil
}

// master reads the master key; nil = recordings are plain.
func (s RecordingSettings) master() (*seal.Master, error) {
	if s.KeyFile == "" {
		return nil, nil //nolint:nilnil // no key is no error: recordings are plain
	}
	return ReadMasterKey(s.KeyFile)
}

// ReadMasterKey reads the file of a master key. Nobody but its owner may be able to read
// it: the error says how to mend that.
func ReadMasterKey(path string) (*seal.Master, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("key file: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("key file %s is no file", path)
	case info.Mode()&keyFileGuard != 0:
		return nil, fmt.Errorf("key file %s can be used by others (mode %04o): chmod 0600 it", path, info.Mode().Perm())
	case info.Size() > mostKeyFile:
		return nil, fmt.Errorf("key file %s has %d bytes: it holds no key", path, info.Size())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	master, err := seal.ParseMaster(text)
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	return master, nil
}

// WriteMasterKey makes a random master key and its file, which must not exist yet.
func WriteMasterKey(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	_, err = f.Write(seal.NewMaster())
	return errors.Join(err, f.Sync(), f.Close())
}
