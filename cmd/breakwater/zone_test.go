package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestTheMachinesZoneHasItsName: a report says Asia/Tokyo, not Local, unless nobody knows
// better.
func TestTheMachinesZoneHasItsName(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	local := time.FixedZone("Local", 9*60*60) // as the machine's is in Japan
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		zone     *time.Location
		link     string
		timezone string
		want     string
	}{
		"the link tells it":                       {zone: local, link: "/usr/share/zoneinfo/Asia/Tokyo", want: "Asia/Tokyo"},
		"a link that leads up":                    {zone: local, link: "../usr/share/zoneinfo/Asia/Tokyo", want: "Asia/Tokyo"},
		"a line tells it":                         {zone: local, timezone: "Asia/Tokyo\n", want: "Asia/Tokyo"},
		"a link to something else, and a line":    {zone: local, link: "/data/clock", timezone: "Asia/Tokyo\n", want: "Asia/Tokyo"},
		"the line is of another zone":             {zone: local, timezone: "Asia/Shanghai\n", want: "Local"},
		"a line that is right in no winter":       {zone: time.FixedZone("Local", 2*60*60), timezone: "Europe/Berlin\n", want: "Local"},
		"a line of rubbish":                       {zone: local, timezone: "../../etc/passwd\n", want: "Local"},
		"nothing tells it":                        {zone: local, want: "Local"},
		"the environment has named it beforehand": {zone: seoul, timezone: "Asia/Tokyo\n", want: "Asia/Seoul"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			if err := os.Mkdir(filepath.Join(root, "etc"), 0o700); err != nil {
				t.Fatal(err)
			}
			if c.link != "" {
				if err := os.Symlink(c.link, filepath.Join(root, "etc/localtime")); err != nil {
					t.Fatal(err)
				}
			}
			if c.timezone != "" {
				if err := os.WriteFile(filepath.Join(root, "etc/timezone"), []byte(c.timezone), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got := named(c.zone, root, now).String(); got != c.want {
				t.Errorf("the zone is called %q, want %q", got, c.want)
			}
		})
	}
}
