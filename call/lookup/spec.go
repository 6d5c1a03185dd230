package lookup

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Spec is one lookup of the config: a table or an address, exactly one.
type Spec struct {
	CSV       string            `yaml:"csv"`                 // a table with a header row, relative to where the server was started; read again when it changes
	Key       string            `yaml:"key"`                 // column of the table that holds the caller's number; default number
	URL       string            `yaml:"url"`                 // asked by GET, answers a JSON object; {number}, {dialled} and {trunk} stand for the call's
	Token     string            `yaml:"token" secret:"true"` // sent as Authorization: Bearer; default none
	Fields    []string          `yaml:"fields"`              // which of the answer's fields become call data; default all
	Otherwise map[string]string `yaml:"otherwise"`           // call data where nothing is found, or the source fails; default none
	Timeout   time.Duration     `yaml:"timeout"`             // how long a caller may wait for it; default 1s
	Size      int               `yaml:"size"`                // of an answer at most, in bytes; default 65536
	Cache     time.Duration     `yaml:"cache"`               // how long an answer is good, -1 = not at all; default 5m, of a table not at all
	AtOnce    int               `yaml:"at_once"`             // questions at the same time; others wait, timeout included; default 16
}

// fieldName is how call data is named, so that conditions and skill expressions can ask
// for data.tier.
var fieldName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)

// reserved is call data that the call knows itself.
var reserved = map[string]bool{"number": true, "dialled": true, "trunk": true, "language": true}

// WithDefaults fills the zero fields.
func (s Spec) WithDefaults() Spec {
	if s.Key == "" {
		s.Key = "number"
	}
	if s.Timeout == 0 {
		s.Timeout = time.Second
	}
	if s.Size == 0 {
		s.Size = 64 << 10
	}
	if s.Cache == 0 {
		s.Cache = 5 * time.Minute
	}
	if s.CSV != "" {
		s.Cache = -1
	}
	if s.AtOnce == 0 {
		s.AtOnce = 16
	}
	return s
}

// Gives are the names of the call data that the lookup can give; all = whatever the other
// system answers, or a table that cannot be read now.
func (s Spec) Gives() (names []string, all bool) {
	names = slices.Sorted(maps.Keys(s.Otherwise))
	switch {
	case len(s.Fields) > 0:
		return append(names, s.Fields...), false
	case s.CSV == "":
		return names, true
	}
	head, err := columns(s.CSV)
	if err != nil {
		return names, true
	}
	for _, name := range head {
		if name != s.WithDefaults().Key && fieldName.MatchString(name) && !reserved[name] {
			names = append(names, name)
		}
	}
	return names, false
}

// Check says what is wrong, by key. A table is read.
func (s Spec) Check() map[string]string {
	wrong := map[string]string{}
	switch {
	case (s.CSV == "") == (s.URL == ""):
		wrong[""] = "a lookup has either csv: FILE or url: http://…"
	case s.CSV != "":
		if _, err := openTable(s.WithDefaults()); err != nil {
			wrong["csv"] = err.Error()
		}
	default:
		u, err := url.Parse(placeholders.Replace(s.URL))
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			wrong["url"] = fmt.Sprintf("%q is no address such as http://crm.example/callers/{number}", s.URL)
		} else if !strings.Contains(s.URL, "{number}") {
			wrong["url"] = "does not say where the number goes: write {number}"
		}
	}
	if s.Timeout < 0 || s.Timeout > 10*time.Second {
		wrong["timeout"] = fmt.Sprintf("%s is not between 0 and 10s: callers wait so long in silence", s.Timeout)
	}
	if s.Size < 0 || s.Size > 1<<20 {
		wrong["size"] = fmt.Sprintf("%d is not between 1 and 1048576 bytes", s.Size)
	}
	if s.AtOnce < 0 || s.AtOnce > 1000 {
		wrong["at_once"] = fmt.Sprintf("%d is not between 1 and 1000", s.AtOnce)
	}
	for i, name := range s.Fields {
		badName(wrong, fmt.Sprintf("fields.%d", i), name)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Otherwise)) {
		badName(wrong, "otherwise."+name, name)
	}
	return wrong
}

func badName(wrong map[string]string, key, name string) {
	switch {
	case reserved[name]:
		wrong[key] = fmt.Sprintf("%q is known from the call itself and cannot be looked up", name)
	case !fieldName.MatchString(name):
		wrong[key] = fmt.Sprintf("%q is no name for call data; it begins with a letter a–z and has small letters, digits and _", name)
	}
}

// placeholders fills a URL's places with a number, for a check.
var placeholders = strings.NewReplacer("{number}", "0301234", "{dialled}", "8100", "{trunk}", "city")

func (s Spec) equal(o Spec) bool {
	same := slices.Equal(s.Fields, o.Fields) && maps.Equal(s.Otherwise, o.Otherwise)
	return same && s.CSV == o.CSV && s.Key == o.Key && s.URL == o.URL && s.Token == o.Token &&
		s.Timeout == o.Timeout && s.Size == o.Size && s.Cache == o.Cache && s.AtOnce == o.AtOnce
}
