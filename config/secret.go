package config

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"breakwater/media/prompt"
)

// surroundings are what the files speak of and do not hold.
type surroundings interface {
	// file gives the content of the secret file for a key; name is as written in the config.
	file(key, name string) (string, error)
	// env gives an environment variable.
	env(name string) (string, bool)
	// sounds opens prompts and music; nil with what is wrong with the settings.
	sounds(s prompt.Settings) (sounds, map[string]string)
	// blocked tells whether a folder can be neither used nor made, because something
	// else has its name; a relative name starts where the server was started.
	blocked(folder string) bool
}

// fromSystem is the machine: real files and the real environment.
type fromSystem struct {
	dir string // relative names start here
}

func (s fromSystem) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(s.dir, name)
}

const maxSecret = 4096 // bytes; a longer file is not a password

func (s fromSystem) file(_, name string) (string, error) {
	f, err := os.Open(s.path(name))
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", err
	}
	if len(data) > maxSecret {
		return "", fmt.Errorf("longer than %d bytes", maxSecret)
	}
	return strings.TrimRight(string(data), "\r\n"), nil
}

func (s fromSystem) env(name string) (string, bool) { return os.LookupEnv(name) }

func (s fromSystem) sounds(settings prompt.Settings) (sounds, map[string]string) {
	book, err := prompt.New(settings)
	if err == nil && len(settings.Music) == 0 {
		return book, nil // nothing is left that Check could find, and it opens all again
	}
	if wrong := settings.Check(); len(wrong) > 0 {
		return nil, wrong
	}
	if err != nil {
		return nil, map[string]string{"": err.Error()}
	}
	return book, nil
}

// decodeSecret follows {file: path} or {env: NAME}. A secret written into the
// config itself is refused and never repeated in the message.
func (r *reading) decodeSecret(n *node, v reflect.Value, p path) {
	name := p.last()
	const forms = "write {file: path} or {env: NAME}"
	if n.kind != mapping {
		r.fault(n.at, p, fmt.Sprintf("%s must not stand in the config itself", name), forms)
		return
	}
	if len(n.fields) != 1 || n.fields[0].value.kind != scalar || n.fields[0].value.text == "" {
		r.fault(n.at, p, fmt.Sprintf("%s must name one place to read it from", name), forms)
		return
	}
	f := n.fields[0]
	ref, at := f.value.text, f.value.at
	var secret string
	switch f.name {
	case "file":
		text, err := r.around.file(name, ref)
		if err != nil {
			r.fault(at, p, fmt.Sprintf("%s: cannot read %s: %s", name, ref, reason(err)), "relative paths start in the config directory")
			return
		}
		secret = text
	case "env":
		text, ok := r.around.env(ref)
		if !ok {
			r.fault(at, p, fmt.Sprintf("%s: the environment has no variable %s", name, ref), "")
			return
		}
		secret = text
	default:
		r.fault(f.at, p, fmt.Sprintf("unknown key %q in %s", f.name, name), forms)
		return
	}
	if secret == "" {
		r.fault(at, p, fmt.Sprintf("%s: %s %s is empty", name, f.name, ref), "")
		return
	}
	v.SetString(secret)
}

// reason is what went wrong, without the path that the sentence names already.
func reason(err error) string {
	var wrapped *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "no such file"
	case errors.As(err, &wrapped):
		return wrapped.Err.Error()
	default:
		return err.Error()
	}
}

// keyAndValue finds "key: value" in a line, values in braces left out.
var keyAndValue = regexp.MustCompile(`([\pL_]+)["']?\s*:\s*([^\s{,][^,}]*)`)

// inURL finds the password in scheme://user:password@host.
var inURL = regexp.MustCompile(`://[^\s/@:]*:([^\s@]+)@`)

// hide stars out what looks like a secret in a line that will be shown, slips of
// the hand in its key included; everything keeps its column.
func hide(line string) string {
	var b strings.Builder
	end := 0
	for _, m := range keyAndValue.FindAllStringSubmatchIndex(line, -1) {
		word := strings.ToLower(line[m[2]:m[3]])
		if !slices.ContainsFunc([]string{"password", "pin", "secret"}, func(s string) bool { return distance(word, s) <= len(s)/4 || strings.Contains(word, s) && s != "pin" }) {
			continue
		}
		b.WriteString(line[end:m[4]])
		b.WriteString(strings.Repeat("*", len([]rune(line[m[4]:m[5]]))))
		end = m[5]
	}
	line = b.String() + line[end:]
	for _, m := range inURL.FindAllStringSubmatchIndex(line, -1) {
		line = line[:m[2]] + strings.Repeat("*", m[3]-m[2]) + line[m[3]:]
	}
	return line
}

// EnsureSecrets makes the missing secret files that the config in dir names by
// {file:}, mode 0600, and returns the paths it made: six random digits for a pin,
// a random password for everything else. It belongs to the first start of a try-out
// (breakwater run --make-secrets); a real installation brings its own. What else is
// wrong with the config is left for Load to say.
func EnsureSecrets(dir string) (made []string, err error) {
	sources, err := readDir(dir)
	if err != nil {
		return nil, err
	}
	wanted := &wantedSecrets{fromSystem: fromSystem{dir}}
	r := newReading(sources, wanted)
	r.parseAll()
	r.decode(r.root, reflect.ValueOf(new(Config)).Elem(), "", Option{})
	for _, m := range wanted.missing {
		file := wanted.path(m.name)
		secret, err := randomSecret(m.key)
		if err != nil {
			return made, fmt.Errorf("make secret %s: %w", file, err)
		}
		if err := writeSecret(file, secret); err != nil {
			return made, fmt.Errorf("make secret: %w", err)
		}
		made = append(made, file)
	}
	return made, nil
}

// missingSecret is a file that is not there yet and the key it is for.
type missingSecret struct{ key, name string }

// wantedSecrets notes the files that are not there yet.
type wantedSecrets struct {
	fromSystem
	missing []missingSecret
}

func (w *wantedSecrets) file(key, name string) (string, error) {
	text, err := w.fromSystem.file(key, name)
	if errors.Is(err, fs.ErrNotExist) && !slices.ContainsFunc(w.missing, func(m missingSecret) bool { return m.name == name }) {
		w.missing = append(w.missing, missingSecret{key, name})
	}
	return text, err
}

func writeSecret(file, secret string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(secret + "\n")
	return errors.Join(err, f.Close())
}

// randomSecret gives 6 digits for a pin, else 16 letters and digits that are
// hard to confuse when typed into a desk phone: 79 bits.
func randomSecret(key string) (string, error) {
	alphabet, length := "abcdefghijkmnpqrstuvwxyz23456789", 16
	if key == "pin" {
		alphabet, length = "0123456789", 6
	}
	out := make([]byte, length)
	for i := range out {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			return "", err
		}
		out[i] = alphabet[n.Int64()]
	}
	return string(out), nil
}
