package dtmf

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The content types of a SIP INFO that carries a key. Neither has an RFC; both are
// what desk phones send.
const (
	TypeRelay = "application/dtmf-relay" // Signal=5, Duration=160
	TypePlain = "application/dtmf"       // 5
)

// ErrNotKeys means that the content type of an INFO carries no key.
var ErrNotKeys = errors.New("dtmf: this content type carries no key")

const (
	infoDefault = 250 * time.Millisecond // a press whose body tells no duration
	infoLongest = 10 * time.Second       // more is taken as this much
	infoSize    = 512                    // bytes; real bodies have under 40
)

// ParseInfo reads the key out of the body of a SIP INFO. Parameters of the content
// type and the case of letters do not matter. ErrNotKeys for another content type;
// any other error says what is wrong with the body.
func ParseInfo(contentType string, body []byte) (Press, error) {
	media, _, _ := strings.Cut(contentType, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	if media != TypeRelay && media != TypePlain {
		return Press{}, fmt.Errorf("%w: %.60q", ErrNotKeys, contentType)
	}
	if len(body) > infoSize {
		return Press{}, fmt.Errorf("dtmf: body of INFO has %d bytes, at most %d are read", len(body), infoSize)
	}
	text := strings.TrimSpace(string(body))
	if !strings.Contains(text, "=") {
		key, err := signal(text)
		if err != nil {
			return Press{}, err
		}
		return Press{Key: key, Duration: infoDefault}, nil
	}
	return relay(text)
}

// relay reads the lines of dtmf-relay.
func relay(text string) (Press, error) {
	press := Press{Duration: infoDefault}
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "signal":
			key, err := signal(value)
			if err != nil {
				return Press{}, err
			}
			press.Key = key
		case "duration":
			ms, err := strconv.ParseUint(value, 10, 32)
			if err != nil {
				return Press{}, fmt.Errorf("dtmf: duration of INFO must be milliseconds, not %.20q", value)
			}
			press.Duration = min(time.Duration(ms)*time.Millisecond, infoLongest)
		}
	}
	if press.Key == 0 {
		return Press{}, errors.New("dtmf: body of INFO has no Signal line")
	}
	return press, nil
}

// signal is the key that a body names: by its letter, or by its event code, as some
// phones write 10 for the star and 11 for the hash.
func signal(s string) (byte, error) {
	if len(s) == 1 {
		code, err := Code(s[0])
		if err != nil {
			return 0, err
		}
		return keys[code], nil
	}
	if n, err := strconv.ParseUint(s, 10, 8); err == nil && len(s) == 2 && int(n) < len(keys) && n >= 10 {
		return keys[n], nil
	}
	return 0, fmt.Errorf("dtmf: %.20q is no key; keys are %s", s, keys)
}

// RelayBody is a body of TypeRelay for a press.
func RelayBody(p Press) []byte {
	return fmt.Appendf(nil, "Signal=%c\r\nDuration=%d\r\n", p.Key, p.Duration.Milliseconds())
}
