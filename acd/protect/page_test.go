package protect

import "testing"

// Of the numbered tests of the meter (media/meter, page_test.go) the last is a promise of
// the ladder, too. All of them: go test -v -run ProtectionPage ./media/meter ./acd/protect ./call.
func TestTheProtectionPage(t *testing.T) {
	t.Run("28 events of the meter alone change no tier and play nothing", TestI1TheMeterAloneNeverPlaysEndsOrTiers)
	t.Run("28 a hint is never more than a hint, whatever else happens", TestI1AHintIsNeverMoreThanAHint)
}
