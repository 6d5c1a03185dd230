//go:build !linux || portable

package media

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noSocket is one that cannot be watched.
func noSocket() socket { return socket{} }
