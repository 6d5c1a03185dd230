package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"breakwater/cmd/breakwater/house"
	"breakwater/config"
	"breakwater/media/prompt"
	"breakwater/sip/siptest"
)

//go:embed config/*.yaml
var configFiles embed.FS

// logName is the server's log in the folder that is left behind.
const logName = "server.log"

// stage is the server, the desk phones and the carrier from which callers come.
type stage struct {
	tell  *narrator
	house *house.House
	book  *prompt.Book
	city  *siptest.Phone
	desks map[string]*desk // by agent

	folder  string // of the recordings
	private string // config, secrets, store; gone after the demo
	log     *os.File
	stop    context.CancelFunc
	stopped chan error // of the server

	mu     sync.Mutex // protects all following fields
	voices int        // handed out
}

// openStage starts the server and seats every agent. ctx bounds the opening only.
func openStage(ctx context.Context, tell *narrator, folder string) (_ *stage, err error) {
	st := &stage{tell: tell, desks: map[string]*desk{}, stopped: make(chan error, 1), stop: func() {}}
	defer func() {
		if err != nil {
			err = errors.Join(err, st.close())
		}
	}()
	if err := st.furnish(folder); err != nil {
		return nil, err
	}
	log := slog.New(slog.NewTextHandler(st.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	st.stop = stop
	h, err := house.Build(serving, house.Options{Config: filepath.Join(st.private, "config"), Version: "demo", Log: log})
	if err != nil {
		return nil, err
	}
	st.house = h
	go func() { st.stopped <- h.Run(serving) }()
	if st.book, err = prompt.New(h.Keeper.Current().Prompts); err != nil {
		return nil, err
	}
	tell.line("", "the server listens at %s, its api at %s", strings.Join(h.SIP.Addresses(), " and "), h.API.Addr())
	return st, st.seat(ctx)
}

// furnish makes the folders and writes the config: the demo's own files, one more
// that says where this run keeps its things, and the secrets.
func (st *stage) furnish(folder string) (err error) {
	if st.folder, err = filepath.Abs(folder); err != nil {
		return err
	}
	if err := os.MkdirAll(st.folder, 0o750); err != nil {
		return err
	}
	if st.log, err = os.Create(filepath.Join(st.folder, logName)); err != nil {
		return err
	}
	if st.private, err = os.MkdirTemp("", "breakwater-demo-"); err != nil {
		return err
	}
	if err := os.CopyFS(st.private, configFiles); err != nil {
		return err
	}
	dir := filepath.Join(st.private, "config")
	here := fmt.Sprintf("store: {url: %q}\napi: {token_file: %q}\nmedia: {recordings: %q}\n",
		"sqlite:"+filepath.Join(st.private, "breakwater.db"), filepath.Join(st.private, "api-token"), st.folder)
	if err := os.WriteFile(filepath.Join(dir, "here.yaml"), []byte(here), 0o600); err != nil {
		return err
	}
	_, err = config.EnsureSecrets(dir)
	return err
}

// close ends phones and server and removes what nobody needs any more.
func (st *stage) close() error {
	for _, d := range st.desks {
		d.phone.Close()
	}
	if st.city != nil {
		st.city.Close()
	}
	st.stop()
	var err error
	if st.house != nil {
		err = <-st.stopped
	}
	if st.log != nil {
		err = errors.Join(err, st.log.Close())
	}
	if st.private != "" {
		err = errors.Join(err, os.RemoveAll(st.private))
	}
	return err
}

// address is where the server listens on a transport.
func (st *stage) address(transport string) (netip.AddrPort, error) {
	for _, a := range st.house.SIP.Addresses() {
		if on, at, _ := strings.Cut(a, " "); on == transport {
			return netip.ParseAddrPort(at)
		}
	}
	return netip.AddrPort{}, fmt.Errorf("the server does not listen on %s: %w", transport, fs.ErrNotExist)
}

// voice hands out a pilot tone that nobody else on the stage has, in Hz. The tones
// stand for voices: who hears whom is then a measurement.
func (st *stage) voice() float64 {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.voices++
	return 400 + 130*float64(st.voices-1)
}
