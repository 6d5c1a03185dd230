package media

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRecordingSettings(t *testing.T) {
	if wrong := (RecordingSettings{}).WithDefaults().Check(); len(wrong) > 0 {
		t.Errorf("the defaults are refused: %v", wrong)
	}
	for name, c := range map[string]struct {
		settings RecordingSettings
		key      string
	}{
		"never forced to the disk":    {RecordingSettings{Fsync: "never"}, ""},
		"forced while it runs":        {RecordingSettings{Fsync: "10s"}, ""},
		"forced all the time":         {RecordingSettings{Fsync: "10ms"}, "fsync"},
		"forced whenever":             {RecordingSettings{Fsync: "sometimes"}, "fsync"},
		"no memory":                   {RecordingSettings{Memory: -1}, "memory"},
		"more memory than there ever": {RecordingSettings{Memory: 1 << 20}, "memory"},
	} {
		t.Run(name, func(t *testing.T) {
			wrong := Settings{Recording: c.settings}.WithDefaults().Check()
			if c.key == "" && len(wrong) > 0 || c.key != "" && wrong["recording."+c.key] == "" {
				t.Errorf("complaints are %v, want one about %q", wrong, c.key)
			}
		})
	}
}

func TestAMasterKeyIsRefusedWithAReason(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := strings.Repeat("0123456789abcdef", 4)
	for name, c := range map[string]struct{ path, want string }{
		"there is none":       {filepath.Join(folder, "gone"), "no such file"},
		"it is a folder":      {folder, "is no file"},
		"all may read it":     {write("open", good, 0o644), "mode 0644): chmod 0600"},
		"its group may":       {write("group", good, 0o640), "mode 0640): chmod 0600"},
		"it is too short":     {write("short", good[1:], 0o600), "64 hexadecimal digits"},
		"it is something big": {write("big", strings.Repeat(good, 100), 0o600), "6400 bytes: it holds no key"},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := Open(Settings{PortLow: 20100, PortHigh: 20109, Recording: RecordingSettings{KeyFile: c.path}}, nil)
			if err == nil {
				_ = e.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "key file") || strings.Contains(err.Error(), good[:16]) {
				t.Errorf("error %v, want one about the key file with %q", err, c.want)
			}
		})
	}
	path := filepath.Join(folder, "new")
	if err := WriteMasterKey(path); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadMasterKey(path); err != nil {
		t.Error(err)
	}
	if err := WriteMasterKey(path); err == nil {
		t.Error("a key was written over another one")
	}
}
