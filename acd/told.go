package acd

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// refuse keeps a caller out by a limit.
func (b *board) refuse(e Entry, limit, target string) error {
	b.record(Event{At: b.now, Kind: KindRefused, Queue: e.Queue, Call: e.Call, Reason: limit, Caller: pseudonym(e.Caller)})
	return &Refused{Queue: e.Queue, Limit: limit, Target: target}
}

// pseudonym lets figures see that somebody called again without knowing who. It is no
// secret: who has all numbers can find the one. Withheld numbers have none.
func pseudonym(number string) string {
	if strings.Count(number, "") < 4 || strings.Trim(number, "+0123456789*#") != "" {
		return ""
	}
	sum := sha256.Sum256([]byte(number))
	return hex.EncodeToString(sum[:8])
}
