package figures

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
)

// TestMain lets BREAKWATER_DAYS say how many random days the figures are held against (100
// without it), and prints the seed by which they come again: -rapid.seed=N.
func TestMain(m *testing.M) {
	flag.Parse()
	if days := os.Getenv("BREAKWATER_DAYS"); days != "" {
		set("rapid.checks", days)
	}
	if seed := flag.Lookup("rapid.seed"); seed.Value.String() == "0" {
		set("rapid.seed", fmt.Sprint(rand.Uint64()|1))
	}
	fmt.Fprintf(os.Stdout, "random days: %s for each promise, -rapid.seed=%s\n", flag.Lookup("rapid.checks").Value, flag.Lookup("rapid.seed").Value)
	os.Exit(m.Run())
}

func set(name, value string) {
	if err := flag.Set(name, value); err != nil {
		panic(err)
	}
}
