// Command demo shows six calls from beginning to end: it starts the same server as
// "make run" with a config of its own, lets desk phones and callers made of
// sip/siptest use it over loopback, tells line by line what happens, and checks
// every outcome against the records and against what the phones really heard. It
// needs nothing but Go:
//
//	go run ./tools/demo
//
// The exit status is 0 when everything was as promised. The recordings stay.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

// longest is how long the demo may take: who looks on has other things to do.
const longest = 60 * time.Second

var errNotAsPromised = errors.New("not everything was as promised")

func main() {
	folder := flag.String("folder", filepath.Join("var", "demo", time.Now().Format("20060102-150405")),
		"where recordings and the server's log are left")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, newNarrator(os.Stdout, time.Now()), *folder)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// run opens the stage, plays every act and gives errNotAsPromised when one of them
// failed.
func run(ctx context.Context, tell *narrator, folder string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, longest, fmt.Errorf("the demo took longer than %v", longest))
	defer cancel()
	st, err := openStage(ctx, tell, folder)
	if err != nil {
		return err
	}
	scenes := play(ctx, st)
	if err := st.close(); err != nil {
		return fmt.Errorf("close the server: %w", err)
	}
	tell.table(scenes, folder)
	for _, s := range scenes {
		if s.failed() {
			return errNotAsPromised
		}
	}
	return nil
}
