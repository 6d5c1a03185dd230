package call

import (
	"context"
	"log/slog"
)

// callLog is a call's log: every line of it names the call. It puts the name into a line
// that is written, for most are not, where only warnings are kept.
type callLog struct {
	to   *slog.Logger
	call string
}

// Debug tells what only a developer looks for.
func (l callLog) Debug(msg string, args ...any) { l.tell(slog.LevelDebug, msg, args) }

// Info tells how the call goes on.
func (l callLog) Info(msg string, args ...any) { l.tell(slog.LevelInfo, msg, args) }

// Warn tells what the call goes on without.
func (l callLog) Warn(msg string, args ...any) { l.tell(slog.LevelWarn, msg, args) }

// Error tells what should never have happened.
func (l callLog) Error(msg string, args ...any) { l.tell(slog.LevelError, msg, args) }

func (l callLog) tell(level slog.Level, msg string, args []any) {
	ctx := context.Background()
	if l.to.Enabled(ctx, level) {
		l.to.Log(ctx, level, msg, append([]any{"call", l.call}, args...)...) //nolint:sloglint // those who call it have constants
	}
}
