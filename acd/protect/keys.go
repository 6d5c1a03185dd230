package protect

import "time"

// collectWait is how long a code may take from its '*' to its last digit.
const collectWait = 3 * time.Second

// Key is what an agent asked for with digits during a call.
type Key struct {
	Seen Seen   // KeyWarn … KeyCompliment, or KeyUnknown
	Code string // as pressed, for the record: "*91"
}

// Keys turns the digits of the agent's leg into keys (protection.md §1.3). The
// call's goroutine owns it; it has no clock. Digits outside a code are dropped:
// nothing of what the agent presses ever reaches the caller.
type Keys struct {
	wait   time.Duration
	opened time.Time
	typed  string
}

// NewKeys makes a collector that stays open for wait after a '*'; zero = 3 s.
func NewKeys(wait time.Duration) *Keys {
	if wait <= 0 {
		wait = collectWait
	}
	return &Keys{wait: wait}
}

// Press takes one digit. ok is false while a code is not complete, and for a
// digit that belongs to no code. A code that took too long is forgotten.
func (k *Keys) Press(now time.Time, digit byte) (key Key, ok bool) {
	if k.typed != "" && now.Sub(k.opened) > k.wait {
		k.typed = ""
	}
	switch {
	case k.typed == "" && digit == '#':
		return Key{KeyConfirm, "#"}, true
	case k.typed == "" && digit != '*':
		return Key{}, false
	case k.typed == "" || digit == '*' && k.typed != "*": // a slip: the agent begins again
		k.opened, k.typed = now, "*"
		return Key{}, false
	}
	k.typed += string(rune(digit))
	if begins(k.typed) {
		return Key{}, false
	}
	key = Key{codes[k.typed], k.typed}
	if key.Seen == 0 {
		key.Seen = KeyUnknown
	}
	k.typed = ""
	return key, true
}

// begins tells whether a second digit must follow. *7 and *8 lead to nothing yet
// in a call, but are two-digit codes elsewhere: they are refused as a whole.
func begins(typed string) bool {
	return typed == "*9" || typed == "*8" || typed == "*7"
}

var codes = map[string]Seen{
	"*1": KeyWarn, "*91": KeyWarn, "*92": KeyWarn,
	"*2": KeySettled, "*90": KeySettled,
	"*3": KeyEnd, "*93": KeyEnd,
	"*94": KeyOneStrike,
	"*5":  KeyAssist, "*95": KeyAssist,
	"*96": KeyStepBack,
	"*97": KeyCrisis,
	"*98": KeyBookmark,
	"**":  KeyCompliment,
}
