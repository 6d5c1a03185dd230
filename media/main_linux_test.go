//go:build !portable

package media

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(driverSign) != "" {
		if err := drive(); err != nil {
			fmt.Fprintln(os.Stderr, "driver:", err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// noSocket is one that cannot be watched.
func noSocket() socket { return socket{fd: -1} }
