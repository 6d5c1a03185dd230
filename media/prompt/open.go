package prompt

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"breakwater/media/wav"
)

// sounds are made by tools/prompts.
//
//go:embed sounds
var sounds embed.FS

// defaultMusic is the name of the music that is built in, and musicID its prompt.
const (
	defaultMusic = "default"
	musicID      = "music-default"
)

// Settings of prompts and music.
type Settings struct {
	Folder string            `yaml:"folder"` // own sounds, laid over the built-in ones: folder/<language>/<id>.wav, text in <id>.txt; default none
	Music  map[string]string `yaml:"music"`  // name: WAV file; "default" is built in and may be replaced
}

// WithDefaults gives the settings as they are: by default nothing is laid over the
// built-in sounds.
func (s Settings) WithDefaults() Settings { return s }

// Check reads every file that is named and tells, by key, what is wrong.
func (s Settings) Check() map[string]string {
	wrong := map[string]string{}
	if _, err := Open(s.Folder); err != nil {
		wrong["folder"] = err.Error()
	}
	for name, file := range s.Music {
		if name == "" || name == "none" {
			wrong["music."+name] = fmt.Sprintf("a music cannot have the name %q; in a queue it would mean no music", name)
		} else if _, err := readMusic(name, file); err != nil {
			wrong["music."+name] = err.Error()
		}
	}
	return wrong
}

// Open loads the embedded prompts and lays the files of folder over them
// (folder/<language>/<id>.wav; empty = none). A file that is no prompt is not an
// error: menus may name prompts of their own. A file that is no good WAV is one.
func Open(folder string) (*Book, error) { return New(Settings{Folder: folder}) }

// New is Open with the music of the settings.
func New(s Settings) (*Book, error) {
	b := &Book{shelves: map[string]shelf{}, music: map[string]*wav.Clip{}}
	for _, e := range table {
		for language, text := range e.Text {
			b.shelf(language).texts[e.ID] = text
		}
	}
	own, err := fs.Sub(sounds, "sounds")
	if err != nil {
		return nil, fmt.Errorf("built-in prompts: %w", err)
	}
	if err := b.lay(own); err != nil {
		return nil, fmt.Errorf("built-in prompts: %w", err)
	}
	if s.Folder != "" {
		if err := folderThere(s.Folder); err != nil {
			return nil, err
		}
		if err := b.lay(os.DirFS(s.Folder)); err != nil {
			return nil, fmt.Errorf("prompts of %s: %w", s.Folder, err)
		}
	}
	if c := b.shelf(everywhere).clips[musicID]; c != nil {
		b.music[defaultMusic] = c
	}
	for name, file := range s.Music {
		if b.music[name], err = readMusic(name, file); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// shelf is the shelf of a language, a new one if there is none.
func (b *Book) shelf(language string) shelf {
	s, ok := b.shelves[language]
	if !ok {
		s = shelf{clips: map[string]*wav.Clip{}, texts: map[string]string{}}
		b.shelves[language] = s
	}
	return s
}

// lay puts all sounds of a folder tree into the book, over those it has.
func (b *Book) lay(tree fs.FS) error {
	files, err := fs.Glob(tree, "*/*.wav")
	if err != nil {
		return err
	}
	for _, file := range files {
		language, id := path.Dir(file), strings.TrimSuffix(path.Base(file), ".wav")
		content, err := contents(tree, file)
		if err != nil {
			return err
		}
		clip, err := wav.Load(language+"/"+id, content)
		if err != nil {
			return err
		}
		s := b.shelf(language)
		s.clips[id] = clip
		text, err := contents(tree, strings.TrimSuffix(file, ".wav")+".txt")
		if err == nil {
			s.texts[id] = strings.TrimSpace(string(text))
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// contents reads a file, but no more than a WAV may have and nothing that would
// wait for somebody to write.
func contents(tree fs.FS, file string) ([]byte, error) {
	info, err := fs.Stat(tree, file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", file)
	}
	if info.Size() > wav.MaxFile {
		return nil, fmt.Errorf("%s has %d bytes, at most %d are read", file, info.Size(), wav.MaxFile)
	}
	return fs.ReadFile(tree, file)
}

func readMusic(name, file string) (*wav.Clip, error) {
	content, err := contents(os.DirFS(filepath.Dir(file)), filepath.Base(file))
	if err != nil {
		return nil, fmt.Errorf("music %s: %w", name, err)
	}
	clip, err := wav.Load(file, content)
	if err != nil {
		return nil, fmt.Errorf("music %s: %w", name, err)
	}
	return clip, nil
}

func folderThere(folder string) error {
	info, err := os.Stat(folder)
	if err != nil {
		return fmt.Errorf("prompts: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("prompts: %s is no folder", folder)
	}
	return nil
}
