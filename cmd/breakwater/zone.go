package main

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// named gives the machine's time zone with its name, where the machine tells it: Go knows
// its rules, but calls it Local, and a report that says Local says nothing to a reader
// elsewhere. A zone that has a name stays as it is.
func named(zone *time.Location, root string, now time.Time) *time.Location {
	if zone.String() != "Local" {
		return zone
	}
	found, err := time.LoadLocation(zoneName(root))
	if err != nil || !alike(zone, found, now) {
		return zone
	}
	return found
}

// zoneName reads the name below root as systems write it: what /etc/localtime links to, or
// else the line in /etc/timezone; "" = neither is there.
func zoneName(root string) string {
	if to, err := os.Readlink(filepath.Join(root, "etc/localtime")); err == nil {
		if _, name, found := strings.Cut(to, "zoneinfo/"); found {
			return name
		}
	}
	line, err := os.ReadFile(filepath.Join(root, "etc/timezone"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(line))
}

// alike tells whether two zones have had the same offsets for a year: a name that is left
// over from another zone is worse than none.
func alike(a, b *time.Location, now time.Time) bool {
	for month := range 12 {
		at := now.AddDate(0, -month, 0)
		_, offset := at.In(a).Zone()
		if _, other := at.In(b).Zone(); offset != other {
			return false
		}
	}
	return true
}
