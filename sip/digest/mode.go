package digest

import (
	"fmt"
	"strings"
)

// Mode says which algorithms a peer is challenged with. Only MD5 is understood
// by every phone; some fail when they meet another, so it is a choice per peer.
type Mode uint8

// The modes.
const (
	MD5    Mode = iota // one MD5 challenge; the default
	SHA256             // one SHA-256 challenge (RFC 8760)
	Both               // two challenges, MD5 first: some clients fail when SHA-256 comes first
)

// ParseMode reads the setting: md5, sha256, both, or nothing for md5.
func ParseMode(s string) (Mode, error) {
	switch s {
	case "", "md5":
		return MD5, nil
	case "sha256":
		return SHA256, nil
	case "both":
		return Both, nil
	}
	return MD5, fmt.Errorf("digest is %q, but md5, sha256 and both are known", s)
}

// algorithms in the order of their challenges, by their names on the wire.
func (m Mode) algorithms() []string {
	switch m {
	case SHA256:
		return []string{"SHA-256"}
	case Both:
		return []string{"MD5", "SHA-256"}
	case MD5:
	}
	return []string{"MD5"}
}

// allows gives the canonical name of what the peer used; false when it was never
// asked for. No name means MD5 (RFC 7616 §3.3).
func (m Mode) allows(name string) (string, bool) {
	if name == "" {
		name = "MD5"
	}
	for _, a := range m.algorithms() {
		if strings.EqualFold(a, name) {
			return a, true
		}
	}
	return m.algorithms()[0], false
}
