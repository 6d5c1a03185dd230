package config

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what is printed into the want.txt files")

func TestEveryBrokenDirectoryIsToldLikeACompilerWould(t *testing.T) {
	t.Setenv("BREAKWATER_TEST_SECRET", "correct-horse")
	dirs, err := filepath.Glob("testdata/broken/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	if len(dirs) < 20 {
		t.Fatalf("only %d broken directories", len(dirs))
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			_, err := Load(dir)
			var problems Errors
			if !errors.As(err, &problems) {
				t.Fatalf("Load gives %v, want Errors", err)
			}
			golden := filepath.Join(dir, "want.txt")
			got := problems.Error() + "\n"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("the problems read otherwise (-want +got):\n%s", diff)
			}
			for _, secret := range []string{"hunter", "correct-horse", "482913", "123456"} {
				if strings.Contains(got, secret) {
					t.Errorf("the problems show the secret %s", secret)
				}
			}
		})
	}
}

