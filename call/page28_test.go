package call

import "testing"

// Of the numbered tests of the meter (media/meter, page_test.go) the last is a promise of
// the call, too. All of them: go test -v -run ProtectionPage ./media/meter ./acd/protect ./call.
func TestTheProtectionPage(t *testing.T) {
	t.Run("28 events of the meter alone change no sound and no record", TestAHintIsTheAgentsAndChangesNothingElse)
}
