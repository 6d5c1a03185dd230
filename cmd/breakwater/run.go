package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"syscall"

	"breakwater/cmd/breakwater/house"
	"breakwater/config"
)

type runCommand struct {
	Config      string `help:"Directory of the config files." default:"config/example" type:"existingdir"`
	MakeSecrets bool   `help:"Make the secret files that the config names and that do not exist yet."`
	LogLevel    string `help:"How much to log: debug, info, warn or error." default:"info" enum:"debug,info,warn,error"`
}

// Run serves until SIGINT or SIGTERM; SIGHUP reloads the config.
func (c runCommand) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	if c.MakeSecrets {
		made, err := config.EnsureSecrets(c.Config)
		if err != nil {
			return err
		}
		for _, file := range made {
			fmt.Println("made", file)
		}
	}
	h, err := house.Build(ctx, house.Options{Config: c.Config, Version: version(), Log: log})
	if err != nil {
		return err
	}
	// The thread of a packet loop sleeps in the kernel for a tick and keeps its processor
	// meanwhile: with one more for each, nobody else ever waits for it.
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + h.Engine.Settings().Loops)
	reloadOnHangup(ctx, h, log)
	greet(h, c.MakeSecrets)
	return h.Run(ctx)
}

// reloadOnHangup reloads the config on SIGHUP until ctx ends.
func reloadOnHangup(ctx context.Context, h *house.House, log *slog.Logger) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	go func() {
		defer signal.Stop(hup)
		for {
			select {
			case <-ctx.Done():
				return
			case <-hup:
				if _, err := h.Keeper.Reload(ctx); err != nil {
					log.Error("reload on SIGHUP refused", "err", err)
				}
			}
		}
	}()
}

// greet tells a person what to do next: where phones register, with which accounts,
// and what to dial. Secrets are shown only to who lets us make them: elsewhere what a
// server prints ends in a log.
func greet(h *house.House, secrets bool) {
	c := h.Keeper.Current()
	fmt.Printf("\nBreakwater %s serves the config %s (version %s).\n\nPhones register at:\n", version(), h.Keeper.Status().Dir, c.Version)
	for _, a := range h.SIP.Addresses() {
		fmt.Println("   ", a)
	}
	if secrets {
		greetSecrets(c)
	}
	fmt.Println("\nNumbers to dial:")
	for _, number := range slices.Sorted(maps.Keys(c.Numbers)) {
		n := c.Numbers[number]
		for _, to := range [][2]string{{"menu", n.Menu}, {"queue", n.Queue}, {"phone", n.Phone}, {"outside number", n.External}} {
			if to[1] != "" {
				fmt.Printf("    %-8s %s %s\n", number, to[0], to[1])
			}
		}
	}
	fmt.Printf("\nStatus: http://%s/v1/status   (token in %s)\nStop with Ctrl-C.\n\n", h.API.Addr(), c.API.TokenFile)
}

func greetSecrets(c *config.Config) {
	fmt.Println("\nPhone accounts (user, password):")
	for _, name := range slices.Sorted(maps.Keys(c.Phones)) {
		fmt.Printf("    %-8s %s\n", name, c.Phones[name].Password)
	}
	fmt.Println("\nAgents (log in from any phone by *11, then number # PIN #):")
	for _, name := range slices.Sorted(maps.Keys(c.Agents)) {
		fmt.Printf("    %-8s number %s  PIN %s\n", name, c.Agents[name].Number, c.Agents[name].PIN)
	}
}
