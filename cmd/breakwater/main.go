// Breakwater is a telephony server for call centres: it registers desk phones,
// greets callers, routes them to agents, and protects the agents.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// commands is the command line; each command is one file.
type commands struct {
	Run         runCommand         `cmd:"" help:"Serve calls until interrupted."`
	Check       checkCommand       `cmd:"" help:"Check a config directory and print everything that is wrong."`
	Status      statusCommand      `cmd:"" help:"Show what a running server is doing."`
	Why         whyCommand         `cmd:"" help:"Why a call waits or an agent gets no call: now, or at a moment of a decision log."`
	Replay      replayCommand      `cmd:"" help:"Make the decisions of a log again: all the same, or the first that differs."`
	DryRun      dryRunCommand      `cmd:"" help:"Play a logged day again through an edited config and show what would change."`
	Figures     figuresCommand     `cmd:"" help:"Report of queues, protection and teams, live or of any period; the queue log."`
	Staff       staffCommand       `cmd:"" help:"How many agents a queue needs (Erlang C and A)."`
	Shifts      shiftsCommand      `cmd:"" help:"Check and draw the shifts of a config."`
	Recording   recordingCommand   `cmd:"" help:"Replay what an agent heard; open sealed recordings."`
	Guard       guardCommand       `cmd:"" help:"Draw what the hearing guard does with a recording."`
	ProtectEval protectEvalCommand `cmd:"" help:"Judge the meter of raised voices on your own labelled calls."`
	Version     versionCommand     `cmd:"" help:"Print the version."`
}

func main() {
	time.Local = named(time.Local, "/", time.Now()) //nolint:gosmopolitan,reassign // once, before anybody asks
	parser := newParser(&commands{})
	ctx, err := parser.Parse(os.Args[1:])
	if !isOfFile(err) {
		parser.FatalIfErrorf(err) // with the usage
		err = ctx.Run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "breakwater: "+err.Error())
		os.Exit(1)
	}
}

func newParser(c *commands) *kong.Kong {
	return kong.Must(c,
		kong.Name("breakwater"),
		kong.Description("A telephony server for call centres that protects its agents."),
		kong.UsageOnError(),
	)
}

// isOfFile tells whether a command line is refused because of a file or folder that it names:
// it is well formed, and two pages of usage would only hide what is wrong.
func isOfFile(err error) bool {
	missing := (*fs.PathError)(nil)
	return errors.As(err, &missing) || err != nil && strings.Contains(err.Error(), " exists but is ") // kong's words
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run() error {
	fmt.Println("breakwater", version())
	return nil
}

// version is what the build says of itself.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "0.1.0-dev"
	}
	return info.Main.Version
}
