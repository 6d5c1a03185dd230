package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"breakwater/acd/chronicle"
)

type replayCommand struct {
	Logs    []string `arg:"" name:"log" help:"Decision logs, or a folder of them (floor.decisions.folder of the config)." type:"path"`
	NoAudit bool     `help:"Do not look over the whole floor for broken promises as well, once for each second of the log."`
}

// Run makes every decision of the logs again and tells whether they come out the same.
func (c replayCommand) Run() error {
	files, err := logFiles(c.Logs)
	if err != nil {
		return err
	}
	return replay(os.Stdout, files, !c.NoAudit)
}

// logFiles puts the files of a folder in its place.
func logFiles(paths []string) ([]string, error) {
	var out []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			out = append(out, path)
			continue
		}
		files, err := chronicle.Files(path)
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("%s holds no decision log", path)
		}
		out = append(out, files...)
	}
	return out, nil
}

// errBroken says that a log replayed, but that the floor it shows broke a promise.
var errBroken = errors.New("a promise was broken")

// errNoTurn says that nothing was found out: a log of which nothing could be replayed must not
// pass for one that came out the same.
var errNoTurn = errors.New("no turn was replayed: before the first of them something is missing in the log, or cannot be read")

func replay(out io.Writer, files []string, audit bool) error {
	r := chronicle.Replay{Audit: audit}
	for _, path := range files {
		if err := feed(&r, path); err != nil {
			if r.Turns > 0 {
				fmt.Fprintf(out, "%d turns, %d offers came out the same; then not:\n", r.Turns, r.Offers)
			}
			return err
		}
	}
	none := r.Turns == 0 && r.Skipped > 0
	if !none {
		fmt.Fprintf(out, "%d turns, %d offers: all the same\n", r.Turns, r.Offers)
	}
	if r.Software != version() {
		fmt.Fprintf(out, "written by %s, replayed by %s\n", r.Software, version())
	}
	if r.Dropped+uint64(r.Skipped+r.Torn) > 0 {
		fmt.Fprintf(out, "not in the log: %d turns dropped by a slow disk, %d lines that cannot be read, %d turns after a gap\n", r.Dropped, r.Torn, r.Skipped)
	}
	for _, where := range r.Unread {
		fmt.Fprintf(out, "  %s\n", where)
	}
	if none {
		return errNoTurn
	}
	n := r.Counters
	fmt.Fprintf(out, "promises: double_offers %d, wrapups_cut_short %d, rests_cut_short %d, starved_callers %d, stuck_agents %d\n",
		n.DoubleOffers, n.WrapUpsCutShort, n.RestsCutShort, n.StarvedCallers, n.StuckAgents)
	if n.DoubleOffers+n.WrapUpsCutShort+n.RestsCutShort+n.StarvedCallers+n.StuckAgents > 0 || len(r.Broken) > 0 {
		return fmt.Errorf("%w\n%s", errBroken, strings.Join(r.Broken, "\n"))
	}
	return nil
}

func feed(r *chronicle.Replay, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return r.Feed(path, f)
}
